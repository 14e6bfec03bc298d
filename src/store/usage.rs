//! How many bytes of uploads each user keeps, counted in the writes that add and take away files. The originals count, as
//! they were sent; copies of pictures do not. A user of whom nothing is noted is counted by looking at the uploads, so stores
//! of older releases need nothing done.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Stream, StreamKind, Table};
use super::record::{self, Record};
use super::streams::{self, Start};
use super::things;
use crate::ids::{ThingId, UserId};
use serde::{Deserialize, Serialize};

/// Uploads that are read at once.
const PAGE_UPLOADS: usize = 128;

/// What is kept of a user's uploads.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Usage {
    /// The length of all originals together.
    pub(super) bytes: u64,
}

impl Record for Usage {
    const NAME: &'static str = "usage";
    const VERSION: u8 = 1;
}

/// Bytes of uploads that a user keeps.
pub fn used_bytes(from: &dyn Read, user: UserId) -> Result<u64> {
    match record::get(from, &key(user))? {
        Some(Usage { bytes }) => Ok(bytes),
        None => counted(from, user),
    }
}

/// Counts a file that is being added to the uploads. Before it stands in the stream.
pub fn add(tx: &mut dyn Tx, user: UserId, bytes: u64) -> Result<()> {
    let bytes = used_bytes(tx, user)?.saturating_add(bytes);
    record::put(tx, &key(user), &Usage { bytes });
    Ok(())
}

/// Counts a file no more.
pub fn take_away(tx: &mut dyn Tx, user: UserId, bytes: u64) -> Result<()> {
    if let Some(known) = record::get::<Usage>(tx, &key(user))? {
        match known.bytes.saturating_sub(bytes) {
            0 => tx.delete(&key(user)),
            bytes => record::put(tx, &key(user), &Usage { bytes }),
        }
    }
    Ok(())
}

/// Forgets what was noted, so that the uploads are counted anew.
pub fn forget(tx: &mut dyn Tx, user: UserId) {
    tx.delete(&key(user));
}

fn counted(from: &dyn Read, user: UserId) -> Result<u64> {
    let uploads = Stream::of(user.0, StreamKind::Uploads);
    let mut sum = 0u64;
    let Some(mut walk) = streams::walk(from, uploads, Start::Newest)? else {
        return Ok(0);
    };
    loop {
        let batch: Vec<ThingId> = walk.next_batch(PAGE_UPLOADS)?;
        if batch.is_empty() {
            return Ok(sum);
        }
        for id in batch {
            let file = things::object(from, id)?.and_then(|object| object.file);
            sum = sum.saturating_add(file.map_or(0, |file| file.bytes));
        }
    }
}

fn key(user: UserId) -> KeyBytes {
    KeyBytes::of(Table::Usage).user(user)
}
