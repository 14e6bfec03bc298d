//! The setup code: what it looks like, and the file in which it is kept until there is an owner.

use crate::ids::random_bytes;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use subtle::ConstantTimeEq;

/// The file in the data directory that holds the code until there is an owner.
pub(super) const FILE: &str = "setup-code";

/// Characters of a code.
const CODE_CHARS: usize = 8;

/// Crockford's base 32: no I, L, O, U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The setup code: 40 random bits as eight characters, written `ABCD-EFGH`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; CODE_CHARS]);

impl Code {
    /// A fresh one.
    pub fn random() -> Code {
        let bits = random_bytes::<5>()
            .into_iter()
            .fold(0u64, |bits, byte| bits << 8 | u64::from(byte));
        let mut symbols = [0; CODE_CHARS];
        for (place, symbol) in symbols.iter_mut().rev().enumerate() {
            let value = usize::try_from(bits >> (5 * place) & 31).expect("five bits");
            *symbol = SYMBOLS[value];
        }
        Code(symbols)
    }

    /// Whether it is the same, in constant time.
    pub(super) fn is(&self, other: &Code) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Reads a code as people type it: any case, O for 0, I and L for 1, hyphens and spaces anywhere.
    pub fn parse(text: &str) -> Option<Code> {
        let mut symbols = text
            .bytes()
            .filter(|byte| !matches!(byte, b'-' | b' ' | b'\t' | b'\r' | b'\n'))
            .map(|byte| match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            });
        let mut code = [0; CODE_CHARS];
        for symbol in &mut code {
            *symbol = symbols.next().filter(|symbol| SYMBOLS.contains(symbol))?;
        }
        symbols.next().is_none().then_some(Code(code))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, symbol) in self.0.iter().enumerate() {
            if place == CODE_CHARS / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*symbol))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// The code in a data directory, for `pumphouse setup-code`: also beside a running server, and before the first start.
/// None where a server has run and keeps no code, because it is set up.
pub fn code_in(datadir: &Path) -> io::Result<Option<Code>> {
    let has_run = datadir.join("store").exists();
    if has_run && !datadir.join(FILE).exists() {
        return Ok(None);
    }
    kept_code(datadir).map(Some)
}

/// The code in the file, or a fresh one that is written to it, for the owner of the process only.
pub(super) fn kept_code(datadir: &Path) -> io::Result<Code> {
    let path = datadir.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            if let Some(code) = Code::parse(&text) {
                return Ok(code);
            }
            fs::remove_file(&path)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let code = Code::random();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    writeln!(file, "{code}")?;
    file.sync_all()?;
    Ok(code)
}

/// Takes the file away, because there is an owner.
pub(super) fn remove_file(datadir: &Path) {
    if let Err(error) = fs::remove_file(datadir.join(FILE))
        && error.kind() != io::ErrorKind::NotFound
    {
        log::warn!("the setup code, which is worth nothing any more, stays on disk: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = Code::parse("10AB-CDEF").expect("a code");
        for typed in ["10abcdef", "loab cdef", "IOAB-CDEF\n", " 1-0-A-B-C-D-E-F "] {
            assert_eq!(Code::parse(typed), Some(code), "{typed}");
        }
        for wrong in [
            "",
            "10AB-CDE",
            "10AB-CDEFG",
            "10AB-CDEU",
            "10AB_CDEF",
            "10ABCDÉ",
        ] {
            assert_eq!(Code::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_survives_being_written() {
        let code = Code::random();
        let written = code.to_string();
        assert_eq!(written.len(), 9);
        assert_eq!(Code::parse(&written), Some(code));
        assert_ne!(code, Code::random());
        assert!(!format!("{code:?}").contains(&written));
    }
}
