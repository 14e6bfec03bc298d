//! Blocks of hosts and of people elsewhere (`domain/blocks.rs`): `{id, reason, published}`, where `id` is a host or the id of a
//! person.

use super::listed;
use crate::auth::Owner;
use crate::domain::blocks;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::store::blocks::Block;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Wanted {
    id: String,
    #[serde(default)]
    reason: String,
}

/// `GET /api/owner/blocks`: all, in the order of their ids.
pub fn all(request: &Request, _: &Owner) -> Answer {
    let all = blocks::list(&request.app().store)?;
    let items: Vec<Value> = all.iter().map(|(id, block)| document(id, block)).collect();
    Ok(listed(&items))
}

/// `POST /api/owner/blocks`: `{id, reason}`: a host, or the id of a person. 201 with the block; 400, 409.
pub fn add(request: &Request, _: &Owner) -> Answer {
    let wanted: Wanted = request.json()?;
    let app = request.app();
    let id = blocks::add(app, &wanted.id, &wanted.reason, request.now)?;
    let made = blocks::one(&app.store, &id)?;
    let made = made.ok_or_else(|| Error::internal("a block is gone"))?;
    Ok(Response::json(&document(&id, &made)).with_status(StatusCode::CREATED))
}

/// `DELETE /api/owner/blocks/{id}`: the id percent-encoded. 200 with `"Deleted."`, 400, 404.
pub fn remove(request: &Request, _: &Owner) -> Answer {
    blocks::remove(request.app(), request.param("id"))?;
    Ok(Response::json(&"Deleted."))
}

fn document(id: &str, block: &Block) -> Value {
    json!({ "id": id, "reason": block.reason, "published": block.created.to_string() })
}
