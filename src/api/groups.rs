//! What belongs to a group: its members, its inbox, its documents (`pump-api.md §4.11`). Whoever may read the group may
//! look; of the inbox and the documents everybody sees what is for them. A group with an id from outside is named by
//! `?id=`.

use crate::api::{feeds, objects, pages};
use crate::auth::Reader;
use crate::domain::circles;
use crate::domain::documents::Finish;
use crate::domain::feeds::{self as streams, Paging};
use crate::domain::names;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::things::Object;

/// `GET /api/group/{key}/members`: who has joined; 403 for whom the group was not posted to, 404, 410.
pub fn members(request: &Request, reader: &Reader) -> Answer {
    let (id, group) = named(request, reader)?;
    let (app, paging) = (request.app(), paging(request)?);
    let stream = Stream::of(id, StreamKind::Members);
    let page = streams::people(&app.store, stream, paging, None)?;
    let heading = heading(request, id, &group, "Members of", "members", Some("person"));
    pages::objects(
        request,
        feeds::viewer(reader),
        &heading,
        &page,
        Finish::PLAIN,
    )
}

/// `GET /api/group/{key}/inbox`: what was posted to the group.
pub fn inbox(request: &Request, reader: &Reader) -> Answer {
    let (id, group) = named(request, reader)?;
    let (app, paging, viewer) = (request.app(), paging(request)?, feeds::viewer(reader));
    let stream = Stream::of(id, StreamKind::Inbox);
    let page = streams::activities(&app.store, stream, paging, viewer, true)?;
    let heading = heading(
        request,
        id,
        &group,
        "Activities for",
        "inbox",
        Some("activity"),
    );
    pages::activities(request, viewer, &heading, &page, Finish::MAJOR)
}

/// `GET /api/group/{key}/documents`: what its members have put into the group.
pub fn documents(request: &Request, reader: &Reader) -> Answer {
    let (id, group) = named(request, reader)?;
    let (app, paging, viewer) = (request.app(), paging(request)?, feeds::viewer(reader));
    let stream = Stream::of(id, StreamKind::Documents);
    let page = streams::objects(&app.store, stream, paging, viewer, true)?;
    let heading = heading(request, id, &group, "Documents of", "documents", None);
    pages::objects(request, viewer, &heading, &page, Finish::MAJOR)
}

/// The group that the request names, if the reader may see it.
pub fn named(request: &Request, reader: &Reader) -> Result<(ThingId, Object), Error> {
    let (id, group) = objects::readable(request, reader, "group")?;
    if !circles::is_group(&group) {
        return Err(Error::not_found("This group is at home on another server."));
    }
    Ok((id, group))
}

/// The group of this server that the request names, for those who push into its inbox.
pub fn here(request: &Request) -> Result<ThingId, Error> {
    let (id, group) = objects::named(request, "group")?;
    if group.deleted.is_some() {
        return Err(Error::Gone);
    }
    if !circles::is_group(&group) {
        return Err(Error::not_found("This group is at home on another server."));
    }
    Ok(id)
}

fn paging(request: &Request) -> Result<Paging, Error> {
    let app = request.app();
    Paging::parse(app.base(), &app.store, request.query_pairs())
}

fn heading(
    request: &Request,
    id: ThingId,
    group: &Object,
    title: &str,
    feed: &'static str,
    object_types: Option<&'static str>,
) -> pages::Heading<'static> {
    let base = request.app().base();
    pages::Heading {
        display_name: format!("{title} {}", pages::name_or_id(base, id, group)),
        url: names::object_feed(base, id, group, feed).to_string(),
        has_id: false,
        object_types,
        author: None,
        more: String::new(),
    }
}
