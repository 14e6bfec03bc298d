//! The pages of a person: `/{nickname}` with what the visitor may read, followers, following, favorites; and for users, those
//! of people of other servers with what is known of them here (`/main/person`).

use crate::api::{self, representation};
use crate::auth::{self, Visitor};
use crate::domain::feeds::{self, Paging};
use crate::domain::people as users;
use crate::domain::photos::shows_pictures;
use crate::domain::quiet::Quiet;
use crate::domain::{blocks, circles, names, requests};
use crate::error::Error;
use crate::http::{Answer, Form, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Activity, Object, Thing};
use crate::web::cards::{Card, Cards};
use crate::web::composer::own_lists;
use crate::web::frame::{Face, Frame, show};
use crate::web::home::{self, POSTS, Pager};
use crate::web::login;
use crate::web::people::Person;
use crate::web::things::viewer;
use crate::web::tiles::Tile;
use crate::wire::draft::members_of;
use askama::Template;
use hyper::header;
use serde_json::Value;

/// People on a page.
pub const PEOPLE: usize = 50;

/// Photos after which a page ends, and most posts that it looks at for them.
const PHOTOS: usize = 48;
const PHOTO_POSTS: usize = 48;

#[derive(Template)]
#[template(path = "profile.html", config = "assets/askama.toml")]
struct Profile<'a> {
    frame: &'a Frame,
    person: Person,
    about: About,
    /// How many follow them, how many they follow, and how much they like; nobody knows of people of other servers.
    counts: Option<[u64; 3]>,
    lists: Vec<Listed>,
    /// Whether the page shows photos alone.
    is_photos: bool,
    cards: Vec<Card<'a>>,
    tiles: Vec<Tile>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "followers.html", config = "assets/askama.toml")]
struct Followers<'a> {
    frame: &'a Frame,
    title: String,
    people: Vec<Person>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "favorites.html", config = "assets/askama.toml")]
struct Favorites<'a> {
    frame: &'a Frame,
    person: Face,
    cards: Vec<Card<'a>>,
    pager: Pager,
}

/// What somebody tells of themselves besides the name.
#[derive(Debug, Default)]
pub struct About {
    /// Where they are.
    pub place: String,
    /// The address of the wide picture.
    pub cover: Option<String>,
}

/// One of the visitor's own lists.
struct Listed {
    key: String,
    name: String,
    /// Whether the person is on it.
    is_on: bool,
}

impl Profile<'_> {
    /// Where a stranger logs in to come back here.
    fn login(&self) -> String {
        login::address_to(self.frame, &self.person.face.url)
    }
}

impl About {
    /// What a person tells.
    pub fn of(frame: &Frame, person: &Object) -> About {
        let members = members_of(&person.members);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let place = members.get("location");
        let cover = members.get("coverImage").and_then(|cover| cover.get("url"));
        About {
            place: text(place.and_then(|place| place.get("displayName"))).unwrap_or_default(),
            cover: text(cover).and_then(|url| frame.files.file(&url)),
        }
    }
}

/// `GET /{nickname}`: the page, or the person in ActivityStreams 2 for who prefers that: like the page for everybody, so
/// that the id of a person leads to the person (`pump-api.md §1.2`, `§1.5`). 406 for who takes neither. Where there are
/// no pages it is the profile of the API, for the same callers. `?show=photos` shows photos alone.
pub fn profile(request: &Request, visitor: &Visitor) -> Answer {
    let app = request.app();
    if app.config.noweb {
        return api::people::profile(request, &auth::reader(request)?);
    }
    let id = named(request)?;
    let form = Form::of_page(request)?;
    if form == Form::Plain {
        let frame = Frame::of(request, visitor)?;
        return Ok(page(request, visitor, &frame, id)?.with(header::VARY, "Accept"));
    }
    let person = things::object(&app.store, id)?.ok_or(Error::Gone)?;
    representation::object_as(form, request, viewer(visitor), id, &person)
}

/// `GET /main/person?key=`, `?id=`: somebody of another server, for users. 302 to the page of somebody of this one; 404 for
/// whom nobody here knows, and for whom the owner has blocked.
pub fn person(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    let app = request.app();
    let nobody = || Error::not_found("Nobody here knows this person.");
    let found = match (request.query("key"), request.query("id")) {
        (Some(key), _) => names::by_key(&app.store, &key)?.map(|(id, _)| id),
        (None, Some(id)) => names::find_thing(app.base(), &app.store, &id)?,
        (None, None) => None,
    };
    let id = found.ok_or_else(nobody)?;
    match things::get(&app.store, id)? {
        Some(Thing::Object(person)) if !person.is_person() => Err(nobody()),
        Some(Thing::Object(person)) if person.deleted.is_some() => Err(Error::Gone),
        Some(Thing::Object(person)) => match person.nickname() {
            Some(nickname) => Ok(crate::http::Response::redirect(
                hyper::StatusCode::FOUND,
                &frame.at(&format!("/{nickname}")),
            )),
            None if blocks::hides(&app.store, &person)? => Err(nobody()),
            None => page(request, visitor, &frame, id),
        },
        _ => Err(nobody()),
    }
}

fn page(request: &Request, visitor: &Visitor, frame: &Frame, id: ThingId) -> Answer {
    let app = request.app();
    let viewer = viewer(visitor);
    let known = things::object(&app.store, id)?.ok_or(Error::Gone)?;
    let mut person = Person::of(app, frame, id)?.ok_or(Error::Gone)?;
    let is_here = known.is_local();
    let is_photos = is_here && request.query("show").as_deref() == Some("photos");
    let cards = Cards {
        app,
        frame,
        viewer,
        now: request.now,
    };
    let outbox = Stream::of(id, StreamKind::OutboxMajor);
    let (posts, tiles, pager) = if is_photos {
        let (tiles, pager) = photos(request, &cards, outbox)?;
        (Vec::new(), tiles, pager)
    } else if is_here {
        let start = home::start(request)?;
        let (page, pager) = home::page(request, frame, outbox, start, viewer, !viewer.is(id))?;
        (cards.of_page(&page)?, Vec::new(), pager)
    } else {
        let (posts, pager) = arrived(request, &cards, id)?;
        (posts, Vec::new(), pager)
    };
    let mut lists = Vec::new();
    if let Some(user) = visitor.user().filter(|_| !person.is_me) {
        for (list, own) in own_lists(app, frame.words, user.id().0)? {
            lists.push(Listed {
                is_on: circles::is_member(&app.store, list, id)?,
                key: own.key,
                name: own.name,
            });
        }
        person.is_blocked = requests::is_refused(&app.store, user.id().0, id)?;
        person.is_muted = Quiet::of(&app.store, user.id())?.mutes(id)?;
    }
    let total = |kind| streams::total(&app.store, Stream::of(id, kind));
    let page = Profile {
        frame,
        about: About::of(frame, &known),
        counts: match is_here {
            true => Some([
                total(StreamKind::Followers)?,
                total(StreamKind::Following)?,
                total(StreamKind::Favorites)?,
            ]),
            false => None,
        },
        person,
        lists,
        is_photos,
        cards: posts,
        tiles,
        pager,
    };
    show(visitor, &page)
}

/// The photos among somebody's posts.
fn photos(
    request: &Request,
    cards: &Cards<'_>,
    outbox: Stream,
) -> Result<(Vec<Tile>, Pager), Error> {
    let store = &request.app().store;
    let is_photo = |activity: &Activity| {
        let object = things::object(store, activity.object)?;
        Ok(activity.is_post() && object.is_some_and(|object| shows_pictures(&object)))
    };
    let paging = Paging {
        start: home::start(request)?,
        count: PHOTO_POSTS + 1,
    };
    let mut page = feeds::activities_that(store, outbox, paging, cards.viewer, is_photo)?;
    let (mut tiles, mut shown) = (Vec::new(), 0);
    for (_, activity) in page.items.iter().take(PHOTO_POSTS) {
        if tiles.len() >= PHOTOS {
            break;
        }
        shown += 1;
        if let Some(object) = things::object(store, activity.object)? {
            tiles.extend(cards.tiles(activity.object, &object)?);
        }
    }
    let pager = older_only(cards.frame, &mut page.items, shown, |(id, activity)| {
        activity.key(*id).to_string()
    });
    Ok((tiles, pager))
}

/// The posts of somebody of another server that reached the user.
fn arrived<'a>(
    request: &Request,
    cards: &Cards<'a>,
    id: ThingId,
) -> Result<(Vec<Card<'a>>, Pager), Error> {
    let Some(user) = cards.viewer.person else {
        return Ok((Vec::new(), Pager::default()));
    };
    let inbox = Stream::of(user, StreamKind::InboxMajor);
    let paging = Paging {
        start: home::start(request)?,
        count: POSTS + 1,
    };
    let is_theirs = |activity: &Activity| Ok(activity.actor == id);
    let store = &request.app().store;
    let mut page = feeds::activities_that(store, inbox, paging, cards.viewer, is_theirs)?;
    let pager = older_only(cards.frame, &mut page.items, POSTS, |(id, activity)| {
        activity.key(*id).to_string()
    });
    Ok((cards.of_page(&page)?, pager))
}

/// `GET /{nickname}/followers`
pub fn followers(request: &Request, visitor: &Visitor) -> Answer {
    let title = |frame: &Frame, name: &str| frame.fill("Who follows {0}", [name]);
    people(request, visitor, StreamKind::Followers, title)
}

/// `GET /{nickname}/following`
pub fn following(request: &Request, visitor: &Visitor) -> Answer {
    let title = |frame: &Frame, name: &str| frame.fill("Whom {0} follows", [name]);
    people(request, visitor, StreamKind::Following, title)
}

/// `GET /{nickname}/favorites`: what the person likes and the visitor may read.
pub fn favorites(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let id = named(request)?;
    let app = request.app();
    let viewer = viewer(visitor);
    let paging = Paging {
        start: home::start(request)?,
        count: POSTS + 1,
    };
    let mut page = feeds::favorites(&app.store, id, paging, viewer)?;
    let pager = older_only(&frame, &mut page.items, POSTS, |(id, object)| {
        object.key(*id).to_string()
    });
    let maker = Cards {
        app,
        frame: &frame,
        viewer,
        now: request.now,
    };
    let mut cards = Vec::new();
    for (id, object) in &page.items {
        if !object.is_person() && !object.is_collection() {
            cards.extend(maker.of_object(*id, object)?);
        }
    }
    let page = Favorites {
        frame: &frame,
        person: frame.face(app, id)?.ok_or(Error::Gone)?,
        cards,
        pager,
    };
    show(visitor, &page)
}

fn people(
    request: &Request,
    visitor: &Visitor,
    kind: StreamKind,
    title: impl Fn(&Frame, &str) -> String,
) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let id = named(request)?;
    let person = frame.face(request.app(), id)?.ok_or(Error::Gone)?;
    let (people, pager) = page_of_people(request, &frame, Stream::of(id, kind))?;
    let page = Followers {
        frame: &frame,
        title: title(&frame, &person.name),
        people,
        pager,
    };
    show(visitor, &page)
}

/// A page of a stream of people.
pub fn page_of_people(
    request: &Request,
    frame: &Frame,
    stream: Stream,
) -> Result<(Vec<Person>, Pager), Error> {
    let app = request.app();
    let paging = Paging {
        start: home::start(request)?,
        count: PEOPLE + 1,
    };
    let mut page = feeds::people(&app.store, stream, paging, None)?;
    let pager = older_only(frame, &mut page.items, PEOPLE, |(id, object)| {
        object.key(*id).to_string()
    });
    let mut people = Vec::new();
    for (id, _) in &page.items {
        people.extend(Person::of(app, frame, *id)?);
    }
    Ok((people, pager))
}

/// Cuts a page that holds one entry more than it shows, and makes the way on from it.
pub fn older_only<T>(
    frame: &Frame,
    items: &mut Vec<T>,
    count: usize,
    key: impl Fn(&T) -> String,
) -> Pager {
    let is_more = items.len() > count;
    items.truncate(count);
    let (path, query) = frame.here.split_once('?').unwrap_or((&frame.here, ""));
    let is_place = |name: &str| matches!(name, "before" | "since");
    let pairs = || form_urlencoded::parse(query.as_bytes());
    let is_first = !pairs().any(|(name, _)| is_place(&name));
    let at = |before: Option<String>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs().filter(|(name, _)| !is_place(name)));
        query.extend_pairs(before.map(|key| ("before", key)));
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    };
    Pager {
        newest: None,
        older: items
            .last()
            .filter(|_| is_more)
            .map(|last| at(Some(key(last)))),
        newer: (!is_first).then(|| at(None)),
        is_first,
    }
}

/// The person whom the path names.
pub fn named(request: &Request) -> Result<ThingId, Error> {
    let (id, _) = users::find(request.app(), &request.nickname()?)?;
    Ok(id.0)
}
