//! Documents of either form as one tree, with the places of their values, so that secrets can be taken out of the file. Depth and
//! size are bounded; what refers to other parts of a document (anchors of YAML) is refused.

use saphyr_parser::{Event, Parser, ScalarStyle};
use std::ops::Range;
use toml_span::value::ValueInner;

/// Deepest nesting; ours is four.
const DEPTH_MAX: usize = 16;

/// Most values of a document.
const VALUES_MAX: usize = 4096;

/// Keys whose values are secrets, wherever they stand.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "hashed_passwd",
    "plain_text_passwd",
    "passphrase",
    "psk",
    "token",
];

/// A part of a document.
#[derive(Debug)]
pub(super) enum Node {
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    Value(Value),
}

/// A value that is no list and no map.
#[derive(Debug)]
pub(super) struct Value {
    /// As text, whatever it is.
    pub(super) text: String,
    /// Where it stands, in bytes, with its quotes.
    span: Range<usize>,
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.members()
            .find_map(|(known, node)| (known == key).then_some(node))
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Node)> {
        let members = match self {
            Node::Map(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(key, node)| (key.as_str(), node))
    }

    /// The items of a list, or the one thing that stands in its place.
    pub(super) fn items(&self) -> &[Node] {
        match self {
            Node::List(items) => items,
            one => std::slice::from_ref(one),
        }
    }

    /// The text of a value; nothing for lists and maps.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Node::Value(value) => Some(&value.text),
            _ => None,
        }
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self, Node::Map(_))
    }

    /// Where secrets are, in bytes, in order.
    pub(super) fn secrets(&self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found.sort_by_key(|span| span.start);
        found
    }

    fn collect(&self, found: &mut Vec<Range<usize>>) {
        match self {
            Node::Map(members) => {
                for (key, node) in members {
                    match node {
                        Node::Value(value) if SECRETS.contains(&key.as_str()) => {
                            if !value.text.is_empty() {
                                found.push(value.span.clone());
                            }
                        }
                        node => node.collect(found),
                    }
                }
            }
            Node::List(items) => items.iter().for_each(|item| item.collect(found)),
            Node::Value(_) => {}
        }
    }
}

/// Reads a document; the error is a sentence without anything of the document itself, which may be secret.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| "it is not plain text (save it as UTF-8).".to_owned())?;
    // A mark that some editors put before the text counts as nothing, and is one character long.
    let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let text = text.get(mark..).unwrap_or_default();
    let mut node = match file.ends_with(".toml") {
        true => toml(text)?,
        false => yaml(text)?,
    };
    shift(&mut node, mark);
    Ok(node)
}

fn shift(node: &mut Node, by: usize) {
    match node {
        Node::Map(members) => members.iter_mut().for_each(|(_, node)| shift(node, by)),
        Node::List(items) => items.iter_mut().for_each(|node| shift(node, by)),
        Node::Value(value) => value.span = value.span.start + by..value.span.end + by,
    }
}

fn toml(text: &str) -> Result<Node, String> {
    let parsed = toml_span::parse(text).map_err(|error| match error.line_info {
        Some((line, _)) => format!("line {} is not as TOML has it.", line + 1),
        None => "it is not TOML.".to_owned(),
    })?;
    let mut left = VALUES_MAX;
    from_toml(parsed, text, 0, &mut left)
}

fn from_toml(
    mut value: toml_span::Value<'_>,
    source: &str,
    depth: usize,
    left: &mut usize,
) -> Result<Node, String> {
    if depth > DEPTH_MAX {
        return Err("it is nested too deeply.".to_owned());
    }
    *left = left
        .checked_sub(1)
        .ok_or_else(|| "it is too long.".to_owned())?;
    let span = value.span.start..value.span.end;
    Ok(match value.take() {
        ValueInner::Table(table) => {
            let members = table.into_iter().map(|(key, value)| {
                let node = from_toml(value, source, depth + 1, left)?;
                Ok((key.name.into_owned(), node))
            });
            Node::Map(members.collect::<Result<_, String>>()?)
        }
        ValueInner::Array(items) => {
            let items = items
                .into_iter()
                .map(|item| from_toml(item, source, depth + 1, left));
            Node::List(items.collect::<Result<_, String>>()?)
        }
        ValueInner::String(text) => Node::Value(Value {
            text: text.into_owned(),
            span: with_quotes(source, span),
        }),
        // A number is what somebody typed without quotes.
        _ => Node::Value(Value {
            text: source.get(span.clone()).unwrap_or_default().to_owned(),
            span,
        }),
    })
}

/// The span of a text with the quotes around it, one or three on each side.
fn with_quotes(source: &str, inner: Range<usize>) -> Range<usize> {
    let before = source.get(..inner.start).unwrap_or_default();
    let after = source.get(inner.end..).unwrap_or_default();
    let quotes = ["\"\"\"", "'''", "\"", "'"];
    for quote in quotes {
        let line_end = ["", "\n", "\r\n"];
        for end in line_end {
            let opening = format!("{quote}{end}");
            if before.ends_with(&opening) && after.starts_with(quote) {
                return inner.start - opening.len()..inner.end + quote.len();
            }
        }
    }
    inner
}

fn yaml(text: &str) -> Result<Node, String> {
    let places: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    let byte = |index: usize| places.get(index).copied().unwrap_or(text.len());
    // What is open: maps with the key that waits for its value, and lists.
    let mut open: Vec<(Node, Option<String>)> = Vec::new();
    let mut root = None;
    let mut parser = Parser::new_from_str(text);
    for _ in 0..VALUES_MAX * 2 {
        let Some(next) = parser.next_event() else {
            return Ok(root.unwrap_or(Node::Map(Vec::new())));
        };
        let (event, span) =
            next.map_err(|error| format!("line {} is not as YAML has it.", error.marker().line()))?;
        let done = match event {
            Event::MappingStart(..) => {
                open.push((Node::Map(Vec::new()), None));
                None
            }
            Event::SequenceStart(..) => {
                open.push((Node::List(Vec::new()), None));
                None
            }
            Event::MappingEnd | Event::SequenceEnd => open.pop().map(|(node, _)| node),
            Event::Scalar(value, style, ..) => {
                let is_nothing = style == ScalarStyle::Plain && ["~", "null"].contains(&&*value);
                let span = byte(span.start.index())..byte(span.end.index());
                let written = text.get(span.clone()).unwrap_or_default().trim_end();
                Some(Node::Value(Value {
                    text: if is_nothing {
                        String::new()
                    } else {
                        value.into_owned()
                    },
                    span: span.start..span.start + written.len(),
                }))
            }
            Event::Alias(_) => {
                let line = span.start.line();
                return Err(format!("line {line} refers to another one (`*`)."));
            }
            _ => None,
        };
        if open.len() > DEPTH_MAX {
            return Err("it is nested too deeply.".to_owned());
        }
        let Some(done) = done else { continue };
        match open.last_mut() {
            None => root = root.or(Some(done)),
            Some((Node::List(items), _)) => items.push(done),
            Some((Node::Map(members), waiting)) => match waiting.take() {
                Some(key) => members.push((key, done)),
                None => *waiting = Some(done.text().unwrap_or_default().to_owned()),
            },
            Some((Node::Value(_), _)) => {}
        }
    }
    Err("it is too long.".to_owned())
}
