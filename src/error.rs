//! The one error that callers of the server meet, in their own terms. Each floor below has a small error of its own
//! and says here what it means to the caller. What the caller reads and what the log reads are different faces:
//! [`Error::status`] and [`Error::public`] are the caller's, `Display` is the log's.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};

/// What went wrong, seen from the caller.
#[derive(Debug)]
pub enum Error {
    /// 400: the request cannot be done as it stands; the text says what to change.
    Invalid(String),
    /// 401: nobody, or not the right person, asks (`pump-api.md §1.1.1`).
    Unauthorized(String),
    /// 400 or 401, `text/plain` with `WWW-Authenticate: OAuth`: the OAuth proof failed (`pump-api.md §1.1.1`).
    OAuth {
        /// 400 or 401.
        status: u16,
        /// The exact text that clients compare.
        text: &'static str,
    },
    /// 400, 401 or 403 with `WWW-Authenticate: Bearer`: the bearer token does not do (RFC 6750 §3.1).
    Bearer {
        /// 400, 401 or 403.
        status: u16,
        /// `invalid_request`, `invalid_token` or `insufficient_scope`.
        code: &'static str,
        /// The sentence for people.
        text: String,
        /// The scope that would do.
        scope: Option<String>,
    },
    /// 403: known, and not allowed.
    Forbidden(String),
    /// 404: there is no such thing.
    NotFound(String),
    /// 405: the address exists, the method does not. Holds the value of `Allow`.
    MethodNotAllowed(String),
    /// 406: the address has no form that the caller takes; the text says which it has.
    NotAcceptable(String),
    /// 410: it was deleted.
    Gone,
    /// 408: the body came in too slowly.
    Slow(String),
    /// 409: it exists already.
    Conflict(String),
    /// 413: the body is over its bound.
    TooLarge(String),
    /// 415: the content type is not one that this address takes.
    Unsupported(String),
    /// 429: too many tries; holds the seconds to wait.
    TooMany {
        /// Seconds until the next try can succeed.
        retry_after_secs: u64,
    },
    /// 502: another server gave no answer that helps; the text says which and why.
    Remote(String),
    /// 503: no place free, or the disk takes no writes; try again later.
    Busy(String),
    /// 507: the disk is full.
    Full,
    /// 500: our fault; the text is for the log only.
    Internal(String),
}

/// After how many seconds to try again where there was no place free.
const BUSY_RETRY_SECS: u64 = 5;

impl Error {
    /// A request that cannot be done as it stands.
    pub fn invalid(reason: impl Into<String>) -> Error {
        Error::Invalid(reason.into())
    }

    /// There is no such thing.
    pub fn not_found(what: impl Into<String>) -> Error {
        Error::NotFound(what.into())
    }

    /// Known, and not allowed.
    pub fn forbidden(what: impl Into<String>) -> Error {
        Error::Forbidden(what.into())
    }

    /// Our fault, for the log.
    pub fn internal(source: impl fmt::Display) -> Error {
        Error::Internal(source.to_string())
    }

    /// Does work of which a panic ends nothing else. The panic's own words are in the log already.
    pub fn catching<T>(work: impl FnOnce() -> T) -> Result<T, Error> {
        panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| Error::internal("it panicked"))
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Error::Invalid(_) => 400,
            Error::Unauthorized(_) => 401,
            Error::OAuth { status, .. } | Error::Bearer { status, .. } => *status,
            Error::Forbidden(_) => 403,
            Error::NotFound(_) => 404,
            Error::MethodNotAllowed(_) => 405,
            Error::NotAcceptable(_) => 406,
            Error::Slow(_) => 408,
            Error::Gone => 410,
            Error::Conflict(_) => 409,
            Error::TooLarge(_) => 413,
            Error::Unsupported(_) => 415,
            Error::TooMany { .. } => 429,
            Error::Remote(_) => 502,
            Error::Busy(_) => 503,
            Error::Full => 507,
            Error::Internal(_) => 500,
        }
    }

    /// In how many seconds another try makes sense, where that is known.
    pub fn retry_after_secs(&self) -> Option<u64> {
        match self {
            Error::TooMany { retry_after_secs } => Some(*retry_after_secs),
            Error::Busy(_) => Some(BUSY_RETRY_SECS),
            _ => None,
        }
    }

    /// The sentence that the caller reads. Never holds anything of the inside.
    pub fn public(&self) -> String {
        match self {
            Error::Invalid(text)
            | Error::Unauthorized(text)
            | Error::Bearer { text, .. }
            | Error::Forbidden(text)
            | Error::NotFound(text)
            | Error::NotAcceptable(text)
            | Error::Slow(text)
            | Error::Conflict(text)
            | Error::TooLarge(text)
            | Error::Unsupported(text)
            | Error::Remote(text)
            | Error::Busy(text) => text.clone(),
            Error::OAuth { text, .. } => (*text).to_owned(),
            Error::MethodNotAllowed(allow) => format!("This address answers only {allow}."),
            Error::Gone => "Deleted".to_owned(),
            Error::TooMany { retry_after_secs } => {
                format!("Too many tries. Wait {retry_after_secs} seconds and try again.")
            }
            Error::Full => "The disk of this server is full. Nothing was stored.".to_owned(),
            Error::Internal(_) => {
                "Something went wrong on this server. It was written to its log.".to_owned()
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Internal(source) => write!(f, "internal: {source}"),
            other => f.write_str(&other.public()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn a_panic_is_an_error_of_its_own_work() {
        let failed = Error::catching(|| panic!("a document that nobody thought of"));
        let Err::<(), _>(error) = failed else {
            unreachable!("it panicked");
        };
        assert_eq!(error.status(), 500);
        assert!(matches!(Error::catching(|| 2), Ok(2)));
    }
}
