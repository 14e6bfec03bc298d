//! What somebody brings along in the words of this server: ids of elsewhere become the ones of what is here, and whoever and
//! whatever is unknown stays a mere reference. What others wrote is not taken from an archive: it may have been for its
//! owner's eyes only, and it is not the owner's to say what others said.

use super::before::Before;
use super::given::{given_id, hashed, is_named, note_upstream, stripped};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::{circles, names};
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::aliases;
use crate::store::engine::{Read, Result};
use crate::store::things::{self, Address, Identity, Object, Thing};
use crate::wire::draft::ActivityDraft;
use serde_json::{Value, json};

/// Verbs that make their object known.
pub(super) const POSTS: &[&str] = &["post", "create"];

/// Translates for one user.
pub(super) struct Translator<'a> {
    pub(super) app: &'a App,
    pub(super) person: ThingId,
    /// The person's nickname here.
    pub(super) nickname: String,
    pub(super) before: Before,
    pub(super) now: Timestamp,
}

/// An activity in the words of this server.
pub(super) struct Translated {
    pub(super) draft: ActivityDraft,
    /// When it was done; nothing if it is done now.
    pub(super) at: Option<Timestamp>,
    /// When its object last changed.
    pub(super) changed: Option<Timestamp>,
    /// What it is noted under, so that it is known when it comes again.
    pub(super) name: String,
    /// What its object is noted under.
    pub(super) object_name: Option<String>,
}

/// What becomes of an activity.
pub(super) enum Meaning {
    /// It is here already.
    Known(ThingId),
    /// It is to be restored.
    New(Box<Translated>),
}

/// What an id of elsewhere means here.
enum Meant {
    /// This thing, which is not deleted.
    Here(ThingId, Box<Thing>),
    /// Something of this server that is not there, or not any more, or not for this user.
    Gone,
    /// Something of another server.
    Elsewhere,
}

impl Translator<'_> {
    /// What an activity means here. The error says why it is left out.
    pub(super) fn activity(&self, from: &dyn Read, mut item: Value) -> Result<Meaning> {
        let name = given_id(&item).map_or_else(|| hashed(&item), str::to_owned);
        if let Some(known) = self.known_activity(from, &name)? {
            return Ok(Meaning::Known(known));
        }
        let is_hashed = given_id(&item).is_none();
        let members = item
            .as_object_mut()
            .ok_or_else(|| Error::invalid("It is no JSON object."))?;
        if let Some(actor) = members.remove("actor")
            && let Some(id) = given_id(&actor)
            && !self.is_self(from, id)?
        {
            return Err(Error::invalid("Somebody else did this.").into());
        }
        let verb = members
            .get("verb")
            .and_then(Value::as_str)
            .unwrap_or("post")
            .to_owned();
        let object = members.remove("object").unwrap_or_default();
        let object_name = given_id(&object).map(str::to_owned);
        let changed = object.get("updated").and_then(Value::as_str);
        let changed = changed
            .and_then(Timestamp::parse)
            .map(|at| at.min(self.now));
        let object = if POSTS.contains(&verb.as_str()) {
            if let Some(id) = &object_name
                && let Some((_, known)) = self.brought(from, id)?
                && let Some(post) = known.post
            {
                return Ok(Meaning::Known(post));
            }
            self.posted(from, object)?
        } else {
            self.done_to(from, object, &verb)?
        };
        members.insert("object".to_owned(), object);
        if let Some(target) = members.remove("target")
            && let Some(target) = self.reference(from, &target)?
            && !self.is_barred(from, &verb, &target)?
        {
            members.insert("target".to_owned(), target);
        }
        for kind in ["to", "cc", "bto", "bcc"] {
            if let Some(Value::Array(list)) = members.get_mut(kind) {
                let mut translated = Vec::new();
                for address in list.iter() {
                    translated.extend(self.address(from, address)?);
                }
                *list = translated;
            }
        }
        if !is_hashed {
            note_upstream(members, &name);
        }
        let draft = ActivityDraft::parse(item)?;
        let at = draft.published.filter(|at| *at < self.now);
        Ok(Meaning::New(Box::new(Translated {
            draft,
            at,
            changed,
            name,
            object_name,
        })))
    }

    /// A reference to a thing that is not the user's to describe; nothing for what is gone.
    pub(super) fn reference(&self, from: &dyn Read, thing: &Value) -> Result<Option<Value>> {
        let Some(id) = given_id(thing) else {
            return Ok(Some(thing.clone()));
        };
        if self.is_self(from, id)? {
            return Ok(Some(self.named(self.person, from)?));
        }
        match self.meant(from, id)? {
            Meant::Here(id, _) => Ok(Some(self.named(id, from)?)),
            Meant::Gone => Ok(None),
            Meant::Elsewhere => Ok(Some(stripped(thing))),
        }
    }

    /// The thing of this user's that came from an id of elsewhere, and is not deleted.
    pub(super) fn brought(&self, from: &dyn Read, id: &str) -> Result<Option<(ThingId, Object)>> {
        let Meant::Here(id, thing) = self.meant(from, id)? else {
            return Ok(None);
        };
        Ok(match *thing {
            Thing::Object(object) if object.author == Some(self.person) => Some((id, object)),
            _ => None,
        })
    }

    /// An activity of this user's that is here under an id of elsewhere, or of here, and was not taken back.
    fn known_activity(&self, from: &dyn Read, name: &str) -> Result<Option<ThingId>> {
        let Meant::Here(id, thing) = self.meant(from, name)? else {
            return Ok(None);
        };
        let Thing::Activity(activity) = *thing else {
            return Ok(None);
        };
        let object = things::object(from, activity.object)?;
        let is_whole = object.is_some_and(|object| object.deleted.is_none());
        Ok(Some(id).filter(|_| activity.actor == self.person && is_whole))
    }

    fn meant(&self, from: &dyn Read, id: &str) -> Result<Meant> {
        let base = self.app.base();
        let is_own = |thing: &Thing| match thing {
            Thing::Activity(activity) => activity.actor == self.person,
            Thing::Object(object) => match object.author {
                Some(author) => author == self.person,
                None => object.identity == Identity::Made,
            },
        };
        if let Some(known) = aliases::find(from, &names::upstream(self.person, id))?
            && let Some(thing) = things::get(from, known)?
            && is_own(&thing)
            && !is_deleted(&thing)
        {
            return Ok(Meant::Here(known, Box::new(thing)));
        }
        let known = names::find_thing(base, from, id)?;
        let thing = match known {
            Some(known) => things::get(from, known)?.map(|thing| (known, thing)),
            None => None,
        };
        let Some((known, thing)) = thing else {
            return Ok(match names::is_ours(base, id) {
                true => Meant::Gone,
                false => Meant::Elsewhere,
            });
        };
        let viewer = Viewer {
            person: Some(self.person),
        };
        let may_read = match &thing {
            Thing::Activity(activity) => access::may_read_activity(from, viewer, activity)?,
            Thing::Object(object) => access::may_read_object(from, viewer, object)?,
        };
        Ok(match may_read && !is_deleted(&thing) {
            true => Meant::Here(known, Box::new(thing)),
            false => Meant::Gone,
        })
    }

    /// The object of a post: the user's own, with a new id, or the upload that is here already.
    fn posted(&self, from: &dyn Read, mut object: Value) -> Result<Value> {
        let Some(members) = object.as_object_mut() else {
            return Ok(object);
        };
        if let Some(author) = members.remove("author")
            && let Some(id) = given_id(&author)
            && !self.is_self(from, id)?
        {
            return Err(Error::invalid("Somebody else made what it posts.").into());
        }
        if let Some(parent) = members.remove("inReplyTo")
            && given_id(&parent).is_some()
            && let Some(parent) = self.reference(from, &parent)?
        {
            members.insert("inReplyTo".to_owned(), parent);
        }
        if let Some(Value::Array(parts)) = members.get_mut("attachments") {
            for part in parts.iter_mut().filter(|part| part.is_object()) {
                if let Some(id) = given_id(part)
                    && let Some((known, _)) = self.brought(from, id)?
                {
                    part["id"] = self.named(known, from)?["id"].clone();
                }
            }
        }
        let Some(Value::String(id)) = members.remove("id") else {
            return Ok(object);
        };
        note_upstream(members, &id);
        if let Some((known, _)) = self.brought(from, &id)?
            && let Some(known) = self.named(known, from)?.get("id")
        {
            members.insert("id".to_owned(), known.clone());
        }
        Ok(object)
    }

    /// The object of any other verb.
    fn done_to(&self, from: &dyn Read, mut object: Value, verb: &str) -> Result<Value> {
        let gone = || Error::invalid("What it is about is not here any more.");
        let Some(id) = given_id(&object).map(str::to_owned) else {
            return Ok(object);
        };
        if verb == "update"
            && let Some((known, _)) = self.brought(from, &id)?
        {
            // What its author made of it comes along.
            let known = self.named(known, from)?;
            if let Some(members) = object.as_object_mut() {
                members.remove("author");
                members.remove("inReplyTo");
                members.insert("id".to_owned(), known["id"].clone());
                note_upstream(members, &id);
            }
            return Ok(object);
        }
        let is_nobodys = object.get("author").is_none() && self.before.is_from_there(&id);
        if is_nobodys
            && matches!(self.meant(from, &id)?, Meant::Elsewhere | Meant::Gone)
            && !is_named(&object)
            && !matches!(
                verb,
                "favorite" | "like" | "unfavorite" | "unlike" | "share" | "unshare"
            )
        {
            // It had no id when it was named there.
            if let Some(members) = object.as_object_mut() {
                members.remove("id");
                note_upstream(members, &id);
            }
            return Ok(object);
        }
        Ok(self.reference(from, &object)?.ok_or_else(gone)?)
    }

    /// Somebody to whom an activity was addressed; nothing for those who are not there any more.
    fn address(&self, from: &dyn Read, address: &Value) -> Result<Option<Value>> {
        let Some(id) = given_id(address) else {
            return Ok(None);
        };
        let base = self.app.base();
        if let Some(circle) = self.before.circle(id) {
            let url = base.url();
            let nickname = &self.nickname;
            let id = format!("{url}/api/user/{nickname}/{circle}");
            return Ok(Some(json!({"objectType": "collection", "id": id})));
        }
        match names::find(base, from, id)? {
            Some(Address::Public | Address::Followers(_) | Address::Following(_)) => {
                Ok(Some(stripped(address)))
            }
            _ => self.reference(from, address),
        }
    }

    /// Whether something was posted into a group of this server of which the user is no member: what was said stays, but not
    /// there.
    fn is_barred(&self, from: &dyn Read, verb: &str, target: &Value) -> Result<bool> {
        let known = match given_id(target).filter(|_| POSTS.contains(&verb)) {
            Some(id) => names::find_thing(self.app.base(), from, id)?,
            None => None,
        };
        let Some(id) = known else {
            return Ok(false);
        };
        let is_group = things::object(from, id)?.is_some_and(|object| circles::is_group(&object));
        Ok(is_group && !circles::is_member(from, id, self.person)?)
    }

    fn is_self(&self, from: &dyn Read, id: &str) -> Result<bool> {
        Ok(
            self.before.is(id)
                || names::find_thing(self.app.base(), from, id)? == Some(self.person),
        )
    }

    /// A reference to a thing that is here.
    fn named(&self, id: ThingId, from: &dyn Read) -> Result<Value> {
        let base = self.app.base();
        Ok(match things::get(from, id)? {
            Some(Thing::Object(object)) => json!({
                "objectType": object.object_type,
                "id": names::object_id(base, id, &object).to_string(),
            }),
            Some(Thing::Activity(activity)) => json!({
                "objectType": "activity",
                "id": names::activity_id(base, id, &activity),
            }),
            None => Value::Null,
        })
    }
}

fn is_deleted(thing: &Thing) -> bool {
    match thing {
        Thing::Activity(activity) => activity.deleted.is_some(),
        Thing::Object(object) => object.deleted.is_some(),
    }
}
