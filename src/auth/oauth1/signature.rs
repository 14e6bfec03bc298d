//! Signatures of OAuth 1 (RFC 5849 §3.4): a request is genuine if one of the readings of its address that clients use
//! gives the signature that it carries. Clients sign the public address; what arrives here may have passed a front end
//! that changed host, scheme or prefix.

use super::base_string::{authority, base_string, encode, parameters};
use super::parameters::{Pair, Parameters};
use crate::ids::Base;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// `HMAC-SHA1` (RFC 5849 §3.4.2).
    HmacSha1,
    /// `HMAC-SHA256`: the same with the other hash.
    HmacSha256,
    /// `PLAINTEXT` (RFC 5849 §3.4.4): the secrets themselves, so only where nobody listens.
    Plaintext,
}

impl Method {
    /// The method of a name.
    pub(super) fn named(name: &str) -> Option<Method> {
        match name {
            "HMAC-SHA1" => Some(Method::HmacSha1),
            "HMAC-SHA256" => Some(Method::HmacSha256),
            "PLAINTEXT" => Some(Method::Plaintext),
            _ => None,
        }
    }
}

/// The address that a request came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address<'a> {
    /// The method on the wire.
    pub(super) method: &'a str,
    /// The `Host` header.
    pub(super) host: Option<&'a str>,
    /// The path as sent.
    pub(super) path: &'a str,
    /// Whether it came through our own TLS.
    pub(super) tls: bool,
    /// The public address of the server.
    pub(super) base: &'a Base,
}

/// The two secrets that a request is signed with.
#[derive(Clone, Copy)]
pub(super) struct Secrets<'a> {
    /// The client's.
    pub(super) client: &'a str,
    /// The token's; empty without a token.
    pub(super) token: &'a str,
}

impl Address<'_> {
    /// The readings of the address, the likeliest first: scheme, authority, path.
    fn readings(&self) -> impl Iterator<Item = (&'static str, String, String)> {
        let canonical = self.base.scheme();
        let first = if self.tls { "https" } else { canonical };
        let other = if first == "https" { "http" } else { "https" };
        let prefix = self.base.prefix();
        let inside = format!("/{prefix}/");
        let prefixed = !prefix.is_empty() && !self.path.starts_with(&inside);
        let paths = [
            prefixed.then(|| format!("/{prefix}{}", self.path)),
            Some(self.path.to_owned()),
        ];
        let public = self.base.authority().to_owned();
        let mut readings = Vec::with_capacity(2);
        for scheme in [first, other] {
            let sent = self.host.map(|host| authority(host, scheme));
            let public = Some(public.clone()).filter(|public| sent.as_ref() != Some(public));
            for host in [sent, public].into_iter().flatten() {
                for path in paths.iter().flatten() {
                    readings.push((scheme, host.clone(), path.clone()));
                }
            }
        }
        readings.into_iter()
    }
}

/// Whether `signature` is what the secrets give for the request.
pub(super) fn is_genuine(
    method: Method,
    signature: &str,
    address: &Address<'_>,
    asked: &Parameters<'_>,
    secrets: Secrets<'_>,
) -> bool {
    let key = format!(
        "{}&{}",
        encode(secrets.client.as_bytes()),
        encode(secrets.token.as_bytes())
    );
    if method == Method::Plaintext {
        return is_plaintext(signature, &key);
    }
    let Ok(signature) = STANDARD.decode(signature.trim_ascii()) else {
        return false;
    };
    let outside = || asked.header.iter().chain(&asked.query);
    let with_body = parameters(outside().chain(&asked.body));
    let fits = |parameters: &str| {
        let mut readings = address.readings();
        readings.any(|(scheme, host, path)| {
            let text = base_string(address.method, scheme, &host, &path, parameters);
            match method {
                Method::HmacSha1 => mac_fits::<Hmac<Sha1>>(&key, &text, &signature),
                Method::HmacSha256 => mac_fits::<Hmac<Sha256>>(&key, &text, &signature),
                Method::Plaintext => false,
            }
        })
    };
    let sent_twice = |pair: &&Pair<'_>| asked.query.contains(pair) || asked.body.contains(pair);
    let sent_once = || {
        let header = asked.header.iter().filter(|pair| !sent_twice(pair));
        parameters(header.chain(&asked.query).chain(&asked.body))
    };
    fits(&with_body)
        || (asked.body_is_doubtful && !asked.body.is_empty() && fits(&parameters(outside())))
        // Dianara writes the query into the header, too, and signs each parameter once, as pump.io reads it.
        || (asked.header.iter().any(|pair| sent_twice(&pair)) && fits(&sent_once()))
}

/// Compares in constant time; the transport may have encoded the text once more.
fn is_plaintext(signature: &str, key: &str) -> bool {
    let decoded: Vec<u8> = percent_decode_str(signature).collect();
    let as_sent = signature.as_bytes().ct_eq(key.as_bytes());
    (as_sent | decoded.ct_eq(key.as_bytes())).into()
}

/// Compares in constant time.
fn mac_fits<M: Mac + KeyInit>(key: &str, text: &str, signature: &[u8]) -> bool {
    let mut mac =
        <M as KeyInit>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::parameters::{Pair, Parameters, form_pairs};
    use super::{Address, Method, Secrets, is_genuine};
    use crate::ids::Base;

    fn base(port: u16, prefix: &str) -> Base {
        Base::new("pump.test", port, prefix)
    }

    fn header(pairs: &'static [(&'static str, &'static str)]) -> Vec<Pair<'static>> {
        pairs
            .iter()
            .map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into()))
            .collect()
    }

    /// The three requests of RFC 5849 §1.2, and one that was recorded at a pump.io server.
    #[test]
    fn published_signatures_fit_and_changed_requests_do_not() {
        let photos = base(80, "");
        let initiate = Parameters {
            header: header(&[
                ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
                ("oauth_signature_method", "HMAC-SHA1"),
                ("oauth_timestamp", "137131200"),
                ("oauth_nonce", "wIjqoxSZgm"),
                ("oauth_callback", "http://printer.example.com/ready"),
            ]),
            ..Parameters::default()
        };
        let read = Parameters {
            header: header(&[
                ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
                ("oauth_token", "nnch734d00sl2jdk"),
                ("oauth_signature_method", "HMAC-SHA1"),
                ("oauth_timestamp", "137131202"),
                ("oauth_nonce", "chapoH"),
            ]),
            query: form_pairs(b"file=vacation.jpg&size=original"),
            ..Parameters::default()
        };
        let address = Address {
            method: "GET",
            host: Some("photos.example.net"),
            path: "/photos",
            tls: false,
            base: &photos,
        };
        let secrets = Secrets {
            client: "kd94hf93k423kf44",
            token: "pfkkdhi9sl3r4s00",
        };
        let fits = |address: &Address<'_>, asked: &Parameters<'_>, secrets| {
            let signature = "MdpQcU8iPSUjWoN/UDMsK2sui9I=";
            is_genuine(Method::HmacSha1, signature, address, asked, secrets)
        };
        let strange = Secrets {
            client: "kd94hf93k423kf44",
            token: "another",
        };
        assert!(!fits(&address, &read, strange), "another secret");
        assert!(!fits(&address, &initiate, secrets), "other parameters");
        let elsewhere = Address {
            path: "/photos/2",
            ..address
        };
        assert!(!fits(&elsewhere, &read, secrets), "another path");
        let other_host = Address {
            host: Some("evil.example.net"),
            ..address
        };
        assert!(!fits(&other_host, &read, secrets), "another host");
        assert!(fits(&address, &read, secrets));

        let recorded = Parameters {
            header: header(&[
                ("oauth_nonce", "120001289838185756701795217902"),
                ("oauth_timestamp", "1795217902"),
                ("oauth_version", "1.0"),
                ("oauth_signature_method", "HMAC-SHA1"),
                ("oauth_consumer_key", "IeutbfUxVKE2PPIp-xz8jg"),
                ("oauth_callback", "oob"),
            ]),
            ..Parameters::default()
        };
        let address = Address {
            method: "POST",
            host: Some("pump-a.test"),
            path: "/oauth/request_token",
            ..address
        };
        let secrets = Secrets {
            client: "XAyyx4UUokoCH8ukptN12HKT8ZJbY2JFJNMbrJ9Mh0k",
            token: "",
        };
        let signature = "wQTfBxq+E0z7XduGyOI+itgYXy4=";
        assert!(is_genuine(
            Method::HmacSha1,
            signature,
            &address,
            &recorded,
            secrets
        ));
    }

    /// Recorded: Dianara 1.4.4 at a pump.io server.
    #[test]
    fn what_stands_in_the_header_and_in_the_query_is_signed_once() {
        let public = base(443, "");
        let address = Address {
            method: "GET",
            host: Some("pump-b.test"),
            path: "/api/user/alice/following",
            tls: true,
            base: &public,
        };
        let secrets = Secrets {
            client: "MH0_E5da804_BgZxjvnTbh38YZzs4gAHCLbcZG7IDro",
            token: "navMwOAW7opdrdPeZbyGKEiBtsltn0jWlGY4CR-5TSE",
        };
        let fits = |query: &'static [u8]| {
            let asked = Parameters {
                header: header(&[
                    ("count", "200"),
                    ("oauth_consumer_key", "Egaq1WN8M4yQCIuNts1kzw"),
                    ("oauth_nonce", "2bf248c95fd4d145cd9034d3cfacf381"),
                    ("oauth_signature_method", "HMAC-SHA1"),
                    ("oauth_timestamp", "1795220245"),
                    ("oauth_token", "P_rlMVl6ojqxwc0mONTfkw"),
                    ("oauth_version", "1.0"),
                    ("offset", "0"),
                ]),
                query: form_pairs(query),
                ..Parameters::default()
            };
            let signature = "gZowzs6pItgSA4l6Wdadvt2m6cY=";
            is_genuine(Method::HmacSha1, signature, &address, &asked, secrets)
        };
        assert!(!fits(b"count=200&offset=20"), "another query");
        assert!(!fits(b"count=200&offset=0&q=x"), "a longer query");
        assert!(fits(b"count=200&offset=0"));
    }

    const SECRETS: Secrets<'static> = Secrets {
        client: "s c",
        token: "t&s",
    };

    fn sign(method: &str, url: &str, parameters: &str) -> String {
        use base64::Engine as _;
        use hmac::{KeyInit, Mac};
        let encode = |text: &str| super::encode(text.as_bytes()).into_owned();
        let text = format!("{method}&{}&{}", encode(url), encode(parameters));
        let mut mac = super::Hmac::<super::Sha256>::new_from_slice(b"s%20c&t%26s").expect("a key");
        mac.update(text.as_bytes());
        super::STANDARD.encode(mac.finalize().into_bytes())
    }

    /// pump-api.md §2.5 [W]
    #[test]
    fn clients_may_sign_the_public_address_behind_a_front_end() {
        let public = base(443, "social");
        let address = Address {
            method: "GET",
            host: Some("127.0.0.1:8080"),
            path: "/api/whoami",
            tls: false,
            base: &public,
        };
        let asked = Parameters {
            header: header(&[("oauth_nonce", "1")]),
            ..Parameters::default()
        };
        let fits = |method, url| {
            let signature = sign(method, url, "oauth_nonce=1");
            is_genuine(Method::HmacSha256, &signature, &address, &asked, SECRETS)
        };
        assert!(!fits("GET", "https://other.test/social/api/whoami"));
        assert!(!fits("POST", "https://pump.test/social/api/whoami"));
        assert!(!fits("HEAD", "https://pump.test/social/api/whoami"));
        assert!(fits("GET", "https://pump.test/social/api/whoami"));
        assert!(fits("GET", "http://127.0.0.1:8080/api/whoami"));
    }

    #[test]
    fn a_form_with_a_charset_may_be_signed_with_or_without_its_body() {
        let public = base(80, "");
        let address = Address {
            method: "POST",
            host: None,
            path: "/x",
            tls: false,
            base: &public,
        };
        let asked = |body_is_doubtful| Parameters {
            header: header(&[("oauth_nonce", "1")]),
            body: form_pairs(b"a=b"),
            body_is_doubtful,
            ..Parameters::default()
        };
        let fits = |parameters, doubtful| {
            let signature = sign("POST", "http://pump.test/x", parameters);
            let asked = asked(doubtful);
            is_genuine(Method::HmacSha256, &signature, &address, &asked, SECRETS)
        };
        assert!(
            !fits("oauth_nonce=1", false),
            "a plain form is signed whole"
        );
        assert!(fits("a=b&oauth_nonce=1", false));
        assert!(fits("oauth_nonce=1", true));
        assert!(fits("a=b&oauth_nonce=1", true));
    }

    #[test]
    fn plaintext_is_the_secrets_encoded_once_or_twice() {
        assert!(!super::is_plaintext("s%20c&", "s%20c&t%26s"));
        assert!(super::is_plaintext("s%20c&t%26s", "s%20c&t%26s"));
        assert!(super::is_plaintext("s%2520c%26t%2526s", "s%20c&t%26s"));
    }
}
