//! `/main/requests`: what strangers of other servers sent, and what to do about each: let them in, follow them, take it away,
//! or hear of them no more (`domain/requests.rs`).

use crate::app::App;
use crate::auth::Visitor;
use crate::domain::access::Viewer;
use crate::domain::feeds::{self, Paging};
use crate::domain::{names, requests};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::{ThingId, UserId};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::Start;
use crate::store::things::{Activity, Thing};
use crate::web::cards::{Card, Cards, Time};
use crate::web::deeds;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::{self, Pager};
use crate::web::login;
use crate::web::people::Person;
use askama::Template;

/// People whom somebody blocks, on the page.
const BLOCKED_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "requests.html", config = "assets/askama.toml")]
struct Requests<'a> {
    frame: &'a Frame,
    rows: Vec<Row<'a>>,
    blocked: Vec<Face>,
    pager: Pager,
    problem: Option<String>,
}

/// A request.
struct Row<'a> {
    /// The key of the activity.
    key: String,
    person: Person,
    /// What it brings, if that has a card.
    card: Option<Card<'a>>,
    /// What happened, where there is no card.
    sentence: (String, Time),
}

/// `GET /main/requests`
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    show(visitor, &page(request, &frame, user.id(), None)?)
}

/// `POST /main/requests`: `request` (the key of one) or `person` (a key), and `deed`: `accept`, `delete`, `block`, `unblock`.
/// 303 back to the page; what is done already is no error.
pub fn decide(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let done = done(request, user.id(), &form);
    match done {
        Ok(()) | Err(Error::NotFound(_)) => Ok(see_other(&frame, "/main/requests")),
        Err(error) => again(visitor, error, |problem| {
            page(request, &frame, user.id(), Some(problem))
        }),
    }
}

/// `POST /main/block`: `key` (of somebody of another server), `back`. 303 back; 409 for whom the user follows.
pub fn block(request: &Request, visitor: &Visitor) -> Answer {
    on_person(request, visitor, |app, user, person| {
        requests::refuse(app, user, person)
    })
}

/// `POST /main/unblock`: the same the other way.
pub fn unblock(request: &Request, visitor: &Visitor) -> Answer {
    on_person(request, visitor, |app, user, person| {
        requests::pardon(app, user, person).map(drop)
    })
}

fn on_person(
    request: &Request,
    visitor: &Visitor,
    deed: impl Fn(&App, UserId, ThingId) -> Result<(), Error>,
) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (person, _, place) = deeds::meant(request, &form)?;
    deed(request.app(), user.id(), person)?;
    Ok(deeds::back(&frame, &form, &place))
}

fn done(request: &Request, user: UserId, form: &[(String, String)]) -> Result<(), Error> {
    let app = request.app();
    let thing = |name| names::by_key(&app.store, value(form, name));
    let asked = || match thing("request")? {
        Some((id, Thing::Activity(activity))) => Ok((id, activity)),
        _ => Err(Error::not_found("You have no such request.")),
    };
    match value(form, "deed") {
        "accept" => requests::accept(app, user, asked()?.0, request.now).map(drop),
        "delete" => requests::delete(app, user, asked()?.0),
        "block" => requests::refuse(app, user, asked()?.1.actor),
        "unblock" => match thing("person")? {
            Some((id, _)) => requests::pardon(app, user, id).map(drop),
            None => Ok(()),
        },
        _ => Err(Error::invalid("Choose what to do about the request.")),
    }
}

fn page<'a>(
    request: &'a Request,
    frame: &'a Frame,
    user: UserId,
    problem: Option<String>,
) -> Result<Requests<'a>, Error> {
    let app = request.app();
    let viewer = Viewer::user(user);
    let stream = Stream::of(user.0, StreamKind::Requests);
    let start = home::start(request)?;
    let (page, pager) = home::page(request, frame, stream, start, viewer, true)?;
    let cards = Cards {
        app,
        frame,
        viewer,
        now: request.now,
    };
    let mut rows = Vec::new();
    for (id, activity) in &page.items {
        rows.extend(row(request, &cards, *id, activity)?);
    }
    let refused = Stream::of(user.0, StreamKind::Refused);
    let newest = Paging {
        start: Start::Newest,
        count: BLOCKED_SHOWN,
    };
    let blocked = feeds::people(&app.store, refused, newest, None)?.items;
    let blocked = blocked
        .iter()
        .map(|(id, person)| frame.face_of(*id, person));
    Ok(Requests {
        frame,
        rows,
        blocked: blocked.collect(),
        pager,
        problem,
    })
}

fn row<'a>(
    request: &Request,
    cards: &Cards<'a>,
    id: ThingId,
    activity: &Activity,
) -> Result<Option<Row<'a>>, Error> {
    let person = Person::of(request.app(), cards.frame, activity.actor)?;
    let (card, sentence) = (
        cards.of_activity(id, activity)?,
        cards.sentence(id, activity)?,
    );
    Ok(person.map(|person| Row {
        key: activity.key(id).to_string(),
        person,
        card,
        sentence,
    }))
}
