//! To whom an activity goes: the default where nobody was addressed (`pump-api.md §4.6`), and the people of this host who
//! get it (`§4.7`). Decides only; [`super::distribution`] acts.

#[cfg(test)]
mod properties;

use crate::domain::access::{self, Viewer};
use crate::domain::activities::Posting;
use crate::domain::circles::{self, Circles};
use crate::domain::errands;
use crate::domain::requests;
use crate::domain::threads;
use crate::ids::ThingId;
use crate::store::copies;
use crate::store::engine::{Read, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Address, Identity, Object};
use crate::wire::draft::{ActivityDraft, Addresses};
use std::collections::BTreeSet;

/// The people and groups who get an activity into their inboxes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// The people of this host.
    pub people: BTreeSet<ThingId>,
    /// The people and groups of other hosts; for what is done by somebody here, or said in a group here.
    pub elsewhere: BTreeSet<ThingId>,
    /// Those who are addressed directly (`to` and `bto`).
    pub direct: BTreeSet<ThingId>,
    /// The groups that it was posted to, at most [`GROUPS_MAX`].
    pub groups: BTreeSet<ThingId>,
}

/// Most groups that one activity enters.
const GROUPS_MAX: usize = 100;

/// How many entries of a stream of people are read at a time.
const BATCH: usize = 256;

/// The addresses of an activity that names none: the first case of `pump-api.md §4.6` that fits.
pub fn default(
    posting: &Posting<'_>,
    tx: &mut dyn Tx,
    draft: &ActivityDraft,
    object: ThingId,
    target: Option<ThingId>,
) -> Result<Addresses<Vec<Address>>> {
    let actor = posting.actor;
    let followers = || Addresses {
        cc: vec![Address::Followers(actor)],
        ..Addresses::default()
    };
    let stored = things::object(tx, object)?;
    let verb = draft.verb.as_str();
    match verb {
        "update" | "delete" if object != actor => {
            return match post_of(tx, stored.as_ref())? {
                Some(post) => Ok(post.addresses),
                // An upload that nobody was shown yet: nobody needs to hear of it.
                None => Ok(Addresses::default()),
            };
        }
        "favorite" | "unfavorite" | "like" | "unlike" | "dislike" => {
            // To whom something went is told to nobody who may not read it.
            let seen = match &stored {
                Some(stored) => access::may_read_object(tx, posting.viewer(), stored)?,
                None => false,
            };
            let post = post_of(tx, stored.as_ref())?.filter(|_| seen);
            return Ok(post.map_or_else(followers, |post| post.addresses));
        }
        _ => {}
    }
    let is_group = |id: Option<ThingId>, tx: &dyn Read| -> Result<bool> {
        Ok(match id {
            Some(id) => things::object(tx, id)?.is_some_and(|thing| thing.object_type == "group"),
            None => false,
        })
    };
    if stored
        .as_ref()
        .is_some_and(|stored| stored.is_person() && object != actor)
    {
        return Ok(Addresses {
            to: vec![Address::Thing(object)],
            ..followers()
        });
    }
    if is_group(Some(object), tx)? && verb != "create" {
        return Ok(Addresses {
            to: vec![Address::Thing(object)],
            ..followers()
        });
    }
    if matches!(verb, "add" | "remove" | "post") && is_group(target, tx)? {
        return Ok(Addresses {
            to: target.into_iter().map(Address::Thing).collect(),
            ..Addresses::default()
        });
    }
    if draft.object.in_reply_to.is_some()
        && let Some(parent) = stored.and_then(|stored| stored.in_reply_to)
    {
        return reply(tx, posting, parent);
    }
    Ok(followers())
}

/// The addresses of a reply: those of what it answers, and its author. Who shares a reply need not see what it answers,
/// and then learns nothing of it.
fn reply(
    from: &dyn Read,
    posting: &Posting<'_>,
    parent: ThingId,
) -> Result<Addresses<Vec<Address>>> {
    let actor = posting.actor;
    let parent = match things::object(from, parent)? {
        Some(parent) if access::may_read_object(from, posting.viewer(), &parent)? => Some(parent),
        _ => None,
    };
    let post = post_of(from, parent.as_ref())?;
    let author = post
        .as_ref()
        .map(|post| post.actor)
        .or(parent.and_then(|parent| parent.author));
    let mut addresses = match post {
        Some(post) => post.addresses,
        None => Addresses {
            cc: vec![Address::Followers(actor)],
            ..Addresses::default()
        },
    };
    for list in [
        &mut addresses.to,
        &mut addresses.cc,
        &mut addresses.bto,
        &mut addresses.bcc,
    ] {
        list.retain(|address| *address != Address::Thing(actor));
    }
    if let Some(author) = author.filter(|author| *author != actor)
        && !addresses.to.contains(&Address::Thing(author))
    {
        addresses.to.push(Address::Thing(author));
    }
    Ok(addresses)
}

/// The post activity of an object.
fn post_of(from: &dyn Read, object: Option<&Object>) -> Result<Option<Activity>> {
    match object.and_then(|object| object.post) {
        Some(post) => things::activity(from, post),
        None => Ok(None),
    }
}

/// Who gets an activity of somebody here, the actor among them: own posts stand in one's own inbox. Of what somebody elsewhere
/// does, the members of the groups here in which it is said, and those here for whom the answered post was: all others hear of it
/// from the actor's own server.
pub fn recipients(from: &dyn Read, activity: &Activity) -> Result<Recipients> {
    if activity.remote_id.is_some() {
        let mut found = in_groups(from, activity)?;
        found.people.extend(in_thread(from, activity)?);
        return Ok(found);
    }
    let mut found = addressed(from, activity)?;
    if let Some(author) = reacted_to(from, activity)? {
        found.add(from, author)?;
    }
    if matches!(activity.verb.as_str(), "update" | "delete") {
        found.add_holders(from, activity)?;
    }
    Ok(found)
}

/// Whether an activity of somebody here goes to a person by its addresses.
pub fn is_addressed(from: &dyn Read, activity: &Activity, person: ThingId) -> Result<bool> {
    let found = addressed(from, activity)?;
    Ok(found.people.contains(&person) || found.elsewhere.contains(&person))
}

/// The actor, and those to whom an activity goes by its addresses.
fn addressed(from: &dyn Read, activity: &Activity) -> Result<Recipients> {
    let mut found = Recipients::default();
    found.add(from, activity.actor)?;
    let mut circles = Circles::of(from, activity);
    let [to, cc, bto, bcc] = activity.addresses.each();
    for (list, direct) in [(to, true), (cc, false), (bto, true), (bcc, false)] {
        for address in list {
            match *address {
                Address::Public => add_members(
                    from,
                    Stream::of(activity.actor, StreamKind::Followers),
                    &mut found,
                )?,
                Address::Followers(_) | Address::Following(_) => {
                    add_ring(from, activity, *address, &mut found)?;
                }
                Address::Thing(id) => {
                    let Some(object) = things::object(from, id)? else {
                        continue;
                    };
                    if found.insert(id, &object) {
                        if direct {
                            found.direct.insert(id);
                        }
                    } else if !object.is_person() {
                        circles.open(id, object, |id, circle| {
                            add_circle(from, activity, id, circle, &mut found)?;
                            Ok(false)
                        })?;
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The people here who hear of what somebody elsewhere answers to somebody here, as all for whom the answered post was: not those who
/// are named, to whom the actor's own server brings it, and none who wants to hear nothing of its actor. Nobody can pass it on to other servers (`pump-api.md §4.11`, D34).
pub fn in_thread(from: &dyn Read, activity: &Activity) -> Result<BTreeSet<ThingId>> {
    let mut found = Recipients::default();
    let mut circles = Circles::of(from, activity);
    for address in activity.addresses.each().into_iter().flatten() {
        match *address {
            Address::Public => {}
            Address::Followers(_) | Address::Following(_) => {
                add_ring(from, activity, *address, &mut found)?;
            }
            Address::Thing(id) => {
                let list = things::object(from, id)?.filter(Object::is_collection);
                let Some(list) = list else { continue };
                circles.open(id, list, |id, circle| {
                    add_circle(from, activity, id, circle, &mut found)?;
                    Ok(false)
                })?;
            }
        }
    }
    let mut people = BTreeSet::new();
    for person in found.people {
        let mut all = activity.addresses.each().into_iter().flatten();
        let is_named = all.any(|address| *address == Address::Thing(person));
        if !is_named && !requests::is_refused(from, person, activity.actor)? {
            people.insert(person);
        }
    }
    Ok(people)
}

fn in_groups(from: &dyn Read, activity: &Activity) -> Result<Recipients> {
    let mut found = Recipients::default();
    for address in activity.addresses.each().into_iter().flatten() {
        if let Address::Thing(id) = *address
            && let Some(object) = things::object(from, id)?
            && circles::is_group(&object)
        {
            add_circle(from, activity, id, &object, &mut found)?;
        }
    }
    found.elsewhere.remove(&activity.actor);
    Ok(found)
}

/// Whether an activity is a like or a share.
pub fn is_reaction(activity: &Activity) -> bool {
    matches!(activity.verb.as_str(), "favorite" | "like" | "share")
}

/// The author of what somebody likes or shares: hears of it, whoever else does. pump.io leaves authors out whom the liker
/// does not address (`design.md §8`).
pub fn reacted_to(from: &dyn Read, activity: &Activity) -> Result<Option<ThingId>> {
    if !is_reaction(activity) {
        return Ok(None);
    }
    Ok(things::object(from, activity.object)?.and_then(|object| object.author))
}

/// Those who follow somebody, or whom somebody follows, if the activity reaches them. Of somebody elsewhere only those here are
/// known for sure.
fn add_ring(
    from: &dyn Read,
    activity: &Activity,
    address: Address,
    found: &mut Recipients,
) -> Result<()> {
    let (owner, kind) = match address {
        Address::Followers(owner) => (owner, StreamKind::Followers),
        Address::Following(owner) => (owner, StreamKind::Following),
        Address::Public | Address::Thing(_) => return Ok(()),
    };
    if !threads::opens(from, activity, address, owner)? {
        return Ok(());
    }
    let mut ring = Recipients::default();
    add_members(from, Stream::of(owner, kind), &mut ring)?;
    found.people.extend(ring.people);
    if things::object(from, owner)?.is_some_and(|owner| owner.is_local()) {
        found.elsewhere.extend(ring.elsewhere);
    }
    Ok(())
}

/// The members of a list or group, and the group itself.
fn add_circle(
    from: &dyn Read,
    activity: &Activity,
    id: ThingId,
    circle: &Object,
    found: &mut Recipients,
) -> Result<()> {
    if circles::is_group(circle) {
        if found.groups.len() >= GROUPS_MAX || !circles::takes(from, id, circle, activity)? {
            return Ok(());
        }
        found.groups.insert(id);
    }
    add_members(from, Stream::of(id, StreamKind::Members), found)
}

fn add_members(from: &dyn Read, stream: Stream, found: &mut Recipients) -> Result<()> {
    let Some(mut walk) = streams::walk(from, stream, Start::Newest)? else {
        return Ok(());
    };
    loop {
        let batch = walk.next_batch(BATCH)?;
        if batch.is_empty() {
            return Ok(());
        }
        for id in batch {
            found.add(from, id)?;
        }
    }
}

impl Recipients {
    /// Adds somebody at each server that has a copy of what is changed or deleted and would not hear of it otherwise: those who
    /// got it may follow no more. What is deleted everybody may know, a change only who still may read it. The members of a
    /// group hear of the group.
    fn add_holders(&mut self, from: &dyn Read, activity: &Activity) -> Result<()> {
        let Some(object) = things::object(from, activity.object)? else {
            return Ok(());
        };
        if circles::is_group(&object) {
            let mut members = Recipients::default();
            add_members(
                from,
                Stream::of(activity.object, StreamKind::Members),
                &mut members,
            )?;
            self.elsewhere.extend(members.elsewhere);
        }
        let copies = copies::of(from, activity.object)?;
        if copies.is_empty() {
            return Ok(());
        }
        let mut hosts = BTreeSet::new();
        for recipient in &self.elsewhere {
            hosts.extend(errands::host_of(from, *recipient)?);
        }
        for (host, recipient) in copies {
            let viewer = Viewer {
                person: Some(recipient),
            };
            let is_told =
                object.deleted.is_some() || access::may_read_object(from, viewer, &object)?;
            if is_told && hosts.insert(host) {
                self.elsewhere.insert(recipient);
            }
        }
        Ok(())
    }

    /// Adds somebody, if that is a person who is still there.
    fn add(&mut self, from: &dyn Read, id: ThingId) -> Result<()> {
        if let Some(object) = things::object(from, id)? {
            self.insert(id, &object);
        }
        Ok(())
    }

    /// As [`Recipients::add`]; whether it was somebody to whom things are brought: a user, or a person or group elsewhere.
    fn insert(&mut self, id: ThingId, object: &Object) -> bool {
        if object.deleted.is_some() {
            return false;
        }
        let is_elsewhere = matches!(object.identity, Identity::Remote(_))
            && (object.is_person() || object.object_type == "group");
        if is_elsewhere {
            self.elsewhere.insert(id);
        } else if object.nickname().is_some() {
            self.people.insert(id);
        } else {
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::access::Viewer;
    use crate::domain::documents::{Documents, Finish};
    use crate::domain::testing::Pump;
    use crate::ids::{ThingId, UserId};
    use crate::store::things;
    use serde_json::{Value, json};

    fn seen_by(pump: &Pump, viewer: UserId, id: ThingId) -> Value {
        let activity = things::activity(&pump.app.store, id).expect("readable");
        let documents = Documents::for_viewer(&pump.app, Viewer::user(viewer));
        let text = documents.activity_text(id, &activity.expect("there"), Finish::FULL);
        serde_json::from_str(&text.expect("written")).expect("JSON")
    }

    fn person(nickname: &str) -> Value {
        json!({"objectType": "person", "id": format!("acct:{nickname}@pump.test")})
    }

    fn reference(activity: &Value) -> Value {
        json!({"objectType": "note", "id": activity["object"]["id"]})
    }

    #[test]
    fn whoever_may_not_read_a_post_does_not_learn_to_whom_it_went() {
        let pump = Pump::start();
        let [ann, ben, _] = ["ann", "ben", "kim"].map(|name| pump.register(name));
        let note = json!({"objectType": "note", "content": "hi"});
        let post = json!({"object": note, "to": [person("kim")]});
        let post = pump.post(ann, post).expect("posted");
        let note = reference(&seen_by(&pump, ann, post));
        let dislike = json!({"verb": "dislike", "object": note});
        let dislike = pump.post(ben, dislike).expect("posted");
        let seen = seen_by(&pump, ben, dislike).to_string();
        assert!(!seen.contains("kim"), "{seen}");
    }

    #[test]
    fn whoever_shares_a_reply_does_not_learn_to_whom_went_what_it_answers() {
        let pump = Pump::start();
        let [ann, ben, _] = ["ann", "ben", "kim"].map(|name| pump.register(name));
        let note = json!({"objectType": "note", "content": "hi"});
        let post = json!({"object": note, "to": [person("kim")]});
        let post = pump.post(ann, post).expect("posted");
        let note = reference(&seen_by(&pump, ann, post));
        let comment = json!({"objectType": "comment", "content": "and", "inReplyTo": note});
        let public = json!({"objectType": "collection", "id": "http://activityschema.org/collection/public"});
        let said = json!({"object": comment, "to": [public]});
        let said = pump.post(ann, said).expect("posted");
        let whole = seen_by(&pump, ben, said)["object"].clone();
        assert!(whole["inReplyTo"].is_object());
        let share = json!({"verb": "share", "object": whole});
        let share = pump.post(ben, share).expect("posted");
        let seen = seen_by(&pump, ben, share).to_string();
        assert!(!seen.contains("kim"), "{seen}");
    }

    #[test]
    fn what_somebody_says_of_an_address_in_private_is_not_told_to_whoever_names_it_too() {
        let pump = Pump::start();
        let [ann, ben] = ["ann", "ben"].map(|name| pump.register(name));
        let film = json!({"objectType": "video", "url": "https://h.test/1"});
        let mut noted = film.clone();
        noted["content"] = json!("what I think of it");
        let own = json!({"verb": "play", "object": noted, "to": [person("ann")]});
        pump.post(ann, own).expect("posted");
        let play = json!({"verb": "play", "object": film});
        let [again, other] = [ann, ben].map(|who| pump.post(who, play.clone()).expect("posted"));
        assert!(seen_by(&pump, ben, other)["object"]["content"].is_null());
        assert_eq!(
            seen_by(&pump, ann, again)["object"]["content"],
            noted["content"]
        );
    }
}
