//! What becomes of JSON that strangers send before anything looks at it: wrong types are refused by name
//! (`pump-api.md §5.1.1`); private keys, members that only the server sets and harmful HTML go (`§5.1`).

use super::draft::Members;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::html;
use serde_json::Value;

/// Members of objects that only the server or the reader's view sets; what clients send in them is dropped.
const SERVER_MEMBERS: &[&str] = &["liked", "updated", "deleted"];

/// Members that hold the address of a feed. Totals and items in them are the server's.
pub const FEED_MEMBERS: &[&str] = &[
    "likes",
    "replies",
    "shares",
    "members",
    "documents",
    "followers",
    "following",
    "favorites",
    "lists",
];

/// Members with the address of a file that is shown.
pub const FILE_MEMBERS: &[&str] = &["image", "stream", "fullImage"];

/// Deepest nesting of authors, parents and attachments that is looked into.
const DEPTH_MAX: usize = 8;

/// Longest id, address or time, in bytes.
const ADDRESS_BYTES_MAX: usize = 2048;

/// Longest type of an object, and longest verb, in bytes.
pub(super) const WORD_BYTES_MAX: usize = 256;

/// Longest title, in bytes.
const TITLE_BYTES_MAX: usize = 4096;

/// Scrubs an activity's own level, and everything below it of private keys.
pub(super) fn scrub(members: &mut Members, what: &str) -> Result<(), Error> {
    remove_private(members);
    for name in [
        "displayName",
        "title",
        "content",
        "summary",
        "url",
        "id",
        "objectType",
    ] {
        check_text(members, name, what)?;
    }
    clean_html(members);
    Ok(())
}

/// Removes every key that begins with an underscore, and every one without a value, at any depth.
fn remove_private(members: &mut Members) {
    members.retain(|key, value| !key.starts_with('_') && !value.is_null());
    members.values_mut().for_each(remove_private_below);
}

fn remove_private_below(value: &mut Value) {
    match value {
        Value::Object(members) => remove_private(members),
        Value::Array(list) => list.iter_mut().for_each(remove_private_below),
        _ => {}
    }
}

/// Numbers in texts become texts; HTML is cleaned.
fn clean_html(members: &mut Members) {
    for name in ["content", "summary"] {
        match members.get_mut(name) {
            Some(Value::String(text)) => *text = html::clean(text),
            Some(number @ Value::Number(_)) => *number = Value::String(number.to_string()),
            _ => {}
        }
    }
}

/// Cleans one object and the objects in its attachments, tags and location; drops what only the server sets.
pub(super) fn clean_object(members: &mut Members, depth: usize) {
    remove_private(members);
    members.retain(|key, _| !SERVER_MEMBERS.contains(&key.as_str()));
    clean_html(members);
    for name in FEED_MEMBERS {
        let url = members
            .get(*name)
            .and_then(|feed| feed.get("url"))
            .filter(|url| url.is_string())
            .cloned();
        if members.remove(*name).is_some()
            && let Some(url) = url
        {
            members.insert((*name).to_owned(), serde_json::json!({ "url": url }));
        }
    }
    if let Some(flags) = members.remove("pump_io")
        && let Some(picture) = flags.get("fullImage").filter(|picture| picture.is_object())
    {
        members.insert(
            "pump_io".to_owned(),
            serde_json::json!({ "fullImage": picture }),
        );
    }
    // Where somebody else gets a file is nothing to those here.
    for name in FILE_MEMBERS {
        if let Some(Value::Object(file)) = members.get_mut(*name) {
            file.remove("pump_io");
        }
    }
    if let Some(Value::Object(keyed)) = members.get("upstreamDuplicates") {
        let list = keyed.values().cloned().collect();
        members.insert("upstreamDuplicates".to_owned(), Value::Array(list));
    }
    if depth < DEPTH_MAX {
        for name in ["attachments", "tags"] {
            if let Some(Value::Array(list)) = members.get_mut(name) {
                list.iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|below| clean_object(below, depth + 1));
            }
        }
        if let Some(Value::Object(location)) = members.get_mut("location") {
            clean_object(location, depth + 1);
        }
    }
}

/// The checks of `pump-api.md §5.1.1`.
pub(super) fn check_object(value: &Value, what: &str, depth: usize) -> Result<(), Error> {
    let Value::Object(members) = value else {
        return Err(Error::Invalid(format!(
            "\u{201c}{what}\u{201d} must be a JSON object."
        )));
    };
    if depth > DEPTH_MAX {
        return Err(Error::Invalid(format!(
            "\u{201c}{what}\u{201d} is nested too deeply."
        )));
    }
    for name in [
        "id",
        "objectType",
        "displayName",
        "url",
        "content",
        "summary",
        "published",
        "updated",
    ] {
        check_text(members, name, what)?;
    }
    for name in ["author", "inReplyTo"] {
        if let Some(below) = members.get(name).filter(|below| !below.is_null()) {
            check_object(below, name, depth + 1)?;
        }
    }
    match members.get("attachments") {
        None | Some(Value::Null) => {}
        Some(Value::Array(list)) => {
            list.iter()
                .try_for_each(|below| check_object(below, "attachments", depth + 1))?;
        }
        Some(_) => {
            return Err(Error::Invalid(format!(
                "The attachments of {what} must be an array of objects."
            )));
        }
    }
    if let Some(Value::String(published)) = members.get("published")
        && Timestamp::parse(published).is_none()
    {
        return Err(Error::Invalid(format!(
            "\u{201c}published\u{201d} of {what} must be a time such as 2026-11-20T23:27:48Z, not {published:?}."
        )));
    }
    for name in ["upstreamDuplicates", "downstreamDuplicates"] {
        check_duplicates(members.get(name), name)?;
    }
    for name in ["image", "fullImage"] {
        check_picture(members.get(name), name)?;
    }
    Ok(())
}

fn check_text(members: &Members, name: &str, what: &str) -> Result<(), Error> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text)) => check_length(text, name, what),
        Some(Value::Number(_)) if name == "content" || name == "summary" => Ok(()),
        Some(_) => Err(Error::Invalid(format!(
            "\u{201c}{name}\u{201d} of {what} must be a text."
        ))),
    }
}

fn check_length(text: &str, name: &str, what: &str) -> Result<(), Error> {
    let fits = match name {
        "content" | "summary" => html::fits(text),
        "displayName" | "title" => text.len() <= TITLE_BYTES_MAX,
        "objectType" => text.len() <= WORD_BYTES_MAX,
        _ => text.len() <= ADDRESS_BYTES_MAX,
    };
    if fits {
        Ok(())
    } else {
        Err(Error::Invalid(format!(
            "\u{201c}{name}\u{201d} of {what} is too long."
        )))
    }
}

fn check_duplicates(value: Option<&Value>, name: &str) -> Result<(), Error> {
    let fine = match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(list)) => list.iter().all(Value::is_string),
        Some(Value::Object(keyed)) => {
            name == "upstreamDuplicates" && keyed.values().all(Value::is_string)
        }
        Some(_) => false,
    };
    if fine {
        Ok(())
    } else {
        Err(Error::Invalid(format!(
            "\u{201c}{name}\u{201d} must be an array of texts."
        )))
    }
}

fn check_picture(value: Option<&Value>, name: &str) -> Result<(), Error> {
    let fine = match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(picture)) => {
            let number = |key: &str| {
                picture
                    .get(key)
                    .is_none_or(|value| value.is_number() || value.is_null())
            };
            picture.get("url").is_some_and(Value::is_string)
                && ["width", "height", "duration"]
                    .iter()
                    .all(|key| number(key))
        }
        Some(_) => false,
    };
    if fine {
        Ok(())
    } else {
        Err(Error::Invalid(format!(
            "\u{201c}{name}\u{201d} must be an object with a \u{201c}url\u{201d}; its sizes must be numbers."
        )))
    }
}
