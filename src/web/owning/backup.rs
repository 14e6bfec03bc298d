//! `/main/box/backup`: copies of everything: every night, as a download, and what to do on the day when one is needed, also on
//! paper.

use super::enter;
use crate::auth::{Visitor, sessions};
use crate::domain::backups::making::Snapshot;
use crate::domain::backups::nightly::{self, State};
use crate::domain::backups::target;
use crate::domain::quotas;
use crate::error::Error;
use crate::http::{Answer, Content, Request, Response};
use crate::web::cards::Time;
use crate::web::forms::{again, in_words, see_other, value};
use crate::web::frame::{Frame, show};
use askama::Template;
use hyper::{StatusCode, header};
use std::path::Path;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "box/backup.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    nickname: &'a str,
    nights: Nights,
    /// The directory that was typed, or the one that is in use.
    directory: String,
    is_encrypted: bool,
    is_saved: bool,
    /// What is wrong with the directory.
    nights_problem: Option<String>,
    /// Why there is no download.
    problem: Option<String>,
}

/// What there is to say of the backups of every night.
pub(super) struct Nights {
    /// Whether there are any.
    pub(super) is_on: bool,
    /// Whether the configuration decides where they go.
    is_fixed: bool,
    /// Whether one is being made now.
    is_busy: bool,
    /// When the last one was made, and how large it is.
    pub(super) made: Option<(Time, String)>,
    /// Whether that is too long ago.
    pub(super) is_late: bool,
    /// What went wrong.
    pub(super) problem: Option<String>,
    /// Whether they are on the disk of the server itself.
    is_beside: bool,
}

impl Nights {
    pub(super) fn of(request: &Request, frame: &Frame) -> Nights {
        let app = request.app();
        let state = nightly::state(&app.config);
        let words = frame.words;
        let place = Path::new(&state.directory);
        Nights {
            is_on: !state.directory.is_empty(),
            is_fixed: app.config.backup_directory.is_some(),
            is_busy: app.keeper.is_busy(),
            is_late: state.is_late(request.now),
            is_beside: !state.directory.is_empty()
                && target::is_same_disk(place, &app.config.datadir),
            made: state
                .made
                .map(|(at, bytes)| (Time::of(words, at, request.now), quotas::in_words(bytes))),
            problem: state.problem.map(|(_, problem)| words.told(&problem)),
        }
    }
}

impl<'a> Page<'a> {
    fn of(request: &Request, frame: &'a Frame) -> Page<'a> {
        let config = &request.app().config;
        let State { directory, .. } = nightly::state(config);
        Page {
            nickname: frame.nickname(),
            nights: Nights::of(request, frame),
            directory,
            is_encrypted: config.backup_passphrase.is_some(),
            is_saved: request.query("saved").is_some(),
            nights_problem: None,
            problem: None,
            frame,
        }
    }
}

/// `GET /main/box/backup`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        show(visitor, &Page::of(request, frame))
    })
}

/// `POST /main/box/nightly`: `directory`, into which a backup is made every night, or nothing; with `now` one is made at once.
/// 303 back; 400 with the page.
pub fn plan(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        if !value(&form, "now").is_empty() {
            nightly::want(request.app());
            return Ok(see_other(frame, "/main/box/backup#nights"));
        }
        let typed = value(&form, "directory");
        match nightly::choose(request.app(), typed) {
            Ok(()) => Ok(see_other(frame, "/main/box/backup?saved=1#nights")),
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    nights_problem: Some(problem),
                    directory: typed.to_owned(),
                    ..Page::of(request, frame)
                })
            }),
        }
    })
}

/// `POST /main/box/backup`: `password`, the owner's, because the file holds what everybody wrote; `passphrase` and `again`, if it
/// shall be encrypted. 200 with the file; 400, 401, 429, 503, 507 with the page.
pub fn make(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        let passphrase = Some(value(&form, "passphrase")).filter(|typed| !typed.is_empty());
        let proved = sessions::prove_password(request, frame.nickname(), value(&form, "password"))
            .map_err(|error| in_words(error, "Your password is not right."));
        let made = proved
            .and_then(|_| check(passphrase, value(&form, "repeated")))
            .and_then(|()| streamed(request, passphrase));
        match made {
            Ok(answer) => Ok(answer),
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    problem: Some(problem),
                    ..Page::of(request, frame)
                })
            }),
        }
    })
}

fn check(passphrase: Option<&str>, repeated: &str) -> Result<(), Error> {
    target::check_passphrase(passphrase)?;
    if passphrase.is_some_and(|passphrase| passphrase != repeated) {
        return Err(Error::invalid(
            "The two passphrases are not the same. Type them again.",
        ));
    }
    Ok(())
}

/// The backup, on its way.
fn streamed(request: &Request, passphrase: Option<&str>) -> Result<Response, Error> {
    let snapshot = Snapshot::take(request.app(), request.now)?;
    let bytes = snapshot.streamed_bytes(passphrase.is_some());
    let name = target::file_name(snapshot.about(), passphrase.is_some(), false);
    let app = Arc::clone(&request.app);
    let from = snapshot.stream(app, passphrase.map(str::to_owned));
    let mut answer = Response::new(StatusCode::OK, "application/octet-stream", "")
        .with(
            header::CONTENT_DISPOSITION,
            &format!("attachment; filename=\"{name}\""),
        )
        .with(header::CACHE_CONTROL, "private, no-store");
    answer.content = Content::Pipe {
        from: from.map_err(Error::internal)?,
        bytes,
    };
    Ok(answer)
}

#[derive(Template)]
#[template(path = "box/sheet.html", config = "assets/askama.toml")]
struct Sheet<'a> {
    frame: &'a Frame,
    site: String,
    address: String,
    owner: &'a str,
    directory: String,
    day: String,
}

/// `GET /main/box/backup/sheet`: what to do when the machine is broken, on one page of paper.
pub fn sheet(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let app = request.app();
        let page = Sheet {
            site: app.site_name(),
            address: app.base().url().to_owned(),
            owner: frame.nickname(),
            directory: nightly::state(&app.config).directory,
            day: request.now.day(),
            frame,
        };
        show(visitor, &page)
    })
}
