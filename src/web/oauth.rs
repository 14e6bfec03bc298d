//! `/oauth/authorize`: the pages on which a user lets an application speak in the user's name (`pump-api.md §2.3`). The
//! rules are `auth/grants.rs`. A user who is not logged in does that first; consent belongs to the session, its form
//! carries a token and a ticket that only this session's page holds, and only consent makes a verifier.

use crate::auth::grants::{self, Agreed, Pending};
use crate::auth::{LocalUser, Visitor, sessions};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::web::frame::Frame;
use askama::Template;
use hyper::StatusCode;
use hyper::header;

/// `GET /oauth/authorize?oauth_token=…`: the login page, the consent page, or at once the way back if the user agreed
/// to the same before (302). 400 for a token that is not known.
pub fn show(request: &Request, visitor: &Visitor) -> Answer {
    let token = request.query("oauth_token").ok_or_else(no_token)?;
    let pending = grants::pending(request, &token)?;
    match visitor.user() {
        Some(user) => decide(request, visitor, user, &pending, StatusCode::FOUND),
        None => login_page(request, visitor, &pending, "", None),
    }
}

/// `POST /oauth/authorize`: the login form (`username`, `password`) or the consent form (`verifier`, and `cancel` for no),
/// both with `oauth_token`. 303 to the application or a page; 400 for wrong credentials, an unknown token or a ticket of
/// another page.
pub fn answer(request: &Request, visitor: &Visitor) -> Answer {
    let form = request.form();
    let field = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    let pending = grants::pending(request, field("oauth_token").ok_or_else(no_token)?)?;
    if let Some(username) = field("username") {
        let password = field("password").unwrap_or_default();
        return log_in(request, visitor, &pending, username, password);
    }
    let Some(user) = visitor.user() else {
        return login_page(request, visitor, &pending, "", None);
    };
    pending.check_ticket(visitor, field("verifier").unwrap_or_default())?;
    if field("cancel").is_some() {
        return match pending.refuse(request)? {
            Some(location) => Ok(Response::redirect(StatusCode::SEE_OTHER, &location)),
            None => page(
                visitor,
                &Refused {
                    frame: Frame::bare(request),
                    client: pending.client.name(),
                },
            ),
        };
    }
    let agreed = pending.agree(request, user)?;
    finish(request, visitor, &pending, &agreed, StatusCode::SEE_OTHER)
}

fn log_in(
    request: &Request,
    visitor: &Visitor,
    pending: &Pending,
    username: &str,
    password: &str,
) -> Answer {
    match sessions::login(request, username, password) {
        Ok(now) => match now.user() {
            Some(user) => decide(request, &now, user, pending, StatusCode::SEE_OTHER),
            None => login_page(request, visitor, pending, username, None),
        },
        Err(error @ (Error::Unauthorized(_) | Error::TooMany { .. } | Error::Busy(_))) => {
            login_page(request, visitor, pending, username, Some(&error))
        }
        Err(error) => Err(error),
    }
}

/// Asks the user, or goes on at once if the user agreed to the same before.
fn decide(
    request: &Request,
    visitor: &Visitor,
    user: &LocalUser,
    pending: &Pending,
    status: StatusCode,
) -> Answer {
    if pending.is_known(request, user)? {
        let agreed = pending.agree(request, user)?;
        return finish(request, visitor, pending, &agreed, status);
    }
    pending.check_free_for(user)?;
    let consent = Consent {
        frame: Frame::bare(request),
        action: action(request),
        csrf: visitor.csrf(),
        token: &pending.token,
        ticket: pending.ticket(visitor),
        client: pending.client.name(),
        description: pending.client.description.as_deref(),
        nickname: user.nickname().as_str(),
        origin: pending.origin(),
    };
    page(visitor, &consent)
}

/// Back to the application, or the page with the code.
fn finish(
    request: &Request,
    visitor: &Visitor,
    pending: &Pending,
    agreed: &Agreed,
    status: StatusCode,
) -> Answer {
    match &agreed.location {
        Some(location) => Ok(visitor.introduce(Response::redirect(status, location))),
        None => page(
            visitor,
            &Code {
                frame: Frame::bare(request),
                client: pending.client.name(),
                token: &agreed.token,
                verifier: &agreed.verifier,
            },
        ),
    }
}

fn login_page(
    request: &Request,
    visitor: &Visitor,
    pending: &Pending,
    username: &str,
    problem: Option<&Error>,
) -> Answer {
    let login = Login {
        frame: Frame::bare(request),
        action: action(request),
        csrf: visitor.csrf(),
        token: &pending.token,
        client: pending.client.name(),
        username,
        problem: problem.map(|problem| visitor.words().told(&problem.public())),
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(Error::TooMany { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(Error::Busy(_)) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    Ok(page(visitor, &login)?.with_status(status))
}

/// A page that nobody else may see or keep.
fn page(visitor: &Visitor, template: &impl Template) -> Answer {
    let html = template.render().map_err(Error::internal)?;
    Ok(visitor
        .introduce(Response::html(html))
        .with(header::CACHE_CONTROL, "no-store"))
}

fn action(request: &Request) -> String {
    let prefix = request.app().base().prefix();
    let slash = if prefix.is_empty() { "" } else { "/" };
    format!("{slash}{prefix}/oauth/authorize")
}

fn no_token() -> Error {
    Error::invalid("An application must send you here: there is no oauth_token in the address.")
}

#[derive(Template)]
#[template(path = "oauth/login.html", config = "assets/askama.toml")]
struct Login<'a> {
    frame: Frame,
    action: String,
    csrf: &'a str,
    token: &'a str,
    client: &'a str,
    username: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "oauth/consent.html", config = "assets/askama.toml")]
struct Consent<'a> {
    frame: Frame,
    action: String,
    csrf: &'a str,
    token: &'a str,
    ticket: String,
    client: &'a str,
    description: Option<&'a str>,
    nickname: &'a str,
    origin: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "oauth/code.html", config = "assets/askama.toml")]
struct Code<'a> {
    frame: Frame,
    client: &'a str,
    token: &'a str,
    verifier: &'a str,
}

#[derive(Template)]
#[template(path = "oauth/refused.html", config = "assets/askama.toml")]
struct Refused<'a> {
    frame: Frame,
    client: &'a str,
}
