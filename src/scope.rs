//! What a bearer token allows. The names are pump.io's (`pump-api.md §2.6`); each allows what those before it allow.

use crate::words::marked;
use serde::{Deserialize, Serialize};

/// A set of scopes, as it was asked for and granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope(u8);

/// Names, in ascending order of what they allow; each has the bit of its place.
const NAMES: [&str; 3] = ["read", "writeown", "writeall"];

/// What each allows, for people.
const SENTENCES: [&str; 3] = [
    marked("read everything that you can read here, also what only you can see"),
    marked(
        "post, comment, like, share, follow and upload in your name, and change or delete what you posted",
    ),
    marked("change your password, delete your account and, if you own this server, administer it"),
];

/// The same, in short, each with what those before it allow.
const SUMMARIES: [&str; 3] = [
    marked("read what you can read"),
    marked("read, post, and change what you posted"),
    marked("do everything, also delete your account"),
];

impl Scope {
    /// To read what the user can read.
    pub const READ: Scope = Scope(1);
    /// Also to post, and to change what the user has made.
    pub const WRITE_OWN: Scope = Scope(2);
    /// Also to change the account itself.
    pub const WRITE_ALL: Scope = Scope(4);
    /// Each of them, in ascending order.
    pub const ALL: [Scope; 3] = [Scope::READ, Scope::WRITE_OWN, Scope::WRITE_ALL];
    /// All names.
    pub const ALL_NAMES: [&str; 3] = NAMES;

    /// Reads names with blanks between (RFC 6749 §3.3); nothing for no name and for one that nobody knows.
    pub fn parse(text: &str) -> Option<Scope> {
        let mut bits = 0;
        for name in text.split_ascii_whitespace() {
            let place = NAMES.iter().position(|known| *known == name)?;
            bits |= 1 << place;
        }
        (bits != 0).then_some(Scope(bits))
    }

    /// Whether it allows what `needed`, a single scope, allows.
    pub fn allows(self, needed: Scope) -> bool {
        self.0 >= needed.0
    }

    /// Whether it allows nothing that `other` does not.
    pub fn is_within(self, other: Scope) -> bool {
        self.highest() <= other.highest()
    }

    /// The names, with blanks between.
    pub fn names(self) -> String {
        let named = NAMES.iter().enumerate();
        let held = named.filter(|(place, _)| self.0 & (1 << place) != 0);
        held.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
    }

    /// What it allows, in words for people: one sentence for each scope up to the highest.
    pub fn sentences(self) -> &'static [&'static str] {
        SENTENCES.get(..=self.highest()).unwrap_or(&SENTENCES)
    }

    /// What it allows, in one short sentence for people.
    pub fn summary(self) -> &'static str {
        SUMMARIES.get(self.highest()).unwrap_or(&SUMMARIES[0])
    }

    /// The place of the highest name.
    fn highest(self) -> usize {
        usize::try_from(self.0.ilog2()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn each_scope_allows_what_those_before_it_allow() {
        for (place, held) in Scope::ALL.into_iter().enumerate() {
            for (other, needed) in Scope::ALL.into_iter().enumerate() {
                assert_eq!(held.allows(needed), place >= other);
                assert_eq!(needed.is_within(held), place >= other);
            }
            assert_eq!(held.sentences().len(), place + 1);
            assert_eq!(held.summary(), super::SUMMARIES[place]);
        }
        let both = Scope::parse("writeown read").expect("known names");
        assert!(both.allows(Scope::WRITE_OWN) && !both.allows(Scope::WRITE_ALL));
        assert!(both.is_within(Scope::WRITE_OWN) && Scope::WRITE_OWN.is_within(both));
        assert_eq!(both.names(), "read writeown");
        for unknown in ["", " ", "write", "read write", "READ"] {
            assert_eq!(Scope::parse(unknown), None, "{unknown}");
        }
    }
}
