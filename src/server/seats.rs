//! The seats of those who listen for hours. They are apart from the places of ordinary connections, so that neither can
//! starve the other: a connection that begins to listen gives its place back. Some seats are kept for users, and nobody
//! gets more than a share.

use super::limits::{FILES_KEPT, LISTENERS_MAX, LISTENERS_PER_ADDRESS_MAX, LISTENERS_PER_USER_MAX};
use crate::ids::UserId;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who takes a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    /// Somebody at an address, as [`super::accept::network`] counts them.
    Address(IpAddr),
    User(UserId),
}

type Counts = Mutex<HashMap<Who, u32>>;

/// All seats.
pub(super) struct Seats {
    count: usize,
    all: Arc<Semaphore>,
    for_strangers: Arc<Semaphore>,
    taken: Arc<Counts>,
}

/// One seat; free again when the value is dropped.
pub(super) struct Seat {
    _one_of_all: OwnedSemaphorePermit,
    _strangers: Option<OwnedSemaphorePermit>,
    _shares: Vec<Share>,
}

/// One of the seats that somebody may have.
struct Share {
    who: Who,
    taken: Arc<Counts>,
}

impl Seats {
    /// As many as the system has files for; asks it for as many as it gives.
    pub(super) fn new() -> Seats {
        let files = usize::try_from(files_max()).unwrap_or(usize::MAX);
        Seats::of(files.saturating_sub(FILES_KEPT).min(LISTENERS_MAX))
    }

    /// A sixth of them is kept for users.
    fn of(count: usize) -> Seats {
        Seats {
            count,
            all: Arc::new(Semaphore::new(count)),
            for_strangers: Arc::new(Semaphore::new(count - count / 6)),
            taken: Arc::default(),
        }
    }

    /// A seat for somebody who connects from `peer`, and is a user or a stranger; nothing if there is none.
    pub(super) fn take(&self, peer: IpAddr, user: Option<UserId>) -> Option<Seat> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let strangers = match user {
            Some(_) => None,
            None => Some(Arc::clone(&self.for_strangers).try_acquire_owned().ok()?),
        };
        let mut shares = Vec::with_capacity(1);
        let network = super::accept::network(peer);
        // A proxy on this machine speaks for everybody.
        if !network.is_loopback() {
            shares.push(self.share(Who::Address(network), LISTENERS_PER_ADDRESS_MAX)?);
        }
        if let Some(user) = user {
            shares.push(self.share(Who::User(user), LISTENERS_PER_USER_MAX)?);
        }
        Some(Seat {
            _one_of_all: one_of_all,
            _strangers: strangers,
            _shares: shares,
        })
    }

    /// Waits until nobody listens.
    pub(super) async fn empty(&self) {
        let all = u32::try_from(self.count).expect("some thousands");
        drop(self.all.acquire_many(all).await);
    }

    fn share(&self, who: Who, max: u32) -> Option<Share> {
        let mut taken = lock(&self.taken);
        let count = taken.entry(who).or_insert(0);
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Share {
            who,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        if let Some(count) = taken.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.who);
            }
        }
    }
}

/// How many files this process may have open, after asking for the most that it may have.
fn files_max() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum.unwrap_or(u64::MAX),
        Err(_) => limit.current.unwrap_or(u64::MAX),
    }
}

fn lock(counts: &Counts) -> MutexGuard<'_, HashMap<Who, u32>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::limits::{LISTENERS_PER_ADDRESS_MAX, LISTENERS_PER_USER_MAX};
    use super::{Seat, Seats};
    use crate::ids::{ThingId, UserId};
    use std::net::IpAddr;

    fn take_all(seats: &Seats, peer: &str, user: Option<u64>) -> Vec<Seat> {
        let peer: IpAddr = peer.parse().expect("an address");
        let user = user.map(|id| UserId(ThingId(id)));
        std::iter::from_fn(|| seats.take(peer, user)).collect()
    }

    #[test]
    fn nobody_gets_more_than_a_share_and_users_find_a_seat() {
        let seats = Seats::of(6000);
        let one = take_all(&seats, "192.0.2.1", None);
        assert_eq!(one.len(), LISTENERS_PER_ADDRESS_MAX as usize);
        assert!(take_all(&seats, "::ffff:192.0.2.1", Some(1)).is_empty());
        let strangers = take_all(&seats, "127.0.0.1", None);
        assert_eq!(one.len() + strangers.len(), 5000);
        let user = take_all(&seats, "127.0.0.1", Some(1));
        assert_eq!(user.len(), LISTENERS_PER_USER_MAX as usize);
        drop((one, strangers, user));
        assert_eq!(seats.all.available_permits(), 6000);
        assert!(seats.taken.lock().expect("not poisoned").is_empty());
    }
}
