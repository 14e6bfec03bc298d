//! The text that an OAuth 1 signature is over (RFC 5849 §3.4.1): method, address and parameters.

use super::parameters::Pair;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::borrow::Cow;

/// What RFC 5849 §3.6 encodes: everything but letters, digits and `-._~`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes as RFC 5849 §3.6 says.
pub(super) fn encode(bytes: &[u8]) -> Cow<'_, str> {
    percent_encode(bytes, ENCODED).into()
}

/// The parameters in normal form (RFC 5849 §3.4.1.3.2), encoded once more for the base string: all of them sorted,
/// without `oauth_signature`.
pub(super) fn parameters<'a>(pairs: impl Iterator<Item = &'a Pair<'a>>) -> String {
    let mut encoded: Vec<_> = pairs
        .filter(|(name, _)| name.as_ref() != b"oauth_signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    encoded.sort_unstable();
    let bytes: usize = encoded
        .iter()
        .map(|(name, value)| name.len() + value.len() + 8)
        .sum();
    let mut text = String::with_capacity(bytes + bytes / 2);
    for (number, (name, value)) in encoded.iter().enumerate() {
        if number > 0 {
            text.push_str("%26");
        }
        push_encoded_again(&mut text, name);
        text.push_str("%3D");
        push_encoded_again(&mut text, value);
    }
    text
}

/// The base string of a request to `scheme://authority` + `path`, with [`parameters`] already in their form.
pub(super) fn base_string(
    method: &str,
    scheme: &str,
    authority: &str,
    path: &str,
    parameters: &str,
) -> String {
    let mut text = String::with_capacity(64 + authority.len() + path.len() + parameters.len());
    text.push_str(method);
    text.push('&');
    text.push_str(scheme);
    text.push_str("%3A%2F%2F");
    text.extend(percent_encode(authority.as_bytes(), ENCODED));
    text.extend(percent_encode(path.as_bytes(), ENCODED));
    text.push('&');
    text.push_str(parameters);
    text
}

/// A host as it stands in a base string: in lower case, without the default port of the scheme (RFC 5849 §3.4.1.2).
pub(super) fn authority(host: &str, scheme: &str) -> String {
    let mut host = host.to_ascii_lowercase();
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    if let Some(bare) = host.strip_suffix(default_port) {
        host.truncate(bare.len());
    }
    host
}

/// What is encoded already holds only unreserved characters and percent signs.
fn push_encoded_again(text: &mut String, encoded: &str) {
    let mut pieces = encoded.split('%');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        text.push_str("%25");
        text.push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::{Pair, form_pairs};
    use super::{authority, base_string, encode, parameters};

    /// The request of RFC 5849 §3.4.1.1.
    #[test]
    fn the_base_string_of_the_rfc() {
        let header: Vec<Pair<'_>> = [
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
            ("oauth_signature", "bYT5CMsGcbgUdFHObYMEfcx6bsw="),
        ]
        .map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into()))
        .into();
        let query = form_pairs(b"b5=%3D%253D&a3=a&c%40=&a2=r%20b");
        let body = form_pairs(b"c2&a3=2+q");
        let all = parameters(header.iter().chain(&query).chain(&body));
        assert_eq!(
            base_string("POST", "http", "example.com", "/request", &all),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q\
             %26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_\
             key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m\
             ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk\
             9d7dh3k39sjv7"
        );
    }

    /// RFC 5849 §3.4.1.2 and §3.6.
    #[test]
    fn hosts_and_characters_have_one_form() {
        assert_eq!(authority("EXAMPLE.COM:80", "http"), "example.com");
        assert_eq!(
            authority("www.example.net:8080", "https"),
            "www.example.net:8080"
        );
        assert_eq!(authority("h.test:443", "http"), "h.test:443");
        assert_eq!(encode("a-._~é/+ ".as_bytes()), "a-._~%C3%A9%2F%2B%20");
        assert_eq!(encode(&[0xff, b'%']), "%FF%25");
    }
}
