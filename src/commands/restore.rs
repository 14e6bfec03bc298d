//! `pumphouse restore FILE`: fills a data directory that has no store yet from a backup. A file that is damaged, cut short
//! or no backup leaves nothing behind.

use super::{datadir, open, say, size};
use crate::cli::Failure;
use crate::config::Config;
use crate::store::engine::sled::Sled;
use crate::store::engine::{self, compact};
use crate::store::{Store, meta};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 * 1024;

pub(super) fn perform(config: &Config, file: &Path) -> Result<(), Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(format!("Cannot read {}: {error}.", file.display()))
    };
    let from = File::open(file).map_err(|error| cannot(&error))?;
    if from.metadata().is_ok_and(|facts| facts.is_dir()) {
        return Err(cannot(&"it is a directory"));
    }
    let dir = config.datadir.join("store");
    config.prepare_datadir()?;
    let _lock = open::lock(config, "")?;
    if dir.exists() {
        return Err(Failure::new(format!(
            "{} is there already, and nothing overwrites a store. Choose an empty directory with --datadir, or \
             move that one away first.",
            dir.display()
        )));
    }
    let start = Instant::now();
    let filled = fill(&mut BufReader::with_capacity(BUFFER_BYTES, from), &dir);
    if filled.is_err()
        && let Err(error) = fs::remove_dir_all(&dir)
    {
        log::warn!("cannot remove {}: {error}", dir.display());
    }
    datadir::hand_over(&config.datadir);
    let (restored, base) = filled.map_err(|error| match error {
        engine::Error::Corrupt(why) | engine::Error::Io(why) => {
            Failure::new(format!("{}: {why}. Nothing was restored.", file.display()))
        }
        engine::Error::Full => Failure::new("The disk is full. Nothing was restored."),
        other => Failure::new(format!("{}: {other} Nothing was restored.", file.display())),
    })?;
    say(format_args!(
        "{} records are in {} now ({}, {}). The store belongs to {}.",
        restored.records,
        dir.display(),
        size::bytes(restored.bytes),
        size::seconds(start.elapsed()),
        base.as_deref().unwrap_or("nobody yet")
    ))?;
    say(format_args!(
        "Uploaded files are not in a backup. Copy them into {}, with the directories that they are in.",
        config.datadir.join("uploads").display()
    ))
}

/// Builds the store, opens it as the server would, and tells its base URL.
fn fill(
    from: &mut dyn std::io::Read,
    dir: &Path,
) -> engine::Result<(engine::export::Imported, Option<String>)> {
    let imported = compact::restore(from, dir)?;
    let store = Store::on(Box::new(Sled::open(dir)?))?;
    let site = meta::site(&store)?;
    store.engine().close()?;
    let base = site.and_then(|site| site.base);
    Ok((imported, base.map(|base| base.url().to_owned())))
}
