//! What the proof of requests has seen (`auth/oauth1/nonces.rs`), while the server is down: with it a request that was
//! sent before a restart does not count again after it. One record, written at the start and at the end of a run.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use serde::{Deserialize, Serialize};

/// What the last run left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LastRun {
    /// It has not ended, or it was cut off: nobody knows what it saw.
    CutOff,
    /// It ended properly.
    Ended(Seen),
}

/// The nonces of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The key of the hashes.
    pub key: [u8; 16],
    /// Time stamps before this, in seconds since 1970, are refused.
    pub start: i64,
    /// Hashes by time stamp.
    pub seconds: Vec<(i64, Vec<u64>)>,
}

impl Record for LastRun {
    const NAME: &'static str = "nonces";
    const VERSION: u8 = 1;
}

/// What the last run left; nothing in a new store.
pub fn get(from: &dyn Read) -> Result<Option<LastRun>> {
    record::get(from, &key())
}

/// Notes what this run leaves.
pub fn put(tx: &mut dyn Tx, run: &LastRun) {
    record::put(tx, &key(), run);
}

fn key() -> KeyBytes {
    KeyBytes::of(Table::Meta).tail("nonces")
}
