//! Turns a request into a caller. Constructors are private to this folder, so holding a [`LocalUser`] is the proof that
//! the request came from that user.

use crate::error::Error;
use crate::http::Request;
use crate::ids::{Nickname, ThingId, UserId};

/// What proofs need beyond the store: nonces, throttles, places for password hashes.
#[derive(Default)]
pub struct Guard {}

/// An application that signed with its own key (`2L` in `pump-api.md §1.2`).
#[derive(Clone, Debug)]
pub struct Client {
    pub(in crate::auth) id: String,
}

/// Anybody who may read the API (`AR`): a client, or a user through a client, a session.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(in crate::auth) person: Option<ThingId>,
    pub(in crate::auth) local: bool,
}

/// A user of this server (`UR`, `3L`).
#[derive(Clone, Debug)]
pub struct LocalUser {
    pub(in crate::auth) id: UserId,
    pub(in crate::auth) nickname: Nickname,
    pub(in crate::auth) client: Option<String>,
}

/// Whoever looks at a page (`C`): a user with a session, or nobody.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub(in crate::auth) user: Option<LocalUser>,
    pub(in crate::auth) csrf: String,
}

impl Client {
    /// The client's id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Reader {
    /// The person who reads; nobody for a plain client.
    pub fn person(&self) -> Option<ThingId> {
        self.person
    }

    /// Whether the person has an account here.
    pub fn is_local(&self) -> bool {
        self.local
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

    /// The client that speaks for the user; none for a browser session.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
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

    /// The token that every form of this visitor's pages carries in its field `_csrf`.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }
}

/// Proves a `2L` caller.
pub fn client(request: &Request) -> Result<Client, Error> {
    let _ = request;
    Err(Error::OAuth {
        status: 400,
        text: "Missing required parameter",
    })
}

/// Proves an `AR` caller.
pub fn reader(request: &Request) -> Result<Reader, Error> {
    let _ = request;
    Err(Error::Unauthorized("Not logged in.".to_owned()))
}

/// Proves a `UR` caller: three-legged OAuth or a session.
pub fn user_reading(request: &Request) -> Result<LocalUser, Error> {
    let _ = request;
    Err(Error::Unauthorized("Not logged in.".to_owned()))
}

/// Proves a `3L` caller: three-legged OAuth only.
pub fn user_writing(request: &Request) -> Result<LocalUser, Error> {
    let _ = request;
    Err(Error::OAuth {
        status: 400,
        text: "Missing required parameter",
    })
}

/// Says who looks at a page (`C`): never fails, a bad session is nobody.
pub fn visitor(request: &Request) -> Result<Visitor, Error> {
    let _ = request;
    Ok(Visitor {
        user: None,
        csrf: String::new(),
    })
}

/// As [`visitor`], for a form: refuses a request without the visitor's CSRF token (403).
pub fn visitor_sending(request: &Request) -> Result<Visitor, Error> {
    let _ = request;
    Err(Error::Forbidden(
        "This form is too old. Go back, load the page again and send it again.".to_owned(),
    ))
}
