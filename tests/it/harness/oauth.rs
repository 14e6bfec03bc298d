//! Signs requests as OAuth 1.0a clients do (RFC 5849 §3.4), independently of the server's code.

use super::http::{Request, Site, decode_form, encode};
use super::unix_secs;
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;
use std::sync::atomic::{AtomicU64, Ordering};

/// A key and its secret: of a client, or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Pair {
    pub(crate) fn new(key: &str, secret: &str) -> Pair {
        Pair {
            key: key.to_owned(),
            secret: secret.to_owned(),
        }
    }
}

/// Where the protocol parameters travel (RFC 5849 §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Header,
    Query,
    Form,
}

/// How to sign; the fields that stories bend are open.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) client: Pair,
    pub(crate) token: Option<Pair>,
    pub(crate) method: &'static str,
    pub(crate) timestamp: u64,
    pub(crate) nonce: String,
    pub(crate) place: Place,
    /// Further protocol parameters: `oauth_callback`, `oauth_verifier`.
    pub(crate) extra: Vec<(String, String)>,
}

impl Signer {
    /// Signs now, with a fresh nonce, by HMAC-SHA1 in the header.
    pub(crate) fn new(client: &Pair, token: Option<&Pair>) -> Signer {
        static NONCE: AtomicU64 = AtomicU64::new(0);
        let number = NONCE.fetch_add(1, Ordering::Relaxed);
        Signer {
            client: client.clone(),
            token: token.cloned(),
            method: "HMAC-SHA1",
            timestamp: unix_secs(),
            nonce: format!("{}-{number}", std::process::id()),
            place: Place::Header,
            extra: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Signer {
        self.extra.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The request with its proof.
    pub(crate) fn sign(&self, site: &Site, request: Request) -> Request {
        let protocol = self.parameters();
        let signature = self.signature(site, &request, &protocol);
        let mut all = protocol;
        all.push(("oauth_signature".to_owned(), signature));
        match self.place {
            Place::Header => {
                let listed: Vec<String> = all
                    .iter()
                    .map(|(key, value)| format!("{key}=\"{}\"", encode(value)))
                    .collect();
                request.header("Authorization", &format!("OAuth {}", listed.join(", ")))
            }
            Place::Query => {
                let mark = if request.target.contains('?') {
                    '&'
                } else {
                    '?'
                };
                let mut request = request;
                request.target = format!("{}{mark}{}", request.target, joined(&all));
                request
            }
            Place::Form => {
                let form = form_of(&request);
                let mut pairs = decode_form(&form);
                pairs.extend(all);
                let mut request = request;
                request
                    .headers
                    .retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                let pairs: Vec<(&str, &str)> = pairs
                    .iter()
                    .map(|(k, v)| (k.as_str(), v.as_str()))
                    .collect();
                request.form(&pairs)
            }
        }
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = vec![
            ("oauth_consumer_key".to_owned(), self.client.key.clone()),
            ("oauth_signature_method".to_owned(), self.method.to_owned()),
            ("oauth_timestamp".to_owned(), self.timestamp.to_string()),
            ("oauth_nonce".to_owned(), self.nonce.clone()),
            ("oauth_version".to_owned(), "1.0".to_owned()),
        ];
        if let Some(token) = &self.token {
            parameters.push(("oauth_token".to_owned(), token.key.clone()));
        }
        parameters.extend(self.extra.iter().cloned());
        parameters
    }

    fn signature(&self, site: &Site, request: &Request, protocol: &[(String, String)]) -> String {
        let token_secret = self.token.as_ref().map_or("", |token| &token.secret);
        let key = format!("{}&{}", encode(&self.client.secret), encode(token_secret));
        if self.method == "PLAINTEXT" {
            return key;
        }
        let url = site.url_of(&request.target);
        let (url, query) = url.split_once('?').unwrap_or((&url, ""));
        let mut all: Vec<(String, String)> = protocol.to_vec();
        all.extend(decode_form(query));
        all.extend(decode_form(&form_of(request)));
        let mut encoded: Vec<String> = all
            .iter()
            .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
            .collect();
        // Sorted by name, then value (RFC 5849 §3.4.1.3.2): no name here is the beginning of another one.
        encoded.sort();
        let base = format!(
            "{}&{}&{}",
            request.method,
            encode(url),
            encode(&encoded.join("&"))
        );
        let any = "HMAC takes keys of any length";
        let proof = if self.method == "HMAC-SHA256" {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect(any);
            mac.update(base.as_bytes());
            mac.finalize().into_bytes().to_vec()
        } else {
            let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect(any);
            mac.update(base.as_bytes());
            mac.finalize().into_bytes().to_vec()
        };
        base64::engine::general_purpose::STANDARD.encode(proof)
    }
}

/// The body of a request if it is a form.
fn form_of(request: &Request) -> String {
    let is_form = request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type")
            && value.starts_with("application/x-www-form-urlencoded")
    });
    match &request.body {
        super::http::Body::Bytes(bytes) if is_form => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}

fn joined(pairs: &[(String, String)]) -> String {
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    super::http::encode_form(&pairs)
}
