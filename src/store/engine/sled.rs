//! The engine on sled 0.34.7: one tree, no compression, no thread of sled's that flushes. Reads go to sled; writes go
//! through [`super::committer`]; what sled leaves undone for its files is in [`super::open`].

use super::committer::Committer;
use super::export;
use super::open::{Places, open, size};
use super::{Durability, Engine, Error, Read, Result, Tx};
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest time that a [`super::Durability::Soon`] write waits for the disk, in milliseconds.
pub const SOON_MS_MAX: u64 = 500;

/// An open store.
pub struct Sled {
    committer: Arc<Committer>,
    path: PathBuf,
    /// Released last: it keeps other processes out.
    _lock: Option<File>,
}

impl Sled {
    /// Opens the store in `dir`, creating both. [`Error::Locked`] when it is open already, here or in another process;
    /// [`Error::Corrupt`] says which file cannot be read and what can be done.
    pub fn open(dir: &Path) -> Result<Sled> {
        let places = Places::of(dir)?;
        let lock = places.lock()?;
        places.settle()?;
        if !places.live.exists() {
            // Sled writes its settings without a sync: a power cut in the middle of the first opening would leave a store
            // that cannot be opened. A new one is made aside and takes its place when it is on disk.
            Sled::open_files(&places.new)?.close()?;
            places.swap()?;
        }
        let mut store = match Sled::open_files(&places.live) {
            Err(Error::Full) if places.drop_ballast() => {
                log::warn!("the disk is full: the room that was kept for this is given up");
                Sled::open_files(&places.live)
            }
            opened => opened,
        }?;
        store._lock = Some(lock);
        places.keep_ballast();
        Ok(store)
    }

    /// Opens sled's files in `path`; the caller holds the lock of the store's directory.
    pub(super) fn open_files(path: &Path) -> Result<Sled> {
        let (db, files) = open(path)?;
        Ok(Sled {
            committer: Committer::start(db, files)?,
            path: path.to_owned(),
            _lock: None,
        })
    }

    /// Sets the free space, in bytes, below which writes are refused ([`super::open::RESERVE_BYTES`] at first).
    #[cfg(test)]
    pub(super) fn reserve(&self, bytes: u64) {
        self.committer
            .reserve_bytes
            .store(bytes, std::sync::atomic::Ordering::Relaxed);
    }

    /// Holds back what is applied while `work` runs, as a slow reader would.
    #[cfg(test)]
    pub(super) fn while_reading(&self, work: impl FnOnce()) {
        self.committer
            .read(|_| {
                work();
                Ok(())
            })
            .expect("no write failed");
    }

    /// Whether a group is being applied.
    #[cfg(test)]
    pub(super) fn is_applying(&self) -> bool {
        self.committer.is_applying()
    }

    /// Changes in the group that gathers, and the number of groups applied so far.
    #[cfg(test)]
    pub(super) fn gathering_and_applied(&self) -> (usize, u64) {
        self.committer.gathering_and_applied()
    }
}

impl Read for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.committer.read(|view| view.get(key))
    }

    fn scan(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>> {
        self.committer.read(|view| view.scan(start, end, limit))
    }
}

impl Engine for Sled {
    fn write(
        &self,
        durability: Durability,
        change: &mut dyn FnMut(&mut dyn Tx) -> Result<()>,
    ) -> Result<()> {
        self.committer.write(durability, change)
    }

    fn export(&self, out: &mut dyn Write) -> Result<()> {
        export::export(self, &self.committer.tap, out)
    }

    fn failed(&self) -> Option<String> {
        self.committer.failed()
    }

    fn size_on_disk(&self) -> u64 {
        size(&self.path)
    }

    fn close(&self) -> Result<()> {
        self.committer.close()
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            log::error!("{error}");
        }
    }
}

/// What a failure of sled means. Sled repeats its first failed write for every later one.
impl From<::sled::Error> for Error {
    fn from(error: ::sled::Error) -> Error {
        match error {
            ::sled::Error::Corruption { .. } => Error::Corrupt(format!(
                "the file sled/db in the store's directory ({error}). Keep a copy of the directory, then restore the \
                 last backup"
            )),
            ::sled::Error::Io(error) if error.kind() == io::ErrorKind::StorageFull => Error::Full,
            other => Error::Io(other.to_string()),
        }
    }
}
