//! Invitations (`domain/invitations.rs`): `{code, url, state, uses, usesMax, published, expires, note, family, author, members, revoked}`,
//! where `state` is `open`, `used`, `ended` or `revoked`, and `members` are those who came, each with `nickname` and `published`.

use super::listed;
use crate::auth::Owner;
use crate::domain::invitations::{self, Shown, Wanted};
use crate::http::{Answer, Request, Response};
use crate::store::invitations::State;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Asked {
    uses: Option<u32>,
    days: Option<u32>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    family: bool,
}

/// `GET /api/owner/invitations`: all, newest first.
pub fn all(request: &Request, _: &Owner) -> Answer {
    let all = invitations::list(request.app(), request.now)?;
    let items: Vec<Value> = all.iter().map(document).collect();
    Ok(listed(&items))
}

/// `POST /api/owner/invitations`: `{uses, days, note, family}`, each of which may be left out. 201 with the invitation; 400, 409.
pub fn make(request: &Request, owner: &Owner) -> Answer {
    let asked: Asked = request.json()?;
    let wanted = Wanted::new(asked.uses, asked.days, &asked.note)?.to_family(asked.family);
    let app = request.app();
    let code = invitations::make(app, owner.id(), &wanted, request.now)?;
    let made = invitations::one(app, &code, request.now)?;
    Ok(Response::json(&document(&made)).with_status(StatusCode::CREATED))
}

/// `GET /api/owner/invitations/{code}`: 200, 404.
pub fn one(request: &Request, _: &Owner) -> Answer {
    let shown = invitations::one(request.app(), request.param("code"), request.now)?;
    Ok(Response::json(&document(&shown)))
}

/// `DELETE /api/owner/invitations/{code}`: takes it back. 200 with the invitation, 404.
pub fn revoke(request: &Request, owner: &Owner) -> Answer {
    invitations::revoke(request.app(), request.param("code"), request.now)?;
    one(request, owner)
}

fn document(shown: &Shown) -> Value {
    let kept = &shown.invitation;
    let state = match shown.state {
        State::Open => "open",
        State::UsedUp => "used",
        State::Ended => "ended",
        State::Revoked => "revoked",
    };
    let came = kept.came.iter().zip(&shown.came);
    let members: Vec<Value> = came
        .map(|(came, nickname)| json!({ "nickname": nickname, "published": came.at.to_string() }))
        .collect();
    json!({
        "code": shown.code,
        "url": shown.link,
        "state": state,
        "uses": kept.came.len(),
        "usesMax": kept.uses_max,
        "published": kept.created.to_string(),
        "expires": kept.ends.map(|at| at.to_string()),
        "revoked": kept.revoked.map(|at| at.to_string()),
        "note": kept.note,
        "family": kept.is_family,
        "author": shown.by,
        "members": members,
    })
}
