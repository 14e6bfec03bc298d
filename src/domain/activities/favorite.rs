//! `favorite` and `like`, `unfavorite` and `unlike`: one for each person and object.

use super::Posting;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::engine::{Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things;
use crate::wire::draft::ObjectDraft;

impl Posting<'_> {
    pub(super) fn favorite(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let object = self.existing(tx, draft)?;
        if !streams::append(tx, Stream::of(object, StreamKind::Likes), self.actor)? {
            return Err(Error::invalid("You like this already.").into());
        }
        streams::append(tx, Stream::of(self.actor, StreamKind::Favorites), object)?;
        things::change_object(tx, object, |object| object.likes += 1)?;
        Ok(object)
    }

    pub(super) fn unfavorite(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let object = self.existing(tx, draft)?;
        if !streams::remove(tx, Stream::of(object, StreamKind::Likes), self.actor)? {
            return Err(
                Error::invalid("You do not like this, so there is nothing to take back.").into(),
            );
        }
        streams::remove(tx, Stream::of(self.actor, StreamKind::Favorites), object)?;
        things::change_object(tx, object, |object| {
            object.likes = object.likes.saturating_sub(1);
        })?;
        Ok(object)
    }
}
