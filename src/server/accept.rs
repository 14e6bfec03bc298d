//! The accept loop: who gets a connection. Over the bound the newest is refused, with a word where that is possible.

use super::limits::ACCEPT_REST;
use super::tls::Tls;
use super::{Shared, connection};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// How many connections each caller has.
type Counts = Mutex<HashMap<IpAddr, u32>>;

/// The places for connections.
pub(super) struct Places {
    free: Arc<Semaphore>,
    max: u32,
    per_address_max: u32,
    by_address: Arc<Counts>,
}

/// One open connection; its place is free again when the value is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    address: Option<(IpAddr, Arc<Counts>)>,
}

impl Places {
    pub(super) fn new(max: usize, per_address_max: u32) -> Places {
        Places {
            free: Arc::new(Semaphore::new(max)),
            max: u32::try_from(max).expect("few connections"),
            per_address_max,
            by_address: Arc::default(),
        }
    }

    /// A place for who connects from `peer`; those of proxies are not counted by their address.
    fn take(&self, peer: IpAddr, is_proxy: bool) -> Option<Place> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        let network = network(peer);
        if is_proxy || network.is_loopback() {
            return Some(Place {
                _permit: permit,
                address: None,
            });
        }
        let mut counts = lock(&self.by_address);
        let count = counts.entry(network).or_insert(0);
        if *count >= self.per_address_max {
            return None;
        }
        *count += 1;
        Some(Place {
            _permit: permit,
            address: Some((network, Arc::clone(&self.by_address))),
        })
    }

    /// Waits until no connection is open.
    pub(super) async fn empty(&self) {
        drop(self.free.acquire_many(self.max).await);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((network, counts)) = &self.address {
            let mut counts = lock(counts);
            if let Some(count) = counts.get_mut(network) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(network);
                }
            }
        }
    }
}

fn lock(counts: &Counts) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is counted as one caller: an IPv4 address, or an IPv6 network of /64, which is what one home has.
pub(super) fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let mut octets = v6.octets();
            octets[8..].fill(0);
            IpAddr::from(octets)
        }
        other => other,
    }
}

/// What is spoken at a port.
pub(super) enum Speech<'a> {
    /// Plain http.
    Plain,
    /// Https, with the certificate of the configuration.
    Configured(&'a Tls),
    /// Https that the server provides by itself.
    Own(TlsAcceptor),
}

impl Speech<'_> {
    /// What makes the next handshake; nothing where there is none.
    fn acceptor(&self) -> Option<TlsAcceptor> {
        match self {
            Speech::Plain => None,
            Speech::Configured(tls) => Some(tls.acceptor()),
            Speech::Own(acceptor) => Some(acceptor.clone()),
        }
    }
}

/// Accepts connections for as long as it is polled.
pub(super) async fn accept(server: &Arc<Shared>, listener: &TcpListener, speech: &Speech<'_>) {
    let mut failing = false;
    loop {
        let (socket, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                if !failing {
                    log::error!("no connection can be accepted: {error}");
                }
                failing = true;
                sleep(ACCEPT_REST).await;
                continue;
            }
        };
        failing = false;
        let peer = peer.ip().to_canonical();
        let is_proxy = server.settings.trusted_proxies.contains(peer);
        match server.places.take(peer, is_proxy) {
            Some(place) => {
                let its = Arc::clone(server);
                let acceptor = speech.acceptor();
                connection::start(connection::open(its, socket, peer, place, acceptor));
            }
            None => {
                log::debug!("too many connections: one of {peer} is refused");
                if matches!(speech, Speech::Plain) {
                    refuse(&socket).await;
                }
            }
        }
    }
}

const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 47\r\n\r\nToo many connections. Try again in some seconds";

/// Says a word to a plain connection that gets no place. A new socket takes this much at once, so it waits for nobody.
async fn refuse(socket: &TcpStream) {
    if timeout(ACCEPT_REST, socket.writable()).await.is_ok() {
        drop(socket.try_write(REFUSAL));
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Places};
    use std::net::IpAddr;

    fn take(places: &Places, peer: &str) -> Option<Place> {
        places.take(peer.parse::<IpAddr>().expect("an address"), false)
    }

    #[test]
    fn one_caller_cannot_take_all_places() {
        let places = Places::new(8, 2);
        let kept = [
            take(&places, "192.0.2.1"),
            take(&places, "::ffff:192.0.2.1"),
        ];
        assert!(kept.iter().all(Option::is_some));
        assert!(take(&places, "192.0.2.1").is_none());
        let others = [
            take(&places, "192.0.2.2"),
            take(&places, "2001:db8::1"),
            take(&places, "2001:db8::2:1"),
        ];
        assert!(others.iter().all(Option::is_some));
        assert!(take(&places, "2001:db8::3").is_none());
        drop(kept);
        assert!(take(&places, "192.0.2.1").is_some());
    }

    #[test]
    fn a_proxy_on_this_machine_has_as_many_places_as_there_are() {
        let places = Places::new(5, 2);
        let kept =
            ["127.0.0.1", "127.0.0.1", "127.0.0.1", "::1", "::1"].map(|peer| take(&places, peer));
        assert!(kept.iter().all(Option::is_some));
        assert!(take(&places, "127.0.0.1").is_none());
    }
}
