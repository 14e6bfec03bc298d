//! Addresses here for what is on other servers (`pump-api.md §6.9`): people here get it by this server, so that nobody
//! elsewhere sees who looks at what, and from where. The key in such an address holds the address elsewhere and is signed:
//! nothing is stored, an address elsewhere has one key for ever, and only what this server has handed out is fetched.

use crate::clock::Timestamp;
use crate::domain::names;
use crate::ids::{Base, ThingId};
use crate::store::engine::Result;
use crate::store::{Store, meta};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use quick_cache::sync::Cache;
use sha2::Sha256;
use std::fmt;
use std::sync::OnceLock;

/// Longest address that is proxied, in bytes.
const URL_BYTES_MAX: usize = 2048;

/// Length of the signature in a key, in bytes.
const MARK_BYTES: usize = 16;

/// How long a host that did not answer is not asked for files again, in seconds: a page with many pictures of a host that is
/// away waits for it once.
const REST_SECS: i64 = 60;

/// Most hosts that are known not to answer.
const RESTING_MAX: usize = 256;

/// What is at an address elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A document of the API, which depends on who reads it.
    Document,
    /// A picture, a sound or a film.
    Media,
}

/// Makes and reads such addresses.
pub struct Proxies {
    secret: OnceLock<[u8; 32]>,
    /// Hosts that are not proxied, in lower case.
    whitelist: Vec<String>,
    /// When hosts did not answer.
    resting: Cache<String, Timestamp>,
}

impl Proxies {
    /// Without a secret yet: until [`Proxies::open`] nothing has such an address.
    pub fn new(whitelist: &[String]) -> Proxies {
        Proxies {
            secret: OnceLock::new(),
            whitelist: whitelist.iter().map(|host| host.to_lowercase()).collect(),
            resting: Cache::new(RESTING_MAX),
        }
    }

    /// Takes the secret of this store.
    pub fn open(&self, store: &Store) -> Result<()> {
        let secret = meta::proxy_secret(store)?;
        self.secret.get_or_init(|| secret);
        Ok(())
    }

    /// The address here for what is at `url`; none for what is ours, on a host of the whitelist, or at no address of the web.
    pub fn address(&self, base: &Base, url: &str, what: What) -> Option<String> {
        if !names::is_web_address(url) || url.len() > URL_BYTES_MAX || self.is_open(base, url) {
            return None;
        }
        let signed = [&[what.byte()], url.as_bytes()].concat();
        let mark = self.marking(&signed)?.finalize().into_bytes();
        let mut key = mark.get(..MARK_BYTES)?.to_vec();
        key.extend(signed);
        let key = URL_SAFE_NO_PAD.encode(key);
        Some(format!("{}/api/proxy/{key}", base.url()))
    }

    /// Whether everybody gets what is at `url` from there: it is ours, or on a host of the whitelist.
    pub fn is_open(&self, base: &Base, url: &str) -> bool {
        let host = names::domain(url).unwrap_or_default().to_lowercase();
        names::is_ours(base, url) || self.whitelist.contains(&host)
    }

    /// What a key stands for, if it is one of ours.
    pub fn meant(&self, key: &str) -> Option<(What, String)> {
        let key = URL_SAFE_NO_PAD.decode(key).ok()?;
        let (mark, signed) = key.split_at_checked(MARK_BYTES)?;
        self.marking(signed)?.verify_truncated_left(mark).ok()?;
        let (what, url) = signed.split_first()?;
        let url = String::from_utf8(url.to_vec()).ok()?;
        Some((What::of(*what)?, url))
    }

    /// What lets whoever shows it read an activity, or the file of an object, as a group elsewhere may ([`super::relays`]).
    pub fn relay_key(&self, thing: ThingId, group: ThingId) -> Option<String> {
        let marking = self.marking(&relayed(thing, group))?;
        let mark = marking.finalize().into_bytes();
        Some(URL_SAFE_NO_PAD.encode(mark.get(..MARK_BYTES)?))
    }

    /// Whether that is the key of a thing and a group.
    pub fn is_relay_key(&self, thing: ThingId, group: ThingId, key: &str) -> bool {
        let mark = URL_SAFE_NO_PAD.decode(key).ok();
        let mark = mark.filter(|mark| mark.len() == MARK_BYTES);
        let marking = self.marking(&relayed(thing, group));
        let checked = mark.zip(marking);
        checked.is_some_and(|(mark, marking)| marking.verify_truncated_left(&mark).is_ok())
    }

    /// Notes that a host did not answer.
    pub fn rest(&self, host: &str, now: Timestamp) {
        self.resting.insert(host.to_owned(), now);
    }

    /// Whether a host did not answer just now.
    pub fn is_resting(&self, host: &str, now: Timestamp) -> bool {
        let since = self.resting.get(host);
        since.is_some_and(|since| now.secs_since(since) < REST_SECS)
    }

    fn marking(&self, signed: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.get()?).ok()?;
        mac.update(signed);
        Some(mac)
    }
}

/// What is signed for a thing and a group; no [`What`] begins so.
fn relayed(thing: ThingId, group: ThingId) -> Vec<u8> {
    let [thing, group] = [thing, group].map(|thing| thing.0.to_be_bytes());
    [&[u8::MAX], thing.as_slice(), group.as_slice()].concat()
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").finish_non_exhaustive()
    }
}

impl What {
    fn byte(self) -> u8 {
        match self {
            What::Document => 0,
            What::Media => 1,
        }
    }

    fn of(byte: u8) -> Option<What> {
        [What::Document, What::Media]
            .into_iter()
            .find(|what| what.byte() == byte)
    }
}

#[cfg(test)]
mod tests {
    use super::{Proxies, REST_SECS, What};
    use crate::clock::Timestamp;
    use crate::ids::{Base, ThingId};
    use crate::store::Store;
    use crate::store::engine::memory::MemoryEngine;

    fn proxies(store: &Store) -> Proxies {
        let proxies = Proxies::new(&["Images.test".to_owned()]);
        proxies.open(store).expect("a store");
        proxies
    }

    fn store() -> Store {
        Store::on(Box::new(MemoryEngine::default())).expect("an empty store")
    }

    #[test]
    fn a_key_is_the_same_for_ever_and_means_what_it_was_made_for() {
        let base = Base::new("pump.test", 443, "");
        let (store, url) = (store(), "http://b.test/uploads/bob/x.jpg?y=ü");
        let address = proxies(&store).address(&base, url, What::Media);
        let address = address.expect("another server's");
        let key = address.strip_prefix("https://pump.test/api/proxy/");
        let key = key.expect("an address of the site");
        let again = proxies(&store);
        assert_eq!(
            again.address(&base, url, What::Media).as_ref(),
            Some(&address)
        );
        assert_eq!(again.meant(key), Some((What::Media, url.to_owned())));
        assert_ne!(
            again.address(&base, url, What::Document).as_ref(),
            Some(&address)
        );
    }

    #[test]
    fn what_this_server_did_not_sign_is_no_key() {
        let base = Base::new("pump.test", 443, "");
        let url = "http://b.test/x.jpg";
        let address = proxies(&store()).address(&base, url, What::Media);
        let address = address.expect("another server's");
        let key = address.rsplit('/').next().expect("a key");
        let here = proxies(&store());
        for wrong in [
            key,
            "",
            "x",
            "AAAA",
            &"A".repeat(22),
            &"A".repeat(40),
            "\u{fc}",
        ] {
            assert_eq!(here.meant(wrong), None, "{wrong}");
        }
        assert_eq!(Proxies::new(&[]).meant(key), None);
        assert_eq!(Proxies::new(&[]).address(&base, url, What::Media), None);
    }

    #[test]
    fn a_relay_key_opens_one_thing_for_one_group() {
        let (here, there) = (proxies(&store()), proxies(&store()));
        let [one, two] = [ThingId(1), ThingId(2)];
        let key = here.relay_key(one, two).expect("there is a secret");
        assert!(here.is_relay_key(one, two, &key));
        assert!(!here.is_relay_key(two, one, &key));
        assert!(!here.is_relay_key(one, one, &key));
        assert!(!there.is_relay_key(one, two, &key));
        for wrong in ["", "x", "AA", &format!("{key}A"), &"A".repeat(22)] {
            assert!(!here.is_relay_key(one, two, wrong));
        }
        assert_eq!(Proxies::new(&[]).relay_key(one, two), None);
    }

    #[test]
    fn what_is_ours_whitelisted_or_no_web_address_is_not_proxied() {
        let (base, here) = (Base::new("pump.test", 443, ""), proxies(&store()));
        for url in [
            "https://pump.test/uploads/x.jpg",
            "http://PUMP.test/x",
            "http://images.test/x.jpg",
            "https://IMAGES.test:8443/x.jpg",
            "ftp://b.test/x",
            "/x",
            "data:image/png,x",
            "",
            &format!("http://b.test/{}", "x".repeat(2048)),
        ] {
            assert_eq!(here.address(&base, url, What::Media), None, "{url}");
        }
        assert!(!here.is_open(&base, "http://sub.images.test/x.jpg"));
    }

    #[test]
    fn a_host_that_does_not_answer_rests_for_a_while() {
        let here = proxies(&store());
        let now = Timestamp(1_795_217_900);
        assert!(!here.is_resting("b.test", now));
        here.rest("b.test", now);
        assert!(here.is_resting("b.test", now));
        assert!(!here.is_resting("b.test", Timestamp(now.0 + REST_SECS)));
        assert!(!here.is_resting("c.test", now));
    }
}
