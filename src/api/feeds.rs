//! Outboxes ("feeds") and inboxes of users: reading them, and posting (`pump-api.md §1.3`).

use crate::api::{pages, users};
use crate::auth::{LocalUser, Reader};
use crate::domain::access::Viewer;
use crate::domain::activities;
use crate::domain::documents::{Documents, Finish};
use crate::domain::feeds::{self, Paging};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{ThingId, UserId};
use crate::store::keys::{Stream, StreamKind};
use crate::store::things;
use crate::wire::draft::ActivityDraft;

/// What a feed shows.
#[derive(Clone, Copy)]
struct Feed {
    kind: StreamKind,
    /// Its address below the user's.
    path: &'static str,
    /// Its title, before the name of the user.
    title: &'static str,
    finish: Finish,
}

const fn feed(kind: StreamKind, path: &'static str, title: &'static str, finish: Finish) -> Feed {
    Feed {
        kind,
        path,
        title,
        finish,
    }
}

const ALL: Feed = feed(StreamKind::Outbox, "feed", "Activities by", Finish::MINOR);
const MAJOR: Feed = feed(
    StreamKind::OutboxMajor,
    "feed/major",
    "Major activities by",
    Finish::MAJOR,
);
const MINOR: Feed = feed(
    StreamKind::OutboxMinor,
    "feed/minor",
    "Minor activities by",
    Finish::MINOR,
);
const INBOX: Feed = feed(StreamKind::Inbox, "inbox", "Activities for", Finish::MINOR);
const INBOX_MAJOR: Feed = feed(
    StreamKind::InboxMajor,
    "inbox/major",
    "Major activities for",
    Finish::MAJOR,
);
const INBOX_MINOR: Feed = feed(
    StreamKind::InboxMinor,
    "inbox/minor",
    "Minor activities for",
    Finish::MINOR,
);
const DIRECT: Feed = feed(
    StreamKind::InboxDirect,
    "inbox/direct",
    "Activities directly for",
    Finish::MINOR,
);
const DIRECT_MAJOR: Feed = feed(
    StreamKind::InboxDirectMajor,
    "inbox/direct/major",
    "Major activities directly for",
    Finish::MAJOR,
);
const DIRECT_MINOR: Feed = feed(
    StreamKind::InboxDirectMinor,
    "inbox/direct/minor",
    "Minor activities directly for",
    Finish::MINOR,
);

/// `GET /api/user/{nickname}/feed`: everything that a user did, as the reader may see it.
pub fn all(request: &Request, reader: &Reader) -> Answer {
    outbox(request, reader, ALL)
}

/// `GET /api/user/{nickname}/feed/major`: notes, pictures, shares; finished (`pump-api.md §3.7`).
pub fn major(request: &Request, reader: &Reader) -> Answer {
    outbox(request, reader, MAJOR)
}

/// `GET /api/user/{nickname}/feed/minor`: everything else.
pub fn minor(request: &Request, reader: &Reader) -> Answer {
    outbox(request, reader, MINOR)
}

/// `GET /api/user/{nickname}/inbox`: what came for the user; only the user reads it.
pub fn inbox(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, INBOX)
}

/// `GET /api/user/{nickname}/inbox/major`
pub fn inbox_major(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, INBOX_MAJOR)
}

/// `GET /api/user/{nickname}/inbox/minor`
pub fn inbox_minor(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, INBOX_MINOR)
}

/// `GET /api/user/{nickname}/inbox/direct`: what was addressed to the user by name.
pub fn direct(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, DIRECT)
}

/// `GET /api/user/{nickname}/inbox/direct/major`
pub fn direct_major(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, DIRECT_MAJOR)
}

/// `GET /api/user/{nickname}/inbox/direct/minor`
pub fn direct_minor(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, DIRECT_MINOR)
}

/// `POST /api/user/{nickname}/feed`: posts an activity; 200 with the activity, 400 with what is wrong with it
/// (`pump-api.md §4.3`).
pub fn post(request: &Request, user: &LocalUser) -> Answer {
    posted(request, user, |_| Ok(()))
}

/// `POST /api/user/{nickname}/feed/major`: as [`post`], for major activities only.
pub fn post_major(request: &Request, user: &LocalUser) -> Answer {
    posted(request, user, |draft| match is_major(draft) {
        true => Ok(()),
        false => Err(Error::invalid(
            "This is a minor activity; post it to /feed or /feed/minor.",
        )),
    })
}

/// `POST /api/user/{nickname}/feed/minor`: as [`post`], for minor activities only.
pub fn post_minor(request: &Request, user: &LocalUser) -> Answer {
    posted(request, user, |draft| match is_major(draft) {
        true => Err(Error::invalid(
            "This is a major activity; post it to /feed or /feed/major.",
        )),
        false => Ok(()),
    })
}

/// Who looks, for the rules.
pub fn viewer(reader: &Reader) -> Viewer {
    Viewer {
        person: reader.person(),
    }
}

/// Posts a draft for a user with the application that the user speaks through.
pub fn post_draft(
    request: &Request,
    user: &LocalUser,
    draft: &ActivityDraft,
) -> Result<ThingId, Error> {
    let generator = user.generator(&request.app().store)?;
    activities::post(
        request.app(),
        user.id(),
        generator.as_ref(),
        draft,
        request.now,
    )
}

fn outbox(request: &Request, reader: &Reader, feed: Feed) -> Answer {
    let (owner, _) = users::named(request)?;
    let viewer = viewer(reader);
    page(request, viewer, owner, feed, !viewer.is(owner.0))
}

fn own_inbox(request: &Request, user: &LocalUser, feed: Feed) -> Answer {
    let (owner, _) = users::named(request)?;
    user.owning(&request.nickname()?)?;
    page(request, Viewer::user(owner), owner, feed, false)
}

fn page(request: &Request, viewer: Viewer, owner: UserId, feed: Feed, filtered: bool) -> Answer {
    let app = request.app();
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let page = feeds::activities(
        &app.store,
        Stream::of(owner.0, feed.kind),
        paging,
        viewer,
        filtered,
    )?;
    let person = pages::person(request, owner.0)?;
    let nickname = person.nickname().unwrap_or_default();
    let heading = pages::Heading {
        display_name: format!("{} {}", feed.title, pages::name_of(&person)),
        url: format!("{}/api/user/{nickname}/{}", app.base().url(), feed.path),
        has_id: false,
        object_types: Some("activity"),
        author: Some((owner.0, &person)),
        more: String::new(),
    };
    pages::activities(request, viewer, &heading, &page, feed.finish)
}

fn posted(
    request: &Request,
    user: &LocalUser,
    check: impl Fn(&ActivityDraft) -> Result<(), Error>,
) -> Answer {
    users::named(request)?;
    let owner = user.owning(&request.nickname()?)?;
    let draft = ActivityDraft::parse(request.json()?)?;
    check(&draft)?;
    let id = post_draft(request, user, &draft)?;
    let app = request.app();
    let activity = things::activity(&app.store, id)?
        .ok_or_else(|| Error::internal("a posted activity is gone"))?;
    let documents = Documents::for_viewer(app, Viewer::user(owner));
    Ok(Response::json_text(documents.activity_text(
        id,
        &activity,
        Finish::FULL,
    )?))
}

/// Whether what is about to be posted is major (`pump-api.md §4.5`).
fn is_major(draft: &ActivityDraft) -> bool {
    match draft.verb.as_str() {
        "share" | "checkin" => true,
        "post" | "create" => !matches!(
            draft.object.object_type.as_deref(),
            Some("comment" | "collection")
        ),
        _ => false,
    }
}
