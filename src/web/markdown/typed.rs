//! HTML as somebody would have typed it in the box to post: the way back of [`super::to_html`], so that a post is changed in the words in
//! which it was written. What cannot be typed goes, and its words stay. Expects clean HTML. No I/O.

use crate::html;

/// Deepest nesting that is looked at; what is inside of more stands as its words.
const DEPTH_MAX: usize = 24;

/// What stands in HTML.
enum Node {
    Words(String),
    Element(Element),
}

/// An element with what is in it.
struct Element {
    name: String,
    /// The address of a link, or the first number of a list.
    value: String,
    inside: Vec<Node>,
}

/// What was typed, with as few backslashes as can be.
pub fn typed(html: &str) -> String {
    let nodes = parse(html);
    let plain = Typing { escapes: false }.all(&nodes);
    let careful = Typing { escapes: true }.all(&nodes);
    match super::to_html(&plain) == super::to_html(&careful) {
        true => plain,
        false => careful,
    }
}

fn parse(html: &str) -> Vec<Node> {
    let mut open = vec![Element::of("", "")];
    let mut too_deep = 0_usize;
    for (number, piece) in html.split('<').enumerate() {
        let (tag, words) = match piece.split_once('>') {
            Some((tag, words)) if number > 0 => (tag, words),
            _ => ("", piece),
        };
        let name = tag.trim_start_matches('/').split([' ', '/']).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        if tag.starts_with('/') {
            if too_deep > 0 {
                too_deep -= 1;
            } else if open.iter().skip(1).any(|element| element.name == name) {
                while close(&mut open) != name {}
            }
        } else if matches!(name.as_str(), "br" | "hr" | "img") {
            push(&mut open, Node::Element(Element::of(&name, "")));
        } else if !name.is_empty() {
            match open.len() > DEPTH_MAX {
                true => too_deep += 1,
                false => open.push(Element::of(&name, attribute(tag))),
            }
        }
        if !words.is_empty() {
            push(&mut open, Node::Words(html::unescape(words)));
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop().map_or(Vec::new(), |whole| whole.inside)
}

/// Closes the innermost element; its name.
fn close(open: &mut Vec<Element>) -> String {
    let Some(element) = open.pop() else {
        return String::new();
    };
    let name = element.name.clone();
    push(open, Node::Element(element));
    name
}

fn push(open: &mut [Element], node: Node) {
    if let Some(element) = open.last_mut() {
        element.inside.push(node);
    }
}

/// What `href` or `start` say.
fn attribute(tag: &str) -> &str {
    let found = [" href=\"", " start=\""]
        .iter()
        .find_map(|name| tag.split_once(name));
    found.map_or("", |(_, rest)| rest.split('"').next().unwrap_or_default())
}

impl Element {
    fn of(name: &str, value: &str) -> Element {
        Element {
            name: name.to_owned(),
            value: html::unescape(value),
            inside: Vec::new(),
        }
    }

    fn is_block(&self) -> bool {
        matches!(
            self.name.as_str(),
            "p" | "div"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "h5"
                | "h6"
                | "ul"
                | "ol"
                | "li"
                | "blockquote"
                | "pre"
                | "hr"
        )
    }
}

/// Writes what was typed.
#[derive(Clone, Copy)]
struct Typing {
    /// Whether everything that could be taken for a sign of its own gets a backslash.
    escapes: bool,
}

impl Typing {
    fn all(self, nodes: &[Node]) -> String {
        self.blocks(nodes, true).join("\n").trim().to_owned()
    }

    /// The lines of what stands below each other; with `is_loose` a blank line between.
    fn blocks(self, nodes: &[Node], is_loose: bool) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut add = |block: Vec<String>| {
            if block.iter().any(|line| !line.is_empty()) {
                if is_loose && !lines.is_empty() {
                    lines.push(String::new());
                }
                lines.extend(block);
            }
        };
        let mut words: Vec<&Node> = Vec::new();
        for node in nodes {
            match node {
                Node::Element(element) if element.is_block() => {
                    add(self.paragraph(&words));
                    words.clear();
                    add(self.block(element));
                }
                other => words.push(other),
            }
        }
        add(self.paragraph(&words));
        lines
    }

    fn block(self, element: &Element) -> Vec<String> {
        let inside = element.inside.as_slice();
        match element.name.as_str() {
            "hr" => vec!["---".to_owned()],
            "pre" => {
                let code = plain(inside);
                let code = code.lines().map(str::to_owned);
                let fence = || ["```".to_owned()];
                fence().into_iter().chain(code).chain(fence()).collect()
            }
            "blockquote" => {
                let lines = self.blocks(inside, true);
                let quoted = lines.iter().map(|line| format!("> {line}"));
                quoted.map(|line| line.trim_end().to_owned()).collect()
            }
            "ul" | "ol" => self.points(element),
            // Headings of posts begin with the third kind.
            name if name.starts_with('h') => {
                let level: usize = name
                    .get(1..)
                    .and_then(|level| level.parse().ok())
                    .unwrap_or(3);
                let words = self.paragraph(&inside.iter().collect::<Vec<_>>()).join(" ");
                vec![format!(
                    "{} {words}",
                    "#".repeat(level.saturating_sub(2).max(1))
                )]
            }
            _ => self.blocks(inside, true),
        }
    }

    fn points(self, list: &Element) -> Vec<String> {
        let mut number: u32 = list.value.parse().unwrap_or(1);
        let mut lines = Vec::new();
        for node in &list.inside {
            let Node::Element(point) = node else { continue };
            let mark = match list.name == "ol" {
                true => format!("{number}. "),
                false => "- ".to_owned(),
            };
            number = number.saturating_add(1);
            for (at, line) in self.blocks(&point.inside, false).into_iter().enumerate() {
                lines.push(match at {
                    0 => format!("{mark}{line}"),
                    _ => format!("{}{line}", " ".repeat(mark.len())),
                });
            }
        }
        lines
    }

    fn paragraph(self, nodes: &[&Node]) -> Vec<String> {
        let mut out = String::new();
        for node in nodes {
            self.inline(node, &mut out);
        }
        let lines = out.trim().lines().map(|line| self.line(line.trim()));
        lines.collect()
    }

    fn inline(self, node: &Node, out: &mut String) {
        let element = match node {
            Node::Words(words) => return self.words(words, out),
            Node::Element(element) => element,
        };
        let mut inside = String::new();
        for node in &element.inside {
            self.inline(node, &mut inside);
        }
        let mark = match element.name.as_str() {
            "br" => return out.push('\n'),
            "strong" | "b" => "**",
            "em" | "i" => "*",
            "del" | "s" => "~~",
            "code" => {
                inside = plain(&element.inside);
                "`"
            }
            "a" => {
                let words = plain(&element.inside);
                let address = element.value.as_str();
                return match words == address || words.contains(['[', ']']) {
                    true => out.push_str(address),
                    false => out.push_str(&format!("[{words}]({address})")),
                };
            }
            _ => "",
        };
        match inside.trim().is_empty() {
            true => out.push_str(&inside),
            false => out.push_str(&format!("{mark}{inside}{mark}")),
        }
    }

    fn words(self, words: &str, out: &mut String) {
        for letter in words.chars() {
            if self.escapes && matches!(letter, '\\' | '`' | '*' | '_' | '~' | '[') {
                out.push('\\');
            }
            out.push(if letter == '\n' { ' ' } else { letter });
        }
    }

    /// A line that does not begin as something else.
    fn line(self, line: &str) -> String {
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let is_number = |rest: &str| rest.starts_with(['.', ')']);
        let place = match line.chars().next() {
            Some('#' | '>' | '-' | '+') => 0,
            Some(_) if digits > 0 && line.get(digits..).is_some_and(is_number) => digits,
            _ => return line.to_owned(),
        };
        let (before, after) = line.split_at(place);
        match self.escapes {
            true => format!("{before}\\{after}"),
            false => line.to_owned(),
        }
    }
}

fn plain(nodes: &[Node]) -> String {
    let mut out = String::new();
    for node in nodes {
        match node {
            Node::Words(words) => out.push_str(words),
            Node::Element(element) if element.name == "br" => out.push('\n'),
            Node::Element(element) => out.push_str(&plain(&element.inside)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::to_html;
    use super::typed;
    use proptest::prelude::*;

    #[test]
    fn what_was_typed_is_typed_again() {
        for text in [
            "one\ntwo\n\nthree",
            "<b> & \"x\" 1 < 2 > 0",
            "Look (https://h.test/a?b=1&c), now.",
            "**bold** and *soft*, ~~gone~~ `x * y`",
            "[the sea](https://h.test/)",
            "# Big\n\n## Less",
            "To buy:\n\n- bread\n- milk\n  - whole\n\nThen",
            "1. one\n2. two",
            "10. ten\n11. eleven",
            "> said\n> more\n\nme",
            "```\na < b\n  c\n```\n\nend",
            "a\n\n---\n\nb",
            "2*3*4 and snake_case_name, #sea :-) [x] ~ 5",
            "\\*not\\*",
            "1\\. May",
            "\\- no point",
            "",
        ] {
            assert_eq!(typed(&to_html(text)), text);
        }
    }

    #[test]
    fn what_nobody_can_type_stands_as_its_words() {
        for (html, text) in [
            ("plain", "plain"),
            ("<p>a <u>b</u> <span>c</span></p>", "a b c"),
            ("<p>a<p>b</i></p>c", "a\n\nb\n\nc"),
            (
                "<h1>Title</h1><table><tr><td>x</td></tr></table>",
                "# Title\n\nx",
            ),
            ("<ul><li><p>a</p></li><li>b</li></ul>", "- a\n- b"),
            ("<a href=\"http://h.test/\">a]b</a>", "http://h.test/"),
        ] {
            assert_eq!(typed(html), text, "{html}");
        }
        let deep = "<blockquote>".repeat(20_000) + "x";
        assert!(typed(&deep).ends_with('x'));
    }

    proptest! {
        #[test]
        fn words_stay_words(text in "[a-z*_~`#>.()\\\\\\[\\] 0-9-]{0,40}") {
            let html = format!("<p>{}</p>", crate::html::escape(text.trim()));
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let again = crate::html::plain(&to_html(&typed(&html)));
            prop_assert_eq!(again.split_whitespace().collect::<Vec<_>>().join(" "), text);
        }
    }
}
