//! `/`: the inbox of whoever is logged in; for everybody else, the welcome.

use crate::auth::{LocalUser, Visitor};
use crate::domain::access::Viewer;
use crate::domain::circles;
use crate::domain::feeds::{self, Page, Paging};
use crate::domain::names;
use crate::domain::photos::shows_pictures;
use crate::domain::quiet::Quiet;
use crate::domain::site as sites;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::engine::{self, Read};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::Start;
use crate::store::things::{self, Activity};
use crate::web::cards::{Card, Cards, Time};
use crate::web::composer::{own_list, own_lists};
use crate::web::confirming;
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::web::manual;
use crate::web::owning::site;
use askama::Template;

/// Posts on a page.
pub const POSTS: usize = 20;

/// Sentences under "Meanwhile".
const SENTENCES: usize = 12;

/// Minor activities that are looked at for them.
const LOOKED_AT: usize = 60;

/// Most new posts that are counted.
const NEW_MAX: usize = 100;

/// What takes back something: no news for "Meanwhile".
const BACK: &[&str] = &[
    "unfavorite",
    "unlike",
    "unshare",
    "stop-following",
    "delete",
];

/// The home page of a user.
#[derive(Template)]
#[template(path = "home.html", config = "assets/askama.toml")]
pub struct Home<'a> {
    frame: &'a Frame,
    cards: Vec<Card<'a>>,
    filters: Vec<Filter>,
    /// What narrows the page, as the query of addresses has it: empty, or ends with `&`.
    narrowed: String,
    meanwhile: Vec<(String, Time)>,
    pager: Pager,
}

/// A way to see only some of the posts.
struct Filter {
    url: String,
    words: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "welcome.html", config = "assets/askama.toml")]
struct Welcome<'a> {
    frame: &'a Frame,
    /// What the owner wrote for strangers, in lines.
    words: Vec<String>,
    picture: Option<String>,
}

/// The ways to the neighbouring pages.
#[derive(Debug, Default)]
pub struct Pager {
    /// The address of the next older page.
    pub older: Option<String>,
    /// The address of the next newer page.
    pub newer: Option<String>,
    /// The key of the newest activity of the page.
    pub newest: Option<String>,
    /// Whether this is the first page.
    pub is_first: bool,
}

/// `GET /`
pub fn home(request: &Request, visitor: &Visitor) -> Answer {
    if request.app().config.noweb {
        return manual::manual(request, visitor);
    }
    let frame = Frame::of(request, visitor)?;
    if visitor.unconfirmed().is_some() {
        return confirming::first(&frame, hyper::StatusCode::FOUND);
    }
    match visitor.user() {
        Some(user) => show(visitor, &inbox(request, user, &frame)?),
        None => {
            let configured = request.app().config.main_image.clone();
            let own = || site::picture_address(request, &frame);
            let words = sites::welcome(&request.app().store)?;
            let words = words.lines().filter(|line| !line.trim().is_empty());
            let page = Welcome {
                frame: &frame,
                words: words.map(str::to_owned).collect(),
                picture: configured.map_or_else(own, |picture| Ok(Some(picture)))?,
            };
            show(visitor, &page)
        }
    }
}

/// The home page of a user.
fn inbox<'a>(request: &'a Request, user: &LocalUser, frame: &'a Frame) -> Result<Home<'a>, Error> {
    let app = request.app();
    let viewer = Viewer::user(user.id());
    let cards = Cards {
        app,
        frame,
        viewer,
        now: request.now,
    };
    let shown = Shown::of(request, user)?;
    let (page, pager) = arrived(request, frame, user, shown)?;
    let quiet = Quiet::of(&app.store, user.id())?;
    let mut meanwhile = Vec::new();
    if pager.is_first && shown == Shown::All {
        let minor = Stream::of(user.id().0, StreamKind::InboxMinor);
        let newest = Paging {
            start: Start::Newest,
            count: LOOKED_AT,
        };
        let page = feeds::activities(&app.store, minor, newest, viewer, false)?;
        for (id, done) in &page.items {
            // What somebody did is no news to them, and what was taken back none to anybody.
            let is_news = done.actor != user.id().0 && !BACK.contains(&done.verb.as_str());
            if is_news && meanwhile.len() < SENTENCES && !quiet.silences(done)? {
                meanwhile.push(cards.sentence(*id, done)?);
            }
        }
    }
    Ok(Home {
        frame,
        filters: filters(request, user, frame, shown)?,
        narrowed: narrowed(request),
        cards: cards.of_page(&page)?,
        meanwhile,
        pager,
    })
}

/// Which of the posts that came a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    All,
    /// Those with pictures.
    Photos,
    /// Those of the people on one of the user's lists.
    Of(ThingId),
}

impl Shown {
    /// As the address says: `only=photos`, or `list` with the key of a list. 404 for a list that is not the user's.
    fn of(request: &Request, user: &LocalUser) -> Result<Shown, Error> {
        if let Some(key) = request.query("list") {
            return match own_list(request.app(), user, &key)? {
                Some((id, _)) => Ok(Shown::Of(id)),
                None => Err(Error::not_found("You have no such list.")),
            };
        }
        Ok(match request.query("only").as_deref() {
            Some("photos") => Shown::Photos,
            _ => Shown::All,
        })
    }

    /// Whether it shows an activity.
    fn has(self, from: &dyn Read, activity: &Activity) -> engine::Result<bool> {
        match self {
            Shown::All => Ok(true),
            Shown::Of(list) => circles::is_member(from, list, activity.actor),
            Shown::Photos => {
                let object = things::object(from, activity.object)?;
                Ok(object.is_some_and(|object| shows_pictures(&object)))
            }
        }
    }
}

/// A page of what came to a user and is neither hidden nor muted.
fn arrived(
    request: &Request,
    frame: &Frame,
    user: &LocalUser,
    shown: Shown,
) -> Result<(Page<Activity>, Pager), Error> {
    let store = &request.app().store;
    let start = start(request)?;
    let stream = Stream::of(user.id().0, StreamKind::InboxMajor);
    let quiet = Quiet::of(store, user.id())?;
    let paging = Paging {
        start,
        count: POSTS + 1,
    };
    let page =
        feeds::activities_that(store, stream, paging, Viewer::user(user.id()), |activity| {
            Ok(!quiet.silences(activity)? && shown.has(store, activity)?)
        })?;
    pager_of(request, frame, page, start)
}

/// How many posts came to a user since the one that `since` in the address names, as the page with the same filter would show
/// them; at most [`NEW_MAX`].
pub fn new_posts(request: &Request, user: &LocalUser) -> Result<usize, Error> {
    let store = &request.app().store;
    let shown = Shown::of(request, user)?;
    let stream = Stream::of(user.id().0, StreamKind::InboxMajor);
    let quiet = Quiet::of(store, user.id())?;
    let paging = Paging {
        start: start(request)?,
        count: NEW_MAX,
    };
    let page =
        feeds::activities_that(store, stream, paging, Viewer::user(user.id()), |activity| {
            let is_theirs = activity.actor != user.id().0;
            Ok(is_theirs && !quiet.silences(activity)? && shown.has(store, activity)?)
        })?;
    Ok(page.items.len())
}

/// The ways to see everything, only photos, or only the people of a list.
fn filters(
    request: &Request,
    user: &LocalUser,
    frame: &Frame,
    shown: Shown,
) -> Result<Vec<Filter>, Error> {
    let filter = |query: &str, words: &str, is| Filter {
        url: format!("{}/{query}", frame.root),
        words: words.to_owned(),
        is_chosen: shown == is,
    };
    let mut filters = vec![
        filter("", frame.say("Everyone"), Shown::All),
        filter("?only=photos", frame.say("Photos"), Shown::Photos),
    ];
    for (id, list) in own_lists(request.app(), frame.words, user.id().0)? {
        // Nobody needs a way to an empty page; but the chosen one stays in sight.
        if list.members > 0 || shown == Shown::Of(id) {
            let query = format!("?list={}", list.key);
            filters.push(filter(&query, &list.name, Shown::Of(id)));
        }
    }
    Ok(filters)
}

/// What narrows a page, as it stands in the query of its neighbours' addresses.
fn narrowed(request: &Request) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["only", "list"] {
        if let Some(value) = request.query(name) {
            query.append_pair(name, &value);
        }
    }
    let mut query = query.finish();
    if !query.is_empty() {
        query.push('&');
    }
    query
}

/// Where the address says that a page starts: `before` or `since` with the key of an activity, else the newest.
pub fn start(request: &Request) -> Result<Start, Error> {
    for (name, start) in [
        ("before", Start::Before as fn(_) -> Start),
        ("since", Start::Since as fn(_) -> Start),
    ] {
        if let Some(key) = request.query(name) {
            return match names::by_key(&request.app().store, &key)? {
                Some((id, _)) => Ok(start(id)),
                None => Err(Error::not_found("There is no such page.")),
            };
        }
    }
    Ok(Start::Newest)
}

/// A page of activities with the ways to its neighbours.
pub fn page(
    request: &Request,
    frame: &Frame,
    stream: Stream,
    start: Start,
    viewer: Viewer,
    is_filtered: bool,
) -> Result<(Page<Activity>, Pager), Error> {
    // One more than is shown tells whether there is another page.
    let paging = Paging {
        start,
        count: POSTS + 1,
    };
    let page = feeds::activities(&request.app().store, stream, paging, viewer, is_filtered)?;
    pager_of(request, frame, page, start)
}

/// Cuts a page that holds one entry more than it shows, and finds the ways to its neighbours.
fn pager_of(
    request: &Request,
    frame: &Frame,
    mut page: Page<Activity>,
    start: Start,
) -> Result<(Page<Activity>, Pager), Error> {
    let is_full = page.items.len() > POSTS || page.cut_short;
    let (is_older, is_newer) = match start {
        Start::Since(_) => (true, is_full),
        Start::Before(_) => (is_full, true),
        Start::Newest | Start::Offset(_) => (is_full, false),
    };
    // What was looked at in vain is not looked at again.
    let mut reached = None;
    if page.cut_short
        && let Some(id) = page.reached
        && let Some(activity) = things::activity(&request.app().store, id)?
    {
        reached = Some(activity.key(id));
    }
    if page.items.len() > POSTS {
        reached = None;
        match start {
            Start::Since(_) => drop(page.items.remove(0)),
            _ => page.items.truncate(POSTS),
        }
    }
    let path = frame.here.split('?').next().unwrap_or_default();
    let key = |entry: Option<&(crate::ids::ThingId, Activity)>| {
        entry.map(|(id, activity)| activity.key(*id))
    };
    let (mut oldest, mut newest_seen) = (key(page.items.last()), key(page.items.first()));
    match start {
        Start::Since(_) => newest_seen = reached.or(newest_seen),
        _ => oldest = reached.or(oldest),
    }
    let older = oldest.filter(|_| is_older);
    let newer = newest_seen.filter(|_| is_newer);
    let narrowed = narrowed(request);
    let newest = key(page.items.first());
    let pager = Pager {
        newest: newest.map(|key| key.to_string()),
        older: older.map(|key| format!("{path}?{narrowed}before={key}")),
        newer: match (newer, start) {
            (Some(key), _) => Some(format!("{path}?{narrowed}since={key}")),
            (None, Start::Newest) => None,
            (None, _) => Some(match narrowed.strip_suffix('&') {
                Some(narrowed) => format!("{path}?{narrowed}"),
                None => path.to_owned(),
            }),
        },
        is_first: start == Start::Newest,
    };
    Ok((page, pager))
}

/// The way to the login for a visitor who may not see a page, or 403 for a user.
pub fn refused(frame: &Frame) -> Answer {
    if frame.me.is_some() {
        return Err(Error::forbidden("This was not posted to you."));
    }
    login::first(frame)
}
