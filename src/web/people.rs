//! `/main/people`: everybody who has an account here, with a button to follow each.

use crate::app::App;
use crate::auth::Visitor;
use crate::domain::feeds::{self, Paging};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams;
use crate::web::frame::{Face, Frame, show};
use crate::web::home::{self, Pager};
use crate::web::login;
use crate::web::profile::{PEOPLE, older_only};
use crate::web::resetting;
use askama::Template;

/// Somebody with what is between them and the visitor.
#[derive(Debug)]
pub struct Person {
    /// How they look.
    pub face: Face,
    /// Whether they are the visitor.
    pub is_me: bool,
    /// Whether the visitor follows them.
    pub is_followed: bool,
    /// Whether they follow the visitor.
    pub follows_me: bool,
    /// The address of the page where the owner of the server helps them to a new password.
    pub reset: Option<String>,
}

#[derive(Template)]
#[template(path = "people.html", config = "assets/askama.toml")]
struct Everybody<'a> {
    frame: &'a Frame,
    people: Vec<Person>,
    sees_neighbours: bool,
    pager: Pager,
}

impl Person {
    /// Somebody as the visitor of a page sees them; nobody if the person is gone.
    pub fn of(app: &App, frame: &Frame, id: ThingId) -> Result<Option<Person>, Error> {
        let Some(face) = frame.face(app, id)? else {
            return Ok(None);
        };
        let has = |owner: ThingId, kind, thing| {
            streams::contains(&app.store, Stream::of(owner, kind), thing)
        };
        let (is_followed, follows_me) = match &frame.me {
            Some(me) => (
                has(me.id, StreamKind::Following, id)?,
                has(me.id, StreamKind::Followers, id)?,
            ),
            None => (false, false),
        };
        Ok(Some(Person {
            is_me: frame.is_me(id),
            face,
            is_followed,
            follows_me,
            reset: None,
        }))
    }
}

/// `GET /main/people`
pub fn everybody(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    let app = request.app();
    let paging = Paging {
        start: home::start(request)?,
        count: PEOPLE + 1,
    };
    let users = Stream::of(SITE, StreamKind::Users);
    let mut page = feeds::people(&app.store, users, paging, None)?;
    let pager = older_only(&frame, &mut page.items, PEOPLE, |(id, person)| {
        person.key(*id).to_string()
    });
    let mut people = Vec::new();
    for (id, _) in &page.items {
        people.extend(Person::of(app, &frame, *id)?.map(|person| {
            Person {
                reset: (frame.is_owner && !person.is_me)
                    .then(|| resetting::address(&frame, &person.face.nickname)),
                ..person
            }
        }));
    }
    let page = Everybody {
        frame: &frame,
        people,
        sees_neighbours: app.config.federate_lan,
        pager,
    };
    show(visitor, &page)
}
