//! Requests and answers as plain values: shapes without sockets. `server/` makes and sends them.

pub mod request;
pub mod response;

pub use request::{Body, Request};
pub use response::{Content, Response};

/// What every handler returns.
pub type Answer = Result<Response, crate::error::Error>;
