//! Reading a backup: the whole of it is compared with its checksums, whether it is only looked at or unpacked. Nothing that
//! a file says leaves the directory that it is unpacked into.

use super::age::{self, Opening, Problem};
use super::{About, FORMAT, Part, hex, tar};
use crate::error::Error;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};

/// How the dump of a store begins; releases before 0.2 had nothing else in a backup.
pub const DUMP_MAGIC: &[u8] = b"PUMPKV\0";

/// Longest text about a backup, in bytes.
const ABOUT_BYTES_MAX: u64 = 64 * 1024;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Takes the files of a backup one by one; what it does not read is read for the checksum all the same.
pub(super) type Taker<'t> = &'t mut dyn FnMut(&Part, &mut dyn Read) -> Result<(), Error>;

/// Whether a file is encrypted, so that a passphrase is needed. Leaves it at its start.
pub fn is_encrypted(file: &mut File) -> Result<bool, Error> {
    let mut start = Vec::new();
    let read = (&mut *file)
        .take(age::MAGIC.len() as u64)
        .read_to_end(&mut start);
    read.and_then(|_| file.rewind())
        .map_err(|error| unreadable(&error))?;
    Ok(start == age::MAGIC)
}

/// What is in a file, which stands at its start: decrypted, if it is encrypted.
pub fn open(mut file: File, passphrase: Option<&str>) -> Result<Box<dyn BufRead + Send>, Error> {
    let is_encrypted = is_encrypted(&mut file)?;
    let file = BufReader::with_capacity(PIECE_BYTES, file);
    if !is_encrypted {
        return Ok(Box::new(file));
    }
    let Some(passphrase) = passphrase.filter(|passphrase| !passphrase.is_empty()) else {
        return Err(Error::invalid(
            "This backup is encrypted. Give its passphrase.",
        ));
    };
    match Opening::begin(file, passphrase) {
        Ok(opening) => Ok(Box::new(BufReader::with_capacity(PIECE_BYTES, opening))),
        Err(Problem::Io(error)) => Err(unreadable(&error)),
        Err(problem) => Err(Error::Invalid(problem.to_string())),
    }
}

/// Refuses what does not begin as a backup does; leaves it at its start.
pub fn recognise(from: &mut dyn BufRead) -> Result<(), Error> {
    let start = from.fill_buf().map_err(|error| unreadable(&error))?;
    if start.starts_with(DUMP_MAGIC) || tar::is_start(start) {
        return Ok(());
    }
    Err(no_backup())
}

/// Reads a backup to its end and compares everything.
pub fn check(from: &mut dyn Read) -> Result<About, Error> {
    each(from, &mut |_, _| Ok(()))
}

/// Hands over each file, and compares everything. What was handed over counts only when this returns.
pub(super) fn each(from: &mut dyn Read, take: Taker<'_>) -> Result<About, Error> {
    let mut about = None;
    // The list of checksums is compared by its own checksum, so that it may be as long as it likes.
    let mut sums = Sha256::new();
    let mut has_store = false;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let (name, length) = match tar::next(from).map_err(|error| unreadable(&error))? {
            tar::Next::File(name, length) => (name, length),
            tar::Next::End | tar::Next::Nonsense if about.is_none() => return Err(no_backup()),
            tar::Next::End | tar::Next::Nonsense => return Err(damaged("it breaks off")),
        };
        let part = Part::parse(&name);
        let part = match part {
            Some(part) => part,
            None if about.is_none() => return Err(no_backup()),
            None => return Err(damaged(&format!("{name} does not belong into it"))),
        };
        if about.is_none() != (part == Part::About) {
            return Err(damaged("its parts are in the wrong order"));
        }
        let mut body = Body {
            from: &mut *from,
            left: length,
            digest: Sha256::new(),
        };
        match &part {
            Part::About => about = Some(read_about(&mut body)?),
            Part::Sums => {}
            other => {
                has_store |= *other == Part::Store;
                take(other, &mut body)?;
            }
        }
        while body.left > 0 {
            body.read(&mut piece).map_err(|error| unreadable(&error))?;
        }
        let digest = body.digest.finalize();
        tar::skip_pad(from, length).map_err(|error| unreadable(&error))?;
        if part == Part::Sums {
            if digest != sums.finalize() {
                return Err(Error::invalid(
                    "This backup is damaged: its checksums are wrong.",
                ));
            }
            break;
        }
        sums.update(format!("{}  {name}\n", hex(&digest)));
    }
    match tar::next(from).map_err(|error| unreadable(&error))? {
        tar::Next::End => {}
        _ => return Err(damaged("something follows its end")),
    }
    if from.read(&mut piece).map_err(|error| unreadable(&error))? != 0 {
        return Err(damaged("something follows its end"));
    }
    match about {
        Some(about) if has_store => Ok(about),
        _ => Err(damaged("there is no store in it")),
    }
}

fn read_about(body: &mut Body<'_>) -> Result<About, Error> {
    /// What all formats have in common.
    #[derive(serde::Deserialize)]
    struct Version {
        format: u32,
        program: String,
    }
    let mut text = Vec::new();
    body.take(ABOUT_BYTES_MAX)
        .read_to_end(&mut text)
        .map_err(|error| unreadable(&error))?;
    let version: Version = serde_json::from_slice(&text)
        .map_err(|_| damaged("what it says of itself makes no sense"))?;
    if version.format > FORMAT {
        return Err(Error::Invalid(format!(
            "This backup was made by a newer Pumphouse, {}. Restore it with that version or a later one.",
            version.program
        )));
    }
    serde_json::from_slice(&text).map_err(|_| damaged("what it says of itself makes no sense"))
}

/// One file of the archive.
struct Body<'a> {
    from: &'a mut dyn Read,
    left: u64,
    digest: Sha256,
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.left).map_or(into.len(), |left| left.min(into.len()));
        let into = into.get_mut(..length).unwrap_or_default();
        let read = self.from.read(into)?;
        if read == 0 && !into.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.digest.update(into.get(..read).unwrap_or_default());
        self.left -= read as u64;
        Ok(read)
    }
}

fn no_backup() -> Error {
    Error::invalid("This file is no backup of a Pumphouse.")
}

fn damaged(why: &str) -> Error {
    Error::Invalid(format!("This backup is damaged: {why}."))
}

/// What a failure to read says of a backup. Readers below that know more put an [`Error`]'s sentence into it.
pub(super) fn unreadable(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::invalid("This backup is damaged: it is cut short."),
        io::ErrorKind::InvalidData => damaged(&error.to_string()),
        _ => Error::Invalid(format!("This backup cannot be read: {error}.")),
    }
}
