//! The keys that other servers gave us (`pump-api.md §6.4`): one for each host and for each of those who speak to it.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use serde::{Deserialize, Serialize};

/// A client at another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Its id there.
    pub client: String,
    /// Its secret.
    pub secret: String,
}

impl Record for Credentials {
    const NAME: &'static str = "credentials";
    const VERSION: u8 = 1;
}

/// With what `identity`, a person or this host, speaks to `host`.
pub fn get(from: &dyn Read, host: &str, identity: &str) -> Result<Option<Credentials>> {
    record::get(from, &key(host, identity))
}

/// Keeps what `host` gave.
pub fn put(tx: &mut dyn Tx, host: &str, identity: &str, credentials: &Credentials) {
    record::put(tx, &key(host, identity), credentials);
}

/// Forgets what `host` does not know any more.
pub fn remove(tx: &mut dyn Tx, host: &str, identity: &str) {
    tx.delete(&key(host, identity));
}

fn key(host: &str, identity: &str) -> KeyBytes {
    KeyBytes::of(Table::Credentials).text(host).tail(identity)
}
