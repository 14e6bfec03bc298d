//! Requests and answers as plain values: shapes without sockets. `server/` makes and sends them.

pub mod accept;
pub mod cookies;
pub mod error_page;
mod json_size;
pub mod negotiation;
pub mod ongoing;
pub mod request;
pub mod response;

pub use accept::Accept;
pub use error_page::ErrorPage;
pub use negotiation::Form;
pub use ongoing::{Conversation, End, Ongoing, Spoken, Written};
pub use request::{Body, Request, SpooledFile, SpooledPart};
pub use response::{Content, Response};

/// What every handler returns.
pub type Answer = Result<Response, crate::error::Error>;
