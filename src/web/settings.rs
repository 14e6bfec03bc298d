//! `/main/settings/profile`: what somebody tells of themselves.

use crate::auth::{LocalUser, Visitor};
use crate::domain::activities;
use crate::domain::uploads::{self, Texts};
use crate::error::Error;
use crate::html;
use crate::http::{Answer, Body, Request};
use crate::store::things;
use crate::web::composer::myself;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::wire::draft::{ActivityDraft, members_of};
use askama::Template;
use serde_json::json;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 100;

/// Longest text about oneself, in characters.
const BIO_CHARS_MAX: usize = 2000;

#[derive(Template)]
#[template(path = "settings.html", config = "assets/askama.toml")]
struct Settings<'a> {
    frame: &'a Frame,
    name: String,
    bio: String,
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
        takes_photos: request.app().config.enable_uploads,
        is_saved: request.query("saved").is_some(),
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /main/settings`: `displayName`, `summary`, and perhaps a picture `avatar`. 303 back; 400, 413 with the form and a
/// sentence.
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
                takes_photos: request.app().config.enable_uploads,
                is_saved: false,
                problem: Some(problem),
            })
        }),
    }
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
    if let Body::Multipart { files, .. } = &request.body
        && let Some(part) = files.iter().find(|part| part.field == "avatar")
        && let Some(spool) = part.file.take()
    {
        if !app.config.enable_uploads {
            return Err(Error::invalid("Photos are switched off on this server."));
        }
        let declared = Some(part.content_type.as_str()).filter(|kind| !kind.is_empty());
        let id = uploads::add_avatar(
            app,
            user.id(),
            spool,
            declared,
            &Texts::default(),
            request.now,
        )?;
        let picture = things::object(&app.store, id)?;
        let picture = picture.ok_or_else(|| Error::internal("an upload is gone"))?;
        let mut members = members_of(&picture.members);
        if let Some(full) = members.remove("fullImage") {
            person
                .members
                .insert("pump_io".to_owned(), json!({ "fullImage": full }));
        }
        if let Some(image) = members.remove("image") {
            person.members.insert("image".to_owned(), image);
        }
    }
    let draft = ActivityDraft::of("update", person);
    activities::post(app, user.id(), None, &draft, request.now).map(drop)
}
