//! Logging in to a ready-made box from afar (SSH): with keys alone, which stand in one file (`authorized_keys`, sshd(8)). The boot
//! partition hands them over, or the owner types them on a page: the server leaves them as a wish, and a unit (root) makes it true.

use crate::appliance::disk;
use crate::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// Most keys.
pub const KEYS_MAX: usize = 16;

/// Longest of them, in bytes.
const KEY_BYTES_MAX: usize = 4096;

/// Most of a file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 128 * 1024;

/// The public keys of those who may log in, a line each. Without one nobody can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Vec<String>);

/// Whether a line is a public key, as `ssh-keygen` writes it (RFC 4253 §6.6): its kind, its body, and perhaps whose it is.
pub fn is_key(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let known = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-sha2-"];
    let is_body = |word: &str| {
        word.starts_with("AAAA")
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    };
    line.len() <= KEY_BYTES_MAX
        && !line.chars().any(char::is_control)
        && known.iter().any(|known| kind.starts_with(known))
        && words.next().is_some_and(is_body)
}

impl Keys {
    /// The keys of a text, a line each; 400 where a line is none, or where there are too many.
    pub fn parse(text: &str) -> Result<Keys, Error> {
        let lines = text.lines().map(str::trim);
        let keys: Vec<String> = lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        if !keys.iter().all(|key| is_key(key)) {
            return Err(Error::invalid(
                "One of the lines is no public key. It begins like ssh-ed25519 AAAA… and stands on one line.",
            ));
        }
        if keys.len() > KEYS_MAX {
            return Err(Error::invalid("These are too many keys. 16 have room."));
        }
        Ok(Keys(keys))
    }

    /// Those that were checked one by one.
    pub fn of(keys: Vec<String>) -> Keys {
        Keys(keys)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// A line for each.
    pub fn text(&self) -> String {
        self.0.iter().flat_map(|key| [key, "\n"]).collect()
    }

    fn file(directory: &Path) -> PathBuf {
        directory.join("authorized_keys")
    }

    /// The keys that count, in their directory; none where they cannot be read.
    pub fn kept(directory: &Path) -> Keys {
        let kept = disk::read(&Keys::file(directory), FILE_BYTES_MAX);
        parsed(kept.ok().flatten()).unwrap_or_default()
    }

    /// Makes them those that count.
    pub fn keep(&self, directory: &Path) -> io::Result<()> {
        let file = Keys::file(directory);
        if self.0.is_empty() {
            return disk::remove(&file).map(drop);
        }
        std::fs::create_dir_all(directory)?;
        // They are public; the server shows them to its owner.
        disk::write(&file, self.text().as_bytes(), 0o644).map(drop)
    }

    fn wish(datadir: &Path) -> PathBuf {
        datadir.join("shell-keys")
    }

    /// Leaves them for the unit.
    pub fn leave(&self, datadir: &Path) -> io::Result<()> {
        disk::write(&Keys::wish(datadir), self.text().as_bytes(), 0o600).map(drop)
    }

    /// Whether a wish waits for the unit.
    pub fn is_waiting(datadir: &Path) -> bool {
        Keys::wish(datadir).exists()
    }

    /// Makes the wish that was left true, if one was; the file goes when that is done. What an unprivileged server wrote and is no list of
    /// keys changes nothing.
    pub fn fulfil(datadir: &Path, directory: &Path) -> io::Result<()> {
        let wish = Keys::wish(datadir);
        let left = disk::read(&wish, FILE_BYTES_MAX);
        if let Some(keys) = parsed(left.unwrap_or_default()) {
            keys.keep(directory)?;
        }
        disk::remove(&wish).map(drop)
    }
}

/// The keys of a file that is there, and holds nothing else.
fn parsed(text: Option<Vec<u8>>) -> Option<Keys> {
    Keys::parse(&String::from_utf8(text?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{KEYS_MAX, Keys};
    use std::fs;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample ann@laptop";

    #[test]
    fn a_text_without_keys_is_refused() {
        let many = format!("{KEY}\n").repeat(KEYS_MAX + 1);
        for text in [
            "hello",
            "ssh-ed25519",
            "ssh-ed25519 BBBB",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "command=\"x\" ssh-ed25519 AAAA",
            &many,
        ] {
            assert!(Keys::parse(text).is_err(), "{text}");
        }
        assert_eq!(Keys::parse(" \r\n").expect("none").count(), 0);
        let two = Keys::parse(&format!("{KEY}\r\n\r\n  {KEY}\n")).expect("keys");
        assert_eq!(two.text(), format!("{KEY}\n{KEY}\n"));
    }

    #[test]
    fn a_wish_comes_true_once_and_nonsense_changes_nothing() {
        let [data, state] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let directory = state.path().join("ssh");
        let fulfil = || Keys::fulfil(data.path(), &directory).expect("writable");
        fulfil();
        assert_eq!(Keys::kept(&directory).count(), 0);
        let keys = Keys::parse(KEY).expect("a key");
        keys.leave(data.path()).expect("writable");
        assert!(Keys::is_waiting(data.path()));
        fulfil();
        assert!(!Keys::is_waiting(data.path()));
        assert_eq!(Keys::kept(&directory), keys);
        for nonsense in [&b"root:x"[..], b"\xff\xfe", &[b'a'; 200_000]] {
            fs::write(data.path().join("shell-keys"), nonsense).expect("writable");
            fulfil();
            assert_eq!(Keys::kept(&directory), keys);
            assert!(!Keys::is_waiting(data.path()));
        }
        Keys::default().leave(data.path()).expect("writable");
        fulfil();
        assert_eq!(Keys::kept(&directory).count(), 0);
        fulfil();
    }
}
