//! A clock that says what a story wants, for a server that is started with it (libfaketime).

use super::pump::Environment;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// Where Debian has the library, below a directory for the machine.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// Such a clock.
pub(crate) struct Clock {
    directory: TempDir,
    library: PathBuf,
}

impl Clock {
    /// One that is so many days behind; nothing, and a word about it, where the library is not installed.
    pub(crate) fn behind(days: u32) -> Option<Clock> {
        let machines = fs::read_dir("/usr/lib").ok()?.flatten();
        let mut libraries = machines.map(|machine| machine.path().join(LIBRARY));
        let Some(library) = libraries.find(|library| library.exists()) else {
            eprintln!("without libfaketime no clock can be wrong: this story is skipped");
            return None;
        };
        let clock = Clock {
            directory: TempDir::new().expect("a directory"),
            library,
        };
        clock.is_behind(days);
        Some(clock)
    }

    /// Sets it, from now on.
    pub(crate) fn is_behind(&self, days: u32) {
        self.says(&format!("-{days}d"));
    }

    /// Sets it, from now on.
    pub(crate) fn is_ahead(&self, minutes: u32) {
        self.says(&format!("+{minutes}m"));
    }

    fn says(&self, offset: &str) {
        let new = self.directory.path().join("new");
        fs::write(&new, offset).expect("a file");
        fs::rename(new, self.file()).expect("it is there");
    }

    /// What a process needs to live by it.
    pub(crate) fn environment(&self) -> Environment {
        vec![
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("behind")
    }
}
