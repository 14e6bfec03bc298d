//! The boot partition, which is mounted read-only but for moments.

use crate::cli::Places;
use std::io;
use std::path::Path;
use std::process::Command;

/// Does something that writes to the boot partition.
pub(super) fn writing<T>(
    places: &Places,
    write: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    if !places.remounts {
        return write(&places.boot);
    }
    remount(&places.boot, "remount,rw")?;
    let done = write(&places.boot);
    // A partition that stays writable is no reason to fail; the next start mounts it as it should be.
    if let Err(error) = remount(&places.boot, "remount,ro") {
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
