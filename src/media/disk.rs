//! What all who keep files do on the disk: open one that may not be there, make directories, bring their entries to the disk.

use super::Error;
use crate::clock::Timestamp;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// A kept file, open for reading.
#[derive(Debug)]
pub struct Blob {
    /// At its start.
    pub file: File,
    /// Its length, in bytes.
    pub bytes_len: u64,
    /// When it was written. It never changes afterwards.
    pub modified: Timestamp,
}

/// Opens a file; `None` where there is none.
pub(super) fn open(path: &Path) -> Result<Option<Blob>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    Ok(Some(Blob {
        bytes_len: metadata.len(),
        modified: modified(&metadata)?,
        file,
    }))
}

/// Removes the files in a directory, if it is there.
pub(super) fn empty(directory: &Path) -> io::Result<()> {
    match std::fs::read_dir(directory) {
        Ok(entries) => {
            for entry in entries {
                std::fs::remove_file(entry?.path())?;
            }
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a directory that only the server's user may look into; one that exists is left as it is.
pub(super) fn make_directory(path: &Path, with_parents: bool) -> Result<(), Error> {
    let made = DirBuilder::new()
        .recursive(with_parents)
        .mode(0o700)
        .create(path);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => Ok(made?),
    }
}

/// Brings a directory's entries to the disk.
pub(super) fn sync_directory(path: &Path) -> Result<(), Error> {
    Ok(File::open(path)?.sync_all()?)
}

pub(super) fn modified(metadata: &std::fs::Metadata) -> Result<Timestamp, Error> {
    let since = metadata
        .modified()?
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Ok(Timestamp(
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
    ))
}
