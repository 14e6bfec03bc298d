//! `share` and `unshare`: a repeated share is accepted and changes nothing.

use super::Posting;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::engine::{Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things;
use crate::wire::draft::ObjectDraft;

impl Posting<'_> {
    pub(super) fn share(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let object = self.existing(tx, draft)?;
        if streams::append(tx, Stream::of(object, StreamKind::Shares), self.actor)? {
            things::change_object(tx, object, |object| object.shares += 1)?;
        }
        Ok(object)
    }

    pub(super) fn unshare(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let object = self.existing(tx, draft)?;
        if !streams::remove(tx, Stream::of(object, StreamKind::Shares), self.actor)? {
            return Err(Error::invalid(
                "You did not share this, so there is nothing to take back.",
            )
            .into());
        }
        things::change_object(tx, object, |object| {
            object.shares = object.shares.saturating_sub(1);
        })?;
        Ok(object)
    }
}
