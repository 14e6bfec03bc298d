//! Every signed request counts once (RFC 5849 §3.3). What was seen is kept in memory for as long as its time stamp is in
//! the window; a stamp outside the window is refused, so nothing older need be known. When there are too many, the oldest
//! seconds are forgotten and the window begins later. A run that ends properly leaves what it saw to the next one; after
//! one that was cut off, stamps from before the new start are refused.

use crate::clock::Timestamp;
use crate::ids::random_bytes;
use crate::store::Store;
use crate::store::engine::{Error as StoreError, Result as StoreResult};
use crate::store::nonces::{self as kept, LastRun};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// How far a stamp may be from this server's clock, in seconds, before or after. Wide, because devices have wrong clocks.
pub(in crate::auth) const WINDOW_SECS: i64 = 600;

/// Most nonces that are kept, about 2 MiB of them.
const NONCES_MAX: usize = 1 << 16;

/// Most of them with stamps further ahead than [`AHEAD_SECS`]: clocks that are fast must not push out those that are right.
const AHEAD_MAX: usize = NONCES_MAX / 4;

/// From how far ahead, in seconds, a stamp counts as ahead.
const AHEAD_SECS: i64 = 5;

/// The shortest window before now, in seconds, however many requests come.
const WINDOW_SECS_MIN: i64 = 5;

/// Most nonces that one run leaves to the next: a record of 80 KiB.
const LEFT_MAX: usize = 8192;

/// Seconds between two lines of the log about stamps outside the window.
const WARNING_SECS: i64 = 60;

/// What has been seen.
pub(in crate::auth) struct Nonces {
    key: [u8; 16],
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

impl Default for Nonces {
    fn default() -> Nonces {
        Nonces {
            key: random_bytes(),
            seen: Mutex::default(),
        }
    }
}

impl Nonces {
    /// Goes on where the last run on this store ended.
    pub(in crate::auth) fn open(store: &Store, now: Timestamp) -> StoreResult<Nonces> {
        let nonces = match kept::get(store)? {
            None => Nonces::default(),
            Some(LastRun::CutOff) => {
                let seen = Seen {
                    start: now.0,
                    ..Seen::default()
                };
                Nonces {
                    seen: Mutex::new(seen),
                    ..Nonces::default()
                }
            }
            Some(LastRun::Ended(left)) => {
                let seconds = left.seconds.into_iter();
                let seconds: BTreeMap<i64, HashSet<u64>> = seconds
                    .map(|(stamp, hashes)| (stamp, hashes.into_iter().collect()))
                    .collect();
                let seen = Seen {
                    count: seconds.values().map(HashSet::len).sum(),
                    seconds,
                    start: left.start,
                    ..Seen::default()
                };
                Nonces {
                    key: left.key,
                    seen: Mutex::new(seen),
                }
            }
        };
        let noted = store.write(|tx| {
            kept::put(tx, &LastRun::CutOff);
            Ok(())
        });
        match noted {
            // What is stored can still be read; of what is signed now nothing can be stored either.
            Err(StoreError::Full) => log::warn!("the disk is full: the server can only be read"),
            noted => noted?,
        }
        Ok(nonces)
    }

    /// Leaves what was seen to the next run; afterwards no request may count.
    pub(in crate::auth) fn close(&self, store: &Store) -> StoreResult<()> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = kept::Seen {
            key: self.key,
            start: seen.start,
            seconds: Vec::new(),
        };
        let mut room = LEFT_MAX;
        for (stamp, hashes) in seen.seconds.iter().rev() {
            if hashes.len() > room {
                left.start = stamp + 1;
                break;
            }
            room -= hashes.len();
            let hashes = hashes.iter().copied().collect();
            left.seconds.push((*stamp, hashes));
        }
        store.write(|tx| {
            kept::put(tx, &LastRun::Ended(left.clone()));
            Ok(())
        })
    }

    /// The keyed hash of what must not come twice: parts with their lengths, so that none runs into the next.
    fn hash(&self, client: &str, token: &str, nonce: &str) -> u64 {
        let mut hash = Sha256::new().chain_update(self.key);
        for part in [client, token, nonce] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let hash = hash.finalize();
        let (start, _) = hash.split_at(8);
        u64::from_le_bytes(start.try_into().expect("8 of the 32 bytes"))
    }

    /// Counts a genuine request with this stamp and nonce. `token` is empty for a request without one.
    pub(in crate::auth) fn accept(
        &self,
        client: &str,
        token: &str,
        stamp: i64,
        nonce: &str,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let hash = self.hash(client, token, nonce);
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
    use super::{AHEAD_MAX, LEFT_MAX, NONCES_MAX, Nonces, Refused, Seen, WINDOW_SECS};
    use crate::clock::Timestamp;
    use crate::store::Store;
    use crate::store::engine::memory::MemoryEngine;

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

    fn store() -> Store {
        Store::on(Box::new(MemoryEngine::default())).expect("a store")
    }

    #[test]
    fn a_run_goes_on_where_the_last_one_ended() {
        let store = store();
        let first = Nonces::open(&store, Timestamp(NOW)).expect("a store");
        assert_eq!(accept(&first, NOW, "a", NOW), Ok(()));
        first.close(&store).expect("a store");
        let second = Nonces::open(&store, Timestamp(NOW + 1)).expect("a store");
        assert_eq!(accept(&second, NOW, "a", NOW + 1), Err(Refused::Replay));
        assert_eq!(accept(&second, NOW - 300, "b", NOW + 1), Ok(()));
        drop(second);
        let third = Nonces::open(&store, Timestamp(NOW + 2)).expect("a store");
        let old = accept(&third, NOW - 300, "b", NOW + 2);
        assert_eq!(old, Err(Refused::OutOfWindow), "the run was cut off");
        assert_eq!(accept(&third, NOW + 2, "c", NOW + 2), Ok(()));
    }

    #[test]
    fn a_busy_run_leaves_the_newest_and_shortens_the_window() {
        let store = store();
        let first = Nonces::open(&store, Timestamp(NOW)).expect("a store");
        for stamp in [NOW, NOW + 1] {
            for number in 0..LEFT_MAX * 2 / 3 {
                let nonce = number.to_string();
                assert_eq!(accept(&first, stamp, &nonce, NOW), Ok(()));
            }
        }
        first.close(&store).expect("a store");
        let second = Nonces::open(&store, Timestamp(NOW + 1)).expect("a store");
        let outside = accept(&second, NOW, "new", NOW + 1);
        assert_eq!(outside, Err(Refused::OutOfWindow));
        assert_eq!(accept(&second, NOW + 1, "7", NOW + 1), Err(Refused::Replay));
        assert_eq!(accept(&second, NOW + 1, "new", NOW + 1), Ok(()));
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
