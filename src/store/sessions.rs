//! Sessions of browsers. Only a fingerprint of the cookie is kept, so that a copy of the store logs nobody in. A session
//! ends when it was not used for a month, by logging out, or when its user's password changes.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// How long a session lives after its last use, in seconds: 30 days.
pub const SESSION_SECS: i64 = 30 * 24 * 3600;

/// How old "last used" may become before it is written again, in seconds.
pub const TOUCH_SECS: i64 = 3600;

/// Most sessions of one user; the one that was used longest ago ends when one more begins.
pub const SESSIONS_PER_USER_MAX: usize = 64;

/// What is kept at most of the name of a browser, in characters.
const BROWSER_CHARS_MAX: usize = 200;

/// SHA-256 of the cookie's value.
pub type Fingerprint = [u8; 32];

/// What is kept of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who is logged in.
    pub user: UserId,
    /// When the user logged in.
    pub created: Timestamp,
    /// When it was last used, within [`TOUCH_SECS`].
    pub last_seen: Timestamp,
    /// What the browser said it is when the user logged in (`User-Agent`), shortened; may be empty.
    pub browser: String,
}

impl Record for Session {
    const NAME: &'static str = "session";
    const VERSION: u8 = 2;

    fn predecessor(version: u8, body: &[u8]) -> Option<Session> {
        let (user, created, last_seen) = match version {
            1 => postcard::from_bytes(body).ok()?,
            _ => return None,
        };
        Some(Session {
            user,
            created,
            last_seen,
            browser: String::new(),
        })
    }
}

/// A session that is still alive.
pub fn get(from: &dyn Read, cookie: &Fingerprint, now: Timestamp) -> Result<Option<Session>> {
    let found: Option<Session> = record::get(from, &session_key(cookie))?;
    Ok(found.filter(|session| is_alive(session, now)))
}

/// Begins a session. Sessions of the user that are over go, and the oldest if there are too many.
pub fn begin(
    tx: &mut dyn Tx,
    cookie: &Fingerprint,
    user: UserId,
    browser: &str,
    now: Timestamp,
) -> Result<()> {
    let mut alive = Vec::new();
    for known in all_of(tx, user)? {
        match get(tx, &known, now)? {
            Some(session) => alive.push((session.last_seen, known)),
            None => end(tx, &known, user),
        }
    }
    alive.sort_unstable();
    let too_many = (alive.len() + 1).saturating_sub(SESSIONS_PER_USER_MAX);
    for (_, oldest) in alive.iter().take(too_many) {
        end(tx, oldest, user);
    }
    let session = Session {
        user,
        created: now,
        last_seen: now,
        browser: browser.chars().take(BROWSER_CHARS_MAX).collect(),
    };
    record::put(tx, &session_key(cookie), &session);
    tx.put(&user_key(user).tail(cookie), &[]);
    Ok(())
}

/// Notes that a session is used; does nothing if it has ended.
pub fn touch(tx: &mut dyn Tx, cookie: &Fingerprint, now: Timestamp) -> Result<()> {
    if let Some(session) = get(tx, cookie, now)? {
        let touched = Session {
            last_seen: now,
            ..session
        };
        record::put(tx, &session_key(cookie), &touched);
    }
    Ok(())
}

/// Ends a session.
pub fn end(tx: &mut dyn Tx, cookie: &Fingerprint, user: UserId) {
    tx.delete(&session_key(cookie));
    tx.delete(&user_key(user).tail(cookie));
}

/// Ends all sessions of a user.
pub fn end_all(tx: &mut dyn Tx, user: UserId) -> Result<()> {
    for cookie in all_of(tx, user)? {
        end(tx, &cookie, user);
    }
    Ok(())
}

/// The sessions of a user that are alive, the one that was used last first.
pub fn list(from: &dyn Read, user: UserId, now: Timestamp) -> Result<Vec<(Fingerprint, Session)>> {
    let mut alive = Vec::new();
    for cookie in all_of(from, user)? {
        alive.extend(get(from, &cookie, now)?.map(|session| (cookie, session)));
    }
    alive.sort_by_key(|(_, session)| std::cmp::Reverse(session.last_seen));
    Ok(alive)
}

fn is_alive(session: &Session, now: Timestamp) -> bool {
    now.secs_since(session.last_seen) < SESSION_SECS
}

fn all_of(from: &dyn Read, user: UserId) -> Result<Vec<Fingerprint>> {
    let prefix = user_key(user);
    let pairs = from.scan(&prefix, &prefix.end(), SESSIONS_PER_USER_MAX)?;
    let cookie = |(key, _): &(bytes::Bytes, bytes::Bytes)| {
        let (_, cookie) = key.split_at(prefix.len());
        Fingerprint::try_from(cookie).ok()
    };
    Ok(pairs.iter().filter_map(cookie).collect())
}

fn session_key(cookie: &Fingerprint) -> KeyBytes {
    KeyBytes::of(Table::Session).tail(cookie)
}

fn user_key(user: UserId) -> KeyBytes {
    KeyBytes::of(Table::UserSession).user(user)
}

#[cfg(test)]
mod tests {
    use super::{SESSION_SECS, SESSIONS_PER_USER_MAX, TOUCH_SECS};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::memory::Memory;

    const ANN: UserId = UserId(ThingId(1));
    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn alive(memory: &Memory, cookie: u8, now: Timestamp) -> bool {
        super::get(memory, &[cookie; 32], now)
            .expect("readable")
            .is_some()
    }

    #[test]
    fn a_session_ends_a_month_after_its_last_use() {
        let mut memory = Memory::default();
        super::begin(&mut memory, &[1; 32], ANN, "", NOW).expect("kept");
        super::begin(&mut memory, &[2; 32], ANN, "", NOW).expect("kept");
        let later = Timestamp(NOW.0 + TOUCH_SECS);
        super::touch(&mut memory, &[2; 32], later).expect("kept");
        let month = Timestamp(NOW.0 + SESSION_SECS);
        assert!(!alive(&memory, 1, month));
        assert!(alive(&memory, 2, month));
        super::begin(&mut memory, &[3; 32], ANN, "", month).expect("kept");
        assert_eq!(memory.records(), 4, "the one that is over has gone");
    }

    #[test]
    fn one_user_has_a_bounded_number_of_sessions_and_all_can_end_at_once() {
        let mut memory = Memory::default();
        for number in 0..SESSIONS_PER_USER_MAX + 9 {
            let cookie = [u8::try_from(number).expect("small"); 32];
            let then = Timestamp(NOW.0 + i64::try_from(number).expect("small"));
            super::begin(&mut memory, &cookie, ANN, "", then).expect("kept");
        }
        assert_eq!(memory.records(), 2 * SESSIONS_PER_USER_MAX);
        assert!(!alive(&memory, 8, NOW) && alive(&memory, 9, NOW));
        super::begin(&mut memory, &[200; 32], UserId(ThingId(2)), "", NOW).expect("kept");
        super::end_all(&mut memory, ANN).expect("gone");
        assert!(alive(&memory, 200, NOW));
        assert_eq!(memory.records(), 2);
    }
}
