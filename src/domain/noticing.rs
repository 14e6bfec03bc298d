//! What concerns somebody, so that they are told of it on pages: answers to what they made, likes and shares of it, new followers, in
//! one line what several did to the same; and how many lines of that, and messages to them, are new since they looked last.

use crate::app::App;
use crate::domain::access::{self, Viewer};
use crate::domain::audience;
use crate::domain::circles;
use crate::ids::{ThingId, UserId};
use crate::store::engine::{Read, Result};
use crate::store::keys::{Stream, StreamKind};
use crate::store::preferences::{self, Preferences};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Object};
use std::collections::BTreeSet;

/// Most new things that are counted; more are "99+".
pub const COUNT_MAX: usize = 100;

/// How many comments are climbed to find whose post they stand under.
const CLIMB_MAX: usize = 8;

/// The people whom an activity concerns: whose thing it is about, and of a comment also those to whom it is addressed.
pub fn concerned(
    from: &dyn Read,
    activity: &Activity,
    direct: &BTreeSet<ThingId>,
) -> Result<BTreeSet<ThingId>> {
    let mut found = BTreeSet::new();
    match activity.verb.as_str() {
        "favorite" | "like" | "share" => found.extend(audience::reacted_to(from, activity)?),
        "follow" => drop(found.insert(activity.object)),
        "join" => {
            let group = things::object(from, activity.object)?.filter(circles::is_group);
            found.extend(group.and_then(|group| group.author));
        }
        "post" | "create" => {
            let comment = things::object(from, activity.object)?
                .filter(|object| object.object_type == "comment");
            if let Some(comment) = comment {
                found.extend(direct);
                let mut parent = comment.in_reply_to;
                for _ in 0..CLIMB_MAX {
                    let Some(id) = parent else { break };
                    let Some(above) = things::object(from, id)? else {
                        break;
                    };
                    found.extend(above.author);
                    parent = above.in_reply_to;
                }
            }
        }
        _ => {}
    }
    found.remove(&activity.actor);
    Ok(found)
}

/// What was done that concerns somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Liked.
    Like,
    /// Shared.
    Share,
    /// Followed.
    Follow,
    /// Joined a group.
    Join,
    /// Commented on what the user wrote.
    Comment,
    /// Wrote to the user, under what somebody else wrote.
    Word,
}

/// What several people did to the same thing is one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What they did.
    pub deed: Deed,
    /// To what: a comment is about what it answers.
    pub subject: ThingId,
}

/// The line in which a user is told of an activity; none if what was done was taken back, or is not for the user's eyes.
pub fn line(from: &dyn Read, user: UserId, activity: &Activity) -> Result<Option<Line>> {
    let Some(object) = things::object(from, activity.object)?.filter(|it| it.deleted.is_none())
    else {
        return Ok(None);
    };
    let subject = subject(activity.object, &object);
    let deed = match activity.verb.as_str() {
        "favorite" | "like" => Deed::Like,
        "share" => Deed::Share,
        "follow" => Deed::Follow,
        "join" => Deed::Join,
        _ => match things::object(from, subject)?.and_then(|about| about.author) {
            Some(author) if author == user.0 => Deed::Comment,
            _ => Deed::Word,
        },
    };
    let is_in = |kind| streams::contains(from, Stream::of(activity.object, kind), activity.actor);
    let stands = match deed {
        Deed::Like => is_in(StreamKind::Likes)?,
        Deed::Share => is_in(StreamKind::Shares)?,
        Deed::Follow => is_in(StreamKind::Followers)?,
        Deed::Join => circles::is_member(from, activity.object, activity.actor)?,
        Deed::Comment | Deed::Word => access::may_read_object(from, Viewer::user(user), &object)?,
    };
    Ok(stands.then_some(Line { deed, subject }))
}

/// What a sentence about an object is about: a comment is about what it answers.
pub fn subject(id: ThingId, object: &Object) -> ThingId {
    match object.in_reply_to {
        Some(parent) if object.object_type == "comment" => parent,
        _ => id,
    }
}

/// Which of the two counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What others posted to the user.
    Messages,
    /// What concerns the user.
    Notices,
}

impl Kind {
    /// The stream of a user that holds it.
    pub fn stream(self, user: UserId) -> Stream {
        let kind = match self {
            Kind::Messages => StreamKind::InboxDirectMajor,
            Kind::Notices => StreamKind::Notices,
        };
        Stream::of(user.0, kind)
    }

    /// The newest one that the user has seen.
    pub fn seen(self, preferences: &Preferences) -> Option<ThingId> {
        match self {
            Kind::Messages => preferences.messages_seen,
            Kind::Notices => preferences.notices_seen,
        }
    }
}

/// How many messages, or lines of notices, are new, at most [`COUNT_MAX`].
pub fn count(
    from: &dyn Read,
    user: UserId,
    preferences: &Preferences,
    kind: Kind,
) -> Result<usize> {
    let stream = kind.stream(user);
    let start = kind.seen(preferences).map_or(Start::Newest, Start::Since);
    let new = streams::page(from, stream, start, COUNT_MAX)?.unwrap_or_default();
    let mut messages = 0;
    let mut lines = Vec::new();
    for id in new {
        let Some(activity) = things::activity(from, id)?
            .filter(|activity| activity.deleted.is_none() && activity.actor != user.0)
        else {
            continue;
        };
        match kind {
            Kind::Messages => messages += 1,
            Kind::Notices => {
                let line = line(from, user, &activity)?;
                lines.extend(line.filter(|line| !lines.contains(line)));
            }
        }
    }
    Ok(messages + lines.len())
}

/// Notes that the user has seen all that there is. Writes nothing if nothing is new.
pub fn see(app: &App, user: UserId, kind: Kind) -> Result<()> {
    let newest = |from: &dyn Read| -> Result<Option<ThingId>> {
        let newest = streams::page(from, kind.stream(user), Start::Newest, 1)?;
        Ok(newest.unwrap_or_default().first().copied())
    };
    let before = preferences::get(&app.store, user)?;
    let all = newest(&app.store)?;
    if all.is_none() || all == kind.seen(&before) {
        return Ok(());
    }
    app.store.note(|tx| {
        let mut preferences = preferences::get(tx, user)?;
        match kind {
            Kind::Messages => preferences.messages_seen = all,
            Kind::Notices => preferences.notices_seen = all,
        }
        preferences::put(tx, user, &preferences);
        Ok(())
    })
}
