//! Addresses that clients name: where users are sent back to, logos.

/// Scheme and authority of an absolute http or https URL (`https://h.test:8080`); nothing for any other text. A URL with
/// a user name in it is none: what people read must be the host.
pub(in crate::auth) fn http_origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let is_clean = url
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .split_once(':')
        .map_or(authority, |(host, _)| host);
    let is_named = authority.starts_with('[') || !host.is_empty();
    let origin = url.get(..scheme.len() + 3 + authority.len())?;
    (is_http && is_clean && is_named && !authority.contains('@')).then_some(origin)
}

/// Whether a client that has registered `known` addresses may have people sent to `asked`: it is one of them, letter by
/// letter (RFC 9700 §4.1.3), or one of the user's own machine, whose port changes each time (RFC 8252 §7.3).
pub(in crate::auth) fn is_registered(known: &[String], asked: &str) -> bool {
    let loopback = loopback_without_port(asked);
    let same = |known: &String| {
        known == asked || loopback.is_some() && loopback_without_port(known) == loopback
    };
    !asked.contains('#') && known.iter().any(same)
}

/// Whether an address is one of the user's own machine.
pub(in crate::auth) fn is_loopback(address: &str) -> bool {
    loopback_without_port(address).is_some()
}

/// Whether an address can be registered for OAuth 2 (RFC 7591 §2): a web address, or one of an application's own scheme,
/// which begins with a domain turned round (RFC 8252 §7.1). Without a fragment (RFC 6749 §3.1.2).
pub(in crate::auth) fn is_redirect(address: &str) -> bool {
    let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_private = scheme.contains('.')
        && scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(letters);
    let is_clean = address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte));
    is_clean && (is_private || http_origin(address).is_some())
}

/// Host and path of `http://127.0.0.1:PORT/path`, `[::1]` and `localhost`; nothing for any other address.
fn loopback_without_port(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = match authority.rsplit_once(':') {
        Some((host, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            host
        }
        _ => authority,
    };
    let is_own = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
    (is_own && http_origin(address).is_some()).then_some((host, path))
}

/// An address with more in its query.
pub(in crate::auth) fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let (start, fragment) = match address.split_once('#') {
        Some((start, fragment)) => (start, Some(fragment)),
        None => (address, None),
    };
    let mut whole = start.to_owned();
    whole.push(if start.contains('?') { '&' } else { '?' });
    let mut query = form_urlencoded::Serializer::new(String::new());
    whole.push_str(&query.extend_pairs(pairs).finish());
    if let Some(fragment) = fragment {
        whole.push('#');
        whole.push_str(fragment);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::{is_redirect, is_registered, with_query};

    #[test]
    fn only_what_was_registered_letter_by_letter_is_led_to() {
        let known = [
            "https://app.test/cb".to_owned(),
            "http://127.0.0.1/done".to_owned(),
            "http://[::1]:8000/done?x=1".to_owned(),
            "com.example.app:/cb".to_owned(),
        ];
        for good in [
            "https://app.test/cb",
            "http://127.0.0.1/done",
            "http://127.0.0.1:49152/done",
            "http://[::1]:1/done?x=1",
            "com.example.app:/cb",
        ] {
            assert!(is_registered(&known, good), "{good}");
        }
        for bad in [
            "",
            "https://app.test/cb/",
            "https://app.test/cb?x=1",
            "https://app.test/cb#",
            "https://app.test/cb#code",
            "https://app.test/c",
            "https://app.test/cb/../evil",
            "https://APP.test/cb",
            "HTTPS://app.test/cb",
            "http://app.test/cb",
            "https://app.test:443/cb",
            "https://app.test.evil.test/cb",
            "https://app.test@evil.test/cb",
            "https://evil.test/?https://app.test/cb",
            "https://app.test%2fcb",
            "https://127.0.0.1:49152/done",
            "http://localhost/done",
            "http://127.0.0.1:1@evil.test/done",
            "http://127.0.0.1:1\\@evil.test/done",
            "http://127.0.0.1:x/done",
            "http://127.0.0.1.evil.test/done",
            "http://127.0.0.1:1/done/",
            "http://127.0.0.2/done",
            "http://[::1]:1/done",
            "com.example.app:/cb2",
        ] {
            assert!(!is_registered(&known, bad), "{bad}");
        }
    }

    #[test]
    fn what_can_be_registered_leads_to_the_web_or_to_an_application() {
        for good in [
            "https://app.test/cb?x=1",
            "http://localhost:8080/",
            "com.example.app:/cb",
            "com.example.app://cb",
        ] {
            assert!(is_redirect(good), "{good}");
        }
        for bad in [
            "",
            "oob",
            "/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "myapp:/cb",
            "https://app.test/#x",
            "https://a@app.test/",
            "com.example.app:/c b",
            "java\tscript.x:/",
            ".x:/",
        ] {
            assert!(!is_redirect(bad), "{bad}");
        }
    }

    #[test]
    fn pairs_are_added_to_what_is_in_a_query_already() {
        let pairs = [("code", "a b"), ("state", "&=")];
        for (address, whole) in [
            (
                "https://h.test/cb",
                "https://h.test/cb?code=a+b&state=%26%3D",
            ),
            (
                "https://h.test/?x=1#f",
                "https://h.test/?x=1&code=a+b&state=%26%3D#f",
            ),
        ] {
            assert_eq!(with_query(address, &pairs), whole);
        }
    }

    #[test]
    fn only_clean_web_addresses_have_an_origin() {
        for (url, origin) in [
            (
                "http://localhost:8081/cb?x=1",
                Some("http://localhost:8081"),
            ),
            ("https://h.test", Some("https://h.test")),
            ("HTTPS://[::1]:80#f", Some("HTTPS://[::1]:80")),
            ("http://", None),
            ("http://:80/", None),
            ("http:///path", None),
            ("https://h.test@evil.test/", None),
            ("myapp://callback", None),
            ("javascript:alert(1)//://", None),
            ("http://h.test/\r\nX: y", None),
            ("http://h test/", None),
            ("//h.test/", None),
        ] {
            assert_eq!(super::http_origin(url), origin, "{url}");
        }
    }
}
