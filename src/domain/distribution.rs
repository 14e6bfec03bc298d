//! Puts an activity into the inboxes of this host (`pump-api.md §4.5`, `§4.7`): the first ones in the same write as the
//! activity, the others by a durable job.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities;
use crate::domain::audience::{self, Recipients};
use crate::ids::ThingId;
use crate::store::engine::{Result, Tx};
use crate::store::jobs::{self, Job};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity};
use std::ops::Bound;

/// Most inboxes that one write fills.
pub const INBOXES_PER_WRITE: usize = 500;

/// Fills inboxes of a new activity, and leaves a job for the rest.
pub fn distribute(
    app: &App,
    tx: &mut dyn Tx,
    id: ThingId,
    activity: &Activity,
    major: bool,
    now: Timestamp,
) -> Result<()> {
    let recipients = audience::recipients(tx, activity)?;
    // Own posts are seen at once, however many followers there are.
    if recipients.people.contains(&activity.actor) {
        add_to_inbox(tx, &recipients, activity.actor, id, major)?;
    }
    let last = fill(tx, &recipients, None, id, major)?;
    if let Some(after) = last {
        jobs::add(
            tx,
            app.store.fresh_id(),
            now,
            &Job::Distribute {
                activity: id,
                after,
            },
        )?;
    }
    Ok(())
}

/// The job: fills the inboxes of the recipients that come after `after`, and leaves a job if there are still more.
/// Doing it twice does no harm.
pub fn continue_distribution(
    app: &App,
    activity_id: ThingId,
    after: ThingId,
    now: Timestamp,
) -> Result<()> {
    app.store.write(|tx| {
        let Some(activity) = things::activity(tx, activity_id)? else {
            return Ok(());
        };
        let recipients = audience::recipients(tx, &activity)?;
        let major = activities::is_major(tx, &activity)?;
        if let Some(after) = fill(tx, &recipients, Some(after), activity_id, major)? {
            jobs::add(
                tx,
                app.store.fresh_id(),
                now,
                &Job::Distribute {
                    activity: activity_id,
                    after,
                },
            )?;
        }
        Ok(())
    })
}

/// Fills at most [`INBOXES_PER_WRITE`] inboxes, in order; answers the last one if others follow.
fn fill(
    tx: &mut dyn Tx,
    recipients: &Recipients,
    after: Option<ThingId>,
    id: ThingId,
    major: bool,
) -> Result<Option<ThingId>> {
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut people = recipients.people.range((start, Bound::Unbounded));
    let mut last = None;
    for person in people.by_ref().take(INBOXES_PER_WRITE) {
        add_to_inbox(tx, recipients, *person, id, major)?;
        last = Some(*person);
    }
    Ok(last.filter(|_| people.next().is_some()))
}

/// Adds an activity to a person's inbox and the parts of it; one that is there already stays as it is.
fn add_to_inbox(
    tx: &mut dyn Tx,
    recipients: &Recipients,
    person: ThingId,
    id: ThingId,
    major: bool,
) -> Result<()> {
    if !streams::append(tx, Stream::of(person, StreamKind::Inbox), id)? {
        return Ok(());
    }
    let part = if major {
        StreamKind::InboxMajor
    } else {
        StreamKind::InboxMinor
    };
    streams::append(tx, Stream::of(person, part), id)?;
    if recipients.direct.contains(&person) {
        let part = if major {
            StreamKind::InboxDirectMajor
        } else {
            StreamKind::InboxDirectMinor
        };
        streams::append(tx, Stream::of(person, StreamKind::InboxDirect), id)?;
        streams::append(tx, Stream::of(person, part), id)?;
    }
    Ok(())
}
