//! `/main/search`: people, tags and posts that have what somebody typed; `/main/tag/{tag}`: what has a tag. Both show only what
//! whoever asks may see.

use crate::auth::Visitor;
use crate::domain::access::Viewer;
use crate::domain::search::{self, Found, QUERY_BYTES_MAX, Query};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::web::cards::{Card, Cards};
use crate::web::frame::{Frame, show};
use crate::web::hashtags;
use crate::web::login;
use crate::web::people::Person;
use crate::web::things::viewer;
use askama::Template;

/// Posts on a page.
const POSTS: usize = 20;

/// People that are found at once.
const PEOPLE: usize = 8;

/// Tags that are found at once.
const TAGS: usize = 8;

#[derive(Template)]
#[template(path = "search.html", config = "assets/askama.toml")]
struct Search<'a> {
    frame: &'a Frame,
    q: String,
    /// Whether there is something to look for.
    is_asked: bool,
    people: Vec<Person>,
    /// Tags and the addresses of their pages.
    tags: Vec<(String, String)>,
    cards: Vec<Card<'a>>,
    older: Option<String>,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "tag.html", config = "assets/askama.toml")]
struct Tag<'a> {
    frame: &'a Frame,
    tag: String,
    cards: Vec<Card<'a>>,
    older: Option<String>,
}

/// `GET /main/search`: `q` is what is looked for, `before` the number of the post before which the page starts.
pub fn search(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let viewer = Viewer::user(user.id());
    let q = request.query("q").unwrap_or_default().trim().to_owned();
    if q.len() > QUERY_BYTES_MAX {
        return Err(Error::invalid("Look for fewer words."));
    }
    let query = Query::typed(&q);
    let before = before(request)?;
    let mut page = Search {
        frame: &frame,
        is_asked: query.is_some(),
        people: Vec::new(),
        tags: Vec::new(),
        cards: Vec::new(),
        older: None,
        is_first: before.is_none(),
        q,
    };
    if let Some(query) = query {
        if page.is_first {
            for id in search::people(app, user.id().0, &page.q, PEOPLE)? {
                page.people.extend(Person::of(app, &frame, id)?);
            }
            let tags = search::tags(app, viewer, &page.q, TAGS)?;
            let link = |tag: String| (hashtags::address(&tag, &frame.root), tag);
            page.tags = tags.into_iter().map(link).collect();
        }
        let found = search::posts(app, viewer, &query, before, POSTS)?;
        page.cards = cards(request, &frame, viewer, &found)?;
        let mut again = form_urlencoded::Serializer::new(String::new());
        again.append_pair("q", &page.q);
        let again = again.finish();
        let older =
            |before: ThingId| format!("{}/main/search?{again}&before={}", frame.root, before.0);
        page.older = found.before.map(older);
    }
    show(visitor, &page)
}

/// `GET /main/tag/{tag}`: what has a tag, for everybody as far as they may see it; 404 for what is no tag.
pub fn tag(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let app = request.app();
    let viewer = viewer(visitor);
    let tag = request.param("tag").trim_start_matches('#');
    let query = Query::tag(tag).filter(|_| tag.len() <= QUERY_BYTES_MAX);
    let query = query.ok_or_else(|| Error::not_found("This is no tag."))?;
    let before = before(request)?;
    let found = search::posts(app, viewer, &query, before, POSTS)?;
    let address = hashtags::address(tag, &frame.root);
    let page = Tag {
        tag: tag.to_owned(),
        cards: cards(request, &frame, viewer, &found)?,
        older: found
            .before
            .map(|before| format!("{address}?before={}", before.0)),
        frame: &frame,
    };
    show(visitor, &page)
}

fn cards<'a>(
    request: &'a Request,
    frame: &'a Frame,
    viewer: Viewer,
    found: &Found,
) -> Result<Vec<Card<'a>>, Error> {
    let cards = Cards {
        app: request.app(),
        frame,
        viewer,
        now: request.now,
    };
    let mut shown = Vec::new();
    for (id, post) in &found.posts {
        shown.extend(cards.of_object(*id, post)?);
    }
    Ok(shown)
}

fn before(request: &Request) -> Result<Option<ThingId>, Error> {
    let Some(number) = request.query("before") else {
        return Ok(None);
    };
    let missing = |_| Error::not_found("There is no such page.");
    number.parse().map(|id| Some(ThingId(id))).map_err(missing)
}
