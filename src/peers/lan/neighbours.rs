//! Other pumps on the local network, as they announce themselves. Anybody there can say anything: it is shown as what somebody
//! says, and makes the first certificate of a server harder to replace, never easier.

use super::{Lan, lock};
use crate::clock::{self, Timestamp};
use crate::store::pins::Fingerprint;
use mdns_sd::{ResolvedService, ServiceEvent};
use std::collections::BTreeMap;
use ureq::http::Uri;

/// Most pumps that are remembered.
const NEIGHBOURS_MAX: usize = 64;

/// Longest name that is shown, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Longest version that is shown, in characters.
const VERSION_CHARS_MAX: usize = 20;

/// A pump on the local network, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The name of the site.
    pub name: String,
    /// Its base URL; nothing before its setup.
    pub url: Option<String>,
    /// The version of its program.
    pub version: String,
    /// Its certificate, if it speaks https itself.
    pub fingerprint: Option<Fingerprint>,
    /// When it was last heard of.
    pub seen: Timestamp,
    /// Another certificate, which was met where this one should be.
    pub refused: Option<Fingerprint>,
    id: String,
}

/// All of them, by the names of their services.
#[derive(Default)]
pub(super) struct Neighbours(BTreeMap<String, Neighbour>);

impl Lan {
    /// The other pumps, in the order of their services' names.
    pub fn neighbours(&self) -> Vec<Neighbour> {
        let mine = lock(&self.announced)
            .as_ref()
            .map(|known| known.what.id.clone());
        let all = lock(&self.neighbours);
        let others = all.0.values().filter(|one| mine.as_ref() != Some(&one.id));
        others.cloned().collect()
    }

    /// Whether a certificate of a host, with its port where that is not 443, is what is announced for it; nothing where none is.
    pub(in crate::peers) fn vouches(&self, host: &str, fingerprint: &Fingerprint) -> Option<bool> {
        lock(&self.neighbours).vouches(host, fingerprint)
    }

    pub(super) fn note_neighbour(&self, event: ServiceEvent) {
        let mut all = lock(&self.neighbours);
        match event {
            ServiceEvent::ServiceResolved(service) => {
                if let Some(one) = read(&service, clock::now()) {
                    all.put(&service.fullname, one);
                }
            }
            ServiceEvent::ServiceRemoved(_, name) => {
                all.0.remove(&name);
            }
            _ => {}
        }
    }
}

impl Neighbours {
    /// Keeps one; when there are too many, whoever was heard of least lately goes.
    fn put(&mut self, name: &str, one: Neighbour) {
        if !self.0.contains_key(name) && self.0.len() >= NEIGHBOURS_MAX {
            let oldest = self.0.iter().min_by_key(|(_, one)| one.seen);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(name.to_owned(), one);
    }

    fn vouches(&mut self, host: &str, fingerprint: &Fingerprint) -> Option<bool> {
        let mut found = None;
        for one in self.0.values_mut().filter(|one| one.is_at(host)) {
            let is_it = one.fingerprint.as_ref() == Some(fingerprint);
            one.refused = (!is_it).then_some(*fingerprint);
            found = Some(found.unwrap_or(true) && is_it);
        }
        found
    }
}

impl Neighbour {
    /// Whether a host, with its port where that is not 443, is this one's, and it has a certificate.
    fn is_at(&self, host: &str) -> bool {
        self.fingerprint.is_some() && self.authority().as_deref() == Some(host)
    }

    /// Its host, with its port where that is not 443; nothing where it does not speak https.
    fn authority(&self) -> Option<String> {
        let uri: Uri = self.url.as_ref()?.parse().ok()?;
        (uri.scheme_str() == Some("https")).then(|| super::super::tls::pinned_name(&uri))
    }

    /// The host in its base URL, with its port where that is part of it.
    pub fn host(&self) -> Option<&str> {
        let (_, rest) = self.url.as_ref()?.split_once("://")?;
        rest.split('/').next()
    }
}

fn read(service: &ResolvedService, now: Timestamp) -> Option<Neighbour> {
    let text = |key: &str| service.get_property_val_str(key).unwrap_or_default();
    let of = |key: &str, chars_max| {
        let plain = text(key).chars().filter(|c| !c.is_control());
        plain.take(chars_max).collect::<String>()
    };
    let name = of("name", NAME_CHARS_MAX);
    let name = match name.trim() {
        "" => service.host.trim_end_matches('.').to_owned(),
        name => name.to_owned(),
    };
    let url = text("url");
    let url = match url.is_empty() {
        true => None,
        false => Some(base(url)?),
    };
    Some(Neighbour {
        name,
        url,
        version: of("version", VERSION_CHARS_MAX),
        fingerprint: fingerprint(text("fp")),
        seen: now,
        refused: None,
        id: text("id").to_owned(),
    })
}

/// A base URL; nothing for what is none.
fn base(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let is_one = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri
            .authority()
            .is_some_and(|host| !host.as_str().contains('@'))
        && uri.query().is_none();
    is_one.then(|| text.trim_end_matches('/').to_owned())
}

/// A fingerprint of 64 hexadecimal digits.
fn fingerprint(text: &str) -> Option<Fingerprint> {
    let mut read = Fingerprint::default();
    if text.len() != 2 * read.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in read.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::{NEIGHBOURS_MAX, Neighbour, Neighbours, base, fingerprint};
    use crate::clock::Timestamp;

    fn at(url: &str, certificate: u8, seen: i64) -> Neighbour {
        Neighbour {
            name: "Next door".to_owned(),
            url: Some(url.to_owned()),
            version: String::new(),
            fingerprint: Some([certificate; 32]),
            seen: Timestamp(seen),
            refused: None,
            id: String::new(),
        }
    }

    #[test]
    fn what_is_announced_counts_for_its_host_alone() {
        let mut all = Neighbours::default();
        assert_eq!(all.vouches("b.local", &[1; 32]), None);
        all.put("b", at("https://B.local", 1, 1));
        all.put("c", at("https://c.local:8443", 2, 1));
        all.put("d", at("http://d.local", 3, 1));
        assert_eq!(all.vouches("b.local", &[1; 32]), Some(true));
        assert_eq!(all.vouches("c.local:8443", &[2; 32]), Some(true));
        for unknown in ["c.local", "d.local", "b.local:8443"] {
            assert_eq!(all.vouches(unknown, &[3; 32]), None, "{unknown}");
        }
        assert_eq!(all.vouches("b.local", &[9; 32]), Some(false));
        assert_eq!(all.0["b"].refused, Some([9; 32]));
        assert_eq!(all.vouches("b.local", &[1; 32]), Some(true));
        assert_eq!(all.0["b"].refused, None);
        all.put("e", at("https://b.local", 2, 1));
        assert_eq!(all.vouches("b.local", &[1; 32]), Some(false), "two say so");
    }

    #[test]
    fn whoever_was_heard_of_least_lately_goes() {
        let mut all = Neighbours::default();
        for number in 0..=NEIGHBOURS_MAX {
            let seen = i64::try_from(number).expect("few");
            all.put(&format!("n{number}"), at("http://n.local", 1, seen));
        }
        assert_eq!(all.0.len(), NEIGHBOURS_MAX);
        assert!(!all.0.contains_key("n0"));
    }

    #[test]
    fn what_anybody_says_is_looked_at() {
        for wrong in [
            "",
            "pump.local",
            "javascript:alert(1)",
            "ftp://a/",
            "http://u@a/",
            "http://a/?b",
        ] {
            assert_eq!(base(wrong), None, "{wrong}");
        }
        assert_eq!(base("http://a.local/").as_deref(), Some("http://a.local"));
        assert_eq!(fingerprint(&"0f".repeat(32)), Some([15; 32]));
        for wrong in ["", "0f", &"é".repeat(32), &"+1".repeat(32)] {
            assert_eq!(fingerprint(wrong), None, "{wrong}");
        }
    }
}
