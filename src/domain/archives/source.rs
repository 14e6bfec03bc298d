//! A file that somebody brings: an archive that [`super::export`] wrote, or a collection of activities as JSON. Nothing of it
//! is believed, neither its names nor its lengths; files in it are found by their names, which never become names on disk.

use super::format::{self, Label, part};
use super::{Halt, items};
use crate::error::Error;
use serde_json::Value;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;
use zip::ZipArchive;
use zip::result::ZipError;

/// Longest table of contents of an archive, in bytes: it is held in memory, some 70 000 files.
const CONTENTS_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Longest part that is read as a whole, in bytes.
const PART_BYTES_MAX: u64 = 1024 * 1024;

/// How an archive ends, and how one ends that is very large: the marks of the ZIP format.
const END: &[u8] = b"PK\x05\x06";
const LARGE_END: &[u8] = b"PK\x06\x06";

/// A file that somebody brings.
pub struct Source(Form);

enum Form {
    Archive(ZipArchive<BufReader<Rationed>>),
    Collection(File),
}

/// A file from which only so much is read.
struct Rationed {
    file: File,
    left_bytes: Rc<Cell<u64>>,
}

impl Source {
    /// Looks at a file. 400 with a sentence for one that is neither an archive nor JSON, or not whole.
    pub fn open(mut file: File) -> Result<Source, Error> {
        let mut head = [0; 64];
        file.rewind().map_err(Error::internal)?;
        let read = file.read(&mut head).map_err(Error::internal)?;
        let head = head.get(..read).unwrap_or_default();
        if head.starts_with(b"PK") {
            return Ok(Source(Form::Archive(archive(file)?)));
        }
        match head.trim_ascii_start().first() {
            Some(b'{' | b'[') => Ok(Source(Form::Collection(file))),
            None => Err(Error::invalid("The file is empty.")),
            Some(_) => Err(Error::invalid(
                "This is no archive: send the ZIP file that was exported, as it is, or a collection of activities as JSON.",
            )),
        }
    }

    /// What an archive says of itself; nothing for a collection.
    pub(super) fn label(&mut self) -> Result<Option<Label>, Error> {
        if matches!(self.0, Form::Collection(_)) {
            return Ok(None);
        }
        let unknown = || {
            Error::invalid(
                "This ZIP file is no archive of a Pumphouse server: it has no right archive.json. Send the file as it was \
                 exported.",
            )
        };
        let label = self.value(part::LABEL)?.ok_or_else(unknown)?;
        let label: Label = serde_json::from_value(label).map_err(|_| unknown())?;
        if label.format != format::FORMAT {
            return Err(unknown());
        }
        if label.version > format::VERSION {
            return Err(Error::Invalid(format!(
                "A newer Pumphouse made this archive (version {} of its form; this server knows {}). Update this server first.",
                label.version,
                format::VERSION
            )));
        }
        Ok(Some(label))
    }

    /// A small part as a whole; nothing if it is not there.
    pub(super) fn value(&mut self, name: &str) -> Result<Option<Value>, Error> {
        let Some((_, part)) = self.part(name)? else {
            return Ok(None);
        };
        let mut text = Vec::new();
        let read = part.take(PART_BYTES_MAX).read_to_end(&mut text);
        read.map_err(|error| unreadable(name, &error))?;
        let value = serde_json::from_slice(&text);
        value
            .map(Some)
            .map_err(|error| Error::Invalid(format!("{name} is not right: {error}.")))
    }

    /// Hands over the items of a part, with their lengths in bytes. A part that is not there has none; a collection is its
    /// own feed.
    pub(super) fn each(
        &mut self,
        name: &str,
        each: &mut dyn FnMut(Value, u64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        if let Form::Collection(file) = &mut self.0 {
            if name == part::FEED {
                file.rewind()?;
                return items::each(file, "The file", each);
            }
            return Ok(());
        }
        match self.part(name)? {
            Some((_, part)) => items::each(part, name, each),
            None => Ok(()),
        }
    }

    /// Whether there is such a part, and how long it says it is, in bytes.
    pub(super) fn bytes_of(&mut self, name: &str) -> Result<Option<u64>, Error> {
        Ok(self.part(name)?.map(|(bytes, _)| bytes))
    }

    /// A part, to be read, and how long it says it is.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<(u64, impl Read + '_)>, Error> {
        let Form::Archive(archive) = &mut self.0 else {
            return Ok(None);
        };
        match archive.by_name(name) {
            Ok(part) => Ok(Some((part.size(), part))),
            Err(ZipError::FileNotFound) => Ok(None),
            Err(error) => Err(unreadable(name, &error)),
        }
    }
}

/// Opens an archive whose table of contents is not too long. That is looked at first, because the table is held in memory.
fn archive(mut file: File) -> Result<ZipArchive<BufReader<Rationed>>, Error> {
    let bytes = contents_bytes(&mut file).map_err(Error::internal)?;
    let too_many = || Error::invalid("This archive has too many files.");
    match bytes {
        None => return Err(cut_off()),
        Some(bytes) if bytes > CONTENTS_BYTES_MAX => return Err(too_many()),
        Some(_) => {}
    }
    let left_bytes = Rc::new(Cell::new(2 * CONTENTS_BYTES_MAX));
    let rationed = Rationed {
        file,
        left_bytes: Rc::clone(&left_bytes),
    };
    let opened = ZipArchive::new(BufReader::new(rationed));
    let is_used_up = left_bytes.replace(u64::MAX) == 0;
    opened.map_err(|error| match error {
        _ if is_used_up => too_many(),
        ZipError::Io(error) => Error::internal(error),
        _ => cut_off(),
    })
}

fn cut_off() -> Error {
    Error::invalid(
        "This archive is not whole: its end is missing or damaged. Copy or download it again, and try again.",
    )
}

fn unreadable(name: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Invalid(format!(
        "{name} in the archive cannot be read ({error}). Is the file damaged?"
    ))
}

/// How long the table of contents says it is; nothing if the file does not end as archives do.
fn contents_bytes(file: &mut File) -> io::Result<Option<u64>> {
    const TAIL_BYTES: u64 = 128 * 1024;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    // Other programs may believe an earlier end: the longest table counts.
    let ends = |mark: &'static [u8]| {
        let windows = tail.windows(mark.len()).enumerate();
        windows.filter(move |(_, window)| *window == mark)
    };
    let number = |at: usize, bytes: usize| {
        let bytes = tail.get(at..at + bytes)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    };
    let small = ends(END).filter_map(|(at, _)| number(at + 12, 4));
    let small = small.map(|bytes| {
        if bytes == u64::from(u32::MAX) {
            0
        } else {
            bytes
        }
    });
    let large = ends(LARGE_END).filter_map(|(at, _)| number(at + 40, 8));
    Ok(small.chain(large).max())
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left_bytes.get();
        if left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.file.read(buffer)?;
        if left != u64::MAX {
            self.left_bytes.set(left.saturating_sub(read as u64));
        }
        Ok(read)
    }
}

impl Seek for Rationed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
