//! Reports (`domain/reports.rs`): `{id, state, published, author, reason, object, resolution, updated}`, where `author` is the
//! nickname of who reports, and `object` what was reported, as that user may read it.

use super::listed;
use crate::auth::Owner;
use crate::domain::access::Viewer;
use crate::domain::documents::{Documents, Finish};
use crate::domain::reports;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::ThingId;
use crate::store::reports::{Part, Report, Resolution};
use crate::store::things::{self, Object};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Wanted {
    resolution: String,
}

/// `GET /api/owner/reports?state=open|done`: those that wait, oldest first (without a state, too), or those that are done.
pub fn all(request: &Request, _: &Owner) -> Answer {
    let part = match request.query("state").as_deref() {
        None | Some("open") => Part::Open,
        Some("done") => Part::Done,
        Some(_) => return Err(Error::invalid("The state is open or done.")),
    };
    let all = reports::list(&request.app().store, part)?;
    let items = all
        .iter()
        .map(|(id, report)| document(request, *id, report));
    let items = items.collect::<Result<Vec<Value>, Error>>()?;
    Ok(listed(&items))
}

/// `GET /api/owner/reports/{id}`: 200, 404.
pub fn one(request: &Request, _: &Owner) -> Answer {
    let id = id_of(request)?;
    let report = reports::one(&request.app().store, id)?;
    Ok(Response::json(&document(request, id, &report)?))
}

/// `PUT /api/owner/reports/{id}`: `{resolution}`: `dismiss`, `delete` (the post) or `suspend` (its author). Closes all reports of
/// the same thing. 200 with the report; 400, 403 for the owner's own account, 404, 409 for one that is done.
pub fn resolve(request: &Request, owner: &Owner) -> Answer {
    let id = id_of(request)?;
    let wanted: Wanted = request.json()?;
    let how = Resolution::parse(&wanted.resolution)
        .ok_or_else(|| Error::invalid("The resolution is one of dismiss, delete, suspend."))?;
    reports::resolve(request.app(), id, how, request.now)?;
    one(request, owner)
}

fn id_of(request: &Request) -> Result<ThingId, Error> {
    let number = request.param("id").parse::<u64>().ok();
    let number = number.filter(|number| *number <= ThingId::MAX.0);
    number
        .map(ThingId)
        .ok_or_else(|| Error::not_found("There is no such report."))
}

fn document(request: &Request, id: ThingId, report: &Report) -> Result<Value, Error> {
    let app = request.app();
    let object = match reports::object_of(&app.store, report)? {
        Some((thing, object)) => {
            let documents = Documents::for_viewer(app, Viewer::user(report.by));
            let text = documents.object_text(thing, &object, Finish::PLAIN)?;
            serde_json::from_str(&text).map_err(Error::internal)?
        }
        None => Value::Null,
    };
    let reporter = things::object(&app.store, report.by.0)?;
    let reporter = reporter.as_ref().and_then(Object::nickname);
    Ok(json!({
        "id": id.0,
        "state": if report.done.is_some() { "done" } else { "open" },
        "published": report.at.to_string(),
        "author": reporter,
        "reason": report.reason,
        "object": object,
        "resolution": report.done.map(|done| done.how),
        "updated": report.done.map(|done| done.at.to_string()),
    }))
}
