//! The parameters of a signed request, from the three places they may be in (RFC 5849 §3.4.1.3.1): the `Authorization`
//! header, the query and a form body. All are kept as bytes, because a signature is over bytes.

use crate::http::Request;
use hyper::header;
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// A decoded name and value.
pub(in crate::auth) type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The parameters of one request.
#[derive(Debug, Default)]
pub(in crate::auth) struct Parameters<'a> {
    /// Of the `Authorization` header, without `realm`.
    pub(super) header: Vec<Pair<'a>>,
    /// Of the query.
    pub(super) query: Vec<Pair<'a>>,
    /// Of a form body.
    pub(super) body: Vec<Pair<'a>>,
    /// Whether the body's content type carries a parameter such as `charset`: some clients then sign without the body
    /// (`pump-api.md §2.5`).
    pub(super) body_is_doubtful: bool,
}

impl<'a> Parameters<'a> {
    /// The parameters of a request; nothing if it says nothing about OAuth 1 at all.
    pub(in crate::auth) fn of(request: &'a Request) -> Option<Parameters<'a>> {
        let authorization = request.headers.get(header::AUTHORIZATION);
        let credentials = authorization.and_then(|value| of_scheme(value.as_bytes()));
        let content_type = request.headers.get(header::CONTENT_TYPE);
        let form = content_type.map_or(Form::No, |value| Form::of(value.as_bytes()));
        let parameters = Parameters {
            header: credentials.map(header_pairs).unwrap_or_default(),
            query: form_pairs(request.query.as_bytes()),
            body: match form {
                Form::No => Vec::new(),
                Form::Plain | Form::Doubtful => form_pairs(request.bytes()),
            },
            body_is_doubtful: matches!(form, Form::Doubtful),
        };
        let says_something = credentials.is_some()
            || parameters.get("oauth_consumer_key").is_some()
            || parameters.get("oauth_signature").is_some()
            || parameters.get("oauth_signature_method").is_some();
        says_something.then_some(parameters)
    }

    /// The first value of a name, header before body before query; nothing if it is absent, empty or not UTF-8.
    pub(in crate::auth) fn get(&self, name: &str) -> Option<&str> {
        let all = self.header.iter().chain(&self.body).chain(&self.query);
        let mut named = all.filter(|(key, _)| key.as_ref() == name.as_bytes());
        let (_, value) = named.next()?;
        std::str::from_utf8(value)
            .ok()
            .filter(|value| !value.is_empty())
    }
}

/// Whether a body's pairs are parameters.
enum Form {
    No,
    Plain,
    Doubtful,
}

impl Form {
    fn of(content_type: &[u8]) -> Form {
        const FORM: &[u8] = b"application/x-www-form-urlencoded";
        let content_type = content_type.trim_ascii();
        match content_type.split_at_checked(FORM.len()) {
            Some((kind, rest)) if kind.eq_ignore_ascii_case(FORM) => match rest.trim_ascii() {
                [] => Form::Plain,
                [b';', ..] => Form::Doubtful,
                _ => Form::No,
            },
            _ => Form::No,
        }
    }
}

/// What follows `OAuth` in an `Authorization` header; nothing for another scheme.
fn of_scheme(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(5)?;
    let is_oauth = scheme.eq_ignore_ascii_case(b"oauth");
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    (is_oauth && ends).then_some(rest)
}

/// The pairs of an `Authorization` header (RFC 5849 §3.5.1): `name="value"`, separated by commas, percent-encoded.
/// What is no pair is passed over; quotes may be missing.
pub(super) fn header_pairs(credentials: &[u8]) -> Vec<Pair<'_>> {
    let mut pairs = Vec::with_capacity(8);
    let mut rest = credentials;
    while !rest.is_empty() {
        let mut quoted = false;
        let end = rest.iter().position(|byte| {
            quoted ^= *byte == b'"';
            *byte == b',' && !quoted
        });
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after.get(1..).unwrap_or_default();
        let Some(equals) = piece.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let (name, value) = piece.split_at(equals);
        let name = name.trim_ascii();
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_suffix(b"\"").unwrap_or(value);
        if !name.eq_ignore_ascii_case(b"realm") {
            pairs.push((percent_decode(name).into(), percent_decode(value).into()));
        }
    }
    pairs
}

/// The pairs of a query or a form (`application/x-www-form-urlencoded`), empty ones and repeated ones too.
pub(super) fn form_pairs(text: &[u8]) -> Vec<Pair<'_>> {
    let pieces = text.split(|byte| *byte == b'&');
    pieces
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let equals = piece.iter().position(|byte| *byte == b'=');
            let (name, value) = piece.split_at(equals.unwrap_or(piece.len()));
            (
                form_decode(name),
                form_decode(value.get(1..).unwrap_or_default()),
            )
        })
        .collect()
}

fn form_decode(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b'+') {
        let spaced: Vec<u8> = text
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        Cow::Owned(percent_decode(&spaced).collect())
    } else {
        percent_decode(text).into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, form_pairs, header_pairs, of_scheme};
    use std::borrow::Cow;

    fn texts(pairs: &[super::Pair<'_>]) -> Vec<String> {
        let text = |bytes: &Cow<'_, [u8]>| String::from_utf8_lossy(bytes).into_owned();
        pairs
            .iter()
            .map(|(name, value)| format!("{}={}", text(name), text(value)))
            .collect()
    }

    #[test]
    fn other_schemes_are_not_read() {
        for other in ["Basic eA==", "OAuthX a=\"b\"", "Bearer oauth", "OAut", ""] {
            assert_eq!(of_scheme(other.as_bytes()), None, "{other}");
        }
        assert!(of_scheme(b"oauth a=\"b\"").is_some());
    }

    #[test]
    fn headers_are_read_with_commas_in_quotes_and_without_realm() {
        let header = br#" realm="a, b=c", oauth_token="a%3Db",oauth_nonce = "n" ,junk, ,bare=1,oauth_empty="""#;
        assert_eq!(
            texts(&header_pairs(header)),
            ["oauth_token=a=b", "oauth_nonce=n", "bare=1", "oauth_empty="]
        );
        for nonsense in ["", ",", "\"", "a=\"b, c=d", "=", "%%%=%"] {
            header_pairs(nonsense.as_bytes());
        }
    }

    #[test]
    fn forms_keep_repeated_and_empty_pairs() {
        assert_eq!(
            texts(&form_pairs(b"a=2+q&a=%2B&c%40=&d&&=e")),
            ["a=2 q", "a=+", "c@=", "d=", "=e"]
        );
    }

    #[test]
    fn a_form_with_a_charset_is_doubtful() {
        let form = |text: &str| Form::of(text.as_bytes());
        assert!(matches!(
            form("Application/X-WWW-form-urlencoded"),
            Form::Plain
        ));
        assert!(matches!(
            form("application/x-www-form-urlencoded ; charset=UTF-8"),
            Form::Doubtful
        ));
        assert!(matches!(
            form("application/x-www-form-urlencodedX"),
            Form::No
        ));
        assert!(matches!(form("application/json"), Form::No));
    }
}
