//! Which of its representations a caller wants of one address (RFC 9110 §12.5.1): ActivityStreams 1 or 2 at the API, a page
//! or ActivityStreams 2 at the address of a person. ActivityStreams 2 is only for those who name one of its types and
//! would rather have it than the other form (`pump-api.md §3.11`, D12, Q40).

use super::{Request, Response};
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
        choose(&accepted(request), AS1_TYPES).unwrap_or(Form::Plain)
    }

    /// The form of an address that is a page for people; 406 for who takes neither.
    pub fn of_page(request: &Request) -> Result<Form, Error> {
        choose(&accepted(request), PAGE_TYPES).ok_or_else(|| {
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

/// All `Accept` headers as one list.
fn accepted(request: &Request) -> String {
    let all = request.headers.get_all(header::ACCEPT).iter();
    let texts: Vec<&str> = all.filter_map(|value| value.to_str().ok()).collect();
    texts.join(",")
}

/// One entry of the list.
struct Range {
    /// `type/subtype`, in lower case.
    name: String,
    /// The `profile` parameter.
    profile: Option<String>,
    /// Between 0 and 1.
    quality: f32,
}

/// Chooses by an `Accept`; nothing if it takes neither form. Who gives both the same quality gets ActivityStreams 2 if
/// only that is named and the other merely falls under a wildcard.
fn choose(accept: &str, plain: &[&str]) -> Option<Form> {
    let ranges: Vec<Range> = split(accept, ',').filter_map(Range::parse).collect();
    if ranges.is_empty() {
        return Some(Form::Plain);
    }
    let of_as2 = ranges.iter().filter(|range| range.is_as2());
    let as2 = of_as2.map(|range| range.quality).fold(0.0, f32::max);
    let of_plain = plain.iter().enumerate().filter_map(|(at, name)| {
        // Only the first name is that of what is sent; the others count where they are asked for by name.
        let worst = if at == 0 { ANYTHING } else { NAMED };
        let fitting = ranges.iter().filter(|range| range.fits(name) >= worst);
        let best = fitting.max_by_key(|range| range.fits(name))?;
        Some((best.quality, best.fits(name) == NAMED))
    });
    let (quality, is_named) = of_plain
        .max_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)))
        .unwrap_or((0.0, false));
    if as2 > quality || (as2 > 0.0 && as2 >= quality && !is_named) {
        Some(Form::As2)
    } else {
        (quality > 0.0).then_some(Form::Plain)
    }
}

/// How well a range fits that names the type.
const NAMED: u8 = 3;

/// How well `*/*` fits; what does not fit is less.
const ANYTHING: u8 = 1;

impl Range {
    /// Reads an entry; nothing for what is none.
    fn parse(text: &str) -> Option<Range> {
        let mut parts = split(text, ';');
        let name = parts.next()?.to_ascii_lowercase();
        let (kind, subtype) = name.split_once('/')?;
        if kind.is_empty() || subtype.is_empty() {
            return None;
        }
        let (mut profile, mut quality) = (None, 1.0);
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match key.trim().to_ascii_lowercase().as_str() {
                "q" => quality = value.parse().ok().filter(|q| (0.0..=1.0).contains(q))?,
                "profile" => profile = Some(value.to_owned()),
                _ => {}
            }
        }
        Some(Range {
            name,
            profile,
            quality,
        })
    }

    fn fits(&self, name: &str) -> u8 {
        if self.name == name {
            return NAMED;
        }
        match self.name.split_once('/') {
            Some(("*", "*")) => ANYTHING,
            Some((kind, "*")) if name.split_once('/').is_some_and(|(of, _)| of == kind) => 2,
            _ => 0,
        }
    }

    fn is_as2(&self) -> bool {
        let profiles = self.profile.as_deref().unwrap_or_default();
        match self.name.as_str() {
            "application/activity+json" => true,
            "application/ld+json" => profiles.split_ascii_whitespace().any(|p| p == AS2_PROFILE),
            _ => false,
        }
    }
}

/// The parts between separators that stand outside of quotes, trimmed; empty ones are left out.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |letter| {
        is_quoted ^= letter == '"';
        letter == separator && !is_quoted
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{AS1_TYPES, Form, PAGE_TYPES, choose};

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
            let form = choose(accept, AS1_TYPES).unwrap_or(Form::Plain);
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
            let form = choose(accept, AS1_TYPES).unwrap_or(Form::Plain);
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
            assert_eq!(choose(accept, PAGE_TYPES), form, "{accept}");
        }
    }
}
