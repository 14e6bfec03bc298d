//! `follow` and `stop-following`. A second follow is an error that clients read as "already following"
//! (`pump-api.md §4.4`).

use super::Posting;
use crate::domain::{blocks, objects};
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::engine::{Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things;
use crate::wire::draft::ObjectDraft;

impl Posting<'_> {
    pub(super) fn follow(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let followed = self.followed(tx, draft)?;
        if followed == self.actor {
            return Err(Error::invalid("You cannot follow yourself.").into());
        }
        if things::object(tx, followed)?.is_none_or(|object| object.deleted.is_some()) {
            return Err(Error::invalid("There is nobody of that name any more.").into());
        }
        if let Some(id) = &draft.id {
            blocks::check(tx, id)?;
        }
        if !streams::append(tx, Stream::of(self.actor, StreamKind::Following), followed)? {
            return Err(Error::invalid("You follow them already.").into());
        }
        // Of somebody elsewhere these are the followers here: they read what is sent to all followers.
        streams::append(tx, Stream::of(followed, StreamKind::Followers), self.actor)?;
        Ok(followed)
    }

    pub(super) fn stop_following(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let followed = self.followed(tx, draft)?;
        if !streams::remove(tx, Stream::of(self.actor, StreamKind::Following), followed)? {
            return Err(Error::invalid("You do not follow them.").into());
        }
        streams::remove(tx, Stream::of(followed, StreamKind::Followers), self.actor)?;
        Ok(followed)
    }

    fn followed(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        if draft.id.is_none() {
            return Err(Error::invalid(
                "Whom to follow needs an id, such as acct:ann@example.org.",
            )
            .into());
        }
        objects::resolve(self, tx, draft, "person")
    }
}
