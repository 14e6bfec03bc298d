//! The names of things: short ids inside the store, keys and URLs outside. No I/O.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The short id of an activity, object or person inside the store: 48 bits, ascending in order of creation
/// (milliseconds since 1970, made unique by counting on).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ThingId(pub u64);

impl ThingId {
    /// The largest id.
    pub const MAX: ThingId = ThingId((1 << 48) - 1);

    /// Six big-endian bytes: sorts as the number.
    pub fn bytes(self) -> [u8; 6] {
        let all = self.0.to_be_bytes();
        [all[2], all[3], all[4], all[5], all[6], all[7]]
    }

    /// The id in six big-endian bytes.
    pub fn from_bytes(bytes: [u8; 6]) -> ThingId {
        let [a, b, c, d, e, f] = bytes;
        ThingId(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }
}

/// The short id of a person who has an account here: the id of the person's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(pub ThingId);

/// The half of a [`Key`] that is not the thing's id, kept in the thing's record: an id that was guessed right is still not a
/// key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonce {
    /// Random; stands behind the id in the key.
    Fresh([u8; 10]),
    /// The whole key of a thing that another program had made under it at this address: a version 4 UUID, which says
    /// nothing of the id.
    Kept([u8; 16]),
}

/// Where a UUID has its version, and the two versions that keys have (RFC 9562 §4.2).
const VERSION_BYTE: usize = 6;
const FRESH_VERSION: u8 = 0x70;
const KEPT_VERSION: u8 = 0x40;

impl Nonce {
    /// A fresh one, with the variant and version bits of a version 7 UUID in place (RFC 9562 §5.7).
    pub fn random() -> Nonce {
        let mut bytes = random_bytes::<10>();
        bytes[0] = FRESH_VERSION | (bytes[0] & 0x0f);
        bytes[2] = 0x80 | (bytes[2] & 0x3f);
        Nonce::Fresh(bytes)
    }

    /// The key that a thing keeps: 22 characters of URL-safe base64 that are a version 4 UUID; nothing else can be kept.
    pub fn kept(text: &str) -> Option<Nonce> {
        let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        (bytes[VERSION_BYTE] & 0xf0 == KEPT_VERSION).then_some(Nonce::Kept(bytes))
    }
}

/// In records: the bytes from the version on, and behind those of a kept key the ones before it. So a fresh one takes ten bytes.
impl Serialize for Nonce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let turned;
        let bytes: &[u8] = match self {
            Nonce::Fresh(bytes) => bytes,
            Nonce::Kept(bytes) => {
                let (before, from) = bytes.split_at(VERSION_BYTE);
                turned = [from, before].concat();
                &turned
            }
        };
        let mut tuple = serializer.serialize_tuple(bytes.len())?;
        for byte in bytes {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Nonce, D::Error> {
        struct Bytes;

        impl<'de> serde::de::Visitor<'de> for Bytes {
            type Value = Nonce;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of a nonce")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Nonce, A::Error> {
                let short = || serde::de::Error::custom("a nonce is cut off");
                let mut next = || list.next_element::<u8>()?.ok_or_else(short);
                let mut from = [0; 10];
                for byte in &mut from {
                    *byte = next()?;
                }
                if from[0] & 0xf0 != KEPT_VERSION {
                    return Ok(Nonce::Fresh(from));
                }
                let mut bytes = [0; 16];
                bytes[VERSION_BYTE..].copy_from_slice(&from);
                for byte in &mut bytes[..VERSION_BYTE] {
                    *byte = next()?;
                }
                Ok(Nonce::Kept(bytes))
            }
        }

        deserializer.deserialize_tuple(16, Bytes)
    }
}

/// The key `U` of a thing in URLs: a version 7 UUID in URL-safe base64, 22 characters (`pump-api.md §3.1`).
/// Its time half is the thing's short id, so that no record is needed to find the thing; not so for a kept one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The thing.
    pub id: ThingId,
    /// The other half, or all of it.
    pub nonce: Nonce,
}

impl Key {
    /// Reads a key that says its thing: 22 characters of URL-safe base64; anything else is none. A kept one does not, see
    /// [`Nonce::kept`].
    pub fn parse(text: &str) -> Option<Key> {
        let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (id, nonce) = bytes.split_at(VERSION_BYTE);
        let nonce: [u8; 10] = nonce.try_into().ok()?;
        if nonce[0] & 0xf0 == KEPT_VERSION {
            return None;
        }
        Some(Key {
            id: ThingId::from_bytes(id.try_into().ok()?),
            nonce: Nonce::Fresh(nonce),
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = match self.nonce {
            Nonce::Kept(bytes) => bytes,
            Nonce::Fresh(nonce) => {
                let mut bytes = [0; 16];
                bytes[..VERSION_BYTE].copy_from_slice(&self.id.bytes());
                bytes[VERSION_BYTE..].copy_from_slice(&nonce);
                bytes
            }
        };
        let mut text = [0; 22];
        let length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        let text = length.ok().and_then(|length| text.get(..length));
        let text = text.and_then(|text| str::from_utf8(text).ok());
        f.write_str(text.expect("16 bytes are 22 characters of base64"))
    }
}

/// `N` bytes that nobody can guess.
#[expect(
    clippy::missing_panics_doc,
    reason = "a system without randomness must not go on"
)]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A secret of `N` random bytes in URL-safe base64 without padding (16 bytes: 22 characters; 32 bytes: 43).
pub fn random_text<const N: usize>() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<N>())
}

/// A user's name: 1–64 of `A-Z a-z 0-9 - _ .`, not a reserved word, not starting with a dot (`pump-api.md §5.2`).
/// Kept as typed; two that differ only in case are the same name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nickname(String);

/// Words that addresses of the server begin with, and so cannot be nicknames (`pump-api.md §5.2`).
const RESERVED: &[&str] = &[
    "api",
    "oauth",
    "oauth2",
    "public",
    "robots.txt",
    "humans.txt",
    ".well-known",
    "sitemap.xml",
    "favicon.ico",
    "contribute.json",
    "main",
    "shared",
    "uploads",
    "javascript",
    "stylesheet",
    "images",
    "template",
    "font",
    "assets",
    "setup",
    "manifest.json",
    "metrics",
];

impl Nickname {
    /// Longest nickname, in characters.
    pub const CHARS_MAX: usize = 64;

    /// Checks a nickname that somebody wants; the error is a sentence for them.
    pub fn new(text: &str) -> Result<Nickname, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() {
            return Err("A nickname is needed.".to_owned());
        }
        if text.len() > Nickname::CHARS_MAX || !text.chars().all(allowed) {
            return Err(format!(
                "A nickname has 1 to {} letters (a-z), digits, hyphens, underscores or dots.",
                Nickname::CHARS_MAX
            ));
        }
        if text.starts_with('.') || RESERVED.contains(&text.to_ascii_lowercase().as_str()) {
            return Err(format!(
                "The nickname \u{201c}{text}\u{201d} is reserved. Choose another one."
            ));
        }
        Ok(Nickname(text.to_owned()))
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In lower case: what makes it unique.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Nickname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The base URL of the site, `B` in `pump-api.md`: part of every id, so fixed before the first content exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BaseParts", into = "BaseParts")]
pub struct Base {
    parts: BaseParts,
    authority: String,
    url: String,
}

/// What a base URL is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct BaseParts {
    host: String,
    port: u16,
    prefix: String,
    /// Whether it is https, which port 443 always is.
    #[serde(default)]
    is_secure: bool,
}

impl From<BaseParts> for Base {
    fn from(parts: BaseParts) -> Base {
        let standard = parts.port == 80 || parts.port == 443;
        let authority = if standard {
            parts.host.clone()
        } else {
            format!("{}:{}", parts.host, parts.port)
        };
        let parts = BaseParts {
            is_secure: parts.is_secure || parts.port == 443,
            ..parts
        };
        let scheme = if parts.is_secure { "https" } else { "http" };
        let slash = if parts.prefix.is_empty() { "" } else { "/" };
        let url = format!("{scheme}://{authority}{slash}{}", parts.prefix);
        Base {
            parts,
            authority,
            url,
        }
    }
}

impl From<Base> for BaseParts {
    fn from(base: Base) -> BaseParts {
        base.parts
    }
}

impl Base {
    /// The base URL of a public host name and port, with a path prefix or an empty text. Port 443 means https, everything
    /// else http (`pump-api.md §3.1`), but see [`Base::spoken_securely`].
    pub fn new(host: &str, port: u16, prefix: &str) -> Base {
        let prefix = prefix.trim_matches('/').to_owned();
        Base::from(BaseParts {
            host: host.to_ascii_lowercase(),
            port,
            prefix,
            is_secure: false,
        })
    }

    /// The same where the server itself speaks https, or does not: then its port is one of https, too, unless it is 80.
    #[must_use]
    pub fn spoken_securely(self, is_secure: bool) -> Base {
        Base::from(BaseParts {
            is_secure: is_secure && self.port() != 80,
            ..self.parts
        })
    }

    /// Whether both are the same but for the scheme.
    pub fn is_same_place(&self, other: &Base) -> bool {
        let scheme = |base: &Base| base.clone().spoken_securely(false);
        scheme(self) == scheme(other)
    }

    /// The public host name, in lower case.
    pub fn host(&self) -> &str {
        &self.parts.host
    }

    /// The public port.
    pub fn port(&self) -> u16 {
        self.parts.port
    }

    /// The path prefix without slashes at its ends; mostly empty.
    pub fn prefix(&self) -> &str {
        &self.parts.prefix
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.parts.is_secure {
            "https"
        } else {
            "http"
        }
    }

    /// The host, with the port where it is not 80 or 443.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether people's ids here are `acct:` ids.
    pub fn is_standard_port(&self) -> bool {
        self.port() == 80 || self.port() == 443
    }

    /// The base URL without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The id of a local person: `acct:N@host` on port 80 or 443, else the profile URL (`pump-api.md §3.1`).
    pub fn person_id(&self, nickname: &Nickname) -> String {
        if self.is_standard_port() {
            format!("acct:{nickname}@{}", self.host())
        } else {
            format!("{}/api/user/{nickname}/profile", self.url())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Base, Key, Nickname, Nonce, ThingId};
    use proptest::prelude::*;
    use proptest::test_runner::FileFailurePersistence;

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
            ..ProptestConfig::default()
        })]

        #[test]
        fn every_key_has_one_text(id in 0_u64..1 << 48, mut nonce in any::<[u8; 10]>()) {
            nonce[0] = 0x70 | (nonce[0] & 0x0f);
            let key = Key { id: ThingId(id), nonce: Nonce::Fresh(nonce) };
            prop_assert_eq!(Key::parse(&key.to_string()), Some(key));
            let record = postcard::to_stdvec(&(key.nonce, id)).expect("bytes");
            prop_assert!(record.starts_with(&nonce));
            prop_assert_eq!(postcard::from_bytes(&record), Ok((key.nonce, id)));
        }

        #[test]
        fn a_kept_key_is_the_text_that_it_was(mut bytes in any::<[u8; 16]>(), id in any::<u16>()) {
            bytes[6] = 0x40 | (bytes[6] & 0x0f);
            let nonce = Nonce::Kept(bytes);
            let text = Key { id: ThingId(id.into()), nonce }.to_string();
            prop_assert_eq!(Nonce::kept(&text), Some(nonce));
            prop_assert_eq!(Key::parse(&text), None);
            let record = postcard::to_stdvec(&(nonce, id)).expect("bytes");
            prop_assert_eq!(postcard::from_bytes(&record), Ok((nonce, id)));
        }

        #[test]
        fn every_text_is_the_key_it_reads_as(text in "([A-Za-z0-9_-]{22}|\\PC{0,24})") {
            if let Some(key) = Key::parse(&text) {
                prop_assert_eq!(key.to_string(), text);
            }
        }

        #[test]
        fn nicknames_stay_as_typed(text in "([A-Za-z0-9._-]{1,66}|\\PC{0,8})") {
            if let Ok(nickname) = Nickname::new(&text) {
                prop_assert_eq!(nickname.as_str(), text);
                let folded = Nickname::new(&nickname.folded()).map(|again| again.folded());
                prop_assert_eq!(folded, Ok(nickname.folded()));
            }
        }

        #[test]
        fn ids_sort_as_their_bytes(one in 0_u64..1 << 48, other in 0_u64..1 << 48) {
            let [one, other] = [one, other].map(ThingId);
            prop_assert_eq!(one.cmp(&other), one.bytes().cmp(&other.bytes()));
            prop_assert_eq!(ThingId::from_bytes(one.bytes()), one);
        }
    }

    #[test]
    fn keys_are_22_characters_and_round_trip() {
        let key = Key {
            id: ThingId(1_795_217_913_123),
            nonce: Nonce::random(),
        };
        let text = key.to_string();
        assert_eq!(text.len(), 22);
        assert_eq!(Key::parse(&text), Some(key));
        assert_eq!(Key::parse("short"), None);
        assert_eq!(Key::parse(&format!("{text}x")), None);
    }

    #[test]
    fn ids_sort_as_bytes() {
        let ids = [0, 1, 255, 256, 65_535, 1 << 40, (1 << 48) - 1].map(ThingId);
        for pair in ids.windows(2) {
            assert!(pair[0].bytes() < pair[1].bytes());
            assert_eq!(ThingId::from_bytes(pair[0].bytes()), pair[0]);
        }
    }

    #[test]
    fn nicknames_are_checked() {
        for bad in [
            "",
            "a b",
            "ü",
            ".dot",
            "API",
            "main",
            "well/known",
            &"x".repeat(65),
        ] {
            assert!(Nickname::new(bad).is_err(), "{bad}");
        }
        assert_eq!(
            Nickname::new("Ann.Lee-1_x").map(|n| n.folded()),
            Ok("ann.lee-1_x".to_owned())
        );
    }

    #[test]
    fn the_port_decides_scheme_and_id_form() {
        let nickname = Nickname::new("ann").expect("a nickname");
        let base = |port| Base::new("h.test", port, "");
        assert_eq!(base(443).url(), "https://h.test");
        assert_eq!(base(80).person_id(&nickname), "acct:ann@h.test");
        assert_eq!(
            base(8080).person_id(&nickname),
            "http://h.test:8080/api/user/ann/profile"
        );
        let secure = |port| base(port).spoken_securely(true);
        assert_eq!(secure(8443).url(), "https://h.test:8443");
        assert_eq!(secure(80).url(), "http://h.test");
        assert_eq!(base(443), secure(443));
        assert!(base(8443).is_same_place(&secure(8443)) && base(8443) != secure(8443));
    }
}
