//! One letter of the queue after another: its words are written, it is handed to the mail server, and what the server says
//! decides what becomes of it. A letter goes at least once: it is taken out after it was sent, and keeps its Message-ID.

use super::letters::Words;
use super::notices as telling;
use super::{confirming, recovering};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::mail::{Error as MailError, Letter, Mailer};
use crate::mailbox::MailAddress;
use crate::store::engine::{Result, Tx};
use crate::store::mail_codes::{self, Purpose};
use crate::store::mails::{self, Mail, Queued, What};
use crate::store::notices;
use crate::store::preferences;
use crate::store::users::{self, User};
use crate::words::{Language, Words as Speech};

/// How long a letter is tried, in seconds: two days.
pub const TRIED_SECS: i64 = 48 * 3600;

/// The wait after the mail server put a letter off, in seconds; after each further time it is four times as long.
const WAIT_SECS: i64 = 60;

/// Longest such wait, in seconds: four hours.
const WAIT_SECS_MAX: i64 = 4 * 3600;

/// What came of a look into the queue.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing waits.
    Nothing,
    /// The next letter is due in so many seconds.
    DueIn(i64),
    /// A letter went, or was dropped.
    Settled,
    /// A letter was put off.
    PutOff,
    /// The mail server takes nothing now.
    ServerAway,
}

/// Sends the letter that is due first.
pub fn send_next(app: &App, now: Timestamp) -> Result<Next> {
    let (Some(config), Some(base)) = (app.mail(), app.known_base()) else {
        return Ok(Next::Nothing);
    };
    let Some(queued) = mails::next(&app.store)? else {
        return Ok(Next::Nothing);
    };
    if queued.due > now {
        return Ok(Next::DueIn(queued.due.secs_since(now)));
    }
    if now.secs_since(queued.mail.created) >= TRIED_SECS {
        let kind = kind(&queued.mail.what);
        log::warn!("a mail ({kind}) is given up: it is two days old");
        settle(app, &queued, now)?;
        return Ok(Next::Settled);
    }
    let queued = match queued.mail.what {
        What::Notices => app.store.write(|tx| notices::choose(tx, &queued, now))?,
        _ => queued,
    };
    let Some((letter, nickname)) = write(app, &queued, now)? else {
        settle(app, &queued, now)?;
        return Ok(Next::Settled);
    };
    let sent = Mailer::of(config, base.host()).and_then(|mailer| mailer.send(letter));
    judge(app, &queued, &nickname, sent, now)
}

/// Makes due at once what was put off.
pub fn hurry(app: &App, now: Timestamp) -> Result<()> {
    app.store.write(|tx| mails::hurry(tx, now))
}

fn judge(
    app: &App,
    queued: &Queued,
    nickname: &str,
    sent: std::result::Result<(), MailError>,
    now: Timestamp,
) -> Result<Next> {
    let kind = kind(&queued.mail.what);
    let mail = &queued.mail;
    let (wait_secs, tries, next) = match sent {
        Ok(()) => {
            log::info!("mail to {nickname} ({kind}) was sent");
            settle(app, queued, now)?;
            return Ok(Next::Settled);
        }
        Err(MailError::Refused(why)) => {
            log::warn!("mail to {nickname} ({kind}) is given up: {why}");
            settle(app, queued, now)?;
            return Ok(Next::Settled);
        }
        Err(MailError::Deferred(why)) => {
            let wait = wait_secs(mail.tries);
            log::warn!("mail to {nickname} ({kind}) is put off for {wait} s: {why}");
            (wait, mail.tries.saturating_add(1), Next::PutOff)
        }
        Err(MailError::Server(why)) => {
            log::warn!("mail to {nickname} ({kind}) waits: {why}");
            // The others come first next time, should it be this letter that the server stumbles over.
            (1, mail.tries, Next::ServerAway)
        }
    };
    let mail = Mail {
        tries,
        ..mail.clone()
    };
    app.store.write(|tx| {
        mails::put_back(tx, queued, Timestamp(now.0 + wait_secs), &mail);
        Ok(())
    })?;
    Ok(next)
}

fn wait_secs(tries: u8) -> i64 {
    let times = 4_i64.saturating_pow(u32::from(tries));
    WAIT_SECS.saturating_mul(times).min(WAIT_SECS_MAX)
}

/// Takes a letter out of the queue; notices that came meanwhile get their own.
fn settle(app: &App, queued: &Queued, now: Timestamp) -> Result<()> {
    app.store.write(|tx| {
        mails::done(tx, queued)?;
        match queued.mail.what {
            What::Notices | What::Digest { .. } => {
                notices::settle(tx, queued.mail.user, app.store.fresh_id(), now)
            }
            _ => Ok(()),
        }
    })
}

/// Writes a letter, and says for whom; nothing if it is not wanted any more.
fn write(app: &App, queued: &Queued, now: Timestamp) -> Result<Option<(Letter, String)>> {
    let Mail { user, what, .. } = &queued.mail;
    let Some(account) = users::get(&app.store, *user)? else {
        return Ok(None);
    };
    if account.suspended.is_some() {
        return Ok(None);
    }
    let nickname = account.nickname.to_string();
    let Some((to, words)) = words(app, *user, &account, what, now)? else {
        return Ok(None);
    };
    let Ok(to) = MailAddress::parse(&to) else {
        log::warn!("mail to {nickname} is given up: the address of the account is none");
        return Ok(None);
    };
    let id = format!("{}.{}", queued.id.0, user.0.0);
    let letter = words.letter(id, to, queued.mail.created)?;
    Ok(Some((letter, nickname)))
}

fn words(
    app: &App,
    user: UserId,
    account: &User,
    what: &What,
    now: Timestamp,
) -> Result<Option<(String, Words)>> {
    let nickname = account.nickname.as_str();
    let speech = speech_of(app, user)?;
    let code = |purpose: Purpose, secs| {
        let ends = Timestamp(now.0 + secs);
        let issue = |tx: &mut dyn Tx| mail_codes::issue(tx, user, purpose.clone(), now, ends);
        app.store.write(issue)
    };
    let to_user = |words| Ok(account.email.clone().map(|email| (email, words)));
    match what {
        What::Confirm(address) => {
            if mail_codes::wanted_address(&app.store, user)?.as_ref() != Some(address) {
                return Ok(None);
            }
            let code = code(Purpose::Confirm(address.clone()), confirming::LINK_SECS)?;
            let words = Words::confirm(app, speech, nickname, &code);
            Ok(Some((address.clone(), words)))
        }
        What::Recover if account.email.is_none() => Ok(None),
        What::Recover => {
            let code = code(Purpose::Recover, recovering::LETTER_SECS)?;
            to_user(Words::recover(app, speech, nickname, &code))
        }
        What::Notices => Ok(None),
        What::Digest { activities, more } => {
            match telling::write(app, speech, user, activities, *more)? {
                Some(words) => to_user(words),
                None => Ok(None),
            }
        }
        What::PasswordChanged => to_user(Words::password_changed(app, speech, nickname)),
        What::AddressChanged(before) => {
            let words = Words::address_changed(app, speech, nickname);
            Ok(Some((before.clone(), words)))
        }
    }
}

/// The words of letters to a user: in the language that the user chose for the pages, else in that of the site.
pub(in crate::domain) fn speech_of(app: &App, user: UserId) -> Result<Speech> {
    let chosen = preferences::get(&app.store, user)?.language;
    Ok(Speech::of(
        Language::of_code(&chosen).unwrap_or_else(|| app.language()),
    ))
}

/// What a letter is, for the log.
fn kind(what: &What) -> &'static str {
    match what {
        What::Confirm(_) => "confirm the address",
        What::Recover => "a new password",
        What::Notices | What::Digest { .. } => "what came",
        What::PasswordChanged => "the password was changed",
        What::AddressChanged(_) => "the address was changed",
    }
}

#[cfg(test)]
mod tests {
    use super::wait_secs;

    #[test]
    fn waits_grow_from_a_minute_to_hours() {
        let waits = [0, 1, 2, 3, 4, 5, 255].map(wait_secs);
        assert_eq!(waits, [60, 240, 960, 3840, 14_400, 14_400, 14_400]);
    }
}
