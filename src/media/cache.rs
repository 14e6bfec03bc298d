//! Files of other servers that people here looked at, kept in `uploads/cache/` so that they are not fetched again and again.
//! The oldest make room for new ones, and all of them for a disk that gets full: nothing is lost with a file of these. What
//! a file may be shown to is part of its name; who asks for which is decided above.

use crate::clock::Timestamp;
use crate::media::disk::{make_directory, modified};
use crate::media::{Error, Spool};
use crate::store::engine;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// What all files may take, in bytes, labels included.
pub const CACHE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Most files.
const CACHE_FILES_MAX: usize = 8192;

/// How much of both is left when the oldest go, in percent: so that not every new file makes another one go.
const LEFT_PERCENT: u64 = 90;

/// Free space, in bytes, below which nothing is kept.
const ROOM_BYTES_MIN: u64 = CACHE_BYTES_MAX;

/// Longest label, in bytes: it is made of headers, and those are bounded.
pub const LABEL_BYTES_MAX: u64 = 64 * 1024;

/// What the other server said of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `ETag`
    pub etag: Option<String>,
    /// `Last-Modified`
    pub last_modified: Option<String>,
    /// `Expires`
    pub expires: Option<String>,
    /// `Cache-Control`
    pub cache_control: Option<String>,
}

/// The name of a kept file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheName(String);

impl CacheName {
    /// The name of what is at `url`, for everybody or as only one user gets it.
    pub fn of(url: &str, user: Option<u64>) -> CacheName {
        let mut hash = Sha256::new();
        hash.update(user.unwrap_or_default().to_be_bytes());
        hash.update(url);
        let mut name = String::with_capacity(64);
        for byte in hash.finalize() {
            let _ = write!(name, "{byte:02x}");
        }
        CacheName(name)
    }
}

/// A file of another server, open for reading.
#[derive(Debug)]
pub struct Copied {
    /// What the other server said of it.
    pub label: Label,
    /// The file that holds it.
    pub file: File,
    /// Where it begins in there.
    pub start: u64,
    /// Its length, in bytes.
    pub bytes_len: u64,
    /// When the other server said last that it is like this.
    pub at: Timestamp,
}

/// All kept files.
#[derive(Debug)]
pub struct Cache {
    directory: PathBuf,
    /// What they take: bytes and files; not known before it is needed.
    taken: Mutex<Option<(u64, usize)>>,
}

impl Cache {
    pub(super) fn at(uploads: &Path) -> Cache {
        Cache {
            directory: uploads.join("cache"),
            taken: Mutex::new(None),
        }
    }

    /// The kept file of this name.
    pub fn open(&self, name: &CacheName) -> Option<Copied> {
        let path = self.path(name);
        let file = File::open(&path).ok()?;
        let at = modified(&file.metadata().ok()?).ok()?;
        let copied = Copied::read(file, at);
        if copied.is_none() {
            // Nobody can read it.
            self.remove(name);
        }
        copied
    }

    /// Keeps a file that begins with its label. Where that fails, it is not kept.
    pub fn keep(&self, name: &CacheName, spool: Spool) {
        if engine::free_bytes(spool.file()) < ROOM_BYTES_MIN {
            return self.empty();
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.put(name, spool, &mut taken) {
            log::warn!("a file of another server is not kept: {error}");
            *taken = None;
        }
    }

    /// Notes that the other server still has the file like this.
    pub fn renew(&self, copied: &Copied, now: Timestamp) {
        let secs = u64::try_from(now.0).unwrap_or_default();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
        if let Err(error) = copied.file.set_modified(at) {
            log::warn!("the time of a file of another server stays old: {error}");
        }
    }

    /// Forgets a file.
    pub fn remove(&self, name: &CacheName) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if fs::remove_file(self.path(name)).is_ok() {
            *taken = None;
        }
    }

    /// Forgets all files: after a crash nobody knows which are whole.
    pub fn empty(&self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                log::warn!("files of other servers stay: {error}");
                *taken = None;
            }
            _ => *taken = Some((0, 0)),
        }
    }

    /// Bytes that all files take; 0 where nobody can say.
    pub fn taken_bytes(&self) -> u64 {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.is_none() {
            let all = self.all().unwrap_or_default();
            *taken = Some((all.iter().map(|one| one.bytes).sum(), all.len()));
        }
        taken.map_or(0, |(bytes, _)| bytes)
    }

    fn put(
        &self,
        name: &CacheName,
        spool: Spool,
        taken: &mut Option<(u64, usize)>,
    ) -> Result<(), Error> {
        make_directory(&self.directory, false)?;
        let path = self.path(name);
        let (mut bytes, mut files) = match *taken {
            Some(known) => known,
            None => {
                let all = self.all()?;
                (all.iter().map(|one| one.bytes).sum(), all.len())
            }
        };
        match fs::metadata(&path) {
            Ok(old) => bytes = bytes.saturating_sub(old.len()),
            Err(_) => files += 1,
        }
        bytes += spool.bytes_len();
        spool.move_to(&path)?;
        if bytes > CACHE_BYTES_MAX || files > CACHE_FILES_MAX {
            (bytes, files) = self.make_room()?;
        }
        *taken = Some((bytes, files));
        Ok(())
    }

    /// Removes the oldest files; answers what is left.
    fn make_room(&self) -> Result<(u64, usize), Error> {
        let mut all = self.all()?;
        all.sort_by_key(|one| std::cmp::Reverse(one.at));
        let bytes_max = CACHE_BYTES_MAX / 100 * LEFT_PERCENT;
        let files_max = CACHE_FILES_MAX / 100 * usize::try_from(LEFT_PERCENT).unwrap_or(100);
        let (mut bytes, mut files) = (0, 0);
        for one in all {
            if bytes + one.bytes > bytes_max || files == files_max {
                fs::remove_file(&one.path)?;
            } else {
                bytes += one.bytes;
                files += 1;
            }
        }
        Ok((bytes, files))
    }

    fn all(&self) -> Result<Vec<Kept>, Error> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            all.push(Kept {
                path: entry.path(),
                bytes: metadata.len(),
                at: metadata.modified()?,
            });
        }
        Ok(all)
    }

    fn path(&self, name: &CacheName) -> PathBuf {
        self.directory.join(&name.0)
    }
}

/// A file in the directory.
struct Kept {
    path: PathBuf,
    bytes: u64,
    at: SystemTime,
}

impl Label {
    /// Writes it at the start of a file: its length in four bytes, and JSON.
    pub fn write(&self, spool: &mut Spool) -> Result<(), Error> {
        let text = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        spool.write(&length.to_be_bytes())?;
        spool.write(&text)
    }
}

impl Copied {
    /// Reads what stands before a file; nothing if it is no such file.
    pub fn read(mut file: File, at: Timestamp) -> Option<Copied> {
        let mut length = [0; 4];
        file.seek(SeekFrom::Start(0)).ok()?;
        file.read_exact(&mut length).ok()?;
        let length = u64::from(u32::from_be_bytes(length));
        if length > LABEL_BYTES_MAX {
            return None;
        }
        let mut text = Vec::new();
        (&file).take(length).read_to_end(&mut text).ok()?;
        let label = serde_json::from_slice(&text).ok()?;
        let start = 4 + length;
        let bytes_len = file.metadata().ok()?.len().checked_sub(start)?;
        Some(Copied {
            label,
            file,
            start,
            bytes_len,
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{CACHE_BYTES_MAX, CacheName, Label};
    use crate::clock::Timestamp;
    use crate::media::Blobs;
    use std::fs::{self, File};
    use std::io::{Read as _, Seek as _, SeekFrom};
    use std::time::{Duration, SystemTime};

    fn label() -> Label {
        Label {
            content_type: Some("image/png".to_owned()),
            etag: Some("\"1\"".to_owned()),
            ..Label::default()
        }
    }

    fn keep(blobs: &Blobs, name: &CacheName, body: &[u8]) {
        let mut spool = blobs.spool(1 << 20).expect("a spool");
        label().write(&mut spool).expect("room");
        spool.write(body).expect("room");
        blobs.cache().keep(name, spool);
    }

    #[test]
    fn a_file_is_found_with_what_was_said_of_it_by_whom_it_is_for() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let name = CacheName::of("http://b.test/x.png", Some(7));
        assert!(blobs.cache().open(&name).is_none());
        for body in [&b"first"[..], b"second"] {
            keep(&blobs, &name, body);
            let mut found = blobs.cache().open(&name).expect("it is kept");
            assert_eq!(found.label, label());
            assert_eq!(found.bytes_len, body.len() as u64);
            let mut read = Vec::new();
            found
                .file
                .seek(SeekFrom::Start(found.start))
                .expect("a file");
            found.file.read_to_end(&mut read).expect("readable");
            assert_eq!(read, body);
        }
        for other in [Some(8), None] {
            let other = CacheName::of("http://b.test/x.png", other);
            assert!(blobs.cache().open(&other).is_none());
        }
        let found = blobs.cache().open(&name).expect("it is kept");
        blobs.cache().renew(&found, Timestamp(1_000));
        let found = blobs.cache().open(&name).expect("it is kept");
        assert_eq!(found.at, Timestamp(1_000));

        // The next run has it, too, unless it is told to forget.
        let again = Blobs::open(data.path()).expect("a place for files");
        assert!(again.cache().open(&name).is_some());
        again.cache().empty();
        assert!(again.cache().open(&name).is_none());
        again.cache().empty();
    }

    #[test]
    fn the_oldest_go_when_there_is_too_much() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let names: Vec<CacheName> = (0..4)
            .map(|number| CacheName::of("http://b.test/", Some(number)))
            .collect();
        for (age, name) in (0..).zip(&names[..3]) {
            keep(&blobs, name, b"x");
            let path = data.path().join("uploads/cache").join(&name.0);
            let file = File::options().write(true).open(path).expect("a file");
            // Files with holes take no room on the disk.
            file.set_len(CACHE_BYTES_MAX / 3).expect("a hole");
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
            file.set_modified(at).expect("a time");
        }
        let fresh = Blobs::open(data.path()).expect("a place for files");
        keep(&fresh, &names[3], b"new");
        let is_there: Vec<bool> = names
            .iter()
            .map(|name| fresh.cache().open(name).is_some())
            .collect();
        assert_eq!(is_there, [true, true, false, true]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_none_and_goes() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let name = CacheName::of("http://b.test/", None);
        keep(&blobs, &name, b"x");
        let path = data.path().join("uploads/cache").join(&name.0);
        for broken in [
            &b""[..],
            b"\xff\xff\xff\xff",
            b"\0\0\0\x02{x",
            b"\0\0\0\x09{}",
        ] {
            fs::write(&path, broken).expect("a file");
            assert!(blobs.cache().open(&name).is_none(), "{broken:?}");
            assert!(!path.exists());
        }
    }
}
