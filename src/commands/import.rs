//! `pumphouse import NICKNAME FILE`: brings an archive, or a collection of activities, into an account (`domain/archives`).

use super::open::Opened;
use super::{say, size};
use crate::cli::Failure;
use crate::clock;
use crate::config::Config;
use crate::domain::archives::import::{self, Importing};
use crate::domain::archives::source::Source;
use crate::domain::archives::{Halt, Unwatched};
use crate::ids::Nickname;
use crate::store::archives::Report;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

pub(super) fn perform(config: &Config, nickname: &Nickname, path: &Path) -> Result<(), Failure> {
    let cannot = |why: &dyn std::fmt::Display| {
        Failure::new(format!("Cannot bring in {}: {why}", path.display()))
    };
    let file = File::open(path).map_err(|error| cannot(&error))?;
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return Err(cannot(&"it is no file."));
    }
    let mut source = Source::open(file).map_err(|error| cannot(&error))?;
    let instead = "While it runs, people bring their data in on the page of their account.";
    let opened = Opened::open(config, instead)?;
    opened.settle_base()?;
    let (user, _) = opened.user(nickname)?;
    let start = Instant::now();
    let importing = Importing {
        app: &opened.app,
        user,
        now: clock::now(),
        progress: &Unwatched,
        earlier: Report::default(),
        note: &|_, _| {},
    };
    let room = opened.app.blobs.room_bytes().map_err(Failure::new)?;
    let report = import::read(importing, &mut source, room);
    opened.close()?;
    let report = report.map_err(|halt| match halt {
        // Of a file that is not right nothing was taken.
        Halt::Failed(error) if error.status() < 500 => cannot(&error),
        Halt::Failed(_) => cannot(&format_args!(
            "{halt}. What came before that is there; the same command goes on."
        )),
        Halt::Ending => cannot(&halt),
    })?;
    let (brought, files, known) = (report.brought, report.files, report.known);
    let time = size::seconds(start.elapsed());
    say(format_args!(
        "{brought} activities and {files} files are {nickname}'s now ({time}); {known} activities were there already."
    ))?;
    if report.left_out > 0 {
        say(format_args!("Left out: {}", report.left_out))?;
    }
    for reason in &report.reasons {
        say(format_args!("  {reason}"))?;
    }
    Ok(())
}
