//! Conversations: for whom a reply opens the circles of others. Whoever answers what somebody showed to his followers or to a list
//! addresses the same people (`pump-api.md §4.6`, case 6), and all who read what is answered read the answer: an address of a
//! reply that the answered post has, too, reaches whom it reaches there. So an answer has never more readers by it than what it
//! answers, and naming the list of somebody else where he did not show anything to it is of no use (`§4.7`).

use crate::domain::blocks;
use crate::ids::ThingId;
use crate::store::engine::{Read, Result};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity, Address};

/// How many answers to answers are climbed.
const CLIMB_MAX: usize = 32;

/// Whether an address of an activity that names a circle of `owner` (followers, followed people, a list) opens it: the circle is the
/// actor's own, or that of somebody above in the conversation who opened it there.
pub fn opens(
    from: &dyn Read,
    activity: &Activity,
    address: Address,
    owner: ThingId,
) -> Result<bool> {
    if activity.actor == owner {
        return Ok(true);
    }
    let mut next = answered(from, activity)?;
    for _ in 0..CLIMB_MAX {
        let Some(above) = next else { break };
        if !above
            .addresses
            .each()
            .into_iter()
            .flatten()
            .any(|other| *other == address)
        {
            break;
        }
        if above.actor == owner {
            return Ok(true);
        }
        next = answered(from, &above)?;
    }
    Ok(false)
}

/// The post that an activity answers by what it says. Only who could read that stands among its replies; what is said elsewhere
/// about something elsewhere is checked there, not here, and opens nothing.
fn answered(from: &dyn Read, activity: &Activity) -> Result<Option<Activity>> {
    if !matches!(activity.verb.as_str(), "post" | "create" | "update") {
        return Ok(None);
    }
    let said = things::object(from, activity.object)?
        .filter(|said| said.author == Some(activity.actor) && said.deleted.is_none());
    let Some(parent) = said.and_then(|said| said.in_reply_to) else {
        return Ok(None);
    };
    if !streams::contains(
        from,
        Stream::of(parent, StreamKind::Replies),
        activity.object,
    )? {
        return Ok(None);
    }
    let Some(object) = things::object(from, parent)?.filter(|object| object.deleted.is_none())
    else {
        return Ok(None);
    };
    let is_known = object.is_local() || activity.remote_id.is_none();
    match object.post {
        Some(post) if is_known && !blocks::hides(from, &object)? => things::activity(from, post),
        _ => Ok(None),
    }
}
