//! Making a backup: the state of the store at one moment, then the files that it names, while the server goes on. The
//! store's state is written into a file of its own first, so that nobody's write waits for a slow stick or a slow line;
//! files that are deleted meanwhile stay until the backup is made ([`Hold`]).

use super::age::{self, Sealing};
use super::{About, FORMAT, Part, hex, is_plain, tar};
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::media::{BlobName, Hold, Spool, Variant};
use crate::store::engine;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs;
use std::io::{self, BufWriter, PipeReader, Read, Seek as _, Write};
use std::sync::Arc;
use std::thread;

/// Largest dump of a store, and longest list of checksums, in bytes.
const DUMP_BYTES_MAX: u64 = 1 << 40;

/// Largest file of a certificate, in bytes.
const CERTIFICATE_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes that are copied at once.
const PIECE_BYTES: usize = 256 * 1024;

/// The state of a moment, ready to be written.
pub struct Snapshot {
    about: About,
    about_text: Vec<u8>,
    dump: Spool,
    sums: Spool,
    sums_bytes: u64,
    certificates: Vec<(String, Vec<u8>)>,
    uploads: Vec<BlobName>,
    made: Timestamp,
    hold: Hold,
}

/// Why a backup was not written.
#[derive(Debug)]
pub enum Fault {
    /// Where it was written to takes no more.
    Target(io::Error),
    /// What was to be written cannot be read.
    Source(Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Target(error) => error.fmt(f),
            Fault::Source(error) => error.fmt(f),
        }
    }
}

impl Snapshot {
    /// Takes the state of now. 503 while another one is taken, 507 where there is no room for it.
    pub fn take(app: &App, now: Timestamp) -> Result<Snapshot, Error> {
        let hold = app.blobs.hold()?;
        let dump = dump(app)?;
        let mut counted = Counted::default();
        counted.add(&Part::Store, dump.bytes_len());
        let certificates = certificates(app)?;
        for (name, bytes) in &certificates {
            counted.add(&Part::Certificate(name.clone()), bytes.len() as u64);
        }
        let uploads = app.blobs.originals()?;
        let mut files = 0;
        for name in &uploads {
            for variant in Variant::ALL {
                if let Some(blob) = app.blobs.open_held(*name, variant)? {
                    counted.add(&Part::Upload(*name, variant), blob.bytes_len);
                    files += 1;
                }
            }
        }
        let mut about = About {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made: now.to_string(),
            site: app.site_name(),
            base: crate::store::meta::site(&app.store)?
                .and_then(|site| site.base)
                .map(|base| base.url().to_owned()),
            files,
            bytes: 0,
        };
        let (about_text, bytes) = counted.finish(&mut about)?;
        about.bytes = bytes;
        Ok(Snapshot {
            about,
            about_text,
            dump,
            sums: app.blobs.spool(DUMP_BYTES_MAX)?,
            sums_bytes: counted.sums_bytes,
            certificates,
            uploads,
            made: now,
            hold,
        })
    }

    /// What it is; its length among other things.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Length of what [`Snapshot::stream`] gives, in bytes.
    pub fn streamed_bytes(&self, is_encrypted: bool) -> u64 {
        match is_encrypted {
            true => age::sealed_bytes(self.about.bytes),
            false => self.about.bytes,
        }
    }

    /// Has it written on a thread of its own, into a pipe. Whoever reads from it sees from the length whether it is whole.
    pub fn stream(self, app: Arc<App>, passphrase: Option<String>) -> io::Result<PipeReader> {
        let (reader, writer) = io::pipe()?;
        thread::Builder::new()
            .name("backup".to_owned())
            .spawn(move || {
                let mut out = BufWriter::with_capacity(PIECE_BYTES, writer);
                let written = match passphrase {
                    None => self.write(&app, &mut out),
                    Some(passphrase) => Sealing::begin(out, &passphrase)
                        .map_err(Fault::Target)
                        .and_then(|mut sealing| {
                            self.write(&app, &mut sealing)?;
                            sealing.finish().map(|_| ()).map_err(Fault::Target)
                        }),
                };
                if let Err(fault) = written {
                    log::warn!("a backup was not downloaded to its end: {fault}");
                }
            })?;
        Ok(reader)
    }

    /// Writes it, piece by piece.
    pub fn write(self, app: &App, out: &mut dyn Write) -> Result<(), Fault> {
        let mut dump = self.dump.reader().map_err(inside)?;
        let mut sums = self.sums.reader().map_err(inside)?;
        let mut writing = Writing {
            out,
            sums: Sums(BufWriter::with_capacity(PIECE_BYTES, Into(self.sums))),
            piece: vec![0; PIECE_BYTES],
            made: self.made,
        };
        let length = self.about_text.len() as u64;
        writing.part(&Part::About, length, &mut &*self.about_text)?;
        writing.part(&Part::Store, self.dump.bytes_len(), &mut dump)?;
        for (name, bytes) in &self.certificates {
            let part = Part::Certificate(name.clone());
            writing.part(&part, bytes.len() as u64, &mut &**bytes)?;
        }
        for name in &self.uploads {
            for variant in Variant::ALL {
                let blob = app.blobs.open_held(*name, variant);
                if let Some(mut blob) = blob.map_err(inside)? {
                    let part = Part::Upload(*name, variant);
                    writing.part(&part, blob.bytes_len, &mut blob.file)?;
                }
            }
        }
        writing.sums.0.flush().map_err(inside)?;
        sums.rewind().map_err(inside)?;
        writing.file(&Part::Sums, self.sums_bytes, &mut sums)?;
        tar::end(writing.out).map_err(Fault::Target)?;
        writing.out.flush().map_err(Fault::Target)?;
        drop(self.hold);
        Ok(())
    }
}

fn inside(error: impl std::convert::Into<InsideError>) -> Fault {
    Fault::Source(error.into().0)
}

/// What can go wrong with the server's own files.
struct InsideError(Error);

impl From<io::Error> for InsideError {
    fn from(error: io::Error) -> InsideError {
        InsideError(match error.kind() {
            io::ErrorKind::StorageFull => Error::Full,
            _ => Error::internal(error),
        })
    }
}

impl From<crate::media::Error> for InsideError {
    fn from(error: crate::media::Error) -> InsideError {
        InsideError(error.into())
    }
}

/// The store as a file, which goes away with its value.
fn dump(app: &App) -> Result<Spool, Error> {
    let mut out = BufWriter::with_capacity(PIECE_BYTES, Into(app.blobs.spool(DUMP_BYTES_MAX)?));
    let exported = app.store.engine().export(&mut out);
    exported.map_err(|error| match error {
        engine::Error::Full => Error::Full,
        other => other.into(),
    })?;
    let spool = out.into_inner().map_err(|error| match error.error() {
        error if error.kind() == io::ErrorKind::StorageFull => Error::Full,
        error => Error::internal(error),
    })?;
    Ok(spool.0)
}

/// Certificates and their keys: a handful of small files.
fn certificates(app: &App) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let directory = app.config.datadir.join("certificates");
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::internal(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::internal)?;
        let facts = entry.metadata().map_err(Error::internal)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if facts.is_file() && facts.len() <= CERTIFICATE_BYTES_MAX && is_plain(&name) {
            let bytes = fs::read(entry.path()).map_err(Error::internal)?;
            found.push((name, bytes));
        }
    }
    found.sort();
    Ok(found)
}

/// How long the archive will be.
#[derive(Default)]
struct Counted {
    bytes: u64,
    sums_bytes: u64,
}

impl Counted {
    fn add(&mut self, part: &Part, bytes: u64) {
        self.bytes += tar::taken_bytes(bytes);
        self.sums_bytes += line_bytes(part);
    }

    /// Adds what is always there; the text tells the length of the whole, itself included.
    fn finish(&mut self, about: &mut About) -> Result<(Vec<u8>, u64), Error> {
        self.sums_bytes += line_bytes(&Part::About);
        let before = self.bytes + tar::taken_bytes(self.sums_bytes) + tar::FRAME_BYTES;
        // A text that grows by the digits of its own length seldom needs another block, and then once.
        loop {
            let mut text = serde_json::to_vec_pretty(about).map_err(Error::internal)?;
            text.push(b'\n');
            let all = before + tar::taken_bytes(text.len() as u64);
            if about.bytes == all {
                return Ok((text, all));
            }
            about.bytes = all;
        }
    }
}

fn line_bytes(part: &Part) -> u64 {
    (2 * <Sha256 as Digest>::output_size() + 2 + part.name().len() + 1) as u64
}

struct Writing<'a> {
    out: &'a mut dyn Write,
    sums: Sums,
    piece: Vec<u8>,
    made: Timestamp,
}

/// The list of checksums, on its way into a file.
struct Sums(BufWriter<Into>);

impl Writing<'_> {
    /// Writes a file and notes its checksum.
    fn part(&mut self, part: &Part, bytes: u64, from: &mut dyn Read) -> Result<(), Fault> {
        let digest = self.file(part, bytes, from)?;
        let line = format!("{}  {}\n", hex(&digest), part.name());
        self.sums.0.write_all(line.as_bytes()).map_err(inside)
    }

    fn file(&mut self, part: &Part, bytes: u64, from: &mut dyn Read) -> Result<Vec<u8>, Fault> {
        let header = tar::header(&part.name(), bytes, self.made).map_err(inside)?;
        self.out.write_all(&header).map_err(Fault::Target)?;
        let mut digest = Sha256::new();
        let mut from = from.take(bytes);
        let mut left = bytes;
        while left > 0 {
            let length = from.read(&mut self.piece).map_err(inside)?;
            let piece = self.piece.get(..length).unwrap_or_default();
            if piece.is_empty() {
                let why = format!("{} is shorter than it was", part.name());
                return Err(Fault::Source(Error::internal(why)));
            }
            digest.update(piece);
            self.out.write_all(piece).map_err(Fault::Target)?;
            left -= length as u64;
        }
        tar::pad(self.out, bytes).map_err(Fault::Target)?;
        Ok(digest.finalize().to_vec())
    }
}

/// Writes into a file that is bounded, and leaves room on its disk.
struct Into(Spool);

impl Write for Into {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.write(piece).map_err(|error| match error {
            crate::media::Error::Full => io::ErrorKind::StorageFull.into(),
            other => io::Error::other(other),
        })?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
