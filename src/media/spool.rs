//! An incoming file, written in pieces as they arrive, never whole in memory. It goes away with its value unless
//! [`crate::media::Blobs::keep`] takes it.

use crate::ids::random_text;
use crate::media::Error;
use crate::media::kind::{HEAD_BYTES, Kind};
use crate::store::engine;
use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Free space, in bytes, that files leave on their file system: what the store's writes leave, and room for the records
/// that tell of the files. So no upload, however large, makes the store's disk full.
pub const RESERVE_BYTES: u64 = engine::RESERVE_BYTES + 8 * 1024 * 1024;

/// A file on its way in.
#[derive(Debug)]
pub struct Spool {
    file: File,
    path: PathBuf,
    bytes_len: u64,
    bytes_max: u64,
    /// Whether the file stays where it is when the value goes.
    stays: bool,
}

impl Spool {
    /// A new empty file in `directory` that takes at most `bytes_max` bytes.
    pub(super) fn create(directory: &Path, bytes_max: u64) -> Result<Spool, Error> {
        let path = directory.join(random_text::<16>());
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Spool {
            file,
            path,
            bytes_len: 0,
            bytes_max,
            stays: false,
        })
    }

    /// A file that stands somewhere already, open for reading, and stays there unless it is moved.
    pub(super) fn standing(file: File, path: PathBuf) -> Result<Spool, Error> {
        let bytes_len = file.metadata()?.len();
        Ok(Spool {
            file,
            path,
            bytes_len,
            bytes_max: bytes_len,
            stays: true,
        })
    }

    /// Writes the next piece. [`Error::TooLarge`] when it would go over the bound: then nothing of it is written, and
    /// the caller stops reading. [`Error::Full`] when less than [`RESERVE_BYTES`] would be left.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), Error> {
        let bytes_len = self.bytes_len + piece.len() as u64;
        if bytes_len > self.bytes_max {
            return Err(Error::TooLarge {
                bytes_max: self.bytes_max,
            });
        }
        if engine::free_bytes(&self.file) < RESERVE_BYTES + piece.len() as u64 {
            return Err(Error::Full);
        }
        self.file.write_all(piece)?;
        self.bytes_len = bytes_len;
        Ok(())
    }

    /// Bytes written so far.
    pub fn bytes_len(&self) -> u64 {
        self.bytes_len
    }

    /// What the file is, from its first bytes; `declared` is the sender's `Content-Type`.
    pub fn kind(&self, declared: Option<&str>) -> Result<Kind, Error> {
        let mut head = [0; HEAD_BYTES];
        let mut len = 0;
        while let Some(rest) = head.get_mut(len..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, len as u64)? {
                0 => break,
                read => len += read,
            }
        }
        Ok(Kind::of(head.get(..len).unwrap_or_default(), declared))
    }

    /// The file, to be read by [`crate::media::photo::show`].
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Another handle on the file, at its start.
    pub fn reader(&self) -> std::io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(file)
    }

    /// Brings the bytes to the disk.
    pub(super) fn sync(&self) -> Result<(), Error> {
        Ok(self.file.sync_all()?)
    }

    /// Gives the file its lasting place. The caller syncs the directory.
    pub(super) fn move_to(mut self, path: &Path) -> Result<(), Error> {
        std::fs::rename(&self.path, path)?;
        self.stays = true;
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            log::warn!("spool: a file stays until the next start: {error}");
        }
    }
}
