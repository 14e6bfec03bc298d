//! How many bytes of uploads a user may keep: what the owner of the server says for this user, else what the option
//! `uploadQuotaBytes` says for everybody. With 0 nothing can be uploaded.

use crate::app::App;
use crate::error::Error;
use crate::ids::UserId;
use crate::store::engine::{Read, Result, Tx};
use crate::store::{usage, users};
use crate::words::Words;

/// How much room somebody has, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What the user's files take.
    pub used_bytes: u64,
    /// What they may take.
    pub quota_bytes: u64,
    /// Whether the owner has chosen the bound for this user.
    pub is_own: bool,
}

/// The room of a user.
pub fn room(app: &App, from: &dyn Read, user: UserId) -> Result<Room> {
    let own = users::get(from, user)?.and_then(|account| account.quota_bytes);
    Ok(Room {
        used_bytes: usage::used_bytes(from, user)?,
        quota_bytes: own.unwrap_or(app.config.upload_quota_bytes),
        is_own: own.is_some(),
    })
}

/// Refuses (413) a file for which a user has no room, with what there is and what to do.
pub fn check(app: &App, from: &dyn Read, user: UserId, bytes: u64) -> Result<()> {
    let room = room(app, from, user)?;
    if bytes <= room.quota_bytes.saturating_sub(room.used_bytes) {
        return Ok(());
    }
    Err(Error::TooLarge(format!(
        "There is no room for this file of {}: your files take {} of the {} that you have. Delete some of what you uploaded, or \
         ask the owner of this server for more room.",
        in_words(bytes),
        in_words(room.used_bytes),
        in_words(room.quota_bytes)
    ))
    .into())
}

/// Counts a file that is being added, if there is room for it, in the write that adds it.
pub fn take(app: &App, tx: &mut dyn Tx, user: UserId, bytes: u64) -> Result<()> {
    check(app, tx, user, bytes)?;
    usage::add(tx, user, bytes)
}

/// A number of bytes in English, for programs and errors.
pub fn in_words(bytes: u64) -> String {
    Words::default().size(bytes)
}

/// Reads a number of bytes as people type it, and as pages tell it in their language: `500M`, `1.5 GB`, `1,5 Go`, `1048576`.
pub fn parse_bytes(typed: &str) -> Option<u64> {
    let typed = typed.trim().to_ascii_uppercase().replace(',', ".");
    let end = typed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(typed.len());
    let (number, unit) = typed.split_at(end);
    let unit = unit.trim().trim_end_matches("IB");
    let shift = match unit.trim_end_matches(['B', 'O']) {
        "" | "BYTE" | "BYTES" | "OCTET" | "OCTETS" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * (1u64 << shift) as f64;
    (bytes.is_finite() && bytes <= BYTES_MAX as f64).then_some(bytes.round() as u64)
}

/// Largest quota, in bytes: JSON numbers hold it exactly.
pub const BYTES_MAX: u64 = 1 << 53;

#[cfg(test)]
mod tests {
    use super::{in_words, parse_bytes};

    #[test]
    fn bytes_are_told_and_read_as_people_do() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1024, "1 KB"),
            (1_468_006, "1.4 MB"),
            (1_048_000, "1 MB"),
            (10 << 30, "10 GB"),
            (3 << 50, "3072 TB"),
        ] {
            assert_eq!(in_words(bytes), words);
        }
        for (typed, bytes) in [
            ("0", Some(0)),
            ("1048576", Some(1 << 20)),
            ("500M", Some(500 << 20)),
            ("1.5 gb", Some(3 << 29)),
            ("2GiB", Some(2 << 30)),
            ("1,5\u{a0}Go", Some(3 << 29)),
            ("812 bytes", Some(812)),
            ("", None),
            ("G", None),
            ("-1", None),
            ("5 parsecs", None),
            ("99999999999999T", None),
        ] {
            assert_eq!(parse_bytes(typed), bytes, "{typed}");
        }
    }
}
