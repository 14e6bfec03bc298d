//! What was brought in and what was not, by type, with reasons: counted for the screen, and each one in a file.

use super::dump::Found;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{BufWriter, Write as _};

/// Different reasons that are counted; the file has all.
const REASONS_MAX: usize = 200;

/// What became of the records of each type.
#[derive(Debug, Default)]
pub struct Report {
    kinds: BTreeMap<String, Counts>,
    reasons: BTreeMap<(String, String), u64>,
    file: Option<BufWriter<File>>,
    has_failed: bool,
}

#[derive(Debug, Default)]
struct Counts {
    brought: u64,
    known: u64,
    left_out: u64,
}

impl Report {
    /// A report that writes each thing that was left out into `file`.
    pub fn into_file(file: File) -> Report {
        Report {
            file: Some(BufWriter::new(file)),
            ..Report::default()
        }
    }

    pub(super) fn brought(&mut self, kind: &str) {
        self.counts(kind).brought += 1;
    }

    pub(super) fn known(&mut self, kind: &str) {
        self.counts(kind).known += 1;
    }

    pub(super) fn left_out(&mut self, kind: &str, found: &Found, reason: &str) {
        self.counts(kind).left_out += 1;
        let id = found.record.as_ref().ok();
        let id = id.and_then(|record| record.id.as_deref());
        let place = found.place.to_string();
        self.remark(kind, id.unwrap_or(&place), reason);
    }

    /// Notes something about a record of which the rest was brought.
    pub(super) fn remark(&mut self, kind: &str, what: &str, reason: &str) {
        self.write(&format!("{kind}\t{what}\t{reason}\n"));
        let key = (kind.to_owned(), reason.to_owned());
        let is_room = self.reasons.len() < REASONS_MAX;
        match self.reasons.get_mut(&key) {
            Some(count) => *count += 1,
            None if is_room => {
                self.reasons.insert(key, 1);
            }
            None => {}
        }
    }

    /// Notes that a type stays behind as a whole.
    pub(super) fn type_left(&mut self, kind: &str, reason: &str) {
        self.write(&format!("{kind}\t(all of them)\t{reason}\n"));
    }

    fn counts(&mut self, kind: &str) -> &mut Counts {
        // Twice looked up, so that no text is made for each record.
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind.to_owned(), Counts::default());
        }
        self.kinds.get_mut(kind).expect("it was put there")
    }

    fn write(&mut self, line: &str) {
        let Some(file) = &mut self.file else { return };
        if file.write_all(line.as_bytes()).is_err() {
            self.has_failed = true;
        }
    }

    /// How many records were left out.
    pub fn left(&self) -> u64 {
        self.kinds.values().map(|counts| counts.left_out).sum()
    }

    /// Brings the file to its end; false if something is missing in it.
    pub fn close(&mut self) -> bool {
        let ended = self.file.take().is_none_or(|mut file| {
            let text = self.to_string();
            file.write_all(text.as_bytes()).is_ok() && file.flush().is_ok()
        });
        ended && !self.has_failed
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, counts) in &self.kinds {
            let mut line = format!("{kind}: {} brought", counts.brought);
            for (number, word) in [
                (counts.known, "were here already"),
                (counts.left_out, "left out"),
            ] {
                if number > 0 {
                    write!(line, ", {number} {word}")?;
                }
            }
            writeln!(f, "{line}")?;
        }
        for ((kind, reason), count) in &self.reasons {
            writeln!(f, "  {kind}, {count} times: {reason}")?;
        }
        Ok(())
    }
}
