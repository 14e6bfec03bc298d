//! OAuth 2 (RFC 6749, `pump-api.md §2.6`) with what RFC 9700 asks for: exact redirect URIs, PKCE (RFC 7636), codes that work
//! once, refresh tokens that change with each use, `iss` in answers (RFC 9207). This folder holds the rules; the pages are
//! `web/oauth2.rs`, the addresses that clients call `api/oauth2.rs`.

pub mod authorize;
mod client;
mod exchange;
mod fields;
mod pkce;
mod revoke;

pub use exchange::exchange;
pub use revoke::revoke;

use crate::error::Error;
use crate::store::engine;

/// Why the token address gives nothing (RFC 6749 §5.2).
#[derive(Debug)]
pub enum Failure {
    /// In the words of OAuth.
    Refused {
        /// `invalid_grant` and the like.
        code: &'static str,
        /// A sentence for whoever writes the client.
        text: String,
    },
    /// Something else stands in the way.
    Other(Error),
}

impl Failure {
    fn of(code: &'static str, text: impl Into<String>) -> Failure {
        let text = text.into();
        Failure::Refused { code, text }
    }

    fn request(text: impl Into<String>) -> Failure {
        Failure::of("invalid_request", text)
    }

    fn grant(text: impl Into<String>) -> Failure {
        Failure::of("invalid_grant", text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Other(error)
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Failure {
        Failure::Other(error.into())
    }
}
