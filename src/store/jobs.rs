//! Work that outlives a restart: durable records with ids in them, run when due, any of them possibly twice.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::ThingId;
use serde::{Deserialize, Serialize};

/// Something to do later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Job {
    /// Fill the inboxes of the people of this host who come after `after`.
    Distribute {
        /// What to put into them.
        activity: ThingId,
        /// The last inbox that was filled.
        after: ThingId,
    },
    /// Take away what a removed user left.
    Forget {
        /// The person that the user was.
        person: ThingId,
    },
    /// Take away what a removed user left and no stream of theirs tells of, in the things that come after `after`.
    ForgetRest {
        /// The person that the user was.
        person: ThingId,
        /// The last thing that was looked at.
        after: ThingId,
    },
    /// Take away what strangers elsewhere sent long ago to users who have not let them in.
    SweepRequests,
    /// Note the words of the posts that wait for it.
    NoteWords,
    /// Let what older releases stored be found: the things that come after `after`.
    Index {
        /// The last thing that was looked at.
        after: ThingId,
    },
    /// Put the posts with pictures of an inbox among the photos of its owner: those that are older than `before`.
    GatherPhotos {
        /// The user, as a person.
        person: ThingId,
        /// The oldest activity that was looked at.
        before: Option<ThingId>,
    },
}

impl Record for Job {
    const NAME: &'static str = "job";
    const VERSION: u8 = 1;
}

/// A job with its place in the queue.
#[derive(Debug)]
pub struct Queued {
    /// When it is to run.
    pub due: Timestamp,
    /// What to do.
    pub job: Job,
    key: Vec<u8>,
}

/// Adds a job; `id` orders jobs of the same second and makes them different.
pub fn add(tx: &mut dyn Tx, id: ThingId, due: Timestamp, job: &Job) -> Result<()> {
    let due = u64::try_from(due.0).unwrap_or(0);
    record::put(tx, &KeyBytes::of(Table::Job).ascending(due).thing(id), job);
    Ok(())
}

/// The jobs that are due first, at most `limit`.
pub fn next(from: &dyn Read, limit: usize) -> Result<Vec<Queued>> {
    let start = KeyBytes::of(Table::Job);
    let pairs = from.scan(&start, &start.end(), limit)?;
    pairs
        .into_iter()
        .map(|(key, value)| {
            let due = key
                .get(1..9)
                .and_then(|bytes| <[u8; 8]>::try_from(bytes).ok())
                .map_or(0, u64::from_be_bytes);
            let due = Timestamp(i64::try_from(due).unwrap_or(i64::MAX));
            Ok(Queued {
                due,
                job: record::decode(&value)?,
                key: key.to_vec(),
            })
        })
        .collect()
}

/// Takes a job out of the queue: it was done.
pub fn done(tx: &mut dyn Tx, queued: &Queued) {
    tx.delete(&queued.key);
}
