//! `/oauth2/authz` and `/oauth2/authc`: the pages on which a user logs in and lets an application in (`pump-api.md §2.6`, D20).
//! The rules are `auth/oauth2/authorize.rs`. Consent is asked for every time and belongs to the session: its form carries
//! the token that only this session's pages hold. Only the button that allows does allow.

use crate::auth::oauth2::authorize::{Asked, Verdict};
use crate::auth::{Visitor, sessions};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::web::forms::{again, in_words, value};
use crate::web::frame::{Frame, show};
use crate::web::login::WRONG_LOGIN;
use crate::words::Words;
use askama::Template;
use hyper::{Method, StatusCode};

#[derive(Template)]
#[template(path = "oauth2/login.html", config = "assets/askama.toml")]
struct Login<'a> {
    frame: Frame,
    csrf: &'a str,
    fields: &'a [(String, String)],
    client: &'a str,
    nickname: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "oauth2/consent.html", config = "assets/askama.toml")]
struct Consent<'a> {
    frame: Frame,
    csrf: &'a str,
    fields: &'a [(String, String)],
    client: &'a str,
    description: Option<&'a str>,
    nickname: &'a str,
    allowed: &'a [&'a str],
    origin: Option<&'a str>,
}

/// `GET /oauth2/authz?response_type=code&client_id=…&redirect_uri=…`: the consent page; for somebody who is not logged in,
/// the way to the login (302). What is wrong is told to the client (302), or on a page (400) where nobody is logged in, or
/// the client or its address is not known.
pub fn consent(request: &Request, visitor: &Visitor) -> Answer {
    let asked = match asked(request, visitor)? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let Some(user) = visitor.user() else {
        return Ok(onward(request, &at(request, "authc", &asked)));
    };
    let page = Consent {
        frame: Frame::bare(request),
        csrf: visitor.csrf(),
        fields: &asked.parameters,
        client: asked.client.name(),
        description: asked.client.description.as_deref(),
        nickname: user.nickname().as_str(),
        allowed: asked.scope.sentences(),
        origin: asked.origin(),
    };
    show(visitor, &page)
}

/// `POST /oauth2/authz`: the consent form. 303 to the application, with a code after `allow` and with `access_denied` after
/// anything else.
pub fn decide(request: &Request, visitor: &Visitor) -> Answer {
    let asked = match asked(request, visitor)? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let Some(user) = visitor.user() else {
        return Ok(onward(request, &at(request, "authc", &asked)));
    };
    let allows = !value(&request.form(), "allow").is_empty();
    let location = if allows {
        asked.agree(request, user)?
    } else {
        asked.refuse()
    };
    Ok(onward(request, &location))
}

/// `GET /oauth2/authc?…`: the login page; for somebody who is logged in, the way to the consent page (302).
pub fn login_form(request: &Request, visitor: &Visitor) -> Answer {
    let asked = match asked(request, visitor)? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    if visitor.user().is_some() {
        return Ok(onward(request, &at(request, "authz", &asked)));
    }
    show(visitor, &login_page(request, visitor, &asked, "", None))
}

/// `POST /oauth2/authc`: `nickname` and `password`, or `cancel`. 303 to the consent page or with `access_denied` to the
/// application; 401, 403, 429 with the form and a sentence.
pub fn login(request: &Request, visitor: &Visitor) -> Answer {
    let asked = match asked(request, visitor)? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let form = request.form();
    if !value(&form, "cancel").is_empty() {
        return Ok(onward(request, &asked.refuse()));
    }
    let nickname = value(&form, "nickname").trim();
    match sessions::login(request, nickname, value(&form, "password")) {
        Ok(now) => Ok(now.introduce(onward(request, &at(request, "authz", &asked)))),
        Err(error) => again(visitor, in_words(error, WRONG_LOGIN), |problem| {
            let problem = Some(problem);
            Ok(login_page(request, visitor, &asked, nickname, problem))
        }),
    }
}

/// What the client asks, from the query of a link or from the fields of our own form; or the answer that tells it what is
/// wrong. Only somebody who is logged in is sent there with it: anybody can register a client, and else a link of this site
/// would lead wherever its maker likes (RFC 9700 §4.11.2).
fn asked(request: &Request, visitor: &Visitor) -> Result<Result<Box<Asked>, Response>, Error> {
    let pairs = if request.method == Method::GET {
        let pairs = request.query_pairs();
        pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    } else {
        request.form()
    };
    match Asked::read(request, pairs)? {
        Verdict::Ask(asked) => Ok(Ok(asked)),
        Verdict::SendBack { location, .. } if visitor.user().is_some() => {
            Ok(Err(onward(request, &location)))
        }
        Verdict::SendBack { text, .. } => Err(Error::Invalid(Words::default().fill(
            "The application that sent you here asked for something that cannot be: {0}",
            [text],
        ))),
    }
}

fn login_page<'a>(
    request: &Request,
    visitor: &'a Visitor,
    asked: &'a Asked,
    nickname: &'a str,
    problem: Option<String>,
) -> Login<'a> {
    Login {
        frame: Frame::bare(request),
        csrf: visitor.csrf(),
        fields: &asked.parameters,
        client: asked.client.name(),
        nickname,
        problem,
    }
}

/// The address of the other page, with what the client asks.
fn at(request: &Request, page: &str, asked: &Asked) -> String {
    let root = Frame::bare(request).root;
    format!("{root}/oauth2/{page}?{}", asked.query())
}

/// 302 after a link, 303 after a form.
fn onward(request: &Request, location: &str) -> Response {
    let status = match request.method {
        Method::GET => StatusCode::FOUND,
        _ => StatusCode::SEE_OTHER,
    };
    Response::redirect(status, location).with(hyper::header::CACHE_CONTROL, "no-store")
}
