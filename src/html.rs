//! Makes HTML of strangers harmless, and plain text safe inside HTML (`pump-api.md §5.1`). No I/O.

#[cfg(test)]
mod properties;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The allow-list: normal formatting, links, images, tables, lists, audio and video. Scripts, event handlers, forms and
/// `javascript:` URLs go; classes and inline styles go too, because they could dress a post as a part of the page.
static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(cleaner);

fn cleaner() -> ammonia::Builder<'static> {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .add_tags([
            "audio",
            "video",
            "source",
            "figure",
            "figcaption",
            "font",
            "big",
            "u",
        ])
        .add_tag_attributes("audio", ["src", "controls", "loop"])
        .add_tag_attributes(
            "video",
            ["src", "controls", "loop", "width", "height", "poster"],
        )
        .add_tag_attributes("source", ["src", "type"])
        .add_tag_attributes("font", ["color", "size"])
        .url_schemes(HashSet::from([
            "http", "https", "mailto", "acct", "tel", "xmpp", "geo", "magnet", "tag",
        ]))
        .link_rel(None);
    cleaner
}

/// What of it goes into a letter: words, their structure, and links by the web. No pictures: who opens a letter asks nobody
/// for anything.
static LETTER_CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::empty();
    cleaner
        .tags(HashSet::from([
            "a",
            "b",
            "blockquote",
            "br",
            "code",
            "div",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
            "i",
            "li",
            "ol",
            "p",
            "pre",
            "s",
            "strong",
            "u",
            "ul",
        ]))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .add_tag_attributes("a", ["href"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(None);
    cleaner
});

/// Longest HTML that is read as HTML, in bytes. The time of reading grows with the square of the length where somebody
/// wants it to (tags inside tags, attributes of one tag, ampersands): half a second at this length, a minute at 1 MiB.
pub const HTML_BYTES_MAX: usize = 128 * 1024;

/// Most tags in it, opening and closing ones together: nested in each other they cost a quarter of a second.
pub const TAGS_MAX: usize = 10_000;

/// Whether some HTML is within the bounds for reading it.
pub fn fits(html: &str) -> bool {
    html.len() <= HTML_BYTES_MAX && html.bytes().filter(|byte| *byte == b'<').count() <= TAGS_MAX
}

/// How often HTML is read again until it stays as it is: readers mend what is nested wrongly step by step (a table inside a
/// paragraph moves out of it when it is read the second time). Well-formed HTML is read once.
const READINGS_MAX: usize = 3;

/// The harmless part of some HTML; harmless HTML comes back as it was, where that is possible, and what came out of here
/// always does. What does not fit the bounds is no HTML: it is shown as it was typed.
pub fn clean(html: &str) -> String {
    // What reading would change apart from markup: it drops NUL and turns CR into LF.
    if !html.contains(['<', '&', '\0', '\r']) {
        return html.replace('>', "&gt;");
    }
    let mut before = Cow::Borrowed(html);
    for _ in 0..READINGS_MAX {
        if !fits(&before) {
            break;
        }
        let cleaned = CLEANER.clean(&before).to_string();
        if cleaned == before {
            return cleaned;
        }
        before = Cow::Owned(cleaned);
    }
    if is_escaped(html) {
        return html.to_owned();
    }
    escape(html).into_owned()
}

/// Clean HTML whose pictures, sounds and films are loaded from where `at` says, or not at all.
pub fn with_files(
    clean: &str,
    at: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> String {
    const LOADING: [&str; 4] = ["<img", "<audio", "<video", "<source"];
    if !LOADING.iter().any(|tag| clean.contains(tag)) {
        return clean.to_owned();
    }
    let mut cleaner = cleaner();
    cleaner.attribute_filter(move |_, attribute, value| match attribute {
        "src" | "poster" => at(value).map(Cow::Owned),
        _ => Some(Cow::Borrowed(value)),
    });
    cleaner.clean(clean).to_string()
}

/// The part of some HTML that goes into a letter.
pub fn clean_for_letter(html: &str) -> String {
    if fits(html) {
        LETTER_CLEANER.clean(html).to_string()
    } else {
        escape(html).into_owned()
    }
}

/// Whether some text is what [`escape`] makes.
fn is_escaped(text: &str) -> bool {
    const ENTITIES: [&str; 5] = ["lt;", "gt;", "amp;", "quot;", "#39;"];
    let mut pieces = text.split('&');
    let first = pieces.next().unwrap_or_default();
    let plain = |piece: &str| !piece.contains(['<', '>', '"', '\'']);
    plain(first)
        && pieces.all(|piece| plain(piece) && ENTITIES.iter().any(|name| piece.starts_with(name)))
}

/// Plain text made safe for HTML, also inside attribute values.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// HTML without its tags: the words alone.
pub fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut is_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            _ if !is_tag => out.push(letter),
            _ => {}
        }
    }
    unescape(&out)
}

/// The characters that [`escape`] and ammonia write as entities.
pub fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escaped, letter)| {
        text.replace(escaped, letter)
    })
}

#[cfg(test)]
mod tests {
    use super::{HTML_BYTES_MAX, TAGS_MAX, clean, clean_for_letter, escape, fits};

    #[test]
    fn scripts_and_handlers_disappear() {
        assert_eq!(clean("<script>alert(1)</script>Hi"), "Hi");
        assert_eq!(clean("<b onclick=\"x()\">Hi</b>"), "<b>Hi</b>");
        assert_eq!(clean("<a href=\"javascript:x()\">Hi</a>"), "<a>Hi</a>");
        assert_eq!(clean("<iframe src=\"http://x\"></iframe>Hi"), "Hi");
    }

    /// pump-api.md Q39
    #[test]
    fn harmless_markup_stays_as_it_was() {
        for html in [
            "Hello <b>world</b>",
            "<p>One</p>\n<p>Two &amp; three</p>",
            "<a href=\"https://h.test/x?a=1\">x</a>",
            "<ul><li>1</li><li>2</li></ul>",
            "plain",
        ] {
            assert_eq!(clean(html), html);
        }
    }

    #[test]
    fn what_would_take_long_to_read_is_text() {
        let nested = "<div>".repeat(TAGS_MAX + 1);
        assert!(!fits(&nested));
        assert!(clean(&nested).starts_with("&lt;div&gt;"));
        let long = "&".repeat(HTML_BYTES_MAX + 1);
        assert!(!fits(&long));
        assert!(clean(&long).starts_with("&amp;&amp;"));
        let grows = format!("<b>{}", "&".repeat(HTML_BYTES_MAX / 2));
        for text in [nested, long, grows] {
            let cleaned = clean(&text);
            assert!(clean(&cleaned) == cleaned, "it is escaped once");
        }
        let article = "<p>One &amp; two</p>".repeat(1000);
        assert!(fits(&article));
        assert_eq!(clean(&article), article);
    }

    #[test]
    fn a_letter_holds_words_and_links_and_nothing_that_asks_for_anything() {
        let html = "<p>Hi <img src=\"http://h.test/1.gif\"><b onclick=\"x()\">you</b><script>x()</script> \
                    <a href=\"/relative\">a</a> <a href=\"https://h.test/\">b</a></p><video src=\"x\"></video>";
        assert_eq!(
            clean_for_letter(html),
            "<p>Hi <b>you</b> <a>a</a> <a href=\"https://h.test/\">b</a></p>"
        );
    }

    #[test]
    fn text_is_safe_inside_html() {
        assert_eq!(
            escape("<O'Neil & \"co\">"),
            "&lt;O&#39;Neil &amp; &quot;co&quot;&gt;"
        );
    }
}
