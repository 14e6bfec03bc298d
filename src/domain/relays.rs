//! What somebody here says in a group of another server, and not to everybody (`pump-api.md §4.11`, `§10.3`, D34). The group's
//! server passes it on to its members, and their servers ask here whether it is so. This server does not know them: it knows
//! whom the group's server told. So that one gets a key with the activity, and whoever shows it reads the activity as the group
//! may. Each file that it shows has a key of its own, in its address. A key is of one thing and one group, opens nothing else, and
//! nothing any more when the post is gone.

use crate::app::App;
use crate::domain::access::Viewer;
use crate::domain::firehose;
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::things::{self, Activity, Address, Object};

/// The member of an activity that holds the key on its way; feeds do not show it.
pub const MEMBER: &str = "relayKey";

/// The argument of an address that holds the key.
pub const ARGUMENT: &str = "relay";

/// The group whose key goes along with an activity to a recipient: the recipient, or else the first one to which it is addressed.
/// Servers keep one copy for all who live there, whoever of them got it first.
pub fn group_for(app: &App, activity: &Activity, recipient: ThingId) -> Result<Option<ThingId>> {
    let mut first = None;
    for address in activity.addresses.each().into_iter().flatten() {
        if let Address::Thing(thing) = *address
            && (first.is_none() || thing == recipient)
            && things::object(&app.store, thing)?.is_some_and(|group| has_key(activity, &group))
        {
            first = Some(thing);
        }
    }
    Ok(first)
}

fn has_key(activity: &Activity, recipient: &Object) -> bool {
    let is_group = recipient.object_type == "group" && !recipient.is_local();
    is_group && activity.remote_id.is_none() && !firehose::is_public(activity)
}

/// The group as which whoever shows the key of an activity reads it; nothing if the key is of no group to which that went.
pub fn group(app: &App, id: ThingId, activity: &Activity, key: &str) -> Result<Option<ThingId>> {
    let object = things::object(&app.store, activity.object)?;
    if activity.verb != "delete" && object.is_some_and(|object| object.deleted.is_some()) {
        return Ok(None);
    }
    addressed(app, activity, id, key)
}

/// As whom whoever shows the key of a file sees the object that it belongs to.
pub fn viewer(app: &App, id: ThingId, object: &Object, key: &str) -> Result<Viewer> {
    let post = match object.post {
        Some(post) => things::activity(&app.store, post)?,
        None => None,
    };
    let person = match post {
        Some(post) => addressed(app, &post, id, key)?,
        None => None,
    };
    Ok(Viewer { person })
}

/// The group for which something that an activity brought has this key.
fn addressed(app: &App, activity: &Activity, thing: ThingId, key: &str) -> Result<Option<ThingId>> {
    if activity.deleted.is_some() {
        return Ok(None);
    }
    for address in activity.addresses.each().into_iter().flatten() {
        if let Address::Thing(group) = *address
            && app.proxies.is_relay_key(thing, group, key)
            && things::object(&app.store, group)?.is_some_and(|group| has_key(activity, &group))
        {
            return Ok(Some(group));
        }
    }
    Ok(None)
}
