//! What people elsewhere bring along: themselves, what they post, and to whom (`pump-api.md §6.6`).

use super::{Arrival, Posting};
use crate::domain::{names, objects};
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::aliases;
use crate::store::engine::{Read, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Address, Identity, Object};
use crate::wire::draft::{ActivityDraft, Addresses, ObjectDraft, members_of};

impl Posting<'_> {
    /// The person elsewhere who acts, with what they say of themselves.
    pub(super) fn stranger(&self, tx: &mut dyn Tx, arrival: &Arrival<'_>) -> Result<ThingId> {
        let mut bare = ObjectDraft::reference(&arrival.actor, "person");
        let given = arrival.draft.actor.as_ref();
        let actor = objects::resolve(self, tx, &bare, "person")?;
        let Some(mut person) = things::object(tx, actor)? else {
            return Err(Error::invalid("There is no such actor.").into());
        };
        if person.is_local() {
            return Err(Error::invalid("The actor is somebody of this server.").into());
        }
        // Whoever was gone and speaks is there again; but servers still say what went with them.
        let is_gone = person.deleted.is_some() && arrival.draft.verb == "delete";
        if let Some(given) = given.filter(|given| !given.members.is_empty() && !is_gone) {
            bare.members.clone_from(&given.members);
            bare.object_type.clone_from(&given.object_type);
            objects::retype(&mut person, &bare);
            person.deleted = None;
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
        objects::give_back(self.app.base(), tx, given)?;
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
        objects::retype(&mut object, draft);
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
    pub(super) fn addresses_from_elsewhere(
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
