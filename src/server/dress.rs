//! What every answer gets on its way out: the form of errors, validators and 304, compression, and the headers of
//! `pump-api.md §1.1`. Runs where the handler ran, so that the asynchronous rim does no work on bodies.

use super::Settings;
use super::gzip::{self, Gzip};
use super::limits::COMPRESS_BYTES_MIN;
use super::seats::Seat;
use crate::domain::padlock::public;
use crate::error::Error;
use crate::http::error_page::{ErrorForm, plain_page};
use crate::http::{Answer, Content, Request, Response};
use crate::ids::Base;
use bytes::Bytes;
use flate2::Crc;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use std::sync::OnceLock;

/// What answers are dressed with.
pub(super) struct Dress {
    gzip: Gzip,
    /// The policy with the address of the site in it, once that is known.
    policy: OnceLock<HeaderValue>,
    hsts: Option<HeaderValue>,
}

/// An answer ready to be sent.
pub(super) struct Dressed {
    pub(super) response: Response,
    /// Why it is a failure of ours, for the log.
    pub(super) cause: Option<String>,
    /// The seat of somebody who goes on to listen.
    pub(super) seat: Option<Seat>,
}

/// What an answer's dress depends on besides the answer; taken from the request before that goes to its handler.
pub(super) struct Wishes {
    /// For how long browsers shall keep to https at the public name, in seconds.
    strict_secs: Option<u64>,
    is_get: bool,
    is_api: bool,
    takes_gzip: bool,
    if_none_match: Option<HeaderValue>,
    errors: ErrorForm,
}

impl Wishes {
    pub(super) fn of(request: &Request) -> Wishes {
        let host = request.header(&header::HOST).filter(|_| request.tls);
        Wishes {
            strict_secs: host
                .and_then(|host| public::strict_secs(request.app(), host, request.now)),
            is_get: request.method == Method::GET,
            is_api: request.is_api(),
            takes_gzip: request
                .header(&header::ACCEPT_ENCODING)
                .is_some_and(gzip::is_accepted),
            if_none_match: request.headers.get(header::IF_NONE_MATCH).cloned(),
            errors: ErrorForm::of(request),
        }
    }

    /// Whether an error would be a page.
    pub(super) fn html_errors(&self) -> bool {
        self.errors == ErrorForm::Html
    }
}

impl Dress {
    pub(super) fn new(settings: &Settings) -> Dress {
        let hsts = settings.hsts.map(|hsts| {
            let mut value = format!("max-age={}", hsts.max_age_secs);
            if hsts.include_sub_domains {
                value.push_str("; includeSubDomains");
            }
            if hsts.preload {
                value.push_str("; preload");
            }
            HeaderValue::from_str(&value).expect("digits and words")
        });
        Dress {
            gzip: Gzip::default(),
            policy: OnceLock::new(),
            hsts,
        }
    }

    /// Dresses an answer. `request` is missing where it went lost with a refused place in a lane: then an error page is
    /// plain.
    pub(super) fn put_on(
        &self,
        settings: &Settings,
        base: Option<&Base>,
        wishes: &Wishes,
        request: Option<&Request>,
        answer: Answer,
    ) -> Dressed {
        let mut cause = None;
        let mut response = answer.unwrap_or_else(|error| {
            // What another server did is no failure of ours.
            if error.status() >= 500 && !matches!(error, Error::Remote(_)) {
                cause = Some(error.to_string());
            }
            wishes.errors.answer(&error, |status, text| match request {
                Some(request) => (settings.error_page)(request, status, text),
                None => plain_page(status, text),
            })
        });
        let is_html = has_type(&response, "text/html");
        set_caching(&mut response, wishes);
        if wishes.is_get && response.status == StatusCode::OK {
            validate(&mut response, wishes);
        }
        if !wishes.takes_gzip {
            unpack(&mut response);
        }
        if settings.compress {
            self.compress(&mut response, wishes);
        }
        if let Some(secs) = wishes.strict_secs {
            response.set(
                header::STRICT_TRANSPORT_SECURITY,
                &format!("max-age={secs}"),
            );
        }
        self.set_common(&mut response.headers, base, is_html);
        Dressed {
            response,
            cause,
            seat: None,
        }
    }

    fn compress(&self, response: &mut Response, wishes: &Wishes) {
        let Content::Memory(body) = &response.content else {
            return;
        };
        let kind = response.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if body.len() < COMPRESS_BYTES_MIN
            || !gzip::is_worth_it(kind)
            || response.headers.contains_key(header::CONTENT_ENCODING)
            || response.status == StatusCode::PARTIAL_CONTENT
        {
            return;
        }
        let known = response.headers.get(header::VARY);
        let vary = known.map_or(Vec::new(), |known| [known.as_bytes(), b", "].concat());
        if let Ok(vary) = HeaderValue::from_bytes(&[&vary, b"Accept-Encoding".as_slice()].concat())
        {
            response.headers.insert(header::VARY, vary);
        }
        if wishes.takes_gzip {
            response.content = Content::Memory(Bytes::from(self.gzip.compress(body)));
            response
                .headers
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            // Ranges of the handler's body are none of this one.
            response.headers.remove(header::ACCEPT_RANGES);
        }
    }

    fn set_common(&self, headers: &mut HeaderMap, base: Option<&Base>, is_html: bool) {
        for (name, value) in COMMON {
            headers
                .entry(HeaderName::from_static(name))
                .or_insert(HeaderValue::from_static(value));
        }
        if let Some(hsts) = &self.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        if headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            return;
        }
        let policy = match base {
            Some(base) => self.policy.get_or_init(|| policy(Some(base))).clone(),
            None => policy(None),
        };
        if is_html {
            for alias in ["x-content-security-policy", "x-webkit-csp"] {
                headers.insert(HeaderName::from_static(alias), policy.clone());
            }
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Undoes the compression of a handler, for a client that does not know it.
fn unpack(response: &mut Response) {
    if let Content::Memory(body) = &response.content
        && let Some(coding) = response.headers.get(header::CONTENT_ENCODING)
        && coding == "gzip"
    {
        response.content = Content::Memory(Bytes::from(gzip::unpack(body)));
        response.headers.remove(header::CONTENT_ENCODING);
    }
}

/// What every answer says, unless its handler says otherwise.
const COMMON: [(&str, &str); 6] = [
    (
        "server",
        concat!("pumphouse/", env!("CARGO_PKG_VERSION"), " hyper/1 rust"),
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "1; mode=block"),
    ("x-download-options", "noopen"),
    ("referrer-policy", "same-origin"),
];

/// The content security policy. There is no `form-action`: the consent form of OAuth is answered with a redirect to the
/// application, and browsers apply the directive to that as well.
fn policy(base: Option<&Base>) -> HeaderValue {
    let socket = base.map_or(String::new(), |base| {
        let scheme = if base.scheme() == "https" {
            "wss"
        } else {
            "ws"
        };
        format!(" {scheme}://{}", base.authority())
    });
    let text = format!(
        "default-src 'self'; connect-src 'self'{socket}; script-src 'self'; style-src 'self'; img-src * data:; \
         media-src * blob:; object-src 'none'; child-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&text).expect("a checked host name in plain words")
}

/// Answers belong to who asked: a shared cache keeps none, a browser asks each time whether its copy is still right. What
/// a change answers (keys, tokens) is kept nowhere.
fn set_caching(response: &mut Response, wishes: &Wishes) {
    if response.headers.contains_key(header::CACHE_CONTROL) {
        return;
    }
    let keep = wishes.is_get && response.status.is_success();
    let value = if keep {
        "private, no-cache"
    } else {
        "no-store"
    };
    response
        .headers
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
}

/// Adds a weak validator where there is none, and answers 304 when the caller has the same (RFC 9110 §13.1.2).
fn validate(response: &mut Response, wishes: &Wishes) {
    if !response.headers.contains_key(header::ETAG) {
        let Content::Memory(body) = &response.content else {
            return;
        };
        let is_document = ["application/json", "application/ld+json"]
            .iter()
            .any(|kind| has_type(response, kind));
        if !(wishes.is_api || is_document) || body.is_empty() {
            return;
        }
        let mut checksum = Crc::new();
        checksum.update(body);
        let tag = format!("W/\"{:x}-{:08x}\"", body.len(), checksum.sum());
        response.set(header::ETAG, &tag);
    }
    let Some(wanted) = &wishes.if_none_match else {
        return;
    };
    let (Ok(wanted), Ok(tag)) = (wanted.to_str(), response.headers[header::ETAG].to_str()) else {
        return;
    };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tag = opaque(tag);
    if wanted.trim() == "*" || wanted.split(',').any(|other| opaque(other) == tag) {
        response.status = StatusCode::NOT_MODIFIED;
        response.content = Content::Empty;
        response.headers.remove(header::CONTENT_TYPE);
    }
}

fn has_type(response: &Response, start: &str) -> bool {
    let kind = response.headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(start.as_bytes()))
}
