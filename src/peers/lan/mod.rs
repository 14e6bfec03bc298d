//! The local network, by multicast DNS (RFC 6762, RFC 6763): names that end in `.local` are found there ([`names`]), this server
//! says that it is there ([`announcement`]), and hears of others ([`neighbours`]). The only user of `mdns-sd`, which does all of
//! that on one thread of its own; nothing happens before [`Lan::join`].

mod announcement;
mod names;
mod neighbours;

pub use announcement::Announcement;
pub use names::is_local;
pub use neighbours::Neighbour;

use crate::store::pins::Fingerprint;
use announcement::Announced;
use mdns_sd::{IfKind, IfPredicate, ServiceDaemon};
use names::Turns;
use neighbours::Neighbours;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// Longest wait until everybody was told that this server leaves.
const LEAVING_TIME: Duration = Duration::from_secs(1);

/// Stack of a thread that waits for what happens on the network, in bytes.
const STACK_BYTES: usize = 128 * 1024;

/// How networks of containers and virtual machines are called: nobody of the household is there.
const CONTAINERS: &[&str] = &[
    "docker", "veth", "br-", "virbr", "podman", "cni", "lxc", "lxd", "flannel", "cali", "vnet",
];

/// What this server has to do with the local network.
#[derive(Default)]
pub struct Lan {
    daemon: OnceLock<ServiceDaemon>,
    place: Mutex<Option<Place>>,
    turns: Turns,
    announced: Mutex<Option<Announced>>,
    neighbours: Mutex<Neighbours>,
}

/// Where this server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it listens.
    pub at: SocketAddr,
    /// The certificate that it shows, if it speaks https itself.
    pub fingerprint: Option<Fingerprint>,
    /// Where it speaks https beside http.
    pub padlock: Option<Secured>,
}

/// Where a server speaks https beside the address that it is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secured {
    /// The port.
    pub port: u16,
    /// The certificate that it shows.
    pub fingerprint: Fingerprint,
    /// The root of the authority that vouches for it.
    pub root: Fingerprint,
}

impl Lan {
    /// Takes part, once; `listens` lets others be found. The error is a sentence.
    pub fn join(self: &Arc<Lan>, listens: bool) -> Result<(), String> {
        let wrong =
            |error: &dyn std::fmt::Display| format!("cannot use the local network: {error}");
        let daemon = ServiceDaemon::new().map_err(|error| wrong(&error))?;
        // Whatever the thread does first, it does after this.
        let elsewhere = IfPredicate::new(|at| at.is_loopback() || is_of_containers(&at.name));
        daemon
            .disable_interface(IfKind::Predicate(elsewhere))
            .map_err(|error| wrong(&error))?;
        let events = daemon.monitor().map_err(|error| wrong(&error))?;
        let lan = Arc::clone(self);
        spawn("lan", move || {
            while let Ok(event) = events.recv() {
                lan.note_event(event);
            }
        })?;
        if listens {
            let events = daemon
                .browse(announcement::PUMPS)
                .map_err(|error| wrong(&error))?;
            let lan = Arc::clone(self);
            spawn("neighbours", move || {
                while let Ok(event) = events.recv() {
                    lan.note_neighbour(event);
                }
            })?;
        }
        let _ = self.daemon.set(daemon);
        Ok(())
    }

    /// Whether this server takes part.
    pub fn is_joined(&self) -> bool {
        self.daemon.get().is_some()
    }

    /// Says where this server is, before it is announced.
    pub fn settle(&self, place: Place) {
        *lock(&self.place) = Some(place);
    }

    /// Where this server is, once that is known.
    pub fn place(&self) -> Option<Place> {
        lock(&self.place).clone()
    }

    /// The addresses of this machine in networks where people are, as far as the server answers there; none before that is known.
    pub fn numbers(&self) -> Vec<IpAddr> {
        let Some(place) = self.place() else {
            return Vec::new();
        };
        let mut all = own_addresses();
        all.retain(|address| announcement::answers(place.at.ip(), *address));
        all
    }

    /// Tells everybody that this server is gone, and takes no part any more.
    pub fn leave(&self) {
        let Some(daemon) = self.daemon.get() else {
            return;
        };
        match daemon.shutdown() {
            Ok(done) => {
                let _ = done.recv_timeout(LEAVING_TIME);
            }
            Err(error) => log::warn!("the local network was not told of the end: {error}"),
        }
    }
}

/// The addresses of this machine in networks where people are; none where the system does not say.
pub fn own_addresses() -> Vec<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default().into_iter();
    let of_people = all.filter(|one| !one.is_loopback() && !is_of_containers(&one.name));
    of_people.map(|one| one.ip()).collect()
}

/// Whether a network is one of containers or virtual machines.
fn is_of_containers(network: &str) -> bool {
    CONTAINERS.iter().any(|start| network.starts_with(start))
}

/// Starts a thread that waits most of the time; the error is a sentence.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(work)
        .map(|_| ())
        .map_err(|error| format!("cannot listen to the local network: {error}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Lan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lan").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::is_of_containers;

    #[test]
    fn networks_of_containers_are_told_by_their_names() {
        for name in [
            "docker0", "veth12ab", "br-7f00", "virbr0", "podman1", "cni0",
        ] {
            assert!(is_of_containers(name), "{name}");
        }
        for name in ["eth0", "wlan0", "enp3s0", "br0", "bond0", "usb0"] {
            assert!(!is_of_containers(name), "{name}");
        }
    }
}
