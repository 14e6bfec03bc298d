//! Activities in ActivityStreams 2. The sentence that says what happened is their `summary`.

use super::node::Node;
use super::object;
use super::picture::{self, Link};
use super::types::{self, Deed};
use crate::wire::json;

/// Writes an activity.
pub(super) fn write(out: &mut json::Object<'_>, node: &Node<'_>) {
    let verb = node.text("verb").unwrap_or_else(|| "post".to_owned());
    let deed = types::deed(&verb, node.has("target"));
    if let Some(deleted) = node.time("deleted") {
        return object::tombstone(out, node, deed.name(), deleted);
    }
    out.text("type", deed.name());
    if let Some(id) = object::id_of(node) {
        out.text("id", &id);
    }
    for (as1, as2) in [("title", "name"), ("content", "summary")] {
        if let Some(text) = node.text(as1) {
            out.text(as2, &text);
        }
    }
    object::times(out, node, &["published", "updated"]);
    let page = node.url("url").map(Link::page);
    picture::urls(out, page.as_slice());
    let actor = node.node("actor");
    if let Some(actor) = &actor {
        object::write(&mut out.object("actor"), actor, 1, None);
    }
    let actor = actor.and_then(|actor| object::id_of(&actor));
    if let Some(about) = node.node("object") {
        let mut member = out.object("object");
        match deed {
            Deed::Undone(undone) => {
                member.text("type", undone);
                if let Some(actor) = &actor {
                    member.text("actor", actor);
                }
                object::write(&mut member.object("object"), &about, 1, None);
            }
            Deed::Done(_) => {
                // Who posts something made it; the activity does not say so twice in ActivityStreams 1.
                let author = actor.as_deref().filter(|_| verb == "post");
                object::write(&mut member, &about, 1, author);
            }
        }
    }
    if let Some(target) = node.node("target") {
        object::write(&mut out.object("target"), &target, 1, None);
    }
    if let Some(generator) = node.node("generator") {
        object::mention(&mut out.object("generator"), &generator);
    }
    object::location(out, node, 0);
    for name in ["to", "cc"] {
        let ids = node.list(name).into_iter().filter_map(object::addressee);
        let ids: Vec<String> = ids.collect();
        if !ids.is_empty() {
            let mut list = out.array(name);
            ids.iter().for_each(|id| list.text(id));
        }
    }
}
