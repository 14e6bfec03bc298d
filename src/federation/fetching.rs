//! Asks the home of a person or an object what it is (`pump-api.md §6.3`, step 6), and that of an activity what was done.

use super::Speaker;
use super::speaking::{self, Signed};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::{names, relays};
use crate::peers::{Failure, authority};
use crate::wire::draft::ObjectDraft;
use serde_json::Value;

/// What the home of an id says that it is. Of what is inside of it and lives elsewhere only names are left.
pub fn fetch(app: &App, id: &str, now: Timestamp) -> Result<ObjectDraft, Failure> {
    let links = app.peers.links_of(id, now)?;
    let own = links
        .href("self")
        .ok_or_else(|| useless(id, "has no link to itself"))?;
    let document = document(app, own)?;
    let mut draft = ObjectDraft::parse(document).map_err(|error| useless(id, &error.public()))?;
    match &draft.id {
        Some(found) if names::canonical(found) == names::canonical(id) => {}
        _ => return Err(useless(id, "is something else at its own address")),
    }
    let home = authority(id).unwrap_or_default().to_ascii_lowercase();
    keep_own(&mut draft, &home);
    Ok(draft)
}

/// What somebody or something calls itself who is found at an address: an id of the same host.
pub fn name_of(app: &App, address: &str, now: Timestamp) -> Result<String, Failure> {
    let links = app.peers.links_of(address, now)?;
    let own = links.href("self");
    let own = own.ok_or_else(|| useless(address, "has no link to itself"))?;
    let document = document(app, own)?;
    let name = document.get("id").and_then(Value::as_str);
    let home = authority(address).unwrap_or_default();
    let name = name.filter(|name| is_of(home, &names::canonical(name)));
    let name = name.ok_or_else(|| useless(address, "shows something of another server"))?;
    Ok(names::canonical(name).into_owned())
}

/// An activity as it stands at the address that is its id; its server may want the key that came with it.
pub fn fetch_activity(app: &App, id: &str, key: Option<&str>) -> Result<Value, Failure> {
    let found = match key {
        Some(key) => document(app, &names::with_argument(id, relays::ARGUMENT, key))?,
        None => document(app, id)?,
    };
    match found.get("id").and_then(Value::as_str) {
        Some(own) if own == id => Ok(found),
        _ => Err(useless(id, "is something else at its own address")),
    }
}

/// A JSON document that another server shows to this one.
pub fn document(app: &App, url: &str) -> Result<Value, Failure> {
    let said = speaking::ask(app, &Speaker::Host, Signed::Get, url)?;
    if let Some(secs) = said.busy_secs() {
        return Err(Failure::Busy(
            format!("{url} answers {}", said.status),
            secs,
        ));
    }
    if said.status != 200 || !said.content_type.starts_with("application/json") {
        let why = format!("{url} answers {} {}", said.status, said.content_type);
        return Err(Failure::Useless(why, Some(said.status)));
    }
    serde_json::from_slice(&said.body).map_err(|_| useless(url, "is no JSON"))
}

/// Whether an id may be made by a host: it lives there, or nowhere.
pub fn is_of(host: &str, id: &str) -> bool {
    match authority(id) {
        Some(found) => found.eq_ignore_ascii_case(host),
        None => !id.starts_with("http"),
    }
}

/// A mere reference to the same.
pub fn bare(draft: &ObjectDraft) -> ObjectDraft {
    ObjectDraft {
        id: draft.id.clone(),
        object_type: draft.object_type.clone(),
        ..ObjectDraft::default()
    }
}

/// Leaves of the author and the parent of what was fetched from its home only names, where they live elsewhere.
fn keep_own(draft: &mut ObjectDraft, home: &str) {
    for inner in [&mut draft.author, &mut draft.in_reply_to]
        .into_iter()
        .flatten()
    {
        let id = inner.id.as_deref().unwrap_or_default();
        if is_of(home, id) {
            keep_own(inner, home);
        } else {
            **inner = bare(inner);
        }
    }
}

fn useless(what: &str, why: &str) -> Failure {
    Failure::Useless(format!("{what} {why}"), None)
}
