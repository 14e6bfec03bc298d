//! Turns a request into a caller. Constructors are private to this folder, so holding a [`LocalUser`] is the proof that
//! the request came from that user.

pub mod accounts;
mod addresses;
mod bearer;
pub mod configured;
pub mod grants;
mod oauth1;
pub mod oauth2;
mod owner;
pub mod passwords;
pub mod registration;
pub mod sessions;
#[cfg(test)]
mod tests;
mod throttle;

pub use owner::{Owner, owner_reading, owner_writing};

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::standing::Standing;
use crate::domain::talk::{Proved, Rise};
use crate::domain::{blocks, principals};
use crate::error::Error;
use crate::http::{Request, Response};
use crate::ids::{Nickname, ThingId, UserId};
use crate::scope::Scope;
use crate::store::clients::{self, Generator};
use crate::store::engine::Read;
use crate::store::users::User;
use crate::store::{Store, users};
use hyper::{Method, header};
use oauth1::{Failure, Parameters, Signed};
use std::cell::Cell;
use std::sync::Arc;

/// What proofs need beyond the store: nonces, throttles, places for password hashes.
#[derive(Default)]
pub struct Guard {
    nonces: oauth1::nonces::Nonces,
    throttle: throttle::Throttle,
    places: passwords::Places,
}

impl Guard {
    /// The guard of a run: it goes on where the last run on this store ended.
    pub fn open(store: &Store, now: Timestamp) -> Result<Guard, Error> {
        Ok(Guard {
            nonces: oauth1::nonces::Nonces::open(store, now)?,
            ..Guard::default()
        })
    }

    /// Lets a letter to `mailbox` (an address, or the nickname of whose address it is) go, for which this request asks; too
    /// many are 429.
    pub fn admit_letter(&self, request: &Request, mailbox: &str) -> Result<(), Error> {
        self.throttle
            .admit_letter(mailbox, request.peer, request.now)
    }

    /// Lets somebody who comes with this request ask for an account; too many of one address are 429.
    pub fn admit_account(&self, request: &Request) -> Result<(), Error> {
        self.throttle.admit_account(request.peer, request.now)
    }

    /// Looks up a secret that came with a request and that nobody can guess; too many wrong ones are 429.
    pub fn try_secret<T>(
        &self,
        request: &Request,
        look: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let this = self.throttle.admit_address(request.peer, request.now)?;
        let found = look()?;
        self.throttle.was_right(&this);
        Ok(found)
    }

    /// Leaves to the next run what it must know, so that a request of this run does not count again. After the last
    /// request, before the store closes.
    pub fn close(&self, store: &Store) -> Result<(), Error> {
        Ok(self.nonces.close(store)?)
    }
}

/// An application that came with its own key, signed or as a bearer token (`2L` in `pump-api.md §1.2`).
#[derive(Clone, Debug)]
pub struct Client {
    pub(in crate::auth) id: String,
}

/// Anybody who may read the API (`AR`): a client, or a user through a client, a session.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(in crate::auth) user: Option<UserId>,
    /// Whom a client speaks for by itself: another server, or a person elsewhere.
    pub(in crate::auth) principal: Option<ThingId>,
}

/// A user of this server (`UR`, `3L`).
#[derive(Clone, Debug)]
pub struct LocalUser {
    pub(in crate::auth) id: UserId,
    pub(in crate::auth) nickname: Nickname,
    pub(in crate::auth) means: Means,
}

/// Through what a user speaks.
#[derive(Clone, Debug)]
pub(in crate::auth) enum Means {
    /// The pages.
    Session,
    /// An application, by its id.
    Client(String),
    /// A token that the user made: its id and its name.
    Token { id: String, name: String },
}

/// Whoever looks at a page (`C`): a user with a session, or nobody.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub(in crate::auth) user: Option<LocalUser>,
    /// Whose session it is, while that account must first confirm its mail address.
    pub(in crate::auth) unconfirmed: Option<UserId>,
    pub(in crate::auth) csrf: String,
    /// The cookie that the visitor gets; none if the browser has it.
    pub(in crate::auth) cookie: Option<cookie::Cookie<'static>>,
    /// Whether the browser must have the cookie: it is that of a new session, or a form's token is bound to it.
    pub(in crate::auth) is_needed: Cell<bool>,
}

impl Client {
    /// The client's id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Reader {
    /// The person, or the other server, who reads; nobody for a plain client.
    pub fn person(&self) -> Option<ThingId> {
        self.user.map(|user| user.0).or(self.principal)
    }

    /// The user who reads; nobody for somebody elsewhere.
    pub fn user(&self) -> Option<UserId> {
        self.user
    }
}

impl LocalUser {
    /// Whose request this is.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The user's nickname.
    pub fn nickname(&self) -> &Nickname {
        &self.nickname
    }

    /// The client that speaks for the user; none for a browser session and for a token that the user made.
    pub fn client(&self) -> Option<&str> {
        match &self.means {
            Means::Client(id) => Some(id),
            Means::Session | Means::Token { .. } => None,
        }
    }

    /// What speaks for the user, as the generator of activities: a client, or a token by the name that the user gave it;
    /// nothing for a browser session.
    pub fn generator(&self, from: &dyn Read) -> Result<Option<Generator>, Error> {
        Ok(match &self.means {
            Means::Session => None,
            Means::Client(id) => clients::get(from, id)?.map(|client| client.generator()),
            Means::Token { id, name } => Some(Generator::of_token(id, name)),
        })
    }

    /// The user's id if `nickname` is the user's own, else 401 `Not authorized` (`pump-api.md §1.2`, "self").
    pub fn owning(&self, nickname: &Nickname) -> Result<UserId, Error> {
        if self.nickname.folded() == nickname.folded() {
            Ok(self.id)
        } else {
            Err(Error::Unauthorized("Not authorized".to_owned()))
        }
    }
}

impl Visitor {
    /// The user who is logged in.
    pub fn user(&self) -> Option<&LocalUser> {
        self.user.as_ref()
    }

    /// The user whose session it is, who is nobody on the pages until the account's mail address is confirmed.
    pub fn unconfirmed(&self) -> Option<UserId> {
        self.unconfirmed
    }

    /// The token that every form of this visitor's pages carries in its field `_csrf`.
    pub fn csrf(&self) -> &str {
        self.is_needed.set(true);
        &self.csrf
    }

    /// Puts the visitor's cookie on the answer if the browser must have it, does not have it yet, and the answer sets no
    /// cookie itself. The routes do that for every page; who logs somebody in does it for the new visitor.
    #[must_use]
    pub fn introduce(&self, mut answer: Response) -> Response {
        if let Some(cookie) = &self.cookie
            && self.is_needed.get()
            && !answer.headers.contains_key(header::SET_COOKIE)
        {
            answer.set_cookie(cookie);
        }
        answer
    }
}

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

/// Proves an `AR` caller: a bearer token, OAuth 1 with or without a token, or a session. A client without a user reads as
/// whom it speaks for by itself, if that is anybody.
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
    } else {
        (
            Some(sessions::user(request)?.ok_or_else(not_logged_in)?),
            None,
        )
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
