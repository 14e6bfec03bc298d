//! Mail that waits to be sent: records that are written together with what causes them. They say what is to be written to
//! whom, not the words: those are written when the mail is sent, for what is true and may be read then. A mail keeps its id
//! through all tries, and is taken out after it was sent, so it may be sent twice and is then the same.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, thing_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId};
use serde::{Deserialize, Serialize};

/// Most mails that wait at a time.
pub const WAITING_MAX: u32 = 10_000;

/// Mails that are read at once where all are looked at.
const BATCH: usize = 64;

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A link by which the user confirms this address, to which it goes.
    Confirm(String),
    /// A link by which the user sets a new password.
    Recover,
    /// What waits for the user in `notices.rs`, to be chosen when the mail is sent.
    Notices,
    /// Activities that came for the user, and how many more there were.
    Digest {
        /// The first ones.
        activities: Vec<ThingId>,
        /// How many others.
        more: u32,
    },
    /// That another password was set by a link.
    PasswordChanged,
    /// That mail goes to another address from now on; goes to the one before, which it names.
    AddressChanged(String),
}

/// A mail that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Whom it is for.
    pub user: UserId,
    /// What it says.
    pub what: What,
    /// When it was caused.
    pub created: Timestamp,
    /// How often the mail server put it off.
    pub tries: u8,
}

impl Mail {
    /// A mail that was not tried yet.
    pub fn new(user: UserId, what: What, now: Timestamp) -> Mail {
        Mail {
            user,
            what,
            created: now,
            tries: 0,
        }
    }
}

impl Record for Mail {
    const NAME: &'static str = "mail";
    const VERSION: u8 = 1;
}

/// How many mails wait.
#[derive(Serialize, Deserialize)]
pub(super) struct Waiting(u32);

impl Record for Waiting {
    const NAME: &'static str = "number of mails";
    const VERSION: u8 = 1;
}

/// A mail with its place in the queue.
#[derive(Clone, Debug)]
pub struct Queued {
    /// When it is to be sent.
    pub due: Timestamp,
    /// What tells it from others, for good.
    pub id: ThingId,
    /// The mail.
    pub mail: Mail,
}

/// How many mails wait.
pub fn waiting(from: &dyn Read) -> Result<u32> {
    let found: Option<Waiting> = record::get(from, &count_key())?;
    Ok(found.map_or(0, |Waiting(number)| number))
}

/// Adds a mail under a fresh id. False, and nothing is added, where too many wait.
pub fn add(tx: &mut dyn Tx, id: ThingId, due: Timestamp, mail: &Mail) -> Result<bool> {
    let number = waiting(tx)?;
    if number >= WAITING_MAX {
        return Ok(false);
    }
    record::put(tx, &count_key(), &Waiting(number + 1));
    record::put(tx, &mail_key(due, id), mail);
    Ok(true)
}

/// The mail that is due first.
pub fn next(from: &dyn Read) -> Result<Option<Queued>> {
    let start = KeyBytes::of(Table::Mail).part(QUEUE);
    Ok(read(from, &start, 1)?.pop())
}

/// Puts a mail to another time, changed as it may be.
pub fn put_back(tx: &mut dyn Tx, queued: &Queued, due: Timestamp, mail: &Mail) {
    tx.delete(&mail_key(queued.due, queued.id));
    record::put(tx, &mail_key(due, queued.id), mail);
}

/// Takes a mail out of the queue. Taking it out twice does no harm.
pub fn done(tx: &mut dyn Tx, queued: &Queued) -> Result<()> {
    let key = mail_key(queued.due, queued.id);
    if tx.get(&key)?.is_some() {
        let left = waiting(tx)?.saturating_sub(1);
        record::put(tx, &count_key(), &Waiting(left));
        tx.delete(&key);
    }
    Ok(())
}

/// Makes due at once every mail that was put off.
pub fn hurry(tx: &mut dyn Tx, now: Timestamp) -> Result<()> {
    let mut start = KeyBytes::of(Table::Mail).part(QUEUE).to_vec();
    loop {
        let batch = read(tx, &start, BATCH)?;
        let Some(last) = batch.last() else {
            return Ok(());
        };
        start = mail_key(last.due, ThingId(last.id.0 + 1)).to_vec();
        for queued in &batch {
            if queued.mail.tries > 0 && queued.due > now {
                put_back(tx, queued, now, &queued.mail);
            }
        }
    }
}

fn read(from: &dyn Read, start: &[u8], limit: usize) -> Result<Vec<Queued>> {
    let queue = KeyBytes::of(Table::Mail).part(QUEUE);
    let found = record::list(from, &queue, start, limit, place)?;
    let queued = |((due, id), mail)| Queued { due, id, mail };
    Ok(found.into_iter().map(queued).collect())
}

/// The time and the id at the end of a key.
fn place(rest: &[u8]) -> Option<(Timestamp, ThingId)> {
    let (due, id) = rest.split_first_chunk()?;
    let due = i64::try_from(u64::from_be_bytes(*due)).ok()?;
    Some((Timestamp(due), thing_at_end(id)?))
}

/// The part of the table that holds the queue.
pub(super) const QUEUE: u8 = 0;

/// The part of the table that holds its length.
pub(super) const COUNT: u8 = 2;

fn mail_key(due: Timestamp, id: ThingId) -> KeyBytes {
    let due = u64::try_from(due.0).unwrap_or(0);
    KeyBytes::of(Table::Mail)
        .part(QUEUE)
        .ascending(due)
        .thing(id)
}

fn count_key() -> KeyBytes {
    KeyBytes::of(Table::Mail).part(COUNT)
}

#[cfg(test)]
mod tests {
    use super::{Mail, WAITING_MAX, Waiting, What, add, count_key, done, hurry, next, put_back};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::memory::Memory;
    use crate::store::record;

    const ANN: UserId = UserId(ThingId(1));
    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn first(memory: &Memory) -> Option<(ThingId, u8)> {
        let first = next(memory).expect("readable")?;
        Some((first.id, first.mail.tries))
    }

    #[test]
    fn mails_come_out_when_they_are_due_and_keep_their_ids() {
        let mut memory = Memory::default();
        let mail = Mail::new(ANN, What::Recover, NOW);
        for (id, wait) in [(7, 60), (9, 0), (8, 0)] {
            let due = Timestamp(NOW.0 + wait);
            assert!(add(&mut memory, ThingId(id), due, &mail).expect("kept"));
        }
        assert_eq!(first(&memory), Some((ThingId(8), 0)));
        let queued = next(&memory).expect("readable").expect("three");
        let tried = Mail { tries: 1, ..mail };
        put_back(&mut memory, &queued, Timestamp(NOW.0 + 3600), &tried);
        assert_eq!(first(&memory), Some((ThingId(9), 0)));
        for _ in 0..2 {
            let queued = next(&memory).expect("readable").expect("two");
            done(&mut memory, &queued).expect("gone");
            done(&mut memory, &queued).expect("gone already");
        }
        assert_eq!(first(&memory), Some((ThingId(8), 1)));
        assert_eq!(super::waiting(&memory).expect("readable"), 1);
        assert!(next(&memory).expect("readable").expect("one").due > NOW);
        hurry(&mut memory, NOW).expect("looked at");
        assert_eq!(next(&memory).expect("readable").expect("one").due, NOW);
    }

    #[test]
    fn all_are_looked_at_where_they_are_many_and_no_more_than_the_bound_wait() {
        let mut memory = Memory::default();
        let tried = Mail {
            tries: 1,
            ..Mail::new(ANN, What::Notices, NOW)
        };
        let later = Timestamp(NOW.0 + 60);
        for id in 0..300 {
            assert!(add(&mut memory, ThingId(id), later, &tried).expect("kept"));
        }
        hurry(&mut memory, NOW).expect("looked at");
        let mut due = 0;
        while let Some(queued) = next(&memory).expect("readable") {
            due += u32::from(queued.due == NOW);
            done(&mut memory, &queued).expect("gone");
        }
        assert_eq!(due, 300);
        record::put(&mut memory, &count_key(), &Waiting(WAITING_MAX));
        assert!(!add(&mut memory, ThingId(1), NOW, &tried).expect("readable"));
    }
}
