//! Passwords that were forgotten: a link with which a new one is set, once, within its time (`pump-api.md §5.4`). It comes by
//! mail to the confirmed address, or from the owner of the server by hand.

use super::queue;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::{Nickname, UserId};
use crate::store::engine::{Read, Result, Tx};
use crate::store::mail_codes::{self, Purpose};
use crate::store::mails::What;
use crate::store::sessions;
use crate::store::users::{self, User};

/// How long a link can be used after its letter was sent, in seconds: an hour.
pub const LETTER_SECS: i64 = 3600;

/// How long a link from the owner can be used, in seconds: a day.
pub const LINK_SECS: i64 = 24 * 3600;

/// Most letters to one person within an hour, whoever asks for them.
const LETTERS_MAX: usize = 3;

/// Somebody says to have forgotten the password of an account. Whether there is such an account, whether it has an address
/// and whether a letter went is told to nobody (D21). Without `again`, no second letter goes within an hour.
pub fn ask(
    app: &App,
    nickname: &str,
    again: bool,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let Ok(nickname) = Nickname::new(nickname) else {
        return Ok(());
    };
    // Not waiting for the disk takes as long as doing nothing.
    app.store.write_soon(|tx| {
        let Some((user, account)) = users::by_nickname(tx, &nickname)? else {
            return Ok(());
        };
        if account.email.is_none() || account.suspended.is_some() {
            return Ok(());
        }
        let most = if again { LETTERS_MAX } else { 1 };
        if mail_codes::may_ask(tx, user, most, LETTER_SECS, now)? {
            queue(app, tx, user, What::Recover, now)?;
        }
        Ok(())
    })?;
    app.wake();
    Ok(())
}

/// Makes a link for a user, for whoever has the right to hand it over: it lives [`LINK_SECS`], and earlier ones go on. 403
/// for somebody who is suspended, to whom it would be of no use.
pub fn link(app: &App, user: UserId, now: Timestamp) -> std::result::Result<String, Error> {
    let ends = Timestamp(now.0 + LINK_SECS);
    let code = app.store.write(|tx| {
        if users::get(tx, user)?.is_some_and(|account| account.suspended.is_some()) {
            return Err(Error::forbidden(
                "This user is suspended and cannot log in. Let the user in again first.",
            )
            .into());
        }
        mail_codes::issue(tx, user, Purpose::Recover, now, ends)
    })?;
    Ok(address(app, &code))
}

/// The address of the page of a code.
pub(super) fn address(app: &App, code: &str) -> String {
    format!("{}/main/recover/{code}", app.base().url())
}

/// Whose password a code sets. 400 for one that is not known, was used or is too old; 403 for a suspended account.
pub fn find(from: &dyn Read, code: &str, now: Timestamp) -> Result<(UserId, User)> {
    let refused = || {
        Error::invalid(
            "This link is not good any more: it was used, or it is too old. Ask for another one.",
        )
    };
    let (user, code) = mail_codes::find(from, code)?.ok_or_else(refused)?;
    if code.purpose != Purpose::Recover || code.is_used || now >= code.ends {
        return Err(refused().into());
    }
    let account = users::get(from, user)?.ok_or_else(refused)?;
    account.check_not_suspended()?;
    Ok((user, account))
}

/// Uses a code up and ends all sessions of its user, who proved to be one. The password stays for now.
pub fn redeem(app: &App, code: &str, now: Timestamp) -> std::result::Result<UserId, Error> {
    let user = app.store.write(|tx| {
        let (user, _) = find(tx, code, now)?;
        mail_codes::end(tx, user, |purpose| *purpose == Purpose::Recover)?;
        sessions::end_all(tx, user)?;
        told(app, tx, user, now)?;
        Ok(user)
    })?;
    app.wake();
    Ok(user)
}

/// Uses a code up: the account has the password of this hash now, and all sessions end.
pub fn set_password(
    app: &App,
    code: &str,
    hash: &str,
    now: Timestamp,
) -> std::result::Result<UserId, Error> {
    let user = app.store.write(|tx| {
        let (user, _) = find(tx, code, now)?;
        users::set_password(tx, user, hash, now)?;
        told(app, tx, user, now)?;
        Ok(user)
    })?;
    app.wake();
    Ok(user)
}

/// Somebody whose account was opened by a link hears of it by mail, should it have been somebody else.
fn told(app: &App, tx: &mut dyn Tx, user: UserId, now: Timestamp) -> Result<()> {
    let account = users::get(tx, user)?.ok_or(Error::Gone)?;
    if account.email.is_some() {
        queue(app, tx, user, What::PasswordChanged, now)?;
    }
    Ok(())
}
