//! The box to post, `/main/compose`: a page, and the same form as a sheet over other pages. What becomes of what was typed is
//! in [`posting`].

mod albums;
pub(super) mod audience;
pub(super) mod choices;
pub(super) mod posting;
mod privacy;
pub mod sharing;
pub mod uploads;

pub use posting::post;
pub use privacy::{privacy, privacy_form};

use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::domain::activities::lists;
use crate::domain::names;
use crate::domain::uploads::pieces;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{Key, ThingId, random_text};
use crate::store::keys::{Stream, StreamKind};
use crate::store::preferences;
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object};
use crate::web::forms::value;
use crate::web::frame::{Frame, show};
use crate::web::lists::name_of_list;
use crate::web::login;
use crate::wire::draft::{ObjectDraft, members_of};
use crate::words::Words;
use albums::Offered;
use askama::Template;
use audience::Chosen;
use choices::{Choice, Choices};

/// How long the same comment counts as the same, in seconds.
pub(super) const SECOND_TAP_SECS: i64 = 20;

/// Most photos and other files of one post.
pub const FILES_MAX: usize = crate::domain::activities::parts::PARTS_MAX;

/// Most lists to choose from.
const LISTS_SHOWN: usize = 100;

/// The page.
#[derive(Template)]
#[template(path = "compose.html", blocks = ["form"], config = "assets/askama.toml")]
pub struct Compose<'a> {
    frame: &'a Frame,
    /// What was typed.
    typed: Typed,
    /// To whom it can go.
    choices: Choices,
    /// Files that are here already.
    files: Vec<Waiting>,
    /// With what it was begun, as the address says it: `to=` or `album=` and a key.
    begun: Option<String>,
    /// Into which albums its photos can come.
    albums: Vec<Offered>,
    /// Whether files can be posted here.
    takes_files: bool,
    /// What it will look like, as HTML.
    preview: Option<String>,
    /// What is wrong with what was typed.
    problem: Option<String>,
}

/// What was typed.
#[derive(Clone, Debug, Default)]
struct Typed {
    title: String,
    content: String,
    alt: String,
    place: String,
    latitude: String,
    longitude: String,
    date: String,
    /// Tells posts with the same words from the same post that is sent twice.
    once: String,
}

/// A file that waits to be posted.
#[derive(Debug)]
struct Waiting {
    key: String,
    name: String,
    alt: String,
    picture: Option<String>,
}

/// People who are found by name.
#[derive(Template)]
#[template(path = "parts/named.html", config = "assets/askama.toml")]
struct Named<'a> {
    frame: &'a Frame,
    choices: Vec<Choice>,
}

impl Typed {
    fn of(form: &[(String, String)]) -> Typed {
        let text = |name: &str| value(form, name).to_owned();
        Typed {
            title: text("title"),
            content: text("content"),
            alt: text("alt"),
            place: text("place"),
            latitude: text("latitude"),
            longitude: text("longitude"),
            date: text("date"),
            once: text("once"),
        }
    }
}

impl<'a> Compose<'a> {
    /// Whether an album is chosen.
    fn has_album(&self) -> bool {
        self.albums.iter().any(|album| album.is_chosen)
    }

    /// The form with what was typed before.
    fn of(
        request: &Request,
        user: &LocalUser,
        frame: &'a Frame,
        form: &[(String, String)],
    ) -> Result<Compose<'a>, Error> {
        Compose::to(request, user, frame, form, &Chosen::of_form(form))
    }

    /// The form of something new, with what it begins with: `title`, `content`, and files that are here in `upload`. It goes to
    /// the person, list or group with the key in `to`, into the `album` and to those who see that, else to whom the last one went.
    fn begun_with(
        request: &Request,
        user: &LocalUser,
        frame: &'a Frame,
        given: &[(String, String)],
    ) -> Result<Compose<'a>, Error> {
        let to = value(given, "to");
        if let Some(chosen) = Chosen::towards(request.app(), user, to)? {
            let begun = Some(format!("to={to}"));
            let compose = Compose::to(request, user, frame, given, &chosen)?;
            return Ok(Compose { begun, ..compose });
        }
        let key = value(given, "album");
        let album = albums::own_album(request.app(), user, key)?;
        let post = match album.and_then(|(_, album)| album.post) {
            Some(post) => things::activity(&request.app().store, post)?,
            None => None,
        };
        if let Some(post) = post {
            let chosen = Chosen::of_post(request.app(), user, &post)?;
            let begun = Some(format!("album={key}"));
            let compose = Compose::to(request, user, frame, given, &chosen)?;
            return Ok(Compose { begun, ..compose });
        }
        let kept = preferences::get(&request.app().store, user.id())?;
        let chosen = Chosen::for_user(request.app(), user, &kept.audience)?;
        let compose = Compose::to(request, user, frame, given, &chosen)?;
        let problem = albums::gone().public();
        Ok(Compose {
            problem: (!key.is_empty()).then(|| frame.words.told(&problem)),
            ..compose
        })
    }

    fn to(
        request: &Request,
        user: &LocalUser,
        frame: &'a Frame,
        form: &[(String, String)],
        chosen: &Chosen,
    ) -> Result<Compose<'a>, Error> {
        let app = request.app();
        let mut typed = Typed::of(form);
        if typed.once.is_empty() {
            typed.once = random_text::<12>();
        }
        let mut files = Vec::new();
        for (_, key) in form.iter().filter(|(name, _)| name == "upload") {
            files.extend(waiting(request, user, frame, form, key)?);
        }
        Ok(Compose {
            frame,
            choices: Choices::of(app, frame, user, chosen)?,
            typed,
            files,
            begun: None,
            albums: albums::offered(request, frame, user, value(form, "album"))?,
            takes_files: app.config.enable_uploads,
            preview: None,
            problem: None,
        })
    }
}

/// An upload that a form names, if it is still there.
fn waiting(
    request: &Request,
    user: &LocalUser,
    frame: &Frame,
    form: &[(String, String)],
    key: &str,
) -> Result<Option<Waiting>, Error> {
    let Some(parsed) = Key::parse(key) else {
        return Ok(None);
    };
    let Ok(progress) = pieces::progress(request.app(), user.id(), parsed) else {
        return Ok(None);
    };
    Ok(Some(Waiting {
        picture: uploads::small_picture(request, frame, &progress)?,
        key: key.to_owned(),
        name: progress.begun.name,
        alt: value(form, &format!("alt.{key}")).to_owned(),
    }))
}

/// `GET /main/compose`: the form; for a page that puts it over itself, the form alone. `title`, `content` and
/// `upload` (of a file that is here) in the query are what it begins with, `to` (the key of a person, list or group) whom it goes to,
/// `album` (the key of an album of the user's) where its photos come.
pub fn page(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let given: Vec<(String, String)> = request
        .query_pairs()
        .filter(|(name, _)| matches!(&**name, "title" | "content" | "upload" | "to" | "album"))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let compose = Compose::begun_with(request, user, &frame, &given)?;
    match request.is_for_part() {
        true => show(visitor, &compose.as_form()),
        false => show(visitor, &compose),
    }
}

/// `GET /main/compose/people?q=`: people to name, as part of the form.
pub fn people(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let typed = request.query("q").unwrap_or_default();
    let named = Named {
        frame: &frame,
        choices: choices::search(request.app(), &frame, user, &typed)?,
    };
    show(visitor, &named)
}

/// `POST /main/compose/preview`: what `content` will look like, as HTML.
pub fn preview(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    let form = request.form();
    let html = posting::content(value(&form, "content"))?;
    Ok(Response::html(frame.files.html(&html)))
}

/// One of somebody's lists of people.
#[derive(Debug)]
pub struct OwnList {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// How many people it has.
    pub members: u64,
}

/// Somebody's lists of people, in the order of their making, as a reader calls them.
pub fn own_lists(
    app: &App,
    words: Words,
    person: ThingId,
) -> Result<Vec<(ThingId, OwnList)>, Error> {
    let stream = lists::index(person, "person");
    let ids = streams::page(&app.store, stream, Start::Newest, LISTS_SHOWN)?.unwrap_or_default();
    let mut found = Vec::new();
    for id in ids.into_iter().rev() {
        if let Some(list) = things::object(&app.store, id)?.filter(|list| list.deleted.is_none()) {
            let own = OwnList {
                key: list.key(id).to_string(),
                name: name_of_list(words, &list),
                members: streams::total(&app.store, Stream::of(id, StreamKind::Members))?,
            };
            found.push((id, own));
        }
    }
    Ok(found)
}

/// Whether this HTML is what an object says.
pub(super) fn says(object: &Object, content: &str) -> bool {
    let members = members_of(&object.members);
    let known = members.get("content").and_then(|known| known.as_str());
    known.unwrap_or_default() == content
}

/// An object as activities name it.
pub fn reference(app: &App, id: ThingId, object: &Object) -> ObjectDraft {
    let name = names::object_id(app.base(), id, object).to_string();
    ObjectDraft::reference(&name, &object.object_type)
}

/// A list of a user.
pub fn own_list(
    app: &App,
    user: &LocalUser,
    key: &str,
) -> Result<Option<(ThingId, Object)>, Error> {
    Ok(match names::by_key(&app.store, key)? {
        Some((id, things::Thing::Object(list)))
            if list.is_collection()
                && list.author == Some(user.id().0)
                && list.deleted.is_none() =>
        {
            Some((id, list))
        }
        _ => None,
    })
}

/// The user, as an address.
pub fn myself(app: &App, user: &LocalUser) -> ObjectDraft {
    ObjectDraft::reference(&app.base().person_id(user.nickname()), "person")
}
