//! What is on other servers, by this one (`pump-api.md §6.9`).

use crate::api::files;
use crate::auth::Guest;
use crate::federation::proxying::{self, CONDITIONS, Fetched};
use crate::http::{Answer, Content, Request, Response};
use crate::media::Label;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap};

/// Nothing that is in such a file may act as a page of this site.
const POLICY: &str = "default-src 'none'; sandbox";

/// `GET /api/proxy/{key}`: what is on another server, as the user may see it there: JSON, pictures, sounds, films; for somebody
/// of another server what everybody may see, and no JSON. 304 where the caller has it; 404 for a key that is none; 403 for a
/// blocked host; 429 for a visitor who gets too many; 502 where the other server has no answer that can be
/// passed on. Answers `Range`.
pub fn get(request: &Request, guest: &Guest) -> Answer {
    if let Guest::Remote(visitor) = guest {
        request.guard.admit_picture(request, visitor)?;
    }
    let conditions: Vec<_> = CONDITIONS
        .into_iter()
        .filter_map(|name| {
            let value = request.header(&name)?.to_owned();
            Some((name, value))
        })
        .collect();
    let key = request.param("key");
    let fetched = proxying::fetch(request.app(), guest.user(), key, &conditions, request.now)?;
    Ok(match fetched {
        Fetched::Unchanged(label) => labelled(StatusCode::NOT_MODIFIED, &label),
        Fetched::File(copied) => {
            let known = request.header(&header::IF_MODIFIED_SINCE);
            if known.is_some()
                && known == copied.label.last_modified.as_deref()
                && request.header(&header::IF_NONE_MATCH).is_none()
            {
                return Ok(labelled(StatusCode::NOT_MODIFIED, &copied.label));
            }
            let mut response = labelled(StatusCode::OK, &copied.label);
            if let Some(kind) = &copied.label.content_type {
                response.set(header::CONTENT_TYPE, kind);
            }
            response.set(header::CONTENT_DISPOSITION, "inline");
            files::part(
                request,
                response,
                copied.file,
                copied.start,
                copied.bytes_len,
            )
        }
    })
}

/// An answer with what the other server says of the file.
fn labelled(status: StatusCode, label: &Label) -> Response {
    let mut response = Response {
        status,
        headers: HeaderMap::new(),
        content: Content::Empty,
    }
    .with(header::CONTENT_SECURITY_POLICY, POLICY)
    .with(header::VARY, "Authorization, Cookie");
    for (name, value) in [
        (header::ETAG, &label.etag),
        (header::LAST_MODIFIED, &label.last_modified),
        (header::EXPIRES, &label.expires),
        (header::CACHE_CONTROL, &label.cache_control),
    ] {
        if let Some(value) = value {
            response.set(name, value);
        }
    }
    response
}
