//! Processes that die at a chosen moment: just before they change a name in one directory (`cut.c`, compiled with `cc`).

use super::pump::{Environment, binary_path};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What kills them.
pub(crate) struct Scissors {
    desk: TempDir,
}

impl Scissors {
    /// Nothing, and a word about it, where no compiler is installed.
    pub(crate) fn take() -> Option<Scissors> {
        let desk = TempDir::new().expect("a directory");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/harness/cut.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-o"])
            .arg(desk.path().join("cut.so"))
            .arg(source)
            .args(["-ldl", "-lpthread"])
            .status();
        match compiled {
            Ok(status) => assert!(status.success(), "it compiles"),
            Err(_) => {
                eprintln!("without cc nothing is killed at a chosen moment: this story is skipped");
                return None;
            }
        }
        Some(Scissors { desk })
    }

    /// What a process needs to be killed when it changes something in a directory.
    pub(crate) fn environment(&self, directory: &Path) -> Environment {
        let text = |path: PathBuf| path.display().to_string();
        vec![
            ("LD_PRELOAD", text(self.desk.path().join("cut.so"))),
            ("CUT_DIR", text(directory.to_owned())),
            ("CUT_DESK", text(self.desk.path().to_owned())),
        ]
    }

    /// The next process dies before a change: its number, or its line in the log.
    pub(crate) fn cut_before(&self, change: &str) {
        fs::write(self.desk.path().join("order"), change).expect("a file");
    }

    /// All changes since the last look, a line each.
    pub(crate) fn changes(&self) -> Vec<String> {
        let log = self.desk.path().join("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        fs::remove_file(log).ok();
        text.lines().map(str::to_owned).collect()
    }

    /// Runs a command of the binary, and answers whether it was killed.
    #[track_caller]
    pub(crate) fn kills(&self, directory: &Path, command: &[&str]) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        let output = Command::new(binary_path())
            .env_clear()
            .args(command)
            .args([Path::new("--datadir"), directory])
            .envs(self.environment(directory))
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        let is_killed = output.status.signal() == Some(9);
        assert!(
            is_killed || output.status.success(),
            "{}",
            super::pump::said(&output)
        );
        is_killed
    }
}
