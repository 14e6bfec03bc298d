//! JSON documents that stand one behind another and are no lines: what `mongoexport` writes with `--jsonArray` or `--pretty`. One of
//! them is held at a time, however long the file is.

use std::io::{self, BufRead};

/// A document, or what stands where one should.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Bytes before it that belong to none.
    pub(super) before: u64,
    /// Its length, in bytes.
    pub(super) length: u64,
    /// Its text; nothing where it is longer than was asked for.
    pub(super) text: Option<Vec<u8>>,
}

/// Whether a file, of which this is the beginning, holds its documents so: an array, or an object over several lines.
pub(super) fn is_so(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    text.first() == Some(&b'[') || (line.trim_ascii_end() == b"{" && line.len() < text.len())
}

/// The next document; nothing at the end of the file.
pub(super) fn next(from: &mut impl BufRead, bytes_max: usize) -> io::Result<Option<Stretch>> {
    let mut before = 0;
    loop {
        let piece = from.fill_buf()?;
        if piece.is_empty() {
            return Ok(None);
        }
        let start = piece.iter().position(|byte| !is_between(*byte));
        let passed = start.unwrap_or(piece.len());
        from.consume(passed);
        before += passed as u64;
        if start.is_some() {
            break;
        }
    }
    let mut text = Some(Vec::new());
    let mut length = 0;
    let mut state = State::default();
    loop {
        let piece = from.fill_buf()?;
        let end = piece.iter().position(|byte| state.ends_before(*byte));
        let taken = end.unwrap_or(piece.len());
        let whole = text.take_if(|text: &mut Vec<u8>| text.len() + taken <= bytes_max);
        text = whole.map(|mut text| {
            text.extend(piece.get(..taken).unwrap_or_default());
            text
        });
        let is_end = end.is_some() || piece.is_empty();
        from.consume(taken);
        length += taken as u64;
        if is_end {
            return Ok(Some(Stretch {
                before,
                length,
                text,
            }));
        }
    }
}

/// What stands between documents: spaces, and the signs of the array that they are in.
fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'[' | b']' | b',')
}

/// Where in a document the reader is.
#[derive(Debug, Default)]
struct State {
    depth: u32,
    is_text: bool,
    is_escaped: bool,
    is_over: bool,
}

impl State {
    /// Whether the document was over before this byte.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.is_over {
            return true;
        }
        if self.is_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_text = false,
                _ => {}
            }
            return false;
        }
        match byte {
            // What is no object ends where something else begins.
            _ if self.depth == 0 && is_between(byte) => return true,
            b'"' => self.is_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.is_over = self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Stretch, is_so, next};
    use std::io::{BufReader, Read as _};

    /// All documents of a file, read in pieces of a few bytes.
    fn all(text: &str, piece: usize) -> Vec<Stretch> {
        let mut from = BufReader::with_capacity(piece, text.as_bytes());
        let mut all = Vec::new();
        while let Some(one) = next(&mut from, 40).expect("memory can be read") {
            all.push(one);
        }
        all
    }

    fn texts(text: &str) -> Vec<String> {
        let first = all(text, 1000);
        for piece in [1, 2, 3, 7] {
            assert_eq!(all(text, piece), first, "in pieces of {piece}");
        }
        let text = |one: Stretch| {
            one.text.map_or_else(
                || format!("{}", one.length),
                |text| String::from_utf8(text).expect("text"),
            )
        };
        first.into_iter().map(text).collect()
    }

    #[test]
    fn documents_of_an_array_and_over_lines_are_read_one_by_one() {
        let expected = [
            r#"{"_id":"a","t":"} ] \" , {"}"#,
            r#"{"_id":"b","l":[[1],{}]}"#,
        ];
        let [first, second] = expected;
        assert_eq!(texts(&format!("[{first},{second}]\n")), expected);
        assert_eq!(texts(&format!("[\n{first},\n{second}\n]")), expected);
        assert_eq!(texts(&format!("{first}\n{second}")), expected);
        let over_lines = ["{\n\t\"_id\": \"a\"\n}", "{\n\t\"_id\": \"b\"\n}"];
        assert_eq!(texts(&over_lines.join("\n")), over_lines);
        for empty in ["", "[]\n", "[\n]\n", " \n"] {
            assert_eq!(texts(empty), [""; 0], "{empty:?}");
        }
    }

    #[test]
    fn what_is_none_costs_itself_alone() {
        let long = format!("{{\"_id\":\"{}\"}}", "x".repeat(50));
        let text = format!("[{long},{{\"_id\":1}},7,nonsense {{\"_id\":2}},{{\"_id\":\"cut");
        let expected = [
            "60",
            "{\"_id\":1}",
            "7",
            "nonsense",
            "{\"_id\":2}",
            "{\"_id\":\"cut",
        ];
        assert_eq!(long.len(), 60);
        assert_eq!(texts(&text), expected);
    }

    #[test]
    fn where_a_document_stands_is_known() {
        let text = "[ {\"_id\":1},\n {\"_id\":2}]";
        let mut start = 0;
        for one in all(text, 5) {
            start += one.before;
            let mut again = String::new();
            let from = text
                .get(usize::try_from(start).expect("small")..)
                .expect("inside");
            from.as_bytes()
                .take(one.length)
                .read_to_string(&mut again)
                .expect("text");
            assert_eq!(Some(again.into_bytes()), one.text);
            start += one.length;
        }
    }

    #[test]
    fn lines_are_told_from_what_is_none() {
        for lines in [
            "",
            "{\"_id\":\"a\"}\n{\"_id\":\"b\"}\n",
            "{\"_id\":\"a\"}",
            "nonsense\n",
            "{",
        ] {
            assert!(!is_so(lines.as_bytes()), "{lines:?}");
        }
        for other in [
            "[{\"_id\":\"a\"}]",
            "\n [\n{",
            "{\n\t\"_id\": \"a\"\n}\n",
            "{\r\n\t\"_id\": \"a\"\r\n}",
        ] {
            assert!(is_so(other.as_bytes()), "{other:?}");
        }
    }
}
