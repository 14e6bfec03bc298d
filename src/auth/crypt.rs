//! Password hashes as crypt(5) has them: `$5$` (SHA-256), `$6$` (SHA-512) and `$y$` (yescrypt). Raspberry Pi Imager writes them
//! for the first account of a card. They are only compared: the first login replaces them by one of our own.

use sha_crypt::ShaCrypt;
use yescrypt::{PasswordVerifier as _, Yescrypt};

/// Most rounds of a SHA hash that are worked through: a board needs some seconds for them.
const ROUNDS_MAX: u32 = 500_000;

/// Most memory that yescrypt may take, in bytes; Imager's takes 16 MiB.
const MEMORY_BYTES_MAX: u64 = 64 << 20;

/// Longest hash, in bytes.
const HASH_BYTES_MAX: usize = 256;

/// Whether `kept` is a hash of one of these kinds, with a cost that this server is willing to pay.
pub fn is_known(kept: &str) -> bool {
    let mut fields = kept.split('$').skip(1);
    let (Some(kind), Some(first)) = (fields.next(), fields.next()) else {
        return false;
    };
    let rest = fields.count();
    if kept.len() > HASH_BYTES_MAX || !kept.starts_with('$') {
        return false;
    }
    match kind {
        "5" | "6" => match first.strip_prefix("rounds=") {
            Some(rounds) => {
                rest == 2 && rounds.parse().is_ok_and(|rounds: u32| rounds <= ROUNDS_MAX)
            }
            None => rest == 1,
        },
        "y" => {
            let is_cheap = |params: yescrypt::Params| {
                let cost = 128u64.checked_mul(u64::from(params.r()));
                let cost = cost.and_then(|bytes| bytes.checked_mul(params.n()));
                params.p() == 1 && cost.is_some_and(|bytes| bytes <= MEMORY_BYTES_MAX)
            };
            rest == 2 && first.parse().is_ok_and(is_cheap)
        }
        _ => false,
    }
}

/// Whether `password` is the one of which `kept` is the hash; no for a hash that is not [known](is_known). Imager 2.0.7 took the
/// end of the line into the hash of a password that was pasted, so that is tried, too.
pub(super) fn is_right(kept: &str, password: &str) -> bool {
    let fits = |password: &str| match kept.starts_with("$y$") {
        true => Yescrypt::default()
            .verify_password(password.as_bytes(), kept)
            .is_ok(),
        false => ShaCrypt::default()
            .verify_password(password.as_bytes(), kept)
            .is_ok(),
    };
    is_known(kept) && (fits(password) || fits(&format!("{password}\n")))
}

#[cfg(test)]
mod tests {
    use super::{is_known, is_right};

    /// Of `openssl passwd -5` and `-6`, of crypt(3), and one of the password with the end of the line, as Imager 2.0.7 made them.
    const HASHES: [&str; 4] = [
        "$5$XKNiRIaRXYMg2NpE$6S7YxtDqaGqJB4JM4ob1QUmPvbBQihj.y8e0tsDLu27",
        "$6$cQ6aTuNp6aCddzh8$yVHjP3u7G8HJj4AXh2I2xRnDPqXOzRMZDTtZCLJ4IWZljvkQy1nqunz3gt5kkDQdYXgUTz.A2Q8M8dM7t9rZG.",
        "$y$j9T$4nD4McKclDHBj2c8Ia86p1$NhaTzfHeEIaDZpZBL/7nTdx8L7IA2HEDpa8tsc7Ga58",
        "$6$rounds=10000$abcdefgh$8bt6KrHVaZTQfVJpp/XL5oEwqkK2zYRmXxnT/uc9g6BRyj88sP9a8l9GGHnz/YBMYQ777O1WESklVO1cK7j4p.",
    ];

    #[test]
    fn hashes_of_other_programs_are_compared() {
        for kept in HASHES {
            assert!(is_known(kept), "{kept}");
            assert!(is_right(kept, "alice*secret1"), "{kept}");
            assert!(!is_right(kept, "alice*secret2"), "{kept}");
            assert!(!is_right(kept, ""), "{kept}");
        }
    }

    #[test]
    fn what_is_no_such_hash_or_would_take_for_ever_is_not_known() {
        for kept in [
            "",
            "$",
            "plain",
            "$1$salt$hash",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$7$DU..../....salt$hash",
            "$5$salt",
            "$5$rounds=999999999$salt$hash",
            "$y$jZT$salt$hash",
            "$y$j9T$salt",
            "$y$$$",
        ] {
            assert!(!is_known(kept), "{kept}");
            assert!(!is_right(kept, "alice*secret1"), "{kept}");
        }
    }
}
