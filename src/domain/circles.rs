//! Lists and groups as audiences (`pump-api.md §4.7`, `§4.10`, `§4.11`): whom an address of one reaches. A list opens for
//! its owner, and for who answers what the owner showed to it, and reaches its members, in a list of lists or of groups also
//! theirs; a group reaches its members.

use crate::domain::activities::lists;
use crate::domain::threads;
use crate::ids::ThingId;
use crate::store::engine::{Read, Result};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Address, Object};
use std::collections::{BTreeSet, VecDeque};

/// Most lists and groups that the addresses of one activity reach inside of lists.
pub const NESTED_MAX: usize = 100;

/// What the addresses of one activity open.
pub struct Circles<'a> {
    from: &'a dyn Read,
    activity: &'a Activity,
    nested: BTreeSet<ThingId>,
}

/// Whether an object is a group of this server: one that somebody posted here.
pub fn is_group(object: &Object) -> bool {
    object.object_type == "group" && object.is_local() && object.post.is_some()
}

/// Whether a person is a member of a list or group.
pub fn is_member(from: &dyn Read, circle: ThingId, person: ThingId) -> Result<bool> {
    streams::contains(from, Stream::of(circle, StreamKind::Members), person)
}

/// Whether a group takes what an activity addresses to it: who speaks in it is a member or made it, says that he leaves, or
/// changes or deletes what he said in it before. What others address to it is theirs to send, but does not get in.
pub fn takes(
    from: &dyn Read,
    group: ThingId,
    object: &Object,
    activity: &Activity,
) -> Result<bool> {
    let is_farewell = activity.verb == "leave" && activity.object == group;
    Ok(object.deleted.is_none()
        && (is_farewell
            || object.author == Some(activity.actor)
            || is_member(from, group, activity.actor)?
            || is_about_said(from, group, activity)?))
}

/// Whether an activity changes or deletes what was said in a group. Only its author can do that.
fn is_about_said(from: &dyn Read, group: ThingId, activity: &Activity) -> Result<bool> {
    if !matches!(activity.verb.as_str(), "update" | "delete") {
        return Ok(false);
    }
    match things::object(from, activity.object)?.and_then(|object| object.post) {
        Some(post) => streams::contains(from, Stream::of(group, StreamKind::Inbox), post),
        None => Ok(false),
    }
}

impl<'a> Circles<'a> {
    /// For an activity.
    pub fn of(from: &'a dyn Read, activity: &'a Activity) -> Circles<'a> {
        Circles {
            from,
            activity,
            nested: BTreeSet::new(),
        }
    }

    /// Whether what is addressed to `id` reaches a person by way of a list or a group.
    pub fn reach(&mut self, id: ThingId, person: ThingId) -> Result<bool> {
        let Some(object) = things::object(self.from, id)? else {
            return Ok(false);
        };
        let from = self.from;
        self.open(id, object, |circle, _| is_member(from, circle, person))
    }

    /// Visits the list or group that is addressed, and those inside of it, until `visit` says that it is enough; answers
    /// whether it was.
    pub fn open(
        &mut self,
        id: ThingId,
        object: Object,
        mut visit: impl FnMut(ThingId, &Object) -> Result<bool>,
    ) -> Result<bool> {
        let owner = object.author;
        if object.is_collection() {
            let address = Address::Thing(id);
            match owner {
                Some(owner) if threads::opens(self.from, self.activity, address, owner)? => {}
                _ => return Ok(false),
            }
        }
        let mut next = VecDeque::from([(id, object)]);
        while let Some((id, object)) = next.pop_front() {
            if !is_open(&object, owner) {
                continue;
            }
            if visit(id, &object)? {
                return Ok(true);
            }
            if !holds_circles(&object) {
                continue;
            }
            let members = Stream::of(id, StreamKind::Members);
            let members = streams::page(self.from, members, Start::Newest, NESTED_MAX)?;
            for member in members.unwrap_or_default() {
                if self.nested.len() < NESTED_MAX
                    && self.nested.insert(member)
                    && let Some(object) = things::object(self.from, member)?
                {
                    next.push_back((member, object));
                }
            }
        }
        Ok(false)
    }
}

/// Whether what is addressed reaches the members of a list of `owner`, or of a group. What was posted to a group stays with its
/// members when the group is deleted; a list is gone with all that it opened.
fn is_open(object: &Object, owner: Option<ThingId>) -> bool {
    if object.is_collection() {
        return object.author == owner && object.deleted.is_none();
    }
    is_group(object)
}

fn holds_circles(object: &Object) -> bool {
    object.is_collection()
        && matches!(
            lists::member_type(object).as_deref(),
            Some("group" | "collection")
        )
}
