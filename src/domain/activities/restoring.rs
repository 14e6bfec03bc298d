//! Activities of long ago that somebody brings along (`domain/archives`): what they did stands here then, in the places of
//! their time, and nobody hears of it.

use super::{Posting, lists};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::{audience, objects};
use crate::ids::ThingId;
use crate::media::BlobName;
use crate::store::engine::{Read, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Identity, Object};
use crate::wire::draft::{ActivityDraft, ObjectDraft, members_text};

/// How many taken ids are passed over for one that belongs to a time.
const TRIES: u64 = 1000;

/// What is brought along.
pub struct Past<'a> {
    /// The activity, with the ids of this server.
    pub draft: &'a ActivityDraft,
    /// When it was done; nothing if it does not say, or says a time that is still to come: then it is done now.
    pub at: Option<Timestamp>,
    /// When the object that it posts last changed.
    pub changed: Option<Timestamp>,
    /// Whether it goes to those to whom it would go if it were posted now, when it names nobody. If not, it then is its
    /// actor's alone.
    pub has_default_audience: bool,
}

/// Stores an activity of the actor with its effects, its audience and its time, but puts it into no stream of activities:
/// that is done for many at once, see [`streams::merge`]. What it wants and what stands already is no error.
pub fn restore(
    app: &App,
    tx: &mut dyn Tx,
    actor: ThingId,
    past: &Past<'_>,
    now: Timestamp,
    freed: &mut Vec<BlobName>,
) -> Result<ThingId> {
    let posting = Posting {
        app,
        actor,
        now: past.at.unwrap_or(now),
        activity: match past.at {
            Some(at) => id_of_then(app, tx, at)?,
            None => app.store.fresh_id(),
        },
        present: now,
        is_elsewhere: false,
        relay: None,
    };
    let draft = past.draft;
    let target = match &draft.target {
        Some(target) => Some(objects::resolve(&posting, tx, target, "collection")?),
        None => None,
    };
    let object = match posting.stands(tx, draft, target)? {
        Some(object) => object,
        None => posting.effects(tx, draft, target, freed)?,
    };
    let addresses = if draft.addresses.is_empty() && past.has_default_audience {
        audience::default(&posting, tx, draft, object, target)?
    } else {
        posting.addresses(tx, draft)?
    };
    let mut activity = posting.compose(draft, object, target, addresses);
    activity.published = posting.now;
    if things::object(tx, object)?.is_some_and(|object| object.post == Some(posting.activity)) {
        let changed = past.changed.unwrap_or(posting.now);
        things::change_object(tx, object, |object| object.updated = changed)?;
    }
    things::put_activity(tx, posting.activity, activity);
    Ok(posting.activity)
}

/// Makes a list that somebody brings along; nothing if what the draft says is no list.
pub fn restore_list(
    app: &App,
    tx: &mut dyn Tx,
    owner: ThingId,
    draft: &ObjectDraft,
    now: Timestamp,
) -> Result<Option<ThingId>> {
    let posting = Posting::new(app, owner, draft.published.unwrap_or(now));
    let mut list = Object::new(Identity::Made, "collection", posting.now);
    list.author = Some(owner);
    list.members = members_text(&objects::own_members(draft));
    if lists::member_type(&list).is_none() {
        return Ok(None);
    }
    let id = app.store.fresh_id();
    posting.register_list(tx, id, &list)?;
    things::put_object(tx, id, list);
    Ok(Some(id))
}

/// Puts something on a list of its owner; twice is once.
pub fn restore_member(
    app: &App,
    tx: &mut dyn Tx,
    owner: ThingId,
    list: ThingId,
    member: &ObjectDraft,
    now: Timestamp,
) -> Result<()> {
    let posting = Posting::new(app, owner, now);
    let member = objects::resolve(&posting, tx, member, "other")?;
    posting.add(tx, member, list)
}

/// Does what a verb does, without an activity that tells of it; nothing if it stands already.
pub fn restore_effect(
    app: &App,
    tx: &mut dyn Tx,
    actor: ThingId,
    draft: &ActivityDraft,
    now: Timestamp,
) -> Result<()> {
    let posting = Posting::new(app, actor, now);
    if posting.stands(tx, draft, None)?.is_none() {
        posting.effects(tx, draft, None, &mut Vec::new())?;
    }
    Ok(())
}

/// An id that nothing has and that stands among the others where that time does.
pub fn id_of_then(app: &App, from: &dyn Read, at: Timestamp) -> Result<ThingId> {
    let first = u64::try_from(at.0).unwrap_or_default().max(1) * 1000;
    for id in (first..first + TRIES).map(ThingId) {
        if things::get(from, id)?.is_none() {
            return Ok(id);
        }
    }
    Ok(app.store.fresh_id())
}

impl Posting<'_> {
    /// The object of an activity whose effect is there without it: somebody is followed who was to be followed.
    fn stands(
        &self,
        tx: &mut dyn Tx,
        draft: &ActivityDraft,
        target: Option<ThingId>,
    ) -> Result<Option<ThingId>> {
        let (kind, wanted) = match draft.verb.as_str() {
            "follow" => (StreamKind::Following, true),
            "stop-following" => (StreamKind::Following, false),
            "favorite" | "like" => (StreamKind::Favorites, true),
            "unfavorite" | "unlike" => (StreamKind::Favorites, false),
            "unshare" => (StreamKind::Shares, false),
            "join" => (StreamKind::Members, true),
            "leave" => (StreamKind::Members, false),
            "add" | "remove" => {
                let is_group = match target {
                    Some(target) => lists::is_group(tx, target)?,
                    None => false,
                };
                let kind = match is_group {
                    true => StreamKind::Documents,
                    false => StreamKind::Members,
                };
                (kind, draft.verb == "add")
            }
            // What a profile became is brought along with the profile.
            "update" if draft.object.id.is_some() => {
                let object = objects::resolve(self, tx, &draft.object, "other")?;
                return Ok(Some(object).filter(|object| *object == self.actor));
            }
            _ => return Ok(None),
        };
        // What has no id is new, or is refused by what the verb does.
        if draft.object.id.is_none() {
            return Ok(None);
        }
        let fallback = if kind == StreamKind::Following {
            "person"
        } else {
            "other"
        };
        let object = objects::resolve(self, tx, &draft.object, fallback)?;
        let (stream, entry) = match kind {
            StreamKind::Shares => (Stream::of(object, kind), self.actor),
            StreamKind::Members | StreamKind::Documents => match target {
                Some(target) => (Stream::of(target, kind), object),
                None => (Stream::of(object, kind), self.actor),
            },
            _ => (Stream::of(self.actor, kind), object),
        };
        let stands = streams::contains(tx, stream, entry)? == wanted;
        Ok(Some(object).filter(|_| stands))
    }
}
