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
    use super::{note, of, offer};
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
    }

    #[test]
    fn nobody_is_brought_the_same_twice() {
        let mut memory = Memory::default();
        let mut again = |follower| offer(&mut memory, ThingId(1), ThingId(follower)).expect("kept");
        assert_eq!([again(7), again(8), again(7)], [true, true, false]);
    }
}
