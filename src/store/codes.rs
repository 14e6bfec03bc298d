//! Codes of OAuth 2: a consent on its way from the browser to the client (RFC 6749 §4.1.2). A code lives a minute and is
//! exchanged once; it stays known for ten, so that a second exchange is seen and ends what came of the first. Codes
//! begin with their time, so those that are too old are the first of the table; of the rest only a fingerprint is kept.

use super::bearer::FamilyId;
use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId, random_bytes};
use crate::scope::Scope;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long a code can be exchanged, in seconds.
pub const CODE_SECS: i64 = 60;

/// How long a code is known, in seconds.
const KNOWN_SECS: i64 = 600;

/// Most old codes that go when a new one comes.
const REMOVED_AT_ONCE_MAX: usize = 32;

/// Bytes of a code: its time, and what nobody can guess.
const CODE_BYTES: usize = 6 + 24;

/// What is kept of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The client that it was made for.
    pub client: String,
    /// Who agreed.
    pub user: UserId,
    /// What the user agreed to.
    pub scope: Scope,
    /// Where the code was sent, as the client named it.
    pub redirect_uri: String,
    /// The challenge of PKCE (S256), if the client gave one.
    pub challenge: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The tokens that it was exchanged for.
    pub family: Option<FamilyId>,
}

impl Record for Code {
    const NAME: &'static str = "code";
    const VERSION: u8 = 1;
}

impl Code {
    /// Whether it can still be exchanged.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.secs_since(self.created) < CODE_SECS
    }
}

/// A new code: its time and 24 random bytes, 40 characters.
pub fn random(now: Timestamp) -> String {
    let mut bytes = [0; CODE_BYTES];
    let secs = u64::try_from(now.0).unwrap_or(0);
    let (time, rest) = bytes.split_at_mut(6);
    time.copy_from_slice(&ThingId(secs).bytes());
    rest.copy_from_slice(&random_bytes::<24>());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Keeps a code, new or exchanged, and removes some that nobody need know any more.
pub fn put(tx: &mut dyn Tx, code: &str, record: &Code, now: Timestamp) -> Result<()> {
    let table = KeyBytes::of(Table::Code);
    for (key, value) in tx.scan(&table, &table.end(), REMOVED_AT_ONCE_MAX)? {
        let known: Code = record::decode(&value)?;
        if now.secs_since(known.created) >= KNOWN_SECS {
            tx.delete(&key);
        }
    }
    if let Some(key) = key(code) {
        record::put(tx, &key, record);
    }
    Ok(())
}

/// What is kept of a code; also of one that is too old or was exchanged, for a while.
pub fn get(from: &dyn Read, code: &str) -> Result<Option<Code>> {
    match key(code) {
        Some(key) => record::get(from, &key),
        None => Ok(None),
    }
}

/// The key of a code; nothing for a text that is none.
fn key(code: &str) -> Option<KeyBytes> {
    let bytes: [u8; CODE_BYTES] = URL_SAFE_NO_PAD.decode(code).ok()?.try_into().ok()?;
    let (time, _) = bytes.split_first_chunk::<6>()?;
    let key = KeyBytes::of(Table::Code).thing(ThingId::from_bytes(*time));
    Some(key.tail(Sha256::digest(code)))
}

#[cfg(test)]
mod tests {
    use super::{CODE_SECS, Code, KNOWN_SECS, URL_SAFE_NO_PAD};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::scope::Scope;
    use crate::store::engine::Read as _;
    use crate::store::engine::memory::Memory;
    use base64::Engine as _;

    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn code(created: Timestamp) -> Code {
        Code {
            client: "client".to_owned(),
            user: UserId(ThingId(1)),
            scope: Scope::READ,
            redirect_uri: "https://h.test/cb".to_owned(),
            challenge: None,
            created,
            family: None,
        }
    }

    #[test]
    fn a_code_is_fresh_for_a_minute_known_for_ten_and_kept_as_a_fingerprint() {
        let mut memory = Memory::default();
        let text = super::random(NOW);
        super::put(&mut memory, &text, &code(NOW), NOW).expect("kept");
        let known = super::get(&memory, &text).expect("readable");
        let known = known.expect("there");
        assert!(known.is_fresh(NOW));
        assert!(!known.is_fresh(Timestamp(NOW.0 + CODE_SECS)));
        let (key, value) = memory.scan(&[], &[255], 1).expect("readable").remove(0);
        let bytes = URL_SAFE_NO_PAD.decode(&text).expect("our own");
        let secret = &bytes[6..];
        for kept in [key, value] {
            assert!(!kept.windows(secret.len()).any(|part| part == secret));
        }
        let later = Timestamp(NOW.0 + KNOWN_SECS);
        super::put(&mut memory, &super::random(later), &code(later), later).expect("kept");
        assert_eq!(super::get(&memory, &text).expect("readable"), None);
        assert_eq!(memory.records(), 1);
        for nonsense in ["", "x", "ünsinn"] {
            assert_eq!(super::get(&memory, nonsense).expect("readable"), None);
        }
    }
}
