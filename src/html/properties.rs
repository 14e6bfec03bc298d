//! HTML drawn by lot, of the pieces that attacks are made of: what [`clean`] leaves is its own fixed point, and a strict
//! reader that knows nothing of how browsers forgive finds only allowed tags, attributes and addresses in it.

use super::{clean, escape};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Elements that must never be left.
const FORBIDDEN: &[&str] = &[
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "button",
    "link",
    "meta",
    "base",
    "svg",
    "math",
    "template",
    "noscript",
    "frame",
    "frameset",
    "applet",
    "textarea",
    "select",
    "title",
    "xmp",
    "plaintext",
    "html",
    "head",
    "body",
    "portal",
    "dialog",
    "slot",
];

/// Attributes whose value is an address.
const ADDRESSES: &[&str] = &[
    "href",
    "src",
    "poster",
    "cite",
    "action",
    "formaction",
    "data",
    "xlink:href",
    "background",
];

/// Schemes that an address may have; one without a scheme is relative.
const SCHEMES: &[&str] = &[
    "http", "https", "mailto", "acct", "tel", "xmpp", "geo", "magnet", "tag",
];

/// What is wrong with some HTML that should be harmless, read strictly: every `<` opens a well-formed tag.
fn harm(html: &str) -> Option<String> {
    let mut rest = html;
    while let Some((_, from)) = rest.split_once('<') {
        let Some((tag, after)) = tag(from) else {
            return Some(format!("no well-formed tag: <{from}"));
        };
        if let Some(harm) = tag_harm(&tag) {
            return Some(harm);
        }
        rest = after;
    }
    None
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

/// A tag after its `<`, with every value in double quotes, and what follows it.
fn tag(from: &str) -> Option<(Tag, &str)> {
    let from = from.strip_prefix('/').unwrap_or(from);
    let (name, mut rest) = word(from)?;
    let mut attributes = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix('>') {
            let name = name.to_ascii_lowercase();
            return Some((Tag { name, attributes }, after));
        }
        let (attribute, value) = word(rest.strip_prefix(' ')?)?;
        let (value, after) = value.strip_prefix("=\"")?.split_once('"')?;
        attributes.push((attribute.to_ascii_lowercase(), value.to_owned()));
        rest = after;
    }
}

fn word(text: &str) -> Option<(&str, &str)> {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ':';
    let end = text.find(|c| !is_of_word(c)).unwrap_or(text.len());
    Some(text.split_at(end)).filter(|(word, _)| !word.is_empty())
}

fn tag_harm(tag: &Tag) -> Option<String> {
    if FORBIDDEN.contains(&tag.name.as_str()) {
        return Some(format!("element {}", tag.name));
    }
    tag.attributes.iter().find_map(|(name, value)| {
        let is_handler =
            name.starts_with("on") || matches!(name.as_str(), "style" | "srcdoc" | "class" | "id");
        let bad_address = ADDRESSES.contains(&name.as_str()) && !may_be_followed(value);
        (is_handler || bad_address).then(|| format!("{name}={value:?}"))
    })
}

/// Whether an address is relative or of a scheme that does no harm. Browsers drop control characters and read entities.
fn may_be_followed(value: &str) -> bool {
    let value = value.replace("&amp;", "&").to_ascii_lowercase();
    let plain: String = value
        .chars()
        .filter(|c| !c.is_control() && !c.is_whitespace())
        .collect();
    let Some((scheme, _)) = plain.split_once(':') else {
        return true;
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    !is_scheme || SCHEMES.contains(&scheme)
}

fn pieces() -> impl Strategy<Value = String> {
    let names = "(script|SCRIPT|svg|math|a|b|p|img|iframe|style|table|td|form|template|noscript|title|xmp|textarea|select|option|video|source|font|mtext|mglyph|foreignObject|!--|!\\[CDATA\\[|/)";
    let attributes = "( |/|\t)(href|src|onclick|ONERROR|style|xlink:href|srcdoc|poster|id|name)(=|= |)(\"|'|`|)(javascript:alert\\(1\\)|JaVa\tScript:x|data:text/html,x|https://h.test/|&#106;avascript:x|x>y|//h.test|\\PC{0,4})(\"|'|`|)";
    prop_oneof![
        3 => (names, proptest::collection::vec(attributes, 0..3), "(>|/>| |)")
            .prop_map(|(name, attributes, end)| format!("<{name}{}{end}", attributes.concat())),
        2 => "</(script|svg|math|a|b|p|style|table|title|xmp|noscript|template|textarea|select)>",
        1 => "(-->|\\]\\]>|&lt;|&#60;script&#62;|&amp;|&|<|>|\"|'|\u{0}|\r|\r\n|&colon;)",
        2 => "\\PC{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_left_is_harmless_and_stays_as_it_is(
        pieces in proptest::collection::vec(pieces(), 0..10),
    ) {
        let cleaned = clean(&pieces.concat());
        prop_assert_eq!(harm(&cleaned), None, "{}", cleaned);
        prop_assert_eq!(clean(&cleaned), cleaned);
    }

    #[test]
    fn escaped_text_has_no_markup_and_can_be_read_back(text in "\\PC{0,30}") {
        let safe = escape(&text);
        prop_assert!(!safe.contains(['<', '>', '"', '\'']));
        let read = safe
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&");
        prop_assert_eq!(read, text);
    }
}

#[test]
fn the_strict_reader_finds_harm() {
    for html in [
        "<script>x</script>",
        "<b onclick=\"x\">",
        "<a href=\"java\tscript:x\">",
        "<a href='x'>",
        "<img src=\"data:image/svg+xml,x\">",
        "a < b",
        "<!-- x -->",
    ] {
        assert!(harm(html).is_some(), "{html}");
    }
    assert_eq!(
        harm("<p>1 &lt; <a href=\"/x?a=b:c\" rel=\"x\">2</a></p>"),
        None
    );
}
