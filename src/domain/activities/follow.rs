//! `follow` and `stop-following`. A second follow is an error that clients read as "already following"
//! (`pump-api.md §4.4`).

use super::Posting;
use crate::domain::{blocks, errands, objects, requests};
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::copies;
use crate::store::deliveries::Errand;
use crate::store::engine::{Read, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Address};
use crate::wire::draft::ObjectDraft;

/// Most posts that a new follower elsewhere is brought, and most that are asked for when somebody elsewhere is followed.
pub const POSTS_MAX: usize = 20;

/// Most activities that are looked at to find so many.
const LOOKED_AT_MAX: usize = 100;

impl Posting<'_> {
    pub(super) fn follow(&self, tx: &mut dyn Tx, draft: &ObjectDraft) -> Result<ThingId> {
        let followed = self.followed(tx, draft)?;
        if followed == self.actor {
            return Err(Error::invalid("You cannot follow yourself.").into());
        }
        let person = things::object(tx, followed)?.filter(|person| person.deleted.is_none());
        let Some(person) = person else {
            return Err(Error::invalid("There is nobody of that name any more.").into());
        };
        if let Some(id) = &draft.id {
            blocks::check(tx, id)?;
        }
        if !streams::append(tx, Stream::of(self.actor, StreamKind::Following), followed)? {
            return Err(Error::invalid("You follow them already.").into());
        }
        // Of somebody elsewhere these are the followers here: they read what is sent to all followers.
        streams::append(tx, Stream::of(followed, StreamKind::Followers), self.actor)?;
        if self.is_elsewhere && person.is_local() {
            self.offer_posts(tx, followed)?;
        } else if !self.is_elsewhere {
            let errand = Errand::CatchUp {
                person: followed,
                follower: self.actor,
            };
            errands::queue(self.app, tx, followed, errand, self.present)?;
            requests::let_in(self.app, tx, self.actor, followed, self.present)?;
        }
        Ok(followed)
    }

    /// Brings to a new follower elsewhere what the followed posted lately for everybody, once.
    fn offer_posts(&self, tx: &mut dyn Tx, followed: ThingId) -> Result<()> {
        if !copies::offer(tx, followed, self.actor)? {
            return Ok(());
        }
        let stream = Stream::of(followed, StreamKind::OutboxMajor);
        let newest = streams::page(tx, stream, Start::Newest, LOOKED_AT_MAX)?;
        let mut posts = Vec::new();
        for id in newest.unwrap_or_default() {
            if posts.len() < POSTS_MAX && is_open_post(tx, id)? {
                posts.push(id);
            }
        }
        for activity in posts.into_iter().rev() {
            let recipient = self.actor;
            let errand = Errand::Bring {
                activity,
                recipient,
            };
            errands::queue(self.app, tx, recipient, errand, self.present)?;
        }
        Ok(())
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

/// Whether an activity posted something for everybody that is still there.
fn is_open_post(from: &dyn Read, id: ThingId) -> Result<bool> {
    let Some(activity) = things::activity(from, id)? else {
        return Ok(false);
    };
    let mut addressed = activity.addresses.each().into_iter().flatten();
    Ok(activity.deleted.is_none()
        && activity.is_post()
        && addressed.any(|address| *address == Address::Public)
        && things::object(from, activity.object)?.is_some_and(|object| object.deleted.is_none()))
}
