//! Finds the addresses of names that end in `.local`: asks the machines of the local network, and remembers their answers for as
//! long as these say.

use super::{Lan, lock};
use mdns_sd::{HostnameResolutionEvent, ScopedIp};
use std::collections::HashSet;
use std::net::{SocketAddr, SocketAddrV6};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer is waited for; the question is repeated meanwhile, for it can get lost.
const ASKING_TIME: Duration = Duration::from_millis(2500);

/// Longest part of a name between two dots, in bytes (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 253;

/// The names that are asked for just now: each by one thread at a time, and who comes later finds its answer.
#[derive(Default)]
pub(super) struct Turns {
    busy: Mutex<HashSet<String>>,
    done: Condvar,
}

/// The right to ask for a name.
struct Turn<'a> {
    turns: &'a Turns,
    name: &'a str,
}

/// Whether a name is one of the local network.
pub fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let end = host.rsplit_once('.').map_or("", |(_, end)| end);
    end.eq_ignore_ascii_case("local")
}

impl Lan {
    /// The addresses of such a name, with a port; none if nobody answers in time.
    pub(in crate::peers) fn addresses(&self, host: &str, port: u16) -> Vec<SocketAddr> {
        let found = self.ask(host, |addresses| {
            let all = addresses.iter().map(|address| at(address, port));
            Some(all.collect::<Vec<_>>())
        });
        let mut found = found.unwrap_or_default();
        // The old kind first; what is known on one network alone last.
        found.sort_by_key(|at| match at {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(at) => 1 + i32::from(at.ip().is_unicast_link_local()),
        });
        found
    }

    /// Whether another machine answers to such a name. What nobody answers in time is nobody's, and where this server takes no part
    /// in the network, nobody is asked. What answers beside this server on this machine is no other.
    pub fn is_of_another(&self, host: &str) -> bool {
        if self
            .name()
            .is_some_and(|own| own.eq_ignore_ascii_case(host))
        {
            return false;
        }
        let own = if_addrs::get_if_addrs().unwrap_or_default();
        let is_own = |address| own.iter().any(|one| one.ip() == address);
        let answered = self.ask(host, |addresses| {
            let mut all = addresses.iter().map(ScopedIp::to_ip_addr);
            all.any(|address| !is_own(address)).then_some(())
        });
        answered.is_some()
    }

    /// Asks for the addresses of a name until `pick` has what it looks for, or the time is over.
    fn ask<T>(
        &self,
        host: &str,
        mut pick: impl FnMut(&HashSet<ScopedIp>) -> Option<T>,
    ) -> Option<T> {
        let (daemon, name) = self.daemon.get().zip(question(host))?;
        let _turn = self.turns.take(&name);
        let deadline = Instant::now() + ASKING_TIME;
        let millis = u64::try_from(ASKING_TIME.as_millis()).ok();
        let events = match daemon.resolve_hostname(&name, millis) {
            Ok(events) => events,
            Err(error) => {
                log::warn!("{name} is not looked for: {error}");
                return None;
            }
        };
        let mut found = None;
        while found.is_none()
            && let Ok(event) = events.recv_deadline(deadline)
        {
            match event {
                HostnameResolutionEvent::AddressesFound(_, addresses) => found = pick(&addresses),
                HostnameResolutionEvent::SearchTimeout(_)
                | HostnameResolutionEvent::SearchStopped(_) => break,
                _ => {}
            }
        }
        let _ = daemon.stop_resolve_hostname(&name);
        found
    }
}

/// The name as it is asked for; nothing for what is no name.
fn question(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_name = host.len() <= NAME_BYTES_MAX
        && host
            .split('.')
            .all(|label| (1..=LABEL_BYTES_MAX).contains(&label.len()));
    is_name.then(|| format!("{host}."))
}

/// A link-local address says nothing without its network.
fn at(address: &ScopedIp, port: u16) -> SocketAddr {
    match address {
        ScopedIp::V6(near) if near.addr().is_unicast_link_local() => {
            SocketAddrV6::new(*near.addr(), port, 0, near.scope_id().index).into()
        }
        address => SocketAddr::new(address.to_ip_addr(), port),
    }
}

impl Turns {
    fn take<'a>(&'a self, name: &'a str) -> Turn<'a> {
        let mut busy = lock(&self.busy);
        while busy.contains(name) {
            busy = self.done.wait(busy).unwrap_or_else(PoisonError::into_inner);
        }
        busy.insert(name.to_owned());
        Turn { turns: self, name }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.turns.busy).remove(self.name);
        self.turns.done.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::{is_local, question};

    #[test]
    fn names_of_the_local_network_are_told_by_their_end() {
        for name in ["pump.local", "a.b.LOCAL", "pump.local."] {
            assert!(is_local(name), "{name}");
        }
        for name in ["local", "pump.local.test", "notlocal", "10.0.0.1", ""] {
            assert!(!is_local(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_asked_for() {
        assert_eq!(question("Pump.local."), Some("pump.local.".to_owned()));
        let (label, long) = (
            format!("{}.local", "x".repeat(64)),
            "x.".repeat(126) + "local",
        );
        for wrong in ["a..local", ".local", &label, &long] {
            assert_eq!(question(wrong), None, "{wrong}");
        }
    }
}
