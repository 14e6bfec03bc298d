//! Accounts from the side of the proof: a new one with its password hashed, a changed password, a token for a client that
//! has just proved a password. The person behind an account is made by `domain/people.rs`.

use super::passwords;
use crate::clock::Timestamp;
use crate::config::TokenAccount;
use crate::error::Error;
use crate::http::Request;
use crate::ids::{Nickname, UserId};
use crate::store::tokens::{self, Pair};
use crate::store::users::{self, User};
use crate::store::{Store, clients};

/// The account of somebody who wants to register, not yet kept. Refuses a bad nickname or password (400) and a taken
/// nickname (409) before the long work of hashing. Runs on Slow.
pub fn new_user(request: &Request, nickname: &str, password: &str) -> Result<User, Error> {
    let wanted = Nickname::new(nickname)
        .map_err(|reason| Error::Invalid(format!("Bad nickname: '{nickname}'. {reason}")))?;
    passwords::check(password)?;
    if users::is_taken(&request.app().store, &wanted)? {
        return Err(users::taken(&wanted));
    }
    let hash = passwords::hash(&request.guard, password)?;
    Ok(account(wanted, &hash, request.now))
}

/// The account of a new user whose password was hashed already.
pub fn account(nickname: Nickname, password: &passwords::Hash, now: Timestamp) -> User {
    User {
        nickname,
        password: password.as_str().to_owned(),
        created: now,
        updated: now,
        email: None,
        unconfirmed_email: None,
        owner: false,
        extra: String::new(),
    }
}

/// Sets what a user stored with the account (the text of a JSON object's members), and the password. If the password
/// is another one than before, all sessions of the user end. Runs on Slow.
pub fn update(request: &Request, id: UserId, password: &str, extra: &str) -> Result<User, Error> {
    let store = &request.app().store;
    let gone = || Error::not_found("There is no such user here.");
    let known = users::get(store, id)?.ok_or_else(gone)?;
    let same = passwords::is_right(&request.guard, Some(&known.password), password)?;
    let hash = if same {
        None
    } else {
        Some(passwords::hash(&request.guard, password)?)
    };
    let changed = store.write(|tx| {
        if let Some(hash) = &hash {
            users::set_password(tx, id, hash.as_str(), request.now)?;
        }
        users::update(tx, id, request.now, |user| {
            extra.clone_into(&mut user.extra)
        })?;
        users::get(tx, id)
    })?;
    changed.ok_or_else(gone)
}

/// Sets a password and ends all sessions of the user (begin a new one with `sessions::begin` for whom it is to stay).
/// Runs on Slow.
pub fn set_password(request: &Request, id: UserId, password: &str) -> Result<(), Error> {
    let hash = passwords::hash(&request.guard, password)?;
    let store = &request.app().store;
    store.write(|tx| users::set_password(tx, id, hash.as_str(), request.now))?;
    Ok(())
}

/// A further token for a user who has just registered or logged in through a client (`pump-api.md §2.4`).
pub fn new_token(request: &Request, user: UserId, client: &str) -> Result<Pair, Error> {
    let pair = Pair::random();
    let store = &request.app().store;
    store.write(|tx| tokens::add(tx, user, client, &pair, request.now))?;
    Ok(pair)
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
