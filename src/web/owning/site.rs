//! `/main/box/site`: the name of the site, the words and the picture for strangers on its first page, and who can get an account.

use super::enter;
use crate::auth::Visitor;
use crate::domain::setup::SITE_CHARS_MAX;
use crate::domain::site::{self, WELCOME_CHARS_MAX};
use crate::domain::{registration, site as sites};
use crate::error::Error;
use crate::http::{Answer, Body, Request, Response};
use crate::store::meta::{self, Registration};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::words::marked;
use askama::Template;
use hyper::{StatusCode, header};
use sha2::{Digest, Sha256};

#[derive(Template)]
#[template(path = "box/site.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    name: String,
    /// Whether the configuration has decided the name.
    is_name_fixed: bool,
    name_chars_max: usize,
    welcome: String,
    welcome_chars_max: usize,
    /// The address of the picture.
    picture: Option<String>,
    /// Whether the configuration names a picture, which goes first.
    is_picture_fixed: bool,
    /// Who can get an account: the word, a sentence, whether it is so.
    modes: Vec<(&'static str, &'static str, bool)>,
    /// Whether the configuration has closed the registration.
    is_closed: bool,
    is_saved: bool,
    problem: Option<String>,
}

impl<'a> Page<'a> {
    fn of(request: &Request, frame: &'a Frame) -> Result<Page<'a>, Error> {
        let app = request.app();
        let mode = registration::mode(app, &app.store)?;
        Ok(Page {
            frame,
            name: app.site_name(),
            is_name_fixed: app.config.site.is_some(),
            name_chars_max: SITE_CHARS_MAX,
            welcome: site::welcome(&app.store)?,
            welcome_chars_max: WELCOME_CHARS_MAX,
            picture: picture_address(request, frame)?,
            is_picture_fixed: app.config.main_image.is_some(),
            modes: registration_modes(mode),
            is_closed: app.config.disable_registration,
            is_saved: false,
            problem: None,
        })
    }
}

/// Who can get an account, to choose from: the word, a sentence, whether it is chosen.
pub fn registration_modes(chosen: Registration) -> Vec<(&'static str, &'static str, bool)> {
    let words = |mode| match mode {
        Registration::Open => marked("Everybody who finds the site"),
        Registration::Invite => marked("Whoever has an invitation"),
        Registration::Closed => marked("Nobody"),
    };
    let all = Registration::ALL.map(|one| (one.name(), words(one), one == chosen));
    all.to_vec()
}

/// `GET /main/box/site`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let page = Page {
            is_saved: request.query("saved").is_some(),
            ..Page::of(request, frame)?
        };
        show(visitor, &page)
    })
}

/// `POST /main/box/site`: `name`, `welcome`, and perhaps a `picture`, or `remove` for none. 303 back; 400, 413 with the form.
pub fn describe(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        let (name, welcome) = (value(&form, "name"), value(&form, "welcome"));
        let app = request.app();
        let saved = sites::describe(app, name, welcome, request.now).and_then(|()| {
            if !value(&form, "remove").is_empty() {
                return Ok(sites::hide(app)?);
            }
            take_picture(request)
        });
        match saved {
            Ok(()) => Ok(see_other(frame, "/main/box/site?saved=1")),
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    name: name.to_owned(),
                    welcome: welcome.to_owned(),
                    problem: Some(problem),
                    ..Page::of(request, frame)?
                })
            }),
        }
    })
}

/// `POST /main/box/registration`: `registration`: `open`, `invite` or `closed`. 303 back; 400, 409 with the form.
pub fn register(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        let saved = Registration::parse(value(&form, "registration"))
            .ok_or_else(|| Error::invalid("Choose one of the three."))
            .and_then(|mode| registration::set(request.app(), mode));
        match saved {
            Ok(()) => Ok(see_other(frame, "/main/box/site?saved=1")),
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    problem: Some(problem),
                    ..Page::of(request, frame)?
                })
            }),
        }
    })
}

/// `GET /main/picture`: the picture of the first page, for everybody; 404 if there is none.
pub fn picture(request: &Request) -> Answer {
    let picture = meta::picture(&request.app().store)?;
    let picture = picture.ok_or_else(|| Error::not_found("There is no picture."))?;
    let mime = match picture.mime.as_str() {
        "image/png" => "image/png",
        "image/gif" => "image/gif",
        _ => "image/jpeg",
    };
    let tag = version(&picture.bytes);
    Ok(Response::new(StatusCode::OK, mime, picture.bytes)
        .with(header::ETAG, &format!("\"{tag}\""))
        .with(header::CACHE_CONTROL, "public, max-age=3600"))
}

/// The address of the picture of the first page, which changes with it.
pub fn picture_address(request: &Request, frame: &Frame) -> Result<Option<String>, Error> {
    let picture = meta::picture(&request.app().store)?;
    Ok(picture.map(|picture| frame.at(&format!("/main/picture?v={}", version(&picture.bytes)))))
}

fn version(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn take_picture(request: &Request) -> Result<(), Error> {
    let Body::Multipart { files, .. } = &request.body else {
        return Ok(());
    };
    let Some(part) = files.iter().find(|part| part.field == "picture") else {
        return Ok(());
    };
    if part.file.bytes() > site::UPLOAD_BYTES_MAX {
        return Err(Error::TooLarge("That picture is too large.".to_owned()));
    }
    let declared = Some(part.content_type.as_str()).filter(|kind| !kind.is_empty());
    match part.file.take() {
        Some(spool) => site::show(request.app(), &spool, declared),
        None => Ok(()),
    }
}
