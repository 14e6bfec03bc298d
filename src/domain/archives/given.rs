//! What a thing that somebody brings along says of itself: its id, what of it is kept as a reference, and the name of one that
//! has no id. Only JSON, nothing of the store.

use crate::wire::draft::Members;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Types of which a reference keeps the name: the names of people and programs are no secrets.
const NAMED: &[&str] = &["person", "service", "application", "organization"];

/// Members of somebody else's thing that are kept.
const REFERENCE: &[&str] = &["id", "objectType", "url"];

/// The id of a thing, if it has one.
pub(super) fn given_id(thing: &Value) -> Option<&str> {
    thing.get("id")?.as_str().filter(|id| !id.is_empty())
}

/// Notes the id that a thing had elsewhere in what is shown of it (`pump-api.md §3.3`).
pub(super) fn note_upstream(members: &mut Members, id: &str) {
    let mut list = match members.remove("upstreamDuplicates") {
        Some(Value::Array(list)) => list,
        Some(Value::Object(keyed)) => keyed.into_iter().map(|(_, id)| id).collect(),
        _ => Vec::new(),
    };
    if !list.iter().any(|known| known == id) {
        list.push(json!(id));
    }
    members.insert("upstreamDuplicates".to_owned(), Value::Array(list));
}

/// Whether it is of a type of which a reference keeps the name.
pub(super) fn is_named(thing: &Value) -> bool {
    let kind = thing.get("objectType").and_then(Value::as_str);
    kind.is_some_and(|kind| NAMED.contains(&kind))
}

/// What is kept of somebody else's thing.
pub(super) fn stripped(thing: &Value) -> Value {
    let mut members = Members::new();
    let kept = REFERENCE
        .iter()
        .chain(["displayName"].iter().filter(|_| is_named(thing)));
    for name in kept {
        if let Some(value) = thing.get(*name) {
            members.insert((*name).to_owned(), value.clone());
        }
    }
    Value::Object(members)
}

/// The name of an activity that has no id: the same text is the same activity.
pub(super) fn hashed(item: &Value) -> String {
    let mut name = "urn:sha256:".to_owned();
    for byte in Sha256::digest(item.to_string()) {
        write!(name, "{byte:02x}").expect("memory");
    }
    name
}
