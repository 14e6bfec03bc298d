//! Changes to a stored activity itself, which neither touch its object nor tell anybody (`pump-api.md §4.4`, end).

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity};
use crate::wire::draft::{ActivityDraft, members_of, members_text};
use serde_json::{Value, json};

/// Members of an activity that an edit does not change.
const FIXED: &[&str] = &[
    "object",
    "actor",
    "target",
    "to",
    "cc",
    "bto",
    "bcc",
    "verb",
    "published",
];

/// Gives an activity the members of a document: what it says of itself, not what it did or to whom it went. Answers the
/// activity as it is now.
pub fn edit(
    app: &App,
    id: ThingId,
    activity: &Activity,
    document: Value,
    now: Timestamp,
) -> Result<Activity, Error> {
    let Value::Object(mut given) = document else {
        return Err(Error::invalid("An activity must be a JSON object."));
    };
    given.retain(|key, _| !FIXED.contains(&key.as_str()));
    given.insert("object".to_owned(), json!({}));
    let draft = ActivityDraft::parse(Value::Object(given))?;
    let mut members = members_of(&activity.members);
    members.extend(draft.members);
    let members = members_text(&members);
    Ok(app.store.write(|tx| {
        let mut changed = things::activity(tx, id)?.ok_or(Error::Gone)?;
        changed.members.clone_from(&members);
        changed.updated = now;
        things::put_activity(tx, id, changed.clone());
        Ok(changed)
    })?)
}

/// The streams of an actor that hold what he does. Those of others still hold a withdrawn activity, unseen.
const OWN_STREAMS: &[StreamKind] = &[
    StreamKind::Outbox,
    StreamKind::OutboxMajor,
    StreamKind::OutboxMinor,
    StreamKind::Inbox,
    StreamKind::InboxMajor,
    StreamKind::InboxMinor,
    StreamKind::InboxDirect,
    StreamKind::InboxDirectMajor,
    StreamKind::InboxDirectMinor,
];

/// Takes an activity out of sight, and out of its actor's streams; what it did stays done.
pub fn withdraw(app: &App, id: ThingId, now: Timestamp) -> Result<(), Error> {
    Ok(app.store.write(|tx| {
        let mut activity = things::activity(tx, id)?.ok_or(Error::Gone)?;
        activity.bury(now);
        for kind in OWN_STREAMS {
            streams::remove(tx, Stream::of(activity.actor, *kind), id)?;
        }
        things::put_activity(tx, id, activity);
        Ok(())
    })?)
}
