//! Accounts from the side of the proof: a changed password, and the tokens that the configuration brings along. The person
//! behind an account is made by `domain/people.rs`.

use super::passwords;
use crate::clock::Timestamp;
use crate::config::TokenAccount;
use crate::error::Error;
use crate::http::Request;
use crate::ids::UserId;
use crate::store::tokens::{self, Pair};
use crate::store::{Store, clients, users};

/// Sets a password and ends all sessions of the user (begin a new one with `sessions::begin` for whom it is to stay).
/// Runs on Slow.
pub fn set_password(request: &Request, id: UserId, password: &str) -> Result<(), Error> {
    let hash = passwords::hash(&request.guard, password)?;
    let store = &request.app().store;
    store.write(|tx| users::set_password(tx, id, hash.as_str(), request.now))?;
    Ok(())
}

/// Keeps the tokens that the configuration gives a user, at each start; those that are known stay as they are. A token of a
/// client that is not known here, or one of OAuth 2, has no effect.
pub fn ensure_tokens(
    store: &Store,
    user: UserId,
    accounts: &[TokenAccount],
    now: Timestamp,
) -> Result<(), Error> {
    for account in accounts {
        let Some(secret) = &account.token_secret else {
            continue;
        };
        if clients::get(store, &account.client_id)?.is_none() {
            log::warn!(
                "a configured token belongs to the client {}, which is not known here",
                account.client_id
            );
            continue;
        }
        let pair = Pair {
            token: account.token.reveal().to_owned(),
            secret: secret.reveal().to_owned(),
        };
        if tokens::get(store, &pair.token)?.is_none() {
            store.write(|tx| tokens::add(tx, user, &account.client_id, &pair, now))?;
        }
    }
    Ok(())
}
