//! Passwords: which are good enough (`pump-api.md §5.2`), how they are kept (Argon2id, RFC 9106), and how many are worked
//! on at once. One hash takes [`MEMORY_KIB`] of memory and a good part of a second on a small board, so they wait for a
//! place; who waits too long is told that the server is busy.

use super::{Guard, crypt};
use crate::error::Error;
use crate::ids::random_bytes;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Fewest characters of a password.
pub const CHARS_MIN: usize = 8;

/// Most bytes of a password: more would be work for nothing.
pub const BYTES_MAX: usize = 1024;

/// Memory of one hash, in KiB: what OWASP names as the least for two rounds, and what a board of 512 MB has to spare.
pub const MEMORY_KIB: u32 = 19 * 1024;

/// Rounds over the memory.
const ROUNDS: u32 = 2;

/// Hashes that are worked on at once.
const AT_ONCE: usize = 1;

/// Most requests that wait for a place.
const WAITING_MAX: usize = 16;

/// Longest wait for a place.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Passwords that pass the other rules and are guessed first; in lower case, one a line.
const COMMON: &str = include_str!("../../assets/common-passwords.txt");

/// The hash of a password that nobody knows: what is compared for a nickname that nobody has.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$MLdEe8X7HIeoPOa+wXJFZQ$Pi5QDr49rjss0fPkpqgTjuyQFXOhf2zwCtDqT+TXZ1s";

/// A password as it is kept; only [`hash`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(String);

impl Hash {
    /// The text for the record of the account (PHC string format).
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks a password that somebody wants; the error is a sentence for them.
pub fn check(password: &str) -> Result<(), Error> {
    let refuse = |reason: &str| Err(Error::invalid(reason));
    if password.chars().count() < CHARS_MIN {
        return refuse("Bad password: it needs at least 8 characters.");
    }
    if password.len() > BYTES_MAX {
        return refuse("Bad password: it is too long.");
    }
    if password.chars().all(char::is_alphabetic) {
        return refuse("Bad password: it needs more than letters, for example a digit.");
    }
    if password.chars().all(char::is_numeric) {
        return refuse("Bad password: it needs more than digits, for example a letter.");
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        return refuse("Bad password: it is one of those that everybody tries first.");
    }
    Ok(())
}

/// Makes the hash of a password that passes [`check`]. Waits for a place.
pub fn hash(guard: &Guard, password: &str) -> Result<Hash, Error> {
    check(password)?;
    hash_unchecked(guard, password)
}

/// As [`hash`], for a password that the administrator chose.
pub(super) fn hash_unchecked(guard: &Guard, password: &str) -> Result<Hash, Error> {
    let _place = guard.places.take()?;
    let hash = argon2()
        .hash_password_with_salt(password.as_bytes(), &random_bytes::<16>())
        .map_err(Error::internal)?;
    Ok(Hash(hash.to_string()))
}

/// Whether `password` is the one of which `kept` is the hash. For nobody's password (`None`) or an account without one
/// the answer is no, after the same time. Waits for a place.
pub fn is_right(guard: &Guard, kept: Option<&str>, password: &str) -> Result<bool, Error> {
    if password.len() > BYTES_MAX {
        return Ok(false);
    }
    let kept = kept.filter(|kept| !kept.is_empty());
    if let Some(kept) = kept.filter(|kept| crypt::is_known(kept)) {
        let _place = guard.places.take()?;
        return Ok(crypt::is_right(kept, password));
    }
    let hash = PasswordHash::new(kept.unwrap_or(NOBODYS)).map_err(Error::internal)?;
    let _place = guard.places.take()?;
    let fits = argon2().verify_password(password.as_bytes(), &hash).is_ok();
    Ok(fits && kept.is_some())
}

/// The places where hashes are worked on.
#[derive(Default)]
pub(super) struct Places {
    state: Mutex<Queue>,
    free: Condvar,
}

#[derive(Default)]
struct Queue {
    working: usize,
    waiting: usize,
}

/// A place that is taken; free again when dropped.
struct Place<'a>(&'a Places);

impl Places {
    fn take(&self) -> Result<Place<'_>, Error> {
        let mut queue = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.working >= AT_ONCE && queue.waiting >= WAITING_MAX {
            return Err(busy());
        }
        queue.waiting += 1;
        let (mut queue, _) = self
            .free
            .wait_timeout_while(queue, WAIT_MAX, |queue| queue.working >= AT_ONCE)
            .unwrap_or_else(PoisonError::into_inner);
        queue.waiting -= 1;
        if queue.working >= AT_ONCE {
            return Err(busy());
        }
        queue.working += 1;
        Ok(Place(self))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        queue.working -= 1;
        self.0.free.notify_one();
    }
}

fn busy() -> Error {
    Error::Busy("Many people are logging in just now. Try again in a moment.".to_owned())
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, ROUNDS, 1, None).expect("within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, COMMON, NOBODYS, WAITING_MAX, check, hash, is_right};
    use crate::auth::Guard;
    use crate::error::Error;
    use argon2::Params;
    use argon2::password_hash::phc::PasswordHash;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn weak_passwords_are_refused_with_a_sentence() {
        for weak in [
            "",
            "short1",
            "alllettersonly",
            "1234567890",
            "password1",
            "PassWord1",
            &"a1".repeat(600),
        ] {
            let refused = check(weak).expect_err(weak);
            assert!(refused.public().starts_with("Bad password"), "{weak}");
        }
        for good in ["alice*secret1", "ünüsüal 1", "correct horse battery"] {
            check(good).expect(good);
        }
    }

    #[test]
    fn the_list_of_common_passwords_holds_only_what_passes_the_other_rules() {
        let mut lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() > 300, "{}", lines.len());
        for line in &lines {
            let reason = check(line).expect_err("common").public();
            assert!(reason.contains("everybody"), "{line}: {reason}");
        }
        lines.dedup();
        assert_eq!(lines.len(), COMMON.lines().count());
    }

    #[test]
    fn only_the_right_password_is_right_and_nobody_has_one() {
        let guard = Guard::default();
        let kept = hash(&guard, "alice*secret1").expect("a place");
        let right = |kept, password| is_right(&guard, kept, password).expect("a place");
        assert!(!right(Some(kept.as_str()), "alice*secret2"));
        assert!(!right(Some(kept.as_str()), ""));
        assert!(!right(Some(""), "alice*secret1"));
        assert!(!right(None, "alice*secret1"));
        assert!(right(Some(kept.as_str()), "alice*secret1"));
        is_right(&guard, Some("damaged"), "x").expect_err("no hash");
    }

    #[test]
    fn nobodys_hash_costs_as_much_as_anybodys() {
        let guard = Guard::default();
        let kept = hash(&guard, "alice*secret1").expect("a place");
        let params = |text: &str| {
            let hash = PasswordHash::new(text).expect("a hash");
            Params::try_from(&hash).expect("parameters")
        };
        assert_eq!(params(NOBODYS), params(kept.as_str()));
    }

    #[test]
    fn no_more_hashes_than_places_at_once_and_a_long_queue_is_told_to_come_back() {
        let guard = Guard::default();
        let (working, most, busy) = (
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        let taken = guard.places.take().expect("the first place");
        std::thread::scope(|scope| {
            for _ in 0..WAITING_MAX + 4 {
                scope.spawn(|| match guard.places.take() {
                    Ok(_place) => {
                        let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        working.fetch_sub(1, Ordering::SeqCst);
                    }
                    Err(Error::Busy(_)) => {
                        busy.fetch_add(1, Ordering::SeqCst);
                    }
                    Err(other) => panic!("{other}"),
                });
            }
            while busy.load(Ordering::SeqCst) < 4 {
                std::thread::yield_now();
            }
            drop(taken);
        });
        assert_eq!(busy.load(Ordering::SeqCst), 4);
        assert!(most.load(Ordering::SeqCst) <= AT_ONCE);
    }
}
