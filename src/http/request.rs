//! A request as handlers read it: collected, bounded, with its route's parameters.

use crate::app::App;
use crate::auth::Guard;
use crate::clock::Timestamp;
use crate::domain::padlock;
use crate::error::Error;
use crate::http::{cookies, json_size};
use crate::ids::Nickname;
use crate::media::Spool;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// Collected in memory, within the bound for JSON and forms.
    Memory(Bytes),
    /// Written to a file while it came in; only for routes that take uploads. Also JSON with a file inside
    /// (`pump-api.md §3.8`) arrives so.
    Spooled(SpooledFile),
    /// A form of a page with files in it (`multipart/form-data`); only for routes that take uploads.
    Multipart {
        /// The fields that are no files, in order.
        fields: Vec<(String, String)>,
        /// The files, in order; a file field that was left empty is not among them.
        files: Vec<SpooledPart>,
    },
}

/// One file of a form, written to disk while it came in.
#[derive(Debug)]
pub struct SpooledPart {
    /// The name of the form's field.
    pub field: String,
    /// The file's name as the sender says it; empty if it says none.
    pub file_name: String,
    /// The content type as the sender says it; empty if it says none.
    pub content_type: String,
    /// The file.
    pub file: SpooledFile,
}

/// A file that came in with a request. It goes away with the request unless somebody takes it.
#[derive(Debug)]
pub struct SpooledFile {
    bytes: u64,
    spool: Mutex<Option<Spool>>,
}

impl SpooledFile {
    /// A file whose bytes are all there.
    pub fn new(spool: Spool) -> SpooledFile {
        SpooledFile {
            bytes: spool.bytes_len(),
            spool: Mutex::new(Some(spool)),
        }
    }

    /// Its length, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the file, once.
    pub fn take(&self) -> Option<Spool> {
        let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        spool.take()
    }
}

/// A request, its body complete.
pub struct Request {
    /// The method that the route answers: a `HEAD` arrives as `GET`, an overridden `POST` as what overrides it.
    pub method: Method,
    /// The method on the wire: the one that an OAuth signature covers.
    pub sent_method: Method,
    /// The path as sent, still percent-encoded, without the query.
    pub path: String,
    /// The query as sent, without the question mark; empty if there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The route's parameters, percent-decoded.
    pub params: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// Who asks: whoever connected, or whom a trusted proxy names.
    pub peer: IpAddr,
    /// The address of this machine at which it came in.
    pub here: IpAddr,
    /// Whether this connection is encrypted by us.
    pub tls: bool,
    /// When it arrived: `now` for everything that it causes.
    pub now: Timestamp,
    /// What the rules use.
    pub app: Arc<App>,
    /// What proves callers: nonces, throttles, hash slots.
    pub guard: Arc<Guard>,
}

impl Request {
    /// A request without headers, parameters and body, from this machine: for tests and for building upon.
    pub fn bare(
        app: Arc<App>,
        guard: Arc<Guard>,
        method: Method,
        path_and_query: &str,
        now: Timestamp,
    ) -> Request {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        Request {
            sent_method: method.clone(),
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            params: Vec::new(),
            body: Body::Memory(Bytes::new()),
            peer: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            here: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            tls: false,
            now,
            app,
            guard,
        }
    }

    /// What the rules use.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Whether it came by https that the server provides beside its own address ([`crate::domain::padlock`]).
    pub fn is_by_padlock(&self) -> bool {
        self.tls && self.app.config.tls.is_none()
    }

    /// The https address of the site, without a slash at its end, for a request that came that way.
    pub fn padlock_url(&self) -> Option<String> {
        match self.is_by_padlock() {
            true => padlock::url(&self.app),
            false => None,
        }
    }

    /// The address of the site as whoever asks has it, without a slash at its end: for links that they give away.
    pub fn site_url(&self) -> String {
        let host = self.header(&hyper::header::HOST).unwrap_or_default();
        let base = self.app.base();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        if !padlock::is_public_host(&self.app, name) {
            return base.url().to_owned();
        }
        let scheme = if self.tls { "https" } else { "http" };
        let slash = if base.prefix().is_empty() { "" } else { "/" };
        format!("{scheme}://{host}{slash}{}", base.prefix())
    }

    /// Whether who asks is connected by https: to this server, or to the proxy before it, as its address says.
    pub fn is_secure(&self) -> bool {
        let base = self.app.known_base();
        self.tls || base.is_some_and(|base| base.scheme() == "https")
    }

    /// A parameter of the route, percent-decoded; empty if the route has none of that name.
    pub fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// The nickname in the path.
    pub fn nickname(&self) -> Result<Nickname, Error> {
        Nickname::new(self.param("nickname"))
            .map_err(|_| Error::not_found("There is no such user here."))
    }

    /// A header as text; nothing if it is absent or not text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The values of the cookies of a name, as [`crate::http::cookies`] gives them.
    pub fn cookies(&self, name: &str) -> impl Iterator<Item = &str> {
        let name = cookies::name(self, name).into_owned();
        let lines = self.headers.get_all(hyper::header::COOKIE).iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(move |(key, _)| *key == name.as_str())
            .map(|(_, value)| value)
    }

    /// Whether the page that sends it wants a part of a page, which it puts into its place (htmx).
    pub fn is_for_part(&self) -> bool {
        self.headers.contains_key("hx-request")
    }

    /// All pairs of the query, decoded, in order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.query.as_bytes())
    }

    /// The first value of a name in the query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The content type without its parameters, in lower case; empty if there is none.
    pub fn content_type(&self) -> String {
        let all = self.header(&hyper::header::CONTENT_TYPE).unwrap_or("");
        all.split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase()
    }

    /// The body where it is in memory; empty for an upload.
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Memory(bytes) => bytes,
            Body::Spooled(_) | Body::Multipart { .. } => &[],
        }
    }

    /// The body as a JSON document of a given shape. 400 for what is none, and for one of more parts than
    /// `json_size` allows.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json_size::check(self.bytes())?;
        serde_json::from_slice(self.bytes()).map_err(|error| {
            Error::Invalid(format!(
                "The body is not the JSON that is expected here: {error}."
            ))
        })
    }

    /// The pairs of a form body (`application/x-www-form-urlencoded`, or the fields of a `multipart/form-data` that are no
    /// files), decoded, in order; empty for other types.
    pub fn form(&self) -> Vec<(String, String)> {
        if let Body::Multipart { fields, .. } = &self.body {
            return fields.clone();
        }
        if self.content_type() != "application/x-www-form-urlencoded" {
            return Vec::new();
        }
        form_urlencoded::parse(self.bytes()).into_owned().collect()
    }

    /// Whether errors are JSON: an API address or a script asks (`pump-api.md §1.1.1`).
    pub fn wants_json_errors(&self) -> bool {
        let scripted = self
            .headers
            .get("x-requested-with")
            .is_some_and(|value| value == "XMLHttpRequest");
        scripted || self.is_api()
    }

    /// Whether the address is one of the API.
    pub fn is_api(&self) -> bool {
        self.path
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("/api/"))
    }

    /// Whether the caller takes HTML.
    pub fn accepts_html(&self) -> bool {
        self.header(&hyper::header::ACCEPT)
            .is_some_and(|accept| accept.contains("text/html"))
    }
}

/// Decodes one segment of a path.
pub fn decode_segment(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
