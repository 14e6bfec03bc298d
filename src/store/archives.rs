//! Archives that are made for users or taken from them (`domain/archives`): what was asked for, and what became of it.

use super::engine::{Error, Read, Result, Tx, each_page};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId};
use serde::{Deserialize, Serialize};

/// Records that are read at once.
const PAGE_RECORDS: usize = 128;

/// Which way an archive goes. The number is part of keys: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Way {
    /// Made for a user.
    Out = 1,
    /// Taken from a user.
    In = 2,
}

/// What became of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// When it was asked for.
    pub asked: Timestamp,
    /// How far it is.
    pub state: State,
}

/// How far an archive is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It waits, or is being worked on.
    Waiting,
    /// It was made and can be fetched.
    Made {
        /// Since when.
        at: Timestamp,
        /// Its length, in bytes.
        bytes: u64,
    },
    /// All that could be taken from it was taken.
    Taken {
        /// Since when.
        at: Timestamp,
        /// What that was.
        report: Report,
    },
    /// Nothing more comes of it.
    Failed {
        /// Since when.
        at: Timestamp,
        /// A sentence for the user.
        why: String,
    },
    /// It is being taken; if the work was cut off, it goes on.
    Taking {
        /// What was taken so far.
        report: Report,
    },
}

impl State {
    /// Whether there is work to do.
    pub fn is_pending(&self) -> bool {
        matches!(self, State::Waiting | State::Taking { .. })
    }
}

/// What was taken from an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Activities that are here now and were not before.
    pub brought: u64,
    /// Activities that were here already.
    pub known: u64,
    /// Files that are here now and were not before.
    pub files: u64,
    /// What could not be taken.
    pub left_out: u64,
    /// Why, in the first cases.
    pub reasons: Vec<String>,
}

impl Record for Archive {
    const NAME: &'static str = "archive";
    const VERSION: u8 = 1;
}

/// What became of the archive that a user asked for last; nothing if there is none.
pub fn get(from: &dyn Read, user: UserId, way: Way) -> Result<Option<Archive>> {
    record::get(from, &key(user, way))
}

/// Writes what became of an archive.
pub fn put(tx: &mut dyn Tx, user: UserId, way: Way, archive: &Archive) {
    record::put(tx, &key(user, way), archive);
}

/// Forgets an archive.
pub fn remove(tx: &mut dyn Tx, user: UserId, way: Way) {
    tx.delete(&key(user, way));
}

/// All archives that are known of.
pub fn all(from: &dyn Read) -> Result<Vec<(UserId, Way, Archive)>> {
    let table = KeyBytes::of(Table::Archive);
    let mut found = Vec::new();
    each_page(from, &table, &table.end(), PAGE_RECORDS, |page| {
        for (key, value) in page {
            let (user, way) = parts(key)?;
            found.push((user, way, record::decode(value)?));
        }
        Ok(())
    })?;
    Ok(found)
}

fn parts(key: &[u8]) -> Result<(UserId, Way)> {
    let damaged = || Error::Corrupt("a key of the table of archives cannot be read".to_owned());
    let (_, rest) = key.split_first().ok_or_else(damaged)?;
    let (user, way) = rest.split_first_chunk().ok_or_else(damaged)?;
    let way = match way {
        [1] => Way::Out,
        [2] => Way::In,
        _ => return Err(damaged()),
    };
    Ok((UserId(ThingId::from_bytes(*user)), way))
}

fn key(user: UserId, way: Way) -> KeyBytes {
    KeyBytes::of(Table::Archive).user(user).tail([way as u8])
}

#[cfg(test)]
mod tests {
    use super::{Archive, State, Way, all, get, put, remove};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::memory::Memory;

    #[test]
    fn each_user_has_one_archive_each_way() {
        let mut store = Memory::default();
        let archive = Archive {
            asked: Timestamp(7),
            state: State::Waiting,
        };
        let users = (1..=200).map(|id| UserId(ThingId(id)));
        for user in users.clone() {
            for way in [Way::Out, Way::In, Way::In] {
                put(&mut store, user, way, &archive);
            }
        }
        assert_eq!(all(&store).expect("reads").len(), 400);
        for user in users {
            remove(&mut store, user, Way::In);
        }
        let left = all(&store).expect("reads");
        assert_eq!(left.len(), 200);
        assert!(left.iter().all(|(_, way, _)| *way == Way::Out));
        let one = get(&store, UserId(ThingId(9)), Way::Out).expect("reads");
        assert_eq!(one, Some(archive));
    }
}
