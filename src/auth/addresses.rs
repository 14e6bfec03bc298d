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

#[cfg(test)]
mod tests {
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
