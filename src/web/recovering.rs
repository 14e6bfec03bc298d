//! `/main/recover`: for who has forgotten the password (`pump-api.md §5.4`). Pages without scripts, and the JSON of
//! pump.io's own client.
//!
//! Whether a nickname belongs to somebody, whether there is an address to write to, and whether a letter is on its way
//! already, is told to nobody (D21): the answer to a request that makes sense is always that of pump.io's success,
//! `{"sent":true}`. So its answers `noSuchUser`, `noEmail` and `existing` never come; `force` asks for a second letter
//! within the hour.

use crate::api::users;
use crate::auth::{self, Client, Visitor, accounts, grants, sessions};
use crate::domain::mailing::{no_mail, recovering};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::web::forms::{again, check_repeated, see_other, value};
use crate::web::frame::{Frame, show};
use askama::Template;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Template)]
#[template(path = "recover.html", config = "assets/askama.toml")]
struct Recover<'a> {
    frame: &'a Frame,
    sends_mail: bool,
    nickname: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "recover-sent.html", config = "assets/askama.toml")]
struct Sent<'a> {
    frame: &'a Frame,
    nickname: String,
}

#[derive(Template)]
#[template(path = "recover-code.html", config = "assets/askama.toml")]
struct NewPassword<'a> {
    frame: &'a Frame,
    /// Where the form goes.
    action: String,
    nickname: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "recover-idle.html", config = "assets/askama.toml")]
struct Idle<'a> {
    frame: &'a Frame,
    sends_mail: bool,
    text: String,
}

/// What pump.io's client sends.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    nickname: Value,
    #[serde(default)]
    force: Value,
}

/// What a client shows for a session.
#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    code: Value,
}

/// `GET /main/recover`: the form; or the sentence that this site sends no mail.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let page = Recover {
        frame: &frame,
        sends_mail: request.app().mail().is_some(),
        nickname: "",
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /main/recover`: the form (`nickname`, and `again` for a second letter; 303 to the page that says what to do), or
/// JSON `{nickname, force}` (200 `{"sent":true}`, 400 `{"sent":false,"error":…}` without a nickname). 404 where no mail is
/// sent; 429 for too many.
pub fn ask(request: &Request) -> Answer {
    if request.content_type() == "application/json" {
        return client_asks(request);
    }
    let visitor = auth::visitor_sending(request)?;
    let frame = Frame::of(request, &visitor)?;
    let form = request.form();
    let nickname = value(&form, "nickname").trim();
    match send(request, nickname, !value(&form, "again").is_empty()) {
        Ok(()) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("nickname", nickname);
            let page = format!("/main/recover-sent?{}", query.finish());
            Ok(see_other(&frame, &page))
        }
        Err(error) => again(&visitor, error, |problem| {
            Ok(Recover {
                frame: &frame,
                sends_mail: request.app().mail().is_some(),
                nickname,
                problem: Some(problem),
            })
        }),
    }
}

fn client_asks(request: &Request) -> Answer {
    let asked: Asked = request.json()?;
    let force = asked.force == Value::Bool(true);
    match send(request, asked.nickname.as_str().unwrap_or_default(), force) {
        Ok(()) => Ok(Response::json(&json!({ "sent": true }))),
        Err(Error::Invalid(text)) => {
            let answer = Response::json(&json!({ "sent": false, "error": text }));
            Ok(answer.with_status(StatusCode::BAD_REQUEST))
        }
        Err(error) => Err(error),
    }
}

fn send(request: &Request, nickname: &str, again: bool) -> Result<(), Error> {
    let app = request.app();
    if app.mail().is_none() {
        return Err(no_mail());
    }
    if nickname.is_empty() {
        return Err(Error::invalid("Type the nickname of your account."));
    }
    request.guard.admit_letter(request, nickname)?;
    recovering::ask(app, nickname, again, request.now)
}

/// `GET /main/recover-sent?nickname=`: what to do now, and the form for another letter.
pub fn sent(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let page = Sent {
        frame: &frame,
        nickname: request.query("nickname").unwrap_or_default(),
    };
    show(visitor, &page)
}

/// `GET /main/recover/{code}`: the form for the new password. 400 for a link that is not good any more, 403 for a suspended
/// account.
pub fn code_form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let store = &request.app().store;
    let find = || Ok(recovering::find(store, request.param("code"), request.now)?);
    match request.guard.try_secret(request, find) {
        Ok((_, account)) => {
            let page = NewPassword {
                frame: &frame,
                action: format!("{}{}", frame.root, request.path),
                nickname: account.nickname.to_string(),
                problem: None,
            };
            show(visitor, &page)
        }
        Err(error) => idle(request, visitor, &frame, error),
    }
}

/// `POST /main/recover/{code}`: `password`, `again`. Sets the password, ends all other sessions and begins one: 303 home.
/// 400 with the form and a sentence for a bad password; as the page for a link that is not good any more.
pub fn set_password(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let app = request.app();
    let code = request.param("code");
    let find = || Ok(recovering::find(&app.store, code, request.now)?);
    let account = match request.guard.try_secret(request, find) {
        Ok((_, account)) => account,
        Err(error) => return idle(request, visitor, &frame, error),
    };
    let form = request.form();
    let password = value(&form, "password");
    let set = check_repeated(password, value(&form, "again"))
        .and_then(|()| accounts::recover(request, code, password));
    match set {
        Ok(user) => {
            let now = sessions::begin(request, user)?;
            Ok(now.introduce(see_other(&frame, "/")))
        }
        Err(error) => again(visitor, error, |problem| {
            Ok(NewPassword {
                frame: &frame,
                action: format!("{}{}", frame.root, request.path),
                nickname: account.nickname.to_string(),
                problem: Some(problem),
            })
        }),
    }
}

fn idle(request: &Request, visitor: &Visitor, frame: &Frame, error: Error) -> Answer {
    if !matches!(error, Error::Invalid(_)) {
        return Err(error);
    }
    again(visitor, error, |text| {
        Ok(Idle {
            frame,
            sends_mail: request.app().mail().is_some(),
            text,
        })
    })
}

/// `POST /main/redeem-code`: JSON `{code}` of a client by its own key. 200 with the user, a token and its secret, and a
/// session; all other sessions end. 400 for a code that is not good any more, 429 for too many.
pub fn redeem(request: &Request, client: &Client) -> Answer {
    let shown: Shown = request.json()?;
    let code = shown.code.as_str().unwrap_or_default();
    let redeem = || recovering::redeem(request.app(), code, request.now);
    let user = request.guard.try_secret(request, redeem)?;
    let token = grants::further_token(request, client, user)?;
    let answer = users::with_token(request, user, Some(&token))?;
    Ok(sessions::begin(request, user)?.introduce(answer))
}
