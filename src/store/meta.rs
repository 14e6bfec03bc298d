//! The few named values of the store as a whole: the format of its records, and what the site is.

use super::Store;
use super::engine::{Durability, Engine, Error, Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{Base, random_bytes};
use serde::{Deserialize, Serialize};

/// The format that this release reads and writes. It rises when an older release could not read the store any more;
/// records that change on their own carry their own version.
pub const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
pub(super) struct Format {
    format: u32,
}

impl Record for Format {
    const NAME: &'static str = "format";
    const VERSION: u8 = 1;
}

/// What the site is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The base URL: part of every id, so it never changes once it is known.
    pub base: Option<Base>,
    /// What people call the site.
    pub name: String,
    /// When the site was set up, in milliseconds since 1970.
    pub created_ms: u64,
}

impl Record for Site {
    const NAME: &'static str = "site";
    const VERSION: u8 = 2;

    /// In 0.1.0 every port but 443 was one of http.
    fn predecessor(version: u8, body: &[u8]) -> Option<Site> {
        #[derive(Deserialize)]
        struct First {
            base: Option<(String, u16, String)>,
            name: String,
            created_ms: u64,
        }
        let first: First = match version {
            1 => postcard::from_bytes(body).ok()?,
            _ => return None,
        };
        let base = first.base;
        Some(Site {
            base: base.map(|(host, port, prefix)| Base::new(&host, port, &prefix)),
            name: first.name,
            created_ms: first.created_ms,
        })
    }
}

/// Who can get an account here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Nobody but by the owner.
    Closed,
}

impl Record for Registration {
    const NAME: &'static str = "registration";
    const VERSION: u8 = 1;
}

impl Registration {
    /// All of them.
    pub const ALL: [Registration; 3] = [
        Registration::Open,
        Registration::Invite,
        Registration::Closed,
    ];

    /// The word for it in the API, forms and commands.
    pub fn name(self) -> &'static str {
        match self {
            Registration::Open => "open",
            Registration::Invite => "invite",
            Registration::Closed => "closed",
        }
    }

    /// Reads that word.
    pub fn parse(name: &str) -> Option<Registration> {
        let mut all = Registration::ALL.into_iter();
        all.find(|registration| registration.name() == name)
    }
}

/// The code of the language of the site, for whoever did not say which they read.
#[derive(Serialize, Deserialize)]
pub(super) struct SiteLanguage(String);

impl Record for SiteLanguage {
    const NAME: &'static str = "language of the site";
    const VERSION: u8 = 1;
}

/// The words for strangers on the first page.
#[derive(Serialize, Deserialize)]
pub(super) struct Welcome(String);

impl Record for Welcome {
    const NAME: &'static str = "welcome";
    const VERSION: u8 = 1;
}

/// The picture on the first page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Picture {
    /// Its media type.
    pub mime: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Record for Picture {
    const NAME: &'static str = "picture";
    const VERSION: u8 = 1;
}

/// Whether everybody who has an account may invite others, or the owner alone.
#[derive(Serialize, Deserialize)]
struct Inviting {
    is_everybody: bool,
}

impl Record for Inviting {
    const NAME: &'static str = "inviting";
    const VERSION: u8 = 1;
}

/// What signs the keys of addresses by which files of other servers are had here.
#[derive(Serialize, Deserialize)]
pub(super) struct ProxySecret([u8; 32]);

impl Record for ProxySecret {
    const NAME: &'static str = "proxy secret";
    const VERSION: u8 = 1;
}

/// What signs the links for guests.
#[derive(Serialize, Deserialize)]
pub(super) struct GuestSecret([u8; 32]);

impl Record for GuestSecret {
    const NAME: &'static str = "secret of guest links";
    const VERSION: u8 = 1;
}

/// That the posts of older releases are on their way into the index of words and among the photos.
#[derive(Serialize, Deserialize)]
pub(super) struct Indexed;

impl Record for Indexed {
    const NAME: &'static str = "mark of the index";
    const VERSION: u8 = 1;
}

/// That everything of a pump.io is being brought in, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// Since when.
    pub started: Timestamp,
    /// When all of it was here; nothing while it is not.
    pub finished: Option<Timestamp>,
}

impl Record for Moving {
    const NAME: &'static str = "move from pump.io";
    const VERSION: u8 = 1;
}

/// Checks that this release can read the store, and marks a new store as one of its own. A store of a newer release is
/// refused with [`Error::Newer`].
pub fn open(engine: &dyn Engine) -> Result<()> {
    known_format(engine)?;
    let key = key("format");
    if engine.get(&key)?.is_some() {
        return Ok(());
    }
    engine.write(Durability::Durable, &mut |tx| {
        record::put(tx, &key, &Format { format: FORMAT });
        Ok(())
    })
}

/// Checks that this release can read the store: [`Error::Newer`] if not.
pub fn known_format(from: &dyn Read) -> Result<()> {
    match record::get(from, &key("format"))? {
        Some(Format { format }) if format > FORMAT => Err(Error::Newer {
            found: format,
            known: FORMAT,
        }),
        _ => Ok(()),
    }
}

/// What the site is, once it was set up.
pub fn site(read: &dyn Read) -> Result<Option<Site>> {
    record::get(read, &key("site"))
}

/// Sets what the site is.
pub fn put_site(tx: &mut dyn Tx, site: &Site) {
    record::put(tx, &key("site"), site);
}

/// Who can get an account here, if that was ever decided.
pub fn registration(read: &dyn Read) -> Result<Option<Registration>> {
    record::get(read, &key("registration"))
}

/// Decides who can get an account here.
pub fn put_registration(tx: &mut dyn Tx, registration: Registration) {
    record::put(tx, &key("registration"), &registration);
}

/// The code of the language of the site, if one was ever chosen.
pub fn language(read: &dyn Read) -> Result<Option<String>> {
    let known = record::get(read, &key("language"))?;
    Ok(known.map(|SiteLanguage(code)| code))
}

/// Chooses the language of the site by its code.
pub fn put_language(tx: &mut dyn Tx, code: &str) {
    record::put(tx, &key("language"), &SiteLanguage(code.to_owned()));
}

/// The words for strangers on the first page, if somebody has written them.
pub fn welcome(read: &dyn Read) -> Result<Option<String>> {
    let known = record::get(read, &key("welcome"))?;
    Ok(known.map(|Welcome(text)| text))
}

/// Writes them.
pub fn put_welcome(tx: &mut dyn Tx, text: &str) {
    record::put(tx, &key("welcome"), &Welcome(text.to_owned()));
}

/// The picture on the first page, if there is one.
pub fn picture(read: &dyn Read) -> Result<Option<Picture>> {
    record::get(read, &key("picture"))
}

/// Shows a picture there, or none.
pub fn put_picture(tx: &mut dyn Tx, picture: Option<&Picture>) {
    match picture {
        Some(picture) => record::put(tx, &key("picture"), picture),
        None => tx.delete(&key("picture")),
    }
}

/// Whether everybody who has an account may invite others; at first the owner alone does.
pub fn everybody_invites(read: &dyn Read) -> Result<bool> {
    let decided: Option<Inviting> = record::get(read, &key("inviting"))?;
    Ok(decided.is_some_and(|decided| decided.is_everybody))
}

/// Decides whether everybody who has an account may invite others.
pub fn put_everybody_invites(tx: &mut dyn Tx, is_everybody: bool) {
    record::put(tx, &key("inviting"), &Inviting { is_everybody });
}

/// What signs the keys of proxied addresses; made when it is asked for the first time.
pub fn proxy_secret(store: &Store) -> Result<[u8; 32]> {
    if let Some(ProxySecret(known)) = record::get(store, &key("proxy"))? {
        return Ok(known);
    }
    let made = random_bytes();
    store.write(|tx| {
        record::put(tx, &key("proxy"), &ProxySecret(made));
        Ok(())
    })?;
    Ok(made)
}

/// What signs the links for guests; made when it is asked for the first time.
pub fn guest_secret(store: &Store) -> Result<[u8; 32]> {
    if let Some(GuestSecret(known)) = record::get(store, &key("guests"))? {
        return Ok(known);
    }
    let made = random_bytes();
    store.write(|tx| {
        // Somebody else may have been first.
        if let Some(GuestSecret(known)) = record::get(tx, &key("guests"))? {
            return Ok(known);
        }
        record::put(tx, &key("guests"), &GuestSecret(made));
        Ok(made)
    })
}

/// Whether everything of older releases is on its way into the index.
pub fn is_indexed(from: &dyn Read) -> Result<bool> {
    Ok(record::get::<Indexed>(from, &key("indexed"))?.is_some())
}

/// Notes that it is.
pub fn mark_indexed(tx: &mut dyn Tx) {
    record::put(tx, &key("indexed"), &Indexed);
}

/// Whether the films of older releases are on their way among the photos.
pub fn has_films(from: &dyn Read) -> Result<bool> {
    Ok(record::get::<Indexed>(from, &key("films"))?.is_some())
}

/// Notes that they are.
pub fn mark_films(tx: &mut dyn Tx) {
    record::put(tx, &key("films"), &Indexed);
}

/// Forgets it: there is more that no index knows.
pub fn unmark_indexed(tx: &mut dyn Tx) {
    tx.delete(&key("indexed"));
}

/// Whether a pump.io is being brought in, or was.
pub fn moving(from: &dyn Read) -> Result<Option<Moving>> {
    record::get(from, &key("pump.io"))
}

/// Notes how far that is.
pub fn put_moving(tx: &mut dyn Tx, moving: &Moving) {
    record::put(tx, &key("pump.io"), moving);
}

fn key(name: &str) -> KeyBytes {
    KeyBytes::of(Table::Meta).tail(name)
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Format, Site, key, open, put_site, site};
    use crate::store::engine::memory::MemoryEngine;
    use crate::store::engine::{Durability, Engine, Error, Read};
    use crate::store::record;

    #[test]
    fn a_store_of_a_newer_release_is_refused_and_left_alone() {
        let engine = MemoryEngine::default();
        let newer = Format { format: FORMAT + 1 };
        let written = engine.write(Durability::Durable, &mut |tx| {
            record::put(tx, &key("format"), &newer);
            Ok(())
        });
        assert!(written.is_ok());
        let before = engine.get(&key("format")).expect("reads");
        let refused = open(&engine).expect_err("a newer format");
        assert!(matches!(refused, Error::Newer { found, .. } if found == FORMAT + 1));
        assert!(refused.to_string().contains("newer release"));
        assert_eq!(engine.get(&key("format")).expect("reads"), before);
    }

    #[test]
    fn a_new_store_is_marked_and_opens_again() {
        let engine = MemoryEngine::default();
        open(&engine).expect("a new store");
        assert!(engine.get(&key("format")).expect("reads").is_some());
        open(&engine).expect("the same store");
    }

    #[test]
    fn the_site_is_kept() {
        let engine = MemoryEngine::default();
        assert_eq!(site(&engine).expect("reads"), None);
        let base = r#"{"host":"h.test","port":443,"prefix":""}"#;
        let base = serde_json::from_str(base).expect("a base URL");
        let home = Site {
            base: Some(base),
            name: "Home".to_owned(),
            created_ms: 1_795_217_913_123,
        };
        let written = engine.write(Durability::Durable, &mut |tx| {
            put_site(tx, &home);
            Ok(())
        });
        assert!(written.is_ok());
        assert_eq!(site(&engine).expect("reads"), Some(home));

        let old = (Some(("h.test", 8443_u16, "p")), "Home", 7_u64);
        let old = postcard::to_extend(&old, vec![1]).expect("bytes");
        let read: Site = record::decode(&old).expect("the form of 0.1.0");
        let base = read.base.expect("an address");
        assert_eq!((base.url(), read.created_ms), ("http://h.test:8443/p", 7));
    }
}
