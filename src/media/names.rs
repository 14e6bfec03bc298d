//! What kept files are called: an original and its copies by one random name, and a word for each copy.

use crate::ids::random_bytes;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The opaque name of an original and its copies. 16 bytes in records, 32 hex digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlobName(pub(super) [u8; 16]);

impl BlobName {
    pub(super) fn random() -> BlobName {
        BlobName(random_bytes())
    }

    /// Reads 32 lower-case hex digits; anything else is no name, so that no name leaves its directory.
    pub fn parse(text: &str) -> Option<BlobName> {
        let digit = |c: u8| match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 16];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return None;
        }
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Some(BlobName(bytes))
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Which file of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Variant {
    /// As it came, with everything that is in it: for its owner only, unless they share it.
    Original,
    /// Longest side at most 320 pixels: pump.io's `image` (`pump-api.md §3.8.3`).
    Small,
    /// Longest side at most 960 pixels.
    Medium,
    /// Longest side at most 1920 pixels.
    Large,
    /// A square of 96 pixels (`pump-api.md §3.8.4`).
    Avatar,
    /// A square of 192 pixels, for sharp screens.
    AvatarSharp,
}

impl Variant {
    /// All of them; the original last, so that what is left of a delete can be found.
    pub const ALL: [Variant; 6] = [
        Variant::Small,
        Variant::Medium,
        Variant::Large,
        Variant::Avatar,
        Variant::AvatarSharp,
        Variant::Original,
    ];

    /// What stands behind the name: nothing, or a hyphen and a word.
    pub fn suffix(self) -> &'static str {
        match self {
            Variant::Original => "",
            Variant::Small => "-320",
            Variant::Medium => "-960",
            Variant::Large => "-1920",
            Variant::Avatar => "-avatar",
            Variant::AvatarSharp => "-avatar2x",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BlobName;

    #[test]
    fn names_cannot_leave_their_directory() {
        for bad in [
            "",
            "..",
            "../../../../../../etc/passwd",
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdef0",
            "0123456789ABCDEF0123456789ABCDEF",
            "0123456789abcdef/../56789abcdef0",
            "0123456789abcdef0123456789abcde\0",
        ] {
            assert_eq!(BlobName::parse(bad), None, "{bad}");
        }
        let name = BlobName::random();
        assert_eq!(BlobName::parse(&name.to_string()), Some(name));
    }
}
