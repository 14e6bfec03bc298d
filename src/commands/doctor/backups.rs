//! The backups of every night: whether there are any, and how the last one went.

use super::Findings;
use crate::cli::Failure;
use crate::clock::Timestamp;
use crate::commands::size;
use crate::config::Config;
use crate::domain::backups::nightly;
use crate::domain::backups::target::is_same_disk;
use std::path::Path;

pub(super) fn check(
    config: &Config,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let state = nightly::state(config);
    if state.directory.is_empty() {
        return findings.ok(
            "backups: none are made every night. The option backupdir, or the page Backup of the owner, changes that.",
        );
    }
    let place = &state.directory;
    if let Some((since, problem)) = &state.problem {
        return findings.warn(format_args!(
            "backups: {problem} There has been none since {since}."
        ));
    }
    if is_same_disk(Path::new(place), &config.datadir) {
        findings.warn(format_args!(
            "backups: {place} is on the same disk as {}. They do not survive it: choose a stick or another machine.",
            config.datadir.display()
        ))?;
    }
    match state.made {
        None => findings.ok(format_args!("backups: there is none in {place} yet.")),
        Some((made, _)) if state.is_late(now) => findings.warn(format_args!(
            "backups: the last one was made at {made}. Does the server run at night?"
        )),
        Some((made, bytes)) => findings.ok(format_args!(
            "backups: the last one was made at {made} in {place} ({}).",
            size::bytes(bytes)
        )),
    }
}
