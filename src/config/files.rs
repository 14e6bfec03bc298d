//! What the configuration itself keeps in the data directory: the secret, and that the directory is there at all.

use super::{Config, Problems, Secret};
use crate::ids::random_text;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

impl Config {
    /// The secret that signs sessions: the configured one, else the one kept in `datadir/secret`, which is made at
    /// the first call. The directory must exist.
    pub fn session_secret(&self) -> io::Result<Secret> {
        if let Some(secret) = &self.secret {
            return Ok(secret.clone());
        }
        let path = self.datadir.join("secret");
        match fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => return Ok(Secret::new(text.trim())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let text = random_text::<32>();
        write_private(&self.datadir, "secret", &text)?;
        Ok(Secret::new(text))
    }

    /// Makes the data directory, readable for its owner only, and tries to write in it. The error is a sentence.
    pub fn prepare_datadir(&self) -> Result<(), Problems> {
        let tried = make_private_dir(&self.datadir)
            .and_then(|()| write_private(&self.datadir, "writable", ""))
            .and_then(|()| fs::remove_file(self.datadir.join("writable")));
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

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let half = dir.join(format!("{name}.{}", random_text::<6>()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&half)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&half, dir.join(name)))
        .and_then(|()| fs::File::open(dir)?.sync_all());
    if written.is_err() {
        // The first error is the one to tell; what is left over is harmless.
        drop(fs::remove_file(&half));
    }
    written
}
