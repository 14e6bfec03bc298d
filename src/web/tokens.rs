//! `/main/tokens`: a new token for somebody's own scripts, shown once. What there is already, and the way to take it back,
//! stands on the page of applications.

use crate::auth::Visitor;
use crate::domain::personal_tokens::{self, NAME_CHARS_MAX};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::scope::Scope;
use crate::web::forms::{again, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

#[derive(Template)]
#[template(path = "tokens.html", config = "assets/askama.toml")]
struct Tokens<'a> {
    frame: &'a Frame,
    /// The token that was made just now.
    made: Option<&'a str>,
    /// An address to try it with.
    whoami: String,
    name: &'a str,
    name_chars_max: usize,
    /// The scopes: names, and what they allow.
    scopes: Vec<(String, &'static str)>,
    problem: Option<String>,
}

impl<'a> Tokens<'a> {
    fn of(request: &Request, frame: &'a Frame, name: &'a str) -> Tokens<'a> {
        Tokens {
            frame,
            made: None,
            whoami: format!("{}/api/whoami", request.app().base().url()),
            name,
            name_chars_max: NAME_CHARS_MAX,
            scopes: Scope::ALL
                .map(|scope| (scope.names(), scope.summary()))
                .to_vec(),
            problem: None,
        }
    }
}

/// `GET /main/tokens`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    show(visitor, &Tokens::of(request, &frame, ""))
}

/// `POST /main/tokens`: `name`, `scope`, and `days` or an empty text for a token without an end. 200 with the token, which
/// is not shown again; 400, 409 with the form and a sentence.
pub fn make(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let field = |name: &str| value(&form, name);
    let app = request.app();
    let made = wanted(field("scope"), field("days")).and_then(|(scope, days)| {
        personal_tokens::make(app, user.id(), field("name"), scope, days, request.now)
    });
    match made {
        Ok(token) => show(
            visitor,
            &Tokens {
                made: Some(&token),
                ..Tokens::of(request, &frame, field("name").trim())
            },
        ),
        Err(error) => again(visitor, error, |problem| {
            Ok(Tokens {
                problem: Some(problem),
                ..Tokens::of(request, &frame, field("name"))
            })
        }),
    }
}

fn wanted(scope: &str, days: &str) -> Result<(Scope, Option<u32>), Error> {
    let scope =
        Scope::parse(scope).ok_or_else(|| Error::invalid("Choose what the token may do."))?;
    let days = match days.trim() {
        "" => None,
        days => Some(
            days.parse()
                .map_err(|_| Error::invalid("Choose how long the token lives."))?,
        ),
    };
    Ok((scope, days))
}
