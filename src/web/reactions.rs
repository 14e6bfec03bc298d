//! `/main/reactions`: who likes a post and who shared it, with their faces.

use crate::auth::Visitor;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::web::cards::Cards;
use crate::web::deeds::readable;
use crate::web::frame::{Face, Frame, show};
use crate::web::things::viewer;
use askama::Template;

/// Most people of a kind who are shown.
const PEOPLE_MAX: usize = 200;

#[derive(Template)]
#[template(path = "reactions.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    groups: Vec<Group>,
    back: String,
}

struct Group {
    icon: &'static str,
    words: String,
    faces: Vec<Face>,
    more: u64,
}

/// `GET /main/reactions?object=KEY`: 200 for whoever may read the post; 403, 404, 410.
pub fn reactions(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let viewer = viewer(visitor);
    let key = request.query("object").unwrap_or_default();
    let (id, object) = readable(request, viewer, &key)?;
    let app = request.app();
    let cards = Cards {
        app,
        frame: &frame,
        viewer,
        now: request.now,
    };
    let author = object.author.map(|author| frame.face(app, author));
    let back = match author.transpose()?.flatten() {
        Some(author) => cards.link(id, &object, &author),
        None => frame.at("/"),
    };
    let words = frame.words;
    let (likes, shares) = (u64::from(object.likes), u64::from(object.shares));
    let mut groups = Vec::new();
    if likes > 0 {
        let title = words.count("1 person likes this", "{0} people like this", likes);
        groups.push(group(&cards, "heart-full", title, id, StreamKind::Likes)?);
    }
    if shares > 0 {
        let title = words.count("1 person shared this", "{0} people shared this", shares);
        groups.push(group(&cards, "share", title, id, StreamKind::Shares)?);
    }
    let page = Page {
        frame: &frame,
        groups,
        back,
    };
    show(visitor, &page)
}

fn group(
    cards: &Cards<'_>,
    icon: &'static str,
    words: String,
    id: ThingId,
    kind: StreamKind,
) -> Result<Group, Error> {
    let store = &cards.app.store;
    let stream = Stream::of(id, kind);
    let some = streams::page(store, stream, Start::Newest, PEOPLE_MAX)?.unwrap_or_default();
    let more = streams::total(store, stream)?.saturating_sub(some.len() as u64);
    let mut faces = Vec::new();
    for person in some {
        faces.extend(cards.frame.face(cards.app, person)?);
    }
    Ok(Group {
        icon,
        words,
        faces,
        more,
    })
}
