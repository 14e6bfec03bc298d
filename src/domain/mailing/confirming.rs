//! Mail addresses: who wants one kept gets a letter to it, and its link confirms it (`pump-api.md §5.3`, `§4.2`). Until then
//! an account keeps the address that it had. Where the site asks for an address (`requireEmail`), a new account without a
//! confirmed one is let nowhere.

use super::queue;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::UserId;
use crate::mailbox::MailAddress;
use crate::store::engine::{Result, Tx};
use crate::store::mail_codes::{self, Purpose};
use crate::store::mails::{self, What};
use crate::store::users::{self, User};

/// How long a link can be used after its letter was sent, in seconds: two days.
pub const LINK_SECS: i64 = 48 * 3600;

/// Writes down that a user is to be asked about an address, which replaces any other that is not confirmed yet. Refuses (503)
/// where too many letters wait.
pub fn ask(
    app: &App,
    tx: &mut dyn Tx,
    user: UserId,
    address: &MailAddress,
    now: Timestamp,
) -> Result<()> {
    if mails::waiting(tx)? >= mails::WAITING_MAX {
        let text = "Too many letters wait for the mail server. Try again later.";
        return Err(Error::Busy(text.to_owned()).into());
    }
    let address = address.as_str();
    let is_other =
        |purpose: &Purpose| matches!(purpose, Purpose::Confirm(known) if known != address);
    mail_codes::end(tx, user, is_other)?;
    mail_codes::want_address(tx, user, Some(address))?;
    queue(app, tx, user, What::Confirm(address.to_owned()), now)
}

/// A user wants another address: the one that is confirmed stays until the link to the new one was followed. Where the
/// account waits for its first one, that is the one to confirm now.
pub fn change(
    app: &App,
    user: UserId,
    address: &MailAddress,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    app.store
        .write(|tx| change_in(app, tx, user, address, now))?;
    app.wake();
    Ok(())
}

/// As [`change`], inside a write.
pub fn change_in(
    app: &App,
    tx: &mut dyn Tx,
    user: UserId,
    address: &MailAddress,
    now: Timestamp,
) -> Result<()> {
    let account = users::get(tx, user)?.ok_or(Error::Gone)?;
    if account.email.as_deref() == Some(address.as_str()) {
        return forget_wanted(tx, user);
    }
    if account.unconfirmed_email.is_some() {
        let address = Some(address.to_string());
        users::update(tx, user, now, |account| account.unconfirmed_email = address)?;
    }
    ask(app, tx, user, address, now)
}

/// A user wants no mail any more, or takes back the wish for another address. Refuses (400) to take the last one where the
/// site asks for an address.
pub fn remove_in(app: &App, tx: &mut dyn Tx, user: UserId, now: Timestamp) -> Result<()> {
    let account = users::get(tx, user)?.ok_or(Error::Gone)?;
    forget_wanted(tx, user)?;
    let Some(before) = account.email else {
        return Ok(());
    };
    if app.config.require_email {
        let text = "This site asks everybody for a mail address. Give another one instead.";
        return Err(Error::invalid(text).into());
    }
    users::update(tx, user, now, |account| account.email = None)?;
    queue(app, tx, user, What::AddressChanged(before), now)
}

/// Forgets the address that a user wanted and did not confirm.
pub fn forget_wanted(tx: &mut dyn Tx, user: UserId) -> Result<()> {
    mail_codes::end(tx, user, |purpose| matches!(purpose, Purpose::Confirm(_)))?;
    mail_codes::want_address(tx, user, None)
}

/// Follows a link: its address is the user's now. 404 for a link that is not known, 400 for one that was used, is too old,
/// or was followed in the session of somebody else, 403 for a suspended account.
pub fn confirm(
    app: &App,
    code: &str,
    session: Option<UserId>,
    now: Timestamp,
) -> std::result::Result<UserId, Error> {
    let user = app.store.write(|tx| {
        let (user, code) = mail_codes::find(tx, code)?.ok_or_else(unknown)?;
        let (Purpose::Confirm(address), Some(account)) = (code.purpose, users::get(tx, user)?)
        else {
            return Err(unknown().into());
        };
        if session.is_some_and(|session| session != user) {
            let text = "This link belongs to another account than the one that you are logged in with. Log out, and follow \
                        it again.";
            return Err(Error::invalid(text).into());
        }
        if code.is_used {
            return Err(Error::Invalid(used(&account, &address)).into());
        }
        if now >= code.ends {
            let text = "This link is too old: it was good for two days. Log in to have another one sent.";
            return Err(Error::invalid(text).into());
        }
        account.check_not_suspended()?;
        forget_wanted(tx, user)?;
        let before = account.email.filter(|before| *before != address);
        users::update(tx, user, now, |account| {
            account.email = Some(address.clone());
            account.unconfirmed_email = None;
        })?;
        if let Some(before) = before {
            queue(app, tx, user, What::AddressChanged(before), now)?;
        }
        Ok(user)
    })?;
    app.wake();
    Ok(user)
}

/// Gives a user an address that counts as confirmed.
pub fn set(
    app: &App,
    user: UserId,
    address: &MailAddress,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    Ok(app.store.write(|tx| {
        forget_wanted(tx, user)?;
        users::update(tx, user, now, |account| {
            account.email = Some(address.to_string());
            account.unconfirmed_email = None;
        })
    })?)
}

fn used(account: &User, address: &str) -> String {
    if account.email.as_deref() == Some(address) {
        "This link was used already: your address is confirmed. You can log in.".to_owned()
    } else {
        "This link is not good any more: another one, or another address, took its place."
            .to_owned()
    }
}

fn unknown() -> Error {
    Error::not_found("This link is not known here. Was it cut off? Copy all of it from the letter.")
}
