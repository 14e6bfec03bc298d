//! One line for each request, target `request`: method, path, status, milliseconds, caller. Never the query, which can hold
//! tokens. Reading is told at debug, changing at info, refusals at debug, what has to wait as a
//! warning, and our own failures at error with their cause: a quiet family server writes next to nothing to its card.

use hyper::{Method, StatusCode};
use log::Level;
use tokio::time::Instant;

/// The line of one request; written when the answer is known, or when its caller hung up before.
pub(super) struct Line {
    method: Method,
    path: String,
    start: Instant,
    pub(super) caller: String,
    written: bool,
}

impl Line {
    pub(super) fn begin(method: &Method, path: &str) -> Line {
        Line {
            method: method.clone(),
            path: path.to_owned(),
            start: Instant::now(),
            caller: "-".to_owned(),
            written: false,
        }
    }

    /// Writes the line.
    pub(super) fn write(mut self, status: StatusCode, cause: Option<&str>) {
        self.written = true;
        let level = if status == StatusCode::SERVICE_UNAVAILABLE {
            Level::Warn
        } else if cause.is_some() {
            Level::Error
        } else if self.method.is_safe() || status.as_u16() >= 400 {
            Level::Debug
        } else {
            Level::Info
        };
        let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
        log::log!(
            target: "request",
            level,
            "{} {} {} {}ms {}{cause}",
            self.method,
            self.path,
            status.as_u16(),
            self.start.elapsed().as_millis(),
            self.caller,
        );
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.written {
            log::debug!(
                target: "request",
                "{} {} hung up {}ms {}",
                self.method,
                self.path,
                self.start.elapsed().as_millis(),
                self.caller,
            );
        }
    }
}
