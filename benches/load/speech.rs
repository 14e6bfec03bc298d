//! How a client speaks: OAuth 1 signatures (RFC 5849 §3.4) and HTTP/1.1 on one connection that stays open. As cheap as
//! possible, because it runs on the same machine as the server whose processor time is measured.

use crate::server::HOST;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pumphouse::clock;
use sha1::Sha1;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

/// What RFC 5849 §3.6 encodes: everything but these.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Number of the next nonce of this process.
static NONCES: AtomicU64 = AtomicU64::new(1);

/// Keys of a client, with those of a user or without.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// The client's id.
    pub(crate) client: String,
    /// The client's secret.
    pub(crate) client_secret: String,
    /// The user's token and its secret.
    pub(crate) token: Option<(String, String)>,
}

/// A request, but for its signature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// `GET` or `POST`.
    pub(crate) method: &'static str,
    /// Path, without a query.
    pub(crate) path: &'a str,
    /// Arguments, decoded.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// A JSON document.
    pub(crate) body: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// `GET`.
    pub(crate) fn get(path: &'a str, query: &'a [(&'a str, &'a str)]) -> Request<'a> {
        Request {
            method: "GET",
            path,
            query,
            body: None,
        }
    }

    /// `POST` of a JSON document.
    pub(crate) fn post(path: &'a str, body: &'a str) -> Request<'a> {
        Request {
            method: "POST",
            path,
            query: &[],
            body: Some(body),
        }
    }
}

/// An open connection to the server.
pub(crate) struct Connection {
    socket: TcpStream,
    out: String,
    input: Vec<u8>,
}

impl Connection {
    /// Opens one.
    pub(crate) fn open(address: SocketAddr) -> Connection {
        let socket = TcpStream::connect(address).expect("the server accepts");
        socket.set_nodelay(true).expect("a TCP socket");
        Connection {
            socket,
            out: String::new(),
            input: vec![0; 256 * 1024],
        }
    }

    /// Gives back the memory of the connection, for one that is only kept open.
    pub(crate) fn shrink(&mut self) {
        self.input = Vec::new();
    }

    /// Sends a request and gives the body of its answer, which must be a 200.
    pub(crate) fn ask(&mut self, keys: Option<&Keys>, request: &Request<'_>) -> &[u8] {
        self.compose(keys, request);
        self.socket
            .write_all(self.out.as_bytes())
            .expect("the server takes the request");
        let (start, end) = self.receive();
        let status = &self.input[9..12];
        let body = &self.input[start..end];
        assert!(
            status == b"200",
            "{} {} answers {}: {}",
            request.method,
            request.path,
            String::from_utf8_lossy(status),
            String::from_utf8_lossy(body)
        );
        body
    }

    fn compose(&mut self, keys: Option<&Keys>, request: &Request<'_>) {
        let out = &mut self.out;
        out.clear();
        out.push_str(request.method);
        out.push(' ');
        out.push_str(request.path);
        for (number, (name, value)) in request.query.iter().enumerate() {
            out.push(if number == 0 { '?' } else { '&' });
            out.push_str(name);
            out.push('=');
            out.extend(utf8_percent_encode(value, ENCODED));
        }
        out.push_str(" HTTP/1.1\r\nHost: ");
        out.push_str(HOST);
        if let Some(keys) = keys {
            out.push_str("\r\nAuthorization: ");
            authorization(out, keys, request);
        }
        if let Some(body) = request.body {
            out.push_str("\r\nContent-Type: application/json\r\nContent-Length: ");
            out.push_str(&body.len().to_string());
        }
        out.push_str("\r\n\r\n");
        out.push_str(request.body.unwrap_or_default());
    }

    /// Reads one answer: where its body starts and ends in the buffer.
    fn receive(&mut self) -> (usize, usize) {
        let mut filled = 0;
        let mut body: Option<(usize, usize)> = None;
        loop {
            if filled == self.input.len() {
                self.input.resize(filled * 2, 0);
            }
            let got = self.socket.read(&mut self.input[filled..]);
            let got = got.expect("the server answers");
            assert!(got > 0, "the server closed the connection");
            filled += got;
            if body.is_none() {
                body = body_of(&self.input[..filled]);
            }
            if let Some((start, end)) = body
                && filled >= end
            {
                return (start, end);
            }
        }
    }
}

/// Sends a request on a connection of its own, whose answer goes on and on.
pub(crate) fn begin(address: SocketAddr, keys: Option<&Keys>, request: &Request<'_>) -> TcpStream {
    let mut connection = Connection::open(address);
    connection.compose(keys, request);
    connection
        .socket
        .write_all(connection.out.as_bytes())
        .expect("the server takes the request");
    connection.socket
}

/// Where the body of an answer lies, once its head is complete.
fn body_of(input: &[u8]) -> Option<(usize, usize)> {
    let start = input.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&input[..start]).expect("a head in ASCII");
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.parse::<usize>().ok())
        .expect("the server says how long its answer is");
    Some((start, start + length))
}

/// Writes the header of RFC 5849 §3.5.1.
fn authorization(out: &mut String, keys: &Keys, request: &Request<'_>) {
    let nonce = format!("{:012x}", NONCES.fetch_add(1, Ordering::Relaxed));
    let stamp = clock::now().0.to_string();
    let (token, token_secret) = match &keys.token {
        Some((token, secret)) => (Some(token.as_str()), secret.as_str()),
        None => (None, ""),
    };
    let mut parameters = vec![
        ("oauth_consumer_key", keys.client.as_str()),
        ("oauth_nonce", nonce.as_str()),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", stamp.as_str()),
        ("oauth_version", "1.0"),
    ];
    parameters.extend(token.map(|token| ("oauth_token", token)));
    let header = parameters.clone();
    parameters.extend(request.query);
    parameters.sort_unstable();
    let mut joined = String::new();
    for (name, value) in parameters {
        if !joined.is_empty() {
            joined.push('&');
        }
        joined.push_str(name);
        joined.push('=');
        joined.extend(utf8_percent_encode(value, ENCODED));
    }
    let address = format!("http://{HOST}{}", request.path);
    let base = format!(
        "{}&{}&{}",
        request.method,
        utf8_percent_encode(&address, ENCODED),
        utf8_percent_encode(&joined, ENCODED)
    );
    let key = format!("{}&{token_secret}", keys.client_secret);
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("a key of any length");
    mac.update(base.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    out.push_str("OAuth ");
    for (name, value) in header {
        out.push_str(name);
        out.push_str("=\"");
        out.push_str(value);
        out.push_str("\", ");
    }
    out.push_str("oauth_signature=\"");
    out.extend(utf8_percent_encode(&signature, ENCODED));
    out.push('"');
}
