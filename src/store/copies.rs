//! What other servers have of what was made here: whoever changes or deletes it tells them, even if nobody there is addressed
//! any more.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, text_at_end};
use super::record::{self, Record};
use crate::ids::ThingId;
use serde::{Deserialize, Serialize};

/// The part of the table that holds who has what.
const COPIES: u8 = 0;

/// The part of the table that holds who was brought what somebody had posted before.
const OFFERS: u8 = 1;

/// Records that are taken away at once.
const CLEAR_RECORDS: usize = 256;

/// Most servers that are told of one change.
pub const HOSTS_MAX: usize = 10_000;

/// Through whom a server has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Somebody there to whom it was brought.
    pub recipient: ThingId,
}

impl Record for Held {
    const NAME: &'static str = "copy at another server";
    const VERSION: u8 = 1;
}

/// Notes that an object was brought to somebody at `host`, if nobody there is known to have it.
pub fn note(tx: &mut dyn Tx, object: ThingId, host: &str, recipient: ThingId) -> Result<()> {
    let key = copies_of(object).tail(host);
    if tx.get(&key)?.is_none() {
        record::put(tx, &key, &Held { recipient });
    }
    Ok(())
}

/// The servers that have an object, each with somebody there to whom it was brought; at most [`HOSTS_MAX`].
pub fn of(from: &dyn Read, object: ThingId) -> Result<Vec<(String, ThingId)>> {
    let prefix = copies_of(object);
    let all: Vec<(String, Held)> = record::list(from, &prefix, &prefix, HOSTS_MAX, text_at_end)?;
    Ok(all
        .into_iter()
        .map(|(host, held)| (host, held.recipient))
        .collect())
}

/// Forgets who has an object: it is deleted, and they were told.
pub fn forget(tx: &mut dyn Tx, object: ThingId) -> Result<()> {
    clear(tx, &copies_of(object))
}

/// Forgets to whom a person's posts were brought: the person is gone.
pub fn forget_offers(tx: &mut dyn Tx, person: ThingId) -> Result<()> {
    clear(tx, &KeyBytes::of(Table::Copy).part(OFFERS).thing(person))
}

fn clear(tx: &mut dyn Tx, prefix: &KeyBytes) -> Result<()> {
    loop {
        let found = tx.scan(prefix, &prefix.end(), CLEAR_RECORDS)?;
        for (key, _) in &found {
            tx.delete(key);
        }
        if found.len() < CLEAR_RECORDS {
            return Ok(());
        }
    }
}

/// Notes that a follower elsewhere is brought what a person posted before; false if that was done already.
pub fn offer(tx: &mut dyn Tx, person: ThingId, follower: ThingId) -> Result<bool> {
    let key = KeyBytes::of(Table::Copy)
        .part(OFFERS)
        .thing(person)
        .thing(follower);
    let is_new = tx.get(&key)?.is_none();
    if is_new {
        let recipient = follower;
        record::put(tx, &key, &Held { recipient });
    }
    Ok(is_new)
}

fn copies_of(object: ThingId) -> KeyBytes {
    KeyBytes::of(Table::Copy).part(COPIES).thing(object)
}

#[cfg(test)]
mod tests {
    use super::{forget, forget_offers, note, of, offer};
    use crate::ids::ThingId;
    use crate::store::engine::memory::Memory;

    #[test]
    fn a_server_has_a_copy_once_and_through_the_first_who_got_it() {
        let mut memory = Memory::default();
        for (object, host, recipient) in [
            (1, "b.test", 7),
            (1, "b.test", 8),
            (1, "a.test:80", 9),
            (2, "b.test", 8),
        ] {
            note(&mut memory, ThingId(object), host, ThingId(recipient)).expect("kept");
        }
        let found = of(&memory, ThingId(1)).expect("readable");
        let expected = [("a.test:80", 9), ("b.test", 7)];
        assert_eq!(
            found,
            expected.map(|(host, id)| (host.to_owned(), ThingId(id)))
        );
        assert!(of(&memory, ThingId(3)).expect("readable").is_empty());
        forget(&mut memory, ThingId(1)).expect("forgotten");
        assert!(of(&memory, ThingId(1)).expect("readable").is_empty());
        assert_eq!(of(&memory, ThingId(2)).expect("readable").len(), 1);
    }

    #[test]
    fn nobody_is_brought_the_same_twice() {
        let mut memory = Memory::default();
        let again = |memory: &mut Memory, follower| {
            offer(memory, ThingId(1), ThingId(follower)).expect("kept")
        };
        let all = [7, 8, 7].map(|follower| again(&mut memory, follower));
        assert_eq!(all, [true, true, false]);
        forget_offers(&mut memory, ThingId(1)).expect("forgotten");
        assert!(again(&mut memory, 7));
    }
}
