//! Certificates that no public authority vouches for, of servers on the local network: as each server had it at first, and the
//! last other one that was refused.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, text_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// SHA-256 of a certificate (DER).
pub type Fingerprint = [u8; 32];

/// A certificate that counts; whose it is is the key: a host, with its port where that is not 443.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Which.
    pub fingerprint: Fingerprint,
    /// Since when.
    pub since: Timestamp,
    /// The last one that was refused.
    pub refused: Option<Refused>,
}

/// Another certificate than the one that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which.
    pub fingerprint: Fingerprint,
    /// When it was first met.
    pub at: Timestamp,
}

impl Record for Pin {
    const NAME: &'static str = "pin";
    const VERSION: u8 = 1;
}

/// What counts for a host.
pub fn get(from: &dyn Read, host: &str) -> Result<Option<Pin>> {
    record::get(from, &key(host))
}

/// Keeps what counts for a host, new or changed.
pub fn put(tx: &mut dyn Tx, host: &str, pin: &Pin) {
    record::put(tx, &key(host), pin);
}

/// Forgets what counts for a host.
pub fn remove(tx: &mut dyn Tx, host: &str) {
    tx.delete(&key(host));
}

/// At most `limit` of them with their hosts, in the order of the names.
pub fn list(from: &dyn Read, limit: usize) -> Result<Vec<(String, Pin)>> {
    let table = KeyBytes::of(Table::Pin);
    record::list(from, &table, &table, limit, text_at_end)
}

fn key(host: &str) -> KeyBytes {
    KeyBytes::of(Table::Pin).tail(host)
}
