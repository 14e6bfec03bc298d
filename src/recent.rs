//! What went wrong lately in this run: the last warnings and errors of the log, for the owner of the server, and how many there
//! were. The log itself (`logging.rs`) writes them here, too; there is one log in a process, so there is one of these.

use log::Level;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Lines that are kept; the oldest goes.
pub const LINES_MAX: usize = 50;

/// Longest line that is kept, in characters.
pub const LINE_CHARS_MAX: usize = 300;

static LINES: Mutex<VecDeque<Line>> = Mutex::new(VecDeque::new());
static WARNINGS: AtomicU64 = AtomicU64::new(0);
static ERRORS: AtomicU64 = AtomicU64::new(0);

/// A warning or an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Whether it is an error.
    pub is_error: bool,
    /// What the log says.
    pub text: String,
    /// How often it was said in a row.
    pub times: u64,
}

/// Keeps what the log says; nothing that is less than a warning.
pub fn note(level: Level, text: &str, at_ms: u64) {
    let is_error = match level {
        Level::Error => true,
        Level::Warn => false,
        Level::Info | Level::Debug | Level::Trace => return,
    };
    let counter = if is_error { &ERRORS } else { &WARNINGS };
    counter.fetch_add(1, Ordering::Relaxed);
    let text: String = text.chars().take(LINE_CHARS_MAX).collect();
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    keep(&mut lines, is_error, text, at_ms);
}

fn keep(lines: &mut VecDeque<Line>, is_error: bool, text: String, at_ms: u64) {
    if let Some(last) = lines.back_mut()
        && last.text == text
    {
        last.times += 1;
        last.at_ms = at_ms;
        return;
    }
    if lines.len() >= LINES_MAX {
        lines.pop_front();
    }
    lines.push_back(Line {
        at_ms,
        is_error,
        text,
        times: 1,
    });
}

/// The last ones, newest first.
pub fn lines() -> Vec<Line> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().rev().cloned().collect()
}

/// How many warnings and how many errors there were since the start.
pub fn counts() -> (u64, u64) {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    (count(&WARNINGS), count(&ERRORS))
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, keep};
    use std::collections::VecDeque;

    #[test]
    fn so_many_lines_are_kept_and_the_same_one_once() {
        let mut lines = VecDeque::new();
        for number in 0..=LINES_MAX {
            keep(&mut lines, false, number.to_string(), 1);
        }
        keep(&mut lines, true, "again".to_owned(), 2);
        keep(&mut lines, true, "again".to_owned(), 3);
        assert_eq!(lines.len(), LINES_MAX);
        assert_eq!(lines.front().map(|line| line.text.as_str()), Some("2"));
        let last = lines.back().map(|line| (line.times, line.at_ms));
        assert_eq!(last, Some((2, 3)));
    }
}
