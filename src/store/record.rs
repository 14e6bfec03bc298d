//! How a record becomes bytes: one version byte, then postcard. A type that changes keeps its predecessor's shape in its
//! own file and reads it in [`Record::predecessor`], so that stores of older releases open without a migration.

use super::engine::{Error, Read, Result, Tx};
use super::keys::KeyBytes;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value of the store.
pub trait Record: Serialize + DeserializeOwned {
    /// What the record is called in error messages.
    const NAME: &'static str;
    /// The version that is written.
    const VERSION: u8;

    /// Reads a body that an older release wrote.
    fn predecessor(version: u8, body: &[u8]) -> Option<Self> {
        let _ = (version, body);
        None
    }
}

/// The bytes of a record.
#[expect(clippy::missing_panics_doc, reason = "memory only")]
pub fn encode<T: Record>(record: &T) -> Vec<u8> {
    postcard::to_extend(record, vec![T::VERSION]).expect("records are plain data")
}

/// The record in `bytes`.
pub fn decode<T: Record>(bytes: &[u8]) -> Result<T> {
    let damaged = || Error::Corrupt(format!("a record of kind {} cannot be read", T::NAME));
    let (version, body) = bytes.split_first().ok_or_else(damaged)?;
    if *version == T::VERSION {
        postcard::from_bytes(body).map_err(|_| damaged())
    } else {
        T::predecessor(*version, body).ok_or_else(damaged)
    }
}

/// The record at `key`.
pub fn get<T: Record>(from: &dyn Read, key: &[u8]) -> Result<Option<T>> {
    from.get(key)?.map(|bytes| decode(&bytes)).transpose()
}

/// At most `limit` records whose keys begin with `prefix`, from the key `start` on and in the order of the keys; each with
/// the rest of its key as `rest` reads it.
pub fn list<K, T: Record>(
    from: &dyn Read,
    prefix: &KeyBytes,
    start: &[u8],
    limit: usize,
    rest: impl Fn(&[u8]) -> Option<K>,
) -> Result<Vec<(K, T)>> {
    let damaged = || {
        let name = T::NAME;
        Error::Corrupt(format!("the key of a record of kind {name} cannot be read"))
    };
    let read = |(key, value): &(Bytes, Bytes)| {
        let key = key.get(prefix.len()..).and_then(&rest);
        Ok((key.ok_or_else(damaged)?, decode(value)?))
    };
    from.scan(start, &prefix.end(), limit)?
        .iter()
        .map(read)
        .collect()
}

/// Writes the record at `key`.
pub fn put<T: Record>(tx: &mut dyn Tx, key: &[u8], record: &T) {
    tx.put(key, &encode(record));
}
