//! What only root can give a story: a small disk, a directory that takes no writes. Without root there is none, and it says so.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Something that is mounted on a directory, as long as this is there.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// An empty disk in memory, with options of `mount(8)`.
    pub(crate) fn disk(place: &Path, options: &str) -> Option<Mount> {
        Mount::new(&["-t", "tmpfs", "-o", options, "tmpfs"], place)
    }

    /// The directory itself, which takes no writes.
    pub(crate) fn locked(place: &Path) -> Option<Mount> {
        let mount = Mount::new(&["--bind", &place.display().to_string()], place)?;
        assert!(mounts(&["-o", "remount,bind,ro"], place), "it is locked");
        Some(mount)
    }

    /// Whether it can be written.
    pub(crate) fn is_writable(&self) -> bool {
        let probe = self.0.join("probe");
        std::fs::write(&probe, "").is_ok() && std::fs::remove_file(&probe).is_ok()
    }

    fn new(arguments: &[&str], place: &Path) -> Option<Mount> {
        if !mounts(arguments, place) {
            eprintln!("skipped: only root may mount");
            return None;
        }
        Some(Mount(place.to_owned()))
    }
}

/// Calls `mount(8)`; whether it did it.
pub(crate) fn mounts(arguments: &[&str], place: &Path) -> bool {
    let mut command = Command::new("mount");
    let done = command.args(arguments).arg(place).output();
    done.is_ok_and(|output| output.status.success())
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a file system goes with the last file that is open on it.
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}
