//! Activities and objects as strangers send them: checked (`pump-api.md §5.1.1`), scrubbed (`§5.1`) and taken apart into
//! what the rules look at and the members that are kept as they came. Knows no store: whether an id is known, and whose
//! it is, is decided above.

use crate::clock::Timestamp;
use crate::error::Error;
use crate::html;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The members of a JSON object.
pub type Members = Map<String, Value>;

/// An activity as it was sent.
#[derive(Debug)]
pub struct ActivityDraft {
    /// What was done; `post` where nothing was said.
    pub verb: String,
    /// Who says to have done it.
    pub actor: Option<ObjectDraft>,
    /// To what.
    pub object: ObjectDraft,
    /// Where to, for `add`, `remove`, `post`.
    pub target: Option<ObjectDraft>,
    /// The four kinds of addresses.
    pub addresses: Addresses<Vec<ObjectDraft>>,
    /// When it was done, if not now.
    pub published: Option<Timestamp>,
    /// All other members, scrubbed.
    pub members: Members,
}

/// One value for each of the four ways to address somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses<T> {
    /// Addressed directly.
    pub to: T,
    /// Addressed as well.
    pub cc: T,
    /// As `to`, seen by the actor only.
    pub bto: T,
    /// As `cc`, seen by the actor only.
    pub bcc: T,
}

/// An object as it was sent.
#[derive(Clone, Debug, Default)]
pub struct ObjectDraft {
    /// Its id, if it has one already.
    pub id: Option<String>,
    /// Its type.
    pub object_type: Option<String>,
    /// Who made it.
    pub author: Option<Box<ObjectDraft>>,
    /// What it answers.
    pub in_reply_to: Option<Box<ObjectDraft>>,
    /// When it was made, if not now.
    pub published: Option<Timestamp>,
    /// All other members, scrubbed.
    pub members: Members,
}

/// Members of objects that only the server or the reader's view sets; what clients send in them is dropped.
const SERVER_MEMBERS: &[&str] = &["liked", "updated", "deleted"];

/// Members that hold the address of a feed. Totals and items in them are the server's.
const FEED_MEMBERS: &[&str] = &[
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

/// Deepest nesting of authors, parents and attachments that is looked into.
const DEPTH_MAX: usize = 8;

impl ActivityDraft {
    /// Reads an activity; the error says which member is wrong.
    pub fn parse(document: Value) -> Result<ActivityDraft, Error> {
        let Value::Object(mut members) = document else {
            return Err(Error::invalid("An activity must be a JSON object."));
        };
        scrub(&mut members, "the activity")?;
        members.remove("id");
        for name in [
            "generator",
            "links",
            "url",
            "updated",
            "received",
            "deleted",
        ] {
            members.remove(name);
        }
        for name in ["provider", "context", "location", "source"] {
            if let Some(value) = members.get(name) {
                check_object(value, name, 0)?;
            }
        }
        if let Some(Value::Object(location)) = members.get_mut("location") {
            location
                .entry("objectType")
                .or_insert_with(|| "place".into());
        }
        let object = take_object(&mut members, "object")?.ok_or_else(|| {
            Error::invalid("An activity needs an \u{201c}object\u{201d}, which is a JSON object.")
        })?;
        Ok(ActivityDraft {
            verb: take_verb(&mut members)?,
            actor: take_object(&mut members, "actor")?,
            object,
            target: take_object(&mut members, "target")?,
            addresses: Addresses {
                to: take_addresses(&mut members, "to")?,
                cc: take_addresses(&mut members, "cc")?,
                bto: take_addresses(&mut members, "bto")?,
                bcc: take_addresses(&mut members, "bcc")?,
            },
            published: take_time(&mut members, "published")?,
            members,
        })
    }

    /// An activity of the server's own making.
    pub fn of(verb: &str, object: ObjectDraft) -> ActivityDraft {
        ActivityDraft {
            verb: verb.to_owned(),
            actor: None,
            object,
            target: None,
            addresses: Addresses::default(),
            published: None,
            members: Members::new(),
        }
    }
}

impl<T> Addresses<T> {
    /// The four, in the order to, cc, bto, bcc.
    pub fn each(&self) -> [&T; 4] {
        [&self.to, &self.cc, &self.bto, &self.bcc]
    }

    /// The same with each value changed, or the first error.
    pub fn try_map<U, E>(
        &self,
        mut change: impl FnMut(&T) -> Result<U, E>,
    ) -> Result<Addresses<U>, E> {
        Ok(Addresses {
            to: change(&self.to)?,
            cc: change(&self.cc)?,
            bto: change(&self.bto)?,
            bcc: change(&self.bcc)?,
        })
    }
}

impl<T> Addresses<Vec<T>> {
    /// Whether nobody is addressed.
    pub fn is_empty(&self) -> bool {
        self.each().iter().all(|list| list.is_empty())
    }
}

impl ObjectDraft {
    /// Reads an object; the error names the wrong member.
    pub fn parse(document: Value) -> Result<ObjectDraft, Error> {
        check_object(&document, "the object", 0)?;
        Ok(ObjectDraft::from_checked(document))
    }

    /// A mere reference.
    pub fn reference(id: &str, object_type: &str) -> ObjectDraft {
        ObjectDraft {
            id: Some(id.to_owned()),
            object_type: Some(object_type.to_owned()),
            ..ObjectDraft::default()
        }
    }

    /// Its plain-text name.
    pub fn display_name(&self) -> Option<&str> {
        self.members.get("displayName").and_then(Value::as_str)
    }

    fn from_checked(document: Value) -> ObjectDraft {
        let Value::Object(mut members) = document else {
            return ObjectDraft::default();
        };
        // The members were scrubbed by the check of the whole; only shapes are left to take.
        clean_object(&mut members, 0);
        let take_text = |members: &mut Members, name: &str| match members.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        };
        let nested = |members: &mut Members, name: &str| {
            members
                .remove(name)
                .map(|value| Box::new(ObjectDraft::from_checked(value)))
        };
        ObjectDraft {
            id: take_text(&mut members, "id"),
            object_type: take_text(&mut members, "objectType"),
            author: nested(&mut members, "author"),
            in_reply_to: nested(&mut members, "inReplyTo"),
            published: take_text(&mut members, "published")
                .and_then(|text| Timestamp::parse(&text)),
            members,
        }
    }
}

/// The text of members without the braces around them, as the store keeps them.
#[expect(clippy::missing_panics_doc, reason = "plain data")]
pub fn members_text(members: &Members) -> String {
    let text = serde_json::to_string(members).expect("plain data becomes JSON");
    text.strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .unwrap_or_default()
        .to_owned()
}

/// The members in a stored text.
pub fn members_of(text: &str) -> Members {
    serde_json::from_str(&format!("{{{text}}}")).unwrap_or_default()
}

fn take_verb(members: &mut Members) -> Result<String, Error> {
    match members.remove("verb") {
        None => Ok("post".to_owned()),
        Some(Value::String(verb)) if !verb.trim().is_empty() => Ok(verb),
        Some(_) => Err(Error::invalid(
            "The \u{201c}verb\u{201d} of an activity must be a text.",
        )),
    }
}

fn take_object(members: &mut Members, name: &str) -> Result<Option<ObjectDraft>, Error> {
    let Some(value) = members.remove(name) else {
        return Ok(None);
    };
    check_object(&value, name, 0)?;
    Ok(Some(ObjectDraft::from_checked(value)))
}

fn take_addresses(members: &mut Members, name: &str) -> Result<Vec<ObjectDraft>, Error> {
    let wrong = || {
        Error::Invalid(format!(
            "\u{201c}{name}\u{201d} must be an array of objects with an id each."
        ))
    };
    match members.remove(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => list
            .into_iter()
            .map(|value| {
                check_object(&value, name, 0)?;
                let address = ObjectDraft::from_checked(value);
                if address.id.is_none() {
                    Err(wrong())
                } else {
                    Ok(address)
                }
            })
            .collect(),
        Some(_) => Err(wrong()),
    }
}

fn take_time(members: &mut Members, name: &str) -> Result<Option<Timestamp>, Error> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Timestamp::parse(&text).map(Some).ok_or_else(|| {
            Error::Invalid(format!(
                "\u{201c}{name}\u{201d} must be a time such as 2026-11-20T23:27:48Z, not {text:?}."
            ))
        }),
        Some(_) => Err(Error::Invalid(format!(
            "\u{201c}{name}\u{201d} must be a time in text."
        ))),
    }
}

/// Scrubs an activity's own level, and everything below it of private keys.
fn scrub(members: &mut Members, what: &str) -> Result<(), Error> {
    remove_private(members);
    members.retain(|_, value| !value.is_null());
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

/// Removes every key that begins with an underscore, at any depth.
fn remove_private(members: &mut Members) {
    members.retain(|key, _| !key.starts_with('_'));
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
fn clean_object(members: &mut Members, depth: usize) {
    remove_private(members);
    members.retain(|key, value| !value.is_null() && !SERVER_MEMBERS.contains(&key.as_str()));
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
fn check_object(value: &Value, what: &str, depth: usize) -> Result<(), Error> {
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
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(Value::Number(_)) if name == "content" || name == "summary" => Ok(()),
        Some(_) => Err(Error::Invalid(format!(
            "\u{201c}{name}\u{201d} of {what} must be a text."
        ))),
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

#[cfg(test)]
mod tests {
    use super::{ActivityDraft, members_of, members_text};
    use serde_json::json;

    #[test]
    fn wrong_types_are_refused_by_name() {
        for (document, word) in [
            (json!([1]), "JSON object"),
            (json!({}), "object"),
            (json!({"object": "x"}), "object"),
            (json!({"verb": 7, "object": {}}), "verb"),
            (json!({"object": {}, "to": {}}), "to"),
            (
                json!({"object": {}, "cc": [{"objectType": "person"}]}),
                "cc",
            ),
            (json!({"object": {"id": 7}}), "id"),
            (json!({"object": {"displayName": {}}}), "displayName"),
            (json!({"object": {"author": "ann"}}), "author"),
            (json!({"object": {"inReplyTo": {"id": []}}}), "id"),
            (json!({"object": {"attachments": {}}}), "attachments"),
            (json!({"object": {"image": "x.jpg"}}), "image"),
            (
                json!({"object": {"image": {"url": "x", "width": "3"}}}),
                "image",
            ),
            (
                json!({"object": {"downstreamDuplicates": [1]}}),
                "downstreamDuplicates",
            ),
            (json!({"object": {}, "published": "yesterday"}), "published"),
            (json!({"object": {}, "location": "home"}), "location"),
        ] {
            let error = ActivityDraft::parse(document.clone())
                .expect_err("refused")
                .public();
            assert!(error.contains(word), "{document}: {error}");
        }
    }

    #[test]
    fn private_and_server_members_go_and_unknown_ones_stay() {
        let draft = ActivityDraft::parse(json!({
            "verb": null, "title": "T", "mood": {"displayName": "sunny", "_x": 1}, "_secret": 1, "generator": {"id": "x"},
            "object": {"objectType": "note", "content": "<script>x</script>Hi", "license": "CC", "liked": true,
                "likes": {"url": "u", "totalItems": 9}, "attachments": [{"content": "<script>y</script>Ho", "_z": 1}]}
        }))
        .expect("an activity");
        assert_eq!(draft.verb, "post");
        assert_eq!(
            json!(draft.members),
            json!({"title": "T", "mood": {"displayName": "sunny"}})
        );
        assert_eq!(
            json!(draft.object.members),
            json!({"content": "Hi", "license": "CC", "likes": {"url": "u"}, "attachments": [{"content": "Ho"}]})
        );
    }

    #[test]
    fn a_number_as_content_becomes_text_and_empty_addresses_count_as_none() {
        let draft = ActivityDraft::parse(json!({"object": {"content": 42}, "to": [], "bcc": []}))
            .expect("an activity");
        assert_eq!(draft.object.members["content"], "42");
        assert!(draft.addresses.is_empty());
    }

    #[test]
    fn stored_members_have_no_braces() {
        let members = members_of(r#""a":1,"b":"{}""#);
        assert_eq!(members_text(&members), r#""a":1,"b":"{}""#);
        assert_eq!(members_text(&members_of("")), "");
    }
}
