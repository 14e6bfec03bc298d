//! What a user is still to be told by mail. A flood of activities is one mail: the first few of an hour go out as they
//! come, the others wait here and go out together. One record a user, bounded; at most one mail with notices of a user is
//! on its way.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::mails::{self, Mail, Queued, What};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId, random_bytes};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// Most mails with notices that a user gets within [`PERIOD_SECS`].
pub const PER_PERIOD_MAX: usize = 5;

/// The period, in seconds: an hour.
pub const PERIOD_SECS: i64 = 3600;

/// Most activities that one mail names; of the others it tells the number.
pub const NAMED_MAX: usize = 20;

/// Bytes of the secret by which a user ends the notices without a login.
pub const SECRET_BYTES: usize = 16;

/// The notices of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notices {
    /// Activities that no mail has told of.
    waiting: Vec<ThingId>,
    /// How many others there are.
    more: u32,
    /// When the last mails were begun, oldest first.
    sent: Vec<Timestamp>,
    /// Whether a mail with notices is in the queue.
    is_queued: bool,
    /// What proves in a link that it came from a mail to the user. It ends notices and does nothing else.
    secret: [u8; SECRET_BYTES],
}

impl Record for Notices {
    const NAME: &'static str = "notices";
    const VERSION: u8 = 1;
}

impl Notices {
    fn of(from: &dyn Read, user: UserId) -> Result<Option<Notices>> {
        record::get(from, &key(user))
    }

    /// When the next mail may go.
    fn due(&self, now: Timestamp) -> Timestamp {
        let since = Timestamp(now.0 - PERIOD_SECS);
        let mut recent = self.sent.iter().filter(|sent| **sent > since);
        match recent.clone().count() {
            count if count < PER_PERIOD_MAX => now,
            _ => recent
                .next()
                .map_or(now, |first| Timestamp(first.0 + PERIOD_SECS)),
        }
    }

    /// Puts a mail for what waits into the queue, if there is room.
    fn queue(&mut self, tx: &mut dyn Tx, user: UserId, id: ThingId, now: Timestamp) -> Result<()> {
        let mail = Mail::new(user, What::Notices, now);
        self.is_queued = mails::add(tx, id, self.due(now), &mail)?;
        Ok(())
    }
}

/// Notes an activity that a user is to be told of. `id` is a fresh one, for the mail.
pub fn add(
    tx: &mut dyn Tx,
    user: UserId,
    activity: ThingId,
    id: ThingId,
    now: Timestamp,
) -> Result<()> {
    let mut notices = Notices::of(tx, user)?.unwrap_or_else(|| Notices {
        secret: random_bytes(),
        ..Notices::default()
    });
    if notices.waiting.contains(&activity) {
        return Ok(());
    }
    if notices.waiting.len() < NAMED_MAX {
        notices.waiting.push(activity);
    } else {
        notices.more = notices.more.saturating_add(1);
    }
    if !notices.is_queued {
        notices.queue(tx, user, id, now)?;
    }
    record::put(tx, &key(user), &notices);
    Ok(())
}

/// Chooses what a mail tells, for good: all that waits now. Answers the mail as it is now in the queue.
pub fn choose(tx: &mut dyn Tx, queued: &Queued, now: Timestamp) -> Result<Queued> {
    let user = queued.mail.user;
    let mut notices = Notices::of(tx, user)?.unwrap_or_default();
    let what = What::Digest {
        activities: std::mem::take(&mut notices.waiting),
        more: std::mem::take(&mut notices.more),
    };
    notices.sent.push(now);
    let too_many = notices.sent.len().saturating_sub(PER_PERIOD_MAX);
    notices.sent.drain(..too_many);
    record::put(tx, &key(user), &notices);
    let chosen = Queued {
        mail: Mail {
            what,
            ..queued.mail.clone()
        },
        ..queued.clone()
    };
    mails::put_back(tx, queued, queued.due, &chosen.mail);
    Ok(chosen)
}

/// Notes that the mail of a user is sent or given up; what came meanwhile gets one of its own. `id` is a fresh one.
pub fn settle(tx: &mut dyn Tx, user: UserId, id: ThingId, now: Timestamp) -> Result<()> {
    let Some(mut notices) = Notices::of(tx, user)? else {
        return Ok(());
    };
    notices.is_queued = false;
    if !notices.waiting.is_empty() {
        notices.queue(tx, user, id, now)?;
    }
    record::put(tx, &key(user), &notices);
    Ok(())
}

/// The secret of a user's links that end notices.
pub fn secret(from: &dyn Read, user: UserId) -> Result<Option<[u8; SECRET_BYTES]>> {
    Ok(Notices::of(from, user)?.map(|notices| notices.secret))
}

/// Whether this is the secret of a user.
pub fn is_secret(from: &dyn Read, user: UserId, shown: &[u8; SECRET_BYTES]) -> Result<bool> {
    let known = secret(from, user)?;
    Ok(known.is_some_and(|known| known.ct_eq(shown).into()))
}

/// Forgets a user.
pub fn forget(tx: &mut dyn Tx, user: UserId) {
    tx.delete(&key(user));
}

/// The part of the table of mails that holds notices.
pub(super) const NOTICES: u8 = 1;

fn key(user: UserId) -> KeyBytes {
    KeyBytes::of(Table::Mail).part(NOTICES).user(user)
}

#[cfg(test)]
mod tests {
    use super::{NAMED_MAX, PER_PERIOD_MAX, PERIOD_SECS, add, choose, is_secret, secret, settle};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::memory::Memory;
    use crate::store::mails::{self, Queued, What};

    const ANN: UserId = UserId(ThingId(1));
    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn waiting(memory: &Memory) -> Vec<Queued> {
        let next = mails::next(memory).expect("readable");
        let count = mails::waiting(memory).expect("readable");
        assert!(count <= 1, "one mail of a user is on its way");
        next.into_iter().collect()
    }

    /// Adds activities and sends what is due, as the server does; answers what each mail told.
    fn flood(memory: &mut Memory, count: u64, now: Timestamp) -> Vec<(usize, u32)> {
        let mut told = Vec::new();
        for number in 0..count {
            let id = ThingId(1000 + u64::try_from(now.0 - NOW.0).expect("later") * 1000 + number);
            add(memory, ANN, id, id, now).expect("kept");
            told.extend(send(memory, now));
        }
        told
    }

    fn send(memory: &mut Memory, now: Timestamp) -> Option<(usize, u32)> {
        let queued = waiting(memory).pop().filter(|queued| queued.due <= now)?;
        let chosen = choose(memory, &queued, now).expect("chosen");
        mails::done(memory, &chosen).expect("gone");
        settle(memory, ANN, ThingId(chosen.id.0 + 1), now).expect("kept");
        match chosen.mail.what {
            What::Digest { activities, more } => Some((activities.len(), more)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_flood_is_a_few_mails_and_one_that_sums_up() {
        let mut memory = Memory::default();
        let told = flood(&mut memory, 500, NOW);
        assert_eq!(told, vec![(1, 0); PER_PERIOD_MAX]);
        let queued = waiting(&memory).pop().expect("the rest");
        assert_eq!(queued.due, Timestamp(NOW.0 + PERIOD_SECS));
        let rest = 500 - PER_PERIOD_MAX - NAMED_MAX;
        let rest = u32::try_from(rest).expect("small");
        assert_eq!(send(&mut memory, queued.due), Some((NAMED_MAX, rest)));
        assert_eq!(send(&mut memory, queued.due), None);
    }

    #[test]
    fn what_comes_while_a_mail_is_on_its_way_gets_the_next_one() {
        let mut memory = Memory::default();
        add(&mut memory, ANN, ThingId(7), ThingId(8), NOW).expect("kept");
        let first = waiting(&memory).pop().expect("a mail");
        let first = choose(&mut memory, &first, NOW).expect("chosen");
        for activity in [9, 9, 11] {
            add(&mut memory, ANN, ThingId(activity), ThingId(10), NOW).expect("kept");
        }
        let again = waiting(&memory).pop().expect("the same");
        assert_eq!((again.id, &again.mail), (first.id, &first.mail));
        mails::done(&mut memory, &again).expect("gone");
        settle(&mut memory, ANN, ThingId(12), NOW).expect("kept");
        assert_eq!(send(&mut memory, NOW), Some((2, 0)));
    }

    #[test]
    fn each_user_has_a_secret() {
        let mut memory = Memory::default();
        assert!(!is_secret(&memory, ANN, &[0; 16]).expect("readable"));
        add(&mut memory, ANN, ThingId(7), ThingId(8), NOW).expect("kept");
        let known = secret(&memory, ANN).expect("readable").expect("made");
        assert!(is_secret(&memory, ANN, &known).expect("readable"));
        assert!(!is_secret(&memory, ANN, &[0; 16]).expect("readable"));
    }
}
