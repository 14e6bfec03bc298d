//! `/`: the inbox of whoever is logged in; for everybody else, the welcome.

use crate::auth::{LocalUser, Visitor};
use crate::domain::access::Viewer;
use crate::domain::feeds::{self, Page, Paging};
use crate::domain::names;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::Start;
use crate::store::things::Activity;
use crate::web::cards::{Card, Cards, Time};
use crate::web::confirming;
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::web::manual;
use askama::Template;

/// Posts on a page.
pub const POSTS: usize = 20;

/// Sentences under "Meanwhile".
const SENTENCES: usize = 12;

/// Minor activities that are looked at for them.
const LOOKED_AT: usize = 60;

/// The home page of a user.
#[derive(Template)]
#[template(path = "home.html", config = "assets/askama.toml")]
pub struct Home<'a> {
    frame: &'a Frame,
    cards: Vec<Card<'a>>,
    meanwhile: Vec<(String, Time)>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "welcome.html", config = "assets/askama.toml")]
struct Welcome<'a> {
    frame: &'a Frame,
    picture: Option<&'a str>,
}

/// The ways to the neighbouring pages.
#[derive(Debug, Default)]
pub struct Pager {
    /// The address of the next older page.
    pub older: Option<String>,
    /// The address of the next newer page.
    pub newer: Option<String>,
    /// The key of the newest activity of the first page.
    pub newest: Option<String>,
    /// Whether this is the first page.
    pub is_first: bool,
}

/// `GET /`
pub fn home(request: &Request, visitor: &Visitor) -> Answer {
    if request.app().config.noweb {
        return manual::manual(request, visitor);
    }
    let frame = Frame::of(request, visitor)?;
    if visitor.unconfirmed().is_some() {
        return confirming::first(&frame, hyper::StatusCode::FOUND);
    }
    match visitor.user() {
        Some(user) => show(visitor, &inbox(request, user, &frame)?),
        None => show(
            visitor,
            &Welcome {
                frame: &frame,
                picture: request.app().config.main_image.as_deref(),
            },
        ),
    }
}

/// The home page of a user.
fn inbox<'a>(request: &'a Request, user: &LocalUser, frame: &'a Frame) -> Result<Home<'a>, Error> {
    let app = request.app();
    let viewer = Viewer::user(user.id());
    let cards = Cards {
        app,
        frame,
        viewer,
        now: request.now,
    };
    let major = Stream::of(user.id().0, StreamKind::InboxMajor);
    let start = start(request)?;
    let (page, pager) = page(request, frame, major, start, viewer, false)?;
    let mut meanwhile = Vec::new();
    if pager.is_first {
        let minor = Stream::of(user.id().0, StreamKind::InboxMinor);
        let newest = Paging {
            start: Start::Newest,
            count: LOOKED_AT,
        };
        let page = feeds::activities(&app.store, minor, newest, viewer, false)?;
        // What somebody did is no news to them.
        let others = page
            .items
            .iter()
            .filter(|(_, done)| done.actor != user.id().0);
        for (id, activity) in others.take(SENTENCES) {
            meanwhile.push(cards.sentence(*id, activity)?);
        }
    }
    Ok(Home {
        frame,
        cards: cards.of_page(&page)?,
        meanwhile,
        pager,
    })
}

/// Where the address says that a page starts: `before` or `since` with the key of an activity, else the newest.
pub fn start(request: &Request) -> Result<Start, Error> {
    for (name, start) in [
        ("before", Start::Before as fn(_) -> Start),
        ("since", Start::Since as fn(_) -> Start),
    ] {
        if let Some(key) = request.query(name) {
            return match names::by_key(&request.app().store, &key)? {
                Some((id, _)) => Ok(start(id)),
                None => Err(Error::not_found("There is no such page.")),
            };
        }
    }
    Ok(Start::Newest)
}

/// A page of activities with the ways to its neighbours.
pub fn page(
    request: &Request,
    frame: &Frame,
    stream: Stream,
    start: Start,
    viewer: Viewer,
    is_filtered: bool,
) -> Result<(Page<Activity>, Pager), Error> {
    // One more than is shown tells whether there is another page.
    let paging = Paging {
        start,
        count: POSTS + 1,
    };
    let mut page = feeds::activities(&request.app().store, stream, paging, viewer, is_filtered)?;
    let is_full = page.items.len() > POSTS || page.cut_short;
    let (is_older, is_newer) = match start {
        Start::Since(_) => (true, is_full),
        Start::Before(_) => (is_full, true),
        Start::Newest | Start::Offset(_) => (is_full, false),
    };
    if page.items.len() > POSTS {
        match start {
            Start::Since(_) => drop(page.items.remove(0)),
            _ => page.items.truncate(POSTS),
        }
    }
    let path = frame.here.split('?').next().unwrap_or_default();
    let key = |entry: Option<&(crate::ids::ThingId, Activity)>| {
        entry.map(|(id, activity)| activity.key(*id))
    };
    let older = key(page.items.last()).filter(|_| is_older);
    let newer = key(page.items.first()).filter(|_| is_newer);
    let newest = key(page.items.first()).filter(|_| start == Start::Newest);
    let pager = Pager {
        newest: newest.map(|key| key.to_string()),
        older: older.map(|key| format!("{path}?before={key}")),
        newer: match (newer, start) {
            (Some(key), _) => Some(format!("{path}?since={key}")),
            (None, Start::Newest) => None,
            (None, _) => Some(path.to_owned()),
        },
        is_first: start == Start::Newest,
    };
    Ok((page, pager))
}

/// The way to the login for a visitor who may not see a page, or 403 for a user.
pub fn refused(frame: &Frame) -> Answer {
    if frame.me.is_some() {
        return Err(Error::forbidden("This was not posted to you."));
    }
    login::first(frame)
}
