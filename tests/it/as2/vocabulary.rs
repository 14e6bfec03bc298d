//! Holds documents against the vocabulary of ActivityStreams 2.0 (and the members that its context has for ActivityPub):
//! known types, known members, values of the right kind, on every level.

use serde_json::Value;

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

const ACTORS: &[&str] = &["Application", "Group", "Organization", "Person", "Service"];

const ACTIVITIES: &[&str] = &[
    "Accept",
    "Activity",
    "Add",
    "Announce",
    "Block",
    "Create",
    "Delete",
    "Dislike",
    "Flag",
    "Follow",
    "Ignore",
    "Invite",
    "Join",
    "Leave",
    "Like",
    "Listen",
    "Offer",
    "Read",
    "Reject",
    "Remove",
    "TentativeAccept",
    "Undo",
    "Update",
    "View",
];

const OBJECTS: &[&str] = &[
    "Article",
    "Audio",
    "Collection",
    "Document",
    "Event",
    "Image",
    "Note",
    "Object",
    "OrderedCollection",
    "OrderedCollectionPage",
    "Page",
    "Place",
    "Question",
    "Tombstone",
    "Video",
];

/// Members that every object can have.
const COMMON: &[&str] = &[
    "type",
    "id",
    "name",
    "summary",
    "content",
    "published",
    "updated",
    "startTime",
    "endTime",
    "duration",
    "attributedTo",
    "inReplyTo",
    "location",
    "attachment",
    "tag",
    "url",
    "icon",
    "image",
    "preview",
    "replies",
    "likes",
    "shares",
    "generator",
    "to",
    "cc",
];

fn own_members(kind: &str) -> &'static [&'static str] {
    match kind {
        "Link" => &["type", "href", "mediaType", "width", "height"],
        "Collection" | "OrderedCollection" => &["totalItems", "first"],
        "OrderedCollectionPage" => &["totalItems", "partOf", "next", "prev", "orderedItems"],
        "Place" => &["latitude", "longitude", "altitude"],
        "Question" => &["oneOf"],
        "Tombstone" => &["formerType", "deleted"],
        _ if ACTORS.contains(&kind) => &[
            "preferredUsername",
            "inbox",
            "outbox",
            "followers",
            "following",
            "liked",
        ],
        _ if ACTIVITIES.contains(&kind) => &["actor", "object", "target"],
        _ => &[],
    }
}

/// Fails the story if a document is not ActivityStreams 2.
#[track_caller]
pub(super) fn holds(document: &Value) {
    assert_eq!(document["@context"], CONTEXT, "{document}");
    let mut document = document.clone();
    document
        .as_object_mut()
        .expect("an object")
        .remove("@context");
    if let Err(wrong) = node(&document) {
        panic!("{wrong} in {document:#}");
    }
}

fn node(value: &Value) -> Result<(), String> {
    let members = value
        .as_object()
        .ok_or_else(|| format!("{value} is no object"))?;
    let kind = value["type"]
        .as_str()
        .ok_or_else(|| format!("no type: {value}"))?;
    if kind != "Link"
        && ![ACTORS, ACTIVITIES, OBJECTS]
            .iter()
            .any(|types| types.contains(&kind))
    {
        return Err(format!("{kind} is no type"));
    }
    for (name, value) in members {
        let is_common = kind != "Link" && COMMON.contains(&name.as_str());
        if !is_common && !own_members(kind).contains(&name.as_str()) {
            return Err(format!("{kind} has no {name}"));
        }
        if !is_right(name, value) {
            return Err(format!("{kind}.{name} is {value}"));
        }
        match value {
            Value::Object(_) => node(value)?,
            Value::Array(list) => list
                .iter()
                .filter(|entry| entry.is_object())
                .try_for_each(node)?,
            _ => {}
        }
    }
    let needed: &[&str] = match kind {
        "Link" => &["href"],
        "OrderedCollectionPage" => &["id", "partOf", "orderedItems"],
        "OrderedCollection" => &["id"],
        "Tombstone" => &["id", "deleted"],
        _ => &[],
    };
    match needed.iter().find(|name| !members.contains_key(**name)) {
        Some(name) => Err(format!("{kind} lacks {name}")),
        None => Ok(()),
    }
}

fn is_right(name: &str, value: &Value) -> bool {
    let is_text = || value.as_str().is_some_and(|text| !text.is_empty());
    let is_link = |value: &Value| {
        let text = value.as_str();
        text.is_some_and(|text| text.contains(':') && !text.contains(' '))
    };
    let is_thing = |value: &Value| value.is_object() || is_link(value);
    match name {
        "type" | "name" | "summary" | "content" | "preferredUsername" | "formerType"
        | "mediaType" | "duration" => is_text(),
        "id" | "href" | "inbox" | "outbox" | "followers" | "following" | "liked" | "next"
        | "prev" | "partOf" => is_link(value),
        "published" | "updated" | "startTime" | "endTime" | "deleted" => value
            .as_str()
            .is_some_and(|text| text.len() == 20 && text.ends_with('Z')),
        "totalItems" | "width" | "height" => value.is_u64(),
        "latitude" | "longitude" | "altitude" => value.is_number(),
        "to" | "cc" => value
            .as_array()
            .is_some_and(|list| !list.is_empty() && list.iter().all(is_link)),
        "attachment" | "tag" | "oneOf" | "orderedItems" => value
            .as_array()
            .is_some_and(|list| list.iter().all(is_thing)),
        "url" => match value {
            Value::Array(list) => list.len() > 1 && list.iter().all(is_thing),
            other => is_thing(other),
        },
        _ => is_thing(value),
    }
}

#[test]
fn the_vocabulary_knows_right_from_wrong() {
    let right = serde_json::json!({ "type": "Note", "id": "tag:x", "content": "hi", "url": { "type": "Link", "href": "http://h/" } });
    assert_eq!(node(&right), Ok(()));
    for (name, value) in [
        ("verb", serde_json::json!("post")),
        ("bto", serde_json::json!(["http://h/"])),
        ("type", serde_json::json!("note")),
        ("published", serde_json::json!("yesterday")),
        ("to", serde_json::json!([])),
        ("image", serde_json::json!({ "type": "Image", "width": 1 })),
    ] {
        let mut wrong = right.clone();
        wrong[name] = value;
        assert!(node(&wrong).is_err(), "{wrong}");
    }
}
