//! Later versions of the program on a ready-made box, on the owner's side: a package is uploaded or fetched from an address that the
//! owner configured, checked, kept in the data directory, and handed over with a request. What changes the program is a unit that
//! runs as root, which checks it again (`commands/appliance/update.rs`): this server cannot change itself.

mod package;

pub use package::{Here, KEY_BYTES_MAX, PACKAGE_BYTES_MAX, Package, Version, key, open};

use crate::app::App;
use crate::appliance::disk;
use crate::appliance::versions::{Outcome, Versions};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::domain::bell::Bell;
use crate::error::Error;
use minisign_verify::PublicKey;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// The directory in the data directory.
const DIRECTORY: &str = "update";

/// The package in it.
pub const PACKAGE: &str = "package.tar";

/// What the unit looks for.
pub const REQUEST: &str = "request";

/// How the last look at the address went.
const LOOKED: &str = "looked.json";

/// Most of a record that is read, in bytes.
const RECORD_BYTES_MAX: u64 = 16 * 1024;

/// How often the address is looked at, in seconds.
const LOOK_SECS: i64 = 24 * 3600;

/// When a look that failed is repeated, in seconds.
const RETRY_SECS: i64 = 6 * 3600;

/// Longest time that a package may take to arrive.
const FETCH_TIME_MAX: Duration = Duration::from_secs(1800);

/// What a running server knows of updates.
#[derive(Default)]
pub struct Updates {
    /// Rung when the address shall be looked at now.
    pub bell: Bell,
    /// Whether it shall; and one at a time writes a package.
    is_wanted: Mutex<bool>,
}

/// What the unit is asked for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Request {
    /// Whether an older version is wanted.
    pub may_be_older: bool,
}

/// A package that waits for the owner's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its version.
    pub version: String,
    /// Whether it is older than what runs.
    pub is_older: bool,
}

/// How the last look at the address went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// When it was.
    pub at: Option<Timestamp>,
    /// What the address called what it gave (RFC 9110 §8.8.3).
    etag: Option<String>,
    /// What went wrong.
    pub problem: Option<String>,
}

/// How updates stand.
#[derive(Debug)]
pub struct State {
    /// A package that waits.
    pub offer: Option<Offer>,
    /// Whether the unit was asked and is not done.
    pub is_busy: bool,
    /// What the last update came to.
    pub outcome: Option<Outcome>,
    /// How the last look at the address went.
    pub looked: Looked,
}

/// Whether this server runs on a box that updates it.
pub fn is_possible(config: &Config) -> bool {
    config.versions.is_some()
}

/// How updates stand; 404 where there are none.
pub fn state(config: &Config) -> Result<State, Error> {
    let versions = config.versions.as_deref().ok_or_else(missing)?;
    let versions = Versions::in_directory(versions);
    let directory = config.datadir.join(DIRECTORY);
    let is_requested = directory.join(REQUEST).exists();
    let offer = kept(&directory.join("offer.json"));
    let is_here = |offer: &Offer| offer.version != Here::is().version.to_string();
    Ok(State {
        offer: offer.filter(|offer| is_here(offer) && directory.join(PACKAGE).exists()),
        is_busy: is_requested || versions.trying().is_some(),
        outcome: versions.outcome(),
        looked: kept(&directory.join(LOOKED)).unwrap_or_default(),
    })
}

fn missing() -> Error {
    Error::not_found("This server is not updated by itself: whoever installed it updates it.")
}

/// The key by which packages are signed.
pub fn key_in(path: Option<&Path>) -> Result<PublicKey, Error> {
    let text = path.and_then(|path| disk::read(path, KEY_BYTES_MAX).ok().flatten());
    key(&text.unwrap_or_default())
}

/// Checks a package and keeps it for the owner's word. 400 with what is wrong; 507 where there is no room.
pub fn offer(app: &App, from: File, may_be_older: bool) -> Result<Offer, Error> {
    let config = &app.config;
    let state = state(config)?;
    if state.is_busy {
        return Err(busy());
    }
    let key = key_in(config.update_key.as_deref())?;
    let here = Here::is();
    let mut again = from.try_clone().map_err(Error::internal)?;
    let package = open(&mut BufReader::new(from), &key, here, may_be_older)?;
    let offer = Offer {
        version: package.version.to_string(),
        is_older: package.version < here.version,
    };
    drop(package);
    io::Seek::rewind(&mut again).map_err(Error::internal)?;
    let _one = app.updates.is_wanted.lock();
    let directory = config.datadir.join(DIRECTORY);
    keep_package(&directory, &mut again).map_err(told)?;
    keep(&directory.join("offer.json"), &offer).map_err(told)?;
    Ok(offer)
}

/// The package, whole or not at all.
fn keep_package(directory: &Path, from: &mut dyn Read) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    disk::remove(&directory.join("offer.json"))?;
    let half = directory.join(".package.new");
    disk::remove(&half)?;
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&half)?;
    let copied = io::copy(from, &mut file)
        .and_then(|_| file.sync_all())
        .and_then(|()| fs::rename(&half, directory.join(PACKAGE)))
        .and_then(|()| disk::sync_directory(&half));
    if copied.is_err() {
        disk::remove(&half)?;
    }
    copied
}

fn told(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
        _ => Error::internal(error),
    }
}

fn busy() -> Error {
    Error::Conflict("An update is being installed already.".to_owned())
}

/// Asks the unit to install the package that waits. 404 where none does, 409 where one is being installed.
pub fn install(app: &App) -> Result<(), Error> {
    let state = state(&app.config)?;
    if state.is_busy {
        return Err(busy());
    }
    let offer = state
        .offer
        .ok_or_else(|| Error::not_found("There is no version that waits. Get one first."))?;
    let request = Request {
        may_be_older: offer.is_older,
    };
    let path = app.config.datadir.join(DIRECTORY).join(REQUEST);
    keep(&path, &request).map_err(told)
}

/// Asks for a look at the address now.
pub fn want(app: &App) {
    if let Ok(mut is_wanted) = app.updates.is_wanted.lock() {
        *is_wanted = true;
    }
    app.updates.bell.ring();
}

/// Looks at the address if it is time; answers how long to wait until it is.
pub fn work(app: &App, now: Timestamp) -> Option<Duration> {
    let url = app.config.update_url.as_deref()?;
    let looked = state(&app.config).ok()?.looked;
    let is_wanted = match app.updates.is_wanted.lock() {
        Ok(mut is_wanted) => std::mem::take(&mut *is_wanted),
        Err(_) => false,
    };
    let every = match looked.problem {
        Some(_) => RETRY_SECS,
        None => LOOK_SECS,
    };
    // A clock that was set back must not end the looks.
    let left = looked.at.map_or(0, |at| at.0 + every - now.0);
    if !is_wanted && (1..=every).contains(&left) {
        return Some(Duration::from_secs(left.unsigned_abs()));
    }
    let (etag, problem) = match look(app, url, looked.etag.as_deref()) {
        Ok(etag) => (etag, None),
        Err(error) => {
            log::warn!("updates: {error}");
            (looked.etag, Some(error.public()))
        }
    };
    let wait = if problem.is_some() {
        RETRY_SECS
    } else {
        LOOK_SECS
    };
    let looked = Looked {
        at: Some(now),
        etag,
        problem,
    };
    let directory = app.config.datadir.join(DIRECTORY);
    let kept = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&directory)
        .and_then(|()| keep(&directory.join(LOOKED), &looked));
    if let Err(error) = kept {
        log::warn!("updates: {error}");
    }
    Some(Duration::from_secs(wait.unsigned_abs()))
}

/// Gets what is new at the address; answers what the address calls it.
fn look(app: &App, url: &str, etag: Option<&str>) -> Result<Option<String>, Error> {
    let arriving = app.peers.download(url, etag, FETCH_TIME_MAX)?;
    let status = arriving.head.status;
    let new_etag = arriving.etag().map(str::to_owned);
    if status == 304 {
        return Ok(etag.map(str::to_owned));
    }
    if !arriving.head.is_success() {
        return Err(Error::Remote(format!(
            "The address for updates answered {status}."
        )));
    }
    let mut spool = app.blobs.spool(PACKAGE_BYTES_MAX)?;
    arriving.read(|piece| spool.write(piece).map_err(Error::from))?;
    let file = spool.reader().map_err(Error::internal)?;
    match offer(app, file, false) {
        Ok(offer) => log::info!("version {} waits for its owner's word", offer.version),
        // What is there is no news every day: the same version, or an older one.
        Err(Error::Invalid(why)) if why.ends_with("runs already.") || why.contains("is older") => {}
        Err(error) => return Err(error),
    }
    Ok(new_etag)
}

fn kept<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    let text = disk::read(path, RECORD_BYTES_MAX).ok()??;
    serde_json::from_slice(&text).ok()
}

fn keep<T: Serialize>(path: &Path, record: &T) -> io::Result<()> {
    disk::write(path, &serde_json::to_vec(record)?, 0o600).map(drop)
}
