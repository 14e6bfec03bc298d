//! Public activities that somebody else wants to hear of (`pump-api.md §6.11`): they wait here until they are told, in memory,
//! since nobody relies on it.

use crate::domain::bell::Bell;
use crate::ids::ThingId;
use crate::store::things::{Activity, Address};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most activities that wait; the oldest go first.
const WAITING_MAX: usize = 256;

/// What waits.
#[derive(Default)]
pub struct Firehose {
    waiting: Mutex<VecDeque<ThingId>>,
    /// Wakes who tells.
    pub bell: Bell,
}

impl Firehose {
    /// Lets an activity be told of, if everybody may hear of it: after the write that makes it.
    pub fn tell(&self, id: ThingId) {
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back(id);
        drop(waiting);
        self.bell.ring();
    }

    /// The next one.
    pub fn take(&self) -> Option<ThingId> {
        self.waiting().pop_front()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<ThingId>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether everybody may hear of an activity.
pub fn is_public(activity: &Activity) -> bool {
    let named = activity.addresses.to.iter().chain(&activity.addresses.cc);
    activity.deleted.is_none() && named.into_iter().any(|address| *address == Address::Public)
}

#[cfg(test)]
mod tests {
    use super::{Firehose, WAITING_MAX};
    use crate::ids::ThingId;

    #[test]
    fn the_oldest_goes_where_too_many_wait() {
        let firehose = Firehose::default();
        for number in 0..=WAITING_MAX {
            firehose.tell(ThingId(number as u64));
        }
        assert_eq!(firehose.take(), Some(ThingId(1)));
        let rest = std::iter::from_fn(|| firehose.take());
        assert_eq!(rest.last(), Some(ThingId(WAITING_MAX as u64)));
    }
}
