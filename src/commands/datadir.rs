//! One process at a time in a data directory. The file `lock` says so, and whom it is locked by: while a server runs it
//! holds the server's process id and address, so that other commands can name it; after a run that ended well it is
//! empty, so that the next start can see whether the last run was cut off.

use crate::cli::Failure;
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, lchown};
use std::path::{Path, PathBuf};

/// Longest content of the file that is read, in bytes.
const NOTE_BYTES_MAX: u64 = 1024;

/// A data directory that belongs to this process until this is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    was_cut_off: bool,
}

/// The server that runs on a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its process id.
    pub process: u32,
    /// Where it listens, as it announced it.
    pub url: String,
}

/// Takes a data directory, which must exist.
pub fn lock(datadir: &Path) -> Result<Lock, Failure> {
    let path = datadir.join("lock");
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(format!("Cannot {what} {}: {error}.", path.display()))
    };
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| cannot("write", &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use(datadir, read(&mut file).as_ref())),
        Err(TryLockError::Error(error)) => return Err(cannot("lock", &error)),
    }
    let was_cut_off = file.metadata().is_ok_and(|facts| facts.len() > 0);
    Ok(Lock {
        file,
        path,
        was_cut_off,
    })
}

/// The server that runs on a data directory; nothing if none does. Changes nothing, needs no permission to write.
pub fn running(datadir: &Path) -> Option<Running> {
    let mut file = File::open(datadir.join("lock")).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read(&mut file).unwrap_or(Running {
            process: 0,
            url: String::new(),
        })),
        _ => None,
    }
}

impl Lock {
    /// Whether the last server on this directory did not end properly: it was killed, or the power was cut.
    pub fn was_cut_off(&self) -> bool {
        self.was_cut_off
    }

    /// Notes that a server runs, and where. On a full disk the note is missing, which harms nothing.
    pub fn note(&mut self, url: &str) {
        let text = format!("{}\n{url}\n", std::process::id());
        if let Err(error) = self.write(&text) {
            log::warn!("cannot write {}: {error}", self.path.display());
        }
    }

    /// Notes that the server ended well.
    pub fn clear(&mut self) {
        if let Err(error) = self.write("") {
            log::warn!("cannot write {}: {error}", self.path.display());
        }
    }

    fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}

fn read(file: &mut File) -> Option<Running> {
    let mut text = String::new();
    file.take(NOTE_BYTES_MAX).read_to_string(&mut text).ok()?;
    let (process, url) = text.split_once('\n')?;
    Some(Running {
        process: process.parse().ok()?,
        url: url.trim_end().to_owned(),
    })
}

fn in_use(datadir: &Path, server: Option<&Running>) -> Failure {
    let datadir = datadir.display();
    Failure::locked(match server {
        Some(Running { process, url }) => format!(
            "The server that runs as process {process} at {url} uses the data directory {datadir}. Stop it first (as a \
             service: `systemctl stop pumphouse`), or choose another directory with --datadir."
        ),
        None => format!(
            "Another process uses the data directory {datadir}. Stop it first, or choose another directory with --datadir."
        ),
    })
}

/// Gives what root made in somebody's data directory to whom the directory belongs, so that a command that was run with
/// `sudo` does not lock the service out of its own store.
pub(in crate::commands) fn hand_over(datadir: &Path) {
    let Ok(facts) = fs::metadata(datadir) else {
        return;
    };
    if facts.uid() == 0 {
        return;
    }
    let give = |path: &Path| {
        if fs::symlink_metadata(path).is_ok_and(|file| file.uid() == 0)
            && let Err(error) = lchown(path, Some(facts.uid()), Some(facts.gid()))
        {
            log::warn!("{} belongs to root: {error}", path.display());
        }
    };
    each(datadir, 0, &give);
    each(&datadir.join("certificates"), 0, &give);
    each(&datadir.join("uploads"), 1, &give);
    each(&datadir.join("store"), 3, &give);
}

/// Has root be from now on, for good and with its later threads, whom a data directory belongs to: what a command makes there
/// is theirs at once, wherever it is cut off. Files of others are to be open before.
pub(in crate::commands) fn become_owner(datadir: &Path) -> Result<(), Failure> {
    let take_over = |facts: &Metadata| {
        let (user, group) = (Uid::from_raw(facts.uid()), Gid::from_raw(facts.gid()));
        set_thread_groups(&[])?;
        set_thread_res_gid(group, group, group)?;
        Ok(set_thread_res_uid(user, user, user)?)
    };
    let done = match fs::metadata(datadir) {
        Ok(facts) if facts.uid() != 0 && geteuid().is_root() => take_over(&facts),
        // It is made by who runs the command.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        facts => facts.map(|_| ()),
    };
    done.map_err(|error: std::io::Error| {
        let datadir = datadir.display();
        Failure::new(format!(
            "Cannot act for whom {datadir} belongs to: {error}."
        ))
    })
}

/// Visits what is in a directory, and in directories below it down to a depth.
fn each(directory: &Path, depth: usize, visit: &dyn Fn(&Path)) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        visit(&entry.path());
        if depth > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            each(&entry.path(), depth - 1, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Running, lock, running};
    use crate::cli::exit_code;

    #[test]
    fn a_second_process_hears_who_is_there() {
        let directory = tempfile::tempdir().expect("a directory");
        assert_eq!(running(directory.path()), None);
        let mut first = lock(directory.path()).expect("free");
        assert!(!first.was_cut_off());
        let refused = lock(directory.path()).expect_err("taken");
        assert_eq!(refused.code(), exit_code::LOCKED);
        assert!(refused.to_string().contains("Another process"));
        let url = "http://127.0.0.1:8080/";
        first.note(url);
        let server = Running {
            process: std::process::id(),
            url: url.to_owned(),
        };
        assert_eq!(running(directory.path()), Some(server));
        let refused = lock(directory.path()).expect_err("taken");
        assert_eq!(refused.code(), exit_code::LOCKED);
        assert!(refused.to_string().contains(url), "{refused}");
    }

    #[test]
    fn a_run_that_was_cut_off_is_seen_by_the_next_and_one_that_ended_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        lock(directory.path()).expect("free").note("http://h.test/");
        assert_eq!(running(directory.path()), None);
        let mut next = lock(directory.path()).expect("free");
        assert!(next.was_cut_off());
        next.clear();
        drop(next);
        assert!(!lock(directory.path()).expect("free").was_cut_off());
    }
}
