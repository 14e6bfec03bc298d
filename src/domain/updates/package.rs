//! The package of a later version: a tar file with `pumphouse` and `pumphouse.minisig`, as `minisign -S -m pumphouse -t "pumphouse
//! 0.2.0 aarch64 store=1"` and `tar cf` make them. The signed comment says what it is; the program must be for this machine, and
//! both it and the one before must be able to read the store.

use crate::domain::backups::tar::{self, Next};
use crate::error::Error;
use minisign_verify::{PublicKey, Signature};
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

/// Largest program in a package, in bytes.
const PROGRAM_BYTES_MAX: u64 = 64 << 20;

/// Largest signature, in bytes.
const SIGNATURE_BYTES_MAX: u64 = 4096;

/// Largest package, in bytes.
pub const PACKAGE_BYTES_MAX: u64 = PROGRAM_BYTES_MAX + SIGNATURE_BYTES_MAX + 16 * 1024;

/// Largest key, in bytes.
pub const KEY_BYTES_MAX: u64 = 4096;

/// A version: three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u16, u16, u16);

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Version, ()> {
        let mut numbers = text.split('.').map(str::parse);
        let mut next = || numbers.next().and_then(Result::ok).ok_or(());
        let version = Version(next()?, next()?, next()?);
        match numbers.next() {
            None => Ok(version),
            Some(_) => Err(()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// What is on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Here {
    /// The version that runs.
    pub version: Version,
    /// The format of the store that it writes.
    pub format: u32,
    /// The name of the machine's kind.
    pub machine: &'static str,
}

/// A package whose signature is right and that fits.
pub struct Package {
    /// Its version.
    pub version: Version,
    /// The program.
    pub program: Vec<u8>,
}

/// The key by which packages are signed.
pub fn key(text: &[u8]) -> Result<PublicKey, Error> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    PublicKey::decode(text).map_err(|_| {
        Error::invalid("The key for updates on this box cannot be read. Write the card anew.")
    })
}

/// Reads and checks a package. `may_be_older` lets one in that is older than what runs.
pub fn open(
    from: &mut dyn Read,
    key: &PublicKey,
    here: Here,
    may_be_older: bool,
) -> Result<Package, Error> {
    let (program, signature) = parts(from)?;
    let no_signature = |_| Error::invalid("The signature in the package is none.");
    let signature = String::from_utf8(signature).map_err(|_| no_signature(()))?;
    let signature = Signature::decode(&signature).map_err(|_| no_signature(()))?;
    key.verify(&program, &signature, false)
        .map_err(|error| match error {
            minisign_verify::Error::UnexpectedKeyId => Error::invalid(
                "The package is signed by somebody else, so it is not installed.",
            ),
            _ => Error::invalid(
                "The signature does not fit the program: the package was changed or damaged on its way. Get it again.",
            ),
        })?;
    let label = Label::read(signature.trusted_comment())?;
    label.check(here, may_be_older)?;
    check_program(&program, here)?;
    Ok(Package {
        version: label.version,
        program,
    })
}

/// The program and its signature, in any order.
fn parts(from: &mut dyn Read) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::invalid("The package is cut short. Get it again."),
        _ => Error::internal(error),
    };
    let foreign = || {
        Error::invalid(
            "This is no package of a version: it would be a tar file with pumphouse and pumphouse.minisig.",
        )
    };
    let (mut program, mut signature) = (None, None);
    while program.is_none() || signature.is_none() {
        let Next::File(name, length) = tar::next(from).map_err(broken)? else {
            return Err(foreign());
        };
        let (part, bytes_max) = match name.strip_prefix("./").unwrap_or(&name) {
            "pumphouse" => (&mut program, PROGRAM_BYTES_MAX),
            "pumphouse.minisig" => (&mut signature, SIGNATURE_BYTES_MAX),
            _ => return Err(foreign()),
        };
        if length > bytes_max {
            return Err(Error::invalid(
                "The package is too large to be one of ours.",
            ));
        }
        let mut bytes = Vec::new();
        from.take(length).read_to_end(&mut bytes).map_err(broken)?;
        if (bytes.len() as u64) < length {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        *part = Some(bytes);
        if program.is_none() || signature.is_none() {
            tar::skip_pad(from, length).map_err(broken)?;
        }
    }
    Ok((program.unwrap_or_default(), signature.unwrap_or_default()))
}

/// What the signed comment says.
struct Label {
    version: Version,
    machine: String,
    /// The format of the store that it writes.
    writes: u32,
    /// The oldest format that it reads.
    reads: u32,
}

impl Label {
    fn read(comment: &str) -> Result<Label, Error> {
        let unclear = || Error::invalid("The package does not say which version it is.");
        let mut words = comment.split_whitespace();
        if words.next() != Some("pumphouse") {
            return Err(unclear());
        }
        let version = words.next().and_then(|word| word.parse().ok());
        let version = version.ok_or_else(unclear)?;
        let machine = words.next().ok_or_else(unclear)?.to_owned();
        let (mut writes, mut reads) = (None, None);
        for word in words {
            match word.split_once('=') {
                Some(("store", number)) => writes = number.parse().ok(),
                Some(("reads", number)) => reads = number.parse().ok(),
                _ => {}
            }
        }
        let writes = writes.ok_or_else(unclear)?;
        Ok(Label {
            version,
            machine,
            writes,
            reads: reads.unwrap_or(writes),
        })
    }

    fn check(&self, here: Here, may_be_older: bool) -> Result<(), Error> {
        if self.machine != here.machine {
            return Err(Error::Invalid(format!(
                "The package is for another kind of machine ({}), this box is {}.",
                self.machine, here.machine
            )));
        }
        if self.version == here.version {
            return Err(Error::Invalid(format!(
                "Version {} runs already.",
                self.version
            )));
        }
        if self.version < here.version && !may_be_older {
            return Err(Error::Invalid(format!(
                "Version {} is older than {}, which runs.",
                self.version, here.version
            )));
        }
        if self.reads > here.format || self.writes < here.format {
            return Err(Error::Invalid(format!(
                "Version {} cannot read what this pump has kept. Install a version between the two first.",
                self.version
            )));
        }
        if self.writes > here.format {
            return Err(Error::Invalid(format!(
                "Version {} keeps its data in a form that {} cannot read, so there would be no way back. Install a version between the two first.",
                self.version, here.version
            )));
        }
        Ok(())
    }
}

/// Whether the program is one for this machine, by the head of its file (ELF, `e_machine`).
fn check_program(program: &[u8], here: Here) -> Result<(), Error> {
    let number: u16 = match here.machine {
        "x86_64" => 62,
        "aarch64" => 183,
        _ => 40,
    };
    let is_elf = program.starts_with(b"\x7fELF");
    if is_elf && program.get(18..20) == Some(&number.to_le_bytes()) {
        return Ok(());
    }
    Err(Error::invalid(
        "The program in the package is not one for this kind of machine.",
    ))
}

impl Here {
    /// This program, on this machine.
    pub fn is() -> Here {
        let version = env!("CARGO_PKG_VERSION").parse();
        Here {
            version: version.unwrap_or(Version(0, 0, 0)),
            format: crate::store::meta::FORMAT,
            machine: std::env::consts::ARCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Here, Label, Version, check_program, parts};

    const HERE: Here = Here {
        version: Version(0, 2, 0),
        format: 2,
        machine: "aarch64",
    };

    #[test]
    fn what_the_comment_says_decides() {
        for (comment, may_be_older, why) in [
            ("", false, "which version"),
            ("pumphouse x aarch64 store=2", false, "which version"),
            ("pumphouse 0.3.0 aarch64", false, "which version"),
            ("pumphouse 0.3 aarch64 store=2", false, "which version"),
            ("pumphouse 0.3.0.1 aarch64 store=2", false, "which version"),
            ("pumphouse 0.3.0 x86_64 store=2", false, "another kind"),
            ("pumphouse 0.2.0 aarch64 store=2", true, "runs already"),
            ("pumphouse 0.1.9 aarch64 store=2", false, "older"),
            ("pumphouse 0.1.9 aarch64 store=1", true, "cannot read what"),
            (
                "pumphouse 0.9.0 aarch64 store=4 reads=3",
                false,
                "cannot read what",
            ),
            (
                "pumphouse 0.3.0 aarch64 store=3 reads=2",
                false,
                "no way back",
            ),
        ] {
            let checked = Label::read(comment).and_then(|label| label.check(HERE, may_be_older));
            let said = checked.expect_err(comment).public();
            assert!(said.contains(why), "{comment}: {said}");
        }
        for (comment, may_be_older) in [
            ("pumphouse 0.3.0 aarch64 store=2", false),
            ("pumphouse 0.10.0 aarch64 store=2 reads=1 more", false),
            ("pumphouse 0.1.0 aarch64 store=2", true),
        ] {
            let label = Label::read(comment).expect(comment);
            label.check(HERE, may_be_older).expect(comment);
        }
    }

    #[test]
    fn only_programs_of_this_machine_and_whole_archives_pass() {
        let mut program = vec![0; 64];
        check_program(&program, HERE).expect_err("no program");
        program.splice(..4, *b"\x7fELF");
        program[18] = 62;
        check_program(&program, HERE).expect_err("of another machine");
        program[18] = 183;
        check_program(&program, HERE).expect("ours");
        for bytes in [&b""[..], b"short", &[0; 1024], &[1; 1024]] {
            parts(&mut &*bytes).expect_err("no package");
        }
    }
}
