//! Links for people without an account: `/main/g/{token}` shows an album or a post to whoever has the link, and nothing else;
//! `/main/guests` is where their makers make them and take them back.

use crate::api::files::{self, Handed, Keep};
use crate::auth::{LocalUser, Visitor};
use crate::domain::access::Viewer;
use crate::domain::activities::parts;
use crate::domain::documents::display_name;
use crate::domain::guests::{self, DAYS, Made, Opened};
use crate::domain::{names, uploads};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object, Thing};
use crate::web::cards::Cards;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Face, Frame, show};
use crate::web::login;
use crate::web::pictures::FileLink;
use crate::web::text;
use crate::web::tiles::Tile;
use crate::wire::draft::{Members, members_of};
use askama::Template;
use hyper::header::{self, HeaderName};
use serde_json::Value;

/// Pictures on a page.
const TILES: usize = 120;

/// Characters of a post in its title.
const TITLE_CHARS: usize = 60;

#[derive(Template)]
#[template(path = "guest.html", config = "assets/askama.toml")]
struct Guest<'a> {
    frame: &'a Frame,
    title: String,
    author: Face,
    ends: String,
    content: Option<String>,
    tiles: Vec<Tile>,
    /// The film, if there is nothing else to see.
    film: Option<Tile>,
    files: Vec<FileLink>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "guests.html", config = "assets/askama.toml")]
struct Guests<'a> {
    frame: &'a Frame,
    /// The key and the name of what a new link is to show.
    thing: Option<(String, String)>,
    note: &'a str,
    links: Vec<Shown>,
    problem: Option<String>,
}

/// A link in the list of its maker.
struct Shown {
    number: u64,
    /// The address to give away.
    address: String,
    /// What it shows.
    title: String,
    note: String,
    ends: String,
    views: u64,
    seen: Option<String>,
    is_over: bool,
}

/// `GET /main/g/{token}`: 200; 404 in the same words for every link that does not work.
pub fn page(request: &Request, _: &Visitor) -> Answer {
    let app = request.app();
    let opened = guests::open(app, request.param("token"), request.now)?;
    let frame = Frame::bare(request);
    let maker = frame.face(app, opened.user.0)?.ok_or(Error::Gone)?;
    let looking = Looking {
        cards: Cards {
            app,
            frame: &frame,
            viewer: Viewer::user(opened.user),
            now: request.now,
        },
        opened: &opened,
        address: format!("{}/main/g/{}", frame.root, request.param("token")),
    };
    let (mut tiles, older) = match opened.object.is_collection() {
        true => looking.album(request.query("before").as_deref())?,
        false => (looking.post()?, None),
    };
    let members = members_of(&opened.object.members);
    let content = members.get("content").and_then(Value::as_str);
    let content = content.filter(|_| !opened.object.is_collection());
    let title = display_name(&opened.object);
    let words = text::summary(title.as_deref(), content, TITLE_CHARS);
    let page = Guest {
        title: match words.is_empty() {
            true => frame.fill("A picture by {0}", [&maker.name]),
            false => words,
        },
        ends: frame.words.date(opened.ends),
        // What it names of other servers is not loaded, and its tags lead nowhere for guests.
        content: content.map(|html| crate::html::with_files(html, |_| None)),
        files: looking.files(&members)?,
        film: match tiles.as_slice() {
            [only] if only.picture.is_film => tiles.pop(),
            _ => None,
        },
        tiles,
        older,
        author: maker,
        frame: &frame,
    };
    let html = page.render().map_err(Error::internal)?;
    guests::count_view(app, &opened, request.now)?;
    Ok(hidden(Response::html(html)).with(header::CACHE_CONTROL, "private, no-store"))
}

/// `GET /main/g/{token}/{file}`: a file that the page of the link shows; 404 for everything else.
pub fn file(request: &Request) -> Answer {
    let app = request.app();
    let opened = guests::open(app, request.param("token"), request.now)?;
    let served = uploads::open_for_guest(app, &opened, request.param("file"))?;
    let (mime, disposition) = match served.is_inline {
        true => (served.mime, "inline"),
        false => ("application/octet-stream".to_owned(), "attachment"),
    };
    let handed = Handed {
        blob: served.blob,
        etag: served.etag,
        mime,
        disposition: disposition.to_owned(),
        keep: Keep::Private,
    };
    files::answer(request, handed).map(hidden)
}

/// Keeps the address from search engines and from other sites.
fn hidden(response: Response) -> Response {
    response
        .with(HeaderName::from_static("x-robots-tag"), "noindex, nofollow")
        .with(header::REFERRER_POLICY, "no-referrer")
}

/// What a guest sees.
struct Looking<'a> {
    cards: Cards<'a>,
    opened: &'a Opened,
    /// The address of the page.
    address: String,
}

impl Looking<'_> {
    /// Pictures of an album, and the address of the page with older ones.
    fn album(&self, before: Option<&str>) -> Result<(Vec<Tile>, Option<String>), Error> {
        let store = &self.cards.app.store;
        let missing = || Error::not_found("There is no such page.");
        let start = match before {
            Some(key) => Start::Before(names::by_key(store, key)?.ok_or_else(missing)?.0),
            None => Start::Newest,
        };
        let members = Stream::of(self.opened.thing, StreamKind::Members);
        let found = match streams::page(store, members, start, TILES + 1)? {
            Some(found) => found,
            // The picture behind which it was to begin went out of the album.
            None => streams::page(store, members, Start::Newest, TILES + 1)?.unwrap_or_default(),
        };
        let is_more = found.len() > TILES;
        let (mut tiles, mut last) = (Vec::new(), None);
        for id in found.into_iter().take(TILES) {
            if let Some(picture) = things::object(store, id)? {
                last = Some(picture.key(id));
                tiles.extend(self.tile(id, &picture)?);
            }
        }
        let older = last.filter(|_| is_more);
        Ok((
            tiles,
            older.map(|key| format!("{}?before={key}", self.address)),
        ))
    }

    /// The pictures of a post.
    fn post(&self) -> Result<Vec<Tile>, Error> {
        let store = &self.cards.app.store;
        let mut tiles = Vec::new();
        for tile in self.cards.tiles(self.opened.thing, &self.opened.object)? {
            if let Some(id) = tile.id
                && let Some(picture) = things::object(store, id)?
            {
                tiles.extend(self.tile(id, &picture)?);
            }
        }
        Ok(tiles)
    }

    /// A picture, with addresses under that of the page.
    fn tile(&self, id: ThingId, picture: &Object) -> Result<Option<Tile>, Error> {
        if !self.opened.shows(&self.cards.app.store, picture)? || picture.file.is_none() {
            return Ok(None);
        }
        let author = picture
            .author
            .map(|id| self.cards.frame.face(self.cards.app, id));
        let Some(author) = author.transpose()?.flatten() else {
            return Ok(None);
        };
        let Some(mut tile) = self.cards.tile(id, picture, &author)? else {
            return Ok(None);
        };
        let its = &mut tile.picture;
        if !its.source.is_empty() {
            its.source = self.own(&its.source);
        }
        its.largest = self.own(&its.largest);
        let sources = its
            .sources
            .split(", ")
            .filter_map(|source| source.split_once(' '));
        let sources = sources.map(|(url, width)| format!("{} {width}", self.own(url)));
        its.sources = sources.collect::<Vec<_>>().join(", ");
        tile.page = String::new();
        Ok(Some(tile))
    }

    /// The recordings and other files of a post.
    fn files(&self, members: &Members) -> Result<Vec<FileLink>, Error> {
        let (app, post) = (self.cards.app, &self.opened.object);
        if post.is_collection() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        files.extend(self.cards.file(post, members));
        for (_, part) in parts::attached(app.base(), &app.store, post)? {
            if self.opened.shows(&app.store, &part)? {
                files.extend(self.cards.file(&part, &members_of(&part.members)));
            }
        }
        // Films stand among the pictures.
        files.retain(|file| !file.is_far && file.kind != "video");
        for file in &mut files {
            file.url = self.own(&file.url);
        }
        Ok(files)
    }

    /// The address by which a guest gets a file.
    fn own(&self, url: &str) -> String {
        let name = url.rsplit('/').next().unwrap_or_default();
        format!("{}/{name}", self.address)
    }
}

/// `GET /main/guests`: the links of a user; with `thing` (the key of an album or a post) the form for a new one.
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let thing = request.query("thing");
    let page = links(request, user, &frame, thing.as_deref(), "", None)?;
    show(visitor, &page).map(hidden)
}

fn links<'a>(
    request: &Request,
    user: &LocalUser,
    frame: &'a Frame,
    thing: Option<&str>,
    note: &'a str,
    problem: Option<String>,
) -> Result<Guests<'a>, Error> {
    let app = request.app();
    let thing = match thing {
        Some(key) => {
            let (_, object) = own(request, user, key)?;
            Some((key.to_owned(), title_of(frame, &object)))
        }
        None => None,
    };
    let shown = |made: Made| Shown {
        number: made.number.0,
        address: format!("{}/main/g/{}", request.site_url(), made.token),
        title: match &made.shown {
            Some(object) => title_of(frame, object),
            None => frame.say("Something that is gone").to_owned(),
        },
        ends: frame.words.date(made.link.ends),
        views: made.link.views,
        seen: made
            .link
            .seen
            .map(|seen| frame.words.ago(seen, request.now)),
        note: made.link.note,
        is_over: made.is_over,
    };
    let links = guests::list(app, user.id(), request.now)?;
    Ok(Guests {
        frame,
        thing,
        note,
        links: links.into_iter().map(shown).collect(),
        problem,
    })
}

fn title_of(frame: &Frame, object: &Object) -> String {
    let members = members_of(&object.members);
    let content = members.get("content").and_then(Value::as_str);
    let words = text::summary(display_name(object).as_deref(), content, TITLE_CHARS);
    match words.is_empty() {
        true => frame.say("A picture").to_owned(),
        false => words,
    }
}

/// What of the user's a link can show: 404 for everything else.
fn own(request: &Request, user: &LocalUser, key: &str) -> Result<(ThingId, Object), Error> {
    match names::by_key(&request.app().store, key)? {
        Some((id, Thing::Object(object))) if guests::can_share(user.id(), &object) => {
            Ok((id, object))
        }
        _ => Err(Error::not_found("There is nothing of yours to share here.")),
    }
}

/// `POST /main/guests`: `thing` (a key), `days`, `note`. 303 to the links; 400, 409 with the form, 404.
pub fn make(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (key, note) = (value(&form, "thing"), value(&form, "note"));
    let (id, _) = own(request, user, key)?;
    let days = value(&form, "days").parse().unwrap_or(DAYS[1]);
    let made = guests::make(request.app(), user.id(), id, days, note, request.now);
    match made {
        Ok(_) => Ok(see_other(&frame, "/main/guests#links")),
        Err(error) => again(visitor, error, |problem| {
            links(request, user, &frame, Some(key), note, Some(problem))
        }),
    }
}

/// `POST /main/guests/revoke`: `number`. 303 to the links; a second time changes nothing.
pub fn revoke(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let number = value(&form, "number").parse();
    let number = number.map_err(|_| Error::invalid("Say which link."))?;
    guests::revoke(request.app(), user.id(), ThingId(number))?;
    Ok(see_other(&frame, "/main/guests#links"))
}
