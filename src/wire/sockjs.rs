//! Frames of SockJS 0.3: what the server sends, and the messages that a client sends.

use std::fmt::Write as _;

/// The start of a session.
pub const OPEN: &str = "o";

/// A sign of life.
pub const HEARTBEAT: &str = "h";

/// Most messages in one frame of a client.
pub const MESSAGES_MAX: usize = 64;

/// Messages, in order.
pub fn messages(messages: &[String]) -> String {
    let mut frame = "a".to_owned();
    frame.push_str(&array(messages));
    frame
}

/// The end of a session, with a code and a reason.
pub fn close(code: u16, reason: &str) -> String {
    format!("c[{code},{}]", string(reason))
}

/// The messages of a client's frame: an array of strings, or one string. Nothing if it is neither, or too many.
pub fn parse(frame: &str) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Frame {
        One(String),
        Many(Vec<String>),
    }
    match serde_json::from_str(frame).ok()? {
        Frame::One(message) => Some(vec![message]),
        Frame::Many(messages) if messages.len() <= MESSAGES_MAX => Some(messages),
        Frame::Many(_) => None,
    }
}

fn array(texts: &[String]) -> String {
    let strings: Vec<String> = texts.iter().map(|text| string(text)).collect();
    format!("[{}]", strings.join(","))
}

/// A JSON string in which what browsers mangle on the way is escaped.
fn string(text: &str) -> String {
    let plain = serde_json::Value::from(text).to_string();
    if plain.is_ascii() {
        return plain;
    }
    let mut out = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match u32::from(letter) {
            code @ (0x200c..=0x200f | 0x2028..=0x202f | 0x2060..=0x206f | 0xfff0..=0xffff) => {
                // Writing into memory cannot fail.
                let _ = write!(out, "\\u{code:04x}");
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{MESSAGES_MAX, close, messages, parse};

    #[test]
    fn what_is_no_array_of_strings_is_refused() {
        for nonsense in ["", "[\"a", "{}", "[1]", "[[\"a\"]]", "null", "a"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
        assert_eq!(
            parse(&format!("[{}\"\"]", "\"\",".repeat(MESSAGES_MAX))),
            None
        );
        assert_eq!(parse("\"a\""), Some(vec!["a".to_owned()]));
        assert_eq!(parse("[\"a\",\"\\u2028\"]").map(|all| all.len()), Some(2));
        assert_eq!(parse("[]"), Some(Vec::new()));
    }

    #[test]
    fn frames_survive_browsers() {
        let text = "  \u{0}\n\u{2028}\u{ffff}ü".to_owned();
        let frame = messages(std::slice::from_ref(&text));
        assert_eq!(frame, "a[\"  \\u0000\\n\\u2028\\uffffü\"]");
        assert_eq!(parse(frame.trim_start_matches('a')), Some(vec![text]));
        assert_eq!(close(3000, "Go away!"), "c[3000,\"Go away!\"]");
    }
}
