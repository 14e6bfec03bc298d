//! Objects and people in ActivityStreams 2.

use super::node::{Node, is_web};
use super::picture::{self, Link};
use super::{PUBLIC, types};
use crate::clock::Timestamp;
use crate::domain::names;
use crate::wire::json;

/// Deepest nesting of authors, parents and attachments that is written.
const DEPTH_MAX: usize = 4;

/// Most attachments, tags or options of one object that are written.
const PARTS_MAX: usize = 200;

/// Writes an object; `author` is who made it where that is not said inside. What the viewer may not read is a mere id and
/// type in ActivityStreams 1 already.
pub(super) fn write(
    out: &mut json::Object<'_>,
    node: &Node<'_>,
    depth: usize,
    author: Option<&str>,
) {
    let word = node.text("objectType").unwrap_or_default();
    write_as(out, node, types::object_type(&word), depth, author);
}

fn write_as(
    out: &mut json::Object<'_>,
    node: &Node<'_>,
    kind: &'static str,
    depth: usize,
    author: Option<&str>,
) {
    if let Some(deleted) = node.time("deleted") {
        return tombstone(out, node, kind, deleted);
    }
    out.text("type", kind);
    if let Some(id) = id_of(node) {
        out.text("id", &id);
    }
    for (as1, as2) in [
        ("displayName", "name"),
        ("summary", "summary"),
        ("content", "content"),
    ] {
        if let Some(text) = node.text(as1) {
            out.text(as2, &text);
        }
    }
    times(out, node, &["published", "updated", "startTime", "endTime"]);
    made_by(out, node, depth, author);
    if let Some(parent) = node.node("inReplyTo").filter(|_| depth < DEPTH_MAX) {
        write(&mut out.object("inReplyTo"), &parent, depth + 1, None);
    }
    if depth < DEPTH_MAX {
        location(out, node, depth);
    }
    for (name, as2) in [
        ("attachments", "attachment"),
        ("tags", "tag"),
        ("options", "oneOf"),
    ] {
        if as2 != "oneOf" || kind == "Question" {
            parts(out, node, name, as2, depth);
        }
    }
    files(out, node, kind);
    feeds(out, node);
    match kind {
        "Person" | "Group" | "Organization" | "Service" | "Application" => actor(out, node, kind),
        "Collection" => members(out, node),
        "Place" => place(out, node),
        _ => {}
    }
}

/// Writes what is beside the point, such as the application: type, id and name.
pub(super) fn mention(out: &mut json::Object<'_>, node: &Node<'_>) {
    let word = node.text("objectType").unwrap_or_default();
    out.text("type", types::object_type(&word));
    if let Some(id) = id_of(node) {
        out.text("id", &id);
    }
    if let Some(name) = node.text("displayName") {
        out.text("name", &name);
    }
}

/// What a thing is called in ActivityStreams 2: everybody by the id that the vocabulary gives, a person by the page,
/// everything else by its address in the API, or else by its id.
pub(super) fn id_of(node: &Node<'_>) -> Option<String> {
    let id = node.text("id");
    if id.as_deref() == Some(names::PUBLIC) {
        return Some(PUBLIC.to_owned());
    }
    let is_person = node.text("objectType").is_some_and(|word| word == "person");
    let page = node.url("url").filter(|_| is_person);
    let own = || node.below("links", "self")?.url("href");
    page.or_else(own).or(id)
}

/// Writes what is left of something that was deleted.
pub(super) fn tombstone(
    out: &mut json::Object<'_>,
    node: &Node<'_>,
    former: &str,
    deleted: Timestamp,
) {
    out.text("type", "Tombstone");
    if let Some(id) = id_of(node) {
        out.text("id", &id);
    }
    out.text("formerType", former);
    out.text("deleted", &deleted.to_string());
}

/// Writes the times among the members of a thing.
pub(super) fn times(out: &mut json::Object<'_>, node: &Node<'_>, names: &[&str]) {
    for name in names {
        if let Some(time) = node.time(name) {
            out.text(name, &time.to_string());
        }
    }
}

fn made_by(out: &mut json::Object<'_>, node: &Node<'_>, depth: usize, author: Option<&str>) {
    match (node.node("author"), author) {
        (Some(person), _) if depth < DEPTH_MAX => {
            write(&mut out.object("attributedTo"), &person, depth + 1, None);
        }
        (None, Some(id)) => out.text("attributedTo", id),
        _ => {}
    }
}

/// Writes where it was: a place, also where that is not said.
pub(super) fn location(out: &mut json::Object<'_>, node: &Node<'_>, depth: usize) {
    if let Some(place) = node.node("location") {
        let word = place.text("objectType");
        let kind = word.map_or("Place", |word| types::object_type(&word));
        write_as(&mut out.object("location"), &place, kind, depth + 1, None);
    }
}

/// Writes a list of things that the maker put inside: objects, or mere addresses.
fn parts(out: &mut json::Object<'_>, node: &Node<'_>, name: &str, as2: &str, depth: usize) {
    let list = node.list(name);
    if list.is_empty() || depth >= DEPTH_MAX {
        return;
    }
    let mut array = out.array(as2);
    for part in list.into_iter().take(PARTS_MAX) {
        if let Some(below) = Node::read(part) {
            write(&mut array.object(), &below, depth + 1, None);
        } else if let Some(url) = picture::address(part) {
            array.text(&url);
        }
    }
}

/// Writes the page of a thing, its file, and its picture.
fn files(out: &mut json::Object<'_>, node: &Node<'_>, kind: &str) {
    let mut links = Vec::new();
    if let Some(url) = node.url("url") {
        // What has an address here has a page here; other addresses can be anything.
        let is_page = node.has("links");
        links.push(if is_page {
            Link::page(url)
        } else {
            Link::file(url)
        });
    }
    let (small, full) = (Link::media(node, "image"), picture::full(node));
    match kind {
        "Image" => {
            let preview = full.is_some().then_some(small.as_ref()).flatten();
            if let Some(preview) = preview {
                picture::image(out, "preview", preview);
            }
            links.extend(full.or(small));
            return picture::urls(out, &links);
        }
        "Audio" | "Video" => {
            if let Some(secs) = node
                .node("stream")
                .and_then(|stream| stream.count("duration"))
            {
                out.plain("duration", format_args!("PT{secs}S"));
            }
            links.extend(Link::media(node, "stream"));
        }
        "Document" => {
            let file = node.url("fileUrl").map(Link::file);
            links.extend(file.map(|file| file.of_type(node.text("mimeType"))));
        }
        _ => {}
    }
    picture::urls(out, &links);
    match (kind, small, full) {
        ("Person" | "Group" | "Organization", small, full) => {
            if let Some(small) = &small {
                picture::image(out, "icon", small);
            }
            if let Some(full) = &full {
                picture::image(out, "image", full);
            }
        }
        (_, small, full) => {
            if let Some(picture) = full.or(small) {
                picture::image(out, "image", &picture);
            }
        }
    }
}

/// Writes the feeds of an object by their addresses, with totals where they are known.
fn feeds(out: &mut json::Object<'_>, node: &Node<'_>) {
    for name in ["replies", "likes", "shares"] {
        let feed = node.node(name);
        if let Some((feed, url)) = feed.and_then(|feed| feed.url("url").map(|url| (feed, url))) {
            let mut collection = out.object(name);
            collection.text("type", "OrderedCollection");
            collection.text("id", &url);
            if let Some(total) = feed.count("totalItems") {
                collection.number("totalItems", total);
            }
        }
    }
}

/// Writes what somebody who acts has: boxes and circles, by their addresses. The members of a group are who follows it.
fn actor(out: &mut json::Object<'_>, node: &Node<'_>, kind: &str) {
    if let Some(name) = node.text("preferredUsername") {
        out.text("preferredUsername", &name);
    }
    for (link, as2) in [("activity-inbox", "inbox"), ("activity-outbox", "outbox")] {
        let link = node.below("links", link);
        if let Some(url) = link.and_then(|link| link.url("href")) {
            out.text(as2, &url);
        }
    }
    let followers = if kind == "Group" {
        "members"
    } else {
        "followers"
    };
    for (feed, as2) in [
        (followers, "followers"),
        ("following", "following"),
        ("favorites", "liked"),
    ] {
        if let Some(url) = node.node(feed).and_then(|feed| feed.url("url")) {
            out.text(as2, &url);
        }
    }
}

/// Writes how many members a list has, and where they are.
fn members(out: &mut json::Object<'_>, node: &Node<'_>) {
    let Some(members) = node.node("members") else {
        return;
    };
    if let Some(total) = members.count("totalItems") {
        out.number("totalItems", total);
    }
    if let Some(url) = members.url("url") {
        out.text("first", &names::with_argument(&url, "offset", "0"));
    }
}

fn place(out: &mut json::Object<'_>, node: &Node<'_>) {
    let Some(position) = node.node("position") else {
        return;
    };
    for name in ["latitude", "longitude", "altitude"] {
        if let Some(number) = position.number(name) {
            out.raw(name, number);
        }
    }
}

/// The id of somebody to whom an activity is addressed, if it can be fetched or is known by heart.
pub(super) fn addressee(json: &str) -> Option<String> {
    let id = id_of(&Node::read(json)?)?;
    (is_web(&id) || id.contains(':')).then_some(id)
}
