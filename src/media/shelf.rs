//! Where archives stand on disk, `uploads/archives/`: one made for a user (`out-ID.zip`), one taken from a user (`in-ID`).
//! They are beside the uploads because they are as large. Whose they are and for how long is decided above.

use crate::ids::{ThingId, UserId};
use crate::media::disk::{make_directory, open, sync_directory};
use crate::media::spool::RESERVE_BYTES;
use crate::media::{Blob, Error, Spool};
use crate::store::engine;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Bytes that are written before the free space is looked at again.
const LOOK_EVERY_BYTES: u64 = 1024 * 1024;

/// The place of archives.
#[derive(Debug)]
pub struct Shelf {
    directory: PathBuf,
}

/// An archive that is being written: it stands beside its place until [`Growing::finish`], and goes away without it.
#[derive(Debug)]
pub struct Growing {
    file: File,
    half: PathBuf,
    whole: PathBuf,
    unlooked_bytes: u64,
}

impl Shelf {
    pub(super) fn at(uploads: &Path) -> Shelf {
        Shelf {
            directory: uploads.join("archives"),
        }
    }

    /// Begins the archive for a user; what stands there stays until the new one is whole.
    pub fn begin(&self, user: UserId) -> Result<Growing, Error> {
        make_directory(&self.directory, false)?;
        Ok(Growing::create(&self.made(user))?)
    }

    /// The archive that was made for a user.
    pub fn open_made(&self, user: UserId) -> Result<Option<Blob>, Error> {
        open(&self.made(user))
    }

    /// Removes the archive that was made for a user.
    pub fn remove_made(&self, user: UserId) -> Result<(), Error> {
        remove(&self.made(user))
    }

    /// Keeps the archive that came from a user, instead of an earlier one. When this returns it is on disk.
    pub fn receive(&self, user: UserId, spool: Spool) -> Result<(), Error> {
        make_directory(&self.directory, false)?;
        spool.sync()?;
        spool.move_to(&self.received(user))?;
        sync_directory(&self.directory)
    }

    /// The archive that came from a user.
    pub fn open_received(&self, user: UserId) -> Result<Option<Blob>, Error> {
        open(&self.received(user))
    }

    /// Removes the archive that came from a user.
    pub fn remove_received(&self, user: UserId) -> Result<(), Error> {
        remove(&self.received(user))
    }

    /// From whom archives are here.
    pub fn received_of(&self) -> Result<Vec<UserId>, Error> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut users = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let id = name
                .to_str()
                .and_then(|name| name.strip_prefix("in-")?.parse().ok());
            users.extend(id.map(|id| UserId(ThingId(id))));
        }
        Ok(users)
    }

    fn made(&self, user: UserId) -> PathBuf {
        self.directory.join(format!("out-{}.zip", user.0.0))
    }

    fn received(&self, user: UserId) -> PathBuf {
        self.directory.join(format!("in-{}", user.0.0))
    }
}

impl Growing {
    /// Begins a file at `whole`, readable for its owner only.
    pub fn create(whole: &Path) -> io::Result<Growing> {
        let mut half = whole.as_os_str().to_owned();
        half.push(".part");
        let half = PathBuf::from(half);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)?;
        Ok(Growing {
            file,
            half,
            whole: whole.to_owned(),
            unlooked_bytes: LOOK_EVERY_BYTES,
        })
    }

    /// How many bytes its file system takes, beside what is to stay free.
    pub fn room_bytes(&self) -> u64 {
        engine::free_bytes(&self.file).saturating_sub(RESERVE_BYTES)
    }

    /// Brings it to the disk and gives it its place; answers its length in bytes.
    pub fn finish(self) -> io::Result<u64> {
        self.file.sync_all()?;
        let bytes = self.file.metadata()?.len();
        fs::rename(&self.half, &self.whole)?;
        let parent = self.whole.parent();
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(bytes)
    }
}

impl Write for Growing {
    /// Fails with `StorageFull` while less than [`RESERVE_BYTES`] would be left.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unlooked_bytes += bytes.len() as u64;
        if self.unlooked_bytes >= LOOK_EVERY_BYTES {
            if engine::free_bytes(&self.file)
                < RESERVE_BYTES + LOOK_EVERY_BYTES + bytes.len() as u64
            {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.unlooked_bytes = 0;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Growing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        match fs::remove_file(&self.half) {
            // It has its place.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => log::warn!("half an archive stays on disk: {error}"),
            Ok(()) => {}
        }
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::Growing;
    use crate::ids::{ThingId, UserId};
    use crate::media::Blobs;
    use std::io::{Read as _, Write as _};

    const ANN: UserId = UserId(ThingId(7));

    #[test]
    fn an_archive_has_its_place_when_it_is_whole_and_replaces_the_one_before() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let shelf = blobs.shelf();
        assert!(shelf.open_made(ANN).expect("readable").is_none());
        for text in ["first", "second"] {
            let mut growing = shelf.begin(ANN).expect("a file");
            growing.write_all(text.as_bytes()).expect("room");
            assert_eq!(growing.finish().expect("the disk works"), text.len() as u64);
            drop(shelf.begin(ANN).expect("a file"));
            let mut blob = shelf.open_made(ANN).expect("readable").expect("there");
            let mut read = String::new();
            blob.file.read_to_string(&mut read).expect("readable");
            assert_eq!(read, text);
        }
        shelf.remove_made(ANN).expect("the disk works");
        shelf.remove_made(ANN).expect("a second time");
        let left = std::fs::read_dir(data.path().join("uploads/archives"));
        assert_eq!(left.expect("a directory").count(), 0);
    }

    #[test]
    fn what_came_in_is_kept_until_it_is_removed() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let mut spool = blobs.spool(9).expect("a spool");
        spool.write(b"archive").expect("within the bound");
        blobs.shelf().receive(ANN, spool).expect("kept");
        let blob = blobs.shelf().open_received(ANN).expect("readable");
        assert_eq!(blob.expect("there").bytes_len, 7);
        blobs.shelf().remove_received(ANN).expect("removed");
        let blob = blobs.shelf().open_received(ANN).expect("readable");
        assert!(blob.is_none());
        Growing::create(std::path::Path::new("/nowhere/at/all")).expect_err("no such place");
    }
}
