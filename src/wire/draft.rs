//! Activities and objects as strangers send them: checked (`pump-api.md §5.1.1`), scrubbed (`§5.1`) and taken apart into
//! what the rules look at and the members that are kept as they came. Knows no store: whether an id is known, and whose
//! it is, is decided above.

use super::scrub::{WORD_BYTES_MAX, check_object, clean_object, scrub};
use crate::clock::Timestamp;
use crate::error::Error;
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

/// Most addresses of one activity, all four kinds together: each is looked up, stored and shown with the activity.
pub const ADDRESSES_MAX: usize = 1000;

impl ActivityDraft {
    /// Reads an activity; the error says which member is wrong.
    pub fn parse(document: Value) -> Result<ActivityDraft, Error> {
        let Value::Object(mut members) = document else {
            return Err(Error::invalid("An activity must be a JSON object."));
        };
        scrub(&mut members, "the activity")?;
        members.remove("id");
        if let Some(generator) = members.get("generator") {
            check_object(generator, "generator", 0)?;
        }
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
            if let Some(value) = members.get_mut(name) {
                check_object(value, name, 0)?;
                if let Value::Object(below) = value {
                    clean_object(below, 0);
                }
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
        let addressed = ["to", "cc", "bto", "bcc"].map(|name| {
            let list = members.get(name).and_then(Value::as_array);
            list.map_or(0, Vec::len)
        });
        if addressed.iter().sum::<usize>() > ADDRESSES_MAX {
            return Err(Error::Invalid(format!(
                "An activity has at most {ADDRESSES_MAX} addresses. A list reaches more people."
            )));
        }
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

    /// The activity as JSON, but for who is addressed unseen.
    pub fn document(&self) -> Value {
        let mut members = self.members.clone();
        members.insert("verb".to_owned(), self.verb.as_str().into());
        members.insert("object".to_owned(), self.object.document());
        if let Some(target) = &self.target {
            members.insert("target".to_owned(), target.document());
        }
        for (name, list) in [("to", &self.addresses.to), ("cc", &self.addresses.cc)] {
            if !list.is_empty() {
                let list = list.iter().map(ObjectDraft::document);
                members.insert(name.to_owned(), list.collect());
            }
        }
        if let Some(at) = self.published {
            members.insert("published".to_owned(), at.to_string().into());
        }
        Value::Object(members)
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

    /// The object as JSON.
    fn document(&self) -> Value {
        let mut members = self.members.clone();
        let texts = [
            ("id", self.id.clone()),
            ("objectType", self.object_type.clone()),
            ("published", self.published.map(|at| at.to_string())),
        ];
        let nested = [("author", &self.author), ("inReplyTo", &self.in_reply_to)];
        members.extend(
            texts
                .into_iter()
                .filter_map(|(name, text)| Some((name.to_owned(), text?.into()))),
        );
        for (name, object) in nested {
            if let Some(object) = object {
                members.insert(name.to_owned(), object.document());
            }
        }
        Value::Object(members)
    }

    /// A mere reference.
    pub fn reference(id: &str, object_type: &str) -> ObjectDraft {
        ObjectDraft {
            id: Some(id.to_owned()),
            object_type: Some(object_type.to_owned()),
            ..ObjectDraft::default()
        }
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
        Some(Value::String(verb)) if verb.len() > WORD_BYTES_MAX => Err(Error::invalid(
            "The \u{201c}verb\u{201d} of an activity is too long.",
        )),
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
    fn what_is_too_long_or_too_many_is_refused() {
        let note = json!({"objectType": "note", "content": "hi"});
        let with = |name: &str, value: serde_json::Value| {
            let mut object = note.clone();
            object[name] = value;
            json!({"object": object})
        };
        let one = json!({"objectType": "person", "id": "acct:ann@h.test"});
        let many = vec![one; super::ADDRESSES_MAX / 2 + 1];
        for refused in [
            with("id", json!("x".repeat(3000))),
            with("url", json!("x".repeat(3000))),
            with("objectType", json!("x".repeat(300))),
            with("displayName", json!("x".repeat(5000))),
            with("content", json!("x".repeat(200_000))),
            with("content", json!("<i>".repeat(11_000))),
            with("attachments", json!([{"summary": "&".repeat(200_000)}])),
            json!({"verb": "x".repeat(300), "object": note}),
            json!({"object": note, "to": many, "bcc": many}),
        ] {
            let error = ActivityDraft::parse(refused).expect_err("too much");
            assert_eq!(error.status(), 400);
        }
        let fine = json!({"object": note, "to": many});
        ActivityDraft::parse(fine).expect("within the bounds");
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
    fn a_draft_reads_as_it_was_sent_but_for_the_unseen() {
        let sent = json!({
            "verb": "post", "title": "T", "published": "2026-11-20T23:27:48Z", "to": [{"objectType": "person", "id": "acct:b@h.test"}],
            "object": {"objectType": "comment", "content": "Hi", "inReplyTo": {"objectType": "note", "id": "http://h.test/n"}}
        });
        let mut with = sent.clone();
        with["bcc"] = json!([{"objectType": "person", "id": "acct:c@h.test"}]);
        let draft = ActivityDraft::parse(with).expect("an activity");
        assert_eq!(draft.document(), sent);
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
