//! Files of users, in and out (`pump-api.md §3.8`, `§4.9.6`).

use crate::api::{feeds, users};
use crate::auth::{self, LocalUser};
use crate::domain::access::Viewer;
use crate::domain::documents::{Documents, Finish};
use crate::domain::uploads::{self, Served, Texts};
use crate::error::Error;
use crate::http::{Answer, Body, Content, Request, Response};
use crate::ids::ThingId;
use crate::media::Spool;
use crate::store::things;
use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose};
use hyper::StatusCode;
use hyper::header;
use serde::Deserialize;
use std::io::Read as _;
use std::ops::Range;

/// How long caches may keep a file, in seconds: its content never changes under its address.
const MAX_AGE_SECS: u64 = 31_536_000;

/// Both alphabets of base64, with or without padding.
const ANY_PADDING: GeneralPurposeConfig = general_purpose::NO_PAD
    .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, ANY_PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, ANY_PADDING);

/// `POST /api/user/{nickname}/uploads`: the bytes of a file with its content type, one file of a multipart form, or JSON
/// `{mimeType, data}`. 200 with the object, seen by its author until it is posted; 400 for a picture that cannot be read, 413.
pub fn add(request: &Request, user: &LocalUser) -> Answer {
    users::named(request)?;
    user.owning(&request.nickname()?)?;
    enabled(request)?;
    let (spool, declared, texts) = received(request)?;
    let id = uploads::add(
        request.app(),
        user.id(),
        spool,
        declared.as_deref(),
        &texts,
        request.now,
    )?;
    answer(request, user, id)
}

/// `GET /uploads/{*path}`: a file, for whoever may read the object that shows it; 403, 404. Answers `Range` and conditions.
pub fn file(request: &Request) -> Answer {
    let path = request.param("path");
    let name = path.rsplit('/').next().unwrap_or_default();
    // A file is asked for by pages, by clients and by strangers; a proof that fails counts as none.
    let viewer = match auth::reader(request) {
        Ok(reader) => feeds::viewer(&reader),
        Err(_) => Viewer::NOBODY,
    };
    serve(request, uploads::open(request.app(), viewer, name)?)
}

/// Refuses where uploads are switched off: then their addresses do not exist.
pub fn enabled(request: &Request) -> Result<(), Error> {
    if request.app().config.enable_uploads {
        Ok(())
    } else {
        Err(Error::not_found("Uploads are switched off on this server."))
    }
}

fn answer(request: &Request, user: &LocalUser, id: ThingId) -> Answer {
    let object = things::object(&request.app().store, id)?.ok_or(Error::Gone)?;
    let documents = Documents::for_viewer(request.app(), Viewer::user(user.id()));
    Ok(Response::json_text(documents.object_text(
        id,
        &object,
        Finish::PLAIN,
    )?))
}

/// The file of a request, what the sender calls its type, and the texts that came along.
fn received(request: &Request) -> Result<(Spool, Option<String>, Texts), Error> {
    let nothing =
        || Error::invalid("Send a file: its bytes as the body, with its type as Content-Type.");
    let text = |name: &str| request.query(name).filter(|text| !text.is_empty());
    let texts = Texts {
        title: text("title"),
        description: text("description"),
    };
    match &request.body {
        Body::Spooled(file) if request.content_type() == "application/json" => {
            let (spool, declared) = from_json(request, &file.take().ok_or_else(nothing)?)?;
            Ok((spool, Some(declared), texts))
        }
        Body::Spooled(file) => Ok((
            file.take().ok_or_else(nothing)?,
            Some(request.content_type()),
            texts,
        )),
        Body::Multipart { files, .. } => match files.as_slice() {
            [one] => Ok((
                one.file.take().ok_or_else(nothing)?,
                Some(one.content_type.clone()),
                texts,
            )),
            _ => Err(Error::invalid("Send exactly one file.")),
        },
        Body::Memory(_) => Err(nothing()),
    }
}

/// A file inside JSON (`pump-api.md §3.8.1`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wrapped {
    mime_type: String,
    data: String,
}

/// Largest JSON document with a file inside, in bytes: it is decoded in memory.
const WRAPPED_BYTES_MAX: u64 = 16 << 20;

fn from_json(request: &Request, wrapping: &Spool) -> Result<(Spool, String), Error> {
    if wrapping.bytes_len() > WRAPPED_BYTES_MAX {
        let mib = WRAPPED_BYTES_MAX >> 20;
        return Err(Error::TooLarge(format!(
            "A file inside JSON can have {mib} MiB; send larger ones as they are."
        )));
    }
    let mut text = String::new();
    let mut file = wrapping.reader().map_err(Error::internal)?;
    file.read_to_string(&mut text)
        .map_err(|_| Error::invalid("The body is not JSON."))?;
    let wrapped: Wrapped = serde_json::from_str(&text).map_err(|error| {
        Error::Invalid(format!(
            "The body must be JSON with mimeType and data: {error}."
        ))
    })?;
    let alphabet = if wrapped.data.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    let bytes = alphabet
        .decode(wrapped.data.trim())
        .map_err(|_| Error::invalid("\u{201c}data\u{201d} must be the file in base64."))?;
    let mut spool = request
        .app()
        .blobs
        .spool(request.app().config.upload_bytes_max)?;
    spool.write(&bytes)?;
    Ok((spool, wrapped.mime_type))
}

fn serve(request: &Request, served: Served) -> Answer {
    let modified = http_date(served.blob.modified.0);
    let scope = if served.is_public {
        "public"
    } else {
        "private"
    };
    let mut response = Response {
        status: StatusCode::OK,
        headers: hyper::HeaderMap::new(),
        content: Content::Empty,
    }
    .with(header::ETAG, &served.etag)
    .with(header::LAST_MODIFIED, &modified)
    .with(header::ACCEPT_RANGES, "bytes")
    .with(
        header::CACHE_CONTROL,
        &format!("{scope}, max-age={MAX_AGE_SECS}, immutable"),
    );
    if !served.is_public {
        response.set(header::VARY, "Authorization, Cookie");
    }
    if is_known(request, &served.etag, served.blob.modified.0) {
        response.status = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    response.set(
        header::CONTENT_TYPE,
        if served.is_inline {
            &served.mime
        } else {
            "application/octet-stream"
        },
    );
    response.set(
        header::CONTENT_DISPOSITION,
        if served.is_inline {
            "inline"
        } else {
            "attachment"
        },
    );
    let bytes_len = served.blob.bytes_len;
    let part = match request.header(&header::RANGE) {
        Some(range) if holds_range(request, &served.etag, &modified) => {
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
            return Ok(response);
        }
    };
    response.content = Content::File {
        file: served.blob.file,
        start: range.start,
        bytes: range.end - range.start,
    };
    Ok(response)
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
fn holds_range(request: &Request, etag: &str, modified: &str) -> bool {
    request
        .header(&header::IF_RANGE)
        .is_none_or(|known| known == etag || known == modified)
}

enum Asked {
    All,
    Part(Range<u64>),
    Outside,
}

/// The part that a `Range` asks for. Several parts at once, or a header that is not understood: all of it (RFC 9110 §14.2).
fn asked_part(range: &str, bytes_len: u64) -> Asked {
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|part| part.trim().split_once('-'))
    else {
        return Asked::All;
    };
    let part = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(bytes_len),
        (Ok(first), Err(_)) if last.is_empty() => first..bytes_len,
        (Err(_), Ok(count)) if first.is_empty() => bytes_len.saturating_sub(count)..bytes_len,
        _ => return Asked::All,
    };
    if part.start < part.end {
        Asked::Part(part)
    } else {
        Asked::Outside
    }
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
