//! `/main/people`: everybody who has an account here, whom the user follows, and who follows the user, each with a button to
//! follow them, and a search by name.

use crate::app::App;
use crate::auth::Visitor;
use crate::domain::feeds::{self, Paging};
use crate::domain::invitations;
use crate::error::Error;
use crate::federation::finding;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::Pager;
use crate::web::login;
use crate::web::profile::{PEOPLE, page_of_people};
use crate::words::marked;
use askama::Template;

/// Longest name that is searched for, in characters.
const NAME_CHARS_MAX: usize = 100;

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
    /// Whether the visitor wants to hear nothing of them.
    pub is_blocked: bool,
    /// Whether the visitor muted them.
    pub is_muted: bool,
}

#[derive(Template)]
#[template(path = "people.html", config = "assets/askama.toml")]
struct People<'a> {
    frame: &'a Frame,
    tabs: Vec<Tab>,
    /// What is searched for.
    q: String,
    /// What the search says of another server, if it is an address.
    address: Option<String>,
    people: Vec<Person>,
    sees_neighbours: bool,
    may_invite: bool,
    /// What stands where nobody is.
    empty: &'a str,
    pager: Pager,
}

/// One of the parts of the page.
struct Tab {
    path: &'static str,
    words: String,
    is_here: bool,
}

impl People<'_> {
    /// The query that asks for an address.
    fn asked(&self, address: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("address", address).finish()
    }
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
            is_blocked: false,
            is_muted: false,
        }))
    }
}

/// `GET /main/people?show=following`, `?show=followers`, `?q=NAME`
pub fn people(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let person = user.id().0;
    let users = Stream::of(SITE, StreamKind::Users);
    let following = Stream::of(person, StreamKind::Following);
    let followers = Stream::of(person, StreamKind::Followers);
    let shown = request.query("show").unwrap_or_default();
    let q: String = request.query("q").unwrap_or_default();
    let q: String = q.trim().chars().take(NAME_CHARS_MAX).collect();
    let (stream, empty) = match shown.as_str() {
        "following" => (following, marked("You follow nobody yet.")),
        "followers" => (followers, marked("Nobody follows you yet.")),
        _ => (users, marked("Nobody has an account here.")),
    };
    let (people, pager) = match q.is_empty() {
        true => page_of_people(request, &frame, stream)?,
        false => (
            named_so(app, &frame, &[users, following, followers], &q)?,
            Pager {
                is_first: true,
                ..Pager::default()
            },
        ),
    };
    let tab = |path, words: &str, stream, is_here: bool| -> Result<Tab, Error> {
        Ok(Tab {
            path,
            words: frame.fill(words, [streams::total(&app.store, stream)?]),
            is_here: is_here && q.is_empty(),
        })
    };
    let page = People {
        tabs: vec![
            tab("/main/people", marked("Here ({0})"), users, stream == users)?,
            tab(
                "/main/people?show=following",
                marked("You follow ({0})"),
                following,
                stream == following,
            )?,
            tab(
                "/main/people?show=followers",
                marked("Follow you ({0})"),
                followers,
                stream == followers,
            )?,
        ],
        empty: match q.is_empty() {
            true => frame.say(empty),
            false => frame.say(
                "Nobody of that name is here or follows you, and you follow nobody of that name.",
            ),
        },
        address: (!finding::ids_of(&q).is_empty()).then(|| q.clone()),
        q,
        people,
        sees_neighbours: app.config.federate_lan,
        may_invite: invitations::check_inviter(&app.store, user.id()).is_ok(),
        pager,
        frame: &frame,
    };
    show(visitor, &page)
}

/// The people of these streams whose names contain `q`, each once.
fn named_so(app: &App, frame: &Frame, streams: &[Stream], q: &str) -> Result<Vec<Person>, Error> {
    let mut found: Vec<Person> = Vec::new();
    for stream in streams {
        for id in named_in(app, *stream, q, PEOPLE)? {
            if !found.iter().any(|person| person.face.id == id) {
                found.extend(Person::of(app, frame, id)?);
            }
        }
    }
    found.sort_by_key(|person| person.face.name.to_lowercase());
    Ok(found)
}

/// At most so many people of a stream whose names, or whose names among all servers, contain `q`.
pub fn named_in(app: &App, stream: Stream, q: &str, count: usize) -> Result<Vec<ThingId>, Error> {
    let paging = Paging {
        start: Start::Newest,
        count,
    };
    let q = q.trim_start_matches('@');
    let page = feeds::people(&app.store, stream, paging, Some(q))?;
    Ok(page.items.into_iter().map(|(id, _)| id).collect())
}
