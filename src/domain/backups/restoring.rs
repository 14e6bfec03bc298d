//! Putting a backup in place. It is unpacked and compared beside what is there, in `restoring/`; only when all of it is right
//! and on disk does that become `restored/`, and then its parts take their places. A cut before that leaves everything as it
//! was, a cut after it is made good by [`settle`] at the next start.

use super::reading::{self, DUMP_MAGIC};
use super::{About, Part};
use crate::app::App;
use crate::config::Config;
use crate::domain::sweep;
use crate::error::Error;
use crate::media::Blobs;
use crate::store::engine::sled::Sled;
use crate::store::engine::{self, compact};
use crate::store::{Store, meta, users};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Where a backup is unpacked.
const HALF: &str = "restoring";

/// What is whole and takes its place.
const WHOLE: &str = "restored";

/// What a backup brings, in the order in which it takes its place: the store is what makes a server of the rest.
const PARTS: [&str; 3] = ["certificates", "uploads", "store"];

/// Bytes that are copied at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Accounts that are read at once.
const PAGE_USERS: usize = 200;

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What the backup says of itself; nothing where it is one of a release before 0.2, which holds the store alone.
    pub about: Option<About>,
    /// The base URL of the site.
    pub base: Option<String>,
    /// How many accounts there are.
    pub people: usize,
}

/// Brings a data directory back to one state after a cut, and answers whether a backup took its place. Needs the directory's
/// lock, before anything in it is opened.
pub fn settle(datadir: &Path) -> io::Result<bool> {
    remove(&datadir.join(HALF))?;
    let whole = datadir.join(WHOLE);
    if !is_waiting(datadir) {
        return Ok(false);
    }
    for part in PARTS {
        let (new, place) = (whole.join(part), datadir.join(part));
        if new.exists() {
            remove(&place)?;
            fs::rename(&new, &place)?;
            sync_directory(datadir)?;
        }
    }
    remove(&whole)?;
    sync_directory(datadir)?;
    Ok(true)
}

/// Whether a backup is whole on the disk and takes its place at the next [`settle`].
pub fn is_waiting(datadir: &Path) -> bool {
    datadir.join(WHOLE).exists()
}

/// Refuses where a backup would take the place of something. `store` is the one of the directory, if it has one.
pub fn check_empty(store: Option<&Store>, datadir: &Path) -> Result<(), Error> {
    let has_people = match store {
        Some(store) => !users::list(store, None, 1)?.is_empty(),
        None => false,
    };
    if has_people {
        return Err(Error::Conflict(format!(
            "There are accounts in {} already, and nothing overwrites them. Choose an empty directory with --datadir, or move \
             that one away first.",
            datadir.display()
        )));
    }
    if !sweep::files(&Blobs::at(datadir))?.is_empty() {
        return Err(Error::Conflict(format!(
            "There are uploaded files in {} already, and nothing overwrites them. Move that directory away first.",
            datadir.join("uploads").display()
        )));
    }
    Ok(())
}

/// Unpacks a backup beside what is in the data directory, compares all of it, and makes it what the next [`settle`] puts in
/// place. Whatever is wrong with it leaves the directory as it was.
pub fn unpack(from: &mut dyn BufRead, config: &Config) -> Result<Restored, Error> {
    let datadir = &config.datadir;
    let half = datadir.join(HALF);
    let outcome = fill(from, config, &half).and_then(|restored| {
        let moved = sync_all(&half)
            .and_then(|()| fs::rename(&half, datadir.join(WHOLE)))
            .and_then(|()| sync_directory(datadir));
        moved.map(|()| restored).map_err(|error| unwritable(&error))
    });
    if outcome.is_err()
        && let Err(error) = remove(&half)
    {
        log::warn!("cannot remove {}: {error}", half.display());
    }
    outcome
}

fn fill(from: &mut dyn BufRead, config: &Config, half: &Path) -> Result<Restored, Error> {
    remove(half).map_err(|error| unwritable(&error))?;
    make_directory(half).map_err(|error| unwritable(&error))?;
    let store = half.join("store");
    let start = from
        .fill_buf()
        .map_err(|error| reading::unreadable(&error))?;
    let about = if start.starts_with(DUMP_MAGIC) {
        compact::restore(from, &store).map_err(of_store)?;
        None
    } else {
        let blobs = Blobs::open(half)?;
        let mut piece = vec![0; PIECE_BYTES];
        Some(reading::each(from, &mut |part, body| match part {
            Part::Store => compact::restore(body, &store).map(|_| ()).map_err(of_store),
            Part::Certificate(name) => certificate(half, name, body),
            Part::Upload(name, variant) => {
                let mut spool = blobs.spool(u64::MAX)?;
                loop {
                    let read = body
                        .read(&mut piece)
                        .map_err(|error| reading::unreadable(&error))?;
                    match piece.get(..read) {
                        Some(bytes) if !bytes.is_empty() => spool.write(bytes)?,
                        _ => return Ok(blobs.put_back(*name, *variant, spool)?),
                    }
                }
            }
            Part::About | Part::Sums => Ok(()),
        })?)
    };
    examine(config, half, about)
}

/// Opens what was unpacked as the server would.
fn examine(config: &Config, half: &Path, about: Option<About>) -> Result<Restored, Error> {
    let store = Store::on(Box::new(Sled::open(&half.join("store")).map_err(of_store)?));
    let store = store.map_err(of_store)?;
    let site = meta::site(&store)?;
    let has_uploads = about.is_some();
    let mut people = 0;
    let mut after = None;
    loop {
        let page = users::list(&store, after, PAGE_USERS)?;
        people += page.len();
        match page.last() {
            Some((last, _)) => after = Some(*last),
            None => break,
        }
    }
    if has_uploads {
        // Files that came while the backup was made are named by nothing in it.
        let blobs = Blobs::at(half);
        let files = sweep::files(&blobs)?;
        let beside = Config {
            datadir: half.to_owned(),
            ..config.clone()
        };
        let app = App::new(beside, store, blobs);
        sweep::sweep(&app, files)?;
        app.store.engine().close()?;
    } else {
        store.engine().close()?;
    }
    Ok(Restored {
        about,
        base: site
            .and_then(|site| site.base)
            .map(|base| base.url().to_owned()),
        people,
    })
}

fn certificate(half: &Path, name: &str, body: &mut dyn Read) -> Result<(), Error> {
    let directory = half.join("certificates");
    make_directory(&directory).map_err(|error| unwritable(&error))?;
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes)
        .map_err(|error| reading::unreadable(&error))?;
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(directory.join(name))
        .and_then(|mut file| file.write_all(&bytes));
    written.map_err(|error| unwritable(&error))
}

fn of_store(error: engine::Error) -> Error {
    match error {
        engine::Error::Corrupt(why) | engine::Error::Io(why) => {
            Error::Invalid(format!("This backup is damaged: {why}."))
        }
        engine::Error::Newer { .. } => Error::invalid(
            "This backup was made by a newer Pumphouse. Restore it with that version or a later one.",
        ),
        other => other.into(),
    }
}

fn unwritable(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull => Error::Full,
        _ => Error::Busy(format!("The data directory cannot be written: {error}.")),
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Brings everything on a file system to the disk.
fn sync_all(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(path)?)?)
}
