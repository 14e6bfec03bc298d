//! A directory with what pump.io's databank holds, as its three drivers leave it: for each type either `TYPE.json`, which
//! `mongoexport` wrote in any of its forms; or `TYPE.redis`, lines of key, tabulator and value; or a directory `TYPE` of the disk driver, with a file
//! for each record, named by a hash. Beside them `uploads/` with the files. Reads one record at a time.

use super::broken;
use super::record::{Record, file_name, of_disk, of_mongo, of_redis};
use super::stretches::{self, Stretch};
use crate::domain::archives::Halt;
use crate::error::Error;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Largest record that is read, in bytes: MongoDB's own bound.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// How deep the disk driver's directories are looked into; it makes three.
const DEPTH_MAX: usize = 9;

/// The directory with the files that people uploaded.
const UPLOADS: &str = "uploads";

/// A dump.
#[derive(Debug)]
pub struct Dump {
    root: PathBuf,
    kinds: BTreeMap<String, Form>,
    strangers: Vec<String>,
}

/// How the records of one type are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Mongo,
    Redis,
    Disk,
}

/// Where a record is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// In a file of lines: in which line, and from which byte on.
    Line { number: u64, start: u64 },
    /// In a file of documents that are no lines: which it is, and from which byte on.
    Stretch { number: u64, start: u64 },
    /// In a file of its own.
    File(PathBuf),
}

/// A record, or why what stands in its place is none.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    /// Its length, in bytes.
    pub(super) bytes: usize,
    pub(super) record: Result<Record, String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line { number, .. } => write!(f, "line {number}"),
            Place::Stretch { number, .. } => write!(f, "document {number}"),
            Place::File(path) => path.display().fmt(f),
        }
    }
}

impl Dump {
    /// Looks what there is. Refuses a directory that is none, and one without accounts.
    pub fn open(root: &Path) -> Result<Dump, Error> {
        let cannot =
            |error: io::Error| Error::Invalid(format!("Cannot read {}: {error}.", root.display()));
        let mut dump = Dump {
            root: root.to_owned(),
            kinds: BTreeMap::new(),
            strangers: Vec::new(),
        };
        for entry in fs::read_dir(root).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_directory = fs::metadata(entry.path()).map_err(cannot)?.is_dir();
            if name.starts_with('.') || (is_directory && name == UPLOADS) {
                continue;
            }
            let (kind, form) = match (is_directory, name.rsplit_once('.')) {
                (true, _) => (name.clone(), Form::Disk),
                (false, Some((kind, "json"))) => (kind.to_owned(), Form::Mongo),
                (false, Some((kind, "redis"))) => (kind.to_owned(), Form::Redis),
                // mongodump's, and other things that lie around.
                (false, _) => {
                    dump.strangers.push(name);
                    continue;
                }
            };
            if dump.kinds.insert(kind.clone(), form).is_some() {
                return Err(Error::Invalid(format!(
                    "In {} the records of the type {kind} are there twice. Leave only one of them.",
                    root.display()
                )));
            }
        }
        dump.strangers.sort();
        if !dump.kinds.contains_key("user") {
            return Err(Error::Invalid(format!(
                "There are no accounts in {}: neither user.json nor user.redis nor a directory user. The manual says how to \
                 make a dump of pump.io's databank (README.md, \"From pump.io\").",
                root.display()
            )));
        }
        Ok(dump)
    }

    /// The types that there are, in order.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// What lies there and is none of a dump.
    pub(super) fn strangers(&self) -> impl Iterator<Item = &str> {
        self.strangers.iter().map(String::as_str)
    }

    /// Where the uploaded files are.
    pub(super) fn uploads(&self) -> PathBuf {
        self.root.join(UPLOADS)
    }

    /// Whether records of a type are found by their primary key.
    pub(super) fn finds(&self, kind: &str) -> bool {
        self.kinds.get(kind) == Some(&Form::Disk)
    }

    /// Visits all records of a type; none where there is no such type.
    pub(super) fn each(
        &self,
        kind: &str,
        visit: &mut dyn FnMut(Found) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        match self.kinds.get(kind) {
            None => Ok(()),
            Some(Form::Disk) => self.walk(kind, &self.root.join(kind), 0, visit),
            Some(form) => {
                let mut from = BufReader::new(self.open_lines(kind, *form)?);
                let beginning = from.fill_buf().map_err(|error| unread(kind, &error))?;
                match *form == Form::Mongo && stretches::is_so(beginning) {
                    true => self.each_stretch(kind, from, visit),
                    false => self.each_line(kind, *form, from, visit),
                }
            }
        }
    }

    fn each_line(
        &self,
        kind: &str,
        form: Form,
        mut lines: BufReader<File>,
        visit: &mut dyn FnMut(Found) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let (mut number, mut start) = (0, 0);
        while let Some((line, length)) = self.line(kind, &mut lines)? {
            number += 1;
            let place = Place::Line { number, start };
            start += length;
            if line.as_ref().is_ok_and(|line| line.trim_ascii().is_empty()) {
                continue;
            }
            let bytes = line.as_ref().map_or(0, Vec::len);
            let record = line.and_then(|line| form.read(kind, &line));
            visit(Found {
                place,
                bytes,
                record,
            })?;
        }
        Ok(())
    }

    fn each_stretch(
        &self,
        kind: &str,
        mut from: BufReader<File>,
        visit: &mut dyn FnMut(Found) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let (mut number, mut start) = (0, 0);
        loop {
            let next = stretches::next(&mut from, RECORD_BYTES_MAX);
            let Some(stretch) = next.map_err(|error| unread(kind, &error))? else {
                return Ok(());
            };
            number += 1;
            start += stretch.before;
            let place = Place::Stretch { number, start };
            start += stretch.length;
            visit(Found {
                place,
                bytes: stretch.text.as_ref().map_or(0, Vec::len),
                record: of_stretch(kind, stretch),
            })?;
        }
    }

    /// Reads a record again.
    pub(super) fn at(&self, kind: &str, place: &Place) -> Result<Result<Record, String>, Halt> {
        match place {
            Place::File(path) => self.file(kind, path),
            Place::Stretch { start, .. } => {
                let mut file = self.open_lines(kind, Form::Mongo)?;
                file.seek(SeekFrom::Start(*start)).map_err(broken)?;
                let next = stretches::next(&mut BufReader::new(file), RECORD_BYTES_MAX);
                let next = next.map_err(|error| unread(kind, &error))?;
                Ok(next.map_or(Err("it is gone".to_owned()), |stretch| {
                    of_stretch(kind, stretch)
                }))
            }
            Place::Line { start, .. } => {
                let Some(form) = self.kinds.get(kind) else {
                    return Ok(Err("it is gone".to_owned()));
                };
                let mut file = self.open_lines(kind, *form)?;
                file.seek(SeekFrom::Start(*start)).map_err(broken)?;
                let line = self.line(kind, &mut BufReader::new(file))?;
                let (line, _) = line.unwrap_or((Ok(Vec::new()), 0));
                Ok(line.and_then(|line| form.read(kind, &line)))
            }
        }
    }

    /// The record with this primary key, where [`Dump::finds`] it.
    pub(super) fn find(&self, kind: &str, id: &str) -> Result<Result<Record, String>, Halt> {
        let name = file_name(id);
        let mut directory = self.root.join(kind);
        for depth in 0..=DEPTH_MAX {
            let path = directory.join(format!("{name}.json"));
            if path.exists() {
                return self.file(kind, &path);
            }
            match name.get(..=depth) {
                Some(beginning) => directory.push(beginning),
                None => break,
            }
        }
        Ok(Err("it is not in the dump".to_owned()))
    }

    fn open_lines(&self, kind: &str, form: Form) -> Result<File, Halt> {
        let ending = match form {
            Form::Redis => "redis",
            _ => "json",
        };
        let path = self.root.join(format!("{kind}.{ending}"));
        File::open(&path)
            .map_err(|error| broken(format_args!("Cannot read {}: {error}.", path.display())))
    }

    /// The next line and its length with its end; nothing at the end of the file.
    #[expect(
        clippy::type_complexity,
        reason = "a line, or why it is none, and its length"
    )]
    fn line(
        &self,
        kind: &str,
        lines: &mut BufReader<File>,
    ) -> Result<Option<(Result<Vec<u8>, String>, u64)>, Halt> {
        let cannot = |error: io::Error| unread(kind, &error);
        let mut line = Vec::new();
        let bound = RECORD_BYTES_MAX as u64 + 1;
        let read = lines
            .by_ref()
            .take(bound)
            .read_until(b'\n', &mut line)
            .map_err(cannot)?;
        if read == 0 {
            return Ok(None);
        }
        let mut length = read as u64;
        if line.last() == Some(&b'\n') {
            line.pop();
            return Ok(Some((Ok(line), length)));
        }
        if line.len() <= RECORD_BYTES_MAX {
            return Ok(Some((Ok(line), length)));
        }
        // The rest of it is passed over piece by piece.
        loop {
            let piece = lines.fill_buf().map_err(cannot)?;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(piece.len(), |end| end + 1);
            if passed == 0 {
                break;
            }
            lines.consume(passed);
            length += passed as u64;
            if end.is_some() {
                break;
            }
        }
        Ok(Some((Err(too_long()), length)))
    }

    fn walk(
        &self,
        kind: &str,
        directory: &Path,
        depth: usize,
        visit: &mut dyn FnMut(Found) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let cannot = |error: io::Error| {
            broken(format_args!(
                "Cannot read {}: {error}.",
                directory.display()
            ))
        };
        let mut below = Vec::new();
        for entry in fs::read_dir(directory).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let path = entry.path();
            match entry.file_type().map_err(cannot)?.is_dir() {
                true if depth < DEPTH_MAX => below.push(path),
                false if path.extension().is_some_and(|ending| ending == "json") => {
                    let record = self.file(kind, &path)?;
                    let bytes = fs::metadata(&path).map_or(0, |facts| facts.len());
                    visit(Found {
                        place: Place::File(path),
                        bytes: usize::try_from(bytes).unwrap_or(RECORD_BYTES_MAX),
                        record,
                    })?;
                }
                _ => {}
            }
        }
        below.sort();
        for directory in below {
            self.walk(kind, &directory, depth + 1, visit)?;
        }
        Ok(())
    }

    fn file(&self, kind: &str, path: &Path) -> Result<Result<Record, String>, Halt> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| {
            file.take(RECORD_BYTES_MAX as u64 + 1)
                .read_to_end(&mut bytes)
        });
        Ok(match read {
            Err(error) => Err(format!("it cannot be read: {error}")),
            Ok(_) if bytes.len() > RECORD_BYTES_MAX => Err(too_long()),
            Ok(_) => of_disk(kind, &bytes),
        })
    }
}

impl Form {
    fn read(self, kind: &str, line: &[u8]) -> Result<Record, String> {
        match self {
            Form::Mongo => of_mongo(kind, line),
            Form::Redis => of_redis(kind, line),
            Form::Disk => of_disk(kind, line),
        }
    }
}

fn of_stretch(kind: &str, stretch: Stretch) -> Result<Record, String> {
    let text = stretch.text.ok_or_else(too_long)?;
    of_mongo(kind, &text)
}

fn unread(kind: &str, error: &io::Error) -> Halt {
    broken(format_args!(
        "Cannot read the records of the type {kind}: {error}."
    ))
}

fn too_long() -> String {
    format!("it is longer than {} MiB", RECORD_BYTES_MAX >> 20)
}
