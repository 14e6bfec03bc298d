//! `/main/albums/{key}/audience`: to whom an album is shown, chosen anew by its owner, who reads who comes to see it by that and who
//! does no more before anything changes.

use super::changing::{own_album, path_of};
use super::counting::{self, COUNTED_MAX};
use crate::auth::{LocalUser, Visitor};
use crate::domain::access::Viewer;
use crate::domain::activities::readdressing::{self, Change};
use crate::domain::{errands, guests};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::things::{self, Activity, Object};
use crate::web::audience::Audience;
use crate::web::composer::audience::Chosen;
use crate::web::composer::choices::Choices;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Face, Frame, show};
use crate::web::login;
use crate::words::marked;
use askama::Template;
use std::collections::BTreeSet;

/// Most people who are named.
const FACES_MAX: usize = 100;

#[derive(Template)]
#[template(path = "album-audience.html", config = "assets/askama.toml")]
struct Asking<'a> {
    frame: &'a Frame,
    key: &'a str,
    name: String,
    url: String,
    choices: Choices,
    problem: Option<String>,
}

/// A part of the page: some people, and what stands above them, for nobody and for everybody.
type Part<'p> = (&'p People, &'static str, &'static str, &'static str);

#[derive(Template)]
#[template(path = "album-audience-sure.html", config = "assets/askama.toml")]
struct Weighing<'a> {
    frame: &'a Frame,
    key: &'a str,
    name: String,
    /// What was chosen, as forms say it.
    fields: Vec<(&'a str, &'a str)>,
    audience: Audience,
    gained: People,
    lost: People,
    /// Pictures in it that were posted to others than those.
    apart: u64,
    /// Whether other servers have something of it that nobody calls back.
    leaves_copies: bool,
    /// Whether links for guests lead to it.
    has_links: bool,
}

impl Weighing<'_> {
    fn parts(&self) -> [Part<'_>; 2] {
        [
            (
                &self.gained,
                marked("Who comes to see it"),
                marked("Nobody more."),
                marked("Everybody on the Internet, with or without an account"),
            ),
            (
                &self.lost,
                marked("Who does not see it any more"),
                marked("Nobody: whoever sees it now still does."),
                marked("Everybody on the Internet but those who are chosen now"),
            ),
        ]
    }
}

/// Some people.
#[derive(Default)]
struct People {
    /// Whether that is everybody on the Internet.
    is_everybody: bool,
    faces: Vec<Face>,
    /// How many more there are.
    more: usize,
}

impl People {
    fn is_nobody(&self) -> bool {
        !self.is_everybody && self.faces.is_empty()
    }
}

/// `GET /main/albums/{key}/audience`: what there is to choose from; 404 for what is no album of the user's.
pub fn ask(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let (_, album, post) = shown_album(request, user)?;
    let chosen = Chosen::of_post(request.app(), user, &post)?;
    show(
        visitor,
        &asking(request, user, &frame, &album, &chosen, None)?,
    )
}

/// `POST /main/albums/{key}/audience`: `audience`, `also`, `names` as the box to post says them. 200 with what that changes; with
/// `sure` it is done, 303 to the album; with `again` the form. 400 with the form; 404.
pub fn choose(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let (id, album, _) = shown_album(request, user)?;
    let form = request.form();
    let chosen = Chosen::of_form(&form);
    let to_album = |done: &str| {
        let path = path_of(user, request.param("key"));
        Ok(see_other(&frame, &format!("{path}{done}")))
    };
    let decided = || {
        let (to, _) = chosen.addresses(app, user)?;
        if !value(&form, "sure").is_empty() {
            readdressing::readdress(app, user.id(), id, &to, request.now)?;
            return Ok(None);
        }
        readdressing::weigh(app, user.id(), id, &to).map(Some)
    };
    if !value(&form, "again").is_empty() {
        let page = asking(request, user, &frame, &album, &chosen, None)?;
        return show(visitor, &page);
    }
    match decided() {
        Ok(None) => to_album("?shown=1"),
        Ok(Some(change)) if change.is_same => to_album(""),
        Ok(Some(change)) => {
            let page = weighing(request, user, &frame, (id, &album), &change, &form)?;
            show(visitor, &page)
        }
        Err(error) => again(visitor, error, |problem| {
            asking(request, user, &frame, &album, &chosen, Some(problem))
        }),
    }
}

/// The album of a user that the path names, and the activity that made it.
fn shown_album(request: &Request, user: &LocalUser) -> Result<(ThingId, Object, Activity), Error> {
    let (id, album) = own_album(request, user, request.param("key"))?;
    let post = match album.post {
        Some(post) => things::activity(&request.app().store, post)?,
        None => None,
    };
    let post = post.ok_or_else(|| {
        Error::not_found("Nobody but you sees this album, and that cannot be changed.")
    })?;
    Ok((id, album, post))
}

fn asking<'a>(
    request: &'a Request,
    user: &LocalUser,
    frame: &'a Frame,
    album: &Object,
    chosen: &Chosen,
    problem: Option<String>,
) -> Result<Asking<'a>, Error> {
    let key = request.param("key");
    Ok(Asking {
        key,
        name: super::name_of(frame, album),
        url: frame.at(&path_of(user, key)),
        choices: Choices::of(request.app(), frame, user, chosen)?,
        problem,
        frame,
    })
}

fn weighing<'a>(
    request: &'a Request,
    user: &LocalUser,
    frame: &'a Frame,
    (id, album): (ThingId, &Object),
    change: &Change,
    form: &'a [(String, String)],
) -> Result<Weighing<'a>, Error> {
    let app = request.app();
    let cards = super::cards(request, frame, Viewer::user(user.id()));
    let mut leaves_copies = change.was_public && !change.is_public;
    for person in &change.lost {
        leaves_copies |= errands::host_of(&app.store, *person)?.is_some();
    }
    let fields = form
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "audience" | "also" | "names"));
    let links = guests::list(app, user.id(), request.now)?;
    Ok(Weighing {
        key: request.param("key"),
        name: super::name_of(frame, album),
        fields: fields
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        audience: cards.audience(&change.then)?,
        gained: people(
            request,
            frame,
            &change.gained,
            change.is_public && !change.was_public,
        )?,
        lost: people(
            request,
            frame,
            &change.lost,
            change.was_public && !change.is_public,
        )?,
        apart: counting::count(&cards, id, Some(&change.then), COUNTED_MAX)?.apart,
        leaves_copies,
        has_links: links
            .iter()
            .any(|made| made.link.thing == id && !made.is_over),
        frame,
    })
}

fn people(
    request: &Request,
    frame: &Frame,
    all: &BTreeSet<ThingId>,
    is_everybody: bool,
) -> Result<People, Error> {
    let mut people = People {
        is_everybody,
        ..People::default()
    };
    // Everybody needs no names.
    for person in all.iter().filter(|_| !is_everybody) {
        match people.faces.len() < FACES_MAX {
            true => people.faces.extend(frame.face(request.app(), *person)?),
            false => people.more += 1,
        }
    }
    Ok(people)
}
