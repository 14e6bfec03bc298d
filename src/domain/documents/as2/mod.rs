//! ActivityStreams 2 (`pump-api.md §3.11`, ActivityStreams 2.0 Core and Vocabulary): what the one serializer wrote for a
//! viewer, in other words. It reads finished ActivityStreams 1 and nothing else, so nobody sees more in one form than in
//! the other; it writes only members of the vocabulary, and `bto` and `bcc` are none of them here, not even for the actor.
//!
//! Things are named as they are fetched: people by their page, everything else by its address in the API.

mod activity;
mod feed;
mod node;
mod object;
mod picture;
mod types;

pub use feed::At;

use crate::wire::json;
use node::Node;

/// The id of everybody.
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// What every document begins with.
const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// What a document of ActivityStreams 1 is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An activity.
    Activity,
    /// An object or a person.
    Object,
    /// An account: in ActivityStreams 2 only its person.
    User,
}

/// A document that the serializer wrote, as ActivityStreams 2.
pub fn document(kind: Kind, as1: &str) -> String {
    of(as1, |out, node| kind.write(out, node))
}

/// A page of a feed that the serializer wrote, as ActivityStreams 2: the collection with its first page, or a page.
pub fn feed(as1: &str, at: &At<'_>) -> String {
    of(as1, |out, node| feed::write(out, node, at))
}

fn of(as1: &str, write: impl FnOnce(&mut json::Object<'_>, &Node<'_>)) -> String {
    let node = Node::read(as1).expect("the serializer writes objects");
    let mut text = String::with_capacity(as1.len());
    let mut out = json::Object::open(&mut text);
    out.text("@context", CONTEXT);
    write(&mut out, &node);
    drop(out);
    text
}

impl Kind {
    /// The kind of the items of a feed by the type that it says they have.
    fn of_items(object_type: Option<&str>) -> Kind {
        match object_type {
            Some("activity") => Kind::Activity,
            Some("user") => Kind::User,
            _ => Kind::Object,
        }
    }

    fn write(self, out: &mut json::Object<'_>, node: &Node<'_>) {
        match self {
            Kind::Activity => activity::write(out, node),
            Kind::Object => object::write(out, node, 0, None),
            Kind::User => {
                if let Some(person) = node.node("profile") {
                    object::write(out, &person, 0, None);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
