//! The box to post a note or a photo: to whom it can go, in words, and what becomes of what was typed.

use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::domain::activities::{self, lists};
use crate::domain::documents::display_name;
use crate::domain::{names, people, uploads};
use crate::error::Error;
use crate::http::{Answer, Body, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::Frame;
use crate::web::login;
use crate::web::{home, text};
use crate::wire::draft::{ActivityDraft, Addresses, ObjectDraft, members_of};

/// Longest text of a post, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 64 * 1024;

/// How long the same words and the same picture count as the same post, in seconds.
pub(super) const SECOND_TAP_SECS: i64 = 20;

/// Most lists to choose from.
const LISTS_SHOWN: usize = 100;

/// What was typed, and to whom it can go.
#[derive(Debug, Default)]
pub struct Composer {
    /// The text.
    pub content: String,
    /// The words for the picture.
    pub alt: String,
    /// To whom it can go.
    pub choices: Vec<Choice>,
    /// Whether pictures can be posted here.
    pub takes_photos: bool,
    /// What is wrong with what was typed.
    pub problem: Option<String>,
}

/// One audience.
#[derive(Debug)]
pub struct Choice {
    /// `followers`, `public`, `me`, or `list:` and a key.
    pub value: String,
    /// `followers`, `public`, `me` or `list`.
    pub kind: &'static str,
    /// "Family (6)"
    pub words: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

impl Composer {
    /// The empty box of a user.
    pub fn of(app: &App, user: &LocalUser, chosen: &str) -> Result<Composer, Error> {
        let store = &app.store;
        let person = user.id().0;
        let followers = streams::total(store, Stream::of(person, StreamKind::Followers))?;
        let mut choices = vec![
            choice(
                "followers",
                "followers",
                format!("Everyone who follows me ({followers})"),
            ),
            choice("public", "public", "Public (whole Internet)".to_owned()),
            choice("me", "me", "Only me".to_owned()),
        ];
        for (_, list) in own_lists(app, person)? {
            choices.push(choice(
                &format!("list:{}", list.key),
                "list",
                format!("{} ({})", list.name, list.members),
            ));
        }
        for choice in &mut choices {
            choice.is_chosen = choice.value == chosen;
        }
        Ok(Composer {
            choices,
            takes_photos: app.config.enable_uploads,
            ..Composer::default()
        })
    }
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

/// Somebody's lists of people, in the order of their making.
pub fn own_lists(app: &App, person: ThingId) -> Result<Vec<(ThingId, OwnList)>, Error> {
    let stream = lists::index(person, "person");
    let ids = streams::page(&app.store, stream, Start::Newest, LISTS_SHOWN)?.unwrap_or_default();
    let mut found = Vec::new();
    for id in ids.into_iter().rev() {
        if let Some(list) = things::object(&app.store, id)?.filter(|list| list.deleted.is_none()) {
            let own = OwnList {
                key: list.key(id).to_string(),
                name: display_name(&list).unwrap_or_else(|| "A list".to_owned()),
                members: streams::total(&app.store, Stream::of(id, StreamKind::Members))?,
            };
            found.push((id, own));
        }
    }
    Ok(found)
}

fn choice(value: &str, kind: &'static str, words: String) -> Choice {
    Choice {
        value: value.to_owned(),
        kind,
        words,
        is_chosen: false,
    }
}

/// `POST /main/post`: the form of the box (`content`, `audience`, and with a picture `photo` and `alt`). 303 to the home
/// page; what is wrong is said there, with what was typed (400, 413).
pub fn post(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    match posted(request, user, &form) {
        Ok(()) => Ok(see_other(&frame, "/")),
        Err(error) => again(visitor, error, |problem| {
            let composer = Composer {
                content: value(&form, "content").to_owned(),
                alt: value(&form, "alt").to_owned(),
                problem: Some(problem),
                ..Composer::of(request.app(), user, value(&form, "audience"))?
            };
            home::inbox(request, user, &frame, composer)
        }),
    }
}

fn posted(request: &Request, user: &LocalUser, form: &[(String, String)]) -> Result<(), Error> {
    let app = request.app();
    let typed = value(form, "content");
    if typed.len() > TEXT_BYTES_MAX {
        return Err(Error::TooLarge(
            "This text is too long for one post.".to_owned(),
        ));
    }
    let addresses = addresses(app, user, value(form, "audience"))?;
    let content = text::to_html(typed);
    let _turn = app.turns.of(user.id().0);
    if is_second_tap(request, user, &content, &addresses)? {
        return Ok(());
    }
    let photo = photo(request, user, value(form, "alt"))?;
    if content.is_empty() && photo.is_none() {
        return Err(Error::invalid("Write something, or choose a photo."));
    }
    let mut object = match photo {
        Some(photo) => photo,
        None => ObjectDraft {
            object_type: Some("note".to_owned()),
            ..ObjectDraft::default()
        },
    };
    if !content.is_empty() {
        object.members.insert("content".to_owned(), content.into());
    }
    let mut draft = ActivityDraft::of("post", object);
    draft.addresses = addresses;
    activities::post(app, user.id(), None, &draft, request.now)?;
    Ok(())
}

/// Whether this HTML is what an object says.
pub(super) fn says(object: &Object, content: &str) -> bool {
    let members = members_of(&object.members);
    let known = members.get("content").and_then(|known| known.as_str());
    known.unwrap_or_default() == content
}

/// Whether the user's newest post is what this form sends again: a button was tapped twice.
fn is_second_tap(
    request: &Request,
    user: &LocalUser,
    content: &str,
    addresses: &Addresses<Vec<ObjectDraft>>,
) -> Result<bool, Error> {
    let store = &request.app().store;
    let outbox = Stream::of(user.id().0, StreamKind::OutboxMajor);
    let newest = streams::page(store, outbox, Start::Newest, 1)?.unwrap_or_default();
    let Some(newest) = newest.first() else {
        return Ok(false);
    };
    let Some(activity) = things::activity(store, *newest)?.filter(things::Activity::is_post) else {
        return Ok(false);
    };
    let Some(object) =
        things::object(store, activity.object)?.filter(|object| object.deleted.is_none())
    else {
        return Ok(false);
    };
    let same_words = says(&object, content);
    let sent_bytes = match &request.body {
        Body::Multipart { files, .. } => files.first().map(|part| part.file.bytes()),
        _ => None,
    };
    let kept_bytes = object.file.as_ref().map(|file| file.bytes);
    let is_soon = request.now.secs_since(activity.published) < SECOND_TAP_SECS;
    if !is_soon || !same_words || sent_bytes != kept_bytes {
        return Ok(false);
    }
    let base = request.app().base();
    for (sent, kept) in addresses.each().into_iter().zip(activity.addresses.each()) {
        let mut meant = Vec::new();
        for address in sent {
            meant.extend(names::find(
                base,
                store,
                address.id.as_deref().unwrap_or_default(),
            )?);
        }
        if meant != *kept {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps the picture of the form and answers what posts it; nothing if there is none.
fn photo(request: &Request, user: &LocalUser, alt: &str) -> Result<Option<ObjectDraft>, Error> {
    let app = request.app();
    let Body::Multipart { files, .. } = &request.body else {
        return Ok(None);
    };
    let Some(part) = files.iter().find(|part| part.field == "photo") else {
        return Ok(None);
    };
    let Some(spool) = part.file.take() else {
        return Ok(None);
    };
    if !app.config.enable_uploads {
        return Err(Error::invalid("Photos are switched off on this server."));
    }
    let declared = Some(part.content_type.as_str()).filter(|kind| !kind.is_empty());
    if spool.kind(declared)?.class == crate::media::Class::File {
        return Err(Error::invalid(
            "This file is no picture that can be shown here. Choose a JPEG, PNG, GIF or WebP picture.",
        ));
    }
    let texts = uploads::Texts::default();
    let id = uploads::add(app, user.id(), spool, declared, &texts, request.now)?;
    let object =
        things::object(&app.store, id)?.ok_or_else(|| Error::internal("an upload is gone"))?;
    let mut draft = reference(app, id, &object);
    let alt = alt.trim();
    if !alt.is_empty() {
        draft.members.insert("alt".to_owned(), alt.into());
    }
    Ok(Some(draft))
}

/// An object as activities name it.
pub fn reference(app: &App, id: ThingId, object: &Object) -> ObjectDraft {
    let name = names::object_id(app.base(), id, object).to_string();
    ObjectDraft::reference(&name, &object.object_type)
}

/// The addresses that an audience means.
fn addresses(
    app: &App,
    user: &LocalUser,
    audience: &str,
) -> Result<Addresses<Vec<ObjectDraft>>, Error> {
    let unknown = || Error::invalid("Choose who can see this.");
    let mut addresses: Addresses<Vec<ObjectDraft>> = Addresses::default();
    match audience {
        "followers" => addresses
            .cc
            .push(people::followers(app, user.nickname().as_str())),
        "public" => addresses
            .cc
            .push(ObjectDraft::reference(names::PUBLIC, "collection")),
        "me" => addresses.to.push(myself(app, user)),
        other => {
            let key = other.strip_prefix("list:").ok_or_else(unknown)?;
            let (id, list) = own_list(app, user, key)?.ok_or_else(unknown)?;
            addresses.cc.push(reference(app, id, &list));
        }
    }
    Ok(addresses)
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
