//! What the owner of the server does with accounts, besides making and removing them (`people.rs`).

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::quotas::{self, Room};
use crate::error::Error;
use crate::ids::UserId;
use crate::store::engine::{Result, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::users::{self, User};
use crate::store::{sessions, streams, usage};

/// An account as the owner sees it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Whose.
    pub id: UserId,
    /// What is kept of it.
    pub user: User,
    /// What its files take and may take.
    pub room: Room,
    /// How many posts there are in its feed.
    pub posts: u64,
}

/// An account, of a user who is there.
pub fn account(app: &App, id: UserId, user: User) -> Result<Account> {
    Ok(Account {
        room: quotas::room(app, &app.store, id)?,
        posts: streams::total(&app.store, Stream::of(id.0, StreamKind::OutboxMajor))?,
        id,
        user,
    })
}

/// Suspends a user, who can neither log in nor do anything from now on, or lets the user in again. Sessions end; what was
/// posted stays. 403 for the owner of the server.
pub fn suspend(
    app: &App,
    id: UserId,
    is_suspended: bool,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    Ok(app
        .store
        .write(|tx| suspend_in(tx, id, is_suspended, now))?)
}

/// As [`suspend`], inside a write.
pub fn suspend_in(tx: &mut dyn Tx, id: UserId, is_suspended: bool, now: Timestamp) -> Result<()> {
    if is_suspended && users::owner(tx)? == Some(id) {
        return Err(Error::forbidden(
            "The owner of this server cannot be suspended. Make somebody else its owner first.",
        )
        .into());
    }
    if is_suspended {
        sessions::end_all(tx, id)?;
    }
    users::update(tx, id, now, |user| {
        user.suspended = match (is_suspended, user.suspended) {
            (true, None) => Some(now),
            (true, since) => since,
            (false, _) => None,
        };
    })
}

/// Makes a user the owner of the server, instead of whoever is. 403 for somebody who is suspended.
pub fn hand_over(app: &App, id: UserId, now: Timestamp) -> std::result::Result<(), Error> {
    Ok(app.store.write(|tx| {
        if users::get(tx, id)?.is_some_and(|user| user.suspended.is_some()) {
            return Err(Error::forbidden(
                "This user is suspended and cannot be the owner. Let the user in again first.",
            )
            .into());
        }
        users::hand_over(tx, id, now)
    })?)
}

/// Decides how many bytes of uploads a user may keep; without a number, as many as everybody. What is kept stays, also
/// where it is more.
pub fn set_quota(
    app: &App,
    id: UserId,
    bytes: Option<u64>,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    if bytes.is_some_and(|bytes| bytes > quotas::BYTES_MAX) {
        return Err(Error::invalid("This quota is too large."));
    }
    Ok(app
        .store
        .write(|tx| users::update(tx, id, now, |user| user.quota_bytes = bytes))?)
}

/// Counts the files of a user anew.
pub fn recount(app: &App, id: UserId) -> std::result::Result<(), Error> {
    Ok(app.store.write(|tx| {
        usage::forget(tx, id);
        Ok(())
    })?)
}
