//! One object of a JSON text, read one level deep: what is not looked at stays text. So a document of many small parts takes
//! no more memory here than its text, and no depth of nesting is too deep.

use crate::clock::Timestamp;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The members of an object, by name.
pub(super) struct Node<'a>(HashMap<String, &'a RawValue>);

impl<'a> Node<'a> {
    /// Reads an object; nothing for other JSON.
    pub(super) fn read(json: &'a str) -> Option<Node<'a>> {
        serde_json::from_str(json).ok().map(Node)
    }

    /// Whether there is such a member.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn member(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.get())
    }

    /// A member that is a text and not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text: String = serde_json::from_str(self.member(name)?).ok()?;
        (!text.is_empty()).then_some(text)
    }

    /// A member that is an object.
    pub(super) fn node(&self, name: &str) -> Option<Node<'a>> {
        Node::read(self.member(name)?)
    }

    /// A member that is an object in this one's member: `links.self`.
    pub(super) fn below(&self, name: &str, inner: &str) -> Option<Node<'a>> {
        self.node(name)?.node(inner)
    }

    /// The entries of a member that is a list, as JSON; none if it is not.
    pub(super) fn list(&self, name: &str) -> Vec<&'a str> {
        let list = self
            .member(name)
            .map(serde_json::from_str::<Vec<&RawValue>>);
        let list = list.and_then(Result::ok).unwrap_or_default();
        list.into_iter().map(RawValue::get).collect()
    }

    /// A member that is a whole number, not below zero.
    pub(super) fn count(&self, name: &str) -> Option<u64> {
        serde_json::from_str(self.member(name)?).ok()
    }

    /// A member that is a number, as it is written.
    pub(super) fn number(&self, name: &str) -> Option<&'a str> {
        let text = self.member(name)?;
        serde_json::from_str::<f64>(text).ok().map(|_| text)
    }

    /// A member that is a time.
    pub(super) fn time(&self, name: &str) -> Option<Timestamp> {
        Timestamp::parse(&self.text(name)?)
    }

    /// A member that is an address in the web.
    pub(super) fn url(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| is_web(text))
    }
}

/// Whether a text is an address in the web.
pub(super) fn is_web(text: &str) -> bool {
    let rest = text
        .strip_prefix("http://")
        .or(text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}
