//! Who may read what (`pump-api.md §4.9`). Everything that leaves the server asks here.

use crate::domain::audience;
use crate::domain::blocks;
use crate::domain::circles::{self, Circles};
use crate::domain::threads;
use crate::ids::ThingId;
use crate::store::engine::{Read, Result};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity, Address, Identity, Object};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The person; nobody for a plain client or an anonymous visitor.
    pub person: Option<ThingId>,
}

impl Viewer {
    /// Sees what is public.
    pub const NOBODY: Viewer = Viewer { person: None };

    /// A person with an account here.
    pub fn user(id: crate::ids::UserId) -> Viewer {
        Viewer { person: Some(id.0) }
    }

    /// Whether this is the viewer.
    pub fn is(self, person: ThingId) -> bool {
        self.person == Some(person)
    }
}

/// Whether an activity may be read: by its actor, by those to whom it is addressed now (`§4.9.1`), a reply also in the circles of
/// who is answered ([`threads::opens`]), and by the author of what it likes or shares.
pub fn may_read_activity(from: &dyn Read, viewer: Viewer, activity: &Activity) -> Result<bool> {
    if let Some(id) = &activity.remote_id
        && blocks::is_blocked(from, id)?
    {
        return Ok(false);
    }
    let addressed = || activity.addresses.each().into_iter().flatten();
    if addressed().any(|address| *address == Address::Public) {
        return Ok(true);
    }
    let Some(person) = viewer.person else {
        return Ok(false);
    };
    if person == activity.actor {
        return Ok(true);
    }
    let mut circles = Circles::of(from, activity);
    for address in addressed() {
        let included = match address {
            Address::Public => true,
            Address::Followers(followed) => {
                is_member(from, *followed, StreamKind::Followers, person)?
                    && threads::opens(from, activity, *address, *followed)?
            }
            Address::Following(owner) => {
                is_member(from, *owner, StreamKind::Following, person)?
                    && threads::opens(from, activity, *address, *owner)?
            }
            Address::Thing(id) if *id == person => true,
            Address::Thing(id) => circles.reach(*id, person)?,
        };
        if included {
            return Ok(true);
        }
    }
    Ok(audience::reacted_to(from, activity)? == Some(person))
}

/// Whether an object may be read: by its author, and by whoever may read the activity that posted it (`§4.9.2`); a group
/// by its members, too. People are seen by everybody. What was made elsewhere and came without its post activity is seen
/// by whoever sees the activity that shows it, so it counts as readable here; addresses of the API ask [`may_fetch`].
pub fn may_read_object(from: &dyn Read, viewer: Viewer, object: &Object) -> Result<bool> {
    if blocks::hides(from, object)? {
        return Ok(false);
    }
    if object.is_person() || object.author.is_some_and(|author| viewer.is(author)) {
        return Ok(true);
    }
    match object.post {
        Some(post) => match things::activity(from, post)? {
            Some(activity) => Ok(may_read_activity(from, viewer, &activity)?
                || belongs_to(from, viewer, object, activity.object)?),
            None => Ok(false),
        },
        // An upload that was not posted yet is its author's alone.
        None => Ok(object.author.is_none() || matches!(object.identity, Identity::Remote(_))),
    }
}

/// Whether an object may be fetched by its own address: as [`may_read_object`], but without a post activity only its
/// author may (`§4.9.2`).
pub fn may_fetch(from: &dyn Read, viewer: Viewer, object: &Object) -> Result<bool> {
    if object.post.is_none() {
        return Ok(object.author.is_some_and(|author| viewer.is(author)));
    }
    may_read_object(from, viewer, object)
}

fn is_member(from: &dyn Read, owner: ThingId, kind: StreamKind, person: ThingId) -> Result<bool> {
    streams::contains(from, Stream::of(owner, kind), person)
}

/// Whether the viewer is a member of an object that is a group.
fn belongs_to(from: &dyn Read, viewer: Viewer, object: &Object, id: ThingId) -> Result<bool> {
    match viewer.person {
        Some(person) if circles::is_group(object) => circles::is_member(from, id, person),
        _ => Ok(false),
    }
}
