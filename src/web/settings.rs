//! `/main/settings/profile`: what somebody tells of themselves.

use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::clock::Timestamp;
use crate::domain::activities;
use crate::domain::uploads::{self, Texts};
use crate::error::Error;
use crate::html;
use crate::http::{Answer, Body, Request};
use crate::ids::{ThingId, UserId};
use crate::media::avatar::Crop;
use crate::media::{Class, Spool};
use crate::store::things;
use crate::web::composer::myself;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::web::profile::About;
use crate::wire::draft::{ActivityDraft, Members, members_of};
use askama::Template;
use serde_json::{Value, json};

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 100;

/// Longest name of a place, in characters.
const PLACE_CHARS_MAX: usize = 100;

/// Longest text about oneself, in characters.
const BIO_CHARS_MAX: usize = 2000;

#[derive(Template)]
#[template(path = "settings.html", config = "assets/askama.toml")]
struct Settings<'a> {
    frame: &'a Frame,
    name: String,
    bio: String,
    about: About,
    takes_photos: bool,
    is_saved: bool,
    problem: Option<String>,
}

/// `GET /main/settings/profile`
pub fn profile_form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    let me = frame.me.as_ref().ok_or(Error::Gone)?;
    let page = Settings {
        frame: &frame,
        name: me.name.clone(),
        bio: html::plain(&me.summary),
        about: about(request, &frame)?,
        takes_photos: request.app().config.enable_uploads,
        is_saved: request.query("saved").is_some(),
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /main/settings`: `displayName`, `summary`, `place`, and perhaps pictures, `avatar` and a wide one, `cover`, which
/// `no-cover` takes away. `avatar-x`, `avatar-y` and `avatar-size` tell which square of the avatar is cut out, as
/// [`Crop::of`] takes them; without them it is the middle. 303 back; 400, 413 with the form and a sentence.
pub fn profile(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    match saved(request, user, &form) {
        Ok(()) => Ok(see_other(&frame, "/main/settings/profile?saved=1")),
        Err(error) => again(visitor, error, |problem| {
            Ok(Settings {
                frame: &frame,
                name: value(&form, "displayName").to_owned(),
                bio: value(&form, "summary").to_owned(),
                about: About {
                    place: value(&form, "place").to_owned(),
                    ..about(request, &frame)?
                },
                takes_photos: request.app().config.enable_uploads,
                is_saved: false,
                problem: Some(problem),
            })
        }),
    }
}

/// What the user tells besides the name.
fn about(request: &Request, frame: &Frame) -> Result<About, Error> {
    let me = frame.me.as_ref().ok_or(Error::Gone)?;
    let person = things::object(&request.app().store, me.id)?;
    Ok(About::of(frame, &person.ok_or(Error::Gone)?))
}

fn saved(request: &Request, user: &LocalUser, form: &[(String, String)]) -> Result<(), Error> {
    let app = request.app();
    let name = value(form, "displayName").trim();
    let bio = value(form, "summary").trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(Error::Invalid(format!(
            "Give yourself a name of at most {NAME_CHARS_MAX} characters."
        )));
    }
    if bio.chars().count() > BIO_CHARS_MAX {
        return Err(Error::Invalid(format!(
            "The text about you can have at most {BIO_CHARS_MAX} characters."
        )));
    }
    let mut person = myself(app, user);
    person.members.insert("displayName".to_owned(), json!(name));
    person
        .members
        .insert("summary".to_owned(), json!(html::escape(bio)));
    let place = value(form, "place").trim();
    if place.chars().count() > PLACE_CHARS_MAX {
        return Err(Error::invalid(
            "The name of a place can have at most 100 characters.",
        ));
    }
    let known = things::object(&app.store, user.id().0)?.ok_or(Error::Gone)?;
    let known = members_of(&known.members);
    if !place.is_empty() {
        let place = json!({ "objectType": "place", "displayName": place });
        person.members.insert("location".to_owned(), place);
    } else if known.contains_key("location") {
        person.members.insert("location".to_owned(), Value::Null);
    }
    let texts = Texts {
        crop: crop(form)?,
        ..Texts::default()
    };
    if let Some(mut picture) = picture(request, user, "avatar", uploads::add_avatar, &texts)? {
        if let Some(full) = picture.remove("fullImage") {
            person
                .members
                .insert("pump_io".to_owned(), json!({ "fullImage": full }));
        }
        if let Some(image) = picture.remove("image") {
            person.members.insert("image".to_owned(), image);
        }
    }
    let cover = picture(request, user, "cover", uploads::add, &Texts::default())?;
    match cover.and_then(|mut picture| {
        picture
            .remove("fullImage")
            .or_else(|| picture.remove("image"))
    }) {
        Some(image) => drop(person.members.insert("coverImage".to_owned(), image)),
        None if value(form, "no-cover").is_empty() => {}
        None => drop(person.members.insert("coverImage".to_owned(), Value::Null)),
    }
    let draft = ActivityDraft::of("update", person);
    activities::post(app, user.id(), None, &draft, request.now).map(drop)
}

/// The square of the new picture that the form tells; the middle if it tells none.
fn crop(form: &[(String, String)]) -> Result<Crop, Error> {
    let texts = ["avatar-x", "avatar-y", "avatar-size"].map(|name| value(form, name));
    if texts.iter().all(|text| text.is_empty()) {
        return Ok(Crop::default());
    }
    let [x, y, size] = texts.map(|text| text.parse().unwrap_or(f64::NAN));
    Crop::of(x, y, size).ok_or_else(|| {
        Error::invalid("The part that you chose is not in the picture. Choose the picture again.")
    })
}

/// How a picture of a form is kept.
type Keep = fn(&App, UserId, Spool, Option<&str>, &Texts, Timestamp) -> Result<ThingId, Error>;

/// Keeps a picture of the form and answers what its object says; nothing if none was chosen.
fn picture(
    request: &Request,
    user: &LocalUser,
    field: &str,
    keep: Keep,
    texts: &Texts,
) -> Result<Option<Members>, Error> {
    let app = request.app();
    let Body::Multipart { files, .. } = &request.body else {
        return Ok(None);
    };
    let Some(part) = files.iter().find(|part| part.field == field) else {
        return Ok(None);
    };
    let Some(spool) = part.file.take() else {
        return Ok(None);
    };
    if !app.config.enable_uploads {
        return Err(Error::invalid("Photos are switched off on this server."));
    }
    let declared = Some(part.content_type.as_str()).filter(|kind| !kind.is_empty());
    if spool.kind(declared)?.class != Class::Image {
        return Err(Error::invalid(
            "A profile picture must be a JPEG, PNG, GIF or WebP picture.",
        ));
    }
    let id = keep(app, user.id(), spool, declared, texts, request.now)?;
    let picture = things::object(&app.store, id)?;
    let picture = picture.ok_or_else(|| Error::internal("an upload is gone"))?;
    Ok(Some(members_of(&picture.members)))
}
