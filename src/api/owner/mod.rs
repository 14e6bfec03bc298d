//! What the owner of the server does through the API, under `/api/owner/`: pump.io has nothing like it. Documents are small
//! JSON objects with times as everywhere, lists are `{"items": […], "totalItems": n}`. 403 for everybody but the owner.

pub mod blocks;
pub mod deliveries;
pub mod invitations;
pub mod neighbours;
pub mod pins;
pub mod registration;
pub mod reports;
pub mod reset_links;
pub mod users;

use crate::http::Response;
use serde_json::{Value, json};

/// A whole list.
fn listed(items: &[Value]) -> Response {
    let total = items.len();
    Response::json(&json!({ "items": items, "totalItems": total }))
}
