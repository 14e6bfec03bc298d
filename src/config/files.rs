//! The data directory: made where it is not there, and tried.

use super::{Config, Problems};
use std::fs;
use std::io;
use std::path::Path;

impl Config {
    /// Makes the data directory, readable for its owner only, and tries to write in it. The error is a sentence.
    pub fn prepare_datadir(&self) -> Result<(), Problems> {
        let file = self.datadir.join("writable");
        let tried = make_private_dir(&self.datadir)
            .and_then(|()| fs::write(&file, ""))
            .and_then(|()| fs::remove_file(&file));
        // On a full disk everything can still be read.
        let tried = tried.or_else(|error| match error.kind() {
            io::ErrorKind::StorageFull => Ok(()),
            _ => Err(error),
        });
        tried.map_err(|error| {
            Problems::one(format!(
                "Cannot write in the data directory {}: {error}. Choose another one with --datadir.",
                self.datadir.display()
            ))
        })
    }
}

fn make_private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}
