//! `update` and `delete`: the author's own objects, and one's own profile.

use super::{Posting, lists, parts};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::{circles, distribution, names, objects, requests, search};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::media::BlobName;
use crate::store::askings;
use crate::store::copies;
use crate::store::engine::{Result, Tx};
use crate::store::jobs::{self, Job};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Address, Object};
use crate::store::usage;
use crate::wire::draft::{ActivityDraft, Addresses, ObjectDraft, members_of, members_text};

impl Posting<'_> {
    pub(super) fn update(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let (id, mut object) = self.own(tx, draft, "change")?;
        search::forget(self.app, tx, id, &object)?;
        if self.is_elsewhere {
            objects::replace(&mut object, draft, self.now);
            things::put_object(tx, id, object);
            return Ok(id);
        }
        let before = object.clone();
        objects::merge(&mut object, draft);
        if object.is_person() {
            keep_picture(&mut object, draft);
        }
        self.check_list(tx, id, &before, &object)?;
        if draft.members.contains_key("attachments") {
            let attached = parts::attached(self.app.base(), tx, &before)?;
            self.attach(tx, id, &mut object, &attached)?;
        }
        object.updated = self.now;
        things::put_object(tx, id, object);
        Ok(id)
    }

    pub(super) fn delete(
        &self,
        tx: &mut dyn Tx,
        draft: &ObjectDraft,
        freed: &mut Vec<BlobName>,
    ) -> Result<ThingId> {
        let (id, object) = self.own(tx, draft, "delete")?;
        if object.is_person() && self.is_elsewhere {
            self.part_from(tx, id)?;
            return Ok(id);
        }
        if object.is_person() {
            return Err(Error::invalid(
                "A person is deleted together with the account, not by an activity.",
            )
            .into());
        }
        let post = object.post;
        let parts = self.parts(tx, &object)?;
        search::forget(self.app, tx, id, &object)?;
        bury(tx, id, object, self.now, freed)?;
        for (part, object) in parts {
            bury(tx, part, object, self.now, freed)?;
        }
        if let Some(post) = post.filter(|_| self.is_elsewhere) {
            requests::withdraw(tx, post)?;
        }
        Ok(id)
    }

    /// Forgets somebody elsewhere whose account is gone, with all that came from there.
    fn part_from(&self, tx: &mut dyn Tx, person: ThingId) -> Result<()> {
        things::change_object(tx, person, |person| {
            person.members = String::new();
            person.updated = self.now;
            person.deleted = Some(self.now);
        })?;
        askings::remove(tx, person);
        streams::clear(tx, Stream::of(person, StreamKind::Followers))?;
        let after = ThingId(0);
        let job = Job::ForgetRest { person, after };
        jobs::add(tx, self.app.store.fresh_id(), self.now, &job)
    }

    /// The actor's own object that a draft means.
    fn own(&self, tx: &mut dyn Tx, draft: &ObjectDraft, deed: &str) -> Result<(ThingId, Object)> {
        let missing = || Error::invalid("There is no such object.");
        let given = draft
            .id
            .as_deref()
            .ok_or_else(|| Error::Invalid(format!("What to {deed} needs an id.")))?;
        let id = names::find_thing(self.app.base(), tx, given)?.ok_or_else(missing)?;
        let object = things::object(tx, id)?.ok_or_else(missing)?;
        if object.deleted.is_some() {
            return Err(Error::invalid("This object was deleted.").into());
        }
        let owner = object.author.unwrap_or(id);
        if owner != self.actor {
            return Err(Error::Invalid(format!("Only its author can {deed} an object.")).into());
        }
        Ok((id, object))
    }

    /// A list keeps its type, and its new name must be free. A collection that now says what it holds becomes a list.
    fn check_list(
        &self,
        tx: &mut dyn Tx,
        id: ThingId,
        before: &Object,
        after: &Object,
    ) -> Result<()> {
        let Some(member_type) = lists::member_type(before) else {
            return self.register_list(tx, id, after);
        };
        if lists::member_type(after).as_ref() != Some(&member_type) {
            return Err(Error::invalid("The type of a list's members cannot change.").into());
        }
        self.check_list_name(tx, id, after, &member_type)
    }
}

/// Tells the servers of those who follow somebody that the account is removed.
pub fn say_farewell(app: &App, tx: &mut dyn Tx, person: ThingId, now: Timestamp) -> Result<()> {
    recall(app, tx, person, person, now)
}

/// Tells the servers that have a copy of somebody's object that it is deleted.
pub fn recall_copies(
    app: &App,
    tx: &mut dyn Tx,
    person: ThingId,
    object: ThingId,
    now: Timestamp,
) -> Result<()> {
    match copies::of(tx, object)?.is_empty() {
        true => Ok(()),
        false => recall(app, tx, person, object, now),
    }
}

fn recall(
    app: &App,
    tx: &mut dyn Tx,
    person: ThingId,
    object: ThingId,
    now: Timestamp,
) -> Result<()> {
    let posting = Posting::new(app, person, now);
    let draft = ActivityDraft::of("delete", ObjectDraft::default());
    let addresses = Addresses {
        cc: vec![Address::Followers(person)],
        ..Addresses::default()
    };
    let activity = posting.compose(&draft, object, None, addresses);
    distribution::tell_elsewhere(app, tx, posting.activity, &activity, now)?;
    things::put_activity(tx, posting.activity, activity);
    Ok(())
}

/// Leaves of an object only what says that it was there. It goes out of what it answers, and out of the lists and
/// uploads of its author; a list loses its members, a group its documents. `freed` collects its file.
pub fn bury(
    tx: &mut dyn Tx,
    id: ThingId,
    mut object: Object,
    now: Timestamp,
    freed: &mut Vec<BlobName>,
) -> Result<()> {
    if let Some(parent) = object.in_reply_to
        && streams::remove(tx, Stream::of(parent, StreamKind::Replies), id)?
    {
        things::change_object(tx, parent, |parent| {
            parent.replies = parent.replies.saturating_sub(1);
        })?;
    }
    if let Some(author) = object.author {
        if let Some(member_type) = lists::member_type(&object) {
            streams::remove(tx, lists::index(author, &member_type), id)?;
            streams::clear(tx, Stream::of(id, StreamKind::Members))?;
        }
        if circles::is_group(&object) {
            // Its members stay: they may still read what was posted to them.
            streams::clear(tx, Stream::of(id, StreamKind::Documents))?;
            streams::clear(tx, Stream::of(id, StreamKind::Inbox))?;
        }
        if let Some(file) = object.file.take() {
            streams::remove(tx, Stream::of(author, StreamKind::Uploads), id)?;
            usage::take_away(tx, UserId(author), file.bytes)?;
            freed.push(file.blob);
        }
    }
    object.members = String::new();
    object.updated = now;
    object.deleted = Some(now);
    things::put_object(tx, id, object);
    Ok(())
}

/// A person's large picture is the one member of `pump_io` that its owner sets.
fn keep_picture(person: &mut Object, draft: &ObjectDraft) {
    if let Some(picture) = draft.members.get("pump_io") {
        let mut members = members_of(&person.members);
        members.insert("pump_io".to_owned(), picture.clone());
        person.members = members_text(&members);
    }
}
