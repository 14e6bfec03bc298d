//! Takes secrets out of a file of the boot partition, at whatever moment the power fails: first they are overwritten where they
//! stand, then the file is replaced by one without them. What is begun is kept on the data partition before, so that the next start
//! recognises a half-overwritten file and goes on, instead of taking what is left for a new password.

use crate::appliance::disk;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::OpenOptions;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What secrets are overwritten with.
const MASK: u8 = b'*';

/// A file that was taken over: how it is recognised, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiped {
    /// Its name on the boot partition.
    pub file: String,
    /// Where its secrets were, in bytes.
    secrets: Vec<Range<usize>>,
    /// The digest of what it is with all of them overwritten.
    masked: String,
    /// What it shall become.
    after: String,
}

impl Wiped {
    /// Plans it for a file whose secrets stand at `secrets`. `empty` is what stands for each afterwards.
    pub fn plan(file: &str, bytes: &[u8], secrets: Vec<Range<usize>>) -> Wiped {
        let mut after = Vec::new();
        let mut from = 0;
        for secret in &secrets {
            after.extend_from_slice(bytes.get(from..secret.start).unwrap_or_default());
            after.extend_from_slice(b"\"\"");
            from = secret.end;
        }
        after.extend_from_slice(bytes.get(from..).unwrap_or_default());
        let after = String::from_utf8_lossy(&after).into_owned();
        Wiped {
            file: file.to_owned(),
            masked: digest(&mask(bytes, &secrets)),
            after: match secrets.is_empty() {
                true => after,
                false => note(&after),
            },
            secrets,
        }
    }

    /// As [`Wiped::plan`], for a file of which parts are left out: `after` is what remains.
    pub fn to(file: &str, bytes: &[u8], after: &str) -> Wiped {
        let whole = 0..bytes.len();
        let secrets = Vec::from([whole]);
        Wiped {
            file: file.to_owned(),
            masked: digest(&mask(bytes, &secrets)),
            after: note(after),
            secrets,
        }
    }

    /// Whether these are the bytes of that file, at any stage.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        bytes == self.after.as_bytes() || digest(&mask(bytes, &self.secrets)) == self.masked
    }

    /// Whether nothing is left to do for these bytes.
    pub fn is_done(&self, bytes: &[u8]) -> bool {
        bytes == self.after.as_bytes()
    }

    /// Does it.
    pub fn perform(&self, boot: &Path) -> io::Result<()> {
        let path = boot.join(&self.file);
        if !self.secrets.is_empty() {
            let file = OpenOptions::new().write(true).open(&path)?;
            for secret in &self.secrets {
                let offset = u64::try_from(secret.start).unwrap_or(u64::MAX);
                file.write_all_at(&vec![MASK; secret.len()], offset)?;
            }
            file.sync_all()?;
        }
        disk::write(&path, self.after.as_bytes(), 0o644).map(drop)
    }
}

/// The text with a line that says what was done; a script keeps its first line.
fn note(text: &str) -> String {
    const NOTE: &str = "# The pump has taken this over, and the passwords out of this file. A new one can be written in again.\n";
    if text.contains(NOTE) {
        return text.to_owned();
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    match first.starts_with("#!") || first.starts_with("#cloud-config") {
        true => format!(
            "{first}{NOTE}{}",
            text.get(first.len()..).unwrap_or_default()
        ),
        false => format!("{NOTE}{text}"),
    }
}

fn mask(bytes: &[u8], secrets: &[Range<usize>]) -> Vec<u8> {
    let mut masked = bytes.to_vec();
    for secret in secrets {
        if let Some(part) = masked.get_mut(secret.clone()) {
            part.fill(MASK);
        }
    }
    masked
}

/// What bytes are recognised by: SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    let whole = Sha256::digest(bytes);
    whole.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::Wiped;
    use crate::appliance::handover;
    use std::fs;

    const FILE: &str = "# mine\n[owner]\nnickname = \"ann\"\npassword = \"to\\\"p\"\n[wifi]\nssid = 'x'\npassword = 'sesame12'\n";

    #[test]
    fn secrets_go_and_a_file_is_recognised_wherever_the_power_failed() {
        let read = handover::read("pump.toml", FILE.as_bytes());
        assert_eq!(read.problems, Vec::<String>::new());
        let wiped = Wiped::plan("pump.toml", FILE.as_bytes(), read.secrets);
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("pump.toml");
        fs::write(&path, FILE).expect("writable");
        assert!(wiped.is_of(FILE.as_bytes()) && !wiped.is_done(FILE.as_bytes()));
        // Cut off after any byte of the overwriting.
        let mut half = FILE.as_bytes().to_vec();
        for place in wiped.secrets.clone().into_iter().flatten() {
            half[place] = b'*';
            assert!(wiped.is_of(&half) && !wiped.is_done(&half), "{place}");
        }
        fs::write(&path, &half).expect("writable");
        wiped.perform(directory.path()).expect("writable");
        let after = fs::read_to_string(&path).expect("readable");
        assert!(wiped.is_of(after.as_bytes()) && wiped.is_done(after.as_bytes()));
        assert!(
            after.contains("# mine") && after.contains("ssid = 'x'"),
            "{after}"
        );
        assert!(
            !after.contains("sesame12") && !after.contains("to\\"),
            "{after}"
        );
        let again = handover::read("pump.toml", after.as_bytes());
        assert!(again.secrets.is_empty());
        assert!(!wiped.is_of(after.replace("\"\"", "\"new-one\"").as_bytes()));
    }
}
