//! What people type as a post or a comment becomes HTML: paragraphs and lines as typed, and of Markdown what people use: emphasis,
//! links, lists, quotations, headings, code. What does not look like it on purpose stays as typed. No I/O.

mod typed;

pub use typed::typed;

use crate::html::escape;
use std::fmt::Write as _;

/// Deepest nesting of quotations, lists and emphasis.
const DEPTH_MAX: usize = 5;

/// How far the end of something is looked for within a line, in characters.
const SPAN_CHARS_MAX: usize = 2000;

/// The HTML of what somebody typed; empty for a text of blanks.
pub fn to_html(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut out = String::with_capacity(text.len() + 64);
    blocks(&mut out, &lines, 0);
    out
}

/// How a line begins.
enum Line<'a> {
    Blank,
    Fence,
    Rule,
    Heading(usize, &'a str),
    Quote(&'a str),
    /// A point of a list: its number, what it says, and how far that is indented.
    Point(Option<u32>, &'a str, usize),
    Words,
}

fn kind<'a>(line: &'a str) -> Line<'a> {
    let plain = line.trim_start();
    let indent = line.len() - plain.len();
    if plain.is_empty() {
        return Line::Blank;
    }
    if plain.starts_with("```") {
        return Line::Fence;
    }
    let is_of = |letter: char| plain.chars().all(|other| other == letter || other == ' ');
    if plain.len() >= 3
        && ['-', '*', '_'].into_iter().any(is_of)
        && plain.matches(' ').count() * 2 < plain.len()
    {
        return Line::Rule;
    }
    let level = plain.len() - plain.trim_start_matches('#').len();
    if let Some(words) = plain.get(level..).and_then(|rest| rest.strip_prefix(' '))
        && (1..=6).contains(&level)
    {
        return Line::Heading(level, words.trim());
    }
    if let Some(words) = plain.strip_prefix('>') {
        return Line::Quote(words.strip_prefix(' ').unwrap_or(words));
    }
    let point = |number: Option<u32>, mark: usize| {
        let words = plain.get(mark..)?.strip_prefix(' ')?;
        let words = words.trim_start();
        (!words.is_empty()).then_some(Line::Point(number, words, indent + mark + 1))
    };
    if plain.starts_with(['-', '*', '+'])
        && let Some(point) = point(None, 1)
    {
        return point;
    }
    let digits = plain.len() - plain.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = plain.get(..digits).and_then(|digits| digits.parse().ok());
    if number.is_some()
        && digits < 5
        && plain
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(['.', ')']))
        && let Some(point) = point(number, digits + 1)
    {
        return point;
    }
    Line::Words
}

fn blocks(out: &mut String, lines: &[&str], depth: usize) {
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let rest = lines.get(at..).unwrap_or_default();
        at += match kind(line) {
            Line::Blank => 1,
            Line::Rule => {
                out.push_str("<hr>");
                1
            }
            Line::Fence => code(out, rest),
            Line::Heading(level, words) => {
                // The page has larger ones of its own.
                let level = (level + 2).min(6);
                let _ = write!(out, "<h{level}>");
                inline(out, words, depth);
                let _ = write!(out, "</h{level}>");
                1
            }
            Line::Quote(_) if depth < DEPTH_MAX => quote(out, rest, depth),
            Line::Point(number, _, _) if depth < DEPTH_MAX => list(out, rest, number, depth),
            _ => paragraph(out, rest, depth),
        };
    }
}

fn code(out: &mut String, lines: &[&str]) -> usize {
    let inside = lines.get(1..).unwrap_or_default();
    let end = inside
        .iter()
        .position(|line| line.trim_start().starts_with("```"));
    let count = end.unwrap_or(inside.len());
    out.push_str("<pre><code>");
    for line in inside.iter().take(count) {
        out.push_str(&escape(line));
        out.push('\n');
    }
    out.push_str("</code></pre>");
    count + 1 + usize::from(end.is_some())
}

fn quote(out: &mut String, lines: &[&str], depth: usize) -> usize {
    let mut inside = Vec::new();
    for line in lines {
        match kind(line) {
            Line::Quote(words) => inside.push(words),
            _ => break,
        }
    }
    out.push_str("<blockquote>");
    blocks(out, &inside, depth + 1);
    out.push_str("</blockquote>");
    inside.len()
}

fn list(out: &mut String, lines: &[&str], number: Option<u32>, depth: usize) -> usize {
    match number {
        Some(1) => out.push_str("<ol>"),
        Some(number) => {
            let _ = write!(out, "<ol start=\"{number}\">");
        }
        None => out.push_str("<ul>"),
    }
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let Line::Point(next, words, indent) = kind(line) else {
            break;
        };
        if next.is_some() != number.is_some() {
            break;
        }
        at += 1;
        let mut inside = vec![words];
        // What is indented as far as its words belongs to the point.
        while let Some(more) = lines.get(at)
            && more.len() > 2
            && let own = more.len() - more.trim_start().len()
            && own >= indent.min(2)
            && own > 0
        {
            inside.push(more.get(own.min(indent)..).unwrap_or(more));
            at += 1;
        }
        out.push_str("<li>");
        let mut body = String::new();
        blocks(&mut body, &inside, depth + 1);
        // One paragraph in a point is its words.
        let single = body
            .strip_prefix("<p>")
            .and_then(|rest| rest.split_once("</p>"))
            .filter(|(_, rest)| !rest.contains("<p>"));
        match single {
            Some((words, rest)) => {
                out.push_str(words);
                out.push_str(rest);
            }
            None => out.push_str(&body),
        }
        out.push_str("</li>");
    }
    out.push_str(if number.is_some() { "</ol>" } else { "</ul>" });
    at
}

fn paragraph(out: &mut String, lines: &[&str], depth: usize) -> usize {
    out.push_str("<p>");
    let mut count = 0;
    for line in lines {
        let is_over = match kind(line) {
            Line::Words => false,
            Line::Quote(_) | Line::Point(..) => depth < DEPTH_MAX,
            _ => true,
        };
        if is_over && count > 0 {
            break;
        }
        if count > 0 {
            out.push_str("<br>");
        }
        inline(out, line.trim_start(), depth);
        count += 1;
    }
    out.push_str("</p>");
    count
}

/// What can stand around words, longest first, and its element.
const MARKS: [(&str, &str); 5] = [
    ("**", "strong"),
    ("__", "strong"),
    ("~~", "del"),
    ("*", "em"),
    ("_", "em"),
];

fn inline(out: &mut String, text: &str, depth: usize) {
    let letters: Vec<char> = text.chars().collect();
    span(out, &letters, depth);
}

fn span(out: &mut String, letters: &[char], depth: usize) {
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let rest = letters.get(at..).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied();
        let done = match letter {
            '\\' if rest.get(1).is_some_and(char::is_ascii_punctuation) => {
                push(out, rest[1]);
                Some(2)
            }
            '`' => inline_code(out, rest),
            '[' => link(out, rest, depth),
            '*' | '_' | '~' if depth < DEPTH_MAX => emphasis(out, rest, before, depth),
            'h' if !before.is_some_and(char::is_alphanumeric) => address(out, rest),
            _ => None,
        };
        at += done.unwrap_or_else(|| {
            push(out, letter);
            1
        });
    }
}

fn push(out: &mut String, letter: char) {
    let mut bytes = [0; 4];
    out.push_str(&escape(letter.encode_utf8(&mut bytes)));
}

fn text_of(letters: &[char]) -> String {
    letters.iter().collect()
}

fn starts(letters: &[char], mark: &str) -> bool {
    let mut own = letters.iter();
    mark.chars().all(|letter| own.next() == Some(&letter))
}

fn inline_code(out: &mut String, rest: &[char]) -> Option<usize> {
    let inside = rest.get(1..)?;
    let end = inside
        .iter()
        .take(SPAN_CHARS_MAX)
        .position(|letter| *letter == '`')?;
    let words = text_of(inside.get(..end)?);
    if words.trim().is_empty() {
        return None;
    }
    let _ = write!(out, "<code>{}</code>", escape(&words));
    Some(end + 2)
}

fn link(out: &mut String, rest: &[char], depth: usize) -> Option<usize> {
    let end = rest
        .iter()
        .take(SPAN_CHARS_MAX)
        .position(|letter| *letter == ']')?;
    let target = rest.get(end + 1..)?;
    if target.first() != Some(&'(') {
        return None;
    }
    let close = target
        .iter()
        .take(SPAN_CHARS_MAX)
        .position(|letter| *letter == ')')?;
    let address = text_of(target.get(1..close)?);
    let words = rest.get(1..end)?;
    let is_mail = address
        .strip_prefix("mailto:")
        .is_some_and(|to| to.contains('@'));
    if words.is_empty()
        || address.contains(char::is_whitespace)
        || !(is_address(&address) || is_mail)
        || depth >= DEPTH_MAX
    {
        return None;
    }
    let _ = write!(out, "<a href=\"{}\">", escape(&address));
    // No link within a link: addresses in the words are words.
    for letter in words {
        push(out, *letter);
    }
    out.push_str("</a>");
    Some(end + 1 + close + 1)
}

fn emphasis(out: &mut String, rest: &[char], before: Option<char>, depth: usize) -> Option<usize> {
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let (mark, element) = MARKS.iter().find(|(mark, _)| starts(rest, mark))?;
    let length = mark.len();
    let is_word = |letter: Option<&char>| letter.is_some_and(|letter| !letter.is_whitespace());
    if !is_word(rest.get(length)) || rest.get(length) == mark.chars().next().as_ref() {
        return None;
    }
    let end = (length + 1..rest.len().min(SPAN_CHARS_MAX)).find(|end| {
        rest.get(*end..).is_some_and(|tail| starts(tail, mark))
            && is_word(rest.get(end - 1))
            && rest.get(end - 1) != Some(&'\\')
            && !rest.get(end + length).is_some_and(|next| {
                next.is_alphanumeric() || (length == 1 && mark.starts_with(*next))
            })
    })?;
    let _ = write!(out, "<{element}>");
    span(out, rest.get(length..end)?, depth + 1);
    let _ = write!(out, "</{element}>");
    Some(end + length)
}

fn address(out: &mut String, rest: &[char]) -> Option<usize> {
    if !starts(rest, "http://") && !starts(rest, "https://") {
        return None;
    }
    let word: Vec<char> = rest
        .iter()
        .take_while(|letter| !letter.is_whitespace() && !matches!(letter, '<' | '>'))
        .copied()
        .collect();
    let is_end = |letter: &char| {
        matches!(
            letter,
            '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '"' | '\'' | '*' | '_'
        )
    };
    let trailing = word
        .iter()
        .rev()
        .take_while(|letter| is_end(letter))
        .count();
    let word = word.get(..word.len() - trailing)?;
    let address = text_of(word);
    if !is_address(&address) {
        return None;
    }
    let address = escape(&address);
    let _ = write!(out, "<a href=\"{address}\">{address}</a>");
    Some(word.len())
}

fn is_address(word: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        word.strip_prefix(scheme).is_some_and(|rest| {
            rest.starts_with(|first: char| first.is_alphanumeric() || first == '[')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::to_html;
    use crate::html::clean;

    #[test]
    fn markup_of_html_is_never_markup() {
        for (typed, html) in [
            (
                "<b>6 & \"7\"</b>",
                "<p>&lt;b&gt;6 &amp; &quot;7&quot;&lt;/b&gt;</p>",
            ),
            (
                "[x](javascript:alert(1))",
                "<p>[x](javascript:alert(1))</p>",
            ),
            ("`<i>`", "<p><code>&lt;i&gt;</code></p>"),
            (
                "http:// https://<script>",
                "<p>http:// https://&lt;script&gt;</p>",
            ),
            (
                "[a\"b](http://x.test/\"onclick=x)",
                "<p><a href=\"http://x.test/&quot;onclick=x\">a&quot;b</a></p>",
            ),
        ] {
            assert_eq!(to_html(typed), html, "{typed}");
        }
        for blank in ["", "  ", "\r\n \n\t"] {
            assert_eq!(to_html(blank), "", "{blank:?}");
        }
    }

    #[test]
    fn what_people_type_looks_as_they_typed_it() {
        for (typed, html) in [
            ("one\r\ntwo\n\n\nthree ", "<p>one<br>two</p><p>three</p>"),
            (
                "2*3*4 and snake_case_name",
                "<p>2*3*4 and snake_case_name</p>",
            ),
            ("*", "<p>*</p>"),
            (
                "10. May was fine",
                "<ol start=\"10\"><li>May was fine</li></ol>",
            ),
            ("#sea today", "<p>#sea today</p>"),
            (":-) ** hi **", "<p>:-) ** hi **</p>"),
            (
                "Look (https://h.test/a?b=1&c), now.",
                "<p>Look (<a href=\"https://h.test/a?b=1&amp;c\">https://h.test/a?b=1&amp;c</a>), now.</p>",
            ),
        ] {
            assert_eq!(to_html(typed), html, "{typed}");
        }
    }

    #[test]
    fn the_markdown_that_people_use_is_read() {
        for (typed, html) in [
            (
                "**bold** and *soft* and _soft_",
                "<p><strong>bold</strong> and <em>soft</em> and <em>soft</em></p>",
            ),
            (
                "**a *b* c** ~~d~~",
                "<p><strong>a <em>b</em> c</strong> <del>d</del></p>",
            ),
            ("\\*not\\*", "<p>*not*</p>"),
            (
                "[the sea](https://h.test/)",
                "<p><a href=\"https://h.test/\">the sea</a></p>",
            ),
            ("# Big\n## Less", "<h3>Big</h3><h4>Less</h4>"),
            (
                "To buy:\n- bread\n- milk\n  - whole\n\nThen",
                "<p>To buy:</p><ul><li>bread</li><li>milk<ul><li>whole</li></ul></li></ul><p>Then</p>",
            ),
            ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
            (
                "> said\n> more\n\nme",
                "<blockquote><p>said<br>more</p></blockquote><p>me</p>",
            ),
            (
                "```\na < b\n  c\n```\nend",
                "<pre><code>a &lt; b\n  c\n</code></pre><p>end</p>",
            ),
            ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ] {
            assert_eq!(to_html(typed), html, "{typed}");
            assert_eq!(clean(html), html, "{typed}");
        }
    }

    #[test]
    fn endless_beginnings_have_an_end() {
        for piece in ["*a ", "[", "`", "> ", "- ", "_a", "**", "~~x", "http://"] {
            let html = to_html(&piece.repeat(20_000));
            assert!(html.len() < 2_000_000, "{piece}");
        }
        let nested: String = (0..500)
            .map(|depth| format!("{}- x\n", "  ".repeat(depth)))
            .collect();
        assert!(to_html(&nested).contains("<li>"));
    }
}
