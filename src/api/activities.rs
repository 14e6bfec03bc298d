//! Single activities (`pump-api.md §4.4`, end): read, corrected, taken out of sight. Neither of the latter changes the
//! object or tells anybody.

use crate::api::{feeds, representation};
use crate::auth::{LocalUser, Reader};
use crate::domain::access::{self, Viewer};
use crate::domain::documents::as2::Kind;
use crate::domain::documents::{Documents, Finish};
use crate::domain::{activities, names, relays};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::ThingId;
use crate::store::things::{Activity, Thing};

/// `GET /api/activity/{key}`: 200 with the activity, 403 for whom it was not addressed to, 404, 410. With a key in `relay`, as
/// a group elsewhere may read it (`pump-api.md §10.3`, D34).
pub fn one(request: &Request, reader: &Reader) -> Answer {
    let (id, activity) = named(request)?;
    let (app, viewer) = (request.app(), feeds::viewer(reader));
    if let Some(key) = request.query(relays::ARGUMENT)
        && let Some(group) = relays::group(app, id, &activity, &key)?
    {
        let documents = Documents::for_relay(app, group, group);
        let text = documents.activity_text(id, &activity, Finish::PLAIN)?;
        return Ok(representation::answer(request, Kind::Activity, text));
    }
    if !access::may_read_activity(&app.store, viewer, &activity)? {
        return Err(Error::forbidden("This activity was not addressed to you."));
    }
    representation::activity(request, viewer, id, &activity)
}

/// `PUT /api/activity/{key}`: the actor changes what the activity says; 200 with the activity.
pub fn update(request: &Request, user: &LocalUser) -> Answer {
    let (id, activity) = own(request, user)?;
    let changed = activities::edit(request.app(), id, &activity, request.json()?, request.now)?;
    let documents = Documents::for_viewer(request.app(), Viewer::user(user.id()));
    Ok(Response::json_text(documents.activity_text(
        id,
        &changed,
        Finish::PLAIN,
    )?))
}

/// `DELETE /api/activity/{key}`: the actor takes it away; 200 with the JSON string `"Deleted"`.
pub fn delete(request: &Request, user: &LocalUser) -> Answer {
    let (id, _) = own(request, user)?;
    activities::withdraw(request.app(), id, request.now)?;
    Ok(Response::json(&"Deleted"))
}

fn own(request: &Request, user: &LocalUser) -> Result<(ThingId, Activity), Error> {
    let (id, activity) = named(request)?;
    if activity.actor != user.id().0 {
        return Err(Error::forbidden("Only the actor can change an activity."));
    }
    Ok((id, activity))
}

fn named(request: &Request) -> Result<(ThingId, Activity), Error> {
    match names::by_key(&request.app().store, request.param("key"))? {
        Some((_, Thing::Activity(activity))) if activity.deleted.is_some() => Err(Error::Gone),
        Some((id, Thing::Activity(activity))) => Ok((id, activity)),
        _ => Err(Error::not_found("There is no such activity.")),
    }
}
