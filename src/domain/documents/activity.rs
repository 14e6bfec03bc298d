//! Activities as JSON (`pump-api.md §3.2`).

use super::object::Depth;
use super::{Documents, Finish, time};
use crate::domain::{access, names, relays};
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::things::{self, Activity, Address, Object};
use crate::wire::{draft, json};

impl Documents<'_> {
    /// Writes an activity. Who may read the activity was decided before; its object, target and addresses are looked at
    /// one by one.
    pub fn activity_into(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        activity: &Activity,
        finish: Finish,
    ) -> Result<()> {
        let key = activity.key(id);
        let base = self.base.url();
        let actor = self.known(activity.actor)?;
        out.text("verb", &activity.verb);
        out.text("id", &names::activity_id(self.base, id, activity));
        if activity.remote_id.is_none() {
            out.object("links")
                .object("self")
                .plain("href", format_args!("{base}/api/activity/{key}"));
            if let Some(nickname) = actor.as_deref().and_then(Object::nickname) {
                out.plain("url", format_args!("{base}/{nickname}/activity/{key}"));
            }
        }
        time(out, "published", activity.published);
        time(out, "updated", activity.updated);
        if let Some(received) = activity.received {
            time(out, "received", received);
        }
        if let Some(deleted) = activity.deleted {
            time(out, "deleted", deleted);
        }
        if let Some(actor) = &actor {
            let mut member = out.object("actor");
            let (id, finish) = (activity.actor, finish.aside());
            if actor.is_person() {
                self.person(&mut member, id, actor, finish, self.is_delivery)?;
            } else {
                self.object_at(&mut member, id, actor, finish, Depth::WHOLE)?;
            }
        }
        let object = self.activity_object(out, activity, id, finish)?;
        if activity.deleted.is_some() {
            return Ok(());
        }
        match self.hides_key(activity) {
            true => self.activity_members(out, &without_key(activity), finish)?,
            false => self.activity_members(out, &activity.members, finish)?,
        }
        if self.has_sentences && !has_own_sentence(activity) {
            let sentence = self.sentence(activity, actor.as_deref(), object.as_ref())?;
            out.text("content", &sentence);
        }
        if let Some(target) = activity.target {
            // Feeds finish the objects of their activities only (`pump-api.md §3.7`).
            let finish = match finish {
                Finish::FULL => finish,
                _ => finish.aside(),
            };
            self.nested(&mut out.object("target"), target, finish, Depth::WHOLE)?;
        }
        if let Some(generator) = activity.generator {
            self.aside(&mut out.object("generator"), generator, finish)?;
        }
        if let Some(key) = self.relay_key(id) {
            out.text(relays::MEMBER, &key);
        }
        self.addresses(out, activity, finish)
    }

    /// What happened in an activity, as one sentence in HTML that shows only what the viewer may know.
    pub fn sentence_of(&self, id: ThingId, activity: &Activity) -> Result<String> {
        if has_own_sentence(activity) {
            let members = draft::members_of(&activity.members);
            if let Some(serde_json::Value::String(own)) = members.get("content") {
                return Ok(own.clone());
            }
        }
        let actor = things::object(self.store, activity.actor)?;
        let object = match things::object(self.store, activity.object)? {
            Some(object)
                if object.post == Some(id)
                    || access::may_read_object(self.store, self.viewer, &object)? =>
            {
                Some(object)
            }
            _ => None,
        };
        self.sentence(activity, actor.as_ref(), object.as_ref())
    }

    /// Writes the object of an activity and hands back what the viewer may know of it.
    fn activity_object(
        &self,
        out: &mut json::Object<'_>,
        activity: &Activity,
        id: ThingId,
        finish: Finish,
    ) -> Result<Option<Object>> {
        let Some(object) = things::object(self.store, activity.object)? else {
            return Ok(None);
        };
        let mut member = out.object("object");
        if object.is_person() {
            self.person(&mut member, activity.object, &object, finish, true)?;
            return Ok(Some(object));
        }
        let seen =
            object.post == Some(id) || access::may_read_object(self.store, self.viewer, &object)?;
        if !seen {
            self.nested(&mut member, activity.object, finish.aside(), Depth::WHOLE)?;
            return Ok(None);
        }
        let depth = Depth {
            author: activity.verb != "post",
            ..Depth::WHOLE
        };
        self.object_at(&mut member, activity.object, &object, finish, depth)?;
        Ok(Some(object))
    }

    fn addresses(
        &self,
        out: &mut json::Object<'_>,
        activity: &Activity,
        finish: Finish,
    ) -> Result<()> {
        let own = self.viewer.is(activity.actor);
        let [to, cc, bto, bcc] = activity.addresses.each();
        let foreign = if own && !(bto.is_empty() && bcc.is_empty()) {
            self.hidden_by_others(activity)?
        } else {
            Vec::new()
        };
        for (name, list, seen) in [
            ("to", to, true),
            ("cc", cc, true),
            ("bto", bto, own),
            ("bcc", bcc, own),
        ] {
            let hidden =
                |address: &&Address| matches!(name, "bto" | "bcc") && foreign.contains(address);
            if !seen || list.iter().all(|address| hidden(&address)) {
                continue;
            }
            let mut array = out.array(name);
            for address in list.iter().filter(|address| !hidden(address)) {
                self.address(&mut array.object(), *address, finish)?;
            }
        }
        Ok(())
    }
}

impl Documents<'_> {
    /// Whom somebody else addressed secretly when posting the object of an activity, or what that object answers. An
    /// activity without addresses of its own goes to them too (`pump-api.md §4.6`), but its actor does not learn of them
    /// (`§4.9.5`).
    fn hidden_by_others(&self, activity: &Activity) -> Result<Vec<Address>> {
        let object = things::object(self.store, activity.object)?;
        let parent = match object.as_ref().and_then(|object| object.in_reply_to) {
            Some(parent) => things::object(self.store, parent)?,
            None => None,
        };
        let mut hidden = Vec::new();
        for post in [object, parent]
            .into_iter()
            .flatten()
            .filter_map(|object| object.post)
        {
            if let Some(post) = things::activity(self.store, post)?
                && post.actor != activity.actor
            {
                hidden.extend(post.addresses.bto.iter().chain(&post.addresses.bcc));
            }
        }
        Ok(hidden)
    }
}

/// The members of an activity that everybody sees who sees the activity.
fn without_key(activity: &Activity) -> String {
    let mut members = draft::members_of(&activity.members);
    members.remove(relays::MEMBER);
    draft::members_text(&members)
}

/// Whether the client gave the activity a sentence of its own.
fn has_own_sentence(activity: &Activity) -> bool {
    activity.members.contains("\"content\":")
        && draft::members_of(&activity.members).contains_key("content")
}
