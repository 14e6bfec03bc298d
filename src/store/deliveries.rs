//! What waits to be said to other hosts (`pump-api.md §6.5`), and to be asked of them: written together with the activity, in
//! order for each host, taken out when it is done. A host that does not answer has a record of its own, which says when it is
//! tried again.

use super::engine::{Error, Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::ThingId;
use serde::{Deserialize, Serialize};

/// Most deliveries that wait for one host.
pub const WAITING_MAX: u32 = 200_000;

/// The time of what was made by a clock that was wrong: later than any.
pub const UNDATED: Timestamp = Timestamp(i64::MAX);

/// Hosts that are read at once where all are looked at.
const BATCH: usize = 64;

/// The part of the table that holds the hosts.
pub(super) const HOSTS: u8 = 0;

/// The part of the table that holds the deliveries.
const DELIVERIES: u8 = 1;

/// Something that is to be done at another host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// What.
    pub errand: Errand,
    /// Since when it waits; [`UNDATED`] where the clock was wrong then.
    pub created: Timestamp,
}

/// What is to be done at another host. Records hold these by their numbers: new ones come at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Errand {
    /// One activity is brought to one person or group there.
    Bring {
        /// What is delivered.
        activity: ThingId,
        /// To whom.
        recipient: ThingId,
    },
    /// Something that lives there, of which no more than the id is known, is asked for.
    Learn {
        /// What it is here.
        thing: ThingId,
    },
    /// What somebody there posted lately is asked for, for somebody here who follows them now.
    CatchUp {
        /// Who posted it.
        person: ThingId,
        /// Who follows.
        follower: ThingId,
    },
    /// A like or a share of something that lives there, of which no more than the id is known, is brought to its author, once
    /// that is known.
    TellAuthor {
        /// The like or the share.
        activity: ThingId,
    },
    /// What somebody there said in a group of a third server is asked for: that one passed it on while nobody answered there.
    Hear {
        /// The id of the activity.
        activity: String,
        /// What opens it.
        key: Option<String>,
        /// The group.
        group: ThingId,
        /// The member here for whom it was passed on.
        user: ThingId,
    },
}

/// What version 1 of a delivery held.
#[derive(Deserialize)]
struct Bringing {
    activity: ThingId,
    recipient: ThingId,
    created: Timestamp,
}

/// A host for which something waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// How many deliveries wait.
    pub waiting: u32,
    /// How often in a row it took nothing.
    pub failures: u32,
    /// When it is tried next.
    pub next: Timestamp,
    /// What went wrong last; empty where nothing did.
    pub error: String,
}

impl Record for Delivery {
    const NAME: &'static str = "delivery";
    const VERSION: u8 = 2;

    fn predecessor(version: u8, body: &[u8]) -> Option<Delivery> {
        let before: Bringing = match version {
            1 => postcard::from_bytes(body).ok()?,
            _ => return None,
        };
        let errand = Errand::Bring {
            activity: before.activity,
            recipient: before.recipient,
        };
        Some(Delivery {
            errand,
            created: before.created,
        })
    }
}

impl Record for Queue {
    const NAME: &'static str = "queue of a host";
    const VERSION: u8 = 1;
}

/// Adds a delivery under a fresh id, which decides the order. False, and nothing is added, where too many wait.
pub fn add(tx: &mut dyn Tx, host: &str, id: ThingId, delivery: &Delivery) -> Result<bool> {
    let mut queue = queue(tx, host)?.unwrap_or(Queue {
        waiting: 0,
        failures: 0,
        next: match delivery.created {
            UNDATED => Timestamp(0),
            created => created,
        },
        error: String::new(),
    });
    if queue.waiting >= WAITING_MAX {
        return Ok(false);
    }
    queue.waiting += 1;
    record::put(tx, &host_key(host), &queue);
    record::put(tx, &delivery_key(host, id), delivery);
    Ok(true)
}

/// Keeps a delivery anew that is there.
pub fn replace(tx: &mut dyn Tx, host: &str, id: ThingId, delivery: &Delivery) {
    record::put(tx, &delivery_key(host, id), delivery);
}

/// The queue of a host; nothing where nothing waits.
pub fn queue(from: &dyn Read, host: &str) -> Result<Option<Queue>> {
    record::get(from, &host_key(host))
}

/// At most `limit` hosts for which something waits, in the order of their names, from the one after `after` on.
pub fn hosts(from: &dyn Read, after: Option<&str>, limit: usize) -> Result<Vec<(String, Queue)>> {
    let table = KeyBytes::of(Table::Delivery).part(HOSTS);
    let start = match after {
        // No host name has a zero in it.
        Some(host) => table.clone().text(host),
        None => table.clone(),
    };
    let read = |(key, value): &(bytes::Bytes, bytes::Bytes)| {
        let (_, host) = key.split_at(table.len());
        let host = String::from_utf8_lossy(host).into_owned();
        Ok((host, record::decode(value)?))
    };
    let pairs = from.scan(&start, &table.end(), limit)?;
    pairs.iter().map(read).collect()
}

/// The delivery that comes first at a host, with its id.
pub fn first(from: &dyn Read, host: &str) -> Result<Option<(ThingId, Delivery)>> {
    let start = KeyBytes::of(Table::Delivery).part(DELIVERIES).text(host);
    let Some((key, value)) = from.scan(&start, &start.end(), 1)?.pop() else {
        return Ok(None);
    };
    let id = key
        .get(start.len()..)
        .and_then(|bytes| bytes.try_into().ok());
    let id = id.ok_or_else(|| {
        Error::Corrupt("a key of the table of deliveries cannot be read".to_owned())
    })?;
    Ok(Some((ThingId::from_bytes(id), record::decode(&value)?)))
}

/// Takes a delivery out: it has arrived, or never will. `has_answered` says whether the host is well.
pub fn done(tx: &mut dyn Tx, host: &str, id: ThingId, has_answered: bool) -> Result<()> {
    let key = delivery_key(host, id);
    let Some(mut queue) = queue(tx, host)? else {
        return Ok(());
    };
    if tx.get(&key)?.is_none() {
        return Ok(());
    }
    tx.delete(&key);
    queue.waiting = queue.waiting.saturating_sub(1);
    if queue.waiting == 0 {
        tx.delete(&host_key(host));
        return Ok(());
    }
    if has_answered {
        queue.failures = 0;
        queue.error.clear();
    }
    record::put(tx, &host_key(host), &queue);
    Ok(())
}

/// Makes due at once every host that is left alone.
pub fn hurry(tx: &mut dyn Tx, now: Timestamp) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let batch = hosts(tx, after.as_deref(), BATCH)?;
        let Some((last, _)) = batch.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        for (host, queue) in batch {
            if queue.next > now {
                record::put(tx, &host_key(&host), &Queue { next: now, ..queue });
            }
        }
    }
}

/// Changes when a host is tried again, and what is said of it.
pub fn change(tx: &mut dyn Tx, host: &str, change: impl FnOnce(&mut Queue)) -> Result<()> {
    if let Some(mut queue) = queue(tx, host)? {
        change(&mut queue);
        record::put(tx, &host_key(host), &queue);
    }
    Ok(())
}

fn host_key(host: &str) -> KeyBytes {
    KeyBytes::of(Table::Delivery).part(HOSTS).tail(host)
}

fn delivery_key(host: &str, id: ThingId) -> KeyBytes {
    KeyBytes::of(Table::Delivery)
        .part(DELIVERIES)
        .text(host)
        .thing(id)
}

#[cfg(test)]
mod tests {
    use super::{Delivery, Errand, add, change, done, first, hosts, queue};
    use crate::clock::Timestamp;
    use crate::ids::ThingId;
    use crate::store::engine::memory::Memory;

    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn delivery(activity: u64) -> Delivery {
        let errand = Errand::Bring {
            activity: ThingId(activity),
            recipient: ThingId(7),
        };
        Delivery {
            errand,
            created: NOW,
        }
    }

    fn activity_of(delivery: Delivery) -> u64 {
        match delivery.errand {
            Errand::Bring { activity, .. } => activity.0,
            other => panic!("{other:?} brings nothing"),
        }
    }

    #[test]
    fn what_waits_since_before_there_were_other_errands_is_brought() {
        let body = postcard::to_stdvec(&(ThingId(5), ThingId(7), NOW)).expect("plain data");
        let bytes = [vec![1], body].concat();
        let read: Delivery = crate::store::record::decode(&bytes).expect("readable");
        assert_eq!(read, delivery(5));
    }

    #[test]
    fn each_host_gets_its_own_in_order() {
        let mut memory = Memory::default();
        for (host, id) in [
            ("b.test", 2),
            ("b.test", 1),
            ("b.test:8080", 3),
            ("a.test", 4),
        ] {
            assert!(add(&mut memory, host, ThingId(id), &delivery(id)).expect("kept"));
        }
        let names = |after| -> Vec<String> {
            let found = hosts(&memory, after, 10).expect("readable");
            found.into_iter().map(|(host, _)| host).collect()
        };
        assert_eq!(names(None), ["a.test", "b.test", "b.test:8080"]);
        assert_eq!(names(Some("b.test")), ["b.test:8080"]);
        let mut order = Vec::new();
        while let Some((id, delivery)) = first(&memory, "b.test").expect("readable") {
            order.push(activity_of(delivery));
            for _ in 0..2 {
                done(&mut memory, "b.test", id, true).expect("gone");
            }
        }
        assert_eq!(order, [1, 2]);
        assert_eq!(queue(&memory, "b.test").expect("readable"), None);
        let other = queue(&memory, "b.test:8080")
            .expect("readable")
            .expect("there");
        assert_eq!(other.waiting, 1);
    }

    #[test]
    fn a_host_that_answers_again_is_well() {
        let mut memory = Memory::default();
        for id in 1..=3 {
            add(&mut memory, "b.test", ThingId(id), &delivery(id)).expect("kept");
        }
        change(&mut memory, "b.test", |queue| {
            queue.failures = 4;
            queue.error = "does not answer".to_owned();
        })
        .expect("changed");
        done(&mut memory, "b.test", ThingId(1), false).expect("dropped");
        let state = |memory: &Memory| {
            let queue = queue(memory, "b.test").expect("readable").expect("there");
            (queue.waiting, queue.failures, queue.error)
        };
        assert_eq!(state(&memory), (2, 4, "does not answer".to_owned()));
        done(&mut memory, "b.test", ThingId(2), true).expect("gone");
        assert_eq!(state(&memory), (1, 0, String::new()));
    }
}
