//! Requests (`pump-api.md §6.6`): what strangers elsewhere send to users here whom they do not name, for example because the
//! sender put them on a list. It stands in none of the user's streams and nobody is told, until the user lets its sender in,
//! or follows the sender; or it goes after a while. Whom a user refuses, the user hears of no more.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::Viewer;
use crate::domain::feeds::{self, Paging};
use crate::domain::{distribution, names};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::store::engine::{Read, Result, Tx};
use crate::store::jobs::{self, Job};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Address, Object};
use crate::store::users;

/// Most requests that wait for one user; the oldest go first.
const REQUESTS_MAX: usize = 200;

/// Most requests of one sender that wait for one user; the oldest go first.
const REQUESTS_OF_ONE_MAX: usize = 20;

/// How long a request waits, in seconds: thirty days.
const AGE_SECS_MAX: i64 = 30 * 24 * 3600;

/// A day, in seconds: requests that are too old go once a day.
const DAY_SECS: i64 = 24 * 3600;

/// Most requests of which is known for one user that they are not wanted; the oldest are forgotten.
const DISMISSED_MAX: u64 = 1_000;

/// Users who are looked at at once where requests are swept away.
const SWEEP_USERS: usize = 64;

/// Most people whom one user refuses.
const REFUSED_MAX: u64 = 1_000;

/// Whether an activity says something to whoever gets it, so that a stranger may mean it for somebody. Likes, follows and the
/// like concern others.
pub fn can_be(activity: &Activity) -> bool {
    matches!(
        activity.verb.as_str(),
        "post" | "create" | "share" | "checkin"
    )
}

/// Whether an activity waits until a user lets its sender in.
pub fn waits(from: &dyn Read, user: UserId, id: ThingId) -> Result<bool> {
    streams::contains(from, stream_of(user), id)
}

/// Whether a user has let a sender in.
pub fn is_admitted(from: &dyn Read, user: ThingId, sender: ThingId) -> Result<bool> {
    streams::contains(from, Stream::of(user, StreamKind::Admitted), sender)
}

/// Whether a user wants to hear nothing of a sender.
pub fn is_refused(from: &dyn Read, user: ThingId, sender: ThingId) -> Result<bool> {
    streams::contains(from, Stream::of(user, StreamKind::Refused), sender)
}

/// Whether an activity was a request to a user, and is to be none again however often it is sent.
pub fn is_dismissed(from: &dyn Read, user: UserId, id: ThingId) -> Result<bool> {
    streams::contains(from, dismissed_by(user), id)
}

/// Keeps an activity as a request to a user, who is noted among the addresses that only the actor sees, to read it.
pub fn keep(
    tx: &mut dyn Tx,
    user: UserId,
    id: ThingId,
    activity: &mut Activity,
    now: Timestamp,
) -> Result<()> {
    if streams::contains(tx, Stream::of(user.0, StreamKind::Inbox), id)? {
        return Ok(());
    }
    let all = waiting(tx, user)?;
    let mut of_sender = Vec::new();
    for request in &all {
        let kept = things::activity(tx, *request)?;
        if kept.is_some_and(|kept| kept.actor == activity.actor) {
            of_sender.push(*request);
        }
    }
    let is_known = all.contains(&id);
    let too_old = of_sender.get(REQUESTS_OF_ONE_MAX - 1..).unwrap_or_default();
    let too_many = all.get(REQUESTS_MAX - 1..).unwrap_or_default();
    for request in too_old.iter().chain(too_many).filter(|_| !is_known) {
        drop_one(tx, user, *request)?;
    }
    if streams::append(tx, stream_of(user), id)? {
        // One job for all that ends on the same day: it has the same key.
        let days = now.0.saturating_add(AGE_SECS_MAX) / DAY_SECS + 1;
        let due = Timestamp(days.saturating_mul(DAY_SECS));
        jobs::add(tx, ThingId(0), due, &Job::SweepRequests)?;
    }
    let own = Address::Thing(user.0);
    if !activity.addresses.bcc.contains(&own) {
        activity.addresses.bcc.push(own);
    }
    Ok(())
}

/// A page of the requests to a user, without those of people whom the owner of the server has blocked since.
pub fn page(
    from: &dyn Read,
    user: UserId,
    paging: Paging,
) -> std::result::Result<feeds::Page<Activity>, Error> {
    feeds::activities(from, stream_of(user), paging, Viewer::user(user), true)
}

/// How many requests a user sees.
pub fn total(from: &dyn Read, user: UserId) -> std::result::Result<usize, Error> {
    // Most people have none, and then one read tells.
    if streams::total(from, stream_of(user))? == 0 {
        return Ok(0);
    }
    let all = Paging {
        start: Start::Newest,
        count: REQUESTS_MAX,
    };
    Ok(page(from, user, all)?.items.len())
}

/// Lets the sender of a request in: all requests of the sender go to the inbox, and so does what comes later. 404 if the user
/// has no such request. Answers the sender.
pub fn accept(
    app: &App,
    user: UserId,
    request: ThingId,
    now: Timestamp,
) -> std::result::Result<ThingId, Error> {
    let sender = app.store.write(|tx| {
        let sender = asked(tx, user, request)?.actor;
        streams::append(tx, Stream::of(user.0, StreamKind::Admitted), sender)?;
        let_in(app, tx, user.0, sender, now)?;
        Ok(sender)
    })?;
    app.wake();
    Ok(sender)
}

/// Moves all requests of a sender into the inbox of a user, the oldest first, and refuses the sender no more.
pub fn let_in(
    app: &App,
    tx: &mut dyn Tx,
    user: ThingId,
    sender: ThingId,
    now: Timestamp,
) -> Result<()> {
    streams::remove(tx, Stream::of(user, StreamKind::Refused), sender)?;
    for request in waiting(tx, UserId(user))?.into_iter().rev() {
        let activity = things::activity(tx, request)?;
        let Some(activity) = activity.filter(|activity| activity.actor == sender) else {
            continue;
        };
        streams::remove(tx, stream_of(UserId(user)), request)?;
        if activity.deleted.is_none() {
            distribution::let_in(app, tx, request, &activity, user, now)?;
        }
    }
    Ok(())
}

/// Takes a request away, which the user may read no more. 404 if the user has no such request.
pub fn delete(app: &App, user: UserId, request: ThingId) -> std::result::Result<(), Error> {
    Ok(app.store.write(|tx| {
        asked(tx, user, request)?;
        drop_one(tx, user, request)
    })?)
}

/// The job: takes away, of all users, the requests that came here too long ago.
pub fn sweep(app: &App, now: Timestamp) -> Result<()> {
    let mut after = None;
    loop {
        let users = users::list(&app.store, after, SWEEP_USERS)?;
        for (user, _) in &users {
            if streams::total(&app.store, stream_of(*user))? > 0 {
                app.store.write(|tx| drop_old(tx, *user, now))?;
            }
        }
        match users.last() {
            Some((last, _)) => after = Some(*last),
            None => return Ok(()),
        }
    }
}

fn drop_old(tx: &mut dyn Tx, user: UserId, now: Timestamp) -> Result<()> {
    for request in waiting(tx, user)? {
        let came = things::activity(tx, request)?.and_then(|activity| activity.received);
        if came.is_none_or(|came| now.secs_since(came) >= AGE_SECS_MAX) {
            drop_one(tx, user, request)?;
        }
    }
    Ok(())
}

/// Takes an activity whose object was deleted away from those to whom it is a request.
pub fn withdraw(tx: &mut dyn Tx, request: ThingId) -> Result<()> {
    let Some(activity) = things::activity(tx, request)? else {
        return Ok(());
    };
    for address in &activity.addresses.bcc {
        if let Address::Thing(person) = address
            && waits(tx, UserId(*person), request)?
        {
            drop_one(tx, UserId(*person), request)?;
        }
    }
    Ok(())
}

/// Refuses somebody elsewhere: what they push to the user is answered 403, their requests go, and neither follows the other's
/// posts by this server. 400 for people of this server, 409 for whom the user follows, and for one too many.
pub fn refuse(app: &App, user: UserId, person: ThingId) -> std::result::Result<(), Error> {
    app.store.write(|tx| {
        check_refusal(tx, user, person)?;
        streams::append(tx, Stream::of(user.0, StreamKind::Refused), person)?;
        streams::remove(tx, Stream::of(user.0, StreamKind::Admitted), person)?;
        streams::remove(tx, Stream::of(user.0, StreamKind::Followers), person)?;
        streams::remove(tx, Stream::of(person, StreamKind::Following), user.0)?;
        for request in waiting(tx, user)? {
            if things::activity(tx, request)?.is_some_and(|request| request.actor == person) {
                drop_one(tx, user, request)?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Hears of somebody again; false if they were not refused.
pub fn pardon(app: &App, user: UserId, person: ThingId) -> std::result::Result<bool, Error> {
    Ok(app
        .store
        .write(|tx| streams::remove(tx, Stream::of(user.0, StreamKind::Refused), person))?)
}

/// The person of another server with an id, who is known here; 404.
pub fn stranger(app: &App, id: &str) -> std::result::Result<ThingId, Error> {
    let found = names::find_thing(app.base(), &app.store, id)?;
    let nobody = || Error::NotFound(format!("Nobody here has heard of {id}."));
    found.ok_or_else(nobody)
}

fn check_refusal(from: &dyn Read, user: UserId, person: ThingId) -> Result<()> {
    let found = things::object(from, person)?;
    if !found.is_some_and(|person: Object| person.is_person() && !person.is_local()) {
        return Err(Error::invalid(
            "You can block people of other servers. About somebody of this one, tell its owner: report them.",
        )
        .into());
    }
    if streams::contains(from, Stream::of(user.0, StreamKind::Following), person)? {
        return Err(
            Error::Conflict("You follow them. Stop following them first.".to_owned()).into(),
        );
    }
    let refused = Stream::of(user.0, StreamKind::Refused);
    if streams::total(from, refused)? >= REFUSED_MAX && !streams::contains(from, refused, person)? {
        return Err(Error::Conflict(format!("You block {REFUSED_MAX} people already.")).into());
    }
    Ok(())
}

/// The requests to a user, newest first.
fn waiting(from: &dyn Read, user: UserId) -> Result<Vec<ThingId>> {
    let page = streams::page(from, stream_of(user), Start::Newest, REQUESTS_MAX)?;
    Ok(page.unwrap_or_default())
}

/// A request to a user.
fn asked(from: &dyn Read, user: UserId, request: ThingId) -> Result<Activity> {
    let missing = || Error::not_found("You have no such request.");
    if !streams::contains(from, stream_of(user), request)? {
        return Err(missing().into());
    }
    let activity = things::activity(from, request)?;
    Ok(activity.ok_or_else(missing)?)
}

/// Takes a request out of those of a user, and the user out of its addresses, for good.
fn drop_one(tx: &mut dyn Tx, user: UserId, request: ThingId) -> Result<()> {
    streams::remove(tx, stream_of(user), request)?;
    streams::append(tx, dismissed_by(user), request)?;
    let too_many = streams::page(tx, dismissed_by(user), Start::Offset(DISMISSED_MAX), 1)?;
    for forgotten in too_many.unwrap_or_default() {
        streams::remove(tx, dismissed_by(user), forgotten)?;
    }
    if let Some(mut activity) = things::activity(tx, request)? {
        let bcc = &mut activity.addresses.bcc;
        bcc.retain(|address| *address != Address::Thing(user.0));
        things::put_activity(tx, request, activity);
    }
    Ok(())
}

fn dismissed_by(user: UserId) -> Stream {
    Stream::of(user.0, StreamKind::Dismissed)
}

fn stream_of(user: UserId) -> Stream {
    Stream::of(user.0, StreamKind::Requests)
}

#[cfg(test)]
mod tests {
    use super::{
        AGE_SECS_MAX, DAY_SECS, DISMISSED_MAX, REQUESTS_MAX, drop_one, is_dismissed, keep, sweep,
        waiting, waits,
    };
    use crate::clock::Timestamp;
    use crate::domain::access::{self, Viewer};
    use crate::domain::testing::{NOW, Pump};
    use crate::ids::{Nonce, ThingId, UserId};
    use crate::store::engine::Tx;
    use crate::store::jobs::{self, Job};
    use crate::store::things::{self, Activity};
    use crate::wire::draft::Addresses;

    fn sent(sender: u64) -> Activity {
        Activity {
            nonce: Nonce::random(),
            remote_id: Some("http://b.test/api/activity/x".to_owned()),
            verb: "post".to_owned(),
            actor: ThingId(sender),
            object: ThingId(1),
            target: None,
            generator: None,
            addresses: Addresses::default(),
            published: NOW,
            updated: NOW,
            received: Some(NOW),
            deleted: None,
            members: String::new(),
        }
    }

    fn kept(pump: &Pump, user: UserId, sender: u64) -> ThingId {
        let app = &pump.app;
        let write = |tx: &mut dyn Tx| {
            let (id, mut activity) = (app.store.fresh_id(), sent(sender));
            keep(tx, user, id, &mut activity, NOW)?;
            things::put_activity(tx, id, activity);
            Ok(id)
        };
        app.store.write(write).expect("kept")
    }

    #[test]
    fn what_waited_too_long_goes_and_can_be_read_no_more() {
        let pump = Pump::start();
        let (app, ann) = (&pump.app, pump.register("ann"));
        let requests = [7, 8].map(|sender| kept(&pump, ann, sender));
        let request = requests[0];
        let may_read = || {
            let activity = things::activity(&app.store, request).expect("readable");
            let activity = activity.expect("there");
            access::may_read_activity(&app.store, Viewer::user(ann), &activity).expect("readable")
        };
        assert!(waits(&app.store, ann, request).expect("readable") && may_read());
        let mut queued = jobs::next(&app.store, 9).expect("readable");
        queued.retain(|queued| queued.job != Job::NoteWords);
        assert_eq!(queued.len(), 1, "one for all of a day");
        assert_eq!(queued[0].job, Job::SweepRequests);
        assert_eq!(queued[0].due.secs_since(NOW) / DAY_SECS, 30);
        sweep(app, Timestamp(NOW.0 + AGE_SECS_MAX - 1)).expect("swept");
        assert!(waits(&app.store, ann, request).expect("readable"));
        for _ in 0..2 {
            sweep(app, queued[0].due).expect("swept");
        }
        assert!(!waits(&app.store, ann, request).expect("readable") && !may_read());
        assert!(is_dismissed(&app.store, ann, request).expect("readable"));
    }

    #[test]
    fn what_was_dismissed_long_ago_is_forgotten() {
        let pump = Pump::start();
        let (store, ann) = (&pump.app.store, pump.register("ann"));
        let dismiss = |tx: &mut dyn Tx| {
            (1..=DISMISSED_MAX + 1).try_for_each(|number| drop_one(tx, ann, ThingId(number)))
        };
        store.write(dismiss).expect("dismissed");
        let known = [1, 2, DISMISSED_MAX + 1].map(ThingId);
        let known = known.map(|id| is_dismissed(store, ann, id).expect("readable"));
        assert_eq!(known, [false, true, true]);
    }

    #[test]
    fn the_oldest_of_too_many_go() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let first = kept(&pump, ann, 100);
        let mut last = first;
        for sender in 0..REQUESTS_MAX as u64 {
            last = kept(&pump, ann, 101 + sender);
        }
        let all = waiting(&pump.app.store, ann).expect("readable");
        assert_eq!(all.len(), REQUESTS_MAX);
        assert!(all.first() == Some(&last) && !all.contains(&first));
    }
}
