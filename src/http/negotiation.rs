//! Which of its representations a caller wants of one address (RFC 9110 §12.5.1): ActivityStreams 1 or 2 at the API, a page
//! or ActivityStreams 2 at the address of a person. ActivityStreams 2 is only for those who name one of its types and
//! would rather have it than the other form (`pump-api.md §3.11`, D12, Q40).

use super::{Accept, Request, Response};
use crate::error::Error;
use hyper::StatusCode;
use hyper::header;

/// The media type of ActivityStreams 2 as it is sent (ActivityStreams 2.0 §8.1 and JSON-LD 1.1).
pub const AS2_TYPE: &str = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";

/// The profile that makes JSON-LD ActivityStreams 2.
const AS2_PROFILE: &str = "https://www.w3.org/ns/activitystreams";

/// The names of ActivityStreams 1, first the one under which it is sent.
const AS1_TYPES: &[&str] = &["application/json", "application/stream+json"];

/// The names of a page, first the one under which it is sent.
const PAGE_TYPES: &[&str] = &["text/html", "application/xhtml+xml"];

/// A representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What the address has had all along: ActivityStreams 1 at the API, a page elsewhere.
    Plain,
    /// ActivityStreams 2.
    As2,
}

impl Form {
    /// The form of an answer of the API: ActivityStreams 1 also for who asks for something that is not here.
    pub fn of_api(request: &Request) -> Form {
        choose(&Accept::of(request), AS1_TYPES).unwrap_or(Form::Plain)
    }

    /// The form of an address that is a page for people; 406 for who takes neither.
    pub fn of_page(request: &Request) -> Result<Form, Error> {
        choose(&Accept::of(request), PAGE_TYPES).ok_or_else(|| {
            Error::NotAcceptable(
                "This address is a page (text/html) or ActivityStreams 2 (application/activity+json). \
                 The API has the profile in other forms."
                    .to_owned(),
            )
        })
    }

    /// 200 with a document of the API in this form.
    pub fn document(self, text: String) -> Response {
        let answer = match self {
            Form::Plain => Response::json_text(text),
            Form::As2 => Response::new(StatusCode::OK, AS2_TYPE, text),
        };
        answer.with(header::VARY, "Accept")
    }
}

/// Chooses; nothing if the caller takes neither form. Who gives both the same quality gets ActivityStreams 2 if only that
/// is named and the other merely falls under a wildcard.
fn choose(accept: &Accept, plain: &[&str]) -> Option<Form> {
    if accept.is_empty() {
        return Some(Form::Plain);
    }
    let as2 = [
        accept.named(&["application/activity+json"]),
        accept.profiled("application/ld+json", AS2_PROFILE),
    ];
    let as2 = as2.into_iter().flatten().fold(0.0, f32::max);
    let quality = accept.quality(plain);
    let is_named = accept.named(plain).is_some();
    if as2 > quality || (as2 > 0.0 && as2 >= quality && !is_named) {
        Some(Form::As2)
    } else {
        (quality > 0.0).then_some(Form::Plain)
    }
}

#[cfg(test)]
mod tests {
    use super::{AS1_TYPES, Accept, Form, PAGE_TYPES, choose};

    const LD: &str = r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#;

    /// pump-api.md §3.11 [W], Q40, D12
    #[test]
    fn the_api_speaks_activity_streams_1_unless_2_is_preferred() {
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "application/stream+json",
            "text/html",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "image/png",
            "nonsense",
            ",,;,",
            "application/ld+json",
            r#"application/ld+json; profile="https://www.w3.org/ns/other""#,
            "application/activity+json;q=0",
            "application/activity+json;q=nonsense",
            "application/json, application/activity+json",
            "application/activity+json, application/json",
            "application/json, application/activity+json;q=0.9",
            "application/stream+json;q=0.5, application/activity+json;q=0.4, */*;q=0.1",
            "application/activity+json;q=0.5, */*",
            "application/activity+jsonx",
        ] {
            let form = choose(&Accept::parse(accept), AS1_TYPES).unwrap_or(Form::Plain);
            assert_eq!(form, Form::Plain, "{accept}");
        }
        for accept in [
            LD,
            "application/activity+json",
            "APPLICATION/Activity+JSON",
            "application/activity+json, application/ld+json",
            r#"application/ld+json;profile="https://example.org/x https://www.w3.org/ns/activitystreams";q=0.2"#,
            "application/ld+json; profile=https://www.w3.org/ns/activitystreams",
            "application/activity+json;q=0.1",
            "application/activity+json, */*",
            "application/activity+json, application/json;q=0.9",
            "text/html, application/activity+json",
            "application/json;q=0, application/activity+json;q=0.1, */*",
            r#"text/plain; note="a,b;q=0", application/activity+json"#,
        ] {
            let form = choose(&Accept::parse(accept), AS1_TYPES).unwrap_or(Form::Plain);
            assert_eq!(form, Form::As2, "{accept}");
        }
    }

    /// pump-api.md D12
    #[test]
    fn a_person_is_a_page_unless_activity_streams_2_is_preferred() {
        for (accept, form) in [
            ("", Some(Form::Plain)),
            ("*/*", Some(Form::Plain)),
            ("text/*", Some(Form::Plain)),
            ("text/html, application/activity+json", Some(Form::Plain)),
            ("application/xhtml+xml;q=0.5", Some(Form::Plain)),
            ("application/activity+json", Some(Form::As2)),
            (LD, Some(Form::As2)),
            (
                "application/activity+json, text/html;q=0.5",
                Some(Form::As2),
            ),
            ("application/activity+json, */*", Some(Form::As2)),
            ("application/json", None),
            ("image/png", None),
            ("text/html;q=0", None),
            ("application/ld+json", None),
        ] {
            assert_eq!(choose(&Accept::parse(accept), PAGE_TYPES), form, "{accept}");
        }
    }
}
