//! Slows down who guesses passwords: after a few wrong ones each further try must wait longer, counted for the nickname
//! and for the address. In memory and bounded; a success forgets what was counted for the nickname. Letters that anybody can
//! ask for, new accounts, and what other hosts are asked for visitors are slowed down the same way.

use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::{Nickname, ThingId};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Most nicknames and addresses that are counted; whoever tried longest ago is forgotten first.
const COUNTED_MAX: usize = 4096;

/// What is not tried again for so long is forgotten, in seconds.
const FORGET_SECS: i64 = 3600;

/// How tries on one thing are slowed down.
struct Rule {
    /// Wrong tries without any wait.
    free: u32,
    /// Longest wait, in seconds.
    wait_secs_max: u64,
}

/// A nickname: short waits at most, because anybody can make them for somebody else.
const NICKNAME: Rule = Rule {
    free: 5,
    wait_secs_max: 60,
};

/// An address: a household or an office may share it.
const ADDRESS: Rule = Rule {
    free: 20,
    wait_secs_max: 300,
};

/// Letters to one address or for one nickname: nobody's mailbox is flooded.
const MAILBOX: Rule = Rule {
    free: 4,
    wait_secs_max: 3600,
};

/// Letters that one address asks for: behind a proxy that may be everybody.
const ASKING: Rule = Rule {
    free: 30,
    wait_secs_max: 60,
};

/// Accounts that one address asks for: behind a proxy that may be everybody.
const REGISTERING: Rule = Rule {
    free: 100,
    wait_secs_max: 60,
};

/// What other hosts are asked because somebody wants it: a visitor who is known, or one address, which behind a proxy may be
/// everybody.
const ELSEWHERE: Rule = Rule {
    free: 100,
    wait_secs_max: 10,
};

/// Pictures of other servers that somebody of another server gets by this one.
const PICTURES: Rule = Rule {
    free: 1000,
    wait_secs_max: 10,
};

/// Wrong tries so far.
#[derive(Default)]
pub(super) struct Throttle {
    hash: RandomState,
    tries: Mutex<HashMap<u64, Tries>>,
}

#[derive(Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Timestamp,
}

/// A try that may go on. It counts as wrong until [`Throttle::was_right`] hears of it, so that tries at the same time
/// count, too.
#[must_use]
pub(super) struct Try {
    /// None for a try that names nobody.
    nickname: Option<u64>,
    address: u64,
}

impl Throttle {
    /// Lets a try go on, or says how long to wait.
    pub(super) fn admit(
        &self,
        nickname: &Nickname,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Try, Error> {
        let nickname = self.hash.hash_one(("nickname", nickname.folded()));
        self.admit_counted(Some(nickname), address, now)
    }

    /// Lets a letter go that somebody at `address` asks for, or says how long to wait. `mailbox` tells where it goes.
    pub(super) fn admit_letter(
        &self,
        mailbox: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mailbox = self
            .hash
            .hash_one(("mailbox", mailbox.to_ascii_lowercase()));
        let asking = self.hash.hash_one(("asking", network(address)));
        self.count(&[(mailbox, &MAILBOX), (asking, &ASKING)], now)
    }

    /// Lets somebody at `address` ask for an account, or says how long to wait.
    pub(super) fn admit_account(&self, address: IpAddr, now: Timestamp) -> Result<(), Error> {
        let registering = self.hash.hash_one(("registering", network(address)));
        self.count(&[(registering, &REGISTERING)], now)
    }

    /// Lets somebody have another host asked, or says how long to wait; who is not known is counted by `address`.
    pub(super) fn admit_elsewhere(
        &self,
        visitor: Option<ThingId>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), Error> {
        let elsewhere = match visitor {
            Some(person) => self.hash.hash_one(("visitor", person)),
            None => self.hash.hash_one(("elsewhere", network(address))),
        };
        self.count(&[(elsewhere, &ELSEWHERE)], now)
    }

    /// Lets a visitor get one more picture of other servers, or says how long to wait.
    pub(super) fn admit_picture(&self, visitor: ThingId, now: Timestamp) -> Result<(), Error> {
        let pictures = self.hash.hash_one(("pictures", visitor));
        self.count(&[(pictures, &PICTURES)], now)
    }

    /// As [`Throttle::admit`], for a try that is counted for the address only: a secret that nobody can guess needs no more,
    /// and nobody can make its owner wait.
    pub(super) fn admit_address(&self, address: IpAddr, now: Timestamp) -> Result<Try, Error> {
        self.admit_counted(None, address, now)
    }

    fn admit_counted(
        &self,
        nickname: Option<u64>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Try, Error> {
        let address = self.hash.hash_one(("address", network(address)));
        let this = Try { nickname, address };
        let nickname = this.nickname.map(|name| (name, &NICKNAME));
        let counted = [nickname, Some((this.address, &ADDRESS))];
        let counted: Vec<_> = counted.into_iter().flatten().collect();
        self.count(&counted, now)?;
        Ok(this)
    }

    /// Counts a try for each thing, if none of them must wait.
    fn count(&self, counted: &[(u64, &Rule)], now: Timestamp) -> Result<(), Error> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        for (thing, rule) in counted {
            let wait = tries.get(thing).map_or(0, |tries| tries.wait(rule, now));
            if wait > 0 {
                return Err(Error::TooMany {
                    retry_after_secs: wait,
                });
            }
        }
        for (thing, _) in counted {
            make_room(&mut tries, now);
            let fresh = Tries {
                wrong: 0,
                last: now,
            };
            let entry = tries.entry(*thing).or_insert(fresh);
            if now.secs_since(entry.last) >= FORGET_SECS {
                *entry = fresh;
            }
            entry.wrong = entry.wrong.saturating_add(1);
            entry.last = now;
        }
        Ok(())
    }

    /// The try was right: the nickname starts afresh, and the address has one wrong try less. An address does not start
    /// afresh, else an own account would free its owner to guess on others.
    pub(super) fn was_right(&self, this: &Try) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(nickname) = this.nickname {
            tries.remove(&nickname);
        }
        if let Some(entry) = tries.get_mut(&this.address) {
            entry.wrong = entry.wrong.saturating_sub(1);
        }
    }
}

impl Tries {
    /// Seconds until the next try: none, then 1, 2, 4 … up to the longest.
    fn wait(&self, rule: &Rule, now: Timestamp) -> u64 {
        if self.wrong < rule.free || now.secs_since(self.last) >= FORGET_SECS {
            return 0;
        }
        let doubled = (self.wrong - rule.free).min(32);
        let wait = (1 << doubled).min(rule.wait_secs_max);
        let passed = u64::try_from(now.secs_since(self.last)).unwrap_or(0);
        wait.saturating_sub(passed)
    }
}

fn make_room(tries: &mut HashMap<u64, Tries>, now: Timestamp) {
    if tries.len() < COUNTED_MAX {
        return;
    }
    tries.retain(|_, entry| now.secs_since(entry.last) < FORGET_SECS);
    while tries.len() >= COUNTED_MAX {
        let oldest = tries.iter().min_by_key(|(_, entry)| entry.last);
        let Some((&oldest, _)) = oldest else { break };
        tries.remove(&oldest);
    }
}

/// What one household has: an IPv4 address, or the first 64 bits of an IPv6 address.
fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(four) => u64::from(four.to_bits()),
        IpAddr::V6(six) => u64::try_from(six.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESS, COUNTED_MAX, NICKNAME, REGISTERING, Throttle};
    use crate::clock::Timestamp;
    use crate::error::Error;
    use crate::ids::Nickname;
    use std::net::{IpAddr, Ipv4Addr};

    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn nickname(text: &str) -> Nickname {
        Nickname::new(text).expect("a nickname")
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }

    fn wait(throttle: &Throttle, name: &str, from: u8, now: Timestamp) -> u64 {
        match throttle.admit(&nickname(name), address(from), now) {
            Ok(_) => 0,
            Err(Error::TooMany { retry_after_secs }) => retry_after_secs,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn guesses_on_one_nickname_wait_longer_and_longer() {
        let throttle = Throttle::default();
        for number in 0..NICKNAME.free {
            let from = u8::try_from(number).expect("small");
            assert_eq!(wait(&throttle, "ann", from, NOW), 0);
        }
        assert_eq!(wait(&throttle, "ANN", 99, NOW), 1);
        assert_eq!(wait(&throttle, "ben", 99, NOW), 0, "somebody else");
        let mut now = NOW;
        for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(wait(&throttle, "ann", 99, now), expected);
            now = Timestamp(now.0 + i64::try_from(expected).expect("small"));
            assert_eq!(wait(&throttle, "ann", 99, now), 0);
        }
    }

    #[test]
    fn guesses_from_one_address_wait_and_a_success_frees_only_its_nickname() {
        let throttle = Throttle::default();
        for number in 0..ADDRESS.free {
            assert_eq!(wait(&throttle, &format!("n{number}"), 1, NOW), 0);
        }
        assert_eq!(wait(&throttle, "other", 1, NOW), 1);
        assert_eq!(wait(&throttle, "other", 2, NOW), 0);
        let throttle = Throttle::default();
        for _ in 0..4 * ADDRESS.free {
            let right = throttle.admit(&nickname("ann"), address(1), NOW);
            throttle.was_right(&right.expect("free"));
        }
    }

    #[test]
    fn nobodys_mailbox_is_flooded_and_an_hour_forgets() {
        let throttle = Throttle::default();
        let ask = |mailbox: &str, from, now| {
            let admitted = throttle.admit_letter(mailbox, address(from), now);
            admitted.map_or_else(|error| error.status(), |()| 200)
        };
        let mut now = NOW;
        for from in 0..4 {
            assert_eq!(ask("ann@example.org", from, now), 200);
        }
        assert_eq!(ask("Ann@Example.org", 9, now), 429);
        for wait in [1, 2, 4, 8] {
            now = Timestamp(now.0 + wait);
            assert_eq!(ask("ann@example.org", 9, now), 200);
        }
        assert_eq!(ask("ann@example.org", 9, now), 429);
        assert_eq!(ask("ben@example.org", 9, now), 200);
        assert_eq!(ask("ann@example.org", 9, Timestamp(now.0 + 3600)), 200);
        assert_eq!(ask("ann@example.org", 9, Timestamp(now.0 + 3600)), 200);
    }

    #[test]
    fn one_address_makes_so_many_accounts_at_once() {
        let throttle = Throttle::default();
        for _ in 0..REGISTERING.free {
            assert!(throttle.admit_account(address(1), NOW).is_ok());
        }
        assert!(throttle.admit_account(address(1), NOW).is_err());
        assert!(throttle.admit_account(address(2), NOW).is_ok());
        assert_eq!(
            wait(&throttle, "ann", 1, NOW),
            0,
            "logging in is another matter"
        );
        let later = Timestamp(NOW.0 + 1);
        assert!(throttle.admit_account(address(1), later).is_ok());
    }

    #[test]
    fn many_names_do_not_fill_the_memory() {
        let throttle = Throttle::default();
        for number in 0..COUNTED_MAX + 100 {
            let from = u8::try_from(number % 250).expect("small");
            wait(&throttle, &format!("n{number}"), from, NOW);
        }
        let tries = throttle.tries.lock().expect("not poisoned");
        assert!(tries.len() <= COUNTED_MAX);
    }
}
