//! One line for each request, target `request`: method, path, status, milliseconds, caller. Never the query, which can hold
//! tokens, nor the codes in links of letters. Reading is told at debug, changing at info, refusals at debug, what has to wait as a
//! warning, and our own failures at error with their cause: a quiet family server writes next to nothing to its card.

use hyper::{Method, StatusCode};
use log::Level;
use tokio::time::Instant;

/// Beginnings of paths that end with a code which lets somebody in.
const SECRET: [&str; 5] = [
    "/main/confirm/",
    "/main/recover/",
    "/main/unsubscribe/",
    "/main/join/",
    "/api/owner/invitations/",
];

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
            path: without_secret(path),
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

/// A path as the log may show it.
fn without_secret(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let end = SECRET
        .iter()
        .filter_map(|start| Some(lower.find(start)? + start.len()))
        .min();
    match end.and_then(|end| path.get(..end)) {
        Some(start) => format!("{start}…"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_secret;

    #[test]
    fn codes_of_links_are_not_shown() {
        for (path, shown) in [
            ("/main/recover/AbC", "/main/recover/…"),
            ("/pump/Main/Confirm/x/y", "/pump/Main/Confirm/…"),
            ("/main/join/x", "/main/join/…"),
            ("/api/owner/invitations/x", "/api/owner/invitations/…"),
            ("/main/recover", "/main/recover"),
            ("/api/user/ann", "/api/user/ann"),
        ] {
            assert_eq!(without_secret(path), shown);
        }
    }
}
