//! Albums: lists of pictures (`pump-api.md §4.10`). Who sees an album is told by its post; each picture in it stays with those
//! to whom it was posted. [`changing`] has the forms of their owners, [`showing`] to whom they show them, [`archive`] the way to have all
//! pictures in one file.

pub mod archive;
pub mod changing;
mod counting;
pub mod showing;

use crate::auth::{LocalUser, Visitor};
use crate::domain::access::{self, Viewer};
use crate::domain::activities::lists;
use crate::domain::documents::display_name;
use crate::domain::names;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object, Thing};
use crate::web::audience::Audience;
use crate::web::cards::Cards;
use crate::web::composer::audience::Chosen;
use crate::web::composer::choices::Choices;
use crate::web::forms::value;
use crate::web::frame::{Face, Frame, show};
use crate::web::login;
use crate::web::things::viewer;
use crate::web::tiles::Tile;
use crate::wire::draft::members_of;
use askama::Template;
use counting::COUNTED_MAX;
use serde_json::Value;

/// Pictures on a page of an album.
const TILES: usize = 90;

/// Most albums of one person that are shown.
const ALBUMS_SHOWN: usize = 200;

/// Most people whose albums are looked for, and albums of each.
const PEOPLE_LOOKED_AT: usize = 300;
const ALBUMS_LOOKED_AT: usize = 30;

/// Newest pictures among which one is looked for that stands for the album.
const COVERS_LOOKED_AT: usize = 12;

/// Pictures that one page with albums looks at to count them; albums beyond stand there without a number.
const COUNTED_ON_A_PAGE: u64 = 3000;

/// Longest name of an album, in characters.
pub const NAME_CHARS_MAX: usize = 80;

/// An album as one of many.
struct Cover {
    name: String,
    url: String,
    owner: Face,
    is_own: bool,
    /// How many pictures the viewer sees in it, where they are counted.
    pictures: Option<u64>,
    tile: Option<Tile>,
}

#[derive(Template)]
#[template(path = "albums.html", config = "assets/askama.toml")]
struct Albums<'a> {
    frame: &'a Frame,
    own: Vec<Cover>,
    others: Vec<Cover>,
    /// To whom a new one can be shown.
    choices: Choices,
    name: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "album.html", config = "assets/askama.toml")]
struct Album<'a> {
    frame: &'a Frame,
    key: String,
    url: String,
    name: String,
    owner: Face,
    audience: Option<Audience>,
    /// How many pictures the viewer sees in it.
    pictures: u64,
    /// How many of them were posted to others than the album is shown to; its owner is told.
    apart: u64,
    /// Who made the pictures of this page.
    makers: Vec<Face>,
    tiles: Vec<Tile>,
    /// The key of the picture that stands for the album.
    cover: Option<String>,
    /// Whether some pictures are not for the viewer.
    hides_some: bool,
    older: Option<String>,
    is_first: bool,
    is_own: bool,
    /// Whether its owner can show it to others.
    can_be_shown: bool,
    /// Whether that was changed just now.
    is_changed: bool,
    /// Whether photos can be posted into it.
    takes_files: bool,
    /// Whether the pictures have buttons that change the album.
    is_arranged: bool,
    problem: Option<String>,
}

/// `GET /main/albums`: one's own albums, those of others that one may see, and the form for a new one.
pub fn all(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    show(visitor, &albums(request, user, &frame, &[], None)?)
}

fn albums<'a>(
    request: &Request,
    user: &LocalUser,
    frame: &'a Frame,
    form: &'a [(String, String)],
    problem: Option<String>,
) -> Result<Albums<'a>, Error> {
    let me = user.id().0;
    let cards = cards(request, frame, Viewer::user(user.id()));
    let mut left = COUNTED_ON_A_PAGE;
    let own = covers(&cards, me, ALBUMS_SHOWN, &mut left)?;
    let mut others = Vec::new();
    let users = Stream::of(SITE, StreamKind::Users);
    let people = streams::page(&cards.app.store, users, Start::Newest, PEOPLE_LOOKED_AT)?;
    for person in people.unwrap_or_default() {
        if person != me && others.len() < ALBUMS_SHOWN {
            others.extend(covers(&cards, person, ALBUMS_LOOKED_AT, &mut left)?);
        }
    }
    let chosen = match value(form, "audience") {
        "" => Chosen::for_user(cards.app, user, "")?,
        _ => Chosen::of_form(form),
    };
    Ok(Albums {
        frame,
        own,
        others,
        choices: Choices::of(cards.app, frame, user, &chosen)?,
        name: value(form, "name"),
        problem,
    })
}

/// The albums of a person that the viewer may see, newest first. `left` is how many pictures may still be counted.
fn covers(
    cards: &Cards<'_>,
    person: ThingId,
    count: usize,
    left: &mut u64,
) -> Result<Vec<Cover>, Error> {
    let store = &cards.app.store;
    let index = lists::index(person, "image");
    let mut covers = Vec::new();
    for id in streams::page(store, index, Start::Newest, count)?.unwrap_or_default() {
        let Some(album) = things::object(store, id)?.filter(|album| album.deleted.is_none()) else {
            continue;
        };
        if access::may_fetch(store, cards.viewer, &album)?
            && let Some(owner) = cards.frame.face(cards.app, person)?
        {
            let is_own = cards.frame.is_me(person);
            let tile = cover(cards, id, &album)?;
            // Everybody has an album of profile pictures from the start; others see it when there is something in it.
            if !is_own && tile.is_none() {
                continue;
            }
            covers.push(Cover {
                name: name_of(cards.frame, &album),
                url: address(&owner, id, &album),
                pictures: counted(cards, id, left)?,
                tile,
                is_own,
                owner,
            });
        }
    }
    Ok(covers)
}

/// How many pictures of an album the viewer sees; nothing if that are too many to count.
fn counted(cards: &Cards<'_>, id: ThingId, left: &mut u64) -> Result<Option<u64>, Error> {
    let total = streams::total(&cards.app.store, Stream::of(id, StreamKind::Members))?;
    if total > *left || total > COUNTED_MAX as u64 {
        return Ok(None);
    }
    *left -= total;
    Ok(Some(counting::count(cards, id, None, COUNTED_MAX)?.seen))
}

/// The picture that stands for an album: the chosen one, or the newest that the viewer may see.
fn cover(cards: &Cards<'_>, id: ThingId, album: &Object) -> Result<Option<Tile>, Error> {
    let store = &cards.app.store;
    let members = Stream::of(id, StreamKind::Members);
    let mut candidates = Vec::new();
    if let Some(key) = chosen_cover(album)
        && let Some((picture, _)) = names::by_key(store, &key)?
        && streams::contains(store, members, picture)?
    {
        candidates.push(picture);
    }
    let newest = streams::page(store, members, Start::Newest, COVERS_LOOKED_AT)?;
    candidates.extend(newest.unwrap_or_default());
    for picture in candidates {
        if let Some(tile) = tile(cards, picture)? {
            return Ok(Some(tile));
        }
    }
    Ok(None)
}

/// A picture of an album, if it is there and the viewer may see it.
fn tile(cards: &Cards<'_>, id: ThingId) -> Result<Option<Tile>, Error> {
    let store = &cards.app.store;
    let Some(picture) = things::object(store, id)?.filter(|picture| picture.deleted.is_none())
    else {
        return Ok(None);
    };
    if !access::may_fetch(store, cards.viewer, &picture)? {
        return Ok(None);
    }
    let author = picture
        .author
        .map(|author| cards.frame.face(cards.app, author));
    match author.transpose()?.flatten() {
        Some(author) => cards.tile(id, &picture, &author),
        None => Ok(None),
    }
}

/// The page of an album that the visitor may see: `before` is the key of the picture before which it starts, `arrange` asks
/// for the buttons of its owner.
pub fn album(
    request: &Request,
    visitor: &Visitor,
    frame: &Frame,
    album: (ThingId, &Object),
) -> Answer {
    show(visitor, &page(request, visitor, frame, album, None)?)
}

fn page<'a>(
    request: &Request,
    visitor: &Visitor,
    frame: &'a Frame,
    (id, album): (ThingId, &Object),
    problem: Option<String>,
) -> Result<Album<'a>, Error> {
    let app = request.app();
    let cards = cards(request, frame, viewer(visitor));
    let owner = album.author.ok_or(Error::Gone)?;
    let owner = frame.face(app, owner)?.ok_or(Error::Gone)?;
    let members = Stream::of(id, StreamKind::Members);
    let missing = || Error::not_found("There is no such page.");
    let mut before = request.query("before");
    let start = match &before {
        Some(key) => Start::Before(names::by_key(&app.store, key)?.ok_or_else(missing)?.0),
        None => Start::Newest,
    };
    let found = match streams::page(&app.store, members, start, TILES + 1)? {
        Some(found) => found,
        // The picture behind which it was to begin went out of the album.
        None => {
            before = None;
            streams::page(&app.store, members, Start::Newest, TILES + 1)?.unwrap_or_default()
        }
    };
    let is_more = found.len() > TILES;
    let (mut tiles, mut last) = (Vec::new(), None);
    for picture in found.into_iter().take(TILES) {
        last = Some(picture);
        tiles.extend(tile(&cards, picture)?);
    }
    let mut makers: Vec<Face> = Vec::new();
    for tile in &tiles {
        if !makers.iter().any(|known| known.id == tile.author.id) {
            makers.push(tile.author.clone());
        }
    }
    let post = match album.post {
        Some(post) => things::activity(&app.store, post)?,
        None => None,
    };
    let url = address(&owner, id, album);
    let is_own = frame.is_me(owner.id);
    let counts = counting::count(&cards, id, post.as_ref().filter(|_| is_own), COUNTED_MAX)?;
    let uncounted = streams::total(&app.store, members)?.saturating_sub(COUNTED_MAX as u64);
    let is_arranged = is_own && request.query("arrange").is_some();
    let last = match last.filter(|_| is_more) {
        Some(last) => things::object(&app.store, last)?.map(|picture| picture.key(last)),
        None => None,
    };
    let arranged = if is_arranged { "&arrange=1" } else { "" };
    Ok(Album {
        key: album.key(id).to_string(),
        name: name_of(frame, album),
        audience: post.as_ref().map(|post| cards.audience(post)).transpose()?,
        pictures: counts.seen + uncounted,
        apart: counts.apart,
        makers,
        tiles,
        cover: chosen_cover(album),
        hides_some: counts.hidden > 0,
        older: last.map(|key| format!("{url}?before={key}{arranged}")),
        is_first: before.is_none(),
        is_own,
        can_be_shown: is_own && post.is_some(),
        takes_files: post.is_some() && app.config.enable_uploads,
        is_changed: is_own && request.query("shown").is_some(),
        is_arranged,
        problem,
        url,
        owner,
        frame,
    })
}

/// An album that a visitor may see: 404, 403 as the page of the album.
fn seen(request: &Request, viewer: Viewer, key: &str) -> Result<(ThingId, Object), Error> {
    let store = &request.app().store;
    let missing = || Error::not_found("There is no such album.");
    let Some((id, Thing::Object(album))) = names::by_key(store, key)? else {
        return Err(missing());
    };
    if lists::member_type(&album).as_deref() != Some("image") {
        return Err(missing());
    }
    match access::may_fetch(store, viewer, &album)? {
        true => Ok((id, album)),
        false => Err(missing()),
    }
}

fn cards<'a>(request: &'a Request, frame: &'a Frame, viewer: Viewer) -> Cards<'a> {
    Cards {
        app: request.app(),
        frame,
        viewer,
        now: request.now,
    }
}

/// What an album is called.
pub fn name_of(frame: &Frame, album: &Object) -> String {
    display_name(album).unwrap_or_else(|| frame.say("An album").to_owned())
}

/// The page of an album.
fn address(owner: &Face, id: ThingId, album: &Object) -> String {
    format!("{}/list/{}", owner.url, album.key(id))
}

/// The key of the picture that the owner chose to stand for the album.
fn chosen_cover(album: &Object) -> Option<String> {
    let members = members_of(&album.members);
    members
        .get("cover")
        .and_then(Value::as_str)
        .map(str::to_owned)
}
