//! Links by which somebody without an account sees an album or a post. They are kept by who made them and go with them. The
//! secret part of a link is not here: it is made of the number and a key of the site each time.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, thing_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId};
use serde::{Deserialize, Serialize};

/// A link for guests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestLink {
    /// The album or post that it shows.
    pub thing: ThingId,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// For whom it is, as its maker noted.
    pub note: String,
    /// How often its page was looked at.
    pub views: u64,
    /// When its page was looked at last.
    pub seen: Option<Timestamp>,
}

impl Record for GuestLink {
    const NAME: &'static str = "guest link";
    const VERSION: u8 = 1;
}

/// The link of a user with a number.
pub fn get(from: &dyn Read, user: UserId, number: ThingId) -> Result<Option<GuestLink>> {
    record::get(from, &key(user).thing(number))
}

/// Keeps a link, new or changed.
pub fn put(tx: &mut dyn Tx, user: UserId, number: ThingId, link: &GuestLink) {
    record::put(tx, &key(user).thing(number), link);
}

/// Forgets a link: it works no more.
pub fn remove(tx: &mut dyn Tx, user: UserId, number: ThingId) {
    tx.delete(&key(user).thing(number));
}

/// At most `limit` links of a user with their numbers, oldest first.
pub fn list(from: &dyn Read, user: UserId, limit: usize) -> Result<Vec<(ThingId, GuestLink)>> {
    let prefix = key(user);
    record::list(from, &prefix, &prefix, limit, thing_at_end)
}

/// Forgets all links of a user, who is gone.
pub fn clear(tx: &mut dyn Tx, user: UserId) -> Result<()> {
    for (number, _) in list(tx, user, usize::MAX)? {
        remove(tx, user, number);
    }
    Ok(())
}

fn key(user: UserId) -> KeyBytes {
    KeyBytes::of(Table::GuestLink).user(user)
}
