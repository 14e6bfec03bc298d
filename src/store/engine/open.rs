//! The store's files: who may open them, what an interrupted run left, and what sled 0.34.7 does not do for them itself
//! (`store.md`, "The four fixes"). Knows files and sled's opening, nothing of records.
//!
//! A store's directory holds `lock`, the live store in `sled/`, `ballast`, and while a store is rebuilt `sled.new/` and
//! `sled.old/` ([`super::compact`]).

use super::{Error, Result};
use rustix::fs::FallocateFlags;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Free space, in bytes, that writes leave on the store's file system, so that sled never meets a full disk in the
/// middle of a group. A group may rewrite a page of 20 KiB for each of some 800 records: 16 MiB.
pub const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// Room that is kept aside, in bytes, and given up when the store is opened on a disk that others have filled: sled writes then,
/// half a MiB in an empty store, and a snapshot that grows with its pages.
const BALLAST_BYTES: u64 = 8 * 1024 * 1024;

/// What sled may keep of its pages, in bytes. It keeps some five times that, because it looks seldom; what is read again and
/// again is in the record cache, so more gains nothing.
const CACHE_BYTES: u64 = 1024 * 1024;

/// How long a store that this process closed may still be held by sled's threads, in seconds.
const RELEASE_SECS_MAX: u64 = 5;

/// The parts of a store's directory.
pub(super) struct Places {
    /// The directory itself.
    pub(super) dir: PathBuf,
    /// The store in use.
    pub(super) live: PathBuf,
    /// A store that is being built and not complete.
    pub(super) new: PathBuf,
    /// A store that a complete new one replaces.
    pub(super) old: PathBuf,
    /// [`BALLAST_BYTES`] of nothing.
    ballast: PathBuf,
}

impl Places {
    /// Creates the directory if it is missing, for its owner alone: sled's own files are readable to everybody, and the
    /// data directory around them may have been made by somebody else.
    pub(super) fn of(dir: &Path) -> Result<Places> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| at(dir, &error))?;
        // Needed to sync the parent: a relative path of one part has an empty one.
        let dir = dir.canonicalize().map_err(|error| at(dir, &error))?;
        Ok(Places {
            live: dir.join("sled"),
            new: dir.join("sled.new"),
            old: dir.join("sled.old"),
            ballast: dir.join("ballast"),
            dir,
        })
    }

    /// Keeps every other process, and every other engine of this one, out for as long as the file lives.
    pub(super) fn lock(&self) -> Result<File> {
        let path = self.dir.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| at(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::Locked(format!(
                "another process uses {}; stop it first",
                self.dir.display()
            ))),
            Err(TryLockError::Error(error)) => Err(at(&path, &error)),
        }
    }

    /// Brings the directory back to one live store after an interrupted rebuild. Needs the lock.
    pub(super) fn settle(&self) -> Result<()> {
        if !self.live.exists() && self.old.exists() {
            // The old store is moved aside only when the new one is complete and on disk.
            let complete = if self.new.exists() {
                &self.new
            } else {
                &self.old
            };
            log::warn!("finishing an interrupted rebuild of the store");
            rename(complete, &self.live)?;
            sync_dir(&self.dir)?;
        }
        for leftover in [&self.new, &self.old] {
            if leftover.exists() {
                log::warn!(
                    "removing {}, left by an interrupted rebuild",
                    leftover.display()
                );
                remove(leftover)?;
            }
        }
        Ok(())
    }

    /// Keeps room aside for an opening on a full disk, as long as there is plenty.
    pub(super) fn keep_ballast(&self) {
        if let Err(error) = self.try_ballast() {
            log::debug!("{}: {error}", self.ballast.display());
            self.drop_ballast();
        }
    }

    fn try_ballast(&self) -> io::Result<()> {
        let mut options = File::options();
        let file = options.create(true).append(true).open(&self.ballast)?;
        if file.metadata()?.len() == BALLAST_BYTES {
            return Ok(());
        }
        if free_bytes(&file) < RESERVE_BYTES + BALLAST_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, BALLAST_BYTES)?;
        Ok(())
    }

    /// Gives that room back; answers whether there was some.
    pub(super) fn drop_ballast(&self) -> bool {
        fs::remove_file(&self.ballast).is_ok()
    }

    /// Puts the complete store in `new` in place of the live one. At every moment either the one or the other is found
    /// by [`Places::settle`].
    pub(super) fn swap(&self) -> Result<()> {
        sync_store(&self.new)?;
        sync_dir(&self.dir)?;
        if self.live.exists() {
            rename(&self.live, &self.old)?;
            sync_dir(&self.dir)?;
        }
        rename(&self.new, &self.live)?;
        sync_dir(&self.dir)?;
        if self.old.exists() {
            remove(&self.old)?;
        }
        Ok(())
    }
}

/// The engine's own handles on the files of one open store.
pub(super) struct Files {
    db: File,
    blobs: PathBuf,
    /// The highest number of a blob that is on disk.
    blob_synced: Option<u64>,
}

impl Files {
    /// Makes everything written so far safe against a power cut. Follows a flush of sled, which stops before the file's
    /// size and the disk's cache.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.db.sync_data()
    }

    /// Makes the blobs written since the last call safe. Sled never syncs these files, and a log that points to a
    /// missing one ends there. Goes before the flush.
    pub(super) fn sync_blobs(&mut self) -> io::Result<()> {
        let mut highest = self.blob_synced;
        for entry in fs::read_dir(&self.blobs)? {
            let entry = entry?;
            let number: Option<u64> = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            if number > self.blob_synced {
                match File::open(entry.path()) {
                    Ok(file) => file.sync_all()?,
                    // Sled may remove a blob at any time.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
                highest = highest.max(number);
            }
        }
        if highest > self.blob_synced {
            File::open(&self.blobs)?.sync_all()?;
            self.blob_synced = highest;
        }
        Ok(())
    }

    /// A second handle for asking the free space.
    pub(super) fn space(&self) -> Result<Space> {
        let db = self
            .db
            .try_clone()
            .map_err(|error| Error::Io(error.to_string()))?;
        Ok(Space { db })
    }
}

/// Asks the store's file system for its free space.
pub(super) struct Space {
    db: File,
}

impl Space {
    /// As [`free_bytes`].
    pub(super) fn free_bytes(&self) -> u64 {
        free_bytes(&self.db)
    }
}

/// Free bytes of a file's file system that this process may use; all there is when it does not say.
pub fn free_bytes(file: &File) -> u64 {
    rustix::fs::fstatvfs(file).map_or(u64::MAX, |stat| stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Opens the store in `path`, with the four fixes. The caller holds the lock of [`Places`].
pub(super) fn open(path: &Path) -> Result<(::sled::Db, Files)> {
    fs::create_dir_all(path).map_err(|error| at(path, &error))?;
    remove_snapshots(path, |name| name.ends_with(".generating"))?;
    let db = match attempt(path) {
        Err(Attempt::Unreadable(first)) => {
            log::warn!(
                "opening {} anew without its snapshot: {first}",
                path.display()
            );
            remove_snapshots(path, |_| true)?;
            attempt(path)
        }
        outcome => outcome,
    };
    let db = db.map_err(|failure| match failure {
        Attempt::Plain(error) => error,
        Attempt::Unreadable(why) => Error::Corrupt(format!(
            "{} cannot be read ({why}). Keep a copy of the directory, then restore the last backup",
            path.join("db").display()
        )),
    })?;
    let blobs = path.join("blobs");
    sync_store(path)?;
    let parent = path
        .parent()
        .expect("the path is absolute and has a parent");
    sync_dir(parent)?;
    if let Some(above) = parent.parent() {
        // Holds the entry of the store's directory; it may be one that we can enter and not read.
        if let Err(error) = sync_dir(above) {
            log::debug!("{error}");
        }
    }
    let handle = File::open(path.join("db")).map_err(|error| at(path, &error))?;
    let mut files = Files {
        db: handle,
        blobs,
        blob_synced: None,
    };
    files.sync_blobs().map_err(|error| at(path, &error))?;
    Ok((db, files))
}

/// Bytes of all files under a directory.
pub(super) fn size(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

/// A failure on a path, in words.
pub(super) fn at(path: &Path, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::StorageFull {
        return Error::Full;
    }
    Error::Io(format!("{}: {error}", path.display()))
}

/// Removes a directory with all that is in it.
pub(super) fn remove(path: &Path) -> Result<()> {
    fs::remove_dir_all(path).map_err(|error| at(path, &error))
}

enum Attempt {
    /// Not for the files' content: no room, no permission, in use.
    Plain(Error),
    /// The content is wrong, or sled met what it did not expect.
    Unreadable(String),
}

fn attempt(path: &Path) -> std::result::Result<::sled::Db, Attempt> {
    let config = ::sled::Config::new()
        .path(path)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(None);
    let give_up = Instant::now() + Duration::from_secs(RELEASE_SECS_MAX);
    loop {
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        let error = match opened {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(::sled::Error::Io(error))) => error,
            Ok(Err(error)) => return Err(Attempt::Unreadable(error.to_string())),
            Err(panic) => return Err(Attempt::Unreadable(panic_text(&*panic).to_owned())),
        };
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem => return Err(Attempt::Plain(at(path, &error))),
            _ => {}
        }
        if !error.to_string().contains("could not acquire lock") {
            return Err(Attempt::Unreadable(error.to_string()));
        }
        // Our own lock says that no other process is here: sled's threads still hold the file of a store that was
        // closed a moment ago.
        if Instant::now() > give_up {
            return Err(Attempt::Plain(Error::Locked(format!(
                "another process uses {}; stop it first",
                path.display()
            ))));
        }
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// The words of a panic.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
}

/// Removes snapshots, which only cache the scan of the log.
fn remove_snapshots(path: &Path, which: impl Fn(&str) -> bool) -> Result<()> {
    for entry in fs::read_dir(path).map_err(|error| at(path, &error))? {
        let entry = entry.map_err(|error| at(path, &error))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.starts_with("snap.") && which(name) {
            fs::remove_file(entry.path()).map_err(|error| at(&entry.path(), &error))?;
        }
    }
    Ok(())
}

/// Syncs every file of a store and its directories.
fn sync_store(path: &Path) -> Result<()> {
    for name in ["conf", "db"] {
        let file = path.join(name);
        File::open(&file)
            .and_then(|opened| opened.sync_all())
            .map_err(|error| at(&file, &error))?;
    }
    sync_dir(&path.join("blobs"))?;
    sync_dir(path)
}

fn sync_dir(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| at(path, &error))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    log::info!(
        "renaming {} to {}",
        from.display(),
        to.file_name().and_then(OsStr::to_str).unwrap_or("?")
    );
    fs::rename(from, to).map_err(|error| at(from, &error))
}
