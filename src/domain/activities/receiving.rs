//! Activities of people elsewhere that come in (`pump-api.md §6.6`). Who they are was proved, and what they bring along was
//! checked; here it is stored once, has its effects, and enters the inbox of whom it was sent to.

use super::Posting;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::{audience, distribution, names, objects};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::store::aliases;
use crate::store::engine::{Read, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity, Address, Identity, Object, Thing};
use crate::wire::draft::{ActivityDraft, Addresses, ObjectDraft, members_of};

/// An activity from elsewhere.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// Its id.
    pub id: &'a str,
    /// The id of the actor, who was proved.
    pub actor: String,
    /// What was done; of what does not live at the actor's host only what its home said.
    pub draft: &'a ActivityDraft,
    /// Into whose inbox it is pushed.
    pub user: UserId,
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
    for file in files {
        app.forget_file(file);
    }
    app.wake();
    Ok(id)
}

fn take(
    app: &App,
    tx: &mut dyn Tx,
    arrival: &Arrival<'_>,
    now: Timestamp,
    freed: &mut Vec<crate::media::BlobName>,
) -> Result<ThingId> {
    let user = arrival.user.0;
    if things::object(tx, user)?.is_none_or(|person| person.deleted.is_some()) {
        return Err(Error::not_found("There is nobody of that name here.").into());
    }
    if let Some(known) = aliases::find(tx, arrival.id)? {
        return again(app, tx, arrival, known, now);
    }
    let mut posting = Posting {
        app,
        actor: user,
        now,
        activity: app.store.fresh_id(),
        is_elsewhere: true,
    };
    posting.actor = posting.stranger(tx, arrival)?;
    if streams::contains(tx, Stream::of(user, StreamKind::Following), posting.actor)? {
        streams::append(tx, Stream::of(posting.actor, StreamKind::Followers), user)?;
    }
    let draft = arrival.draft;
    let target = match &draft.target {
        Some(target) => Some(objects::resolve(&posting, tx, target, "collection")?),
        None => None,
    };
    let object = posting.effects(tx, draft, target, freed)?;
    let addresses = if draft.addresses.is_empty() {
        audience::default(&posting, tx, draft, object, target)?
    } else {
        posting.addresses_from_elsewhere(tx, draft)?
    };
    let mut activity = posting.compose(draft, object, target, addresses);
    activity.remote_id = Some(arrival.id.to_owned());
    activity.received = Some(now);
    admit(tx, &mut activity, arrival.user)?;
    distribution::bring(app, tx, posting.activity, &activity, user, now)?;
    aliases::add(tx, arrival.id, posting.activity)?;
    things::put_activity(tx, posting.activity, activity);
    Ok(posting.activity)
}

/// Refuses (403) what is pushed to a user who is neither addressed by name nor has to do with it. Whoever has, and is not
/// addressed, is noted among the addresses that only the actor sees, to read it from now on; answers whether that was so.
fn admit(tx: &dyn Read, activity: &mut Activity, user: UserId) -> Result<bool> {
    let name = Address::Thing(user.0);
    if activity
        .addresses
        .each()
        .iter()
        .any(|list| list.contains(&name))
    {
        return Ok(false);
    }
    if !concerns(tx, activity, user.0)? {
        return Err(Error::forbidden(
            "This is addressed to nobody here who has to do with its sender.",
        )
        .into());
    }
    let reads = access::may_read_activity(tx, Viewer::user(user), activity)?;
    if !reads {
        activity.addresses.bcc.push(name);
    }
    Ok(!reads)
}

/// Whether an activity that does not name a user has to do with them: they follow its actor, or it is about what is theirs.
fn concerns(from: &dyn Read, activity: &Activity, user: ThingId) -> Result<bool> {
    if activity.object == user
        || streams::contains(
            from,
            Stream::of(user, StreamKind::Following),
            activity.actor,
        )?
    {
        return Ok(true);
    }
    let Some(object) = things::object(from, activity.object)? else {
        return Ok(false);
    };
    let parent = match object.in_reply_to {
        Some(parent) => things::object(from, parent)?,
        None => None,
    };
    let authors = [object.author, parent.and_then(|parent| parent.author)];
    Ok(authors.contains(&Some(user)))
}

/// What is known already enters one inbox more, if it is the same actor's.
fn again(
    app: &App,
    tx: &mut dyn Tx,
    arrival: &Arrival<'_>,
    known: ThingId,
    now: Timestamp,
) -> Result<ThingId> {
    let user = arrival.user.0;
    let actor = aliases::find(tx, &arrival.actor)?;
    let mut activity = match things::get(tx, known)? {
        Some(Thing::Activity(activity)) if Some(activity.actor) == actor => activity,
        _ => {
            return Err(Error::Invalid(format!("{} is of somebody else.", arrival.id)).into());
        }
    };
    if activity.deleted.is_some() {
        return Ok(known);
    }
    if admit(tx, &mut activity, arrival.user)? {
        things::put_activity(tx, known, activity.clone());
    }
    distribution::bring(app, tx, known, &activity, user, now)?;
    Ok(known)
}

impl Posting<'_> {
    /// The person elsewhere who acts, with what they say of themselves.
    fn stranger(&self, tx: &mut dyn Tx, arrival: &Arrival<'_>) -> Result<ThingId> {
        let mut bare = ObjectDraft::reference(&arrival.actor, "person");
        let given = arrival.draft.actor.as_ref();
        let actor = objects::resolve(self, tx, &bare, "person")?;
        let Some(mut person) = things::object(tx, actor)? else {
            return Err(Error::invalid("There is no such actor.").into());
        };
        if person.is_local() {
            return Err(Error::invalid("The actor is somebody of this server.").into());
        }
        if let Some(given) = given.filter(|given| !given.members.is_empty()) {
            bare.members.clone_from(&given.members);
            objects::replace(&mut person, &bare, self.now);
            things::put_object(tx, actor, person);
        }
        Ok(actor)
    }

    /// An object that somebody elsewhere posts: known or new, it belongs to its author from now on.
    pub(super) fn post_from_elsewhere(
        &self,
        tx: &mut dyn Tx,
        draft: &ObjectDraft,
    ) -> Result<ThingId> {
        let given = draft
            .id
            .as_deref()
            .ok_or_else(|| Error::invalid("What another server posts needs an id."))?;
        let author = draft
            .author
            .as_ref()
            .and_then(|author| author.id.as_deref());
        if let Some(author) = author
            && names::find_thing(self.app.base(), tx, author)? != Some(self.actor)
        {
            return Err(Error::invalid("Only its author can post an object.").into());
        }
        let id = match names::find_thing(self.app.base(), tx, given)? {
            Some(known) => known,
            None => {
                let identity = Identity::Remote(names::canonical(given).into_owned());
                let object_type = draft.object_type.as_deref().unwrap_or("other");
                let id = self.app.store.fresh_id();
                aliases::add(tx, &names::canonical(given), id)?;
                things::put_object(tx, id, Object::new(identity, object_type, self.now));
                id
            }
        };
        let Some(mut object) = things::object(tx, id)? else {
            return Err(Error::invalid("There is no such object.").into());
        };
        let is_free = !object.is_local() && object.author.is_none_or(|author| author == self.actor);
        if !is_free || object.is_person() {
            return Err(Error::invalid("Only its author can post an object.").into());
        }
        if object.deleted.is_some() {
            return Err(Error::invalid("This object was deleted.").into());
        }
        if object.post.is_some() {
            return Err(Error::invalid("Already posted").into());
        }
        objects::replace(&mut object, draft, self.now);
        object.author = Some(self.actor);
        object.post = Some(self.activity);
        object.published = Some(draft.published.unwrap_or(self.now));
        if let Some(parent) = &draft.in_reply_to {
            object.in_reply_to = Some(self.reply_from_elsewhere(tx, id, parent)?);
        }
        things::put_object(tx, id, object);
        Ok(id)
    }

    /// What a reply from elsewhere answers, which may be unknown here until now.
    fn reply_from_elsewhere(
        &self,
        tx: &mut dyn Tx,
        reply: ThingId,
        parent: &ObjectDraft,
    ) -> Result<ThingId> {
        let parent = objects::resolve(self, tx, parent, "other")?;
        if let Some(object) = things::object(tx, parent)?
            && object.is_local()
        {
            self.seen(tx, &object)?;
        }
        if streams::append(tx, Stream::of(parent, StreamKind::Replies), reply)? {
            things::change_object(tx, parent, |parent| parent.replies += 1)?;
        }
        Ok(parent)
    }

    /// Those to whom the activity is addressed; the collection of the actor's followers is known by its address.
    fn addresses_from_elsewhere(
        &self,
        tx: &mut dyn Tx,
        draft: &ActivityDraft,
    ) -> Result<Addresses<Vec<Address>>> {
        let followers = followers_of(tx, self.actor)?;
        draft.addresses.try_map(|list| {
            list.iter()
                .map(|address| match (&address.id, &followers) {
                    (Some(id), Some(followers)) if id == followers => {
                        Ok(Address::Followers(self.actor))
                    }
                    _ => self.address(tx, address),
                })
                .collect()
        })
    }
}

/// The address of the followers of somebody elsewhere, as they say.
fn followers_of(from: &dyn Read, person: ThingId) -> Result<Option<String>> {
    let Some(person) = things::object(from, person)? else {
        return Ok(None);
    };
    let members = members_of(&person.members);
    let url = members.get("followers").and_then(|feed| feed.get("url"));
    Ok(url.and_then(|url| url.as_str()).map(str::to_owned))
}
