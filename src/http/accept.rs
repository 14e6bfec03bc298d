//! How welcome media types are to a caller, by the `Accept` headers of the request (RFC 9110 §12.5.1).

use super::Request;
use hyper::header;

/// The ranges of media types that a caller takes.
pub struct Accept(Vec<Range>);

struct Range {
    /// `type/subtype`, in lower case.
    name: String,
    /// The `profile` parameter (RFC 6906); empty if there is none.
    profile: String,
    /// Between 0 and 1.
    quality: f32,
}

impl Accept {
    /// What the caller of a request takes.
    pub fn of(request: &Request) -> Accept {
        let all = request.headers.get_all(header::ACCEPT).iter();
        let texts: Vec<&str> = all.filter_map(|value| value.to_str().ok()).collect();
        Accept::parse(&texts.join(","))
    }

    /// Reads the value of the header. What is no range is left out.
    pub(super) fn parse(text: &str) -> Accept {
        Accept(split(text, ',').filter_map(Range::parse).collect())
    }

    /// Whether the caller says nothing that can be read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How welcome a document is that goes by one of these names, from 0 to 1: by name, else by a range that holds the first.
    pub fn quality(&self, names: &[&str]) -> f32 {
        self.named(names).unwrap_or_else(|| {
            let first = names.first().and_then(|name| name.split_once('/'));
            let all_of_kind = format!("{}/*", first.map_or("", |(kind, _)| kind));
            let range = self.named(&[&all_of_kind]).or_else(|| self.named(&["*/*"]));
            range.unwrap_or(0.0)
        })
    }

    /// How welcome these names are; nothing if the caller names none of them.
    pub fn named(&self, names: &[&str]) -> Option<f32> {
        self.best(|range| names.contains(&range.name.as_str()))
    }

    /// How welcome a name is with this profile; nothing if the caller does not name both.
    pub fn profiled(&self, name: &str, profile: &str) -> Option<f32> {
        self.best(|range| {
            let mut profiles = range.profile.split_ascii_whitespace();
            range.name == name && profiles.any(|known| known == profile)
        })
    }

    fn best(&self, fits: impl Fn(&Range) -> bool) -> Option<f32> {
        let fitting = self.0.iter().filter(|range| fits(range));
        fitting.map(|range| range.quality).reduce(f32::max)
    }
}

impl Range {
    fn parse(text: &str) -> Option<Range> {
        let mut parts = split(text, ';');
        let name = parts.next()?.to_ascii_lowercase();
        let (kind, subtype) = name.split_once('/')?;
        if kind.is_empty() || subtype.is_empty() {
            return None;
        }
        let (mut profile, mut quality) = (String::new(), 1.0);
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match key.trim().to_ascii_lowercase().as_str() {
                "q" => quality = value.parse().ok().filter(|q| (0.0..=1.0).contains(q))?,
                "profile" => value.clone_into(&mut profile),
                _ => {}
            }
        }
        Some(Range {
            name,
            profile,
            quality,
        })
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
    use super::Accept;

    #[test]
    fn the_most_exact_range_counts() {
        let accept = Accept::parse(
            r#"text/*;q=0.3, text/HTML ; level=1;Q=0.7, */*;q=0.5, a/b; x="y,z/z;q=0"; profile="p q";q=0.2, c/d;q=2, e"#,
        );
        for (name, quality) in [
            ("text/html", 0.7),
            ("text/plain", 0.3),
            ("image/png", 0.5),
            ("a/b", 0.2),
            ("c/d", 0.5),
        ] {
            let found = accept.quality(&[name]);
            assert!((found - quality).abs() < 0.001, "{name}: {found}");
        }
        assert_eq!(
            accept.quality(&["x/y", "text/html"]),
            accept.quality(&["text/html"])
        );
        assert_eq!(
            accept.quality(&["text/plain", "image/png"]),
            accept.quality(&["text/plain"])
        );
        assert_eq!(accept.named(&["image/png", "text/plain"]), None);
        assert!(accept.profiled("a/b", "q").is_some() && accept.profiled("a/b", "r").is_none());
        assert!(Accept::parse("nonsense, ,;").is_empty());
    }
}
