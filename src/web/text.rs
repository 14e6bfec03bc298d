//! Text on its way between people and pages: what they type becomes HTML (paragraphs, line breaks and links, nothing
//! else), HTML becomes words, and a way to go on stays on this site. No I/O.

use crate::html;
use std::fmt::Write as _;

/// The HTML of what somebody typed: blank lines part paragraphs, addresses become links, everything is escaped. Empty for
/// a text of blanks.
pub fn to_html(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(text.len() + 32);
    let mut paragraph: Vec<&str> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            if !paragraph.is_empty() {
                out.push_str("<p>");
                for (number, line) in paragraph.iter().enumerate() {
                    if number > 0 {
                        out.push_str("<br>");
                    }
                    push_line(&mut out, line);
                }
                out.push_str("</p>");
                paragraph.clear();
            }
        } else {
            paragraph.push(line.trim_end());
        }
    }
    out
}

fn push_line(out: &mut String, line: &str) {
    for piece in line.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let rest = piece.get(word.len()..).unwrap_or_default();
        let opening = word.len() - word.trim_start_matches(['(', '[', '"', '\'', '<']).len();
        let (before, word) = word.split_at(opening);
        let address =
            word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '>']);
        let after = word.get(address.len()..).unwrap_or_default();
        out.push_str(&html::escape(before));
        if is_address(address) {
            let address = html::escape(address);
            let _ = write!(out, "<a href=\"{address}\">{address}</a>");
        } else {
            out.push_str(&html::escape(address));
        }
        out.push_str(&html::escape(after));
        out.push_str(rest);
    }
}

fn is_address(word: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        word.strip_prefix(scheme).is_some_and(|rest| {
            rest.starts_with(|first: char| first.is_alphanumeric() || first == '[')
        })
    })
}

/// What something is about, in one line, for places where only words fit: its title, which is plain text, or its content
/// without tags; at most `chars` characters.
pub fn summary(title: Option<&str>, content: Option<&str>, chars: usize) -> String {
    match title {
        Some(title) => shortened(title, chars),
        None => without_tags(content.unwrap_or_default(), chars),
    }
}

/// HTML without its tags, in one line; at most `chars` characters.
fn without_tags(html: &str, chars: usize) -> String {
    shortened(&html::plain(&html.replace('<', " <")), chars)
}

fn shortened(plain: &str, chars: usize) -> String {
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = words.join(" ");
    match plain.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", plain.get(..end).unwrap_or_default().trim_end()),
        None => plain,
    }
}

/// A path within the site that a form or an address names as the way to go on; the home page for everything that would
/// lead elsewhere.
pub fn local_path(text: &str, root: &str) -> String {
    let is_plain = !text
        .chars()
        .any(|letter| letter.is_control() || letter == '\\');
    if text.starts_with('/') && !text.starts_with("//") && is_plain {
        text.to_owned()
    } else {
        format!("{root}/")
    }
}

#[cfg(test)]
mod tests {
    use super::{local_path, summary, to_html, without_tags};

    #[test]
    fn what_people_type_is_never_markup() {
        assert_eq!(
            to_html("<b>6 & \"7\"</b>"),
            "<p>&lt;b&gt;6 &amp; &quot;7&quot;&lt;/b&gt;</p>"
        );
        assert_eq!(
            to_html("javascript:alert(1) http:// https://<script>"),
            "<p>javascript:alert(1) http:// https://&lt;script&gt;</p>"
        );
        assert_eq!(
            to_html("http://x.test/\"onclick=x"),
            "<p><a href=\"http://x.test/&quot;onclick=x\">http://x.test/&quot;onclick=x</a></p>"
        );
        for blank in ["", "  ", "\r\n \n\t"] {
            assert_eq!(to_html(blank), "", "{blank:?}");
        }
    }

    #[test]
    fn lines_paragraphs_and_links_survive() {
        assert_eq!(
            to_html("one\r\ntwo\n\n\nthree "),
            "<p>one<br>two</p><p>three</p>"
        );
        assert_eq!(
            to_html("Look (https://h.test/a?b=1&c), now."),
            "<p>Look (<a href=\"https://h.test/a?b=1&amp;c\">https://h.test/a?b=1&amp;c</a>), now.</p>"
        );
    }

    #[test]
    fn ways_to_go_on_stay_on_this_site() {
        for path in ["/", "/ann?before=x#card", "/main/people"] {
            assert_eq!(local_path(path, ""), path);
        }
        for evil in [
            "",
            "//evil.test",
            "http://evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "main",
        ] {
            assert_eq!(local_path(evil, "/p"), "/p/", "{evil}");
        }
    }

    #[test]
    fn words_are_taken_out_of_markup() {
        assert_eq!(
            without_tags("<p>One &amp; two</p><p>three</p>", 80),
            "One & two three"
        );
        assert_eq!(without_tags("one two three", 8), "one two…");
        assert_eq!(
            summary(Some("1 < 2 & 3 > 2"), Some("x"), 80),
            "1 < 2 & 3 > 2"
        );
        assert_eq!(summary(None, Some("<b>x</b>"), 80), "x");
    }
}
