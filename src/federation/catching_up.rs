//! Asks for what somebody elsewhere posted lately, when a user here begins to follow them: the public part of their feed, as
//! anybody may read it (`pump-api.md §6.8`).

use super::fetching;
use super::receiving;
use super::sending::Outcome;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities::{self, Inbox, POSTS_MAX};
use crate::domain::{blocks, names};
use crate::ids::{ThingId, UserId};
use crate::peers::Failure;
use crate::store::engine::Result;
use crate::store::keys::{Stream, StreamKind};
use crate::store::{streams, things};
use serde_json::Value;

/// Fetches the last posts of `person` for `follower`.
pub fn catch_up(app: &App, person: ThingId, follower: ThingId, now: Timestamp) -> Result<Outcome> {
    let follows = Stream::of(follower, StreamKind::Following);
    let known = things::object(&app.store, person)?;
    let Some(known) = known.filter(|known| known.deleted.is_none()) else {
        return Ok(Outcome::Dropped("they are gone".to_owned()));
    };
    let id = names::object_id(app.base(), person, &known).to_string();
    if !streams::contains(&app.store, follows, person)? || blocks::is_blocked(&app.store, &id)? {
        return Ok(Outcome::Dropped("nobody follows them".to_owned()));
    }
    let feed = match feed_of(app, &id, now) {
        Ok(feed) => feed,
        Err(Failure::Unreachable(why)) => return Ok(Outcome::PutOff(why)),
        Err(Failure::Busy(why, secs)) => return Ok(Outcome::Postponed(why, secs)),
        Err(error) => return Ok(Outcome::Dropped(error.to_string())),
    };
    let mut posts = Vec::new();
    for item in feed.into_iter().take(POSTS_MAX) {
        match receiving::posted(app, &id, item, now) {
            Ok(post) => posts.push(post),
            Err(error) => log::debug!("an item of the feed of {id} is left out: {error}"),
        }
    }
    let inbox = Inbox::User(UserId(follower));
    // What answers what comes after it: the oldest first.
    let arrivals = posts.iter().rev().map(|post| post.arrival(inbox, None));
    let arrivals: Vec<_> = arrivals.collect();
    activities::catch_up(app, UserId(follower), &arrivals, now)?;
    Ok(Outcome::Arrived)
}

/// The newest items of the major feed of somebody.
fn feed_of(app: &App, id: &str, now: Timestamp) -> std::result::Result<Vec<Value>, Failure> {
    let links = app.peers.links_of(id, now)?;
    let nothing = |why: &str| Failure::Useless(format!("{id} {why}"), None);
    let feed = links.href("activity-outbox");
    let feed = feed.ok_or_else(|| nothing("has no feed"))?;
    let url = format!("{}/major?count={POSTS_MAX}", feed.trim_end_matches('/'));
    match fetching::document(app, &url)?.get_mut("items") {
        Some(Value::Array(items)) => Ok(std::mem::take(items)),
        _ => Err(nothing("has a feed without items")),
    }
}
