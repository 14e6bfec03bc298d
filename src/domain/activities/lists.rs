//! Lists: collections with an owner, one type of member and a name (`pump-api.md §4.10`); `add` and `remove`.

use super::Posting;
use crate::domain::circles;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::engine::{Read, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object};
use crate::wire::draft;
use serde_json::Value;

/// Most lists of one type that a user can have.
pub const LISTS_MAX: u64 = 1000;

/// The type of a list's members; nothing for a collection that is no list.
pub fn member_type(object: &Object) -> Option<String> {
    if !object.is_collection() || object.author.is_none() || object.deleted.is_some() {
        return None;
    }
    let members = draft::members_of(&object.members);
    match members
        .get("objectTypes")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([Value::String(only)]) => Some(only.clone()),
        _ => None,
    }
}

/// The stream that holds the lists of a user with members of this type.
pub fn index(owner: ThingId, member_type: &str) -> Stream {
    let kind = match member_type {
        "person" => StreamKind::PersonLists,
        "image" => StreamKind::ImageLists,
        _ => StreamKind::OtherLists,
    };
    Stream::of(owner, kind)
}

fn list_name(object: &Object) -> Option<String> {
    match draft::members_of(&object.members).remove("displayName") {
        Some(Value::String(name)) => Some(name),
        _ => None,
    }
}

impl Posting<'_> {
    /// Puts a new list among the actor's lists. A collection without a type of members is no list and is only stored.
    pub(super) fn register_list(&self, tx: &mut dyn Tx, id: ThingId, list: &Object) -> Result<()> {
        let Some(member_type) = member_type(list) else {
            return Ok(());
        };
        let index = index(self.actor, &member_type);
        if streams::total(tx, index)? >= LISTS_MAX {
            return Err(Error::Invalid(format!(
                "You have {LISTS_MAX} lists already; delete one first."
            ))
            .into());
        }
        self.check_list_name(tx, id, list, &member_type)?;
        streams::append(tx, index, id)?;
        Ok(())
    }

    /// Refuses a list without a name, or with the name of another list of the actor with members of the same type.
    pub(super) fn check_list_name(
        &self,
        from: &dyn Read,
        id: ThingId,
        list: &Object,
        member_type: &str,
    ) -> Result<()> {
        let Some(name) = list_name(list).filter(|name| !name.trim().is_empty()) else {
            return Err(Error::invalid("A list needs a name (displayName).").into());
        };
        let lists = streams::page(
            from,
            index(self.actor, member_type),
            Start::Newest,
            usize::try_from(LISTS_MAX).unwrap_or(usize::MAX),
        )?;
        for other in lists.unwrap_or_default() {
            if let Some(list) = things::object(from, other)?
                && other != id
                && list_name(&list).as_ref() == Some(&name)
                && self::member_type(&list).as_deref() == Some(member_type)
            {
                return Err(Error::Invalid(format!(
                    "You have a list named \u{201c}{name}\u{201d} already."
                ))
                .into());
            }
        }
        Ok(())
    }

    /// Adds a member to a list, where twice is once, or a document to a group. A target that is neither here is nobody's
    /// to change and has no effect.
    pub(super) fn add(&self, tx: &mut dyn Tx, object: ThingId, target: ThingId) -> Result<()> {
        if is_group(tx, target)? {
            return self.add_document(tx, object, target);
        }
        let Some(list) = self.list(tx, object, target)? else {
            return Ok(());
        };
        streams::append(tx, Stream::of(list, StreamKind::Members), object)?;
        Ok(())
    }

    /// Removes a member of a list, or a document of a group.
    pub(super) fn take_away(
        &self,
        tx: &mut dyn Tx,
        object: ThingId,
        target: ThingId,
    ) -> Result<()> {
        if is_group(tx, target)? {
            return self.remove_document(tx, object, target);
        }
        let Some(list) = self.list(tx, object, target)? else {
            return Ok(());
        };
        if !streams::remove(tx, Stream::of(list, StreamKind::Members), object)? {
            return Err(Error::invalid("This is not in the list.").into());
        }
        Ok(())
    }

    /// The list that a target means, if the actor may change it and the object has the type of its members.
    fn list(&self, tx: &mut dyn Tx, object: ThingId, target: ThingId) -> Result<Option<ThingId>> {
        let Some(list) = things::object(tx, target)? else {
            return Ok(None);
        };
        if !list.is_collection() && list.object_type != "group" {
            let kind = &list.object_type;
            return Err(Error::Invalid(format!(
                "Nothing can be added to a {kind}; the target must be a list or a group."
            ))
            .into());
        }
        if list.deleted.is_some() {
            return Err(Error::invalid("This list was deleted.").into());
        }
        if !list.is_local() {
            return Ok(None);
        }
        let Some(member_type) = member_type(&list) else {
            return Ok(None);
        };
        if list.author != Some(self.actor) {
            return Err(Error::invalid("Only its owner can change a list.").into());
        }
        let object_type = things::object(tx, object)?
            .map(|object| object.object_type)
            .unwrap_or_default();
        if object_type != member_type {
            return Err(Error::Invalid(format!(
                "This list holds objects of type {member_type}, not {object_type}."
            ))
            .into());
        }
        Ok(Some(target))
    }
}

pub(super) fn is_group(from: &dyn Read, id: ThingId) -> Result<bool> {
    Ok(things::object(from, id)?.is_some_and(|object| circles::is_group(&object)))
}
