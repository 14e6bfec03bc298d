//! Uploads that come in pieces (`domain/uploads/pieces.rs`): what is known of each from its beginning until it is posted.

use super::engine::{Error, Read, Result, Tx, each_page};
use super::keys::{KeyBytes, Table, thing_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{Nonce, ThingId, UserId};
use crate::media::BlobName;
use serde::{Deserialize, Serialize};

/// Records that are read at once.
const PAGE_RECORDS: usize = 128;

/// An upload that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The random half of its key.
    pub nonce: Nonce,
    /// Where its bytes are collected.
    pub blob: BlobName,
    /// How many bytes it is to have.
    pub bytes: u64,
    /// The name of the file as its sender says it.
    pub name: String,
    /// The media type as its sender says it.
    pub mime: String,
    /// When it was begun.
    pub at: Timestamp,
    /// The object that shows it, once all of it is here.
    pub object: Option<ThingId>,
}

impl Record for Begun {
    const NAME: &'static str = "upload in pieces";
    const VERSION: u8 = 1;
}

/// One of a user.
pub fn get(from: &dyn Read, user: UserId, id: ThingId) -> Result<Option<Begun>> {
    record::get(from, &key(user, id))
}

/// Writes one.
pub fn put(tx: &mut dyn Tx, user: UserId, id: ThingId, begun: &Begun) {
    record::put(tx, &key(user, id), begun);
}

/// Forgets one.
pub fn remove(tx: &mut dyn Tx, user: UserId, id: ThingId) {
    tx.delete(&key(user, id));
}

/// Those of a user, oldest first, at most `limit`.
pub fn of_user(from: &dyn Read, user: UserId, limit: usize) -> Result<Vec<(ThingId, Begun)>> {
    let prefix = KeyBytes::of(Table::Piece).user(user);
    record::list(from, &prefix, &prefix, limit, thing_at_end)
}

/// All of them.
pub fn all(from: &dyn Read) -> Result<Vec<(UserId, ThingId, Begun)>> {
    let damaged = || Error::Corrupt("a key of the table of pieces cannot be read".to_owned());
    let table = KeyBytes::of(Table::Piece);
    let mut found = Vec::new();
    each_page(from, &table, &table.end(), PAGE_RECORDS, |page| {
        for (key, value) in page {
            let key = <[u8; 13]>::try_from(&key[..]).map_err(|_| damaged())?;
            let (user, id) = key[1..].split_at(6);
            let thing = |bytes: &[u8]| thing_at_end(bytes).ok_or_else(damaged);
            found.push((UserId(thing(user)?), thing(id)?, record::decode(value)?));
        }
        Ok(())
    })?;
    Ok(found)
}

fn key(user: UserId, id: ThingId) -> KeyBytes {
    KeyBytes::of(Table::Piece).user(user).thing(id)
}

#[cfg(test)]
mod tests {
    use super::{Begun, all, get, of_user, put, remove};
    use crate::clock::Timestamp;
    use crate::ids::{Nonce, ThingId, UserId};
    use crate::media::BlobName;
    use crate::store::engine::memory::Memory;

    #[test]
    fn each_user_has_their_own() {
        let mut store = Memory::default();
        let begun = Begun {
            nonce: Nonce::random(),
            blob: BlobName::parse(&"0a".repeat(16)).expect("a name"),
            bytes: 9,
            name: "sea.jpg".to_owned(),
            mime: "image/jpeg".to_owned(),
            at: Timestamp(7),
            object: None,
        };
        for user in 1..=2 {
            for id in 1..=100 {
                put(&mut store, UserId(ThingId(user)), ThingId(id), &begun);
            }
        }
        let (one, two) = (UserId(ThingId(1)), UserId(ThingId(2)));
        remove(&mut store, one, ThingId(100));
        assert_eq!(of_user(&store, one, 200).expect("reads").len(), 99);
        assert_eq!(of_user(&store, two, 5).expect("reads").len(), 5);
        assert_eq!(all(&store).expect("reads").len(), 199);
        let found = get(&store, two, ThingId(100)).expect("reads");
        assert_eq!(found, Some(begun));
    }
}
