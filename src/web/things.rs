//! The pages of single posts and activities (`pump-api.md §1.5`): `/{nickname}/{type}/{key}`, `/{nickname}/activity/{key}`.

use crate::auth::Visitor;
use crate::domain::access::{self, Viewer};
use crate::domain::{activities, names};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::streams::Start;
use crate::store::things::{self, Object, Thing};
use crate::web::cards::{Card, Cards, Time};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::refused;
use crate::web::{deeds, text};
use askama::Template;
use hyper::StatusCode;

/// Replies on a page.
const REPLIES: usize = 100;

/// Characters of a post in the title of its page.
const TITLE_CHARS: usize = 60;

#[derive(Template)]
#[template(path = "thing.html", config = "assets/askama.toml")]
struct One<'a> {
    frame: &'a Frame,
    title: String,
    card: Card<'a>,
}

#[derive(Template)]
#[template(path = "activity.html", config = "assets/askama.toml")]
struct Minor<'a> {
    frame: &'a Frame,
    actor: Option<Face>,
    sentence: String,
    time: Time,
}

/// Who looks at a page.
pub fn viewer(visitor: &Visitor) -> Viewer {
    Viewer {
        person: visitor.person(),
    }
}

/// `GET /{nickname}/{type}/{key}`: 200; 404, also where the nickname is not the author's; 410; who may not read it logs in
/// (302) or is refused (403).
pub fn object(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let missing = || Error::not_found("There is no such post.");
    let store = &request.app().store;
    let Some((id, Thing::Object(object))) = names::by_key(store, request.param("key"))? else {
        return Err(missing());
    };
    let kind = request.param("type").to_ascii_lowercase();
    if names::route_type(&object.object_type) != kind
        || object.is_person()
        || object.is_collection()
    {
        return Err(missing());
    }
    is_of(request, object.author)?.ok_or_else(missing)?;
    if !access::may_fetch(store, viewer(visitor), &object)? {
        return refused(&frame);
    }
    if object.deleted.is_some() {
        return Err(Error::Gone);
    }
    one(request, visitor, &frame, (id, &object), |_| {})
}

/// `GET /{nickname}/activity/{key}`: as [`object`], for what somebody did.
pub fn activity(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let missing = || Error::not_found("There is no such activity.");
    let store = &request.app().store;
    let viewer = viewer(visitor);
    let Some((id, Thing::Activity(activity))) = names::by_key(store, request.param("key"))? else {
        return Err(missing());
    };
    is_of(request, Some(activity.actor))?.ok_or_else(missing)?;
    if !access::may_read_activity(store, viewer, &activity)? {
        return refused(&frame);
    }
    if activity.deleted.is_some() {
        return Err(Error::Gone);
    }
    let cards = cards(request, &frame, viewer);
    if activities::is_major(store, &activity)?
        && let Some(card) = cards.of_activity(id, &activity)?
    {
        return show_card(visitor, &frame, card, StatusCode::OK);
    }
    let (sentence, time) = cards.sentence(id, &activity)?;
    let page = Minor {
        frame: &frame,
        actor: frame.face(request.app(), activity.actor)?,
        sentence,
        time,
    };
    show(visitor, &page)
}

/// The page of a post under which a comment could not be posted.
pub fn with_problem(
    request: &Request,
    visitor: &Visitor,
    frame: &Frame,
    object: (ThingId, &Object),
    typed: &str,
    problem: &Error,
) -> Answer {
    let page = one(request, visitor, frame, object, |card| {
        typed.clone_into(&mut card.typed);
        card.problem = Some(frame.words.told(&problem.public()));
    })?;
    Ok(page.with_status(StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::BAD_REQUEST)))
}

/// `GET /main/foot?object=KEY&back=`: the foot of a post, for a page on which it stands and where something happened meanwhile.
pub fn foot_of(request: &Request, visitor: &Visitor) -> Answer {
    let mut frame = Frame::of(request, visitor)?;
    let key = request.query("object").unwrap_or_default();
    let (id, object) = deeds::readable(request, viewer(visitor), &key)?;
    let back = request.query("back").unwrap_or_default();
    frame.here = text::local_path(&back, &frame.root);
    foot(request, visitor, &frame, (id, &object), |_| {})
}

/// The foot of a post, from who likes it to the box for a comment, for the page where it stands.
pub fn foot(
    request: &Request,
    visitor: &Visitor,
    frame: &Frame,
    (id, object): (ThingId, &Object),
    change: impl FnOnce(&mut Card<'_>),
) -> Answer {
    let cards = cards(request, frame, viewer(visitor));
    let missing = || Error::not_found("There is no such post.");
    let mut card = cards.of_object(id, object)?.ok_or_else(missing)?;
    card.is_whole = frame.here.starts_with(&card.link);
    if card.is_whole {
        cards.all_replies(&mut card, Start::Newest, REPLIES)?;
    }
    change(&mut card);
    show(visitor, &card.as_foot())
}

fn one(
    request: &Request,
    visitor: &Visitor,
    frame: &Frame,
    (id, object): (ThingId, &Object),
    change: impl FnOnce(&mut Card<'_>),
) -> Answer {
    let cards = cards(request, frame, viewer(visitor));
    let missing = || Error::not_found("There is no such post.");
    let mut card = cards.of_object(id, object)?.ok_or_else(missing)?;
    let start = match request.query("before") {
        Some(key) => match names::by_key(&request.app().store, &key)? {
            Some((reply, _)) => Start::Before(reply),
            None => return Err(missing()),
        },
        None => Start::Newest,
    };
    cards.all_replies(&mut card, start, REPLIES)?;
    change(&mut card);
    show_card(visitor, frame, card, StatusCode::OK)
}

fn show_card(visitor: &Visitor, frame: &Frame, mut card: Card<'_>, status: StatusCode) -> Answer {
    card.is_whole = true;
    let words = text::summary(card.title.as_deref(), card.content.as_deref(), TITLE_CHARS);
    let title = match words.is_empty() {
        true => frame.fill("A picture by {0}", [&card.author.name]),
        false => format!("{}: {words}", card.author.name),
    };
    let page = One { frame, title, card };
    Ok(show(visitor, &page)?.with_status(status))
}

fn cards<'a>(request: &'a Request, frame: &'a Frame, viewer: Viewer) -> Cards<'a> {
    Cards {
        app: request.app(),
        frame,
        viewer,
        now: request.now,
    }
}

/// Whether the nickname in the path is that of `author`.
fn is_of(request: &Request, author: Option<ThingId>) -> Result<Option<()>, Error> {
    let Some(author) = author else {
        return Ok(None);
    };
    let author = things::object(&request.app().store, author)?;
    let nickname = author.as_ref().and_then(Object::nickname);
    let is_it = nickname.is_some_and(|own| own.eq_ignore_ascii_case(request.param("nickname")));
    Ok(is_it.then_some(()))
}
