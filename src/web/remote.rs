//! People of other servers log in at home, to be here as themselves (`pump-api.md §6.10`): the form for their address, and the
//! page to which they come back.

use crate::auth::{Visitor, visits};
use crate::domain::{blocks, names};
use crate::error::Error;
use crate::federation::visiting;
use crate::http::{Answer, Request, Response};
use crate::store::visits::Journey;
use crate::web::forms::{again, value};
use crate::web::frame::{Frame, show};
use crate::web::{login, text};
use askama::Template;
use hyper::StatusCode;

#[derive(Template)]
#[template(path = "remote.html", config = "assets/askama.toml")]
struct Remote<'a> {
    frame: &'a Frame,
    webfinger: &'a str,
    onward: &'a str,
    login: String,
    problem: Option<String>,
}

impl<'a> Remote<'a> {
    fn of(frame: &'a Frame, onward: &'a str) -> Remote<'a> {
        Remote {
            frame,
            webfinger: "",
            onward,
            login: login::address_to(frame, onward),
            problem: None,
        }
    }
}

/// `GET /main/remote?continueTo=`: the form; for somebody who is logged in, the way on (302).
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let onward = request.query("continueTo").unwrap_or_default();
    let onward = text::local_path(&onward, &frame.root);
    if frame.me.is_some() {
        return Ok(Response::redirect(StatusCode::FOUND, &onward));
    }
    show(visitor, &Remote::of(&frame, &onward))
}

/// `POST /main/remote`: `webfinger`, `continueTo`. 302 to the visitor's own server; 400, 403, 429, 502 with the form and a
/// sentence.
pub fn set_out(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let form = request.form();
    let webfinger = value(&form, "webfinger");
    let onward = text::local_path(value(&form, "continueTo"), &frame.root);
    match leave(request, webfinger, &onward) {
        Ok(address) => Ok(Response::redirect(StatusCode::FOUND, &address)),
        Err(error) => again(visitor, error, |problem| {
            Ok(Remote {
                webfinger,
                problem: Some(problem),
                ..Remote::of(&frame, &onward)
            })
        }),
    }
}

/// Where the visitor goes to log in.
fn leave(request: &Request, webfinger: &str, onward: &str) -> Result<String, Error> {
    let app = request.app();
    let host = visiting::host_of(webfinger).ok_or_else(|| {
        Error::invalid(
            "That is no address. Type the one of your account, such as ann@pump.example.",
        )
    })?;
    let home = format!("http://{host}/");
    if names::is_ours(app.base(), &home) {
        return Err(Error::invalid(
            "That is an account of this very site: log in with your nickname and password.",
        ));
    }
    blocks::check(&app.store, &home)?;
    request.guard.admit_elsewhere(request, None)?;
    let callback = format!("{}/main/authorized/{host}", app.base().url());
    let (address, pass) = visiting::set_out(app, &host, &callback)
        .map_err(|failure| visiting::in_words(&host, &failure))?;
    let journey = Journey {
        host,
        pass,
        onward: onward.to_owned(),
        created: request.now,
    };
    visits::set_out(request, &journey)?;
    Ok(address)
}

/// `GET /main/authorized/{host}?oauth_token&oauth_verifier`: the visitor comes back from there. 302 to where they wanted to
/// go; 400 for a login that did not begin in this browser, 403, 502, each with the form and a sentence.
pub fn arrive(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let host = request.param("host").to_ascii_lowercase();
    let token = request.query("oauth_token").unwrap_or_default();
    let mut onward = format!("{}/", frame.root);
    let journey = visits::arrive(request, &host, &token)?;
    if let Some(journey) = &journey {
        onward.clone_from(&journey.onward);
    }
    match come_in(request, journey) {
        Ok(now) => Ok(now.introduce(Response::redirect(StatusCode::FOUND, &onward))),
        Err(error) => again(visitor, error, |problem| {
            Ok(Remote {
                problem: Some(problem),
                ..Remote::of(&frame, &onward)
            })
        }),
    }
}

fn come_in(request: &Request, journey: Option<Journey>) -> Result<Visitor, Error> {
    let journey = journey.ok_or_else(|| {
        Error::invalid("This login did not begin here and now, or it took too long. Begin again.")
    })?;
    let verifier = request.query("oauth_verifier").ok_or_else(|| {
        Error::Forbidden(format!(
            "{} says that you did not agree, so you are not logged in.",
            journey.host
        ))
    })?;
    let visit = visiting::arrive(request.app(), &journey, &verifier, request.now)?;
    visits::begin(request, visit)
}
