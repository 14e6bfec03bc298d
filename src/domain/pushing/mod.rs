//! What people are told by Web Push (RFC 8030) of what came for them: what is addressed to them directly, as mail tells it, in each
//! browser where they have switched it on. It is written down together with what causes it, and the words are written when the
//! message goes. A message goes at least once.

mod sealed;

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::mailing::{notices, sending};
use crate::domain::padlock;
use crate::error::Error;
use crate::ids::UserId;
use crate::peers::{Ask, Failure, authority};
use crate::store::engine::Result;
use crate::store::pushes::{self, PushId, Subscription};
use crate::store::sessions::{self, Fingerprint};
use crate::store::users;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::time::Duration;

/// Longest address of a push service, in bytes.
const ENDPOINT_BYTES_MAX: usize = 1000;

/// Bytes of a public key: a point on P-256, uncompressed.
const KEY_BYTES: usize = 65;

/// Longest words of one activity in a message, in characters.
const WORDS_CHARS_MAX: usize = 160;

/// How long a push service keeps a message for a browser that is away, in seconds: a day.
const KEPT_SECS: u32 = 24 * 3600;

/// How long a push service is waited for.
const TIME_MAX: Duration = Duration::from_secs(20);

/// The wait after a push service took nothing, in seconds; after each further time it is four times as long.
const WAIT_SECS: i64 = 60;

/// How often a message is tried: for about a day.
const TRIES_MAX: u8 = 6;

/// What came of a look into the queue.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing waits.
    Nothing,
    /// The next message is due in so many seconds.
    DueIn(i64),
    /// A message went, was put off or was dropped.
    Done,
}

/// Whether browsers can be told at all: they take messages only from a site whose connection is secure.
pub fn is_possible(app: &App) -> bool {
    app.known_base()
        .is_some_and(|base| base.scheme() == "https" || is_this_machine(base.host()))
        || padlock::is_on(app)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host == "127.0.0.1"
}

/// The public key of this server, as browsers take it; made when it is asked for the first time.
pub fn public_key(app: &App) -> std::result::Result<String, Error> {
    sealed::public(&pair(app)?)
}

fn pair(app: &App) -> std::result::Result<Vec<u8>, Error> {
    if let Some(known) = pushes::server_key(&app.store)? {
        return Ok(known);
    }
    let made = sealed::new_pair()?;
    // Two may ask at the same time.
    Ok(app.store.write(|tx| {
        if let Some(known) = pushes::server_key(tx)? {
            return Ok(known);
        }
        pushes::put_server_key(tx, &made);
        Ok(made.clone())
    })?)
}

/// Tells a user in one browser more: `key` and `secret` as the browser gives them, in base64. 400 for what is none.
pub fn subscribe(
    app: &App,
    user: UserId,
    endpoint: &str,
    [key, secret]: [&str; 2],
    session: Fingerprint,
    browser: &str,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let wrong = || Error::invalid("This browser says nothing by which it could be told.");
    if !is_possible(app) {
        return Err(Error::Conflict(
            "Browsers take messages only from sites with a padlock, and this one has none."
                .to_owned(),
        ));
    }
    let is_whole = endpoint.starts_with("https://") && authority(endpoint).is_some();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    let key = decode(key).map_err(|_| wrong())?;
    let secret: [u8; 16] = decode(secret)
        .ok()
        .and_then(|secret| secret.try_into().ok())
        .ok_or_else(wrong)?;
    if !is_whole || endpoint.len() > ENDPOINT_BYTES_MAX || key.len() != KEY_BYTES {
        return Err(wrong());
    }
    // A key that nothing can be sealed with is refused here, where somebody hears of it.
    sealed::seal(b"", &key, &secret)?;
    let subscription = Subscription {
        endpoint: endpoint.to_owned(),
        key,
        secret,
        browser: browser.chars().take(200).collect(),
        created: now,
        session,
        waiting: Vec::new(),
        more: 0,
        is_tried: false,
        due: None,
        tries: 0,
    };
    Ok(app.store.write(|tx| pushes::add(tx, user, &subscription))?)
}

/// Sends a message that says that it works; 404 for a browser that is not told.
pub fn try_out(
    app: &App,
    user: UserId,
    id: &PushId,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let is_known = app.store.write(|tx| pushes::try_out(tx, user, id, now))?;
    app.pushes.ring();
    match is_known {
        true => Ok(()),
        false => Err(Error::not_found("This browser is not told of anything.")),
    }
}

/// Tells the browser that is due first.
pub fn send_next(app: &App, now: Timestamp) -> Result<Next> {
    if app.known_base().is_none() {
        return Ok(Next::Nothing);
    }
    let Some((due, user, id)) = pushes::next(&app.store)? else {
        return Ok(Next::Nothing);
    };
    if due > now {
        return Ok(Next::DueIn(due.secs_since(now)));
    }
    let Some(subscription) = pushes::get(&app.store, user, &id)? else {
        app.store.write(|tx| {
            pushes::drop_place(tx, due, user, &id);
            Ok(())
        })?;
        return Ok(Next::Done);
    };
    if sessions::get(&app.store, &subscription.session, now)?.is_none() {
        // Whoever sits there now is not logged in.
        app.store
            .write(|tx| pushes::remove(tx, user, &id).map(drop))?;
        return Ok(Next::Done);
    }
    let sent = match message(app, user, &subscription)? {
        Some(text) => send(app, &subscription, &text, now),
        None => Ok(Taken::Yes),
    };
    app.store.write(|tx| match &sent {
        Ok(Taken::Yes) | Err(Error::Internal(_)) => {
            pushes::settle(tx, user, &id, &subscription, now)
        }
        Ok(Taken::Gone) => pushes::remove(tx, user, &id).map(drop),
        Ok(Taken::Later(wait)) if subscription.tries < TRIES_MAX => {
            pushes::put_off(tx, user, &id, Timestamp(now.0 + wait))
        }
        Ok(Taken::Later(_)) | Err(_) => pushes::settle(tx, user, &id, &subscription, now),
    })?;
    if let Err(error) = sent {
        log::warn!("a browser could not be told: {error}");
    }
    Ok(Next::Done)
}

/// What a push service says.
enum Taken {
    /// It tells the browser.
    Yes,
    /// The browser does not want to be told any more.
    Gone,
    /// It is to be asked again after so many seconds.
    Later(i64),
}

fn send(
    app: &App,
    subscription: &Subscription,
    text: &str,
    now: Timestamp,
) -> std::result::Result<Taken, Error> {
    let endpoint = subscription.endpoint.as_str();
    let origin = format!("https://{}", authority(endpoint).unwrap_or_default());
    // Services want to know whom to write to by https (RFC 8292 §2.1).
    let us = padlock::url(app).unwrap_or_else(|| app.base().url().to_owned());
    let proof = sealed::proof(&pair(app)?, &origin, &us, now)?;
    let body = sealed::seal(text.as_bytes(), &subscription.key, &subscription.secret)?;
    let ask = Ask::message(endpoint, body, proof, KEPT_SECS).within(TIME_MAX);
    let wait = WAIT_SECS.saturating_mul(4_i64.saturating_pow(u32::from(subscription.tries)));
    Ok(match app.peers.ask(&ask) {
        Ok(said) if said.is_success() => Taken::Yes,
        Ok(said) if matches!(said.status, 404 | 410) => Taken::Gone,
        Ok(said) if said.status == 429 || said.status >= 500 => {
            Taken::Later(said.busy_secs().unwrap_or(wait).max(1))
        }
        Ok(said) => {
            log::warn!("a push service refuses a message: {}", said.status);
            Taken::Yes
        }
        Err(Failure::Refused(why)) => {
            log::warn!("a browser is not told any more: {why}");
            Taken::Gone
        }
        Err(why) => {
            log::info!("a push service takes nothing now: {why}");
            Taken::Later(wait)
        }
    })
}

/// What a browser shows; nothing if there is nothing left to tell.
fn message(app: &App, user: UserId, subscription: &Subscription) -> Result<Option<String>> {
    let account = users::get(&app.store, user)?;
    if account.is_none_or(|account| account.suspended.is_some()) {
        return Ok(None);
    }
    let site = app.site_name();
    let home = format!("{}/", app.base().url());
    let speech = sending::speech_of(app, user)?;
    let items = notices::items(app, speech, user, &subscription.waiting)?;
    let count = items.len() + usize::try_from(subscription.more).unwrap_or(0);
    let (title, body, url) = match items.as_slice() {
        [] if subscription.is_tried => (
            site,
            speech
                .say("It works: here you hear of what comes for you.")
                .to_owned(),
            format!("{}/main/settings/notifications", app.base().url()),
        ),
        [] => return Ok(None),
        [item] if count == 1 => (
            item.sentence_text.clone(),
            item.content_text.clone(),
            item.url.clone().unwrap_or(home),
        ),
        [first, ..] => (
            speech.count(
                "1 new activity",
                "{0} new activities",
                u64::try_from(count).unwrap_or(u64::MAX),
            ),
            first.sentence_text.clone(),
            home,
        ),
    };
    let short = |text: String| -> String { text.chars().take(WORDS_CHARS_MAX).collect() };
    // The browser opens it where it got the page.
    let url = url.strip_prefix(app.base().url()).unwrap_or(&url);
    let text = json!({ "title": short(title), "body": short(body), "url": url, "tag": url });
    let text = text.to_string();
    Ok((text.len() <= sealed::PLAIN_BYTES_MAX).then_some(text))
}
