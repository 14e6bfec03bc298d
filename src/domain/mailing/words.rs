//! HTML of a letter as plain text: paragraphs, line breaks and items of lists stay, links say where they lead. Reads only
//! what `html::clean_for_letter` made, which is well-formed. No I/O.

use crate::html;

/// The plain text of some HTML.
pub(super) fn plain(text: &str) -> String {
    let mut out = Text::default();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        out.words(&html::unescape(text));
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        let (tag, after) = tag.split_at(end);
        out.tag(tag.trim_matches(['<', '>']));
        rest = after;
    }
    out.words(&html::unescape(rest));
    out.finish()
}

/// The words of some HTML in one line, without where links lead.
pub(super) fn one_line(html: &str) -> String {
    let words = html::plain(html);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of at most so many characters, and whether something is missing.
pub(super) fn shortened(text: &str, chars_max: usize) -> (String, bool) {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => {
            let text = text.get(..end).unwrap_or_default().trim_end();
            (format!("{text} …"), true)
        }
        None => (text.to_owned(), false),
    }
}

/// Plain text as paragraphs of HTML.
pub(super) fn paragraphs(text: &str) -> String {
    let paragraph = |text: &str| format!("<p>{}</p>", html::escape(text).replace('\n', "<br>"));
    text.split("\n\n").map(paragraph).collect()
}

#[derive(Default)]
struct Text {
    out: String,
    /// Line ends that come before the next words.
    breaks: usize,
    /// Where the open link leads, and where its words begin.
    link: Option<(String, usize)>,
    is_preformatted: bool,
}

impl Text {
    fn words(&mut self, text: &str) {
        if self.is_preformatted {
            self.begin();
            self.out.push_str(text);
            return;
        }
        for piece in text.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            if !word.is_empty() {
                self.begin();
                self.out.push_str(word);
            }
            let has_line = !self.out.is_empty() && self.breaks == 0;
            if piece.len() > word.len() && has_line && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
        }
    }

    fn begin(&mut self) {
        if self.breaks > 0 {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            if !self.out.is_empty() {
                self.out
                    .push_str(if self.breaks > 1 { "\n\n" } else { "\n" });
            }
            self.breaks = 0;
        }
    }

    fn tag(&mut self, tag: &str) {
        let name = tag.split(' ').next().unwrap_or_default();
        match name {
            "br" => self.breaks += 1,
            "li" => {
                self.breaks = self.breaks.max(1);
                self.words("- ");
            }
            "/li" => self.breaks = self.breaks.max(1),
            "div" | "/div" => self.breaks = self.breaks.max(1),
            "a" => {
                let address = tag.split_once("href=\"").map(|(_, rest)| rest);
                let address = address.and_then(|rest| rest.split('"').next());
                self.link = address.map(|address| (html::unescape(address), self.out.len()));
            }
            "/a" => self.close_link(),
            "pre" | "/pre" => {
                self.breaks = 2;
                self.is_preformatted = name == "pre";
            }
            "p" | "/p" | "ul" | "/ul" | "ol" | "/ol" | "blockquote" | "/blockquote" | "h1"
            | "/h1" | "h2" | "/h2" | "h3" | "/h3" | "h4" | "/h4" => self.breaks = 2,
            _ => {}
        }
    }

    fn close_link(&mut self) {
        let Some((address, start)) = self.link.take() else {
            return;
        };
        let words = self.out.get(start..).unwrap_or_default().trim();
        if !words.is_empty() && words != address {
            self.out.truncate(self.out.trim_end().len());
            self.out.push_str(&format!(" <{address}>"));
        }
    }

    fn finish(self) -> String {
        self.out.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{one_line, paragraphs, plain, shortened};

    #[test]
    fn html_reads_well_as_text() {
        for (html, text) in [
            ("Hi", "Hi"),
            (
                "<p>One &amp; two</p>\n<p>three<br>four</p>",
                "One & two\n\nthree\nfour",
            ),
            (
                "<p>See <a href=\"https://h.test/?a=1&amp;b=2\">this</a>, please</p>",
                "See this <https://h.test/?a=1&b=2>, please",
            ),
            (
                "<a href=\"https://h.test/\">https://h.test/</a>",
                "https://h.test/",
            ),
            ("<a>nowhere</a>", "nowhere"),
            (
                "Buy<ul><li>milk</li><li>1 &lt; 2 eggs</li></ul>now",
                "Buy\n\n- milk\n- 1 < 2 eggs\n\nnow",
            ),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("a <b>b</b> c\n d", "a b c d"),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
        assert_eq!(
            one_line("<a href=\"x\">Ann</a> posted\n a &lt;note&gt;"),
            "Ann posted a <note>"
        );
    }

    #[test]
    fn what_is_long_is_cut_and_said() {
        assert_eq!(shortened("äöü", 3), ("äöü".to_owned(), false));
        assert_eq!(shortened("äö üß", 3), ("äö …".to_owned(), true));
        assert_eq!(paragraphs("a<b\nc\n\nd"), "<p>a&lt;b<br>c</p><p>d</p>");
    }
}
