//! `pumphouse appliance status`: writes `pump-status.txt` to the boot partition, if it says something new.

use super::boot;
use crate::appliance::disk;
use crate::appliance::facts;
use crate::appliance::handover::Record;
use crate::appliance::shell::Keys;
use crate::appliance::status::{FILE, Facts};
use crate::appliance::versions::Versions;
use crate::cli::{Failure, Places};
use crate::commands::control;
use crate::domain::{bootdir, quotas};
use std::fs;
use std::path::Path;

/// Most sentences that other units may leave.
const NOTES_MAX: usize = 16;

/// Longest of them, in bytes.
const NOTE_BYTES_MAX: u64 = 4096;

/// Longest setup code in its file, in bytes.
const CODE_BYTES_MAX: u64 = 64;

/// How often it looks whether something is new: while it is at work somebody may claim the pump, and the unit is not started again for
/// what happens meanwhile.
const LOOKS_MAX: usize = 3;

/// Writes it, and takes the setup code away that is worth nothing any more.
pub(super) fn perform(places: &Places) -> Result<(), Failure> {
    for _ in 0..LOOKS_MAX {
        if !tell(places)? {
            break;
        }
    }
    Ok(())
}

/// Writes what is new; answers whether something was.
fn tell(places: &Places) -> Result<bool, Failure> {
    let facts = gather(places);
    let is_claimed = facts.setup_code.is_none();
    let text = facts.text();
    let path = places.boot.join(FILE);
    let code = places.boot.join(bootdir::SETUP_CODE);
    let is_stale = is_claimed && code.exists();
    if !is_stale && fs::read(&path).is_ok_and(|kept| kept == text.as_bytes()) {
        return Ok(false);
    }
    boot::writing(places, |boot| {
        if is_stale {
            fs::remove_file(&code)?;
        }
        disk::write(&boot.join(FILE), text.as_bytes(), 0o644)
    })
    .map_err(|error| Failure::new(format!("Cannot write {}: {error}.", path.display())))?;
    Ok(true)
}

/// What there is to tell now.
pub(super) fn gather(places: &Places) -> Facts {
    let record = Record::kept(&places.state);
    Facts {
        standing: control::standing(&places.data),
        setup_code: setup_code(&places.data),
        report: record.report,
        addresses: facts::addresses(),
        keys: Keys::kept(&places.state.join("ssh")).count(),
        room: room(&places.data),
        update: Versions::in_directory(&places.versions)
            .outcome()
            .map(|outcome| outcome.words()),
        problems: [record.unusable, notes(&places.notes)].concat(),
    }
}

/// The setup code, while there is one.
pub(super) fn setup_code(data: &Path) -> Option<String> {
    let text = disk::read(&data.join("setup-code"), CODE_BYTES_MAX).ok()??;
    let text = String::from_utf8(text).ok()?;
    Some(text.trim().to_owned()).filter(|code| !code.is_empty())
}

fn room(data: &Path) -> Option<(String, String)> {
    let facts = rustix::fs::statvfs(data).ok()?;
    let bytes = |blocks: u64| quotas::in_words(blocks.saturating_mul(facts.f_frsize));
    Some((bytes(facts.f_bavail), bytes(facts.f_blocks)))
}

/// What other units say went wrong: one sentence a line, in any file of a directory.
pub(super) fn notes(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let texts = paths
        .iter()
        .filter_map(|path| disk::read(path, NOTE_BYTES_MAX).ok().flatten());
    let texts = texts.map(|text| String::from_utf8_lossy(&text).into_owned());
    let mut lines = Vec::new();
    for text in texts.take(NOTES_MAX) {
        lines.extend(
            text.lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned),
        );
    }
    lines.truncate(NOTES_MAX);
    lines
}
