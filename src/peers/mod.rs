//! Requests to other hosts: the only way out of this server besides mail. Every request has a bound in time, size and
//! redirects, and leads to no address that is out of [`Reach`]. Who asks what, and what the answers mean, is decided above.

mod discovery;
mod lan;
mod pins;
mod reach;
mod tls;
mod tokens;

pub use discovery::{Endpoints, authority};
pub use lan::{Announcement, Lan, Neighbour, Place, is_local};
pub use pins::PINS_MAX;
pub use reach::{Reach, is_public};
pub use tokens::{Remembered, Tokens};

use crate::clock::{self, Timestamp, Watch};
use crate::store::engine::Engine;
use crate::wire::links::Links;
use jiff::fmt::rfc2822::DateTimeParser;
use pins::Pins;
use quick_cache::sync::Cache;
use std::fmt;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;
use tls::{Tls, Untrusted};
use ureq::config::AutoHeaderValue;
use ureq::http::{self, HeaderName, Uri, header};
use ureq::unversioned::transport::{Connector as _, TcpConnector};

/// Longest wait for a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// Longest time of one request with its answer. A pump.io server asks back before it answers.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);

/// Longest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Longest document that is taken from another host, in bytes.
pub const DOCUMENT_BYTES_MAX: u64 = 1024 * 1024;

/// One piece of a body that is not read as a whole, in bytes.
const PIECE_BYTES: usize = 16 * 1024;

/// Most redirects that one request follows.
const REDIRECTS_MAX: usize = 5;

/// Most connections that are kept for the next request.
const IDLE_CONNECTIONS_MAX: usize = 8;

/// How long they are kept: shorter than servers do.
const IDLE_TIME_MAX: Duration = Duration::from_secs(4);

/// Most hosts and most people whose links are remembered.
const KNOWN_MAX: usize = 512;

/// Asks other hosts.
pub struct Peers {
    agent: ureq::Agent,
    reach: Reach,
    clock: Arc<Watch>,
    pins: Option<Arc<Pins>>,
    lan: Arc<Lan>,
    /// What hosts and people were found to be, by their names and ids.
    known: Cache<String, Arc<Known>>,
    /// What this server has said of itself elsewhere, to be asked back.
    pub tokens: Tokens,
    /// What others have said of themselves here.
    pub claims: Tokens,
}

struct Known {
    /// As long as it counts.
    until: Timestamp,
    links: Arc<Links>,
}

/// One request.
#[derive(Debug)]
pub struct Ask<'a> {
    method: &'static str,
    url: &'a str,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
    /// Longest time, if it is not the usual one.
    time_max: Option<Duration>,
}

/// An answer whose body is still on its way.
#[derive(Debug)]
pub struct Arriving {
    url: String,
    /// All but the body.
    pub head: Said,
    headers: http::HeaderMap,
    body: ureq::Body,
}

/// An answer.
#[derive(Debug)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// The media type, in lower case and with its parameters; empty if none was given.
    pub content_type: String,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The methods that the address takes, as it says itself.
    pub allow: Option<String>,
    /// After how many seconds another try is welcome.
    pub retry_after: Option<i64>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer, or no useful one.
#[derive(Debug)]
pub enum Failure {
    /// It was not asked at all.
    Refused(String),
    /// Nobody was reached, or the answer broke off.
    Unreachable(String),
    /// It asks to be left alone for so many seconds.
    Busy(String, i64),
    /// There was an answer, and it was none that helps; with its status, if it is the status that says so.
    Useless(String, Option<u16>),
    /// Its certificate is not the one that it had at first.
    Untrusted(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(why)
            | Failure::Unreachable(why)
            | Failure::Busy(why, _)
            | Failure::Useless(why, _)
            | Failure::Untrusted(why) => f.write_str(why),
        }
    }
}

impl<'a> Ask<'a> {
    /// Asks for a document.
    pub fn get(url: &'a str) -> Ask<'a> {
        Ask {
            method: "GET",
            url,
            headers: Vec::new(),
            body: Vec::new(),
            time_max: None,
        }
    }

    /// Asks what can be done at an address.
    pub fn options(url: &'a str) -> Ask<'a> {
        Ask {
            method: "OPTIONS",
            ..Ask::get(url)
        }
    }

    /// Sends a document.
    pub fn post(url: &'a str, content_type: &str, body: impl Into<Vec<u8>>) -> Ask<'a> {
        let ask = Ask {
            method: "POST",
            body: body.into(),
            ..Ask::get(url)
        };
        ask.with(header::CONTENT_TYPE, content_type)
    }

    /// Sends a sealed message to a push service, which keeps it for so many seconds at most (RFC 8030 §5, RFC 8292 §3).
    pub fn message(url: &'a str, sealed: Vec<u8>, proof: String, kept_secs: u32) -> Ask<'a> {
        Ask::post(url, "application/octet-stream", sealed)
            .with(header::CONTENT_ENCODING, "aes128gcm")
            .with(header::AUTHORIZATION, proof)
            .with(HeaderName::from_static("ttl"), kept_secs.to_string())
            .with(HeaderName::from_static("urgency"), "normal")
    }

    /// The same with one header more.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Ask<'a> {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, given up after another time than the usual one.
    #[must_use]
    pub fn within(mut self, time_max: Duration) -> Ask<'a> {
        self.time_max = Some(time_max);
        self
    }

    fn request(&self, uri: &Uri) -> Result<http::Request<Vec<u8>>, http::Error> {
        let mut request = http::Request::builder().method(self.method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(self.body.clone())
    }
}

impl Said {
    /// Whether it was done.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the address says that it takes a method.
    pub fn allows(&self, method: &str) -> bool {
        let mut all = self.allow.iter().flat_map(|allow| allow.split(','));
        all.any(|allowed| allowed.trim().eq_ignore_ascii_case(method))
    }

    /// For how many seconds it asks to be left alone (RFC 6585 §4, RFC 9110 §15.6.4), if it does.
    pub fn busy_secs(&self) -> Option<i64> {
        self.retry_after
            .filter(|_| matches!(self.status, 429 | 503))
    }

    fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }
}

impl Peers {
    /// Asks within `reach`, and nothing before the clock is right: signatures and certificates would not count.
    /// The certificates of the local network are kept in `engine`.
    pub fn new(reach: Reach, clock: Arc<Watch>, engine: Arc<dyn Engine>) -> Peers {
        let lan = Arc::new(Lan::default());
        let pins = reach
            .lan
            .then(|| Arc::new(Pins::new(engine, Arc::clone(&lan))));
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(AutoHeaderValue::Provided(Arc::new(
                concat!("pumphouse/", env!("CARGO_PKG_VERSION")).to_owned(),
            )))
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .timeout_connect(Some(CONNECT_TIME_MAX))
            .timeout_global(Some(REQUEST_TIME_MAX))
            .max_response_header_size(HEAD_BYTES_MAX)
            .max_idle_connections(IDLE_CONNECTIONS_MAX)
            .max_idle_connections_per_host(1)
            .max_idle_age(IDLE_TIME_MAX)
            .build();
        Peers {
            agent: ureq::Agent::with_parts(
                config,
                ().chain(TcpConnector::default())
                    .chain(Tls::new(pins.clone())),
                reach::WithinReach {
                    reach,
                    lan: Arc::clone(&lan),
                },
            ),
            reach,
            clock,
            pins,
            lan,
            known: Cache::new(KNOWN_MAX),
            tokens: Tokens::default(),
            claims: Tokens::default(),
        }
    }

    /// The local network.
    pub fn lan(&self) -> &Arc<Lan> {
        &self.lan
    }

    /// Sends a request and takes the answer as it is, redirects too.
    pub fn ask(&self, ask: &Ask<'_>) -> Result<Said, Failure> {
        self.open(ask)?.whole()
    }

    /// As [`Peers::ask`], but the body has not been read.
    pub fn open(&self, ask: &Ask<'_>) -> Result<Arriving, Failure> {
        let uri: Uri = ask
            .url
            .parse()
            .map_err(|_| Failure::Refused(format!("{} is no address", ask.url)))?;
        self.reach.check(&uri)?;
        if let Some(doubt) = self.clock.doubt(clock::now()) {
            return Err(Failure::Unreachable(format!(
                "{} is not asked yet: {doubt}",
                ask.url
            )));
        }
        let wrong = |error: &dyn fmt::Display| Failure::Refused(format!("{}: {error}", ask.url));
        let request = ask.request(&uri).map_err(|error| wrong(&error))?;
        let request = match ask.time_max {
            Some(time_max) => {
                let request = self.agent.configure_request(request);
                request.timeout_global(Some(time_max)).build()
            }
            None => request,
        };
        let answer = match ask.method {
            "GET" | "OPTIONS" => self.agent.run(request.map(|_| ())),
            _ => self.agent.run(request),
        };
        let answer = answer.map_err(|error| match &error {
            ureq::Error::Other(inner) if inner.is::<Untrusted>() => {
                Failure::Untrusted(format!("{}: {inner}", ask.url))
            }
            _ => unreachable(ask.url, &error),
        })?;
        let (head, body) = answer.into_parts();
        let header = |name: HeaderName| {
            let value = head.headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let said = Said {
            status: head.status.as_u16(),
            content_type: header(header::CONTENT_TYPE)
                .unwrap_or_default()
                .to_ascii_lowercase(),
            location: header(header::LOCATION),
            allow: header(header::ALLOW),
            retry_after: header(header::RETRY_AFTER)
                .and_then(|text| retry_after_secs(&text, clock::now())),
            body: Vec::new(),
        };
        Ok(Arriving {
            url: ask.url.to_owned(),
            head: said,
            headers: head.headers,
            body,
        })
    }

    /// Asks for a public document, following redirects; `is_https_only` lets none lead away from https.
    fn fetch(&self, url: &str, accept: Option<&str>, is_https_only: bool) -> Result<Said, Failure> {
        let accept = accept.map(|accept| (header::ACCEPT, accept.to_owned()));
        self.follow(url, accept.as_slice(), is_https_only)?.whole()
    }

    /// Asks for what is public, following redirects, and leaves its body unread.
    pub fn follow(
        &self,
        url: &str,
        headers: &[(HeaderName, String)],
        is_https_only: bool,
    ) -> Result<Arriving, Failure> {
        self.follow_within(url, headers, is_https_only, REQUEST_TIME_MAX)
    }

    /// Asks for a large file, unless it is still the one that the address called `etag`; 304 then (RFC 9110 §13.1.2).
    pub fn download(
        &self,
        url: &str,
        etag: Option<&str>,
        time_max: Duration,
    ) -> Result<Arriving, Failure> {
        let known = etag.map(|etag| (header::IF_NONE_MATCH, etag.to_owned()));
        self.follow_within(url, known.as_slice(), false, time_max)
    }

    fn follow_within(
        &self,
        url: &str,
        headers: &[(HeaderName, String)],
        is_https_only: bool,
        time_max: Duration,
    ) -> Result<Arriving, Failure> {
        let mut url = url.to_owned();
        for _ in 0..=REDIRECTS_MAX {
            let ask = Ask::get(&url).within(time_max);
            let ask = headers
                .iter()
                .fold(ask, |ask, (name, value)| ask.with(name.clone(), value));
            let arriving = self.open(&ask)?;
            let said = &arriving.head;
            let Some(next) = said.location.as_ref().filter(|_| said.is_redirect()) else {
                return Ok(arriving);
            };
            let next = absolute(&url, next);
            if is_https_only && !next.starts_with("https://") {
                return Err(Failure::Refused(format!("{url} leads away from https")));
            }
            url = next;
        }
        Err(Failure::Useless(format!("{url} leads on and on"), None))
    }
}

impl Arriving {
    /// The answer with its body, as a document.
    pub fn whole(mut self) -> Result<Said, Failure> {
        let body = self.body.with_config().limit(DOCUMENT_BYTES_MAX);
        self.head.body = body.read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Failure::Useless(
                format!("{} is longer than {DOCUMENT_BYTES_MAX} bytes", self.url),
                None,
            ),
            error => unreachable(&self.url, &error),
        })?;
        Ok(self.head)
    }

    /// What the address calls what it gave (RFC 9110 §8.8.3).
    pub fn etag(&self) -> Option<&str> {
        self.header(&header::ETAG)
    }

    /// A header, if it is there and text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads the body piece by piece. Whoever takes the pieces says when it is too much.
    pub fn read<E: From<Failure>>(
        self,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = self.body.into_reader();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => take(piece.get(..read).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreachable(&self.url, &error).into()),
            }
        }
    }
}

impl From<Failure> for crate::error::Error {
    fn from(failure: Failure) -> crate::error::Error {
        crate::error::Error::Remote(failure.to_string())
    }
}

fn unreachable(url: &str, error: &dyn fmt::Display) -> Failure {
    Failure::Unreachable(format!("{url}: {error}"))
}

/// How long it is until another try is welcome, in seconds: told as such, or by a time (RFC 9110 §10.2.3).
fn retry_after_secs(text: &str, now: Timestamp) -> Option<i64> {
    if let Ok(secs) = text.parse::<u32>() {
        return Some(i64::from(secs));
    }
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp(at.as_second()).secs_since(now).max(0))
}

/// An address that a redirect names, which may be relative to the one that was asked.
pub fn absolute(asked: &str, location: &str) -> String {
    if location.contains("://") {
        return location.to_owned();
    }
    let (scheme, rest) = asked.split_once("://").unwrap_or(("http", asked));
    if let Some(other) = location.strip_prefix("//") {
        return format!("{scheme}://{other}");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if location.starts_with('/') {
        return format!("{scheme}://{authority}{location}");
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{scheme}://{authority}{folder}/{location}")
}

#[cfg(test)]
mod tests {
    use super::{absolute, retry_after_secs};
    use crate::clock::Timestamp;

    #[test]
    fn another_try_is_welcome_after_seconds_or_at_a_time() {
        let now = Timestamp(1_795_217_368);
        for (text, secs) in [
            ("120", Some(120)),
            ("Fri, 20 Nov 2026 23:29:58 GMT", Some(30)),
            ("Fri, 20 Nov 2026 23:29:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after_secs(text, now), secs, "{text}");
        }
    }

    #[test]
    fn redirects_lead_on_from_where_they_are() {
        for (location, expected) in [
            ("https://b.test/y", "https://b.test/y"),
            ("//b.test/y", "http://b.test/y"),
            ("/y?z", "http://a.test:8080/y?z"),
            ("y", "http://a.test:8080/w/y"),
        ] {
            assert_eq!(absolute("http://a.test:8080/w/x", location), expected);
        }
        assert_eq!(absolute("http://a.test", "y"), "http://a.test/y");
    }
}
