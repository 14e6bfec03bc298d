//! The shapes of feed pages (`pump-api.md §3.6`).

use crate::api::representation;
use crate::domain::access::Viewer;
use crate::domain::documents::{self, Documents, Finish};
use crate::domain::feeds::Page;
use crate::domain::names;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::ids::{Base, ThingId};
use crate::store::streams::Start;
use crate::store::things::{self, Activity, Object};
use crate::wire::json;

/// Longest page, in bytes, give or take its last item: a page of long items is short and has a link to the next.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a page says about itself.
pub struct Heading<'a> {
    /// Its title; a page without one would be taken for a feed inside an object.
    pub display_name: String,
    /// The address of the feed, without arguments.
    pub url: String,
    /// Whether the address is the feed's id, too: only the feed of all users has one (`pump-api.md §3.6.6`).
    pub has_id: bool,
    /// The type of the items, where all have the same.
    pub object_types: Option<&'static str>,
    /// Whose feed it is.
    pub author: Option<(ThingId, &'a Object)>,
    /// More for the links to other pages: `&type=person`.
    pub more: String,
}

/// How people are called in titles: the display name, or the nickname.
pub fn name_of(object: &Object) -> String {
    documents::display_name(object)
        .or(object.nickname().map(str::to_owned))
        .unwrap_or_default()
}

/// As [`name_of`]; what has no name is called by its id.
pub fn name_or_id(base: &Base, id: ThingId, object: &Object) -> String {
    let name = name_of(object);
    if name.is_empty() {
        names::object_id(base, id, object).to_string()
    } else {
        name
    }
}

/// A page of activities.
pub fn activities(
    request: &Request,
    viewer: Viewer,
    heading: &Heading<'_>,
    page: &Page<Activity>,
    finish: Finish,
) -> Result<Response, Error> {
    let documents = Documents::for_viewer(request.app(), viewer);
    let id_of = |(id, activity): &(ThingId, Activity)| {
        names::activity_id(request.app().base(), *id, activity)
    };
    write(
        request,
        viewer,
        heading,
        page,
        &id_of,
        |items, (id, activity)| documents.activity_into(&mut items.object(), *id, activity, finish),
    )
}

/// A page of objects or people.
pub fn objects(
    request: &Request,
    viewer: Viewer,
    heading: &Heading<'_>,
    page: &Page<Object>,
    finish: Finish,
) -> Result<Response, Error> {
    let documents = Documents::for_viewer(request.app(), viewer);
    let id_of = |(id, object): &(ThingId, Object)| {
        names::object_id(request.app().base(), *id, object).to_string()
    };
    write(
        request,
        viewer,
        heading,
        page,
        &id_of,
        |items, (id, object)| documents.object_into(&mut items.object(), *id, object, finish),
    )
}

/// A page of replies: they do not repeat what they answer.
pub fn replies(
    request: &Request,
    viewer: Viewer,
    heading: &Heading<'_>,
    page: &Page<Object>,
) -> Result<Response, Error> {
    let documents = Documents::for_viewer(request.app(), viewer);
    let id_of = |(id, object): &(ThingId, Object)| {
        names::object_id(request.app().base(), *id, object).to_string()
    };
    write(request, viewer, heading, page, &id_of, |items, (id, _)| {
        documents.reply_item(items, *id, false).map(|_| ())
    })
}

/// Writes a page whose items are written by `item`.
pub fn write<T>(
    request: &Request,
    viewer: Viewer,
    heading: &Heading<'_>,
    page: &Page<T>,
    id_of: &dyn Fn(&(ThingId, T)) -> String,
    mut item: impl FnMut(&mut json::Array<'_>, &(ThingId, T)) -> crate::store::engine::Result<()>,
) -> Result<Response, Error> {
    let mut text = String::with_capacity(4096 * page.items.len().max(1));
    {
        let mut out = json::Object::open(&mut text);
        out.text("displayName", &heading.display_name);
        if let Some(object_type) = heading.object_types {
            out.array("objectTypes").text(object_type);
        }
        out.text("url", &heading.url);
        if heading.has_id {
            out.text("id", &heading.url);
        }
        let mut shown = 0;
        {
            let mut items = out.array("items");
            for entry in &page.items {
                if items.written_bytes() > PAGE_BYTES_MAX {
                    break;
                }
                item(&mut items, entry)?;
                shown += 1;
            }
        }
        links(&mut out, heading, page, shown, id_of);
        out.number("totalItems", page.total);
        if let Some((id, author)) = heading.author {
            let documents = Documents::for_viewer(request.app(), viewer);
            documents.object_into(&mut out.object("author"), id, author, Finish::PLAIN)?;
        }
    }
    let is_newest = page.paging.start == Start::Newest;
    Ok(representation::feed(request, &heading.url, is_newest, text))
}

/// `prev` leads to newer items, `next` to older ones; no `next` is the end (`pump-api.md §3.6.1`).
fn links<T>(
    out: &mut json::Object<'_>,
    heading: &Heading<'_>,
    page: &Page<T>,
    shown: usize,
    id_of: &dyn Fn(&(ThingId, T)) -> String,
) {
    let (url, more) = (&heading.url, &heading.more);
    let mut links = out.object("links");
    for name in ["first", "self", "current"] {
        links.object(name).text("href", url);
    }
    let (Some(first), Some(last)) = (page.items.first(), page.items.get(shown.wrapping_sub(1)))
    else {
        return;
    };
    let way = |argument, item| names::with_argument(url, argument, &id_of(item)) + more;
    links.object("prev").text("href", &way("since", first));
    let is_more = page.cut_short
        || shown < page.items.len()
        || match page.paging.start {
            Start::Newest => (shown as u64) < page.total,
            Start::Offset(offset) => offset.saturating_add(shown as u64) < page.total,
            Start::Before(_) => shown >= page.paging.count,
            Start::Since(_) => true,
        };
    if is_more {
        links.object("next").text("href", &way("before", last));
    }
}

/// The thing with this id as the author of a page.
pub fn person(request: &Request, id: ThingId) -> Result<Object, Error> {
    things::object(&request.app().store, id)?
        .ok_or_else(|| Error::not_found("There is no such user here."))
}
