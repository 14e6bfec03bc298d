//! How many pictures of an album its viewer sees. Pictures that are deleted meanwhile go out of the album when somebody comes by.

use crate::domain::access;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Address};
use crate::web::cards::Cards;

/// Most pictures of an album that are looked at to count them; what an album has more is not counted.
pub(super) const COUNTED_MAX: usize = 1000;

/// Pictures of an album.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Those that the viewer sees.
    pub(super) seen: u64,
    /// Those that were posted to others.
    pub(super) hidden: u64,
    /// Of those that the viewer sees: those that were posted to others than the album is shown to.
    pub(super) apart: u64,
}

/// Counts the newest pictures of an album, at most `limit`; `post` is the activity that shows the album, where it matters who sees
/// the pictures in it.
pub(super) fn count(
    cards: &Cards<'_>,
    album: ThingId,
    post: Option<&Activity>,
    limit: usize,
) -> Result<Counts, Error> {
    let store = &cards.app.store;
    let members = Stream::of(album, StreamKind::Members);
    let mut counts = Counts::default();
    let mut gone = Vec::new();
    for id in streams::page(store, members, Start::Newest, limit)?.unwrap_or_default() {
        let Some(picture) = things::object(store, id)?.filter(|picture| picture.deleted.is_none())
        else {
            gone.push(id);
            continue;
        };
        if !access::may_fetch(store, cards.viewer, &picture)? {
            counts.hidden += 1;
            continue;
        }
        counts.seen += 1;
        if let Some(album) = post {
            let post = match picture.post {
                Some(post) => things::activity(store, post)?,
                None => None,
            };
            counts.apart += u64::from(!post.is_some_and(|post| is_for_all_of(&post, album)));
        }
    }
    if !gone.is_empty() {
        let dropped = store.write_soon(|tx| {
            for id in &gone {
                streams::remove(tx, members, *id)?;
            }
            Ok(())
        });
        if let Err(error) = dropped {
            log::warn!("pictures that are gone stay in an album: {error}");
        }
    }
    Ok(counts)
}

/// Whether a picture was posted to all to whom the album is shown.
fn is_for_all_of(picture: &Activity, album: &Activity) -> bool {
    let of = |activity: &Activity| -> Vec<Address> {
        activity
            .addresses
            .each()
            .into_iter()
            .flatten()
            .copied()
            .collect()
    };
    let has = of(picture);
    let needs_not = [album.actor, picture.actor].map(Address::Thing);
    has.contains(&Address::Public)
        || of(album)
            .iter()
            .all(|address| has.contains(address) || needs_not.contains(address))
}
