//! `POST /api/reports`: a user tells the owner of the server about a post or a person.

use crate::auth::LocalUser;
use crate::domain::reports;
use crate::http::{Answer, Request, Response};
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Wanted {
    id: String,
    reason: String,
}

/// `POST /api/reports`: `{id, reason}`, where the id is that of a post, an activity or a person. 201 with the number of the
/// report; 400, 403 for what the user may not read, 404, 410, 429.
pub fn add(request: &Request, user: &LocalUser) -> Answer {
    let wanted: Wanted = request.json()?;
    let app = request.app();
    let thing = reports::find(app, &wanted.id)?;
    let id = reports::report(app, user.id(), thing, &wanted.reason, request.now)?;
    let made = json!({ "id": id.0, "published": request.now.to_string() });
    Ok(Response::json(&made).with_status(StatusCode::CREATED))
}
