//! Everything that somebody owns here, in one file, and the way back: [`export`] writes it, [`import`] reads it, [`desk`] is
//! where it is asked for and where it waits. `format` has the names and the words of the archive, [`source`] and `items` read
//! it, `translate` says what it means here (with `before`, who its owner was there, and `given`, what things say of themselves).

mod before;
pub mod desk;
pub mod export;
mod format;
mod given;
pub mod import;
mod items;
pub mod source;
mod translate;

pub use desk::Desk;

use crate::error::Error;
use crate::store::engine;
use std::io;

/// Why the work on an archive does not go on.
#[derive(Debug)]
pub enum Halt {
    /// The server ends; the next run begins again.
    Ending,
    /// It cannot be done.
    Failed(Error),
}

impl std::fmt::Display for Halt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Halt::Ending => f.write_str("the server ends"),
            Halt::Failed(Error::Full) => f.write_str("the disk has too little room for it"),
            Halt::Failed(error) => error.fmt(f),
        }
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Halt {
        Halt::Failed(error)
    }
}

impl From<engine::Error> for Halt {
    fn from(error: engine::Error) -> Halt {
        Halt::Failed(error.into())
    }
}

impl From<crate::media::Error> for Halt {
    fn from(error: crate::media::Error) -> Halt {
        Halt::Failed(error.into())
    }
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Halt {
        Halt::Failed(match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
            _ => Error::internal(error),
        })
    }
}

/// Nobody looks and nobody stops it.
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: u64) {}

    fn step(&self) -> Result<(), Halt> {
        Ok(())
    }
}

/// How far the work is; asked now and then whether it shall go on.
pub trait Progress {
    /// There are so many steps.
    fn begin(&self, steps: u64);
    /// One step is done; an error when the work shall stop.
    fn step(&self) -> Result<(), Halt>;
}
