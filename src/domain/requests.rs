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

/// Most requests that wait for one user; the oldest go first.
const REQUESTS_MAX: usize = 200;

/// Most requests of one sender that wait for one user; the oldest go first.
const REQUESTS_OF_ONE_MAX: usize = 20;

/// How long a request waits, in seconds: thirty days.
const AGE_SECS_MAX: i64 = 30 * 24 * 3600;

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

/// Keeps an activity as a request to a user, who is noted among the addresses that only the actor sees, to read it.
pub fn keep(
    app: &App,
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
        let due = Timestamp(now.0.saturating_add(AGE_SECS_MAX));
        let job = Job::DropRequest {
            person: user.0,
            activity: id,
        };
        jobs::add(tx, app.store.fresh_id(), due, &job)?;
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

/// The job: takes a request away that waited too long, if it still waits.
pub fn drop_old(app: &App, person: ThingId, request: ThingId) -> Result<()> {
    app.store.write(|tx| {
        let user = UserId(person);
        match streams::contains(tx, stream_of(user), request)? {
            true => drop_one(tx, user, request),
            false => Ok(()),
        }
    })
}

/// Takes an activity whose object was deleted away from those to whom it is a request.
pub fn withdraw(tx: &mut dyn Tx, request: ThingId) -> Result<()> {
    let Some(activity) = things::activity(tx, request)? else {
        return Ok(());
    };
    for address in &activity.addresses.bcc {
        if let Address::Thing(person) = address {
            streams::remove(tx, stream_of(UserId(*person)), request)?;
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

/// Takes a request out of those of a user, and the user out of its addresses.
fn drop_one(tx: &mut dyn Tx, user: UserId, request: ThingId) -> Result<()> {
    streams::remove(tx, stream_of(user), request)?;
    if let Some(mut activity) = things::activity(tx, request)? {
        let bcc = &mut activity.addresses.bcc;
        bcc.retain(|address| *address != Address::Thing(user.0));
        things::put_activity(tx, request, activity);
    }
    Ok(())
}

fn stream_of(user: UserId) -> Stream {
    Stream::of(user.0, StreamKind::Requests)
}

#[cfg(test)]
mod tests {
    use super::{REQUESTS_MAX, drop_old, keep, waiting, waits};
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
            keep(app, tx, user, id, &mut activity, NOW)?;
            things::put_activity(tx, id, activity);
            Ok(id)
        };
        app.store.write(write).expect("kept")
    }

    #[test]
    fn what_waited_too_long_goes_and_can_be_read_no_more() {
        let pump = Pump::start();
        let (app, ann) = (&pump.app, pump.register("ann"));
        let request = kept(&pump, ann, 7);
        let may_read = || {
            let activity = things::activity(&app.store, request).expect("readable");
            let activity = activity.expect("there");
            access::may_read_activity(&app.store, Viewer::user(ann), &activity).expect("readable")
        };
        assert!(waits(&app.store, ann, request).expect("readable") && may_read());
        let queued = jobs::next(&app.store, 9).expect("readable");
        let job = Job::DropRequest {
            person: ann.0,
            activity: request,
        };
        let due = queued.iter().find(|queued| queued.job == job);
        let days = due.map(|queued| queued.due.secs_since(NOW) / (24 * 3600));
        assert_eq!(days, Some(30));
        for _ in 0..2 {
            drop_old(app, ann.0, request).expect("dropped");
        }
        assert!(!waits(&app.store, ann, request).expect("readable") && !may_read());
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
