//! Outside names (http URLs, `acct:`, `tag:` … URIs) and the things that they mean. A thing may have many names; a name
//! means one thing for as long as it stands. Names are compared byte by byte: who has another spelling brings it into form.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::error::Error;
use crate::ids::ThingId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longest name that is a key as it stands, in bytes. Of a longer one the SHA-256 is, so that keys stay small.
const PLAIN_BYTES_MAX: usize = 200;

/// What stands before the hash of a long name: no URI begins with it.
const HASHED: u8 = 0;

#[derive(Serialize, Deserialize)]
pub(super) struct Alias {
    thing: ThingId,
}

impl Record for Alias {
    const NAME: &'static str = "alias";
    const VERSION: u8 = 1;
}

/// The thing that `uri` means.
pub fn find(read: &dyn Read, uri: &str) -> Result<Option<ThingId>> {
    let alias: Option<Alias> = record::get(read, &key(uri))?;
    Ok(alias.map(|alias| alias.thing))
}

/// Makes `uri` mean `thing`; false if it does already. A name of another thing is refused with `Conflict`.
pub fn add(tx: &mut dyn Tx, uri: &str, thing: ThingId) -> Result<bool> {
    match find(tx, uri)? {
        None => {
            record::put(tx, &key(uri), &Alias { thing });
            Ok(true)
        }
        Some(held) if held == thing => Ok(false),
        Some(_) => Err(Error::Conflict("This id belongs to something else.".to_owned()).into()),
    }
}

/// Makes `uri` mean `thing`, whatever it meant before.
pub fn set(tx: &mut dyn Tx, uri: &str, thing: ThingId) {
    record::put(tx, &key(uri), &Alias { thing });
}

/// Takes the meaning from `uri`; false if it had none.
pub fn remove(tx: &mut dyn Tx, uri: &str) -> Result<bool> {
    let known = find(tx, uri)?.is_some();
    if known {
        tx.delete(&key(uri));
    }
    Ok(known)
}

fn key(uri: &str) -> KeyBytes {
    let key = KeyBytes::of(Table::Alias);
    if uri.len() > PLAIN_BYTES_MAX || uri.as_bytes().first() == Some(&HASHED) {
        key.tail([HASHED]).tail(Sha256::digest(uri))
    } else {
        key.tail(uri)
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, add, find, key, remove};
    use crate::ids::ThingId;
    use crate::store::engine::memory::Memory;
    use crate::store::engine::{self, Read};

    #[test]
    fn a_name_means_one_thing() {
        let mut store = Memory::default();
        let (evan, ann) = (ThingId(1), ThingId(2));
        let uri = "acct:evan@h.test";
        assert_eq!(find(&store, uri).expect("reads"), None);
        assert!(add(&mut store, uri, evan).expect("writes"));
        assert!(!add(&mut store, uri, evan).expect("writes"));
        let refused = add(&mut store, uri, ann);
        assert!(matches!(
            refused,
            Err(engine::Error::Refused(Error::Conflict(_)))
        ));
        assert!(add(&mut store, "https://h.test/evan", evan).expect("writes"));
        assert_eq!(find(&store, uri).expect("reads"), Some(evan));
        assert_eq!(find(&store, "acct:EVAN@h.test").expect("reads"), None);

        assert!(remove(&mut store, uri).expect("writes"));
        assert!(!remove(&mut store, uri).expect("writes"));
        assert_eq!(find(&store, uri).expect("reads"), None);
        assert!(add(&mut store, uri, ann).expect("writes"));
    }

    #[test]
    fn long_names_have_bounded_keys_and_are_told_apart() {
        let mut store = Memory::default();
        let long = |end: &str| format!("https://h.test/{}{end}", "x".repeat(9_000));
        let names = [long("a"), long("b"), "y".repeat(200), "y".repeat(201)];
        for (place, name) in names.iter().enumerate() {
            assert!(key(name).len() <= 201);
            assert!(add(&mut store, name, ThingId(place as u64)).expect("writes"));
        }
        for (place, name) in names.iter().enumerate() {
            let found = find(&store, name).expect("reads");
            assert_eq!(found, Some(ThingId(place as u64)));
        }
    }

    #[test]
    fn a_crafted_name_is_not_the_hash_of_another() {
        let mut store = Memory::default();
        let crafted = format!("\0{}", "z".repeat(32));
        assert!(add(&mut store, &crafted, ThingId(1)).expect("writes"));
        let mut plain = vec![b'A'];
        plain.extend(crafted.as_bytes());
        assert_eq!(store.get(&plain).expect("reads"), None);
        assert_eq!(find(&store, &crafted).expect("reads"), Some(ThingId(1)));
    }
}
