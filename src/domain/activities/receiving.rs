//! Activities of people elsewhere that come in (`pump-api.md §6.6`). Who they are was proved, and what they bring along was
//! checked; here it is stored once, has its effects, and enters the inbox of whom it was sent to.

use super::Posting;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::{circles, distribution, names, objects, requests};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::media::BlobName;
use crate::peers;
use crate::store::aliases;
use crate::store::engine::{Read, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity, Address, Identity, Object, Thing};
use crate::wire::draft::ActivityDraft;

/// An activity from elsewhere.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// Its id.
    pub id: &'a str,
    /// The id of the actor, who was proved.
    pub actor: String,
    /// What was done; of what does not live at the actor's host only what its home said.
    pub draft: &'a ActivityDraft,
    /// Where it is pushed to.
    pub inbox: Inbox,
    /// The group in which it was said, if that one's server passes it on.
    pub relay: Option<ThingId>,
}

/// An inbox of this server into which others push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inbox {
    /// Somebody's.
    User(UserId),
    /// That of a group.
    Group(ThingId),
}

impl<'a> Posting<'a> {
    /// For what comes from another host, with a fresh id.
    pub fn from_elsewhere(app: &'a App, actor: ThingId, now: Timestamp) -> Posting<'a> {
        Posting {
            is_elsewhere: true,
            ..Posting::new(app, actor, now)
        }
    }
}

/// Takes an activity; again only into another inbox. Answers when all of it is on disk.
pub fn receive(
    app: &App,
    arrival: &Arrival<'_>,
    now: Timestamp,
) -> std::result::Result<ThingId, Error> {
    let (id, files) = app.store.write(|tx| {
        let mut freed = Vec::new();
        let id = take(app, tx, arrival, now, &mut freed)?;
        Ok((id, freed))
    })?;
    app.forget_files(files);
    app.wake();
    Ok(id)
}

fn take(
    app: &App,
    tx: &mut dyn Tx,
    arrival: &Arrival<'_>,
    now: Timestamp,
    freed: &mut Vec<BlobName>,
) -> Result<ThingId> {
    let (Inbox::User(UserId(owner)) | Inbox::Group(owner)) = arrival.inbox;
    if things::object(tx, owner)?.is_none_or(|owner| owner.deleted.is_some()) {
        return Err(Error::not_found("There is no such inbox here.").into());
    }
    if let Some(known) = names::find_thing(app.base(), tx, arrival.id)? {
        return again(app, tx, arrival, known, now);
    }
    let mut posting = Posting::from_elsewhere(app, owner, now);
    posting.actor = posting.stranger(tx, arrival)?;
    posting.relay = arrival.relay;
    if streams::contains(tx, Stream::of(owner, StreamKind::Following), posting.actor)? {
        streams::append(tx, Stream::of(posting.actor, StreamKind::Followers), owner)?;
    }
    let mut activity = posting.act(tx, arrival, freed)?;
    check_refused(tx, arrival, &activity)?;
    let way = admit(tx, arrival, posting.activity, &mut activity)?;
    enter(
        app,
        tx,
        arrival,
        (posting.activity, &mut activity),
        way,
        now,
    )?;
    things::put_activity(tx, posting.activity, activity);
    Ok(posting.activity)
}

impl Posting<'_> {
    /// Does what somebody elsewhere did; the record of it.
    pub(super) fn act(
        &self,
        tx: &mut dyn Tx,
        arrival: &Arrival<'_>,
        freed: &mut Vec<BlobName>,
    ) -> Result<Activity> {
        let draft = arrival.draft;
        let target = match &draft.target {
            Some(target) => Some(objects::resolve(self, tx, target, "collection")?),
            None => None,
        };
        let object = self.effects(tx, draft, target, freed)?;
        // What names nobody was sent in secret: servers say to whom else something goes (`pump-api.md §4.6`, `§4.9.5`).
        let addresses = self.addresses_from_elsewhere(tx, draft)?;
        let mut activity = self.compose(draft, object, target, addresses);
        activity.remote_id = Some(arrival.id.to_owned());
        activity.received = Some(self.present);
        aliases::add(tx, arrival.id, self.activity)?;
        Ok(activity)
    }
}

/// What is known already enters one inbox more, if it is the same actor's.
fn again(
    app: &App,
    tx: &mut dyn Tx,
    arrival: &Arrival<'_>,
    known: ThingId,
    now: Timestamp,
) -> Result<ThingId> {
    let actor = names::find_thing(app.base(), tx, &arrival.actor)?;
    let mut activity = match things::get(tx, known)? {
        Some(Thing::Activity(activity)) if Some(activity.actor) == actor => activity,
        _ => {
            return Err(Error::Invalid(format!("{} is of somebody else.", arrival.id)).into());
        }
    };
    if activity.deleted.is_some() {
        return Ok(known);
    }
    check_refused(tx, arrival, &activity)?;
    let before = activity.addresses.bcc.len();
    let way = admit(tx, arrival, known, &mut activity)?;
    enter(app, tx, arrival, (known, &mut activity), way, now)?;
    if activity.addresses.bcc.len() != before {
        things::put_activity(tx, known, activity);
    }
    Ok(known)
}

/// Refuses (403) what is pushed to somebody who wants to hear nothing of its actor. A change to what is kept here counts.
fn check_refused(from: &dyn Read, arrival: &Arrival<'_>, activity: &Activity) -> Result<()> {
    if let Inbox::User(user) = arrival.inbox
        && !is_change(activity)
        && requests::is_refused(from, user.0, activity.actor)?
    {
        return Err(Error::forbidden("This person takes nothing from you.").into());
    }
    Ok(())
}

/// What becomes of an activity in the inbox into which it is pushed.
enum Way {
    /// It enters.
    In,
    /// It waits until its sender is let in.
    Aside,
    /// It has done what it does, and no more.
    Past,
}

fn enter(
    app: &App,
    tx: &mut dyn Tx,
    arrival: &Arrival<'_>,
    (id, activity): (ThingId, &mut Activity),
    way: Way,
    now: Timestamp,
) -> Result<()> {
    match (way, arrival.inbox) {
        (Way::In, Inbox::User(user)) => {
            distribution::bring(app, tx, id, activity, user.0, now)?;
            match answered(tx, activity)? {
                Some(parent) if parent.author == Some(user.0) => {
                    distribution::pass_on(app, tx, id, activity, now)
                }
                _ => Ok(()),
            }
        }
        (Way::In, Inbox::Group(_)) => distribution::spread(app, tx, id, activity, now),
        (Way::Aside, Inbox::User(user)) => requests::keep(tx, user, id, activity, now),
        _ => Ok(()),
    }
}

/// Whether an activity enters the inbox it is pushed to. What neither names somebody nor has to do with them is a request, if it
/// says something, else it is refused (403); so is in the inbox of a group what does not name it (400), and what is said by
/// somebody who is no member (403). A change to what is kept here counts wherever it comes in.
fn admit(
    tx: &dyn Read,
    arrival: &Arrival<'_>,
    id: ThingId,
    activity: &mut Activity,
) -> Result<Way> {
    match arrival.inbox {
        Inbox::User(user) => admit_to_user(tx, arrival, (id, activity), user),
        Inbox::Group(group) => {
            if !names_one(activity, group) {
                return Err(Error::invalid("This is not addressed to the group.").into());
            }
            let is_taken = match things::object(tx, group)? {
                Some(object) => circles::takes(tx, group, &object, activity)?,
                None => false,
            };
            if !is_taken && !is_change(activity) {
                return Err(Error::forbidden("Only its members speak in a group.").into());
            }
            Ok(if is_taken { Way::In } else { Way::Past })
        }
    }
}

/// Whoever has to do with it, and is not addressed, is noted among the addresses that only the actor sees, to read it from now
/// on.
fn admit_to_user(
    tx: &dyn Read,
    arrival: &Arrival<'_>,
    (id, activity): (ThingId, &mut Activity),
    user: UserId,
) -> Result<Way> {
    if requests::waits(tx, user, id)? {
        return Ok(Way::Past);
    }
    if names_one(activity, user.0) {
        return Ok(Way::In);
    }
    if !concerns(tx, arrival, activity, user.0)? {
        if is_change(activity) {
            return Ok(Way::Past);
        }
        if requests::can_be(activity) && arrival.relay.is_none() {
            return Ok(match requests::is_dismissed(tx, user, id)? {
                true => Way::Past,
                false => Way::Aside,
            });
        }
        return Err(Error::forbidden(
            "This is addressed to nobody here who has to do with its sender.",
        )
        .into());
    }
    if !access::may_read_activity(tx, Viewer::user(user), activity)? {
        activity.addresses.bcc.push(Address::Thing(user.0));
    }
    Ok(Way::In)
}

/// Whether an activity changes what is known here. Its author was proved, and it is done: the copy here follows.
fn is_change(activity: &Activity) -> bool {
    matches!(activity.verb.as_str(), "update" | "delete")
}

fn names_one(activity: &Activity, thing: ThingId) -> bool {
    let mut all = activity.addresses.each().into_iter().flatten();
    all.any(|address| *address == Address::Thing(thing))
}

/// Whether an activity that does not name a user has to do with them: they follow its actor, it is about what is theirs, it is said
/// in a group elsewhere that they have joined, or the server of somebody else brings an answer to what they got from there.
fn concerns(
    from: &dyn Read,
    arrival: &Arrival<'_>,
    activity: &Activity,
    user: ThingId,
) -> Result<bool> {
    let follows = Stream::of(user, StreamKind::Following);
    if activity.object == user
        || streams::contains(from, follows, activity.actor)?
        || requests::is_admitted(from, user, activity.actor)?
    {
        return Ok(true);
    }
    for address in activity.addresses.each().into_iter().flatten() {
        if let Address::Thing(group) = address
            && circles::is_member(from, *group, user)?
            && (arrival.relay == Some(*group) || speaks_for(from, arrival, *group)?)
        {
            return Ok(true);
        }
    }
    let Some(object) = things::object(from, activity.object)? else {
        return Ok(false);
    };
    let parent = answered(from, activity)?;
    let authors = [
        object.author,
        parent.as_ref().and_then(|parent| parent.author),
    ];
    if authors.contains(&Some(user)) {
        return Ok(true);
    }
    let Some(post) = parent.as_ref().and_then(|parent| parent.post) else {
        return Ok(false);
    };
    Ok(activity.verb == "post"
        && parent.is_some_and(|parent| is_of_host_of(&parent, arrival))
        && streams::contains(from, Stream::of(user, StreamKind::Inbox), post)?)
}

/// What an activity answers.
fn answered(from: &dyn Read, activity: &Activity) -> Result<Option<Object>> {
    match things::object(from, activity.object)?.and_then(|object| object.in_reply_to) {
        Some(parent) => things::object(from, parent),
        None => Ok(None),
    }
}

/// Whether what comes in is of the server of a group: that one knows who its members are.
fn speaks_for(from: &dyn Read, arrival: &Arrival<'_>, group: ThingId) -> Result<bool> {
    let group = things::object(from, group)?.filter(|group| group.object_type == "group");
    Ok(group.is_some_and(|group| is_of_host_of(&group, arrival)))
}

/// Whether something lives on the server of the actor.
fn is_of_host_of(object: &Object, arrival: &Arrival<'_>) -> bool {
    let host = |id: &str| peers::authority(id).map(str::to_ascii_lowercase);
    match &object.identity {
        Identity::Remote(id) => host(id) == host(&arrival.actor),
        _ => false,
    }
}
