//! What somebody elsewhere posted before anybody here followed them: it stands in the places of its time, and nobody is told.

use super::restoring::id_of_then;
use super::{Arrival, Inbox, Posting, is_major};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::names;
use crate::domain::photos;
use crate::ids::{ThingId, UserId};
use crate::store::engine::{Error, Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity, Address};

/// Takes public posts of somebody whom a user follows, in any order, each if it was not here before, and puts them into the
/// user's inbox. What does not do is left out.
pub fn catch_up(app: &App, user: UserId, arrivals: &[Arrival<'_>], now: Timestamp) -> Result<()> {
    let (mut all, mut major) = (Vec::new(), Vec::new());
    for arrival in arrivals {
        match app.store.write(|tx| take(app, tx, arrival, now)) {
            Ok(Some((id, is_major))) => {
                all.push(id);
                if is_major {
                    major.push(id);
                }
            }
            Ok(None) => {}
            Err(Error::Refused(why)) => {
                log::debug!("{} is left out: {}", arrival.id, why.public());
            }
            Err(error) => return Err(error),
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    app.store.write(|tx| {
        streams::merge(tx, Stream::of(user.0, StreamKind::Inbox), &all)?;
        streams::merge(tx, Stream::of(user.0, StreamKind::InboxMajor), &major)?;
        photos::add_all(tx, user.0, &major)
    })
}

/// The activity, known or new, and whether it is major; nothing if it is not public or deleted.
fn take(
    app: &App,
    tx: &mut dyn Tx,
    arrival: &Arrival<'_>,
    now: Timestamp,
) -> Result<Option<(ThingId, bool)>> {
    let known = names::find_thing(app.base(), tx, arrival.id)?;
    let (id, activity) = match known {
        Some(known) => match things::activity(tx, known)? {
            Some(activity) => (known, activity),
            None => return Ok(None),
        },
        None => restore(app, tx, arrival, now)?,
    };
    let actor = names::find_thing(app.base(), tx, &arrival.actor)?;
    let mut addressed = activity.addresses.each().into_iter().flatten();
    let is_public = addressed.any(|address| *address == Address::Public);
    if activity.deleted.is_some() || actor != Some(activity.actor) || !is_public {
        return Ok(None);
    }
    Ok(Some((id, is_major(tx, &activity)?)))
}

fn restore(
    app: &App,
    tx: &mut dyn Tx,
    arrival: &Arrival<'_>,
    now: Timestamp,
) -> Result<(ThingId, Activity)> {
    let at = arrival.draft.published.map_or(now, |at| at.min(now));
    let (Inbox::User(UserId(owner)) | Inbox::Group(owner)) = arrival.inbox;
    let mut posting = Posting {
        now: at,
        activity: id_of_then(app, tx, at)?,
        ..Posting::from_elsewhere(app, owner, now)
    };
    posting.actor = posting.stranger(tx, arrival)?;
    let activity = posting.act(tx, arrival, &mut Vec::new())?;
    things::put_activity(tx, posting.activity, activity.clone());
    Ok((posting.activity, activity))
}
