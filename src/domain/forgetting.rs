//! Takes away what a removed user left: posts with their files, likes, shares, follows, lists, inboxes
//! (`pump-api.md §10.3`, D22). What others said stays theirs. A durable job does it, a bounded piece in each write, and
//! goes by what is still there, so that it may be cut off anywhere and run twice. First it goes by the streams of the
//! person, so that what others see goes at once; then it looks through all things for what no stream tells of: lists that
//! others put the person on, posts whose activity was withdrawn.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities;
use crate::domain::archives::desk;
use crate::domain::search;
use crate::ids::{ThingId, UserId};
use crate::media::BlobName;
use crate::store::engine::{Error::Refused, Read, Result, Tx};
use crate::store::jobs::{self, Job};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object, Thing};
use crate::store::{copies, guest_links, pictured, tokens, usage};

/// Most entries that one write takes away.
const ENTRIES_PER_WRITE: usize = 100;

/// Most things that one run of the second job looks at.
const THINGS_PER_RUN: usize = 20_000;

/// Things that are read at once.
const PAGE_THINGS: usize = 128;

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
    StreamKind::Requests,
    StreamKind::Admitted,
    StreamKind::Refused,
    StreamKind::Dismissed,
    StreamKind::PersonLists,
    StreamKind::ImageLists,
    StreamKind::OtherLists,
];

/// The job: takes a piece away, and leaves a job for the rest.
pub fn continue_forgetting(app: &App, person: ThingId, now: Timestamp) -> Result<()> {
    let (files, is_end) = app.store.write(|tx| {
        let mut forgetting = Forgetting {
            app,
            person,
            now,
            fresh_id: app.store.fresh_id(),
            freed: Vec::new(),
        };
        let is_more = forgetting.forget_some(tx)?;
        if is_more {
            jobs::add(tx, forgetting.fresh_id, now, &Job::Forget { person })?;
        }
        Ok((forgetting.freed, !is_more))
    })?;
    app.forget_files(files);
    app.wake();
    if is_end {
        desk::forget(app, UserId(person)).map_err(Refused)?;
    }
    Ok(())
}

/// The second job: looks at the things after `after`, takes away what concerns the person, and leaves a job for the rest.
pub fn forget_rest(app: &App, person: ThingId, after: ThingId, now: Timestamp) -> Result<()> {
    let mut concerned = Vec::new();
    let (mut last, mut looked_at) = (after, 0);
    let mut is_end = false;
    while !is_end && looked_at < THINGS_PER_RUN && concerned.len() < ENTRIES_PER_WRITE {
        let page = things::after(&app.store, last, PAGE_THINGS)?;
        is_end = page.len() < PAGE_THINGS;
        looked_at += page.len();
        for (id, thing) in page {
            last = id;
            if concerns(&app.store, person, id, &thing)? {
                concerned.push(id);
            }
        }
    }
    let files = app.store.write(|tx| {
        let mut forgetting = Forgetting {
            app,
            person,
            now,
            fresh_id: app.store.fresh_id(),
            freed: Vec::new(),
        };
        for id in &concerned {
            forgetting.forget_thing(tx, *id)?;
        }
        if !is_end {
            let rest = Job::ForgetRest {
                person,
                after: last,
            };
            jobs::add(tx, forgetting.fresh_id, now, &rest)?;
        }
        Ok(forgetting.freed)
    })?;
    app.forget_files(files);
    app.wake();
    Ok(())
}

/// Whether a thing is the person's, or holds a trace of the person.
fn concerns(from: &dyn Read, person: ThingId, id: ThingId, thing: &Thing) -> Result<bool> {
    let object = match thing {
        Thing::Activity(activity) => {
            // That somebody here is gone is still on its way to others.
            let is_farewell = activity.verb == "delete" && activity.remote_id.is_none();
            return Ok(activity.actor == person && activity.deleted.is_none() && !is_farewell);
        }
        Thing::Object(_) if id == person => return Ok(false),
        Thing::Object(object) => object,
    };
    if object.author == Some(person) {
        return Ok(object.deleted.is_none());
    }
    for kind in traces(object) {
        if streams::contains(from, Stream::of(id, *kind), person)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The streams of somebody else's object in which a person can stand.
fn traces(object: &Object) -> &'static [StreamKind] {
    match object.object_type.as_str() {
        "person" => &[StreamKind::Followers, StreamKind::Following],
        "collection" | "group" => &[StreamKind::Members, StreamKind::Likes, StreamKind::Shares],
        _ if object.likes > 0 || object.shares > 0 => &[StreamKind::Likes, StreamKind::Shares],
        _ => &[],
    }
}

/// What one write takes away.
struct Forgetting<'a> {
    app: &'a App,
    person: ThingId,
    now: Timestamp,
    /// For the job that follows.
    fresh_id: ThingId,
    /// Files that nothing shows any more.
    freed: Vec<BlobName>,
}

impl Forgetting<'_> {
    /// Takes the newest entries of the first stream that has any, or the tokens; when there are none left it clears the other
    /// streams, leaves the second job and answers false.
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
        if tokens::deaden(tx, UserId(person), ENTRIES_PER_WRITE)? > 0 {
            return Ok(true);
        }
        usage::forget(tx, UserId(person));
        copies::forget_offers(tx, person)?;
        pictured::clear(tx, person)?;
        guest_links::clear(tx, UserId(person))?;
        for kind in CLEARED {
            streams::clear(tx, Stream::of(person, *kind))?;
        }
        let rest = Job::ForgetRest {
            person,
            after: ThingId(0),
        };
        jobs::add(tx, self.fresh_id, self.now, &rest)?;
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

    /// Takes away a thing of the person's, or the person out of a thing.
    fn forget_thing(&mut self, tx: &mut dyn Tx, id: ThingId) -> Result<()> {
        let object = match things::get(tx, id)? {
            Some(Thing::Activity(_)) => return self.forget_activity(tx, id),
            Some(Thing::Object(object)) => object,
            None => return Ok(()),
        };
        if object.author == Some(self.person) {
            return self.forget_object(tx, id);
        }
        for kind in traces(&object) {
            match kind {
                StreamKind::Likes | StreamKind::Shares => self.take_back(tx, id, *kind)?,
                _ => self.leave(tx, id, *kind)?,
            }
        }
        Ok(())
    }

    fn forget_object(&mut self, tx: &mut dyn Tx, id: ThingId) -> Result<()> {
        match things::object(tx, id)? {
            Some(object) if object.deleted.is_none() => {
                let is_local = object.is_local();
                search::forget(self.app, tx, id, &object)?;
                activities::bury(tx, id, object, self.now, &mut self.freed)?;
                match is_local {
                    true => activities::recall_copies(self.app, tx, self.person, id, self.now),
                    false => Ok(()),
                }
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
