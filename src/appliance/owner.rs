//! Whom the boot partition names as the owner: a file in the server's data directory, until the server has made the account.

use crate::appliance::disk;
use crate::ids::Nickname;
use crate::words::Language;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The file in the data directory.
pub const FILE: &str = "owner.json";

/// Most of it that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// Who owns the server, and what it is called.
#[derive(Clone, Serialize, Deserialize)]
pub struct NamedOwner {
    /// The account's name.
    pub nickname: Nickname,
    /// The hash of the password: one of ours, or of crypt(5).
    pub password: String,
    /// The name of the site; may be empty.
    pub site: String,
    /// The code of the site's language (RFC 5646); may be empty.
    pub language: String,
    /// What the box is called in its network, without `.local`.
    pub hostname: String,
}

impl NamedOwner {
    /// The language of the site.
    pub fn language(&self) -> Language {
        Language::of_code(&self.language).unwrap_or_default()
    }

    /// Keeps it for the server's next start.
    pub fn keep(&self, datadir: &Path) -> io::Result<bool> {
        let text = serde_json::to_vec_pretty(self)?;
        disk::write(&datadir.join(FILE), &text, 0o600)
    }

    /// The one that is kept, if one is. A file that is none is an error.
    pub fn kept(datadir: &Path) -> io::Result<Option<NamedOwner>> {
        let Some(text) = disk::read(&datadir.join(FILE), FILE_BYTES_MAX)? else {
            return Ok(None);
        };
        Ok(Some(serde_json::from_slice(&text)?))
    }

    /// Takes the file away.
    pub fn forget(datadir: &Path) -> io::Result<bool> {
        disk::remove(&datadir.join(FILE))
    }
}
