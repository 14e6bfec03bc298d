//! `pumphouse appliance update` and what belongs to it: the side of root, which alone can change the program. A package is checked
//! again here, whoever checked it before; the new program must answer within 90 seconds and go on for a while, else the one before
//! runs again.

use crate::appliance::disk;
use crate::appliance::facts::Standing;
use crate::appliance::versions::{Became, Trying, Versions};
use crate::cli::{Failure, Update, UpdatePlaces};
use crate::commands::{control, datadir, say};
use crate::domain::updates::{self, Here, Package};
use crate::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How long a new program has until it must answer.
const HEALTH_MAX: Duration = Duration::from_secs(90);

/// For how long it must go on answering then.
const HEALTH_MIN: Duration = Duration::from_secs(20);

/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Longest wait for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Most of a request that is read, in bytes.
const REQUEST_BYTES_MAX: u64 = 4096;

/// Installs a package. Refused ones fail with a sentence; what went wrong is noted for the owner, too.
pub(super) fn perform(update: &Update) -> Result<(), Failure> {
    let versions = Versions::in_directory(&update.places.versions);
    if versions.trying().is_some() {
        return Err(Failure::new("Another version has not proved itself yet."));
    }
    // The request goes when its work is done or the new version is in its place: a power cut before that repeats it.
    let request = update.request.as_deref();
    let may_be_older = update.may_be_older || request.is_some_and(wants_older);
    let staged = check(update, may_be_older)
        .and_then(|package| stage(&versions, &package).map(|()| package.version.to_string()));
    let done = |request: Option<&Path>| match request.map(disk::remove) {
        Some(Err(error)) => Err(Failure::new(format!("The request stays: {error}."))),
        _ => Ok(()),
    };
    let version = match staged {
        Ok(version) => version,
        Err(error) => {
            let why = error.public();
            versions
                .note("", Became::Refused(why.clone()))
                .map_err(cannot)?;
            done(request)?;
            return Err(Failure::new(why));
        }
    };
    versions.switch(&version).map_err(cannot)?;
    done(request)?;
    restart(&update.places)?;
    prove(&update.places, &versions)
}

/// After a start in the middle of an update: waits for the version that has not proved itself, or goes back.
pub(super) fn settle(places: &UpdatePlaces) -> Result<(), Failure> {
    prove(places, &Versions::in_directory(&places.versions))
}

/// Before each start of the server, as root.
pub(super) fn choose(versions: &Path) -> Result<(), Failure> {
    Versions::in_directory(versions)
        .count_start()
        .map_err(cannot)
}

/// Becomes the server: the version that shall run, or this program where there is none that can.
pub(super) fn start(versions: &Path, words: &[std::ffi::OsString]) -> Result<(), Failure> {
    if let Some(program) = Versions::in_directory(versions).program() {
        let error = Command::new(&program).args(words).exec();
        eprintln!(
            "{} does not start ({error}); the image's own program does.",
            program.display()
        );
    }
    let own = std::env::current_exe().map_err(Failure::new)?;
    let error = Command::new(own).args(words).exec();
    Err(Failure::new(format!("Cannot start: {error}.")))
}

fn check(update: &Update, may_be_older: bool) -> Result<Package, Error> {
    let key = updates::key_in(Some(&update.key))?;
    let from = File::open(&update.package).map_err(|error| {
        Error::Invalid(format!(
            "The package cannot be read: {}: {error}.",
            update.package.display()
        ))
    })?;
    let mut from = BufReader::new(from).take(updates::PACKAGE_BYTES_MAX);
    let here = running(&update.places).map_or_else(Here::is, |version| Here {
        version,
        ..Here::is()
    });
    updates::open(&mut from, &key, here, may_be_older)
}

/// The version that runs, which may be a later one than this program.
fn running(places: &UpdatePlaces) -> Option<updates::Version> {
    let versions = Versions::in_directory(&places.versions);
    let standing = control::standing(&places.data).map(|standing| standing.version);
    standing.or(versions.current())?.parse().ok()
}

fn stage(versions: &Versions, package: &Package) -> Result<(), Error> {
    let staged = versions.stage(&package.version.to_string(), &package.program);
    staged.map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull => Error::Full,
        _ => Error::Invalid(format!("The new version cannot be written: {error}.")),
    })
}

fn wants_older(request: &Path) -> bool {
    let text = disk::read(request, REQUEST_BYTES_MAX).ok().flatten();
    let request = serde_json::from_slice::<updates::Request>(&text.unwrap_or_default());
    request.is_ok_and(|request| request.may_be_older)
}

/// Waits until the version on trial has proved itself, or goes back.
fn prove(places: &UpdatePlaces, versions: &Versions) -> Result<(), Failure> {
    let Some(trying) = versions.trying() else {
        return Ok(());
    };
    if is_well(places, versions, &trying) {
        versions.confirm(&trying).map_err(cannot)?;
        return say(format!(
            "Version {} was installed and runs.",
            trying.version
        ));
    }
    // Too many starts may have ended the trial already.
    if versions.trying().is_some() {
        versions.go_back(&trying).map_err(cannot)?;
        restart(places)?;
    }
    Err(Failure::new(format!(
        "Version {} did not come up, so the version before it runs again.",
        trying.version
    )))
}

fn is_well(places: &UpdatePlaces, versions: &Versions, trying: &Trying) -> bool {
    let begun = Instant::now();
    let health_min = HEALTH_MIN.min(places.patience / 3);
    // The process that answers, and since when.
    let mut answering: Option<(u32, Instant)> = None;
    while versions.trying().is_some() {
        let now = Instant::now();
        answering = match (answers(places, trying), answering) {
            (None, _) => None,
            (Some(process), Some((same, since))) if process == same => Some((same, since)),
            (Some(process), _) => Some((process, now)),
        };
        match answering {
            Some((_, since)) if now - since >= health_min => return true,
            None if now - begun >= places.patience => return false,
            // What begins to answer at the last moment has its time, what ends again and again has not.
            Some(_) if now - begun >= places.patience + health_min => return false,
            _ => thread::park_timeout(ASK_EVERY),
        }
    }
    false
}

/// The process of the new version, if that answers at its port.
fn answers(places: &UpdatePlaces, trying: &Trying) -> Option<u32> {
    let standing = control::standing(&places.data)?;
    let process = datadir::running(&places.data)?.process;
    (standing.version == trying.version && is_served(&standing)).then_some(process)
}

/// Whether the port gives an answer; where it speaks TLS, whether it is open.
fn is_served(standing: &Standing) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream =
            TcpStream::connect_timeout(&([127, 0, 0, 1], standing.port).into(), ANSWER_MAX)?;
        if standing.is_secure {
            return Ok(true);
        }
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_write_timeout(Some(ANSWER_MAX))?;
        stream.write_all(b"GET /robots.txt HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        Ok(&head == b"HTTP/")
    };
    ask().unwrap_or(false)
}

/// Lets the service manager start the server anew, without waiting for it.
fn restart(places: &UpdatePlaces) -> Result<(), Failure> {
    let Some(service) = &places.service else {
        return Ok(());
    };
    let status = Command::new("systemctl")
        .args(["restart", "--no-block", service])
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::new(format!("Cannot restart {service}."))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn cannot(error: io::Error) -> Failure {
    Failure::new(format!(
        "The versions of the program cannot be changed: {error}."
    ))
}

impl UpdatePlaces {
    /// How long a new program has where nobody says another time.
    pub const PATIENCE: Duration = HEALTH_MAX;
}
