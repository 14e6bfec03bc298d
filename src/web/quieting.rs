//! What somebody does not want to see at home: `/main/hide` and `/main/unhide` a post, `/main/mute` and `/main/unmute` a person, and
//! `/main/muted`, where all of it stands to be taken back. Where scripts run, a sentence with the way back takes the place of the post.

use crate::auth::{LocalUser, Visitor};
use crate::domain::access::Viewer;
use crate::domain::names;
use crate::domain::quiet;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::streams::{self, Start};
use crate::store::things::{self, Thing};
use crate::web::cards::Cards;
use crate::web::deeds::{back, readable};
use crate::web::forms::value;
use crate::web::frame::{Face, Frame, show};
use crate::web::{login, text};
use crate::wire::draft::members_of;
use askama::Template;
use serde_json::Value;

/// Characters of a hidden post that are shown.
const WORDS_SHOWN: usize = 80;

/// Entries of the page.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "muted.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    people: Vec<Face>,
    posts: Vec<Hidden>,
}

struct Hidden {
    key: String,
    url: String,
    author: String,
    words: String,
}

/// What stands where a post was.
#[derive(Template)]
#[template(path = "parts/quieted.html", config = "assets/askama.toml")]
struct Quieted<'a> {
    frame: &'a Frame,
    words: String,
    /// The form that takes it back, and what it sends.
    undo: &'static str,
    key: &'a str,
    post: &'a str,
}

/// `POST /main/hide`: `object` (a key), `back`. 303; the sentence where a page wants a part.
pub fn hide(request: &Request, visitor: &Visitor) -> Answer {
    on_post(request, visitor, |user, post| {
        quiet::hide(request.app(), user.id(), post)
    })
}

/// `POST /main/unhide`: as [`hide`]; the post where a page wants a part.
pub fn unhide(request: &Request, visitor: &Visitor) -> Answer {
    on_post(request, visitor, |user, post| {
        quiet::unhide(request.app(), user.id(), post)
    })
}

/// `POST /main/mute`: `person` (a key), `object` (the key of the post from which it was asked, or nothing), `back`. 303; the sentence
/// where a page wants a part.
pub fn mute(request: &Request, visitor: &Visitor) -> Answer {
    on_person(request, visitor, |user, person| {
        quiet::mute(request.app(), user.id(), person)
    })
}

/// `POST /main/unmute`: as [`mute`]; the post where a page wants a part.
pub fn unmute(request: &Request, visitor: &Visitor) -> Answer {
    on_person(request, visitor, |user, person| {
        quiet::unmute(request.app(), user.id(), person)
    })
}

/// `GET /main/muted`
pub fn muted(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let cards = cards(request, &frame, user);
    let some = |stream| streams::page(&app.store, stream, Start::Newest, SHOWN);
    let mut people = Vec::new();
    for person in some(quiet::muted(user.id()))?.unwrap_or_default() {
        people.extend(frame.face(app, person)?);
    }
    let mut posts = Vec::new();
    for id in some(quiet::hidden(user.id()))?.unwrap_or_default() {
        let Some(object) = things::object(&app.store, id)?.filter(|post| post.deleted.is_none())
        else {
            continue;
        };
        let author = object.author.map(|author| frame.face(app, author));
        let Some(author) = author.transpose()?.flatten() else {
            continue;
        };
        let members = members_of(&object.members);
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        posts.push(Hidden {
            key: object.key(id).to_string(),
            url: cards.link(id, &object, &author),
            words: text::summary(text("displayName"), text("content"), WORDS_SHOWN),
            author: author.name,
        });
    }
    let page = Page {
        frame: &frame,
        people,
        posts,
    };
    show(visitor, &page)
}

fn on_post(
    request: &Request,
    visitor: &Visitor,
    quieten: impl FnOnce(&LocalUser, ThingId) -> Result<(), Error>,
) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let key = value(&form, "object");
    let (id, _) = readable(request, Viewer::user(user.id()), key)?;
    quieten(user, id)?;
    if !request.is_for_part() {
        return Ok(back(&frame, &form, key));
    }
    let is_hidden = streams::contains(&request.app().store, quiet::hidden(user.id()), id)?;
    if !is_hidden {
        return again(request, visitor, user, frame, &form);
    }
    let sentence = Quieted {
        words: frame.say("You do not see this post any more.").to_owned(),
        frame: &frame,
        undo: "/main/unhide",
        key: "",
        post: key,
    };
    show(visitor, &sentence)
}

fn on_person(
    request: &Request,
    visitor: &Visitor,
    quieten: impl FnOnce(&LocalUser, ThingId) -> Result<(), Error>,
) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let key = value(&form, "person");
    let store = &request.app().store;
    let Some((person, Thing::Object(found))) = names::by_key(store, key)? else {
        return Err(Error::not_found("There is no such person here."));
    };
    quieten(user, person)?;
    let post = value(&form, "object");
    if !request.is_for_part() {
        return Ok(back(&frame, &form, post));
    }
    if !streams::contains(store, quiet::muted(user.id()), person)? {
        return again(request, visitor, user, frame, &form);
    }
    let name = frame.face_of(person, &found).name;
    let sentence = Quieted {
        words: frame.fill(
            "Posts of {0} do not come to your home any more. Messages do.",
            [name],
        ),
        frame: &frame,
        undo: "/main/unmute",
        key,
        post,
    };
    show(visitor, &sentence)
}

/// The post as it was before.
fn again(
    request: &Request,
    visitor: &Visitor,
    user: &LocalUser,
    mut frame: Frame,
    form: &[(String, String)],
) -> Answer {
    frame.here = text::local_path(value(form, "back"), &frame.root);
    let (id, object) = readable(request, Viewer::user(user.id()), value(form, "object"))?;
    let card = cards(request, &frame, user).of_object(id, &object)?;
    let missing = || Error::not_found("There is no such post.");
    show(visitor, &card.ok_or_else(missing)?)
}

fn cards<'a>(request: &'a Request, frame: &'a Frame, user: &LocalUser) -> Cards<'a> {
    Cards {
        app: request.app(),
        frame,
        viewer: Viewer::user(user.id()),
        now: request.now,
    }
}
