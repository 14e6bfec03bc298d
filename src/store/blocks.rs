//! Blocks of the whole site: hosts and people elsewhere with whom nobody here has to do.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, text_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// What is kept of a block; what it blocks is the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Why, in the owner's words; may be empty.
    pub reason: String,
    /// Since when.
    pub created: Timestamp,
}

impl Record for Block {
    const NAME: &'static str = "block";
    const VERSION: u8 = 1;
}

/// The block of a name: a host, or the id of a person.
pub fn get(from: &dyn Read, name: &str) -> Result<Option<Block>> {
    record::get(from, &key(name))
}

/// Keeps a block, new or changed.
pub fn put(tx: &mut dyn Tx, name: &str, block: &Block) {
    record::put(tx, &key(name), block);
}

/// Takes a block away.
pub fn remove(tx: &mut dyn Tx, name: &str) {
    tx.delete(&key(name));
}

/// At most `limit` blocks with what they block, in the order of the names.
pub fn list(from: &dyn Read, limit: usize) -> Result<Vec<(String, Block)>> {
    let table = KeyBytes::of(Table::Block);
    record::list(from, &table, &table, limit, text_at_end)
}

fn key(name: &str) -> KeyBytes {
    KeyBytes::of(Table::Block).tail(name)
}
