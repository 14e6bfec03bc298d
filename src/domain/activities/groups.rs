//! Groups (`pump-api.md §4.11`): `join` and `leave`, and what members `add` to the documents of a group or `remove`.

use super::Posting;
use crate::domain::{circles, objects};
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::engine::{Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Object};
use crate::wire::draft::ObjectDraft;

impl Posting<'_> {
    /// Makes the actor a member of a group that was posted to him. Of a group elsewhere only the wish is kept; joining
    /// anything else is said and has no effect.
    pub(super) fn join(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let id = objects::resolve(self, tx, draft, "other")?;
        let Some(group) = things::object(tx, id)?.filter(has_members) else {
            return Ok(id);
        };
        if group.is_local() {
            self.seen(tx, &group)?;
        }
        if !streams::append(tx, Stream::of(id, StreamKind::Members), self.actor)? {
            return Err(Error::invalid("You are a member of this group already.").into());
        }
        Ok(id)
    }

    /// Ends a membership, of a deleted group too.
    pub(super) fn leave(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let id = objects::resolve(self, tx, draft, "other")?;
        let is_group = things::object(tx, id)?.is_some_and(|object| has_members(&object));
        if is_group && !streams::remove(tx, Stream::of(id, StreamKind::Members), self.actor)? {
            return Err(Error::invalid("You are not a member of this group.").into());
        }
        Ok(id)
    }

    /// Puts an object among the documents of a group.
    pub(super) fn add_document(
        &self,
        tx: &mut dyn Tx,
        object: ThingId,
        group: ThingId,
    ) -> Result<()> {
        self.check_member(tx, group)?;
        let document = things::object(tx, object)?
            .ok_or_else(|| Error::invalid("There is no such object."))?;
        // What is just being posted is the actor's own.
        self.seen(tx, &document)?;
        if !streams::append(tx, Stream::of(group, StreamKind::Documents), object)? {
            return Err(Error::invalid("This is among the documents of the group already.").into());
        }
        Ok(())
    }

    /// Takes an object out of the documents of a group.
    pub(super) fn remove_document(
        &self,
        tx: &mut dyn Tx,
        object: ThingId,
        group: ThingId,
    ) -> Result<()> {
        self.check_member(tx, group)?;
        if !streams::remove(tx, Stream::of(group, StreamKind::Documents), object)? {
            return Err(Error::invalid("This is not among the documents of the group.").into());
        }
        Ok(())
    }

    fn check_member(&self, tx: &dyn Tx, group: ThingId) -> Result<()> {
        if things::object(tx, group)?.is_none_or(|group| group.deleted.is_some()) {
            return Err(Error::invalid("This group was deleted.").into());
        }
        if !circles::is_member(tx, group, self.actor)? {
            return Err(Error::invalid("Only its members change the documents of a group.").into());
        }
        Ok(())
    }
}

/// Whether an object is a group with members that are known here.
fn has_members(object: &Object) -> bool {
    circles::is_group(object) || (object.object_type == "group" && !object.is_local())
}
