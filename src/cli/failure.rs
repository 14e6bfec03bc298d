//! Why a command did not do what it was asked to: what the person reads, and the exit code that a script reads.

use super::exit_code;
use crate::config::Problems;
use crate::error::Error;
use crate::store::engine;
use std::fmt;

/// A sentence for standard error, and the exit code.
#[derive(Debug)]
pub struct Failure {
    sentence: String,
    code: u8,
}

impl Failure {
    /// A failure like any other: exit code 1.
    pub fn new(sentence: impl fmt::Display) -> Failure {
        Failure {
            sentence: sentence.to_string(),
            code: 1,
        }
    }

    /// Another process uses the data directory.
    pub fn locked(sentence: impl fmt::Display) -> Failure {
        Failure {
            sentence: sentence.to_string(),
            code: exit_code::LOCKED,
        }
    }

    /// A failure that another process told.
    pub fn with_code(sentence: impl fmt::Display, code: u8) -> Failure {
        Failure {
            sentence: sentence.to_string(),
            code,
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::new(problems)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::new(error)
    }
}

/// What can be done is said with it.
impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Failure {
        let code = match error {
            engine::Error::Locked(_) => exit_code::LOCKED,
            engine::Error::Refused(_) => exit_code::CONFIG,
            _ => 1,
        };
        let sentence = match &error {
            engine::Error::Refused(error) => format!("{error}."),
            engine::Error::Corrupt(_) => format!(
                "Cannot open the store: {error}. Nothing of it was removed. `pumphouse doctor` tells more; \
                 `pumphouse restore FILE` fills a fresh data directory from a backup."
            ),
            engine::Error::Full => {
                "The disk is full. Nothing was changed; free some space and try again.".to_owned()
            }
            engine::Error::Newer { .. } => format!("Cannot open the store: {error}"),
            _ => format!("Cannot open the store: {error}."),
        };
        Failure { sentence, code }
    }
}
