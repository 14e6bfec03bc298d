//! People of other servers who look at the pages here (`pump-api.md §6.10`): who is on the way through a login at home, and
//! who is here. As of sessions only a fingerprint of the cookie is kept.

use super::credentials::Credentials;
use super::engine::{Read, Result, Tx, each_page};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use super::request_tokens::REQUEST_TOKEN_SECS;
use super::sessions::{Fingerprint, SESSION_SECS};
use crate::clock::Timestamp;
use crate::ids::ThingId;
use serde::{Deserialize, Serialize};

/// Most visits of people of one host, and of all; the one that was used longest ago ends when one more begins.
const VISITS_MAX: (usize, usize) = (256, 4096);

/// Most logins on their way; the oldest ends when one more begins.
const JOURNEYS_MAX: usize = 256;

/// Records that are read at once.
const PAGE_RECORDS: usize = 64;

/// The part of the table with those who are here.
pub(super) const VISITS: u8 = 0;

/// The part of the table with those who are on the way.
pub(super) const JOURNEYS: u8 = 1;

/// A token of another server with its secret, and our key there to which it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Our key.
    pub key: Credentials,
    /// The token: a request token on the way, an access token later.
    pub token: String,
    /// Its secret.
    pub secret: String,
}

/// A login on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journey {
    /// The server where somebody logs in.
    pub host: String,
    /// With what that server is asked who came back.
    pub pass: Pass,
    /// The path here where the visitor wants to go.
    pub onward: String,
    /// When it began.
    pub created: Timestamp,
}

/// Somebody of another server who is logged in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Who it is.
    pub person: ThingId,
    /// The person's id.
    pub id: String,
    /// The person's server.
    pub host: String,
    /// Where the person's activities are posted.
    pub outbox: String,
    /// With what they are.
    pub pass: Pass,
    /// When the visit began.
    pub created: Timestamp,
    /// When the visitor was last seen, within [`super::sessions::TOUCH_SECS`].
    pub last_seen: Timestamp,
}

impl Record for Journey {
    const NAME: &'static str = "journey";
    const VERSION: u8 = 1;
}

impl Record for Visit {
    const NAME: &'static str = "visit";
    const VERSION: u8 = 1;
}

/// Notes that somebody goes to log in elsewhere; a browser goes one way at a time. What is too old goes.
pub fn set_out(tx: &mut dyn Tx, cookie: &Fingerprint, journey: &Journey) -> Result<()> {
    let known = all::<Journey>(tx, JOURNEYS)?.into_iter();
    let mut known = known.map(|(key, other)| (other.created, key)).collect();
    let is_over = |at: Timestamp| journey.created.secs_since(at) >= REQUEST_TOKEN_SECS;
    for over in oldest(&mut known, JOURNEYS_MAX, is_over) {
        tx.delete(&key(JOURNEYS, &over));
    }
    record::put(tx, &key(JOURNEYS, cookie), journey);
    Ok(())
}

/// The login that began in this browser, if it is not too old.
pub fn journey(from: &dyn Read, cookie: &Fingerprint, now: Timestamp) -> Result<Option<Journey>> {
    let found: Option<Journey> = record::get(from, &key(JOURNEYS, cookie))?;
    Ok(found.filter(|journey| now.secs_since(journey.created) < REQUEST_TOKEN_SECS))
}

/// Ends a login on its way: who went is back.
pub fn arrive(tx: &mut dyn Tx, cookie: &Fingerprint) {
    tx.delete(&key(JOURNEYS, cookie));
}

/// Begins a visit. Those that are over go, and the oldest if there are too many.
pub fn begin(tx: &mut dyn Tx, cookie: &Fingerprint, visit: &Visit) -> Result<()> {
    let (mut same, mut others) = (Vec::new(), Vec::new());
    for (key, known) in all::<Visit>(tx, VISITS)? {
        let list = match known.host == visit.host {
            true => &mut same,
            false => &mut others,
        };
        list.push((known.last_seen, key));
    }
    let (of_host, of_all) = VISITS_MAX;
    let is_over = |at: Timestamp| visit.created.secs_since(at) >= SESSION_SECS;
    let mut over = oldest(&mut same, of_host, is_over);
    over.extend(oldest(&mut others, of_all - same.len(), is_over));
    for over in over {
        end(tx, &over);
    }
    record::put(tx, &key(VISITS, cookie), visit);
    Ok(())
}

/// A visit that is not over.
pub fn get(from: &dyn Read, cookie: &Fingerprint, now: Timestamp) -> Result<Option<Visit>> {
    let found: Option<Visit> = record::get(from, &key(VISITS, cookie))?;
    Ok(found.filter(|visit| now.secs_since(visit.last_seen) < SESSION_SECS))
}

/// Notes that the visitor is still there; does nothing if the visit is over.
pub fn touch(tx: &mut dyn Tx, cookie: &Fingerprint, now: Timestamp) -> Result<()> {
    if let Some(visit) = get(tx, cookie, now)? {
        let touched = Visit {
            last_seen: now,
            ..visit
        };
        record::put(tx, &key(VISITS, cookie), &touched);
    }
    Ok(())
}

/// Ends a visit.
pub fn end(tx: &mut dyn Tx, cookie: &Fingerprint) {
    tx.delete(&key(VISITS, cookie));
}

/// Takes out of `known` what is over, and the oldest until there is room for one more of `max`; answers what it took.
fn oldest(
    known: &mut Vec<(Timestamp, Fingerprint)>,
    max: usize,
    is_over: impl Fn(Timestamp) -> bool,
) -> Vec<Fingerprint> {
    known.sort_unstable();
    let over = known.iter().filter(|(at, _)| is_over(*at)).count();
    let too_many = (known.len() + 1).saturating_sub(max);
    let gone = known.drain(..over.max(too_many));
    gone.map(|(_, cookie)| cookie).collect()
}

fn all<T: Record>(from: &dyn Read, part: u8) -> Result<Vec<(Fingerprint, T)>> {
    let prefix = KeyBytes::of(Table::Visit).part(part);
    let mut found = Vec::new();
    each_page(from, &prefix, &prefix.end(), PAGE_RECORDS, |page| {
        for (key, value) in page {
            if let Some(Ok(cookie)) = key.get(prefix.len()..).map(Fingerprint::try_from) {
                found.push((cookie, record::decode(value)?));
            }
        }
        Ok(())
    })?;
    Ok(found)
}

fn key(part: u8, cookie: &Fingerprint) -> KeyBytes {
    KeyBytes::of(Table::Visit).part(part).tail(cookie)
}

#[cfg(test)]
mod tests {
    use super::{JOURNEYS_MAX, Journey, Pass, VISITS_MAX, Visit};
    use crate::clock::Timestamp;
    use crate::ids::ThingId;
    use crate::store::credentials::Credentials;
    use crate::store::engine::memory::Memory;
    use crate::store::request_tokens::REQUEST_TOKEN_SECS;
    use crate::store::sessions::{Fingerprint, SESSION_SECS, TOUCH_SECS};

    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn cookie(number: usize) -> Fingerprint {
        let mut cookie = [0; 32];
        cookie[..8].copy_from_slice(&number.to_be_bytes());
        cookie
    }

    fn pass() -> Pass {
        Pass {
            key: Credentials {
                client: "client".to_owned(),
                secret: "secret".to_owned(),
            },
            token: "token".to_owned(),
            secret: "secret".to_owned(),
        }
    }

    fn visit(host: &str, at: Timestamp) -> Visit {
        Visit {
            person: ThingId(7),
            id: format!("acct:bob@{host}"),
            host: host.to_owned(),
            outbox: format!("http://{host}/api/user/bob/feed"),
            pass: pass(),
            created: at,
            last_seen: at,
        }
    }

    fn later(secs: usize) -> Timestamp {
        Timestamp(NOW.0 + i64::try_from(secs).expect("small"))
    }

    #[test]
    fn a_visit_ends_a_month_after_the_visitor_was_last_seen() {
        let mut memory = Memory::default();
        for number in [1, 2] {
            super::begin(&mut memory, &cookie(number), &visit("b.test", NOW)).expect("kept");
        }
        super::touch(&mut memory, &cookie(2), Timestamp(NOW.0 + TOUCH_SECS)).expect("kept");
        let month = Timestamp(NOW.0 + SESSION_SECS);
        let is_here = |memory: &Memory, number| {
            let found = super::get(memory, &cookie(number), month);
            found.expect("readable").is_some()
        };
        assert!(!is_here(&memory, 1) && is_here(&memory, 2));
        super::begin(&mut memory, &cookie(3), &visit("c.test", month)).expect("kept");
        assert_eq!(memory.records(), 2, "the one that is over has gone");
        super::end(&mut memory, &cookie(3));
        assert!(!is_here(&memory, 3));
    }

    #[test]
    fn one_host_has_a_bounded_number_of_visitors_and_drives_out_its_own() {
        let mut memory = Memory::default();
        super::begin(&mut memory, &cookie(9999), &visit("c.test", NOW)).expect("kept");
        for number in 0..VISITS_MAX.0 + 2 {
            super::begin(
                &mut memory,
                &cookie(number),
                &visit("b.test", later(number)),
            )
            .expect("kept");
        }
        assert_eq!(memory.records(), VISITS_MAX.0 + 1);
        let is_here = |number| {
            let found = super::get(&memory, &cookie(number), NOW);
            found.expect("readable").is_some()
        };
        assert!(is_here(9999) && !is_here(1) && is_here(2));
    }

    #[test]
    fn a_login_is_taken_once_and_in_time() {
        let journey = |at| Journey {
            host: "b.test".to_owned(),
            pass: pass(),
            onward: "/".to_owned(),
            created: at,
        };
        let mut memory = Memory::default();
        super::set_out(&mut memory, &cookie(1), &journey(NOW)).expect("kept");
        let late = Timestamp(NOW.0 + REQUEST_TOKEN_SECS);
        let found = |memory: &Memory, number, at| {
            super::journey(memory, &cookie(number), at).expect("readable")
        };
        assert_eq!(found(&memory, 2, NOW), None);
        assert_eq!(found(&memory, 1, late), None);
        assert_eq!(found(&memory, 1, NOW), Some(journey(NOW)));
        super::arrive(&mut memory, &cookie(1));
        assert_eq!(found(&memory, 1, NOW), None);
        for number in 0..JOURNEYS_MAX + 9 {
            super::set_out(&mut memory, &cookie(number), &journey(NOW)).expect("kept");
        }
        assert_eq!(memory.records(), JOURNEYS_MAX);
        super::set_out(&mut memory, &cookie(0), &journey(late)).expect("kept");
        assert_eq!(memory.records(), 1, "those that are too old have gone");
    }
}
