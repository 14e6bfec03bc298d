//! `pumphouse appliance status`: writes `pump-status.txt` to the boot partition, if it says something new.

use super::boot;
use crate::appliance::disk;
use crate::appliance::facts;
use crate::appliance::handover::Record;
use crate::appliance::status::{FILE, Facts};
use crate::appliance::versions::Versions;
use crate::cli::{Failure, Places};
use crate::commands::control;
use crate::domain::quotas;
use std::fs;
use std::path::Path;

/// Most sentences that other units may leave.
const NOTES_MAX: usize = 16;

/// Longest of them, in bytes.
const NOTE_BYTES_MAX: u64 = 4096;

/// Longest setup code in its file, in bytes.
const CODE_BYTES_MAX: u64 = 64;

/// Writes it.
pub(super) fn perform(places: &Places) -> Result<(), Failure> {
    let text = gather(places).text();
    let path = places.boot.join(FILE);
    if fs::read(&path).is_ok_and(|kept| kept == text.as_bytes()) {
        return Ok(());
    }
    let written = boot::writing(places, |boot| {
        disk::write(&boot.join(FILE), text.as_bytes(), 0o644)
    });
    written
        .map(drop)
        .map_err(|error| Failure::new(format!("Cannot write {}: {error}.", path.display())))
}

/// What there is to tell now.
pub(super) fn gather(places: &Places) -> Facts {
    Facts {
        standing: control::standing(&places.data),
        setup_code: setup_code(&places.data),
        report: Record::kept(&places.state).report,
        addresses: facts::addresses(),
        room: room(&places.data),
        update: Versions::in_directory(&places.versions)
            .outcome()
            .map(|outcome| outcome.words()),
        problems: notes(&places.notes),
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
