//! Codes in links that go out by mail or from hand to hand: each proves a mail address or replaces a password, once, for a
//! time. A code begins with its user; of the rest only a fingerprint is kept. The codes of a user are one record, with
//! few of them.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId, random_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Most codes of one user for the same kind of purpose that are known; the oldest goes when one more comes.
const CODES_OF_A_KIND_MAX: usize = 8;

/// How long a code is known after its end, in seconds, so that whoever comes late hears why: 30 days.
const KNOWN_SECS: i64 = 30 * 24 * 3600;

/// Bytes of a code: its user, and what nobody can guess.
const CODE_BYTES: usize = 6 + 18;

/// What a code is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Proves that the user reads at this address.
    Confirm(String),
    /// Sets a new password.
    Recover,
}

/// What is kept of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    hash: [u8; 32],
    /// What it is good for.
    pub purpose: Purpose,
    /// When it stops to be.
    pub ends: Timestamp,
    /// Whether it is good for nothing any more, most likely because it was used.
    pub is_used: bool,
}

/// The codes of a user, and what belongs to them.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Codes {
    /// Oldest first.
    codes: Vec<Code>,
    /// The address that the user wants and has not confirmed.
    wanted: Option<String>,
    /// When letters with a code that sets a password were asked for, oldest first; the last ones.
    asked: Vec<Timestamp>,
}

impl Record for Codes {
    const NAME: &'static str = "mail codes";
    const VERSION: u8 = 1;
}

/// Makes a code for a user and answers its text, which is not kept.
pub fn issue(
    tx: &mut dyn Tx,
    user: UserId,
    purpose: Purpose,
    now: Timestamp,
    ends: Timestamp,
) -> Result<String> {
    let mut bytes = random_bytes::<CODE_BYTES>();
    let (whose, secret) = bytes.split_at_mut(6);
    whose.copy_from_slice(&user.0.bytes());
    let hash = fingerprint(secret);
    let mut kept = of(tx, user)?;
    let codes = &mut kept.codes;
    codes.retain(|code| now.secs_since(code.ends) < KNOWN_SECS);
    let kind = std::mem::discriminant(&purpose);
    let is_like = |code: &Code| std::mem::discriminant(&code.purpose) == kind;
    if codes.iter().filter(|code| is_like(code)).count() >= CODES_OF_A_KIND_MAX
        && let Some(oldest) = codes.iter().position(is_like)
    {
        codes.remove(oldest);
    }
    codes.push(Code {
        hash,
        purpose,
        ends,
        is_used: false,
    });
    record::put(tx, &key(user), &kept);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The user and what is kept of a code; nothing for a text that is none, or is not known any more.
pub fn find(from: &dyn Read, text: &str) -> Result<Option<(UserId, Code)>> {
    let Some((user, hash)) = read(text) else {
        return Ok(None);
    };
    let mut codes = of(from, user)?.codes.into_iter();
    Ok(codes
        .find(|code| bool::from(code.hash.ct_eq(&hash)))
        .map(|code| (user, code)))
}

/// Ends the codes of a user for whose purpose `goes` says yes: they were used, or something else made them idle.
pub fn end(tx: &mut dyn Tx, user: UserId, goes: impl Fn(&Purpose) -> bool) -> Result<()> {
    let mut kept = of(tx, user)?;
    let mut ending = kept
        .codes
        .iter_mut()
        .filter(|code| !code.is_used && goes(&code.purpose))
        .peekable();
    if ending.peek().is_none() {
        return Ok(());
    }
    ending.for_each(|code| code.is_used = true);
    record::put(tx, &key(user), &kept);
    Ok(())
}

/// Forgets a user.
pub fn forget(tx: &mut dyn Tx, user: UserId) {
    tx.delete(&key(user));
}

/// Notes which address a user wants and has not confirmed.
pub fn want_address(tx: &mut dyn Tx, user: UserId, address: Option<&str>) -> Result<()> {
    let mut kept = of(tx, user)?;
    if kept.wanted.as_deref() != address {
        kept.wanted = address.map(str::to_owned);
        record::put(tx, &key(user), &kept);
    }
    Ok(())
}

/// The address that a user wants and has not confirmed.
pub fn wanted_address(from: &dyn Read, user: UserId) -> Result<Option<String>> {
    Ok(of(from, user)?.wanted)
}

/// Whether one more letter that sets a password may go, at most `most` within `period_secs`; if so, it is noted.
pub fn may_ask(
    tx: &mut dyn Tx,
    user: UserId,
    most: usize,
    period_secs: i64,
    now: Timestamp,
) -> Result<bool> {
    let mut kept = of(tx, user)?;
    kept.asked
        .retain(|asked| now.secs_since(*asked) < period_secs);
    if kept.asked.len() >= most {
        return Ok(false);
    }
    kept.asked.push(now);
    record::put(tx, &key(user), &kept);
    Ok(true)
}

fn of(from: &dyn Read, user: UserId) -> Result<Codes> {
    let found: Option<Codes> = record::get(from, &key(user))?;
    Ok(found.unwrap_or_default())
}

fn read(text: &str) -> Option<(UserId, [u8; 32])> {
    let bytes: [u8; CODE_BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (user, secret) = bytes.split_at(6);
    let user = UserId(ThingId::from_bytes(user.try_into().ok()?));
    Some((user, fingerprint(secret)))
}

fn fingerprint(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn key(user: UserId) -> KeyBytes {
    KeyBytes::of(Table::MailCodes).user(user)
}

#[cfg(test)]
mod tests {
    use super::{CODES_OF_A_KIND_MAX, KNOWN_SECS, Purpose, end, find, forget, issue, of};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::Read as _;
    use crate::store::engine::memory::Memory;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const ANN: UserId = UserId(ThingId(1_795_217_913_123));
    const NOW: Timestamp = Timestamp(1_795_217_902);
    const LATER: Timestamp = Timestamp(NOW.0 + 3600);

    fn confirm() -> Purpose {
        Purpose::Confirm("ann@example.org".to_owned())
    }

    #[test]
    fn a_code_is_found_by_its_text_alone_and_its_secret_is_not_kept() {
        let mut memory = Memory::default();
        let text = issue(&mut memory, ANN, confirm(), NOW, LATER).expect("kept");
        let (user, code) = find(&memory, &text).expect("readable").expect("known");
        assert_eq!((user, code.ends, code.is_used), (ANN, LATER, false));
        assert_eq!(code.purpose, confirm());
        let cut = text.get(1..).expect("ASCII");
        for wrong in ["", "x", "ünsinn", cut, &format!("{text}AAAA")] {
            assert_eq!(find(&memory, wrong).expect("readable"), None, "{wrong}");
        }
        let bytes = URL_SAFE_NO_PAD.decode(&text).expect("our own");
        let kept = memory.scan(&[0], &[u8::MAX], 9).expect("readable");
        let secret = &bytes[6..];
        assert!(kept.iter().all(|(key, value)| {
            let has = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
            !has(key) && !has(value)
        }));
    }

    #[test]
    fn a_code_that_was_used_stays_known_and_ends_its_like() {
        let mut memory = Memory::default();
        let mut issue = |purpose| issue(&mut memory, ANN, purpose, NOW, LATER).expect("kept");
        let texts = [
            issue(Purpose::Recover),
            issue(Purpose::Recover),
            issue(confirm()),
        ];
        let same = |purpose: &Purpose| *purpose == Purpose::Recover;
        end(&mut memory, ANN, same).expect("kept");
        let used = texts.map(|text| {
            let (_, code) = find(&memory, &text).expect("readable").expect("known");
            code.is_used
        });
        assert_eq!(used, [true, true, false]);
        forget(&mut memory, ANN);
        assert_eq!(memory.records(), 0);
    }

    #[test]
    fn a_user_has_few_codes_and_old_ones_go() {
        let mut memory = Memory::default();
        let texts: Vec<String> = (0..CODES_OF_A_KIND_MAX + 3)
            .map(|_| issue(&mut memory, ANN, Purpose::Recover, NOW, LATER).expect("kept"))
            .collect();
        assert_eq!(
            of(&memory, ANN).expect("readable").codes.len(),
            CODES_OF_A_KIND_MAX
        );
        assert_eq!(find(&memory, &texts[2]).expect("readable"), None);
        assert!(find(&memory, &texts[3]).expect("readable").is_some());
        let long_after = Timestamp(LATER.0 + KNOWN_SECS);
        issue(&mut memory, ANN, confirm(), long_after, long_after).expect("kept");
        assert_eq!(of(&memory, ANN).expect("readable").codes.len(), 1);
    }
}
