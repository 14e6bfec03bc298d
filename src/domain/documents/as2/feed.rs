//! Feeds in ActivityStreams 2: an ordered collection with its first page inside, or one of its pages.

use super::node::Node;
use super::{Kind, object};
use crate::wire::json;

/// Where a page of a feed stands.
pub struct At<'a> {
    /// The address of this page alone.
    pub page: &'a str,
    /// Whether the feed itself was asked for, and this is its first page.
    pub is_feed: bool,
}

/// Writes a feed, or a page of it. An empty feed has no first page.
pub(super) fn write(out: &mut json::Object<'_>, node: &Node<'_>, at: &At<'_>) {
    let items = node.list("items");
    if !at.is_feed {
        return page(out, node, at, &items);
    }
    out.text("type", "OrderedCollection");
    if let Some(url) = url_of(node) {
        out.text("id", &url);
    }
    if let Some(name) = node.text("displayName") {
        out.text("name", &name);
    }
    total(out, node);
    if let Some(author) = node
        .node("author")
        .and_then(|author| object::id_of(&author))
    {
        out.text("attributedTo", &author);
    }
    if !items.is_empty() {
        page(&mut out.object("first"), node, at, &items);
    }
}

fn page(out: &mut json::Object<'_>, node: &Node<'_>, at: &At<'_>, items: &[&str]) {
    out.text("type", "OrderedCollectionPage");
    out.text("id", at.page);
    if let Some(url) = url_of(node) {
        out.text("partOf", &url);
    }
    if !at.is_feed {
        total(out, node);
    }
    for name in ["prev", "next"] {
        if let Some(url) = node.below("links", name).and_then(|link| link.url("href")) {
            out.text(name, &url);
        }
    }
    let types = node.list("objectTypes");
    let first: Option<&str> = types
        .first()
        .and_then(|word| serde_json::from_str(word).ok());
    let kind = Kind::of_items(first);
    let mut list = out.array("orderedItems");
    for item in items.iter().filter_map(|item| Node::read(item)) {
        kind.write(&mut list.object(), &item);
    }
}

fn total(out: &mut json::Object<'_>, node: &Node<'_>) {
    if let Some(total) = node.count("totalItems") {
        out.number("totalItems", total);
    }
}

fn url_of(node: &Node<'_>) -> Option<String> {
    node.url("url").or_else(|| node.url("id"))
}
