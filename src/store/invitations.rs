//! Invitations: links by which somebody gets an account. The code of the link is the key and kept as it is, so that the
//! owner can show the link again; it is worth one account each time, and nothing else. A record stays after the last use:
//! it says who came by whose invitation.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, text_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Who invites.
    pub by: UserId,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends; never, if it is none.
    pub ends: Option<Timestamp>,
    /// How many people can come by it.
    pub uses_max: u32,
    /// What the owner wrote beside it; nobody else sees it.
    pub note: String,
    /// Who came by it, in order.
    pub came: Vec<Came>,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
    /// Whether who comes by it belongs to the family.
    pub is_family: bool,
}

/// Somebody who came by an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// Who.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// Whether an invitation works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Somebody can come by it.
    Open,
    /// As many people came as can.
    UsedUp,
    /// Its time is over.
    Ended,
    /// It was taken back.
    Revoked,
}

impl Record for Invitation {
    const NAME: &'static str = "invitation";
    const VERSION: u8 = 2;

    /// In 0.1.0 there were no families.
    fn predecessor(version: u8, body: &[u8]) -> Option<Invitation> {
        #[derive(Deserialize)]
        struct First {
            by: UserId,
            created: Timestamp,
            ends: Option<Timestamp>,
            uses_max: u32,
            note: String,
            came: Vec<Came>,
            revoked: Option<Timestamp>,
        }
        let first: First = match version {
            1 => postcard::from_bytes(body).ok()?,
            _ => return None,
        };
        Some(Invitation {
            by: first.by,
            created: first.created,
            ends: first.ends,
            uses_max: first.uses_max,
            note: first.note,
            came: first.came,
            revoked: first.revoked,
            is_family: false,
        })
    }
}

impl Invitation {
    /// Whether it works at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        if self.revoked.is_some() {
            State::Revoked
        } else if self.came.len() as u64 >= u64::from(self.uses_max) {
            State::UsedUp
        } else if self.ends.is_some_and(|ends| ends <= now) {
            State::Ended
        } else {
            State::Open
        }
    }
}

/// The invitation of a code.
pub fn get(from: &dyn Read, code: &str) -> Result<Option<Invitation>> {
    record::get(from, &key(code))
}

/// Keeps an invitation, new or changed.
pub fn put(tx: &mut dyn Tx, code: &str, invitation: &Invitation) {
    record::put(tx, &key(code), invitation);
}

/// Forgets an invitation.
pub fn remove(tx: &mut dyn Tx, code: &str) {
    tx.delete(&key(code));
}

/// At most `limit` invitations with their codes, in no order that means anything.
pub fn list(from: &dyn Read, limit: usize) -> Result<Vec<(String, Invitation)>> {
    let table = KeyBytes::of(Table::Invitation);
    record::list(from, &table, &table, limit, text_at_end)
}

fn key(code: &str) -> KeyBytes {
    KeyBytes::of(Table::Invitation).tail(code)
}
