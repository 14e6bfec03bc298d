//! Turns a request into a caller ([`callers`]): one function for each kind. Nothing else makes callers, so holding a
//! [`LocalUser`] is the proof that the request came from that user.

pub mod accounts;
mod addresses;
mod bearer;
mod callers;
pub mod configured;
pub mod crypt;
pub mod grants;
mod guard;
mod hosts;
pub mod language;
mod oauth1;
pub mod oauth2;
mod owner;
pub mod passwords;
pub mod registration;
pub mod sessions;
#[cfg(test)]
mod tests;
mod throttle;
pub mod visits;

use callers::Means;
pub use callers::{Client, Guest, LocalUser, Reader, Remote, Visitor};
pub use guard::Guard;
pub use hosts::Place;
pub use oauth1::Key;
pub use owner::{Owner, owner_reading, owner_writing};

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::standing::Standing;
use crate::domain::talk::{Proved, Rise};
use crate::domain::{blocks, principals};
use crate::error::Error;
use crate::http::Request;
use crate::scope::Scope;
use crate::store::clients;
use crate::store::users;
use crate::store::users::User;
use hyper::Method;
use hyper::header;
use oauth1::{Failure, Parameters, Signed};
use std::sync::Arc;

/// Proves a `2L` caller. A token beside the client's key is checked, too, and changes nothing.
pub fn client(request: &Request) -> Result<Client, Error> {
    if let Some(token) = bearer::of(request) {
        let bearer = bearer::prove(request, token, Scope::WRITE_OWN)?;
        let id = bearer.client.ok_or_else(|| {
            Error::forbidden("This is for applications: a token that you made yourself is none.")
        })?;
        if let Some(client) = clients::get(&request.app().store, &id)? {
            blocks::check_client(&request.app().store, &client)?;
        }
        return Ok(Client { id });
    }
    let asked = Parameters::of(request).ok_or_else(missing)?;
    let signed = oauth1::prove(request, &asked).map_err(Failure::at_api)?;
    blocks::check_client(&request.app().store, &signed.client)?;
    Ok(Client {
        id: signed.client.id,
    })
}

/// Proves an `AR` caller: a bearer token, OAuth 1 with or without a token, or a session, also one of somebody of another
/// server. A client without a user reads as whom it speaks for by itself, if that is anybody.
pub fn reader(request: &Request) -> Result<Reader, Error> {
    let (user, client) = if let Some(token) = bearer::of(request) {
        let bearer = bearer::prove(request, token, Scope::READ)?;
        let client = match (&bearer.user, &bearer.client) {
            (None, Some(id)) => clients::get(&request.app().store, id)?,
            _ => None,
        };
        (bearer.user, client)
    } else if let Some(asked) = Parameters::of(request) {
        let signed = oauth1::prove(request, &asked).map_err(Failure::at_api)?;
        let client = signed.token.is_none().then(|| signed.client.clone());
        (user_of(request, signed)?, client)
    } else if let Some(user) = sessions::user(request)? {
        (Some(user), None)
    } else {
        let remote = visits::of(request)?.ok_or_else(not_logged_in)?;
        return Ok(Reader {
            user: None,
            principal: Some(remote.person()),
        });
    };
    let principal = match &client {
        Some(client) => {
            blocks::check_client(&request.app().store, client)?;
            principals::of(request.app(), &request.app().store, client)?
        }
        None => None,
    };
    Ok(Reader {
        user: user.map(|user| user.id),
        principal,
    })
}

/// Proves a `UR` caller: a bearer token of a user, three-legged OAuth 1, or a session.
pub fn user_reading(request: &Request) -> Result<LocalUser, Error> {
    if let Some(token) = bearer::of(request) {
        return bearer::prove_user(request, token, Scope::READ);
    }
    match Parameters::of(request) {
        Some(asked) => signing_user(request, &asked),
        None => sessions::user(request)?.ok_or_else(not_logged_in),
    }
}

/// Proves a user as [`user_reading`] does, or somebody of another server who is logged in here, by the session.
pub fn guest_reading(request: &Request) -> Result<Guest, Error> {
    match user_reading(request) {
        Ok(user) => Ok(Guest::User(user)),
        Err(error) => match visits::of(request)? {
            Some(remote) if request.header(&header::AUTHORIZATION).is_none() => {
                Ok(Guest::Remote(remote))
            }
            _ => Err(error),
        },
    }
}

/// Proves a `3L` caller: a bearer token of a user, or three-legged OAuth 1.
pub fn user_writing(request: &Request) -> Result<LocalUser, Error> {
    writing(request, Scope::WRITE_OWN)
}

/// As [`user_writing`], for what changes the account itself: a bearer token needs the scope for everything.
pub fn account_writing(request: &Request) -> Result<LocalUser, Error> {
    writing(request, Scope::WRITE_ALL)
}

fn writing(request: &Request, needed: Scope) -> Result<LocalUser, Error> {
    if let Some(token) = bearer::of(request) {
        return bearer::prove_user(request, token, needed);
    }
    let asked = Parameters::of(request).ok_or_else(missing)?;
    signing_user(request, &asked)
}

/// Says who looks at a page (`C`): a bad or old session is nobody.
pub fn visitor(request: &Request) -> Result<Visitor, Error> {
    sessions::visitor(request)
}

/// As [`visitor`], for a form: refuses a request that another site's page made, or one without the visitor's CSRF token,
/// with 403.
pub fn visitor_sending(request: &Request) -> Result<Visitor, Error> {
    sessions::visitor_sending(request)
}

/// The user whose device hands something over: refuses (403) what a page can have sent, and (401) where nobody is logged in.
pub fn visitor_sharing(request: &Request) -> Result<Visitor, Error> {
    sessions::visitor_sharing(request)
}

/// Who signed the challenge of a realtime client (`pump-api.md §7`): it is verified as a request for its address would be,
/// and counts once.
pub fn rising(
    app: &Arc<App>,
    guard: &Arc<Guard>,
    rise: &Rise,
    now: Timestamp,
) -> Result<Proved, Error> {
    let path = rise.action.strip_prefix(app.base().url());
    let path = path.ok_or_else(missing)?;
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&rise.parameters)
        .finish();
    let mut request = Request::bare(Arc::clone(app), Arc::clone(guard), Method::GET, path, now);
    request.query = query;
    let asked = Parameters::of(&request).ok_or_else(missing)?;
    let standing = standing(&request)?;
    let signed = oauth1::prove(&request, &asked).map_err(Failure::at_api)?;
    let user = user_of(&request, signed)?;
    Ok(Proved {
        user: user.map(|user| (user.id, user.nickname)),
        standing,
    })
}

/// What the caller of a request that was proved before is proved by, for somebody who stays.
pub fn standing(request: &Request) -> Result<Standing, Error> {
    if let Some(token) = bearer::of(request) {
        return Ok(Standing::Bearer(bearer::locate(request, token)?));
    }
    match Parameters::of(request) {
        Some(asked) => match (asked.get("oauth_token"), asked.get("oauth_consumer_key")) {
            (Some(token), _) => Ok(Standing::Token(token.to_owned())),
            (None, Some(client)) => Ok(Standing::Client(client.to_owned())),
            (None, None) => Err(missing()),
        },
        None => sessions::standing(request).ok_or_else(not_logged_in),
    }
}

/// The user of a request with a token. A request without one lacks a parameter here (`pump-api.md §1.1.1`).
fn signing_user(request: &Request, asked: &Parameters<'_>) -> Result<LocalUser, Error> {
    if asked.get("oauth_token").is_none() && asked.get("oauth_consumer_key").is_none() {
        return Err(missing());
    }
    let signed = oauth1::prove(request, asked).map_err(Failure::at_api)?;
    user_of(request, signed)?.ok_or_else(missing)
}

/// The account that a token speaks for; nobody without a token. The token of an account that is gone is refused, and so
/// is that of an account that may not act now.
fn user_of(request: &Request, signed: Signed) -> Result<Option<LocalUser>, Error> {
    let Some(token) = signed.token else {
        return Ok(None);
    };
    let account = users::get(&request.app().store, token.user)?
        .ok_or_else(|| Failure::ForeignToken.at_api())?;
    may_act(request, &account)?;
    Ok(Some(LocalUser {
        id: token.user,
        nickname: account.nickname,
        means: Means::Client(signed.client.id),
    }))
}

/// Refuses (403) an account that was suspended, and one that must first confirm its mail address (`pump-api.md §5.3`).
fn may_act(request: &Request, account: &User) -> Result<(), Error> {
    account.check_not_suspended()?;
    if must_confirm(request, account) {
        return Err(Error::forbidden(
            "Confirm your mail address first: the link is in the message that was sent to you.",
        ));
    }
    Ok(())
}

/// Whether an account waits for its mail address to be confirmed. Where addresses are not asked for any more, nobody waits.
fn must_confirm(request: &Request, account: &User) -> bool {
    request.app().config.require_email && account.unconfirmed_email.is_some()
}

fn missing() -> Error {
    Failure::Missing.at_api()
}

fn not_logged_in() -> Error {
    Error::Unauthorized("Not logged in.".to_owned())
}
