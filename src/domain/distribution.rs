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
    for group in &recipients.groups {
        streams::append(tx, Stream::of(*group, StreamKind::Inbox), id)?;
    }
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
        let activity = things::activity(tx, activity_id)?;
        let Some(activity) = activity.filter(|activity| activity.deleted.is_none()) else {
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

#[cfg(test)]
mod tests {
    use super::{INBOXES_PER_WRITE, continue_distribution};
    use crate::domain::testing::{NOW, Pump};
    use crate::ids::ThingId;
    use crate::store::jobs::{self, Job};
    use crate::store::keys::{Stream, StreamKind};
    use crate::store::streams;
    use crate::store::things::{self, Identity, Object};
    use serde_json::json;

    /// Gives Ann that many followers without the cost of their registration.
    fn follow(pump: &Pump, ann: ThingId, count: usize) -> Vec<ThingId> {
        let write = |tx: &mut dyn crate::store::engine::Tx| {
            (0..count)
                .map(|number| {
                    let id = pump.app.store.fresh_id();
                    let identity = Identity::User(format!("follower{number}"));
                    things::put_object(tx, id, Object::new(identity, "person", NOW));
                    streams::append(tx, Stream::of(ann, StreamKind::Followers), id)?;
                    Ok(id)
                })
                .collect()
        };
        pump.app.store.write(write).expect("followers")
    }

    fn do_jobs(pump: &Pump, twice: bool) -> usize {
        let store = &pump.app.store;
        let mut done = 0;
        while let Some(queued) = jobs::next(store, 1).expect("readable").pop() {
            let Job::Distribute { activity, after } = queued.job else {
                panic!("only inboxes are to be filled here: {:?}", queued.job);
            };
            for _ in 0..=usize::from(twice) {
                continue_distribution(&pump.app, activity, after, NOW).expect("distributed");
            }
            let finish = |tx: &mut dyn crate::store::engine::Tx| {
                jobs::done(tx, &queued);
                Ok(())
            };
            store.write(finish).expect("taken out");
            done += 1;
        }
        done
    }

    #[test]
    fn many_followers_get_it_by_jobs_each_once() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let followers = follow(&pump, ann.0, 2 * INBOXES_PER_WRITE + 7);
        let note = json!({"verb": "post", "object": {"objectType": "note", "content": "hi"}});
        let post = pump.post(ann, note).expect("posted");
        let have = |id: &ThingId| pump.total(*id, StreamKind::InboxMajor);
        assert!(followers.iter().map(have).sum::<u64>() <= INBOXES_PER_WRITE as u64);
        assert_eq!(
            streams::page(
                &pump.app.store,
                Stream::of(ann.0, StreamKind::Inbox),
                streams::Start::Newest,
                1
            )
            .expect("readable"),
            Some(vec![post]),
            "own posts are seen at once"
        );
        // Each job runs twice, as after a crash between doing it and taking it out.
        assert!(do_jobs(&pump, true) >= 2);
        assert!(
            followers
                .iter()
                .all(|id| have(id) == 1 && pump.total(*id, StreamKind::Inbox) == 1)
        );
    }

    #[test]
    fn few_followers_need_no_job() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let followers = follow(&pump, ann.0, 10);
        pump.post(ann, json!({"object": {"objectType": "note"}}))
            .expect("posted");
        assert_eq!(do_jobs(&pump, false), 0);
        assert!(
            followers
                .iter()
                .all(|id| pump.total(*id, StreamKind::Inbox) == 1)
        );
    }
}
