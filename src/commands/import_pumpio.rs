//! `pumphouse import --from-pumpio DIRECTORY`: brings everything that a pump.io kept into this server (`domain/pumpio`).

use super::open::Opened;
use super::{say, size};
use crate::cli::{Failure, FromPumpio};
use crate::clock;
use crate::config::Config;
use crate::domain::archives::Halt;
use crate::domain::pumpio::dump::Dump;
use crate::domain::pumpio::report::Report;
use crate::domain::pumpio::{self, look};
use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often progress is told of one thing.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// The file in the data directory that says what was left out.
const REPORT: &str = "pump.io-report.txt";

pub(super) fn perform(config: &Config, wanted: &FromPumpio) -> Result<(), Failure> {
    let cannot = |why: &dyn std::fmt::Display| {
        Failure::new(format!("Cannot bring in {}: {why}", wanted.dump.display()))
    };
    let dump = Dump::open(&wanted.dump).map_err(|error| cannot(&error))?;
    let opened = Opened::open(config, "")?;
    let app = &opened.app;
    if let Some(at) = pumpio::brought(&app.store)? {
        return Err(cannot(&format_args!(
            "a pump.io was brought in already, on {}. Nothing was changed.",
            at.day()
        )));
    }
    let halted = |halt: &Halt| match halt {
        Halt::Failed(error) if error.status() < 500 => cannot(halt),
        _ => cannot(&format_args!(
            "{halt}. What was brought before that is there; the same command goes on."
        )),
    };
    look::over(app, &opened.base()?, &dump).map_err(|halt| halted(&halt))?;
    if !wanted.is_dry {
        opened.settle_base()?;
    }
    let (mut report, path) = match (wanted.is_dry, &wanted.report) {
        (true, None) => (Report::default(), None),
        (_, place) => {
            let path = place.clone().unwrap_or_else(|| config.datadir.join(REPORT));
            (Report::into_file(create(&path)?), Some(path))
        }
    };
    let start = Instant::now();
    let teller = Teller::default();
    let watch = |what: &str, done: u64| teller.tell(what, done);
    let done = match wanted.is_dry {
        true => look::through(&dump, &mut report, &watch),
        false => pumpio::bring(app, &dump, &mut report, &watch, clock::now()),
    };
    let is_whole = report.close();
    opened.close()?;
    done.map_err(|halt| halted(&halt))?;
    let time = size::seconds(start.elapsed());
    say(report.to_string().trim_end())?;
    match wanted.is_dry {
        true => say(format_args!(
            "This is what is there ({time}). Nothing was changed; without --dry-run it is brought in."
        ))?,
        false => say(format_args!(
            "All of it is here ({time}). People log in with the passwords that they have, and their programs stay logged in. \
             `pumphouse user owner NICKNAME` says who administers this server."
        ))?,
    }
    if let Some(path) = path {
        say(place_of(&path, is_whole))?;
    }
    Ok(())
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create(path)
        .map_err(|error| Failure::new(format!("Cannot write {}: {error}.", path.display())))
}

fn place_of(path: &Path, is_whole: bool) -> String {
    let place = path.display();
    match is_whole {
        true => format!("What was left out, one thing a line: {place}"),
        false => format!("What was left out is in {place} only in part: it could not be written."),
    }
}

/// Tells now and then how far the work is.
#[derive(Default)]
struct Teller(RefCell<Option<(String, Instant)>>);

impl Teller {
    fn tell(&self, what: &str, done: u64) {
        let mut last = self.0.borrow_mut();
        if let Some((told, at)) = &*last
            && told == what
            && at.elapsed() < TELL_EVERY
        {
            return;
        }
        *last = Some((what.to_owned(), Instant::now()));
        // Whoever closed the output does not want to hear it.
        let _ = say(format_args!("… {what}: {done}"));
    }
}
