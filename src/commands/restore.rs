//! `pumphouse restore FILE`: fills an empty data directory from a backup. A file that is damaged, cut short or no backup
//! leaves nothing behind.

use super::{datadir, open, say, size};
use crate::cli::{Failure, read_passphrase};
use crate::config::Config;
use crate::domain::backups::{reading, restoring};
use crate::error::Error;
use crate::store::Store;
use crate::store::engine::sled::Sled;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

pub(super) fn perform(config: &Config, file: &Path) -> Result<(), Failure> {
    let named =
        |error: Error| Failure::new(format!("{}: {error} Nothing was restored.", file.display()));
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(format!("Cannot read {}: {error}.", file.display()))
    };
    let mut from = File::open(file).map_err(|error| cannot(&error))?;
    if from.metadata().is_ok_and(|facts| facts.is_dir()) {
        return Err(cannot(&"it is a directory"));
    }
    datadir::hand_over(&config.datadir);
    datadir::become_owner(&config.datadir)?;
    config.prepare_datadir()?;
    let _lock = open::lock(config, "")?;
    if open::settle(config)? {
        return Err(Failure::new(format!(
            "A restore had been cut off when everything was on the disk: what it brought is whole in {} now, and the server can \
             start. Of {} nothing was restored.",
            config.datadir.display(),
            file.display()
        )));
    }
    check_empty(config)?;
    let passphrase = match reading::is_encrypted(&mut from).map_err(named)? {
        true => Some(read_passphrase("Passphrase: ").map_err(Failure::new)?),
        false => None,
    };
    let passphrase = passphrase.as_ref().map(|passphrase| passphrase.reveal());
    let start = Instant::now();
    let unpacked =
        reading::open(from, passphrase).and_then(|mut from| restoring::unpack(&mut *from, config));
    let restored = unpacked.map_err(named)?;
    open::settle(config)?;
    say(format_args!(
        "The backup is in {} now ({}). It belongs to {}, with {} accounts.",
        config.datadir.display(),
        size::seconds(start.elapsed()),
        restored.base.as_deref().unwrap_or("nobody yet"),
        restored.people
    ))?;
    match restored.about {
        Some(about) => say(format_args!(
            "It was made on {} and brought {} files of people. The server can start.",
            about.made, about.files
        )),
        None => say(format_args!(
            "It was made by an older release and holds no uploaded files. Copy them into {}, with the directories that they \
             are in.",
            config.datadir.join("uploads").display()
        )),
    }
}

/// A directory in which a server ran that nobody has set up is as good as empty.
fn check_empty(config: &Config) -> Result<(), Failure> {
    let dir = config.datadir.join("store");
    let store = match dir.exists() {
        true => Some(Store::on(Box::new(Sled::open(&dir)?))?),
        false => None,
    };
    restoring::check_empty(store.as_ref(), &config.datadir)?;
    match store {
        Some(store) => Ok(store.engine().close()?),
        None => Ok(()),
    }
}
