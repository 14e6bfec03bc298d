//! One request and its answer over a connection of its own. URLs below the server's public base are sent to the address
//! where it really listens, under the public name.

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use ureq::http;
use ureq::tls::TlsConfig;

/// No answer takes longer than this.
const ANSWER_SECS_MAX: u64 = 60;

/// Where a server is known, and where it listens now.
#[derive(Debug)]
pub(crate) struct Site {
    /// The public base URL without a slash at the end.
    pub(crate) base: String,
    /// What clients send as `Host`.
    pub(crate) host: String,
    address: Mutex<SocketAddr>,
    /// Whether it speaks https there.
    is_secure: bool,
}

/// A request before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// A path with query, or a URL below the base.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Nothing,
    Bytes(Vec<u8>),
    Chunked(Vec<u8>),
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The request, for messages of failed stories.
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Site {
    /// A site under a public base, listening at an address.
    pub(crate) fn new(base: &str, address: SocketAddr) -> Site {
        let host = base.split_once("://").expect("a base has a scheme").1;
        Site {
            base: base.to_owned(),
            host: host.to_owned(),
            address: Mutex::new(address),
            is_secure: false,
        }
    }

    /// As [`Site::new`], where it speaks https with a certificate that nobody vouches for.
    pub(crate) fn secure(base: &str, address: SocketAddr) -> Site {
        Site {
            is_secure: true,
            ..Site::new(base, address)
        }
    }

    /// Where it listens now.
    pub(crate) fn address(&self) -> SocketAddr {
        *self.address.lock().expect("nobody panics with it")
    }

    /// It listens somewhere else from now on.
    pub(crate) fn moves_to(&self, address: SocketAddr) {
        *self.address.lock().expect("nobody panics with it") = address;
    }

    /// The path and query of a URL below the base; paths stay as they are.
    #[track_caller]
    pub(crate) fn path_of<'u>(&self, target: &'u str) -> &'u str {
        if target.starts_with('/') {
            return target;
        }
        target
            .strip_prefix(&self.base)
            .unwrap_or_else(|| panic!("{target} is not below {}", self.base))
    }

    /// The public URL of a target.
    pub(crate) fn url_of(&self, target: &str) -> String {
        format!("{}{}", self.base, self.path_of(target))
    }

    /// Sends a request and waits for the answer.
    #[track_caller]
    pub(crate) fn send(&self, request: &Request) -> Answer {
        match self.try_send(request) {
            Ok(answer) => answer,
            Err(error) => panic!("{} {}: {error}", request.method, request.target),
        }
    }

    /// As [`Site::send`], where the server may be gone.
    pub(crate) fn try_send(&self, request: &Request) -> Result<Answer, ureq::Error> {
        let scheme = if self.is_secure { "https" } else { "http" };
        let path = self.path_of(&request.target);
        let url = format!("{scheme}://{}{path}", self.address());
        let mut builder = http::Request::builder()
            .method(request.method.as_str())
            .uri(&url);
        if !request.has_header("host") {
            builder = builder.header("Host", &self.host);
        }
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let provider = rustls::crypto::ring::default_provider();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(provider))
            .disable_verification(true)
            .build();
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .allow_non_standard_methods(true)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(ANSWER_SECS_MAX)))
            .build()
            .into();
        let sent = match &request.body {
            Body::Nothing => agent.run(builder.body(())?),
            Body::Bytes(bytes) => agent.run(builder.body(bytes.as_slice())?),
            Body::Chunked(bytes) => {
                let mut reader = bytes.as_slice();
                agent.run(builder.body(ureq::SendBody::from_reader(&mut reader))?)
            }
        };
        let mut answer = sent?;
        let body = answer
            .body_mut()
            .with_config()
            .limit(64 * 1024 * 1024)
            .read_to_vec()?;
        Ok(Answer {
            asked: format!("{} {}", request.method, request.target),
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body,
        })
    }

    /// A bare connection, for what no HTTP library would send.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("the server listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(ANSWER_SECS_MAX)))
            .expect("a timeout can be set");
        stream
    }

    /// Sends bytes as they are and reads until the server closes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream
            .write_all(bytes)
            .expect("the server takes the request");
        read_all(&mut stream)
    }
}

/// Reads until the other side closes or resets.
pub(crate) fn read_all(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => all.extend(piece.iter().take(count)),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

impl Request {
    /// A request without body.
    pub(crate) fn new(method: &str, target: &str) -> Request {
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Body::Nothing,
        }
    }

    pub(crate) fn get(target: &str) -> Request {
        Request::new("GET", target)
    }

    pub(crate) fn post(target: &str) -> Request {
        Request::new("POST", target)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// With a JSON body.
    pub(crate) fn json(self, document: &Value) -> Request {
        self.bytes("application/json", document.to_string().as_bytes())
    }

    /// With a form body.
    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Request {
        self.bytes(
            "application/x-www-form-urlencoded",
            encode_form(pairs).as_bytes(),
        )
    }

    /// With a body of a type.
    pub(crate) fn bytes(mut self, content_type: &str, bytes: &[u8]) -> Request {
        self.body = Body::Bytes(bytes.to_vec());
        self.header("Content-Type", content_type)
    }

    /// With a body of a type, sent in chunks without saying its length.
    pub(crate) fn chunked(mut self, content_type: &str, bytes: &[u8]) -> Request {
        self.body = Body::Chunked(bytes.to_vec());
        self.header("Content-Type", content_type)
    }

    /// With one file in a multipart form.
    pub(crate) fn multipart(self, field: &str, name: &str, kind: &str, bytes: &[u8]) -> Request {
        let mut form = Multipart::new();
        form.file(field, name, kind, bytes);
        form.into_body_of(self)
    }
}

/// A `multipart/form-data` body (RFC 7578).
#[derive(Default)]
pub(crate) struct Multipart {
    body: Vec<u8>,
}

impl Multipart {
    const BOUNDARY: &'static str = "----storyboundary7MA4YWxk";

    pub(crate) fn new() -> Multipart {
        Multipart::default()
    }

    pub(crate) fn text(&mut self, field: &str, value: &str) {
        self.part(
            &format!("Content-Disposition: form-data; name=\"{field}\"\r\n"),
            value.as_bytes(),
        );
    }

    pub(crate) fn file(&mut self, field: &str, name: &str, kind: &str, bytes: &[u8]) {
        let head = format!(
            "Content-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n"
        );
        self.part(&head, bytes);
    }

    fn part(&mut self, head: &str, bytes: &[u8]) {
        self.body
            .extend(format!("--{}\r\n{head}\r\n", Self::BOUNDARY).bytes());
        self.body.extend(bytes);
        self.body.extend(b"\r\n");
    }

    pub(crate) fn into_body_of(mut self, request: Request) -> Request {
        self.body
            .extend(format!("--{}--\r\n", Self::BOUNDARY).bytes());
        request.bytes(
            &format!("multipart/form-data; boundary={}", Self::BOUNDARY),
            &self.body,
        )
    }
}

impl Answer {
    /// A header, empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("headers are text"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The same answer; fails the story if the status is another one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Answer {
        assert!(
            self.status == status,
            "{}: expected {status}, got {} {:?} {}",
            self.asked,
            self.status,
            self.headers,
            self.text().chars().take(2000).collect::<String>()
        );
        self
    }

    /// The document of a success, which is exactly 200 with JSON (`pump-api.md §10.1 Q7`).
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.expect(200).json()
    }

    /// The body as JSON, with the content type of JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert!(
            self.header("content-type").starts_with("application/json"),
            "{}: {} is no JSON: {}",
            self.asked,
            self.header("content-type"),
            self.text().chars().take(500).collect::<String>()
        );
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()))
    }

    /// A refusal by the API: this status and `{"error": "…"}` (`pump-api.md §1.1.1`). Returns the text.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        let answer = self.expect(status);
        let document = answer.json();
        let text = document["error"].as_str().unwrap_or_default().to_owned();
        assert!(!text.is_empty(), "{}: no error text", answer.asked);
        text
    }

    /// A refusal by OAuth: this status, plain text, and the challenge (`pump-api.md §1.1.1`).
    #[track_caller]
    pub(crate) fn oauth_refused(self, status: u16, text: &str) {
        let answer = self.expect(status);
        assert_eq!(answer.text(), text, "{}", answer.asked);
        assert!(
            answer.header("content-type").starts_with("text/plain"),
            "{}",
            answer.asked
        );
        assert_eq!(
            answer.header("www-authenticate"),
            "OAuth realm=\"OAuth\"",
            "{}",
            answer.asked
        );
    }

    /// A refusal of a bearer token: this status, the error of RFC 6750 in the challenge, and a sentence.
    #[track_caller]
    pub(crate) fn bearer_refused(self, status: u16, error: &str) {
        let challenge = self.header("www-authenticate").to_owned();
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains(&format!("error=\"{error}\"")),
            "{}: {challenge}",
            self.asked
        );
        self.refused(status);
    }

    /// The pairs of a form-encoded body.
    #[track_caller]
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        decode_form(&self.text())
    }

    /// One value of a form-encoded body.
    #[track_caller]
    pub(crate) fn pair(&self, name: &str) -> String {
        self.pairs()
            .into_iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("{}: no {name} in {}", self.asked, self.text()))
            .1
    }
}

/// Percent-encoding of RFC 3986, as OAuth wants it.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Undoes percent-encoding, and `+` for a blank.
pub(crate) fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let hex: Vec<u8> = bytes.by_ref().take(2).collect();
                let hex = String::from_utf8(hex).expect("hex digits");
                out.push(u8::from_str_radix(&hex, 16).expect("two hex digits after a percent"));
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

pub(crate) fn encode_form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect();
    pairs.join("&")
}

pub(crate) fn decode_form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}
