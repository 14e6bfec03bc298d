//! An answer as handlers make it.

use super::{Conversation, Ongoing};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use std::fs::File;
use std::io::PipeReader;

/// The body of an answer.
#[derive(Debug)]
pub enum Content {
    /// Nothing.
    Empty,
    /// Bytes in memory.
    Memory(Bytes),
    /// A part of a file, streamed in pieces.
    File {
        /// Open for reading.
        file: File,
        /// First byte to send.
        start: u64,
        /// How many bytes to send.
        bytes: u64,
    },
    /// What somebody else is writing meanwhile, of a length that is known.
    Pipe {
        /// Where it comes out.
        from: PipeReader,
        /// How many bytes there will be.
        bytes: u64,
    },
    /// A body that goes on for as long as both sides live.
    Ongoing(Box<dyn Ongoing>),
    /// A WebSocket, with status 101.
    Upgrade(Box<dyn Conversation>),
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// Its own headers; `server/` adds those that every answer has.
    pub headers: HeaderMap,
    /// The body.
    pub content: Content,
}

impl Response {
    /// An answer with a body in memory.
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Response {
            status,
            headers,
            content: Content::Memory(body.into()),
        }
    }

    /// 200 with JSON that is already text.
    pub fn json_text(body: impl Into<Bytes>) -> Response {
        Response::new(StatusCode::OK, "application/json; charset=utf-8", body)
    }

    /// 200 with a value as JSON.
    #[expect(clippy::missing_panics_doc, reason = "plain data")]
    pub fn json(value: &impl Serialize) -> Response {
        Response::json_text(serde_json::to_vec(value).expect("plain data becomes JSON"))
    }

    /// 200 with a page.
    pub fn html(page: String) -> Response {
        Response::new(StatusCode::OK, "text/html; charset=utf-8", page)
    }

    /// 200 with plain text.
    pub fn text(text: impl Into<Bytes>) -> Response {
        Response::new(StatusCode::OK, "text/plain; charset=utf-8", text)
    }

    /// 200 with a form-encoded body (OAuth 1).
    pub fn form(pairs: &[(&str, &str)]) -> Response {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(pairs);
        Response::new(
            StatusCode::OK,
            "application/x-www-form-urlencoded",
            body.finish(),
        )
    }

    /// A redirect: 302 after a GET, 303 after a form.
    pub fn redirect(status: StatusCode, location: &str) -> Response {
        let mut response = Response {
            status,
            headers: HeaderMap::new(),
            content: Content::Empty,
        };
        response.set(header::LOCATION, location);
        response
    }

    /// The same answer with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Response {
        self.status = status;
        self
    }

    /// The same answer with a header more; a value that is no header text is left out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Response {
        self.set(name, value);
        self
    }

    /// Sets a header; a value that is no header text is left out.
    pub fn set(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// Adds a `Set-Cookie`.
    pub fn set_cookie(&mut self, cookie: &cookie::Cookie<'_>) {
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            self.headers.append(header::SET_COOKIE, value);
        }
    }
}
