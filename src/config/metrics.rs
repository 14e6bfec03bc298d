//! Who may read the figures of the server, from the option `metrics`.

use super::Secret;
use super::given::Values;
use serde_json::Value;

/// Fewest characters of a token: shorter ones are guessed.
const TOKEN_CHARS_MIN: usize = 16;

/// The word for programs of this machine.
const LOOPBACK: &str = "loopback";

/// Who may read the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// Nobody: there are none.
    Off,
    /// Programs of this machine.
    Loopback,
    /// Whoever has this bearer token.
    Token(Secret),
}

pub(super) fn read(values: &mut Values) -> Metrics {
    let text = match values.get("metrics") {
        Some(Value::String(text)) => text.clone(),
        _ => return Metrics::Off,
    };
    if text == LOOPBACK {
        return Metrics::Loopback;
    }
    if text.chars().count() < TOKEN_CHARS_MIN || !text.chars().all(|c| c.is_ascii_graphic()) {
        values.problem(
            "metrics",
            "must be false, loopback, or a token of at least 16 letters, digits and signs.",
        );
    }
    Metrics::Token(Secret::new(text))
}
