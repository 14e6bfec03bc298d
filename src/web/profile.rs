//! The pages of a person: `/{nickname}` with what the visitor may read, followers, following, favorites.

use crate::api::{self, representation};
use crate::auth::{self, Visitor};
use crate::domain::feeds::{self, Paging};
use crate::domain::people as users;
use crate::error::Error;
use crate::http::{Answer, Form, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things;
use crate::web::cards::{Card, Cards};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::{self, POSTS, Pager};
use crate::web::people::Person;
use crate::web::things::viewer;
use askama::Template;
use hyper::header;

/// People on a page.
pub const PEOPLE: usize = 50;

#[derive(Template)]
#[template(path = "profile.html", config = "assets/askama.toml")]
struct Profile<'a> {
    frame: &'a Frame,
    person: Person,
    counts: Counts,
    cards: Vec<Card<'a>>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "followers.html", config = "assets/askama.toml")]
struct Followers<'a> {
    frame: &'a Frame,
    title: String,
    empty: &'static str,
    people: Vec<Person>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "favorites.html", config = "assets/askama.toml")]
struct Favorites<'a> {
    frame: &'a Frame,
    person: Face,
    cards: Vec<Card<'a>>,
    pager: Pager,
}

/// How many of each somebody has.
struct Counts {
    followers: u64,
    following: u64,
    favorites: u64,
}

/// `GET /{nickname}`: the page, or the person in ActivityStreams 2 for who prefers that: like the page for everybody, so
/// that the id of a person leads to the person (`pump-api.md §1.2`, `§1.5`). 406 for who takes neither. Where there are
/// no pages it is the profile of the API, for the same callers.
pub fn profile(request: &Request, visitor: &Visitor) -> Answer {
    let app = request.app();
    if app.config.noweb {
        return api::people::profile(request, &auth::reader(request)?);
    }
    let id = named(request)?;
    let form = Form::of_page(request)?;
    if form == Form::Plain {
        return Ok(page(request, visitor, id)?.with(header::VARY, "Accept"));
    }
    let person = things::object(&app.store, id)?.ok_or(Error::Gone)?;
    representation::object_as(form, request, viewer(visitor), id, &person)
}

fn page(request: &Request, visitor: &Visitor, id: ThingId) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let app = request.app();
    let viewer = viewer(visitor);
    let person = Person::of(app, &frame, id)?.ok_or(Error::Gone)?;
    let outbox = Stream::of(id, StreamKind::OutboxMajor);
    let start = home::start(request)?;
    let (page, pager) = home::page(request, &frame, outbox, start, viewer, !viewer.is(id))?;
    let cards = Cards {
        app,
        frame: &frame,
        viewer,
        now: request.now,
    };
    let total = |kind| streams::total(&app.store, Stream::of(id, kind));
    let page = Profile {
        frame: &frame,
        person,
        counts: Counts {
            followers: total(StreamKind::Followers)?,
            following: total(StreamKind::Following)?,
            favorites: total(StreamKind::Favorites)?,
        },
        cards: cards.of_page(&page)?,
        pager,
    };
    show(visitor, &page)
}

/// `GET /{nickname}/followers`
pub fn followers(request: &Request, visitor: &Visitor) -> Answer {
    let title = |name: &str| format!("Who follows {name}");
    people(
        request,
        visitor,
        StreamKind::Followers,
        title,
        "Nobody yet.",
    )
}

/// `GET /{nickname}/following`
pub fn following(request: &Request, visitor: &Visitor) -> Answer {
    let title = |name: &str| format!("Whom {name} follows");
    people(
        request,
        visitor,
        StreamKind::Following,
        title,
        "Nobody yet.",
    )
}

/// `GET /{nickname}/favorites`: what the person likes and the visitor may read.
pub fn favorites(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let id = named(request)?;
    let app = request.app();
    let viewer = viewer(visitor);
    let paging = Paging {
        start: home::start(request)?,
        count: POSTS + 1,
    };
    let mut page = feeds::favorites(&app.store, id, paging, viewer)?;
    let pager = older_only(&frame, &mut page.items, POSTS, |(id, object)| {
        object.key(*id).to_string()
    });
    let maker = Cards {
        app,
        frame: &frame,
        viewer,
        now: request.now,
    };
    let mut cards = Vec::new();
    for (id, object) in &page.items {
        if !object.is_person() && !object.is_collection() {
            cards.extend(maker.of_object(*id, object)?);
        }
    }
    let page = Favorites {
        frame: &frame,
        person: frame.face(app, id)?.ok_or(Error::Gone)?,
        cards,
        pager,
    };
    show(visitor, &page)
}

fn people(
    request: &Request,
    visitor: &Visitor,
    kind: StreamKind,
    title: impl Fn(&str) -> String,
    empty: &'static str,
) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let id = named(request)?;
    let app = request.app();
    let person = frame.face(app, id)?.ok_or(Error::Gone)?;
    let paging = Paging {
        start: home::start(request)?,
        count: PEOPLE + 1,
    };
    let mut page = feeds::people(&app.store, Stream::of(id, kind), paging, None)?;
    let pager = older_only(&frame, &mut page.items, PEOPLE, |(id, object)| {
        object.key(*id).to_string()
    });
    let mut people = Vec::new();
    for (id, _) in &page.items {
        people.extend(Person::of(app, &frame, *id)?);
    }
    let page = Followers {
        frame: &frame,
        title: title(&person.name),
        empty,
        people,
        pager,
    };
    show(visitor, &page)
}

/// Cuts a page that holds one entry more than it shows, and makes the way on from it.
pub fn older_only<T>(
    frame: &Frame,
    items: &mut Vec<T>,
    count: usize,
    key: impl Fn(&T) -> String,
) -> Pager {
    let is_more = items.len() > count;
    items.truncate(count);
    let path = frame.here.split('?').next().unwrap_or_default();
    let is_first = !frame.here.contains("?before=");
    Pager {
        newest: None,
        older: items
            .last()
            .filter(|_| is_more)
            .map(|last| format!("{path}?before={}", key(last))),
        newer: (!is_first).then(|| path.to_owned()),
        is_first,
    }
}

/// The person whom the path names.
pub fn named(request: &Request) -> Result<ThingId, Error> {
    let (id, _) = users::find(request.app(), &request.nickname()?)?;
    Ok(id.0)
}
