//! Puts an activity into the inboxes of this host, and into the queues of the others (`pump-api.md §4.5`, `§4.7`): the first
//! ones in the same write as the activity, the rest by a durable job.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities;
use crate::domain::audience::{self, Recipients};
use crate::domain::errands;
use crate::domain::mailing::notices;
use crate::domain::noticing;
use crate::domain::objects;
use crate::domain::photos;
use crate::ids::ThingId;
use crate::store::copies;
use crate::store::deliveries::Errand;
use crate::store::engine::{Read, Result, Tx};
use crate::store::jobs::{self, Job};
use crate::store::keys::{Stream, StreamKind};
use crate::store::pictured;
use crate::store::streams;
use crate::store::things::{self, Activity, Address};
use std::collections::BTreeSet;
use std::ops::Bound;

/// Most inboxes that one write fills.
pub const INBOXES_PER_WRITE: usize = 500;

/// An activity on its way into inboxes.
struct Delivery<'a> {
    app: &'a App,
    id: ThingId,
    actor: ThingId,
    recipients: Recipients,
    /// Whom it concerns.
    concerned: BTreeSet<ThingId>,
    major: bool,
    /// Its place among photos, if it posts pictures.
    pictured: Option<pictured::Entry>,
    /// Whether it happened lately: nobody is told by mail of what somebody brings along from long ago.
    is_news: bool,
    now: Timestamp,
}

/// How long after it happened something is news, in seconds: a day.
const NEWS_SECS: i64 = 24 * 3600;

/// Fills inboxes of a new activity, and leaves a job for the rest.
pub fn distribute(
    app: &App,
    tx: &mut dyn Tx,
    id: ThingId,
    activity: &Activity,
    major: bool,
    now: Timestamp,
) -> Result<()> {
    let delivery = Delivery::of(app, tx, id, activity, major, now)?;
    for group in &delivery.recipients.groups {
        streams::append(tx, Stream::of(*group, StreamKind::Inbox), id)?;
    }
    // Own posts are seen at once, however many followers there are.
    if delivery.recipients.people.contains(&activity.actor) {
        delivery.add_to_inbox(tx, activity.actor)?;
    }
    if audience::is_reaction(activity) && is_hearsay(tx, activity.object)? {
        let errand = Errand::TellAuthor { activity: id };
        errands::queue(app, tx, activity.object, errand, now)?;
    }
    let is_done = delivery.go_on(tx, None)?;
    forget_copies(tx, activity, is_done)
}

/// Forgets who has a copy of what is deleted, when all of them are told.
fn forget_copies(tx: &mut dyn Tx, activity: &Activity, is_done: bool) -> Result<()> {
    match is_done && activity.verb == "delete" {
        true => copies::forget(tx, activity.object),
        false => Ok(()),
    }
}

fn is_hearsay(from: &dyn Read, object: ThingId) -> Result<bool> {
    Ok(things::object(from, object)?.is_some_and(|object| objects::is_hearsay(&object)))
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
        let major = activities::is_major(tx, &activity)?;
        let delivery = Delivery::of(app, tx, activity_id, &activity, major, now)?;
        let is_done = delivery.go_on(tx, Some(after))?;
        forget_copies(tx, &activity, is_done)
    })?;
    app.wake();
    Ok(())
}

/// Puts an activity that came in from another host into the inbox of a user.
pub fn bring(
    app: &App,
    tx: &mut dyn Tx,
    id: ThingId,
    activity: &Activity,
    user: ThingId,
    now: Timestamp,
) -> Result<()> {
    let is_news = now.secs_since(activity.published) < NEWS_SECS;
    arriving(app, tx, id, activity, user, now, is_news)?.add_to_inbox(tx, user)
}

/// As [`bring`], for what a user has lately let in: who reads it already is told nothing.
pub fn let_in(
    app: &App,
    tx: &mut dyn Tx,
    id: ThingId,
    activity: &Activity,
    user: ThingId,
    now: Timestamp,
) -> Result<()> {
    arriving(app, tx, id, activity, user, now, false)?.add_to_inbox(tx, user)
}

/// An activity of another host on its way into the inbox of one user.
fn arriving<'a>(
    app: &'a App,
    from: &dyn Read,
    id: ThingId,
    activity: &Activity,
    user: ThingId,
    now: Timestamp,
    is_news: bool,
) -> Result<Delivery<'a>> {
    let mut recipients = Recipients::default();
    let mut named = activity.addresses.to.iter().chain(&activity.addresses.bto);
    if named.any(|address| *address == Address::Thing(user)) {
        recipients.direct.insert(user);
    }
    Ok(Delivery {
        app,
        id,
        actor: activity.actor,
        concerned: noticing::concerned(from, activity, &recipients.direct)?,
        recipients,
        major: activities::is_major(from, activity)?,
        pictured: photos::entry(from, activity)?,
        is_news,
        now,
    })
}

/// Puts an activity that came in from another host into the groups here to which it is addressed, and brings it to their
/// members, here and elsewhere; where it is already, nothing happens.
pub fn spread(
    app: &App,
    tx: &mut dyn Tx,
    id: ThingId,
    activity: &Activity,
    now: Timestamp,
) -> Result<()> {
    let major = activities::is_major(tx, activity)?;
    let delivery = Delivery::of(app, tx, id, activity, major, now)?;
    let mut is_new = false;
    for group in &delivery.recipients.groups {
        is_new |= streams::append(tx, Stream::of(*group, StreamKind::Inbox), id)?;
    }
    if is_new {
        delivery.go_on(tx, None)?;
    }
    Ok(())
}

/// Brings what somebody elsewhere answers to all here for whom the answered post was.
pub fn pass_on(
    app: &App,
    tx: &mut dyn Tx,
    id: ThingId,
    activity: &Activity,
    now: Timestamp,
) -> Result<()> {
    let mut delivery = Delivery::of(app, tx, id, activity, false, now)?;
    delivery.recipients = Recipients {
        people: audience::in_thread(tx, activity)?,
        ..Recipients::default()
    };
    delivery.go_on(tx, None).map(drop)
}

/// Brings an activity that was there before to those who did not get it then, because it is for more people now.
pub fn widen(
    app: &App,
    tx: &mut dyn Tx,
    id: ThingId,
    activity: &Activity,
    had: &Recipients,
    now: Timestamp,
) -> Result<()> {
    let major = activities::is_major(tx, activity)?;
    let mut delivery = Delivery::of(app, tx, id, activity, major, now)?;
    let recipients = &mut delivery.recipients;
    recipients
        .people
        .retain(|person| !had.people.contains(person));
    recipients
        .elsewhere
        .retain(|person| !had.elsewhere.contains(person));
    delivery.is_news = true;
    for group in &delivery.recipients.groups {
        streams::append(tx, Stream::of(*group, StreamKind::Inbox), id)?;
    }
    delivery.go_on(tx, None).map(drop)
}

/// Takes an activity out of the inboxes of people who may not read it any more.
pub fn take_back(tx: &mut dyn Tx, id: ThingId, people: &[ThingId]) -> Result<()> {
    use StreamKind::{
        Inbox, InboxDirect, InboxDirectMajor, InboxDirectMinor, InboxMajor, InboxMinor, Notices,
    };
    for person in people {
        for kind in [
            Inbox,
            InboxMajor,
            InboxMinor,
            InboxDirect,
            InboxDirectMajor,
            InboxDirectMinor,
            Notices,
        ] {
            streams::remove(tx, Stream::of(*person, kind), id)?;
        }
    }
    Ok(())
}

/// Brings an activity to other hosts alone, once to each.
pub fn tell_elsewhere(
    app: &App,
    tx: &mut dyn Tx,
    id: ThingId,
    activity: &Activity,
    now: Timestamp,
) -> Result<()> {
    let delivery = Delivery::of(app, tx, id, activity, false, now)?;
    let mut told = BTreeSet::new();
    for recipient in &delivery.recipients.elsewhere {
        if errands::host_of(tx, *recipient)?.is_some_and(|host| told.insert(host)) {
            delivery.send(tx, *recipient)?;
        }
    }
    forget_copies(tx, activity, true)
}

impl<'a> Delivery<'a> {
    fn of(
        app: &'a App,
        from: &dyn Read,
        id: ThingId,
        activity: &Activity,
        major: bool,
        now: Timestamp,
    ) -> Result<Delivery<'a>> {
        let recipients = audience::recipients(from, activity)?;
        Ok(Delivery {
            app,
            id,
            actor: activity.actor,
            concerned: noticing::concerned(from, activity, &recipients.direct)?,
            recipients,
            major,
            pictured: photos::entry(from, activity)?,
            is_news: now.secs_since(activity.published) < NEWS_SECS,
            now,
        })
    }

    /// Serves at most [`INBOXES_PER_WRITE`] recipients, in order, of those who come after `after`; a job does the others. Whether
    /// there are none.
    fn go_on(&self, tx: &mut dyn Tx, after: Option<ThingId>) -> Result<bool> {
        let rest = (
            after.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Unbounded,
        );
        let (people, elsewhere) = (&self.recipients.people, &self.recipients.elsewhere);
        let mut left = INBOXES_PER_WRITE;
        let mut last = None;
        let mut here = people.range(rest).peekable();
        let mut there = elsewhere.range(rest).peekable();
        while left > 0 {
            let is_here = match (here.peek(), there.peek()) {
                (Some(here), Some(there)) => here < there,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return Ok(true),
            };
            let next = if is_here { here.next() } else { there.next() };
            let Some(next) = next.copied() else { break };
            if is_here {
                self.add_to_inbox(tx, next)?;
            } else {
                self.send(tx, next)?;
            }
            last = Some(next);
            left -= 1;
        }
        match last {
            Some(after) if here.peek().is_some() || there.peek().is_some() => {
                let activity = self.id;
                let job = Job::Distribute { activity, after };
                jobs::add(tx, self.app.store.fresh_id(), self.now, &job)?;
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    /// Has the activity brought to somebody elsewhere.
    fn send(&self, tx: &mut dyn Tx, recipient: ThingId) -> Result<()> {
        let errand = Errand::Bring {
            activity: self.id,
            recipient,
        };
        errands::queue(self.app, tx, recipient, errand, self.now)
    }

    /// Adds the activity to a person's inbox and the parts of it, and notes that the person is to be told; where it is
    /// already, all stays as it is.
    fn add_to_inbox(&self, tx: &mut dyn Tx, person: ThingId) -> Result<()> {
        let mut append = |kind| streams::append(tx, Stream::of(person, kind), self.id);
        if !append(StreamKind::Inbox)? {
            return Ok(());
        }
        let is_direct = self.recipients.direct.contains(&person);
        append(match self.major {
            true => StreamKind::InboxMajor,
            false => StreamKind::InboxMinor,
        })?;
        if is_direct {
            append(StreamKind::InboxDirect)?;
            append(match self.major {
                true => StreamKind::InboxDirectMajor,
                false => StreamKind::InboxDirectMinor,
            })?;
        }
        let is_told = person != self.actor && self.is_news;
        if is_told && self.concerned.contains(&person) {
            append(StreamKind::Notices)?;
        }
        if let Some(entry) = self.pictured {
            photos::add(tx, person, self.actor, entry)?;
        }
        if !is_told {
            return Ok(());
        }
        notices::tell(self.app, tx, person, self.id, is_direct, self.now)
    }
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
            if let Job::Distribute { activity, after } = queued.job {
                for _ in 0..=usize::from(twice) {
                    continue_distribution(&pump.app, activity, after, NOW).expect("distributed");
                }
                done += 1;
            }
            let finish = |tx: &mut dyn crate::store::engine::Tx| {
                jobs::done(tx, &queued);
                Ok(())
            };
            store.write(finish).expect("taken out");
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
