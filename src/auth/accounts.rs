//! Changing a password: with it all sessions of the user end.

use super::passwords;
use crate::domain::mailing::recovering;
use crate::error::Error;
use crate::http::Request;
use crate::ids::UserId;
use crate::store::users;

/// Sets a password and ends all sessions of the user (begin a new one with `sessions::begin` for whom it is to stay).
/// Runs on Slow.
pub fn set_password(request: &Request, id: UserId, password: &str) -> Result<(), Error> {
    let hash = passwords::hash(&request.guard, password)?;
    let store = &request.app().store;
    store.write(|tx| users::set_password(tx, id, hash.as_str(), request.now))?;
    Ok(())
}

/// Sets a password with the code of a link (`domain/mailing/recovering.rs`); answers whose it is. Runs on Slow.
pub fn recover(request: &Request, code: &str, password: &str) -> Result<UserId, Error> {
    let hash = passwords::hash(&request.guard, password)?;
    recovering::set_password(request.app(), code, hash.as_str(), request.now)
}
