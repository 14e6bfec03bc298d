//! What one other server may ask of this one: so many requests in work at once, since each may wait for third hosts, and a
//! rate that leaves room for a burst. Whoever asks more is told when to come back. What is refused is counted, and told in the log
//! once for each host and spell. In memory and bounded.

use crate::clock::Timestamp;
use crate::error::Error;
use std::collections::HashMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most hosts that are counted; whoever asked longest ago is forgotten first.
const HOSTS_MAX: usize = 1024;

/// When to come back, in seconds.
const WAIT_SECS: u64 = 2;

/// A spell of refusals is over when nothing was refused for so long, in seconds.
const SPELL_SECS: i64 = 60;

/// How much of one kind a host may ask.
#[derive(Clone, Copy)]
struct Rule {
    /// What it is, for the log.
    what: &'static str,
    /// Most requests in work at once; less than the places for work that waits for other hosts.
    at_once: u32,
    /// Requests that may come as fast as they can.
    burst: u32,
    /// Requests a second that may come for ever.
    per_sec: u32,
}

/// Activities that are pushed into inboxes. A server that was away brings some thousands.
const PUSHES: Rule = Rule {
    what: "pushes activities",
    at_once: 3,
    burst: 2000,
    per_sec: 50,
};

/// Registrations by dialback: each person there who speaks here makes one, and the host is asked back for each.
const CLAIMS: Rule = Rule {
    what: "registers",
    at_once: 3,
    burst: 500,
    per_sec: 5,
};

/// What other servers have asked lately.
pub(super) struct Hosts {
    pushes: Gate,
    claims: Gate,
}

impl Default for Hosts {
    fn default() -> Hosts {
        Hosts {
            pushes: Gate::of(PUSHES),
            claims: Gate::of(CLAIMS),
        }
    }
}

impl Hosts {
    /// Lets a push of the server at `authority` in, or says how long to wait. All ports of a host count together.
    pub(super) fn admit_push(&self, authority: &str, now: Timestamp) -> Result<Place<'_>, Error> {
        self.pushes.admit(without_port(authority), now)
    }

    /// Lets a registration in, or says how long to wait. Whom it is for is not proved yet, so it is counted for the address
    /// that it comes from, lest somebody uses up what another host may do; but a proxy on this machine speaks for everybody,
    /// and there the claim counts.
    pub(super) fn admit_claim(
        &self,
        authority: &str,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Place<'_>, Error> {
        match peer.to_canonical() {
            peer if peer.is_loopback() => self.claims.admit(without_port(authority), now),
            IpAddr::V4(four) => self.claims.admit(&four.to_string(), now),
            IpAddr::V6(six) => {
                let [a, b, c, d, ..] = six.segments();
                let network = format!("{a:x}:{b:x}:{c:x}:{d:x}::/64");
                self.claims.admit(&network, now)
            }
        }
    }
}

/// A host name without the port.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

struct Gate {
    rule: Rule,
    loads: Mutex<HashMap<String, Load>>,
}

/// What one host does.
#[derive(Clone, Copy)]
struct Load {
    in_work: u32,
    /// Requests that may come at once.
    left: u32,
    /// When that was counted.
    counted: Timestamp,
    /// Requests that were more than the host may ask.
    too_many: Spell,
    /// Requests that were refused for what they say.
    unfit: Spell,
}

/// Refusals that follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Spell {
    count: u64,
    last: Option<Timestamp>,
}

impl Spell {
    /// Counts one. Whether it is the first.
    fn add(&mut self, now: Timestamp) -> bool {
        self.count += 1;
        self.last = Some(now);
        self.count == 1
    }

    /// How many there were, once the spell is over.
    fn ended(&mut self, now: Timestamp) -> Option<u64> {
        let is_over = now.secs_since(self.last?) >= SPELL_SECS;
        is_over.then(|| std::mem::take(self).count)
    }
}

/// A request in work; its place is free again when this is dropped.
#[must_use]
pub struct Place<'a> {
    gate: &'a Gate,
    host: String,
}

impl Place<'_> {
    /// Notes that what was asked is refused for what it says.
    pub fn note_refusal(&self, why: &dyn Display, now: Timestamp) {
        let mut loads = self.gate.loads();
        let Some(load) = loads.get_mut(&self.host) else {
            return;
        };
        if load.unfit.add(now) {
            let (host, what) = (&self.host, self.gate.rule.what);
            log::warn!("{host} {what}, and is refused: {why}");
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(load) = self.gate.loads().get_mut(&self.host) {
            load.in_work = load.in_work.saturating_sub(1);
        }
    }
}

impl Gate {
    fn of(rule: Rule) -> Gate {
        Gate {
            rule,
            loads: Mutex::default(),
        }
    }

    fn loads(&self) -> MutexGuard<'_, HashMap<String, Load>> {
        self.loads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, host: &str, now: Timestamp) -> Result<Place<'_>, Error> {
        let host = host.to_ascii_lowercase();
        let mut loads = self.loads();
        if !loads.contains_key(&host) {
            self.make_room(&mut loads, now);
        }
        let load = loads.entry(host.clone()).or_insert(Load {
            in_work: 0,
            left: self.rule.burst,
            counted: now,
            too_many: Spell::default(),
            unfit: Spell::default(),
        });
        load.left = load.left_at(&self.rule, now);
        load.counted = now;
        load.tell(&host, &self.rule, now);
        if load.left == 0 || load.in_work >= self.rule.at_once {
            if load.too_many.add(now) {
                let what = self.rule.what;
                log::warn!("{host} {what} faster than one host may, and is told to wait");
            }
            return Err(Error::TooMany {
                retry_after_secs: WAIT_SECS,
            });
        }
        load.left -= 1;
        load.in_work += 1;
        Ok(Place { gate: self, host })
    }

    /// Forgets whoever could ask as much as a new host, and else who asked longest ago.
    fn make_room(&self, loads: &mut HashMap<String, Load>, now: Timestamp) {
        if loads.len() < HOSTS_MAX {
            return;
        }
        loads.retain(|host, load| {
            let is_idle = load.in_work == 0 && load.left_at(&self.rule, now) == self.rule.burst;
            if is_idle {
                load.tell(host, &self.rule, Timestamp(i64::MAX));
            }
            !is_idle
        });
        while loads.len() >= HOSTS_MAX {
            let idle = loads.iter().filter(|(_, load)| load.in_work == 0);
            let oldest = idle.min_by_key(|(_, load)| load.counted);
            let Some(oldest) = oldest.map(|(host, _)| host.clone()) else {
                break;
            };
            if let Some(mut load) = loads.remove(&oldest) {
                load.tell(&oldest, &self.rule, Timestamp(i64::MAX));
            }
        }
    }
}

impl Load {
    fn left_at(&self, rule: &Rule, now: Timestamp) -> u32 {
        let passed = u32::try_from(now.secs_since(self.counted).max(0)).unwrap_or(u32::MAX);
        let more = passed.saturating_mul(rule.per_sec);
        self.left.saturating_add(more).min(rule.burst)
    }

    /// Tells of spells that are over.
    fn tell(&mut self, host: &str, rule: &Rule, now: Timestamp) {
        let what = rule.what;
        if let Some(refused) = self.too_many.ended(now) {
            log::info!("{host} {what} at a good pace again; {refused} requests were refused");
        }
        if let Some(refused) = self.unfit.ended(now) {
            log::info!("{host} {what}; {refused} requests were refused for what they say");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        CLAIMS, Gate, HOSTS_MAX, Hosts, PUSHES, SPELL_SECS, Spell, WAIT_SECS, without_port,
    };
    use crate::clock::Timestamp;
    use crate::error::Error;
    use std::net::IpAddr;

    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn later(secs: i64) -> Timestamp {
        Timestamp(NOW.0 + secs)
    }

    /// How many of so many requests, one after the other, are let in.
    fn admitted(gate: &Gate, host: &str, tries: u32, now: Timestamp) -> u32 {
        let mut admitted = 0;
        for _ in 0..tries {
            match gate.admit(host, now) {
                Ok(_) => admitted += 1,
                Err(Error::TooMany { retry_after_secs }) => assert_eq!(retry_after_secs, WAIT_SECS),
                Err(other) => panic!("{other}"),
            }
        }
        admitted
    }

    #[test]
    fn a_burst_is_let_in_and_then_so_many_a_second() {
        let gate = Gate::of(PUSHES);
        let all = 2 * PUSHES.burst;
        assert_eq!(admitted(&gate, "b.test", all, NOW), PUSHES.burst);
        assert_eq!(admitted(&gate, "c.test", 1, NOW), 1, "another host");
        assert_eq!(admitted(&gate, "B.test", all, later(1)), PUSHES.per_sec);
        assert_eq!(admitted(&gate, "b.test", all, later(3)), 2 * PUSHES.per_sec);
        // A clock that was set back gives nothing, and takes nothing.
        assert_eq!(admitted(&gate, "b.test", all, later(-9)), 0);
        assert_eq!(admitted(&gate, "b.test", all, later(-8)), PUSHES.per_sec);
        assert_eq!(admitted(&gate, "b.test", all, later(9999)), PUSHES.burst);
    }

    #[test]
    fn refusals_are_counted_until_none_comes_for_a_while() {
        let mut spell = Spell::default();
        assert_eq!(spell.ended(later(9999)), None, "there was none");
        assert!(spell.add(NOW), "the first one is told");
        assert!(!spell.add(later(SPELL_SECS - 1)));
        assert_eq!(spell.ended(later(SPELL_SECS)), None);
        assert_eq!(spell.ended(later(2 * SPELL_SECS)), Some(2));
        assert_eq!(spell, Spell::default());
    }

    #[test]
    fn one_host_has_so_many_in_work_at_once() {
        let hosts = Hosts::default();
        let places: Vec<_> = (0..PUSHES.at_once)
            .map(|port| hosts.admit_push(&format!("b.test:{}", 8000 + port), NOW))
            .collect();
        assert!(places.iter().all(Result::is_ok));
        assert!(hosts.admit_push("b.test", NOW).is_err());
        assert!(hosts.admit_push("c.test", NOW).is_ok());
        drop(places);
        assert!(hosts.admit_push("b.test", NOW).is_ok());
    }

    #[test]
    fn a_claim_counts_for_whoever_makes_it_but_not_for_a_proxy() {
        let hosts = Hosts::default();
        let peer = |text: &str| -> IpAddr { text.parse().expect("an address") };
        for (one, same, other) in [
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
        ] {
            let claim = |host: &str, from: &str| hosts.admit_claim(host, peer(from), NOW);
            let names = (0..CLAIMS.at_once).map(|number| format!("{number}.test"));
            let places: Vec<_> = names.map(|name| claim(&name, one)).collect();
            assert!(places.iter().all(Result::is_ok));
            assert!(claim("b.test", same).is_err());
            assert!(claim("0.test", other).is_ok());
            assert!(claim("0.test", "127.0.0.1").is_ok());
        }
        let claim = |host| hosts.admit_claim(host, peer("::1"), NOW);
        let places: Vec<_> = (0..CLAIMS.at_once).map(|_| claim("b.test:80")).collect();
        assert!(places.iter().all(Result::is_ok));
        assert!(claim("b.test").is_err());
        assert!(claim("c.test").is_ok());
    }

    #[test]
    fn a_spell_is_counted_and_ends() {
        let gate = Gate::of(PUSHES);
        admitted(&gate, "b.test", PUSHES.burst + 7, NOW);
        let refused = |now| {
            admitted(&gate, "b.test", 1, now);
            gate.loads()["b.test"].too_many.count
        };
        assert_eq!(refused(later(1)), 7);
        assert_eq!(refused(later(SPELL_SECS)), 0);
    }

    #[test]
    fn many_hosts_do_not_fill_the_memory_and_those_in_work_are_kept() {
        let gate = Gate::of(PUSHES);
        let place = gate.admit("b.test", later(-1)).expect("a place");
        for number in 0..HOSTS_MAX + 100 {
            admitted(&gate, &format!("{number}.test"), 1, NOW);
        }
        assert!(gate.loads().len() <= HOSTS_MAX);
        assert_eq!(gate.loads()["b.test"].in_work, 1);
        drop(place);
        admitted(&gate, "c.test", 1, later(9999));
        assert_eq!(gate.loads().len(), 1);
    }

    #[test]
    fn ports_are_told_from_addresses() {
        for (authority, host) in [
            ("b.test", "b.test"),
            ("b.test:8080", "b.test"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
        ] {
            assert_eq!(without_port(authority), host);
        }
    }
}
