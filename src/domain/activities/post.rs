//! `post` and `create`: an object is made, or an upload is shown for the first time.

use super::Posting;
use crate::domain::{names, objects};
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::aliases;
use crate::store::engine::{Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Identity, Object};
use crate::wire::draft::{ObjectDraft, members_text};

impl Posting<'_> {
    pub(super) fn post(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let base = self.app.base();
        let known = match &draft.id {
            Some(id) => names::find_thing(base, tx, id)?,
            None => None,
        };
        if let Some(known) = known {
            return self.post_upload(tx, known, draft);
        }
        let identity = match &draft.id {
            Some(id) if names::is_ours(base, id) => {
                return Err(Error::Invalid(format!("There is no {id} here.")).into());
            }
            Some(id) => Identity::Given(names::canonical(id).into_owned()),
            None => Identity::Made,
        };
        let object_type = draft.object_type.as_deref().unwrap_or("other");
        let mut object = Object::new(identity, object_type, self.now);
        if object.is_person() {
            return Err(Error::invalid("People are not posted; they register.").into());
        }
        object.author = Some(self.actor);
        object.post = Some(self.activity);
        object.published = Some(draft.published.unwrap_or(self.now));
        object.members = members_text(&objects::own_members(draft));
        let id = self.app.store.fresh_id();
        if let Some(parent) = &draft.in_reply_to {
            object.in_reply_to = Some(self.reply(tx, id, parent)?);
        }
        if object.is_collection() {
            self.register_list(tx, id, &object)?;
        }
        self.attach(tx, id, &mut object, &[])?;
        if let Identity::Given(given) = &object.identity {
            aliases::add(tx, given, id)?;
        }
        things::put_object(tx, id, object);
        Ok(id)
    }

    /// Shows an upload: once, by its author, with the texts that come along.
    fn post_upload(&self, tx: &mut dyn Tx, id: ThingId, draft: &ObjectDraft) -> Result<ThingId> {
        let object = things::object(tx, id)?.filter(|object| object.author == Some(self.actor));
        let Some(mut object) = object else {
            return Err(Error::invalid("Only its author can post an object.").into());
        };
        if object.deleted.is_some() {
            return Err(Error::invalid("This object was deleted.").into());
        }
        if object.post.is_some() {
            return Err(Error::invalid("Already posted").into());
        }
        objects::merge(&mut object, draft);
        object.post = Some(self.activity);
        object.updated = self.now;
        object.published = draft.published.or(object.published);
        self.attach(tx, id, &mut object, &[])?;
        if object.in_reply_to.is_none()
            && let Some(parent) = &draft.in_reply_to
        {
            object.in_reply_to = Some(self.reply(tx, id, parent)?);
        }
        things::put_object(tx, id, object);
        Ok(id)
    }

    /// Puts a reply among the replies of what it answers.
    fn reply(&self, tx: &mut dyn Tx, reply: ThingId, parent: &ObjectDraft) -> Result<ThingId> {
        let parent = self.existing(tx, parent)?;
        if streams::append(tx, Stream::of(parent, StreamKind::Replies), reply)? {
            things::change_object(tx, parent, |parent| parent.replies += 1)?;
        }
        Ok(parent)
    }
}
