//! Every signed request counts once (RFC 5849 §3.3). What was seen is kept in memory for as long as its time stamp is in
//! the window; a stamp outside the window is refused, so nothing older need be known. When there are too many, the oldest
//! seconds are forgotten and the window begins later. A restart forgets all.

use crate::clock::Timestamp;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// How far a stamp may be from this server's clock, in seconds, before or after. Wide, because devices have wrong clocks.
pub(in crate::auth) const WINDOW_SECS: i64 = 600;

/// Most nonces that are kept, about 2 MiB of them.
const NONCES_MAX: usize = 1 << 17;

/// Most of them with stamps further ahead than [`AHEAD_SECS`]: clocks that are fast must not push out those that are right.
const AHEAD_MAX: usize = NONCES_MAX / 4;

/// From how far ahead, in seconds, a stamp counts as ahead.
const AHEAD_SECS: i64 = 5;

/// The shortest window before now, in seconds, however many requests come.
const WINDOW_SECS_MIN: i64 = 5;

/// Seconds between two lines of the log about stamps outside the window.
const WARNING_SECS: i64 = 60;

/// What has been seen.
#[derive(Default)]
pub(in crate::auth) struct Nonces {
    hash: RandomState,
    seen: Mutex<Seen>,
}

/// Why a request does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::auth) enum Refused {
    /// It was here before.
    Replay,
    /// Its stamp is not in the window.
    OutOfWindow,
    /// More requests come than can be told apart.
    TooMany,
}

#[derive(Default)]
struct Seen {
    /// By stamp, so that the oldest go first: keyed hashes of client, token and nonce.
    seconds: BTreeMap<i64, HashSet<u64>>,
    /// How many hashes there are.
    count: usize,
    /// Stamps before this are refused: what they had was forgotten.
    start: i64,
    /// Stamps outside the window since the last line in the log.
    outside: u64,
    /// When the last line about them was written.
    warned: i64,
}

impl Nonces {
    /// Counts a genuine request with this stamp and nonce. `token` is empty for a request without one.
    pub(in crate::auth) fn accept(
        &self,
        client: &str,
        token: &str,
        stamp: i64,
        nonce: &str,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let hash = self.hash.hash_one((client, token, nonce));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = seen.accept(stamp, hash, now.0);
        if answer == Err(Refused::OutOfWindow) {
            seen.warn(client, stamp, now.0);
        }
        answer
    }
}

impl Seen {
    fn accept(&mut self, stamp: i64, hash: u64, now: i64) -> Result<(), Refused> {
        self.start = self.start.max(now - WINDOW_SECS);
        self.forget_before_start();
        if stamp < self.start || stamp > now + WINDOW_SECS {
            return Err(Refused::OutOfWindow);
        }
        if self
            .seconds
            .get(&stamp)
            .is_some_and(|hashes| hashes.contains(&hash))
        {
            return Err(Refused::Replay);
        }
        if stamp > now + AHEAD_SECS && self.ahead_of(now) >= AHEAD_MAX {
            return Err(Refused::TooMany);
        }
        while self.count >= NONCES_MAX {
            match self.seconds.first_key_value() {
                Some((oldest, _)) if *oldest < now - WINDOW_SECS_MIN => self.start = oldest + 1,
                _ => return Err(Refused::TooMany),
            }
            self.forget_before_start();
        }
        if stamp < self.start {
            return Err(Refused::OutOfWindow);
        }
        self.seconds.entry(stamp).or_default().insert(hash);
        self.count += 1;
        Ok(())
    }

    fn forget_before_start(&mut self) {
        while let Some(oldest) = self.seconds.first_entry() {
            if *oldest.key() >= self.start {
                break;
            }
            self.count -= oldest.remove().len();
        }
    }

    fn ahead_of(&self, now: i64) -> usize {
        let ahead = self.seconds.range(now + AHEAD_SECS + 1..);
        ahead.map(|(_, hashes)| hashes.len()).sum()
    }

    fn warn(&mut self, client: &str, stamp: i64, now: i64) {
        self.outside += 1;
        if now - self.warned >= WARNING_SECS {
            log::warn!(
                "{} signed requests had a time stamp outside the window of {} s; the last one, of client {client}, was {} s \
                 from this server's clock. Check the clocks of both machines.",
                self.outside,
                now - self.start,
                stamp.saturating_sub(now)
            );
            self.outside = 0;
            self.warned = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AHEAD_MAX, NONCES_MAX, Nonces, Refused, Seen, WINDOW_SECS};
    use crate::clock::Timestamp;

    const NOW: i64 = 1_795_217_902;

    fn accept(nonces: &Nonces, stamp: i64, nonce: &str, now: i64) -> Result<(), Refused> {
        nonces.accept("client", "token", stamp, nonce, Timestamp(now))
    }

    #[test]
    fn a_request_counts_once_and_only_near_its_time() {
        let nonces = Nonces::default();
        for outside in [
            NOW - WINDOW_SECS - 1,
            NOW + WINDOW_SECS + 1,
            0,
            i64::MIN,
            i64::MAX,
        ] {
            assert_eq!(
                accept(&nonces, outside, "a", NOW),
                Err(Refused::OutOfWindow)
            );
        }
        assert_eq!(accept(&nonces, NOW, "a", NOW), Ok(()));
        assert_eq!(accept(&nonces, NOW, "a", NOW + 500), Err(Refused::Replay));
        assert_eq!(accept(&nonces, NOW, "b", NOW), Ok(()));
        assert_eq!(accept(&nonces, NOW + 1, "a", NOW), Ok(()));
        let other = nonces.accept("other", "token", NOW, "a", Timestamp(NOW));
        assert_eq!(other, Ok(()), "another client");
    }

    #[test]
    fn what_leaves_the_window_is_forgotten() {
        let nonces = Nonces::default();
        assert_eq!(accept(&nonces, NOW, "a", NOW), Ok(()));
        let later = NOW + 2 * WINDOW_SECS;
        assert_eq!(accept(&nonces, later, "a", later), Ok(()));
        let seen = nonces.seen.lock().expect("not poisoned");
        assert_eq!((seen.count, seen.seconds.len()), (1, 1));
    }

    #[test]
    fn a_flood_shortens_the_window_and_never_lets_a_replay_through() {
        let mut seen = Seen::default();
        let per_second = u64::try_from(NONCES_MAX / 100).expect("small");
        for second in 0..150 {
            for number in 0..per_second {
                seen.accept(NOW + second, number, NOW + second)
                    .expect("room");
            }
        }
        let now = NOW + 149;
        assert!(seen.count <= NONCES_MAX);
        assert_eq!(seen.accept(NOW, 0, now), Err(Refused::OutOfWindow));
        assert_eq!(seen.accept(now, 0, now), Err(Refused::Replay));
        assert_eq!(seen.accept(now, per_second, now), Ok(()));
    }

    #[test]
    fn clocks_that_are_fast_do_not_shut_out_those_that_are_right() {
        let mut seen = Seen::default();
        let mut refused = 0;
        for number in 0..2 * AHEAD_MAX {
            let stamp = NOW + 10 + i64::try_from(number % 500).expect("small");
            let hash = u64::try_from(number).expect("small");
            if seen.accept(stamp, hash, NOW) == Err(Refused::TooMany) {
                refused += 1;
            }
        }
        assert_eq!(refused, AHEAD_MAX);
        assert_eq!(seen.accept(NOW, 1, NOW), Ok(()));
    }
}
