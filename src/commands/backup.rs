//! `pumphouse backup FILE`: the whole store as one portable file (`store/engine/export.rs`). Uploads are plain files in
//! the data directory and are copied as such; they are not in it.

use super::{datadir, open, say, size};
use crate::cli::Failure;
use crate::config::Config;
use crate::store::Store;
use crate::store::engine::sled::Sled;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 256 * 1024;

pub(super) fn perform(config: &Config, file: &Path) -> Result<(), Failure> {
    let dir = config.datadir.join("store");
    if !dir.exists() {
        return Err(Failure::new(format!(
            "There is no store in {} yet.",
            config.datadir.display()
        )));
    }
    if file.exists() {
        return Err(Failure::new(format!(
            "{} exists already. Choose another name; nothing was overwritten.",
            file.display()
        )));
    }
    let instead = "While it runs it holds its store, so there can be no backup.";
    let _lock = open::lock(config, instead)?;
    let start = Instant::now();
    let engine = Sled::open(&dir);
    let written = engine.map_err(Failure::from).and_then(|engine| {
        let store = Store::on(Box::new(engine))?;
        let written = write(&store, file);
        store.engine().close()?;
        written
    });
    datadir::hand_over(&config.datadir);
    let bytes = written?;
    say(format_args!(
        "The store is in {} now: {} ({}). It holds the hashes of passwords and the keys of applications: keep it safe.",
        file.display(),
        size::bytes(bytes),
        size::seconds(start.elapsed())
    ))?;
    say(format_args!(
        "Uploaded files are not in it. They are plain files: copy {}, too.",
        config.datadir.join("uploads").display()
    ))
}

/// Writes the backup beside its place and moves it there when it is whole and on disk.
fn write(store: &Store, file: &Path) -> Result<u64, Failure> {
    let half = half_of(file);
    let outcome = write_half(store, &half).and_then(|bytes| {
        let moved = fs::rename(&half, file).and_then(|()| sync_parent(file));
        moved.map(|()| bytes).map_err(|error| cannot(file, &error))
    });
    if outcome.is_err() {
        // The first error is the one to tell.
        drop(fs::remove_file(&half));
    }
    outcome
}

fn write_half(store: &Store, half: &Path) -> Result<u64, Failure> {
    let made = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(half)
        .map_err(|error| cannot(half, &error))?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, made);
    store.engine().export(&mut out).map_err(|error| {
        Failure::new(format!(
            "Cannot write the backup {}: {error}.",
            half.display()
        ))
    })?;
    let finish = |out: BufWriter<File>| {
        let made = out.into_inner().map_err(|error| error.into_error())?;
        made.sync_all()?;
        Ok(made.metadata()?.len())
    };
    finish(out).map_err(|error: std::io::Error| cannot(half, &error))
}

fn half_of(file: &Path) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn sync_parent(file: &Path) -> std::io::Result<()> {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn cannot(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("Cannot write {}: {error}.", file.display()))
}
