//! Restores that are killed, at any moment: afterwards the data directory is as empty as before and takes the same backup again,
//! or it has all of it. `PUMPHOUSE_KILLS` says at how many moments beside those that count most (4), `PUMPHOUSE_SEED` repeats a run.

use crate::backups::{backed_up, in_copy, lived_in, names_in, on, original_of, text};
use crate::harness::chance::Chance;
use crate::harness::cutting::Scissors;
use crate::harness::pump::said;
use crate::harness::{Person, Pump, Request, eventually, knob};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Moments of which nothing is known, where nobody says otherwise.
const KILLS: usize = 4;

/// Somebody who is not root.
const NOBODY: u32 = 65534;

/// A backup with something in every part of it.
struct Backup {
    _stick: TempDir,
    file: PathBuf,
    evan: Person,
    photo: Value,
    feed: Value,
    picture: Vec<u8>,
}

/// A name in the directory of the certificates.
const CERTIFICATE: &str = "certificates/of-old.pem";

impl Backup {
    fn make() -> Backup {
        let (pump, evan, photo) = lived_in();
        pump.give_to("evan");
        fs::create_dir_all(pump.directory().join("certificates")).expect("made");
        fs::write(pump.directory().join(CERTIFICATE), "kept").expect("written");
        let (stick, file) = backed_up(&pump, &[], "");
        Backup {
            _stick: stick,
            file,
            feed: evan.feed().page(),
            picture: original_of(&evan, &photo),
            evan,
            photo,
        }
    }

    /// Whether a server that was started again has all of it; false if it has nothing of it.
    #[track_caller]
    fn is_in(&self, pump: &mut Pump, context: &str) -> bool {
        let certificate = pump.directory().join(CERTIFICATE);
        if pump.nobody().get("/evan").status == 404 {
            assert!(!certificate.exists(), "{context}");
            return false;
        }
        let evan = in_copy(&self.evan, pump);
        assert_eq!(evan.feed().page(), self.feed, "{context}");
        assert!(
            original_of(&evan, &self.photo) == self.picture,
            "{context}: the photo is another one"
        );
        assert_eq!(
            fs::read(certificate).ok().as_deref(),
            Some(&b"kept"[..]),
            "{context}"
        );
        let names = names_in(pump.directory());
        let is_left = |name: &String| name.starts_with("restor");
        assert!(!names.iter().any(is_left), "{context}: {names:?}");
        pump.is_sound();
        true
    }

    /// Restores it after an attempt that was killed: either it was in place already, or it is now.
    #[track_caller]
    fn goes_into(&self, directory: &Path, context: &str) {
        let again = on(directory, &["restore", &text(&self.file)], "");
        let said = said(&again);
        let is_told = said.contains("whole") || said.contains("already");
        assert!(again.status.success() || is_told, "{context}: {said}");
    }
}

/// A data directory of a server that nobody set up, of whom root is not.
fn unused() -> TempDir {
    let mut pump = Pump::unconfigured();
    assert!(pump.stop().success());
    let directory = copy(pump.directory());
    let certificates = directory.path().join("certificates");
    fs::create_dir_all(&certificates).expect("made");
    fs::write(certificates.join("new.pem"), "new").expect("written");
    directory
}

fn copy(directory: &Path) -> TempDir {
    let copy = TempDir::new().expect("a directory");
    let copied = Command::new("cp")
        .args(["-a", "-T"])
        .args([directory, copy.path()])
        .status();
    assert!(copied.is_ok_and(|status| status.success()));
    copy
}

/// Whether a change is one by which what was restored takes its place.
fn is_commit(change: &str) -> bool {
    let mut words = change.split(' ');
    let is_rename = words.next() == Some("rename");
    let to = words.nth(1);
    is_rename && to.is_some_and(|to| !to.contains('/'))
}

#[test]
fn a_restore_that_is_killed_left_all_of_it_or_nothing() {
    let Some(scissors) = Scissors::take() else {
        return;
    };
    let (mut chance, seed) = Chance::seeded();
    let backup = Backup::make();
    let unused = unused();
    let command = ["restore", &text(&backup.file)];

    let directory = copy(unused.path());
    assert!(!scissors.kills(directory.path(), &command));
    let changes = scissors.changes();
    let commits: Vec<usize> = (0..changes.len())
        .filter(|at| is_commit(&changes[*at]))
        .collect();
    assert_eq!(commits.len(), 4, "whole, and its three parts: {changes:#?}");
    let mut moments: Vec<usize> = commits.iter().flat_map(|at| [*at, at + 1]).collect();
    let more = knob("PUMPHOUSE_KILLS").map_or(KILLS, |text| text.parse().expect("a number"));
    moments.extend((0..more).map(|_| chance.below(changes.len())));
    moments.sort_unstable();
    moments.dedup();

    for at in moments {
        let context = format!("seed {seed}, before change {at}: {}", changes[at]);
        let directory = copy(unused.path());
        scissors.cut_before(&at.to_string());
        assert!(scissors.kills(directory.path(), &command), "{context}");
        let other = copy(directory.path());
        let mut pump = Pump::on(directory, &[]);
        let is_done = backup.is_in(&mut pump, &context);
        assert_eq!(is_done, at > commits[0], "{context}");

        backup.goes_into(other.path(), &context);
        let mut pump = Pump::on(other, &[]);
        assert!(backup.is_in(&mut pump, &context), "{context}");
    }
}

/// Every file below a directory.
fn all_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => [all_below(&path), vec![path]].concat(),
            false => vec![path],
        })
        .collect()
}

#[test]
fn what_root_restored_belongs_to_the_server_wherever_it_was_killed() {
    let Some(scissors) = Scissors::take() else {
        return;
    };
    let backup = Backup::make();
    let place = TempDir::new().expect("a directory");
    if chown(place.path(), Some(NOBODY), Some(NOBODY)).is_err() {
        return eprintln!("only root restores for somebody else: this story is skipped");
    }
    let command = ["restore", &text(&backup.file)];
    let directory = copy(place.path());
    assert!(!scissors.kills(directory.path(), &command));
    let changes = scissors.changes();
    let moments = [changes.len() / 3, changes.len() - 2, changes.len()];
    for at in (0..4).chain(moments) {
        let directory = copy(place.path());
        scissors.cut_before(&at.to_string());
        let is_killed = scissors.kills(directory.path(), &command);
        assert_eq!(is_killed, at < changes.len());
        belongs_to_nobody(directory.path(), &format!("cut before change {at}"));
        if !is_killed {
            // So does what other commands of root's bring, files among it.
            let archive = place.path().join("evan.zip");
            let archive = text(&archive);
            for (command, input) in [
                (&["export", "evan", &archive][..], ""),
                (&["user", "add", "bea"], "correct-horse-7\n"),
                (&["import", "bea", &archive], ""),
            ] {
                let output = on(directory.path(), command, input);
                assert!(output.status.success(), "{}", said(&output));
                belongs_to_nobody(directory.path(), command[0]);
            }
        }
    }
}

#[track_caller]
fn belongs_to_nobody(directory: &Path, context: &str) {
    for path in all_below(directory) {
        let owner = fs::metadata(&path).expect("it is there").uid();
        assert_eq!(owner, NOBODY, "{context}: {}", path.display());
    }
}

/// Where a server listens after it began again in the same process; nothing once it was killed.
fn next_address(pump: &Pump, before: usize) -> Option<SocketAddr> {
    let log = pump.log();
    let mut lines = log
        .lines()
        .filter_map(|line| line.strip_prefix("listening on http://"));
    lines.nth(before)?.strip_suffix('/')?.parse().ok()
}

/// Puts the backup into the form of the first screen.
#[track_caller]
fn submits(pump: &Pump, backup: &Backup) {
    let code = pump.runs(&["setup-code"], "");
    let mut browser = pump.browser();
    let form = browser.open("/setup/restore").expect(200).form("restore");
    let bytes = fs::read(&backup.file).expect("the backup");
    let form = form.fill("code", &code);
    let form = form.attach("file", "b.tar", "application/x-tar", &bytes);
    browser.submit_once(&form);
}

#[test]
fn a_restore_on_the_first_screen_that_is_killed_left_all_of_it_or_nothing() {
    let Some(scissors) = Scissors::take() else {
        return;
    };
    let backup = Backup::make();
    for before in [
        "mkdir restoring/store",
        "rename restoring restored",
        "rename restored/certificates certificates",
        "rename restored/uploads uploads",
        "rename restored/store store",
        "remove restored",
    ] {
        let directory = unused();
        let environment = scissors.environment(directory.path());
        scissors.cut_before(before);
        let mut pump = Pump::unconfigured_on(directory, environment);
        scissors.changes();
        submits(&pump, &backup);
        pump.ended();
        let changes = scissors.changes();
        assert!(!changes.iter().any(|change| change == before), "{before}");
        pump.start_again();
        let is_done = asked(&pump, "/evan") == 200;
        let is_whole = !matches!(
            before,
            "mkdir restoring/store" | "rename restoring restored"
        );
        assert_eq!(is_done, is_whole, "{before}");
        if !is_done {
            let runs = pump.log().matches("listening on http://").count();
            submits(&pump, &backup);
            eventually(|| next_address(&pump, runs).is_some());
            pump.site
                .moves_to(next_address(&pump, runs).expect("it listens"));
        }
        assert!(pump.stop().success(), "{before}: {}", pump.log());
        let mut pump = Pump::on(copy(pump.directory()), &[]);
        assert!(backup.is_in(&mut pump, before), "{before}");
    }
}

/// How a server that has another name by now answers.
fn asked(pump: &Pump, path: &str) -> u16 {
    let request = Request::get(path).header("host", "pump.test");
    pump.nobody().send(request).status
}
