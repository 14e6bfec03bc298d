//! Request tokens: an authorisation on its way, from the client's first question to the access token
//! (`pump-api.md §2.2–2.4`). A request token lives ten minutes and is exchanged once. Tokens begin with their time, so
//! those that are too old are the first of the table.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId, random_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// How long a request token lives, in seconds.
pub const REQUEST_TOKEN_SECS: i64 = 600;

/// Most old request tokens that go when a new one comes.
const REMOVED_AT_ONCE_MAX: usize = 32;

/// What is kept of a request token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestToken {
    /// Its secret.
    pub secret: String,
    /// The id of the client that asked for it.
    pub client: String,
    /// Where the user goes afterwards: a URL, or `oob` for a page that shows the verifier.
    pub callback: String,
    /// When it was made.
    pub created: Timestamp,
    /// The user's consent.
    pub consent: Option<Consent>,
}

/// That a user agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who agreed.
    pub user: UserId,
    /// What the client must show to get the access token; made only now.
    pub verifier: String,
}

impl Record for RequestToken {
    const NAME: &'static str = "request token";
    const VERSION: u8 = 1;
}

/// A new token: its time and ten random bytes, 22 characters.
pub fn random(now: Timestamp) -> String {
    let mut bytes = [0; 16];
    let secs = u64::try_from(now.0).unwrap_or(0);
    bytes[..6].copy_from_slice(&ThingId(secs).bytes());
    bytes[6..].copy_from_slice(&random_bytes::<10>());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Keeps a new request token, and removes some that are too old.
pub fn add(tx: &mut dyn Tx, token: &str, record: &RequestToken) -> Result<()> {
    let table = KeyBytes::of(Table::RequestToken);
    let oldest = tx.scan(&table, &table.end(), REMOVED_AT_ONCE_MAX)?;
    for (key, value) in oldest {
        let known: RequestToken = record::decode(&value)?;
        if !is_alive(&known, record.created) {
            tx.delete(&key);
        }
    }
    if let Some(key) = key(token) {
        record::put(tx, &key, record);
    }
    Ok(())
}

/// A request token that is still alive.
pub fn get(from: &dyn Read, token: &str, now: Timestamp) -> Result<Option<RequestToken>> {
    let Some(key) = key(token) else {
        return Ok(None);
    };
    let found: Option<RequestToken> = record::get(from, &key)?;
    Ok(found.filter(|known| is_alive(known, now)))
}

/// Notes that a user agreed. Answers what is then kept; nothing if the token is gone or another user agreed before.
pub fn agree(
    tx: &mut dyn Tx,
    token: &str,
    consent: &Consent,
    now: Timestamp,
) -> Result<Option<RequestToken>> {
    let Some(mut known) = get(tx, token, now)? else {
        return Ok(None);
    };
    match &known.consent {
        Some(earlier) if earlier.user != consent.user => return Ok(None),
        Some(_) => {}
        None => {
            known.consent = Some(consent.clone());
            if let Some(key) = key(token) {
                record::put(tx, &key, &known);
            }
        }
    }
    Ok(Some(known))
}

/// Ends a request token: it was exchanged, or the user refused.
pub fn remove(tx: &mut dyn Tx, token: &str) {
    if let Some(key) = key(token) {
        tx.delete(&key);
    }
}

fn is_alive(token: &RequestToken, now: Timestamp) -> bool {
    now.secs_since(token.created) < REQUEST_TOKEN_SECS
}

/// The key of a token; nothing for a text that no token has.
fn key(token: &str) -> Option<KeyBytes> {
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    Some(KeyBytes::of(Table::RequestToken).tail(bytes))
}

#[cfg(test)]
mod tests {
    use super::{Consent, REQUEST_TOKEN_SECS, RequestToken};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::memory::Memory;

    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn add(memory: &mut Memory, now: Timestamp) -> String {
        let token = super::random(now);
        let record = RequestToken {
            secret: "secret".to_owned(),
            client: "client".to_owned(),
            callback: "oob".to_owned(),
            created: now,
            consent: None,
        };
        super::add(memory, &token, &record).expect("kept");
        token
    }

    fn consent(user: u64, verifier: &str) -> Consent {
        Consent {
            user: UserId(ThingId(user)),
            verifier: verifier.to_owned(),
        }
    }

    #[test]
    fn an_old_token_is_nothing_and_goes_when_the_next_is_made() {
        let mut memory = Memory::default();
        let old = add(&mut memory, NOW);
        let later = Timestamp(NOW.0 + REQUEST_TOKEN_SECS);
        assert_eq!(super::get(&memory, &old, later).expect("readable"), None);
        let young = add(&mut memory, later);
        assert_eq!(memory.records(), 1);
        assert!(
            super::get(&memory, &young, later)
                .expect("readable")
                .is_some()
        );
        for nonsense in ["", "x", "=", "ünsinn"] {
            assert_eq!(super::get(&memory, nonsense, NOW).expect("readable"), None);
        }
    }

    #[test]
    fn only_one_user_can_agree_and_the_first_verifier_stays() {
        let mut memory = Memory::default();
        let token = add(&mut memory, NOW);
        let mut agree = |user, verifier: &str| {
            super::agree(&mut memory, &token, &consent(user, verifier), NOW)
                .expect("kept")
                .and_then(|known| known.consent)
        };
        assert_eq!(agree(1, "first"), Some(consent(1, "first")));
        assert_eq!(agree(2, "other"), None);
        assert_eq!(agree(1, "second"), Some(consent(1, "first")));
    }
}
