//! What was taken over so far: kept on the data partition, for the next start and for `pump-status.txt`.

use super::Wiped;
use crate::appliance::disk;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The file in the directory of the appliance's state.
const FILE: &str = "handover.json";

/// Most of it that is read, in bytes: the files that were taken over stand in it, without their secrets.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// All of it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The files that were taken over, each once.
    pub files: Vec<Wiped>,
    /// What the last taking-over did.
    pub report: Report,
    /// What is said of files that could not be read at the last start.
    #[serde(default)]
    pub unusable: Vec<String>,
}

/// What a taking-over did, in sentences for the owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The files that counted.
    pub used: Vec<String>,
    /// What was done.
    pub done: Vec<String>,
    /// What went wrong, and what to do.
    pub problems: Vec<String>,
}

impl Record {
    /// The one that is kept. Where there is none that can be read, nothing was taken over yet: then it is done again.
    pub fn kept(state: &Path) -> Record {
        let text = disk::read(&state.join(FILE), FILE_BYTES_MAX);
        let text = text.ok().flatten().unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Keeps it.
    pub fn keep(&self, state: &Path) -> io::Result<bool> {
        disk::write(&state.join(FILE), &serde_json::to_vec_pretty(self)?, 0o600)
    }
}
