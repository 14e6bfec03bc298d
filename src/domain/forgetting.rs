//! Takes away what a removed user left: posts with their files, likes, shares, follows, lists, inboxes
//! (`pump-api.md §10.3`, D22). What others said stays theirs. A durable job does it, a bounded piece in each write, and
//! goes by what is still there, so that it may be cut off anywhere and run twice.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities;
use crate::ids::ThingId;
use crate::media::BlobName;
use crate::store::engine::{Result, Tx};
use crate::store::jobs::{self, Job};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object};

/// Most entries that one write takes away.
const ENTRIES_PER_WRITE: usize = 100;

/// Streams whose entries are looked at one by one.
const LOOKED_AT: &[StreamKind] = &[
    StreamKind::Outbox,
    StreamKind::Uploads,
    StreamKind::Favorites,
    StreamKind::Following,
    StreamKind::Followers,
];

/// Streams that hold nothing but references to what others keep, or to what is gone by then.
const CLEARED: &[StreamKind] = &[
    StreamKind::OutboxMajor,
    StreamKind::OutboxMinor,
    StreamKind::Inbox,
    StreamKind::InboxMajor,
    StreamKind::InboxMinor,
    StreamKind::InboxDirect,
    StreamKind::InboxDirectMajor,
    StreamKind::InboxDirectMinor,
    StreamKind::PersonLists,
    StreamKind::ImageLists,
    StreamKind::OtherLists,
];

/// The job: takes a piece away, and leaves a job for the rest.
pub fn continue_forgetting(app: &App, person: ThingId, now: Timestamp) -> Result<()> {
    let files = app.store.write(|tx| {
        let mut forgetting = Forgetting {
            person,
            now,
            freed: Vec::new(),
        };
        if forgetting.forget_some(tx)? {
            jobs::add(tx, app.store.fresh_id(), now, &Job::Forget { person })?;
        }
        Ok(forgetting.freed)
    })?;
    for file in files {
        app.forget_file(file);
    }
    Ok(())
}

/// What one write takes away.
struct Forgetting {
    person: ThingId,
    now: Timestamp,
    /// Files that nothing shows any more.
    freed: Vec<BlobName>,
}

impl Forgetting {
    /// Takes the newest entries of the first stream that has any; false when only the clearing was left.
    fn forget_some(&mut self, tx: &mut dyn Tx) -> Result<bool> {
        let person = self.person;
        for kind in LOOKED_AT {
            let stream = Stream::of(person, *kind);
            let entries = streams::page(tx, stream, Start::Newest, ENTRIES_PER_WRITE)?;
            let entries = entries.unwrap_or_default();
            for entry in &entries {
                match kind {
                    StreamKind::Outbox => self.forget_activity(tx, *entry)?,
                    StreamKind::Uploads => self.forget_object(tx, *entry)?,
                    StreamKind::Favorites => self.take_back(tx, *entry, StreamKind::Likes)?,
                    StreamKind::Following => self.leave(tx, *entry, StreamKind::Followers)?,
                    _ => self.leave(tx, *entry, StreamKind::Following)?,
                }
                streams::remove(tx, stream, *entry)?;
            }
            if !entries.is_empty() {
                return Ok(true);
            }
        }
        for kind in CLEARED {
            streams::clear(tx, Stream::of(person, *kind))?;
        }
        Ok(false)
    }

    /// Takes an activity out of sight, with the object that it posted, or the share that it was.
    fn forget_activity(&mut self, tx: &mut dyn Tx, id: ThingId) -> Result<()> {
        let Some(mut activity) = things::activity(tx, id)? else {
            return Ok(());
        };
        if activity.verb == "share" {
            self.take_back(tx, activity.object, StreamKind::Shares)?;
        } else if things::object(tx, activity.object)?.is_some_and(|object| object.post == Some(id))
        {
            self.forget_object(tx, activity.object)?;
        }
        activity.bury(self.now);
        things::put_activity(tx, id, activity);
        Ok(())
    }

    fn forget_object(&mut self, tx: &mut dyn Tx, id: ThingId) -> Result<()> {
        match things::object(tx, id)? {
            Some(object) if object.deleted.is_none() => {
                activities::bury(tx, id, object, self.now, &mut self.freed)
            }
            _ => Ok(()),
        }
    }

    /// Takes back a like or a share.
    fn take_back(&self, tx: &mut dyn Tx, object: ThingId, kind: StreamKind) -> Result<()> {
        if !streams::remove(tx, Stream::of(object, kind), self.person)? {
            return Ok(());
        }
        things::change_object(tx, object, |object: &mut Object| {
            let count = match kind {
                StreamKind::Shares => &mut object.shares,
                _ => &mut object.likes,
            };
            *count = count.saturating_sub(1);
        })
    }

    /// Takes the person out of a stream of somebody else.
    fn leave(&self, tx: &mut dyn Tx, other: ThingId, kind: StreamKind) -> Result<()> {
        streams::remove(tx, Stream::of(other, kind), self.person)?;
        Ok(())
    }
}
