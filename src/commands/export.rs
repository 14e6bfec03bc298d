//! `pumphouse export NICKNAME FILE`: everything that a user owns, in one archive (`domain/archives`).

use super::open::Opened;
use super::{say, size};
use crate::cli::Failure;
use crate::clock;
use crate::config::Config;
use crate::domain::archives::{Unwatched, export};
use crate::ids::Nickname;
use crate::media::shelf::Growing;
use std::path::Path;
use std::time::Instant;

pub(super) fn perform(config: &Config, nickname: &Nickname, file: &Path) -> Result<(), Failure> {
    if file.exists() {
        return Err(Failure::new(format!(
            "{} exists already. Choose another name; nothing was overwritten.",
            file.display()
        )));
    }
    let instead = "While it runs, people export their data on the page of their account.";
    let opened = Opened::open(config, instead)?;
    opened.settle_base()?;
    let (user, _) = opened.user(nickname)?;
    let start = Instant::now();
    let cannot = |why: &dyn std::fmt::Display| {
        Failure::new(format!("Cannot write {}: {why}", file.display()))
    };
    let growing = Growing::create(file).map_err(|error| cannot(&error))?;
    let room = growing.room_bytes();
    let written = export::write(&opened.app, user, growing, room, clock::now(), &Unwatched);
    let growing = written.map_err(|halt| cannot(&halt))?;
    let bytes = growing.finish().map_err(|error| cannot(&error))?;
    opened.close()?;
    say(format_args!(
        "Everything that {nickname} owns is in {} now: {} ({}). It holds what was written to chosen people only: keep it safe.",
        file.display(),
        size::bytes(bytes),
        size::seconds(start.elapsed())
    ))
}
