//! What somebody who stays was proved by: whoever listens for hours must stop when the token is taken back, the session
//! ends, or the account goes.

use crate::clock::Timestamp;
use crate::domain::blocks;
use crate::ids::UserId;
use crate::store::bearer::{self, Located, Owner};
use crate::store::engine::{Read, Result};
use crate::store::sessions::Fingerprint;
use crate::store::{clients, sessions, tokens, users, visits};

/// A proof that was good once and may not be any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The key of an application.
    Client(String),
    /// An access token.
    Token(String),
    /// A bearer token.
    Bearer(Located),
    /// The session of a browser.
    Session(Fingerprint),
}

impl Standing {
    /// Whether it is still good.
    pub fn holds(&self, from: &dyn Read, now: Timestamp) -> Result<bool> {
        match self {
            Standing::Client(id) => client_may_speak(from, id),
            Standing::Token(token) => match tokens::get(from, token)? {
                Some(token) => may_speak(from, token.user),
                None => Ok(false),
            },
            Standing::Bearer(token) => match bearer::alive(from, token, now)? {
                Some((family, _)) => match (token.owner, family.client()) {
                    (Owner::User(user), _) => may_speak(from, user),
                    (Owner::Client, client) => client_may_speak(from, client.unwrap_or_default()),
                },
                None => Ok(false),
            },
            Standing::Session(cookie) => match sessions::get(from, cookie, now)? {
                Some(session) => may_speak(from, session.user),
                None => match visits::get(from, cookie, now)? {
                    Some(visit) => Ok(!blocks::is_blocked(from, &visit.id)?),
                    None => Ok(false),
                },
            },
        }
    }
}

fn client_may_speak(from: &dyn Read, id: &str) -> Result<bool> {
    match clients::get(from, id)? {
        Some(client) => Ok(!blocks::is_client_blocked(from, &client)?),
        None => Ok(false),
    }
}

fn may_speak(from: &dyn Read, user: UserId) -> Result<bool> {
    let account = users::get(from, user)?;
    Ok(account.is_some_and(|account| account.suspended.is_none()))
}
