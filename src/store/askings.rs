//! When the homes of people and groups elsewhere were asked last what they are, and how that went.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::ThingId;
use serde::{Deserialize, Serialize};

/// The part of the table of copies that holds this.
const ASKINGS: u8 = 2;

/// The last time that a home was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// When.
    pub at: Timestamp,
    /// How often in a row it had no answer, or none that was of use.
    pub failures: u32,
}

impl Record for Asking {
    const NAME: &'static str = "asking";
    const VERSION: u8 = 1;
}

/// When the home of a thing was asked last; nothing if it never was.
pub fn of(from: &dyn Read, thing: ThingId) -> Result<Option<Asking>> {
    record::get(from, &key(thing))
}

/// Notes that the home of a thing was asked.
pub fn put(tx: &mut dyn Tx, thing: ThingId, asking: &Asking) {
    record::put(tx, &key(thing), asking);
}

/// Forgets that it was: it will be no more.
pub fn remove(tx: &mut dyn Tx, thing: ThingId) {
    tx.delete(&key(thing));
}

fn key(thing: ThingId) -> KeyBytes {
    KeyBytes::of(Table::Copy).part(ASKINGS).thing(thing)
}
