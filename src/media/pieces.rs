//! Files that come in pieces, `uploads/pieces/NAME`: each grows until all of it is here, also over a restart, and is then kept
//! as an original. Whose they are and for how long is decided above.

use crate::media::disk::{make_directory, sync_directory};
use crate::media::spool::RESERVE_BYTES;
use crate::media::{BlobName, Error, Spool};
use crate::store::engine;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The place of files that grow.
#[derive(Debug)]
pub struct Pieces {
    directory: PathBuf,
}

impl Pieces {
    pub(super) fn at(uploads: &Path) -> Pieces {
        Pieces {
            directory: uploads.join("pieces"),
        }
    }

    /// Begins an empty file.
    pub fn begin(&self) -> Result<BlobName, Error> {
        make_directory(&self.directory, false)?;
        let name = BlobName::random();
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(name))?;
        sync_directory(&self.directory)?;
        Ok(name)
    }

    /// How many bytes of a file are here; nothing where there is no such file.
    pub fn bytes_len(&self, name: BlobName) -> Result<Option<u64>, Error> {
        match fs::metadata(self.path(name)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds a piece that begins at `offset`, where the file ends. When this returns, it is on disk; when it fails, the file is
    /// as long as before. [`Error::Full`] when less than [`RESERVE_BYTES`] would be left.
    pub fn add(&self, name: BlobName, offset: u64, piece: &Spool) -> Result<(), Error> {
        let mut file = OpenOptions::new().write(true).open(self.path(name))?;
        if engine::free_bytes(&file) < RESERVE_BYTES + piece.bytes_len() {
            return Err(Error::Full);
        }
        file.seek(SeekFrom::Start(offset))?;
        let written = piece
            .reader()
            .and_then(|mut reader| io::copy(&mut reader, &mut file))
            .and_then(|_| file.sync_data());
        if written.is_err() {
            file.set_len(offset)?;
        }
        Ok(written?)
    }

    /// A whole file, to be kept. It stays if it is not.
    pub fn whole(&self, name: BlobName) -> Result<Spool, Error> {
        let path = self.path(name);
        Spool::standing(File::open(&path)?, path)
    }

    /// Removes a file; one that is gone already is no error.
    pub fn remove(&self, name: BlobName) -> Result<(), Error> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// All that are here.
    pub fn names(&self) -> Result<Vec<BlobName>, Error> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().to_str().and_then(BlobName::parse));
        }
        Ok(names)
    }

    fn path(&self, name: BlobName) -> PathBuf {
        self.directory.join(name.to_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::media::{Blobs, Variant};
    use std::io::Read as _;

    #[test]
    fn a_file_grows_and_is_kept_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut blobs = Blobs::open(directory.path()).expect("a place for files");
        let name = blobs.pieces().begin().expect("begun");
        for (offset, words) in [(0, "one "), (4, "two")] {
            let mut piece = blobs.spool(9).expect("a spool");
            piece.write(words.as_bytes()).expect("written");
            blobs.pieces().add(name, offset, &piece).expect("added");
            // A restart in between.
            drop(piece);
            blobs = Blobs::open(directory.path()).expect("opens");
        }
        assert_eq!(blobs.pieces().bytes_len(name).expect("looks"), Some(7));
        drop(blobs.pieces().whole(name).expect("there"));
        assert_eq!(blobs.pieces().names().expect("looks"), [name]);
        let whole = blobs.pieces().whole(name).expect("there");
        let kept = blobs.keep(whole, &[]).expect("kept");
        assert_eq!(blobs.pieces().bytes_len(name).expect("looks"), None);
        let blob = blobs.open_blob(kept, Variant::Original).expect("opens");
        let mut text = String::new();
        let mut file = blob.expect("there").file;
        file.read_to_string(&mut text).expect("text");
        assert_eq!(text, "one two");
    }
}
