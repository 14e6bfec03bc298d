//! The seam between records and the engine that keeps them: ordered bytes with atomic, durable writes.
//! Keys sort as bytes. One implementation a file; [`sled`] is the first. Nothing above `store/` sees this.

pub mod compact;
pub mod export;
#[cfg(test)]
pub mod memory;
pub mod sled;

mod cache;
mod committer;
mod open;
mod overlay;
mod tap;
#[cfg(test)]
mod tests;

pub use open::{RESERVE_BYTES, free_bytes};
pub use overlay::{KEY_BYTES_MAX, VALUE_BYTES_MAX};

use super::news::Entry;
use bytes::Bytes;
use std::fmt;
use std::io;

/// What a store can say of a failure. `Refused` carries the caller's own error through a write.
#[derive(Debug)]
pub enum Error {
    /// The files are damaged; the text says which and what can be done.
    Corrupt(String),
    /// A newer release wrote the store, in a format that this one does not know.
    Newer {
        /// The format of the store.
        found: u32,
        /// The newest format that this release reads.
        known: u32,
    },
    /// Another process holds the store.
    Locked(String),
    /// The disk is full.
    Full,
    /// Reading or writing failed; the store takes no more writes.
    Io(String),
    /// The change itself refused (a taken name, a second like); nothing was written.
    Refused(crate::error::Error),
}

/// The result of everything in the store.
pub type Result<T> = std::result::Result<T, Error>;

/// When a write is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After it is on disk.
    Durable,
    /// After it can be read; on disk within [`sled::SOON_MS_MAX`] milliseconds. For what can be lost: last seen, caches.
    Soon,
}

/// Ordered reading, from the engine or from inside a write.
pub trait Read {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>>;
    /// At most `limit` pairs of `[start, end)` in ascending order, owned: no live iterator leaves the engine.
    fn scan(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>>;
}

/// Hands over all pairs of `[start, end)` in ascending order, in pages of at most `limit`; between two pages others may
/// write.
pub fn each_page(
    from: &dyn Read,
    start: &[u8],
    end: &[u8],
    limit: usize,
    mut visit: impl FnMut(&[(Bytes, Bytes)]) -> Result<()>,
) -> Result<()> {
    let mut start = start.to_vec();
    loop {
        let page = from.scan(&start, end, limit)?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        start.clear();
        start.extend_from_slice(last);
        start.push(0);
        visit(&page)?;
    }
}

/// A view inside a write that sees its own writes.
pub trait Tx: Read {
    /// Sets a key.
    fn put(&mut self, key: &[u8], value: &[u8]);
    /// Removes a key.
    fn delete(&mut self, key: &[u8]);
    /// Notes a new entry of a stream, for those who listen. An engine keeps no such notes; the store does.
    fn note(&mut self, _entry: Entry) {}
}

/// An ordered store of bytes.
pub trait Engine: Read + Send + Sync {
    /// Runs `change` against a view that sees its own writes; all of it becomes durable, or none. May run `change` again.
    /// Writers are serialised; a change must not wait, and must not write itself (that panics). A change that only reads costs no write.
    fn write(
        &self,
        durability: Durability,
        change: &mut dyn FnMut(&mut dyn Tx) -> Result<()>,
    ) -> Result<()>;
    /// Writes every pair and a checksum to `out`, while other threads go on writing (`store.md`, "Backup and migration").
    fn export(&self, out: &mut dyn io::Write) -> Result<()>;
    /// Why the engine takes no more writes until the process starts anew; `None` while all is well. A full disk that
    /// damaged nothing is no failure: writes are refused with [`Error::Full`] and taken again when there is room. After a
    /// failure reads are answered as far as they can be; the process should end soon.
    fn failed(&self) -> Option<String>;
    /// Bytes that the store takes on disk.
    fn size_on_disk(&self) -> u64;
    /// Writes out what `Durability::Soon` still holds and stops the engine's threads. Later writes are refused.
    fn close(&self) -> Result<()>;
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Corrupt(what) => write!(f, "the store is damaged: {what}"),
            Error::Locked(what) => write!(f, "the store is in use: {what}"),
            Error::Newer { found, known } => write!(
                f,
                "the store was written by a newer release: its format is {found}, this release reads up to {known}. \
                 Nothing was changed; start the newer release, or restore a backup made with this one."
            ),
            Error::Full => f.write_str("the disk is full"),
            Error::Io(what) => write!(f, "the store cannot be read or written: {what}"),
            Error::Refused(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// Lets a change refuse with the caller's own error.
impl From<crate::error::Error> for Error {
    fn from(error: crate::error::Error) -> Error {
        Error::Refused(error)
    }
}

/// What a failure of the store means to a caller of the server.
impl From<Error> for crate::error::Error {
    fn from(error: Error) -> crate::error::Error {
        match error {
            Error::Refused(error) => error,
            Error::Full => crate::error::Error::Full,
            Error::Io(_) | Error::Locked(_) => {
                log::error!("{error}");
                crate::error::Error::Busy(
                    "The store takes no writes now. Try again later.".to_owned(),
                )
            }
            Error::Corrupt(_) | Error::Newer { .. } => crate::error::Error::internal(error),
        }
    }
}
