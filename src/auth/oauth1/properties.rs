//! Requests drawn by lot, signed by a signer that was written from RFC 5849 alone: what is signed is genuine, and no part of
//! it can be changed.

use super::parameters::{Parameters, form_pairs, header_pairs};
use super::signature::{Address, Method, Secrets, is_genuine};
use crate::ids::Base;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;
use sha1::Sha1;

/// A request before it is signed.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    method: &'static str,
    path: String,
    protocol: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Vec<(String, String)>,
    client: String,
    token: String,
}

/// RFC 5849 §3.6, character by character.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn form(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.join("&")
}

/// The signature by RFC 5849 §3.4.1–3.4.2.
fn signature(asked: &Asked) -> String {
    let mut all: Vec<(String, String)> = [&asked.protocol, &asked.query, &asked.body]
        .into_iter()
        .flatten()
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    all.sort();
    let all: Vec<String> = all
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let text = format!(
        "{}&{}&{}",
        asked.method,
        encoded(&format!("http://pump.test{}", asked.path)),
        encoded(&all.join("&"))
    );
    let key = format!("{}&{}", encoded(&asked.client), encoded(&asked.token));
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What the server makes of the request as it travels.
fn accepts(asked: &Asked, signature: &str) -> bool {
    let listed: Vec<String> = asked
        .protocol
        .iter()
        .chain([&("oauth_signature".to_owned(), signature.to_owned())])
        .map(|(name, value)| format!("{}=\"{}\"", encoded(name), encoded(value)))
        .collect();
    let header = format!(" realm=\"x, y\", {}", listed.join(", "));
    let (query, body) = (form(&asked.query), form(&asked.body));
    let parameters = Parameters {
        header: header_pairs(header.as_bytes()),
        query: form_pairs(query.as_bytes()),
        body: form_pairs(body.as_bytes()),
        ..Parameters::default()
    };
    let base = Base::new("pump.test", 80, "");
    let address = Address {
        method: asked.method,
        host: Some("pump.test"),
        path: &asked.path,
        tls: false,
        base: &base,
    };
    let secrets = Secrets {
        client: &asked.client,
        token: &asked.token,
    };
    is_genuine(Method::HmacSha1, signature, &address, &parameters, secrets)
}

fn pairs(most: usize) -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec(("[a-z&=%+ é@]{1,4}", "\\PC{0,8}"), 0..most)
}

prop_compose! {
    fn requests()(
        method in proptest::sample::select(vec!["GET", "POST", "PUT", "DELETE"]),
        path in "/[a-zA-Z0-9%~.:/-]{0,20}",
        nonce in "\\PC{0,12}",
        query in pairs(4),
        body in pairs(4),
        client in "\\PC{0,20}",
        token in "\\PC{0,20}",
    ) -> Asked {
        let protocol = vec![
            ("oauth_consumer_key".to_owned(), "key".to_owned()),
            ("oauth_nonce".to_owned(), nonce),
        ];
        Asked { method, path, protocol, query, body, client, token }
    }
}

/// One part of a request is another one.
fn changed(asked: &Asked, part: usize, which: &Index) -> Asked {
    let mut other = asked.clone();
    let longer = |pairs: &mut Vec<(String, String)>| match pairs.len() {
        0 => pairs.push(("x".to_owned(), String::new())),
        count => pairs[which.index(count)].1.push('x'),
    };
    match part {
        0 => other.method = if asked.method == "GET" { "POST" } else { "GET" },
        1 => other.path.push('x'),
        2 => longer(&mut other.protocol),
        3 => longer(&mut other.query),
        4 => longer(&mut other.body),
        5 => other.client.push('x'),
        6 => other.token.push('x'),
        _ => drop(other.protocol.pop()),
    }
    other
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_was_signed_is_genuine_and_nothing_else(
        asked in requests(),
        part in 0_usize..8,
        which in any::<Index>(),
    ) {
        let signature = signature(&asked);
        prop_assert!(accepts(&asked, &signature));
        prop_assert!(!accepts(&changed(&asked, part, &which), &signature));
    }

    #[test]
    fn no_header_is_too_strange_to_read(header in proptest::collection::vec(any::<u8>(), 0..80)) {
        header_pairs(&header);
        form_pairs(&header);
    }
}

/// The request of RFC 5849 §3.1, with the signature of erratum 2550 (that of the text is of other secrets).
#[test]
fn the_request_of_the_rfc() {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let asked = Asked {
        method: "POST",
        path: "/request".to_owned(),
        protocol: [
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ]
        .map(pair)
        .to_vec(),
        query: [("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b")]
            .map(pair)
            .to_vec(),
        body: [("c2", ""), ("a3", "2 q")].map(pair).to_vec(),
        client: "j49sk3j29djd".to_owned(),
        token: "dh893hdasih9".to_owned(),
    };
    let parameters = Parameters {
        header: form_pairs(
            b"oauth_consumer_key=9djdj82h48djs9d2&oauth_token=kkk9d7dh3k39sjv7\
            &oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_nonce=7d8f3e4a",
        ),
        query: form_pairs(b"b5=%3D%253D&a3=a&c%40=&a2=r%20b"),
        body: form_pairs(b"c2&a3=2+q"),
        ..Parameters::default()
    };
    let base = Base::new("example.com", 80, "");
    let address = Address {
        method: "POST",
        host: Some("EXAMPLE.COM:80"),
        path: "/request",
        tls: false,
        base: &base,
    };
    let secrets = Secrets {
        client: &asked.client,
        token: &asked.token,
    };
    let signature = "r6/TJjbCOr97/+UU0NsvSne7s5g=";
    assert!(is_genuine(
        Method::HmacSha1,
        signature,
        &address,
        &parameters,
        secrets
    ));
}
