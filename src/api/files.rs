//! Files as answers: conditions, ranges, and how long caches may keep them (RFC 9110 §13, §14).

use crate::http::{Answer, Content, Request, Response};
use crate::media::Blob;
use hyper::{Method, StatusCode, header};
use std::fs::File;
use std::ops::Range;

/// How long caches may keep a file that never changes under its address, in seconds.
const MAX_AGE_SECS: u64 = 31_536_000;

/// A file to hand out.
#[derive(Debug)]
pub struct Handed {
    /// Open for reading.
    pub blob: Blob,
    /// Names the content.
    pub etag: String,
    /// Its media type.
    pub mime: String,
    /// The value of `Content-Disposition`.
    pub disposition: String,
    /// Who may keep it.
    pub keep: Keep,
}

/// Who may keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Every cache on the way: everybody may read it.
    Public,
    /// The browser of who asked.
    Private,
    /// Nobody: another one will stand at this address.
    Nobody,
}

/// Answers with the file, or with the part of it that is asked for.
pub fn answer(request: &Request, handed: Handed) -> Answer {
    let modified = http_date(handed.blob.modified.0);
    let caching = match handed.keep {
        Keep::Public => format!("public, max-age={MAX_AGE_SECS}, immutable"),
        Keep::Private => format!("private, max-age={MAX_AGE_SECS}, immutable"),
        Keep::Nobody => "private, no-store".to_owned(),
    };
    let mut response = Response {
        status: StatusCode::OK,
        headers: hyper::HeaderMap::new(),
        content: Content::Empty,
    }
    .with(header::ETAG, &handed.etag)
    .with(header::LAST_MODIFIED, &modified)
    .with(header::CACHE_CONTROL, &caching);
    if handed.keep != Keep::Public {
        response.set(header::VARY, "Authorization, Cookie");
    }
    if is_known(request, &handed.etag, handed.blob.modified.0) {
        response.status = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    response.set(header::CONTENT_TYPE, &handed.mime);
    response.set(header::CONTENT_DISPOSITION, &handed.disposition);
    let Blob {
        file, bytes_len, ..
    } = handed.blob;
    Ok(part(request, response, file, 0, bytes_len))
}

/// An answer with `bytes_len` bytes of a file, from `start` on, or with the part of them that is asked for. Its headers say
/// already what it is.
pub fn part(
    request: &Request,
    mut response: Response,
    file: File,
    start: u64,
    bytes_len: u64,
) -> Response {
    response.set(header::ACCEPT_RANGES, "bytes");
    let part = match request.header(&header::RANGE) {
        // Only for GET a part is defined (RFC 9110 §14.2).
        Some(range) if request.sent_method == Method::GET && holds_range(request, &response) => {
            asked_part(range, bytes_len)
        }
        _ => Asked::All,
    };
    let range = match part {
        Asked::All => 0..bytes_len,
        Asked::Part(range) => {
            response.status = StatusCode::PARTIAL_CONTENT;
            let text = format!("bytes {}-{}/{bytes_len}", range.start, range.end - 1);
            response.set(header::CONTENT_RANGE, &text);
            range
        }
        Asked::Outside => {
            response.status = StatusCode::RANGE_NOT_SATISFIABLE;
            response.set(header::CONTENT_RANGE, &format!("bytes */{bytes_len}"));
            response.set(header::CACHE_CONTROL, "no-store");
            response.headers.remove(header::CONTENT_TYPE);
            response.headers.remove(header::CONTENT_DISPOSITION);
            return response;
        }
    };
    response.content = Content::File {
        file,
        start: start + range.start,
        bytes: range.end - range.start,
    };
    response
}

/// Whether the caller has the file already (RFC 9110 §13.1.2, §13.1.3).
fn is_known(request: &Request, etag: &str, modified: i64) -> bool {
    if let Some(known) = request.header(&header::IF_NONE_MATCH) {
        return known.trim() == "*"
            || known
                .split(',')
                .any(|one| one.trim().trim_start_matches("W/") == etag);
    }
    let since = request
        .header(&header::IF_MODIFIED_SINCE)
        .and_then(parse_http_date);
    since.is_some_and(|since| modified <= since)
}

/// Whether a range counts: `If-Range` names the file as it is, or is not there (RFC 9110 §13.1.5).
fn holds_range(request: &Request, response: &Response) -> bool {
    let Some(known) = request.header(&header::IF_RANGE) else {
        return true;
    };
    [header::ETAG, header::LAST_MODIFIED]
        .iter()
        .any(|name| response.headers.get(name).is_some_and(|now| now == known))
}

enum Asked {
    All,
    Part(Range<u64>),
    Outside,
}

/// The part that a `Range` asks for. Several parts at once, or a header that is not understood: all of it (RFC 9110 §14.2).
fn asked_part(range: &str, bytes_len: u64) -> Asked {
    let part = range.split_once('=').and_then(|(unit, part)| {
        let is_bytes = unit.trim().eq_ignore_ascii_case("bytes");
        part.trim().split_once('-').filter(|_| is_bytes)
    });
    let Some((first, last)) = part else {
        return Asked::All;
    };
    let part = match (position(first), position(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(bytes_len),
        (Some(first), None) if last.is_empty() => first..bytes_len,
        (None, Some(count)) if first.is_empty() => bytes_len.saturating_sub(count)..bytes_len,
        _ => return Asked::All,
    };
    if part.start < part.end {
        Asked::Part(part)
    } else {
        Asked::Outside
    }
}

/// A number of bytes; one that is too large for any file is the largest.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn http_date(secs: i64) -> String {
    let at = jiff::Timestamp::from_second(secs).unwrap_or_default();
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_default()
}

fn parse_http_date(text: &str) -> Option<i64> {
    let text = text.replace("GMT", "+0000");
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text.trim())
        .ok()
        .map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::{Asked, asked_part, http_date, parse_http_date};

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let part = |range| match asked_part(range, 100) {
            Asked::All => "all".to_owned(),
            Asked::Outside => "outside".to_owned(),
            Asked::Part(part) => format!("{}-{}", part.start, part.end),
        };
        for (range, expected) in [
            ("bytes=0-9", "0-10"),
            ("bytes=90-", "90-100"),
            ("bytes=-5", "95-100"),
            ("bytes=0-1000", "0-100"),
            ("bytes=100-", "outside"),
            ("bytes=-0", "outside"),
            ("bytes=-1000", "0-100"),
            ("Bytes=0-9", "0-10"),
            ("bytes=5-99999999999999999999999", "5-100"),
            ("bytes=99999999999999999999999-", "outside"),
            ("bytes=+5-9", "all"),
            ("bytes=-", "all"),
            ("bytes", "all"),
            ("bytes=9-1", "all"),
            ("bytes=0-1,5-6", "all"),
            ("lines=1-2", "all"),
        ] {
            assert_eq!(part(range), expected, "{range}");
        }
    }

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777)
        );
        assert_eq!(parse_http_date("soon"), None);
    }
}
