//! What people send: activities and the things in them.

use super::people::Person;
use serde_json::{Value, json};

/// The id of everybody (`pump-api.md §3.1`).
pub(crate) const PUBLIC: &str = "http://activityschema.org/collection/public";

/// An activity that is being written.
#[derive(Clone, Debug)]
pub(crate) struct Activity(pub(crate) Value);

/// `{verb, object}`.
pub(crate) fn activity(verb: &str, object: &Value) -> Activity {
    Activity(json!({ "verb": verb, "object": object }))
}

/// Posts a note.
pub(crate) fn note(content: &str) -> Activity {
    activity("post", &json!({ "objectType": "note", "content": content }))
}

/// Posts a comment on something.
pub(crate) fn comment(content: &str, on: &Value) -> Activity {
    activity(
        "post",
        &json!({ "objectType": "comment", "content": content, "inReplyTo": reference(on) }),
    )
}

/// Everybody, as an address.
pub(crate) fn public() -> Value {
    json!({ "objectType": "collection", "id": PUBLIC })
}

/// The followers of somebody, as an address.
pub(crate) fn followers_of(person: &Person) -> Value {
    json!({
        "objectType": "collection",
        "id": person.url_of(&format!("/api/user/{}/followers", person.nickname)),
    })
}

/// Only `id` and `objectType` of a thing.
#[track_caller]
pub(crate) fn reference(thing: &Value) -> Value {
    assert!(thing["id"].is_string(), "this thing has no id: {thing}");
    json!({ "id": thing["id"], "objectType": thing["objectType"] })
}

impl Activity {
    /// With one more address in `to`.
    pub(crate) fn to(self, who: impl Address) -> Activity {
        self.addressed("to", &who.address())
    }

    /// With one more address in `cc`.
    pub(crate) fn cc(self, who: impl Address) -> Activity {
        self.addressed("cc", &who.address())
    }

    /// With one more address in `bto`.
    pub(crate) fn bto(self, who: impl Address) -> Activity {
        self.addressed("bto", &who.address())
    }

    /// With one more address in `bcc`.
    pub(crate) fn bcc(self, who: impl Address) -> Activity {
        self.addressed("bcc", &who.address())
    }

    /// With a member of the activity.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Activity {
        self.0[name] = value.into();
        self
    }

    /// With a member of its object.
    pub(crate) fn object_with(mut self, name: &str, value: impl Into<Value>) -> Activity {
        self.0["object"][name] = value.into();
        self
    }

    fn addressed(mut self, line: &str, who: &Value) -> Activity {
        if self.0[line].is_null() {
            self.0[line] = json!([]);
        }
        self.0[line]
            .as_array_mut()
            .expect("addresses are a list")
            .push(who.clone());
        self
    }
}

impl From<Activity> for Value {
    fn from(activity: Activity) -> Value {
        activity.0
    }
}

/// What can be addressed.
pub(crate) trait Address {
    fn address(self) -> Value;
}

impl Address for &Person {
    fn address(self) -> Value {
        self.reference()
    }
}

impl Address for Value {
    fn address(self) -> Value {
        self
    }
}

impl Address for &Value {
    fn address(self) -> Value {
        reference(self)
    }
}

/// The strings of one member of each item.
pub(crate) fn each<'v>(items: &'v [Value], member: &str) -> Vec<&'v str> {
    items
        .iter()
        .map(|item| item[member].as_str().unwrap_or_default())
        .collect()
}

/// The ids of the addresses in one line of an activity.
pub(crate) fn addressed<'v>(activity: &'v Value, line: &str) -> Vec<&'v str> {
    let mut ids = activity[line]
        .as_array()
        .map(|list| each(list, "id"))
        .unwrap_or_default();
    ids.sort_unstable();
    ids
}
