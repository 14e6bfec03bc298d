//! Mail to the people of this server (`pump-api.md §5.3–5.5`): the letter by which an address is confirmed
//! ([`confirming`]), the one by which a forgotten password is replaced ([`recovering`]), and those that tell what came
//! ([`notices`]). What is to be told is written down together with what causes it; the words are written when the letter
//! goes ([`sending`]).

pub mod confirming;
mod deeds;
mod letters;
pub mod notices;
pub mod recovering;
pub mod sending;
mod words;

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::UserId;
use crate::store::engine::{Result, Tx};
use crate::store::mails::{self, Mail, What};

pub use letters::test_letter;

/// Puts a letter to a user into the queue, where the site sends mail; it goes at once if it can. Where too many wait it is
/// dropped with a line in the log: what causes it happens all the same.
fn queue(app: &App, tx: &mut dyn Tx, user: UserId, what: What, now: Timestamp) -> Result<()> {
    if app.mail().is_none() {
        return Ok(());
    }
    let mail = Mail::new(user, what, now);
    if !mails::add(tx, app.store.fresh_id(), now, &mail)? {
        log::warn!("too many letters wait for the mail server: one more is dropped");
    }
    Ok(())
}

/// What somebody hears who wants a letter where none is sent.
pub fn no_mail() -> Error {
    Error::not_found("This site sends no mail. Ask its owner.")
}
