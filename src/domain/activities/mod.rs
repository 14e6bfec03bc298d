//! What an activity does (`pump-api.md §4.3`, `§4.4`): one file a group of verbs. All of an activity, its effects, its
//! place in every stream of this host and the jobs that follow happen in one write, or not at all.

mod catching_up;
mod editing;
mod elsewhere;
mod favorite;
mod follow;
mod groups;
pub mod lists;
pub mod parts;
mod post;
pub mod readdressing;
mod receiving;
mod restoring;
mod share;
mod update;

pub use catching_up::catch_up;
pub use editing::{edit, withdraw};
pub use follow::POSTS_MAX;
pub use receiving::{Arrival, Inbox, receive};
pub use restoring::{Past, id_of_then, restore, restore_effect, restore_list, restore_member};
pub use update::{bury, recall_copies, say_farewell};

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::{audience, blocks, distribution, names, objects, search, spam};
use crate::error::Error;
use crate::ids::{Nonce, ThingId, UserId};
use crate::media::BlobName;
use crate::store::clients::Generator;
use crate::store::engine::{Read, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity, Address, Object};
use crate::wire::draft::{ActivityDraft, Addresses, ObjectDraft, members_text};

/// Everything that the effects of one activity need to know.
pub struct Posting<'a> {
    /// What the rules use.
    pub app: &'a App,
    /// Who acts: the author of what is made.
    pub actor: ThingId,
    /// When.
    pub now: Timestamp,
    /// The id that the activity will have.
    pub activity: ThingId,
    /// When it comes here: later than [`Posting::now`] for what somebody brings along from long ago.
    pub present: Timestamp,
    /// Whether it came in from another host.
    pub is_elsewhere: bool,
    /// The group elsewhere whose server passes it on: it knows that the actor is a member, who may refer to what was said there.
    pub relay: Option<ThingId>,
}

impl<'a> Posting<'a> {
    /// For an activity with a fresh id.
    fn new(app: &'a App, actor: ThingId, now: Timestamp) -> Posting<'a> {
        Posting {
            app,
            actor,
            now,
            activity: app.store.fresh_id(),
            present: now,
            is_elsewhere: false,
            relay: None,
        }
    }
}

/// Posts an activity of a user: checks it, applies it, stores it, puts it into the outbox, the user's own inbox and the
/// inboxes of everybody here to whom it is addressed. Answers when all of it is on disk.
pub fn post(
    app: &App,
    user: UserId,
    generator: Option<&Generator>,
    draft: &ActivityDraft,
    now: Timestamp,
) -> std::result::Result<ThingId, Error> {
    post_with(app, user, generator, draft, now, |_, _| Ok(()))
}

/// As [`post`]; `also` is what else happens in the same write, and gets the activity.
pub fn post_with(
    app: &App,
    user: UserId,
    generator: Option<&Generator>,
    draft: &ActivityDraft,
    now: Timestamp,
    mut also: impl FnMut(&mut dyn Tx, ThingId) -> Result<()>,
) -> std::result::Result<ThingId, Error> {
    spam::check(app, user, draft)?;
    let (id, files) = app.store.write(|tx| {
        let mut freed = Vec::new();
        // The account may have been removed since its proof was looked at.
        if things::object(tx, user.0)?.is_none_or(|person| person.deleted.is_some()) {
            return Err(Error::Gone.into());
        }
        let id = apply(app, tx, user.0, generator, draft, now, &mut freed)?;
        also(tx, id)?;
        Ok((id, freed))
    })?;
    app.forget_files(files);
    if let Some(firehose) = &app.firehose {
        firehose.tell(id);
    }
    app.wake();
    Ok(id)
}

/// Applies an activity inside a write. `freed` collects the files that nothing shows any more.
pub fn apply(
    app: &App,
    tx: &mut dyn Tx,
    actor: ThingId,
    generator: Option<&Generator>,
    draft: &ActivityDraft,
    now: Timestamp,
    freed: &mut Vec<BlobName>,
) -> Result<ThingId> {
    if let Some(given) = draft.actor.as_ref().and_then(|given| given.id.as_deref())
        && names::find_thing(app.base(), tx, given)? != Some(actor)
    {
        return Err(
            Error::invalid("The actor of an activity must be the user who posts it.").into(),
        );
    }
    let posting = Posting::new(app, actor, now);
    let target = match &draft.target {
        Some(target) => Some(objects::resolve(&posting, tx, target, "collection")?),
        None => None,
    };
    let object = posting.effects(tx, draft, target, freed)?;
    let addresses = if draft.addresses.is_empty() {
        audience::default(&posting, tx, draft, object, target)?
    } else {
        posting.addresses(tx, draft)?
    };
    let mut activity = posting.compose(draft, object, target, addresses);
    if let Some(generator) = generator {
        activity.generator = Some(objects::generator(&posting, tx, generator)?);
    }
    let major = is_major(tx, &activity)?;
    let outbox = if major {
        StreamKind::OutboxMajor
    } else {
        StreamKind::OutboxMinor
    };
    for kind in [StreamKind::Outbox, outbox] {
        streams::append(tx, Stream::of(actor, kind), posting.activity)?;
    }
    distribution::distribute(app, tx, posting.activity, &activity, major, now)?;
    things::put_activity(tx, posting.activity, activity);
    Ok(posting.activity)
}

/// Whether an activity is worth a card of its own (`pump-api.md §4.5`).
pub fn is_major(tx: &dyn Read, activity: &Activity) -> Result<bool> {
    match activity.verb.as_str() {
        "share" | "checkin" => Ok(true),
        "post" | "create" => {
            let object = things::object(tx, activity.object)?;
            Ok(object
                .is_some_and(|object| !object.is_collection() && object.object_type != "comment"))
        }
        _ => Ok(false),
    }
}

impl Posting<'_> {
    /// The actor as somebody who looks.
    pub(super) fn viewer(&self) -> Viewer {
        Viewer {
            person: Some(self.actor),
        }
    }

    /// Applies what the verb does, and lets what was said be found; answers the activity's object.
    fn effects(
        &self,
        tx: &mut dyn Tx,
        draft: &ActivityDraft,
        target: Option<ThingId>,
        freed: &mut Vec<BlobName>,
    ) -> Result<ThingId> {
        let object = self.apply_verb(tx, draft, target, freed)?;
        if matches!(draft.verb.as_str(), "post" | "create" | "update") {
            search::note(self.app, tx, object, self.present)?;
        }
        Ok(object)
    }

    fn apply_verb(
        &self,
        tx: &mut dyn Tx,
        draft: &ActivityDraft,
        target: Option<ThingId>,
        freed: &mut Vec<BlobName>,
    ) -> Result<ThingId> {
        match draft.verb.as_str() {
            "post" | "create" => {
                let object = match self.is_elsewhere {
                    true => self.post_from_elsewhere(tx, &draft.object)?,
                    false => self.post(tx, &draft.object)?,
                };
                if let Some(target) = target {
                    self.add(tx, object, target)?;
                }
                Ok(object)
            }
            "update" => self.update(tx, &draft.object),
            "delete" => self.delete(tx, &draft.object, freed),
            "favorite" | "like" => self.favorite(tx, &draft.object),
            "unfavorite" | "unlike" => self.unfavorite(tx, &draft.object),
            "follow" => self.follow(tx, &draft.object),
            "stop-following" => self.stop_following(tx, &draft.object),
            "share" => self.share(tx, &draft.object),
            "unshare" => self.unshare(tx, &draft.object),
            "join" => self.join(tx, &draft.object),
            "leave" => self.leave(tx, &draft.object),
            "add" | "remove" => {
                let Some(target) = target else {
                    return Err(Error::Invalid(format!(
                        "The verb \u{201c}{}\u{201d} needs a target.",
                        draft.verb
                    ))
                    .into());
                };
                let object = objects::resolve(self, tx, &draft.object, "other")?;
                if draft.verb == "add" {
                    self.add(tx, object, target)?;
                } else {
                    self.take_away(tx, object, target)?;
                }
                Ok(object)
            }
            _ => objects::resolve(self, tx, &draft.object, "other"),
        }
    }

    /// The record of an activity.
    fn compose(
        &self,
        draft: &ActivityDraft,
        object: ThingId,
        target: Option<ThingId>,
        addresses: Addresses<Vec<Address>>,
    ) -> Activity {
        Activity {
            nonce: Nonce::random(),
            remote_id: None,
            verb: draft.verb.clone(),
            actor: self.actor,
            object,
            target,
            generator: None,
            addresses,
            published: draft.published.unwrap_or(self.now),
            updated: self.now,
            received: None,
            deleted: None,
            members: members_text(&draft.members),
        }
    }

    /// Those to whom the activity is addressed.
    fn addresses(&self, tx: &mut dyn Tx, draft: &ActivityDraft) -> Result<Addresses<Vec<Address>>> {
        draft.addresses.try_map(|list| {
            list.iter()
                .map(|address| self.address(tx, address))
                .collect()
        })
    }

    /// Somebody to whom the activity is addressed; strangers of other hosts are stored as persons.
    fn address(&self, tx: &mut dyn Tx, address: &ObjectDraft) -> Result<Address> {
        if let Some(id) = &address.id {
            blocks::check(tx, id)?;
        }
        if let Some(id) = &address.id
            && let Some(known) = names::find(self.app.base(), tx, id)?
        {
            return Ok(known);
        }
        objects::resolve(self, tx, address, "person").map(Address::Thing)
    }

    /// The object that a verb works on: it must be there, not deleted, and readable by the actor.
    fn existing(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        if draft.id.is_none() && !draft.members.contains_key("url") {
            return Err(Error::invalid("Say by an id which object you mean.").into());
        }
        let id = objects::resolve(self, tx, draft, "other")?;
        let object =
            things::object(tx, id)?.ok_or_else(|| Error::invalid("There is no such object."))?;
        self.seen(tx, &object)?;
        Ok(id)
    }

    /// Refuses an object that is deleted, or that the actor may not read.
    fn seen(&self, tx: &dyn Tx, object: &Object) -> Result<()> {
        if object.deleted.is_some() {
            return Err(Error::invalid("This object was deleted.").into());
        }
        let group = Viewer { person: self.relay };
        if access::may_read_object(tx, self.viewer(), object)?
            || access::may_read_object(tx, group, object)?
        {
            return Ok(());
        }
        Err(Error::invalid("There is no such object.").into())
    }
}
