//! Coming and going: registration, login, logout (`pump-api.md §1.5`). Login and registration answer forms of pages and,
//! as pump.io does, JSON of clients that sign with their own key.

use crate::api::registering::{self, Wanted};
use crate::api::users;
use crate::auth::{self, LocalUser, Visitor, grants, sessions};
use crate::domain::people;
use crate::domain::registration::Admission;
use crate::http::{Answer, Request, Response};
use crate::web::confirming;
use crate::web::forms::{again, check_repeated, in_words, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::text;
use crate::words::marked;
use askama::Template;
use hyper::{StatusCode, header};
use serde::Deserialize;

/// What a page says where a nickname and a password do not fit.
pub const WRONG_LOGIN: &str = marked("The nickname or the password is not right. Try again.");

#[derive(Template)]
#[template(path = "login.html", config = "assets/askama.toml")]
struct Login<'a> {
    frame: &'a Frame,
    nickname: &'a str,
    onward: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "register.html", config = "assets/askama.toml")]
struct Register<'a> {
    frame: &'a Frame,
    account: NewAccount,
    problem: Option<String>,
}

/// What stands in a form for a new account (`parts/new-account.html`).
pub struct NewAccount {
    /// The nickname as it was typed.
    pub nickname: String,
    /// The mail address as it was typed.
    pub email: String,
    /// Whether there is a field for a mail address.
    pub takes_email: bool,
    /// Whether it must be filled in.
    pub needs_email: bool,
}

/// What a client sends.
#[derive(Deserialize)]
struct Credentials {
    nickname: String,
    password: String,
}

/// `GET /main/login?continue=`: the form; for somebody who is logged in, the way on.
pub fn login_form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.unconfirmed().is_some() {
        return confirming::first(&frame, StatusCode::FOUND);
    }
    let onward = text::local_path(&request.query("continue").unwrap_or_default(), &frame.root);
    if frame.is_user() {
        return Ok(Response::redirect(StatusCode::FOUND, &onward));
    }
    let page = Login {
        frame: &frame,
        nickname: "",
        onward: &onward,
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /main/login`: the form (`nickname`, `password`, `continue`; 303, 401 with the form and a sentence, 429), or a
/// client's JSON `{nickname, password}`: 200 with the user, a new token and its secret, and a session.
pub fn login(request: &Request) -> Answer {
    if is_json(request) {
        return client_login(request);
    }
    let visitor = auth::visitor_sending(request)?;
    let frame = Frame::of(request, &visitor)?;
    let form = request.form();
    let field = |name: &str| value(&form, name);
    let onward = text::local_path(field("continue"), &frame.root);
    let proved = sessions::prove_password(request, field("nickname").trim(), field("password"));
    match proved.and_then(|user| sessions::begin(request, user.id())) {
        Ok(now) => Ok(now.introduce(welcome(&frame, &now, &onward)?)),
        Err(error) => again(&visitor, in_words(error, WRONG_LOGIN), |problem| {
            Ok(Login {
                frame: &frame,
                nickname: field("nickname"),
                onward: &onward,
                problem: Some(problem),
            })
        }),
    }
}

/// `GET /main/register`: the form, or the sentence that nobody can register.
pub fn register_form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if frame.is_user() {
        let home = format!("{}/", frame.root);
        return Ok(Response::redirect(StatusCode::FOUND, &home));
    }
    let page = Register {
        frame: &frame,
        account: NewAccount::of(request, &[]),
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /main/register`: the form (`nickname`, `password`, `again`, `email`; 303, or 400, 403, 409, 429 with the form and a
/// sentence), or a client's JSON, answered as `POST /api/users` with a session.
pub fn register(request: &Request) -> Answer {
    if is_json(request) {
        let client = auth::client(request)?;
        let (id, answer) = registering::by_client(request, &client)?;
        return Ok(sessions::begin(request, id)?.introduce(answer));
    }
    let visitor = auth::visitor_sending(request)?;
    let frame = Frame::of(request, &visitor)?;
    let form = request.form();
    match new_account(request, &frame, &form, Admission::Anybody) {
        Ok(answer) => Ok(answer),
        Err(error) => again(&visitor, error, |problem| {
            Ok(Register {
                frame: &frame,
                account: NewAccount::of(request, &form),
                problem: Some(problem),
            })
        }),
    }
}

/// Makes the account that a form asks for (`nickname`, `password`, `again`, `email`), and logs its user in.
pub fn new_account(
    request: &Request,
    frame: &Frame,
    form: &[(String, String)],
    admission: Admission<'_>,
) -> Answer {
    let field = |name: &str| value(form, name);
    check_repeated(field("password"), field("again"))?;
    let wanted = Wanted {
        nickname: field("nickname").trim().to_owned(),
        password: field("password").to_owned(),
        email: field("email").to_owned(),
        invitation: None,
    };
    let user = registering::new_user(request, &wanted, admission)?;
    let id = people::register(request.app(), &user, admission, None, request.now)?;
    let home = format!("{}/", frame.root);
    let now = sessions::begin(request, id)?;
    Ok(now.introduce(welcome(frame, &now, &home)?))
}

impl NewAccount {
    /// What the form shows: what was typed before, if anything was.
    pub fn of(request: &Request, form: &[(String, String)]) -> NewAccount {
        NewAccount {
            nickname: value(form, "nickname").to_owned(),
            email: value(form, "email").to_owned(),
            takes_email: request.app().mail().is_some(),
            needs_email: request.app().config.require_email,
        }
    }
}

/// Where somebody goes who has just logged in: to the page that says to look into the mail, if that must be first.
fn welcome(frame: &Frame, visitor: &Visitor, onward: &str) -> Answer {
    match visitor.unconfirmed() {
        Some(_) => confirming::first(frame, StatusCode::SEE_OTHER),
        None => Ok(Response::redirect(StatusCode::SEE_OTHER, onward)),
    }
}

/// `POST /main/renew`: a session for the user of a token; 200 with the user (`pump-api.md §1.5`).
pub fn renew(request: &Request, user: &LocalUser) -> Answer {
    let answer = users::with_token(request, user.id(), None)?;
    Ok(sessions::begin(request, user.id())?.introduce(answer))
}

/// `POST /main/logout`: ends the session. The form: 303 to the welcome page; a client with a user's token: 200 with the
/// JSON string `"OK"`.
pub fn logout(request: &Request) -> Answer {
    let mut answer = if request.headers.contains_key(header::AUTHORIZATION) {
        auth::user_writing(request)?;
        Response::json(&"OK")
    } else {
        let visitor = auth::visitor_sending(request)?;
        let frame = Frame::of(request, &visitor)?;
        see_other(&frame, "/")
    };
    answer.set_cookie(&sessions::logout(request)?);
    Ok(answer)
}

/// The way to the login and back, for a page that only users see.
pub fn first(frame: &Frame) -> Answer {
    Ok(Response::redirect(StatusCode::FOUND, &login_address(frame)))
}

/// The address of the login page that leads back to this page.
pub fn login_address(frame: &Frame) -> String {
    address_to(frame, &frame.here)
}

/// The address of the login page that leads to a path.
pub fn address_to(frame: &Frame, onward: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("continue", onward);
    format!("{}/main/login?{}", frame.root, query.finish())
}

fn is_json(request: &Request) -> bool {
    request.content_type() == "application/json"
}

fn client_login(request: &Request) -> Answer {
    let client = auth::client(request)?;
    let sent: Credentials = request.json()?;
    let user = sessions::prove_password(request, &sent.nickname, &sent.password)?;
    let token = grants::further_token(request, &client, user.id())?;
    let answer = users::with_token(request, user.id(), Some(&token))?;
    Ok(sessions::begin(request, user.id())?.introduce(answer))
}
