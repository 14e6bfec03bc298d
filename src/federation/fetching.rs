//! Asks the home of a person or an object what it is (`pump-api.md §6.3`, step 6).

use super::Speaker;
use super::speaking::{self, Signed};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::names;
use crate::peers::Failure;
use crate::wire::draft::ObjectDraft;

/// What the home of an id says that it is.
pub fn fetch(app: &App, id: &str, now: Timestamp) -> Result<ObjectDraft, Failure> {
    let links = app.peers.links_of(id, now)?;
    let useless = |why: &str| Failure::Useless(format!("{id} {why}"), None);
    let own = links
        .href("self")
        .ok_or_else(|| useless("has no link to itself"))?;
    let said = speaking::ask(app, &Speaker::Host, Signed::Get, own)?;
    if said.status != 200 || !said.content_type.starts_with("application/json") {
        let why = format!("{own} answers {} {}", said.status, said.content_type);
        return Err(Failure::Useless(why, Some(said.status)));
    }
    let document = serde_json::from_slice(&said.body).map_err(|_| useless("is no JSON"))?;
    let draft = ObjectDraft::parse(document).map_err(|error| useless(&error.public()))?;
    match &draft.id {
        Some(found) if names::canonical(found) == names::canonical(id) => Ok(draft),
        _ => Err(useless("is something else at its own address")),
    }
}
