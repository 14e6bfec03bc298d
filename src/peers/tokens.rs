//! What is remembered of registrations (`pump-api.md §6.4`): what this server said of itself elsewhere, since the other server
//! asks back whether it was us, and what others said of themselves here, since each counts once. Forgotten with the run; then
//! the other side refuses, and registering is tried again.

use crate::clock::Timestamp;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How long a token may be asked for, in seconds.
const AGE_SECS_MAX: i64 = 600;

/// Most tokens that wait to be asked for.
const TOKENS_MAX: usize = 256;

/// One registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Where somebody registered.
    pub url: String,
    /// As whom: a host or a webfinger id.
    pub identity: String,
    /// The token that was given.
    pub token: String,
    /// The time that was given.
    pub at: Timestamp,
}

/// Registrations of the last minutes.
#[derive(Default)]
pub struct Tokens(Mutex<VecDeque<Remembered>>);

impl Tokens {
    /// Remembers a token.
    pub fn remember(&self, new: Remembered) {
        self.note(new);
    }

    /// Remembers a token; whether it is new.
    pub fn note(&self, new: Remembered) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&new) {
            return false;
        }
        known.retain(|old| new.at.secs_since(old.at) < AGE_SECS_MAX);
        if known.len() >= TOKENS_MAX {
            known.pop_front();
        }
        known.push_back(new);
        true
    }

    /// Whether this token was given, there and then; it counts once.
    pub fn redeem(&self, asked: &Remembered) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().position(|known| known == asked);
        found.and_then(|place| known.remove(place)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{AGE_SECS_MAX, Remembered, TOKENS_MAX, Tokens};
    use crate::clock::Timestamp;

    fn token(name: &str, at: i64) -> Remembered {
        Remembered {
            url: "http://b.test/api/client/register".to_owned(),
            identity: "a.test".to_owned(),
            token: name.to_owned(),
            at: Timestamp(at),
        }
    }

    #[test]
    fn a_token_counts_once_as_it_was_given() {
        let tokens = Tokens::default();
        tokens.remember(token("x", 7));
        assert!(!tokens.redeem(&token("y", 7)));
        assert!(!tokens.redeem(&token("x", 8)));
        assert!(!tokens.note(token("x", 7)));
        assert!(tokens.redeem(&token("x", 7)));
        assert!(!tokens.redeem(&token("x", 7)));
    }

    #[test]
    fn old_tokens_and_those_beyond_the_bound_are_forgotten() {
        let tokens = Tokens::default();
        tokens.remember(token("old", 0));
        for number in 0..TOKENS_MAX {
            tokens.remember(token(&number.to_string(), AGE_SECS_MAX));
        }
        assert!(!tokens.redeem(&token("old", 0)));
        tokens.remember(token("one more", AGE_SECS_MAX));
        assert!(!tokens.redeem(&token("0", AGE_SECS_MAX)));
        assert!(tokens.redeem(&token("1", AGE_SECS_MAX)));
    }
}
