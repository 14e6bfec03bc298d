//! `/main/confirm`: the page of who has registered and must first confirm a mail address, and the link in the letter
//! (`pump-api.md §5.3`).

use crate::auth::{Visitor, sessions};
use crate::domain::mailing::confirming;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::UserId;
use crate::mailbox::MailAddress;
use crate::store::users;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;
use hyper::{Method, StatusCode};

#[derive(Template)]
#[template(path = "confirm.html", config = "assets/askama.toml")]
struct Waiting<'a> {
    frame: &'a Frame,
    nickname: String,
    /// Where the letter went.
    address: String,
    /// What stands in the form.
    typed: &'a str,
    is_sent: bool,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "confirmed.html", config = "assets/askama.toml")]
struct Confirmed<'a> {
    frame: &'a Frame,
    address: String,
}

/// The way to the page.
pub fn first(frame: &Frame, status: StatusCode) -> Answer {
    let page = format!("{}/main/confirm", frame.root);
    Ok(Response::redirect(status, &page))
}

/// `GET /main/confirm`: where the letter went, and the form for another one; for everybody else, the way home.
pub fn waiting(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.unconfirmed() else {
        return home(&frame, StatusCode::FOUND);
    };
    let mut page = page(request, &frame, user)?;
    page.is_sent = request.query("sent").is_some();
    show(visitor, &page)
}

/// `POST /main/confirm`: `email`, the same or another address: a letter goes to it. 303 back; 400, 429 with the form and a
/// sentence.
pub fn send_again(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.unconfirmed() else {
        return home(&frame, StatusCode::SEE_OTHER);
    };
    let form = request.form();
    let typed = value(&form, "email");
    let sent = MailAddress::parse(typed)
        .map_err(Error::Invalid)
        .and_then(|address| {
            request.guard.admit_letter(request, address.as_str())?;
            confirming::change(request.app(), user, &address, request.now)
        });
    match sent {
        Ok(()) => Ok(see_other(&frame, "/main/confirm?sent=1")),
        Err(error) => again(visitor, error, |problem| {
            Ok(Waiting {
                typed,
                problem: Some(problem),
                ..page(request, &frame, user)?
            })
        }),
    }
}

/// `GET /main/confirm/{code}`: the link in the letter. The address is the account's, and the browser is logged in. 404 for
/// a link that is not known, 400 for one that was used, is too old or belongs to another session's user, 403 for a
/// suspended account.
pub fn follow(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    // Who only asks whether the page is there does not use the link up.
    if request.sent_method == Method::HEAD {
        return home(&frame, StatusCode::FOUND);
    }
    let app = request.app();
    let session = visitor.user().map(|user| user.id());
    let session = session.or(visitor.unconfirmed());
    let code = request.param("code");
    let confirm = || confirming::confirm(app, code, session, request.now);
    let user = request.guard.try_secret(request, confirm)?;
    let now = sessions::begin(request, user)?;
    let account = users::get(&app.store, user)?.ok_or(Error::Gone)?;
    let page = Confirmed {
        frame: &Frame::of(request, &now)?,
        address: account.email.unwrap_or_default(),
    };
    show(&now, &page)
}

fn page<'a>(request: &Request, frame: &'a Frame, user: UserId) -> Result<Waiting<'a>, Error> {
    let account = users::get(&request.app().store, user)?.ok_or(Error::Gone)?;
    Ok(Waiting {
        frame,
        nickname: account.nickname.to_string(),
        address: account.unconfirmed_email.unwrap_or_default(),
        typed: "",
        is_sent: false,
        problem: None,
    })
}

fn home(frame: &Frame, status: StatusCode) -> Answer {
    match frame.is_user() {
        true => Ok(Response::redirect(status, &format!("{}/", frame.root))),
        false => login::first(frame),
    }
}
