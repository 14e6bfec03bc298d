//! What can go wrong with a file, and what that means to the person who sent it.

use crate::words::Words;
use std::fmt;
use std::io;

/// Why a file was not taken, or could not be read.
#[derive(Debug)]
pub enum Error {
    /// The file is over its bound.
    TooLarge {
        /// The bound, in bytes.
        bytes_max: u64,
    },
    /// The picture would need too much memory; known from its header, nothing was decoded.
    TooManyPixels {
        /// Width that the header names, in pixels.
        width: u32,
        /// Height that the header names, in pixels.
        height: u32,
    },
    /// The file is not what it seems, is damaged, or takes too long; a sentence for the person.
    Unreadable(&'static str),
    /// The disk is full.
    Full,
    /// The disk failed.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooLarge { bytes_max } => {
                let most = Words::default().size(*bytes_max);
                write!(f, "The file is too large: at most {most} are taken.")
            }
            Error::TooManyPixels { width, height } => write!(
                f,
                "The picture is too large ({width} × {height} pixels). Make it smaller and try again."
            ),
            Error::Unreadable(sentence) => f.write_str(sentence),
            Error::Full => f.write_str("The disk is full."),
            Error::Io(source) => write!(f, "uploads: {source}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(source: io::Error) -> Error {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
            _ => Error::Io(source),
        }
    }
}

impl From<Error> for crate::error::Error {
    fn from(error: Error) -> crate::error::Error {
        match error {
            Error::TooLarge { .. } => crate::error::Error::TooLarge(error.to_string()),
            Error::TooManyPixels { .. } | Error::Unreadable(_) => {
                crate::error::Error::Invalid(error.to_string())
            }
            Error::Full => crate::error::Error::Full,
            Error::Io(_) => crate::error::Error::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use std::io::Write;

    #[test]
    fn a_full_disk_is_told_apart_from_a_broken_one() {
        let mut full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a device that is always full");
        let refused = full.write_all(b"x").expect_err("it is full");
        assert!(matches!(Error::from(refused), Error::Full));
        let missing = std::fs::File::open("/nowhere/at/all").expect_err("not there");
        assert!(matches!(Error::from(missing), Error::Io(_)));
    }

    #[test]
    fn callers_read_their_own_status() {
        let status = |error: Error| crate::error::Error::from(error).status();
        assert_eq!(status(Error::TooLarge { bytes_max: 1 }), 413);
        assert_eq!(status(Error::Unreadable("No.")), 400);
        let bomb = Error::TooManyPixels {
            width: 50_000,
            height: 50_000,
        };
        assert_eq!(status(bomb), 400);
        assert_eq!(status(Error::Full), 507);
        assert_eq!(status(Error::Io(std::io::Error::other("broken"))), 500);
    }
}
