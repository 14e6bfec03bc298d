//! The user who administers the server, proved: holding an [`Owner`] is the proof, as with [`LocalUser`].

use super::{LocalUser, Visitor, account_writing, bearer, user_reading};
use crate::error::Error;
use crate::http::Request;
use crate::ids::UserId;
use crate::scope::Scope;
use crate::store::engine::Read;
use crate::store::users;

/// The owner of the server.
#[derive(Clone, Debug)]
pub struct Owner(LocalUser);

impl Owner {
    /// Whose request this is.
    pub fn id(&self) -> UserId {
        self.0.id()
    }

    /// The owner as a user like the others.
    pub fn user(&self) -> &LocalUser {
        &self.0
    }
}

impl Visitor {
    /// The owner of the server, if it is the owner who is logged in; 403 for every other user, 401 for nobody.
    pub fn owner(&self, from: &dyn Read) -> Result<Owner, Error> {
        let nobody = || Error::Unauthorized("Not logged in.".to_owned());
        owner(from, self.user().cloned().ok_or_else(nobody)?)
    }
}

/// Proves that the owner asks, to read what the owner alone sees: by OAuth 1 with a token, by a bearer token for everything,
/// or by session. 403 for every other user.
pub fn owner_reading(request: &Request) -> Result<Owner, Error> {
    let user = match bearer::of(request) {
        Some(token) => bearer::prove_user(request, token, Scope::WRITE_ALL)?,
        None => user_reading(request)?,
    };
    owner(&request.app().store, user)
}

/// Proves that the owner asks, to administer the server: as [`owner_reading`], but not by session.
pub fn owner_writing(request: &Request) -> Result<Owner, Error> {
    owner(&request.app().store, account_writing(request)?)
}

fn owner(from: &dyn Read, user: LocalUser) -> Result<Owner, Error> {
    let is_owner = users::get(from, user.id())?.is_some_and(|account| account.owner);
    if is_owner {
        Ok(Owner(user))
    } else {
        Err(Error::forbidden(
            "Only the owner of this server can do this.",
        ))
    }
}
