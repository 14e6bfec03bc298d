//! The boot partition, which is mounted read-only but for moments.
//!
//! Several may need such a moment at once: a unit of the appliance, another one, the server while it starts (`card.conf` of the image).
//! Whoever mounts the partition anew holds the lock of its directory (`flock(2)`), and leaves it writable if it was.

use crate::cli::Places;
use rustix::fs::{FlockOperation, StatVfsMountFlags, flock, statvfs};
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Command;

/// Does something that writes to the boot partition; fails with what mounting or writing says.
pub(super) fn writing<T>(
    places: &Places,
    write: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let boot = &places.boot;
    if !places.remounts {
        return write(boot);
    }
    // Until this goes. Nobody holds it longer than some writes take, and the units have a time limit.
    let lock = File::open(boot)?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let is_writable = !statvfs(boot)?.f_flag.contains(StatVfsMountFlags::RDONLY);
    if is_writable {
        return write(boot);
    }
    remount(boot, "remount,rw")?;
    let done = write(boot);
    // A partition that stays writable is no reason to fail; the next start mounts it as it should be.
    if let Err(error) = remount(boot, "remount,ro") {
        eprintln!("{error}");
    }
    done
}

fn remount(boot: &Path, how: &str) -> io::Result<()> {
    let status = Command::new("mount").args(["-o", how]).arg(boot).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "cannot mount {} with {how}",
            boot.display()
        ))),
    }
}
