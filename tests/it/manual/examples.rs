//! Reads the examples off the page of the manual.

use serde_json::Value;

/// One example.
#[derive(Debug)]
pub(super) struct Example {
    /// What a reader copies.
    pub(super) code: String,
    /// The program that runs it, if it is a whole one.
    pub(super) program: Option<String>,
    /// The status of its answer; 0 if it asks for nothing.
    pub(super) status: u16,
    /// With what the line begins for which one waits.
    pub(super) until: Option<String>,
    /// Variables of later examples, and where their values stand in the answer.
    pub(super) keeps: Vec<(String, String)>,
    /// The answer as the page shows it.
    pub(super) answer: Option<String>,
}

/// A document, or a part of one.
#[derive(Debug)]
pub(super) struct Shape(Value);

impl Shape {
    #[track_caller]
    pub(super) fn read(text: &str) -> Shape {
        Shape(serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }

    /// Whether all that this one shows is in the other, with the same types.
    pub(super) fn is_in(&self, other: &Shape) -> bool {
        fits(&self.0, &other.0)
    }

    /// The text at `a.b`.
    pub(super) fn text_at(&self, path: &str) -> Option<String> {
        let pointer = format!("/{}", path.replace('.', "/"));
        Some(self.0.pointer(&pointer)?.as_str()?.to_owned())
    }
}

/// Of a list the first item counts.
fn fits(shown: &Value, found: &Value) -> bool {
    match (shown, found) {
        (Value::Object(shown), Value::Object(found)) => shown
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| fits(value, found))),
        (Value::Array(shown), Value::Array(found)) => match (shown.first(), found.first()) {
            (Some(shown), Some(found)) => fits(shown, found),
            (None, _) => true,
            _ => false,
        },
        (Value::String(shown), Value::String(found)) => {
            // What is shown whole is answered so; an ellipsis or a figure stands for any text.
            shown == found
                || shown.contains('…')
                || shown.contains("2026-")
                || shown.contains("/2026/")
        }
        (Value::Number(_), Value::Number(_)) | (Value::Null, Value::Null) => true,
        (Value::Bool(shown), Value::Bool(found)) => shown == found,
        _ => false,
    }
}

/// All examples of a page, in order.
pub(super) fn on(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for block in page.split("<pre class=\"").skip(1) {
        let (attributes, rest) = block.split_once("><code>").expect("a block of code");
        let (text, _) = rest.split_once("</code></pre>").expect("the block ends");
        let text = unescaped(text);
        if attributes.starts_with("answer") {
            let last = examples.last_mut().expect("an answer follows an example");
            last.answer = Some(text);
            continue;
        }
        let attribute = |name: &str| {
            let (_, rest) = attributes.split_once(&format!("data-{name}=\""))?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let keeps = attribute("keep").unwrap_or_default();
        let keeps = keeps
            .split_whitespace()
            .filter_map(|keep| keep.split_once('='));
        examples.push(Example {
            code: text,
            program: attribute("program"),
            status: attribute("status").map_or(0, |status| status.parse().expect("a number")),
            until: attribute("until"),
            keeps: keeps
                .map(|(name, path)| (name.to_owned(), path.to_owned()))
                .collect(),
            answer: None,
        });
    }
    examples
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    pairs.iter().fold(text.to_owned(), replace)
}
