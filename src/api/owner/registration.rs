//! Who can register (`domain/registration.rs`).

use crate::auth::Owner;
use crate::domain::registration;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::store::meta::Registration;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Wanted {
    registration: String,
}

/// `GET /api/owner/registration`: `{registration}`: `open`, `invite` or `closed`.
pub fn get(request: &Request, _: &Owner) -> Answer {
    let app = request.app();
    let mode = registration::mode(app, &app.store)?;
    Ok(Response::json(&json!({ "registration": mode.name() })))
}

/// `PUT /api/owner/registration`: `{registration}`. 200 with the same; 400 for another word, 409 where the configuration has
/// decided.
pub fn put(request: &Request, owner: &Owner) -> Answer {
    let wanted: Wanted = request.json()?;
    registration::set(request.app(), read(&wanted.registration)?)?;
    get(request, owner)
}

/// Reads the word for who can register.
pub fn read(word: &str) -> Result<Registration, Error> {
    Registration::parse(word)
        .ok_or_else(|| Error::invalid("Registration is one of open, invite, closed."))
}
