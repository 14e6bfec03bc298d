//! Backups of every night, into a directory that the configuration or the owner names: a stick, another disk, a place on another
//! machine. What was missed while the machine was off is made up for; what went wrong is said and tried again; older ones are
//! thinned out. How it went stands in a file of the data directory, so that it can be read beside the server.

use super::making::Snapshot;
use super::target::{Target, file_name, is_same_disk, read_name};
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::domain::bell::Bell;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The hour of the night, in UTC.
pub const HOUR: i64 = 3;

/// How many are kept: the newest of each of so many days, weeks and months.
pub const DAYS: usize = 7;
/// See [`DAYS`].
pub const WEEKS: usize = 4;
/// See [`DAYS`].
pub const MONTHS: usize = 6;

/// When a backup that failed is tried again, in seconds: a stick may have been plugged in.
const RETRY_SECS: u64 = 900;

/// The file in the data directory.
const FILE: &str = "nightly.json";

/// Longest such file, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

const HOUR_SECS: i64 = 3600;
const DAY_SECS: i64 = 24 * HOUR_SECS;

/// Who makes them.
#[derive(Default)]
pub struct Keeper {
    /// Rung when there is another directory, or one is wanted now.
    pub bell: Bell,
    is_wanted: AtomicBool,
    is_busy: AtomicBool,
    file: Mutex<()>,
}

impl Keeper {
    /// Whether one is being made.
    pub fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed) || self.is_wanted.load(Ordering::Relaxed)
    }

    fn file(&self) -> MutexGuard<'_, ()> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where they go, and how the last one went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The directory; empty where there is none.
    pub directory: String,
    /// When the last one was made, and its length in bytes.
    pub made: Option<(Timestamp, u64)>,
    /// Whether that was on another disk than the data directory.
    pub is_elsewhere: bool,
    /// What went wrong since then, and since when.
    pub problem: Option<(Timestamp, String)>,
}

impl State {
    /// Whether nothing was made for so long that somebody should look.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.made
            .is_some_and(|(made, _)| now.secs_since(made) > 3 * DAY_SECS)
    }
}

/// Where they go, and how it went. What the configuration names goes before what the owner chose.
pub fn state(config: &Config) -> State {
    let read = File::open(config.datadir.join(FILE)).and_then(|file| {
        let text = io::read_to_string(io::Read::take(file, FILE_BYTES_MAX))?;
        Ok(serde_json::from_str::<State>(&text)?)
    });
    let kept = read.unwrap_or_default();
    match &config.backup_directory {
        Some(named) if named.as_path() != Path::new(&kept.directory) => State {
            directory: named.display().to_string(),
            ..State::default()
        },
        _ => kept,
    }
}

/// Chooses a directory; an empty text ends the backups. 400 for one that does not do.
pub fn choose(app: &App, typed: &str) -> Result<(), Error> {
    let directory = typed.trim();
    if app.config.backup_directory.is_some() {
        return Err(Error::invalid(
            "The option backupdir in the configuration file sets the directory. Change it there.",
        ));
    }
    if !directory.is_empty() {
        check(Path::new(directory))?;
    }
    let state = State {
        directory: directory.to_owned(),
        ..State::default()
    };
    write(app, |kept| *kept = state)?;
    app.keeper.bell.ring();
    Ok(())
}

/// Asks for one now.
pub fn want(app: &App) {
    app.keeper.is_wanted.store(true, Ordering::Relaxed);
    app.keeper.bell.ring();
}

fn check(directory: &Path) -> Result<(), Error> {
    if !directory.is_absolute() {
        return Err(Error::invalid(
            "Give the whole path of the directory, like /media/stick.",
        ));
    }
    if !directory.is_dir() {
        return Err(Error::Invalid(format!(
            "There is no directory {} on the machine of this server.",
            directory.display()
        )));
    }
    let file = directory.join("pumphouse-writable");
    let tried = File::create(&file).and_then(|_| fs::remove_file(&file));
    tried.map_err(|error| {
        Error::Invalid(format!(
            "This server may not write in {}: {error}.",
            directory.display()
        ))
    })
}

/// Makes the one that is due, if one is. Answers when to look again, nothing while there is nothing to do.
pub fn work(app: &App, now: Timestamp) -> Option<Duration> {
    let state = state(&app.config);
    if state.directory.is_empty() || app.known_base().is_none() {
        app.keeper.is_wanted.store(false, Ordering::Relaxed);
        return None;
    }
    let retry = Some(Duration::from_secs(RETRY_SECS));
    if app.clock.doubt(now).is_some() {
        return retry;
    }
    let is_wanted = app.keeper.is_wanted.load(Ordering::Relaxed);
    let due = state.made.map_or(now, |(made, _)| next_after(made));
    // A clock that was set back must not keep them off for long.
    if !is_wanted && due > now && due.secs_since(now) <= DAY_SECS {
        let secs = u64::try_from(due.secs_since(now)).unwrap_or(0);
        return Some(Duration::from_secs(secs));
    }
    app.keeper.is_busy.store(true, Ordering::Relaxed);
    app.keeper.is_wanted.store(false, Ordering::Relaxed);
    let directory = PathBuf::from(&state.directory);
    let made = make(app, &directory, &state, now);
    app.keeper.is_busy.store(false, Ordering::Relaxed);
    let (next, noted) = match made {
        Ok(bytes) => {
            let is_elsewhere = !is_same_disk(&directory, &app.config.datadir);
            let made = State {
                directory: state.directory.clone(),
                made: Some((now, bytes)),
                is_elsewhere,
                problem: None,
            };
            let secs = u64::try_from(next_after(now).secs_since(now)).unwrap_or(0);
            (Some(Duration::from_secs(secs)), made)
        }
        Err(error) => {
            log::warn!("no backup was made: {error}");
            let words = match &error {
                Error::Internal(why) => why.clone(),
                other => other.public(),
            };
            let since = state.problem.as_ref().map_or(now, |(since, _)| *since);
            let failed = State {
                problem: Some((since, words)),
                ..state.clone()
            };
            (retry, failed)
        }
    };
    if noted != state
        && let Err(error) = write(app, |kept| {
            // The owner may have chosen another directory meanwhile.
            if app.config.backup_directory.is_some() || kept.directory == noted.directory {
                *kept = noted;
            }
        })
    {
        log::error!("{error}");
    }
    next
}

fn make(app: &App, directory: &Path, state: &State, now: Timestamp) -> Result<u64, Error> {
    let place = directory.display();
    if !directory.is_dir() {
        return Err(Error::Busy(format!(
            "{place} is not there. Is the stick plugged in? It is tried again by itself."
        )));
    }
    if state.is_elsewhere && is_same_disk(directory, &app.config.datadir) {
        return Err(Error::Busy(format!(
            "The disk that was at {place} is not there. Is the stick plugged in? It is tried again by itself."
        )));
    }
    let snapshot = Snapshot::take(app, now)?;
    let passphrase = app
        .config
        .backup_passphrase
        .as_ref()
        .map(|secret| secret.reveal());
    let about = snapshot.about().clone();
    let name = file_name(&about, passphrase.is_some(), true);
    remove_halves(directory, &name);
    if let Ok(facts) = fs::metadata(directory.join(&name)) {
        // Somebody asked twice in one second.
        return Ok(facts.len());
    }
    let target = Target::begin(
        &directory.join(&name),
        &about,
        passphrase,
        &app.config.datadir,
    )?;
    let bytes = target.fill(|out| snapshot.write(app, out))?;
    if let Err(error) = thin_out(directory, &name) {
        log::warn!("older backups in {place} are not removed: {error}");
    }
    Ok(bytes)
}

/// Removes what a run left that was cut off.
fn remove_halves(directory: &Path, name: &str) {
    let whose = read_name(name).map(|(host, _)| host.to_owned());
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let half = file.to_str().and_then(|file| file.strip_suffix(".part"));
        if half.and_then(read_name).map(|(host, _)| host.to_owned()) == whose {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// Removes those of this server that need not be kept any more.
fn thin_out(directory: &Path, name: &str) -> io::Result<()> {
    let whose = read_name(name).map(|(host, _)| host.to_owned());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let file = path.file_name().and_then(|file| file.to_str());
        if let Some((host, at)) = file.and_then(read_name)
            && Some(host) == whose.as_deref()
        {
            found.push((at, path.clone()));
        }
    }
    let times: Vec<Timestamp> = found.iter().map(|(at, _)| *at).collect();
    let kept = kept(&times);
    for (at, path) in found {
        if !kept.contains(&at) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Those that are kept.
fn kept(times: &[Timestamp]) -> HashSet<Timestamp> {
    let mut newest_first = times.to_vec();
    newest_first.sort_unstable_by(|one, other| other.cmp(one));
    let mut kept = HashSet::new();
    let day = |at: Timestamp| at.0.div_euclid(DAY_SECS).to_string();
    // Weeks begin on Mondays; the first day of 1970 was a Thursday.
    let week = |at: Timestamp| (at.0.div_euclid(DAY_SECS) + 3).div_euclid(7).to_string();
    let month = |at: Timestamp| at.day().chars().take("YYYY-MM".len()).collect();
    let spans: [(&dyn Fn(Timestamp) -> String, usize); 3] =
        [(&day, DAYS), (&week, WEEKS), (&month, MONTHS)];
    for (span, most) in spans {
        let mut seen: HashSet<String> = HashSet::new();
        for at in &newest_first {
            if seen.len() < most && seen.insert(span(*at)) {
                kept.insert(*at);
            }
        }
    }
    kept
}

/// The next night after a moment.
fn next_after(at: Timestamp) -> Timestamp {
    let nights = (at.0 - HOUR * HOUR_SECS).div_euclid(DAY_SECS);
    Timestamp((nights + 1) * DAY_SECS + HOUR * HOUR_SECS)
}

fn write(app: &App, change: impl FnOnce(&mut State)) -> Result<(), Error> {
    let _turn = app.keeper.file();
    let mut kept = state(&app.config);
    change(&mut kept);
    let path = app.config.datadir.join(FILE);
    let half = app.config.datadir.join("nightly.json.part");
    let written = serde_json::to_vec_pretty(&kept)
        .map_err(io::Error::from)
        .and_then(|text| {
            let mut file = File::create(&half)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&half, &path)
        });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull => Error::Full,
        _ => Error::internal(format!("cannot write {}: {error}", path.display())),
    })
}

#[cfg(test)]
mod tests {
    use super::{kept, next_after};
    use crate::clock::Timestamp;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn a_night_follows_another() {
        for (now, next) in [
            ("2026-11-26T02:59:59Z", "2026-11-26T03:00:00Z"),
            ("2026-11-26T03:00:00Z", "2026-11-27T03:00:00Z"),
            ("2026-12-31T23:00:00Z", "2027-01-01T03:00:00Z"),
        ] {
            assert_eq!(next_after(at(now)), at(next), "{now}");
        }
    }

    #[test]
    fn days_weeks_and_months_are_kept_and_nothing_else() {
        let newest = at("2026-11-26T03:00:05Z");
        let mut times: Vec<Timestamp> = (0..400)
            .map(|day| Timestamp(newest.0 - day * 86_400))
            .collect();
        // Two on one day: the later one counts.
        times.push(Timestamp(newest.0 - 60));
        let mut left: Vec<String> = kept(&times).into_iter().map(Timestamp::day).collect();
        left.sort();
        assert_eq!(
            left,
            [
                "2026-06-30",
                "2026-07-31",
                "2026-08-31",
                "2026-09-30",
                "2026-10-31",
                "2026-11-08",
                "2026-11-15",
                "2026-11-20",
                "2026-11-21",
                "2026-11-22",
                "2026-11-23",
                "2026-11-24",
                "2026-11-25",
                "2026-11-26",
            ]
        );
        // What is alone is kept, however old it is.
        let old = [at("2020-01-01T03:00:00Z")];
        assert_eq!(kept(&old).len(), 1);
    }

    #[test]
    fn a_year_of_nights_leaves_as_many_as_was_said() {
        let mut held: Vec<Timestamp> = Vec::new();
        for day in 0..365 {
            held.push(Timestamp(at("2026-01-01T03:00:00Z").0 + day * 86_400));
            let keep = kept(&held);
            held.retain(|at| keep.contains(at));
        }
        let days: Vec<String> = held.iter().map(|at| at.day()).collect();
        assert_eq!(
            days,
            [
                "2026-07-31",
                "2026-08-31",
                "2026-09-30",
                "2026-10-31",
                "2026-11-30",
                "2026-12-13",
                "2026-12-20",
                "2026-12-25",
                "2026-12-26",
                "2026-12-27",
                "2026-12-28",
                "2026-12-29",
                "2026-12-30",
                "2026-12-31",
            ]
        );
    }
}
