//! Versions of the program on a box: one directory each, a link to the one that runs, a link to the one before, and a record while a
//! new one is being tried. Every step is one rename, so that the box starts with a whole program whenever the power fails; the
//! image's own program is the last resort. Only root writes here.
//!
//! ```text
//! VERSIONS/0.2.0/pumphouse     a program, as its package had it
//! VERSIONS/current -> 0.2.0    what runs; without it the image's own
//! VERSIONS/previous -> 0.1.0   what ran before
//! VERSIONS/trying.json         while 0.2.0 has not proved itself
//! VERSIONS/outcome.json        what the last update came to
//! ```

use crate::appliance::disk;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// The program in the directory of a version.
const PROGRAM: &str = "pumphouse";

const CURRENT: &str = "current";
const PREVIOUS: &str = "previous";
const TRYING: &str = "trying.json";
const OUTCOME: &str = "outcome.json";

/// Most of a record that is read, in bytes.
const RECORD_BYTES_MAX: u64 = 16 * 1024;

/// Most starts of a version that has not proved itself: what crashes, or takes the power with it, is given up then.
const STARTS_MAX: u32 = 3;

/// What must be left on the disk beside a new program, in bytes.
const RESERVE_BYTES: u64 = 32 << 20;

/// Where they are.
#[derive(Clone, Debug)]
pub struct Versions(PathBuf);

/// A version that has not proved itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trying {
    /// Which.
    pub version: String,
    /// What ran before; nothing for the image's own program.
    pub before: Option<String>,
    /// How often it was started.
    pub starts: u32,
}

/// What the last update came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The version that was to be installed; empty where that is not known.
    pub version: String,
    /// What became of it.
    pub what: Became,
}

/// What became of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Became {
    /// It runs.
    Installed,
    /// It did not come up, and the one before runs again.
    WentBack,
    /// It was not installed, for this reason.
    Refused(String),
}

impl Outcome {
    /// In a sentence of plain English.
    pub fn words(&self) -> String {
        let version = &self.version;
        match &self.what {
            Became::Installed => format!("Version {version} was installed and runs."),
            Became::WentBack => format!(
                "Version {version} did not come up, so the version before it runs again. Nothing was lost."
            ),
            Became::Refused(why) => format!("Nothing was installed. {why}"),
        }
    }
}

impl Versions {
    /// Those in a directory, which need not be there.
    pub fn in_directory(directory: &Path) -> Versions {
        Versions(directory.to_owned())
    }

    /// The program that shall run, if it is there; else the image's own is to be taken.
    pub fn program(&self) -> Option<PathBuf> {
        let program = self.0.join(self.current()?).join(PROGRAM);
        let facts = fs::metadata(&program).ok()?;
        (facts.is_file() && facts.permissions().mode() & 0o111 != 0).then_some(program)
    }

    /// The version that shall run; nothing for the image's own program.
    pub fn current(&self) -> Option<String> {
        self.link(CURRENT)
    }

    fn link(&self, name: &str) -> Option<String> {
        let to = fs::read_link(self.0.join(name)).ok()?;
        Some(to.to_string_lossy().into_owned())
    }

    /// Puts a program in its place, without letting it run. [`io::ErrorKind::StorageFull`] where there is no room.
    pub fn stage(&self, version: &str, program: &[u8]) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&self.0)?;
        let facts = rustix::fs::statvfs(&self.0)?;
        let free = facts.f_bavail.saturating_mul(facts.f_frsize);
        if free < RESERVE_BYTES + program.len() as u64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let half = self.0.join(format!(".{version}.new"));
        remove_directory(&half)?;
        DirBuilder::new().mode(0o755).create(&half)?;
        let path = half.join(PROGRAM);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(&path)?;
        file.write_all(program)?;
        file.sync_all()?;
        disk::sync_directory(&path)?;
        let place = self.0.join(version);
        remove_directory(&place)?;
        fs::rename(&half, &place)?;
        disk::sync_directory(&place)
    }

    /// Lets a program that was put in its place run from the next start on, to prove itself.
    pub fn switch(&self, version: &str) -> io::Result<()> {
        let before = self.current();
        if let Some(before) = &before {
            self.point(PREVIOUS, before)?;
        }
        self.keep(
            TRYING,
            &Trying {
                version: version.to_owned(),
                before,
                starts: 0,
            },
        )?;
        self.point(CURRENT, version)
    }

    /// Leads a link elsewhere, in one rename.
    fn point(&self, name: &str, version: &str) -> io::Result<()> {
        let half = self.0.join(format!(".{name}.new"));
        disk::remove(&half)?;
        symlink(version, &half)?;
        let link = self.0.join(name);
        fs::rename(&half, &link)?;
        disk::sync_directory(&link)
    }

    fn keep<T: Serialize>(&self, name: &str, record: &T) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(record)?;
        disk::write(&self.0.join(name), &text, 0o644).map(drop)
    }

    fn kept<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        let text = disk::read(&self.0.join(name), RECORD_BYTES_MAX).ok()??;
        serde_json::from_slice(&text).ok()
    }

    /// The version that has not proved itself, if one runs.
    pub fn trying(&self) -> Option<Trying> {
        let trying: Trying = self.kept(TRYING)?;
        (self.current().as_deref() == Some(trying.version.as_str())).then_some(trying)
    }

    /// Before each start: counts those of a version that has not proved itself, and gives it up after too many. A switch or a way
    /// back that was cut off is brought to its end.
    pub fn count_start(&self) -> io::Result<()> {
        let Some(mut trying) = self.kept::<Trying>(TRYING) else {
            // One that cannot be read says nothing, and would be in the way for ever.
            return disk::remove(&self.0.join(TRYING)).map(drop);
        };
        if self.current().as_deref() != Some(trying.version.as_str()) {
            if trying.starts > 0 {
                self.note(&trying.version, Became::WentBack)?;
            }
            return disk::remove(&self.0.join(TRYING)).map(drop);
        }
        trying.starts += 1;
        match trying.starts > STARTS_MAX {
            true => self.go_back(&trying),
            false => self.keep(TRYING, &trying),
        }
    }

    /// The version has proved itself.
    pub fn confirm(&self, trying: &Trying) -> io::Result<()> {
        self.note(&trying.version, Became::Installed)?;
        disk::remove(&self.0.join(TRYING))?;
        self.tidy()
    }

    /// The version has not: the one before runs from the next start on.
    pub fn go_back(&self, trying: &Trying) -> io::Result<()> {
        match &trying.before {
            Some(before) => self.point(CURRENT, before)?,
            None => disk::remove(&self.0.join(CURRENT)).map(drop)?,
        }
        self.note(&trying.version, Became::WentBack)?;
        disk::remove(&self.0.join(TRYING)).map(drop)
    }

    /// Notes what an update came to.
    pub fn note(&self, version: &str, what: Became) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&self.0)?;
        let version = version.to_owned();
        self.keep(OUTCOME, &Outcome { version, what })
    }

    /// What the last update came to, if there was one.
    pub fn outcome(&self) -> Option<Outcome> {
        self.kept(OUTCOME)
    }

    /// Removes programs that neither run nor ran before.
    fn tidy(&self) -> io::Result<()> {
        let kept = [self.link(CURRENT), self.link(PREVIOUS)];
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = Some(entry.file_name().to_string_lossy().into_owned());
            if entry.file_type()?.is_dir() && !kept.contains(&name) {
                remove_directory(&entry.path())?;
            }
        }
        Ok(())
    }
}

fn remove_directory(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Became, STARTS_MAX, Versions};
    use std::fs;

    fn two() -> (tempfile::TempDir, Versions) {
        let directory = tempfile::tempdir().expect("a directory");
        let versions = Versions::in_directory(&directory.path().join("versions"));
        for version in ["0.1.0", "0.2.0"] {
            versions.stage(version, version.as_bytes()).expect("room");
        }
        (directory, versions)
    }

    fn runs(versions: &Versions) -> Option<String> {
        let program = versions.program()?;
        Some(fs::read_to_string(program).expect("readable"))
    }

    fn try_out(versions: &Versions, version: &str) {
        versions.switch(version).expect("writable");
        versions.count_start().expect("writable");
    }

    #[test]
    fn a_version_that_proves_itself_stays_with_the_one_before() {
        let (_directory, versions) = two();
        assert_eq!(runs(&versions), None, "the image's own");
        versions.count_start().expect("nothing is tried");
        for version in ["0.1.0", "0.2.0"] {
            try_out(&versions, version);
            let trying = versions.trying().expect("on trial");
            versions.confirm(&trying).expect("writable");
            versions.stage("0.2.0", b"0.2.0").expect("room");
        }
        assert_eq!(runs(&versions).as_deref(), Some("0.2.0"));
        assert_eq!(versions.trying(), None);
        versions.stage("0.3.0", b"x").expect("room");
        versions.tidy().expect("removable");
        let outcome = versions.outcome().expect("noted");
        assert_eq!(outcome.what, Became::Installed);
        assert!(versions.0.join("0.1.0").exists() && !versions.0.join("0.3.0").exists());
    }

    #[test]
    fn what_crashes_again_and_again_is_given_up() {
        let (_directory, versions) = two();
        try_out(&versions, "0.1.0");
        versions
            .confirm(&versions.trying().expect("on trial"))
            .expect("writable");
        versions.stage("0.2.0", b"0.2.0").expect("room");
        versions.switch("0.2.0").expect("writable");
        for _ in 0..STARTS_MAX {
            versions.count_start().expect("writable");
            assert_eq!(runs(&versions).as_deref(), Some("0.2.0"));
        }
        versions.count_start().expect("writable");
        assert_eq!(runs(&versions).as_deref(), Some("0.1.0"));
        assert_eq!(versions.outcome().expect("noted").what, Became::WentBack);
        versions.count_start().expect("nothing is tried");
        assert_eq!(runs(&versions).as_deref(), Some("0.1.0"));
    }

    #[test]
    fn whatever_was_cut_off_a_whole_program_runs() {
        let (_directory, versions) = two();
        // Before the link was led elsewhere.
        versions.switch("0.1.0").expect("writable");
        versions
            .confirm(&versions.trying().expect("on trial"))
            .expect("writable");
        versions.stage("0.2.0", b"0.2.0").expect("room");
        versions.switch("0.2.0").expect("writable");
        versions.point("current", "0.1.0").expect("writable");
        versions.count_start().expect("writable");
        assert_eq!(runs(&versions).as_deref(), Some("0.1.0"));
        assert_eq!(
            versions.outcome().expect("noted").version,
            "0.1.0",
            "nothing new"
        );
        // On the way back.
        try_out(&versions, "0.2.0");
        versions.point("current", "0.1.0").expect("writable");
        versions.count_start().expect("writable");
        assert_eq!(versions.outcome().expect("noted").what, Became::WentBack);
        // A record or a program that is damaged.
        fs::write(versions.0.join("trying.json"), "{").expect("writable");
        versions.count_start().expect("writable");
        assert!(!versions.0.join("trying.json").exists());
        fs::remove_file(versions.0.join("0.1.0/pumphouse")).expect("removable");
        assert_eq!(runs(&versions), None, "the image's own");
    }
}
