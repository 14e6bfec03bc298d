//! A ready-made box: what its units call beside the server, in directories that stand for its partitions.

mod boot_partition;
mod console;
mod handing_over;
mod secure_shell;
mod updating;
mod wireless;

use crate::harness::pump::{command_line, said};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// The partitions of a box.
struct Card {
    root: TempDir,
}

impl Card {
    fn new() -> Card {
        let root = TempDir::new().expect("a directory");
        for directory in ["boot", "zones/Europe"] {
            fs::create_dir_all(root.path().join(directory)).expect("writable");
        }
        fs::write(root.path().join("zones/Europe/Berlin"), "TZif").expect("writable");
        Card { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("writable");
    }

    #[track_caller]
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a command of the box that must succeed, with the server's data in `data`.
    #[track_caller]
    fn does(&self, what: &str, data: &std::path::Path) {
        self.does_with(what, data, &[]);
    }

    /// The same with options.
    #[track_caller]
    fn does_with(&self, what: &str, data: &std::path::Path, options: &[&str]) {
        let data = data.display().to_string();
        let places = ["boot", "state", "iwd", "zones", "notes"].map(|name| {
            let path = self.path(name);
            [format!("--{name}"), path.display().to_string()]
        });
        let mut words = vec!["appliance", what, "--data", &data];
        words.extend(places.iter().flatten().map(String::as_str));
        words.extend(options);
        let output = command_line(&words, "");
        assert!(output.status.success(), "{}", said(&output));
    }

    /// The names in one of its directories, in order.
    fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).into_iter().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| {
                entry
                    .expect("readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}
