//! Who asks, once it is proved, and what can be asked about each. Only this floor makes them.

use crate::error::Error;
use crate::http::Response;
use crate::ids::{Nickname, ThingId, UserId};
use crate::store::clients::{self, Generator};
use crate::store::engine::Read;
use crate::store::visits::Visit;
use crate::words::Words;
use hyper::header;
use std::cell::Cell;

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

/// Somebody of another server who logged in there to look at pages here (`pump-api.md §6.10`).
#[derive(Clone, Debug)]
pub struct Remote {
    pub(in crate::auth) visit: Visit,
}

/// Somebody for whom this server gets what is on other servers: a user of it, or somebody of another server who is logged in
/// here.
#[derive(Clone, Debug)]
pub enum Guest {
    /// A user, by token or session.
    User(LocalUser),
    /// Somebody of another server, by the session of their visit.
    Remote(Remote),
}

/// Whoever looks at a page (`C`): a user with a session, somebody of another server, or nobody.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub(in crate::auth) user: Option<LocalUser>,
    pub(in crate::auth) remote: Option<Remote>,
    /// Whose session it is, while that account must first confirm its mail address.
    pub(in crate::auth) unconfirmed: Option<UserId>,
    pub(in crate::auth) csrf: String,
    /// In which language the visitor reads.
    pub(in crate::auth) words: Words,
    /// The cookie of a language that was chosen just now.
    pub(in crate::auth) language: Option<cookie::Cookie<'static>>,
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

impl Guest {
    /// The user; nobody where it is somebody of another server.
    pub fn user(&self) -> Option<&LocalUser> {
        match self {
            Guest::User(user) => Some(user),
            Guest::Remote(_) => None,
        }
    }
}

impl Remote {
    /// The person, as known here.
    pub fn person(&self) -> ThingId {
        self.visit.person
    }

    /// The webfinger id without `acct:`, or the id where that is an address.
    pub fn address(&self) -> &str {
        let id = &self.visit.id;
        id.strip_prefix("acct:").unwrap_or(id)
    }

    /// Where the person is at home, and with what their server is asked to do something for them.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }
}

impl Visitor {
    /// The user who is logged in.
    pub fn user(&self) -> Option<&LocalUser> {
        self.user.as_ref()
    }

    /// Somebody of another server who is logged in.
    pub fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }

    /// The person who is logged in, of this server or another.
    pub fn person(&self) -> Option<ThingId> {
        let user = self.user.as_ref().map(|user| user.id.0);
        user.or(self.remote.as_ref().map(Remote::person))
    }

    /// The user whose session it is, who is nobody on the pages until the account's mail address is confirmed.
    pub fn unconfirmed(&self) -> Option<UserId> {
        self.unconfirmed
    }

    /// Says sentences in the visitor's language.
    pub fn words(&self) -> Words {
        self.words
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
        if let Some(language) = &self.language {
            let name = format!("{}=", language.name());
            let mut set = answer.headers.get_all(header::SET_COOKIE).iter();
            if !set.any(|cookie| cookie.as_bytes().starts_with(name.as_bytes())) {
                answer.set_cookie(language);
            }
        }
        answer
    }
}
