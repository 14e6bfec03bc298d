//! Everything that this server keeps, in one file: made beside the running server, read back into an empty data directory.
//!
//! It is a tar file that everybody can open, with these files in it, in this order:
//!
//! ```text
//! pumphouse-backup/about.json                     what it is: see [`About`]
//! pumphouse-backup/store.dump                     the store, see `store/engine/export.rs`
//! pumphouse-backup/certificates/NAME              certificates and their keys, if there are any
//! pumphouse-backup/uploads/2 hex/32 hex[-COPY]    what people uploaded, and the copies of it, as `media/blobs.rs` keeps them
//! pumphouse-backup/SHA256SUMS                     for all of the above, as `sha256sum -c` reads it
//! ```
//! Encrypted it is an age file ([`age`]) around that. Uploads that another run left half done, archives of users and copies
//! of other servers' files are not in it: they come again.

pub mod age;
pub mod making;
pub mod nightly;
pub mod reading;
pub mod restoring;
pub mod target;

pub(in crate::domain) mod tar;

use crate::media::{BlobName, Variant};
use serde::{Deserialize, Serialize};

/// The version of the format; it rises when an older release could not read it.
pub const FORMAT: u32 = 1;

/// The directory in the archive.
const TOP: &str = "pumphouse-backup/";

/// What a backup is, in words that people read, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// [`FORMAT`] of the release that made it.
    pub format: u32,
    /// The release that made it.
    pub program: String,
    /// When, `YYYY-MM-DDTHH:MM:SSZ`.
    pub made: String,
    /// The name of the site.
    pub site: String,
    /// The base URL of the site; none before it was set up.
    pub base: Option<String>,
    /// Files of people, with the copies of them.
    pub files: u64,
    /// Length of the whole archive in bytes, as it is before it is encrypted.
    pub bytes: u64,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    About,
    Store,
    Certificate(String),
    Upload(BlobName, Variant),
    Sums,
}

impl Part {
    /// The name in the archive.
    fn name(&self) -> String {
        match self {
            Part::About => format!("{TOP}about.json"),
            Part::Store => format!("{TOP}store.dump"),
            Part::Certificate(name) => format!("{TOP}certificates/{name}"),
            Part::Upload(name, variant) => {
                let text = name.to_string();
                let shard = text.get(..2).unwrap_or_default();
                format!("{TOP}uploads/{shard}/{text}{}", variant.suffix())
            }
            Part::Sums => format!("{TOP}SHA256SUMS"),
        }
    }

    /// Reads a name; anything that this release does not write is none, so that no name leaves its directory.
    fn parse(name: &str) -> Option<Part> {
        let rest = name.strip_prefix(TOP)?;
        let part = match rest.split_once('/') {
            None if rest == "about.json" => Part::About,
            None if rest == "store.dump" => Part::Store,
            None if rest == "SHA256SUMS" => Part::Sums,
            Some(("certificates", file)) => Part::Certificate(file.to_owned()),
            Some(("uploads", file)) => {
                let (_, file) = file.split_once('/')?;
                let (name, suffix) = file.split_at_checked(32)?;
                let mut all = Variant::ALL.into_iter();
                let variant = all.find(|variant| variant.suffix() == suffix)?;
                Part::Upload(BlobName::parse(name)?, variant)
            }
            _ => return None,
        };
        let is_plain = match &part {
            Part::Certificate(file) => is_plain(file),
            _ => true,
        };
        (is_plain && part.name() == name).then_some(part)
    }
}

/// Whether a name is one of a file in its directory and nothing else.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

/// A digest as text.
fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::Part;
    use crate::media::{BlobName, Variant};

    #[test]
    fn only_names_of_parts_are_read() {
        let blob = BlobName::parse("0123456789abcdef0123456789abcdef").expect("a name");
        for part in [
            Part::About,
            Part::Store,
            Part::Sums,
            Part::Certificate("site.pem".to_owned()),
            Part::Upload(blob, Variant::Original),
            Part::Upload(blob, Variant::AvatarSharp),
        ] {
            assert_eq!(Part::parse(&part.name()), Some(part));
        }
        for wrong in [
            "",
            "about.json",
            "pumphouse-backup/",
            "pumphouse-backup/../secret",
            "pumphouse-backup/certificates/",
            "pumphouse-backup/certificates/../lock",
            "pumphouse-backup/certificates/.hidden",
            "pumphouse-backup/certificates/a/b",
            "pumphouse-backup/uploads/ff/0123456789abcdef0123456789abcdef",
            "pumphouse-backup/uploads/01/0123456789abcdef0123456789abcdef-huge",
            "/pumphouse-backup/about.json",
        ] {
            assert_eq!(Part::parse(wrong), None, "{wrong}");
        }
    }
}
