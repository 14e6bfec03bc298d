//! Hands every group of writes to an export that runs, from the moment it began to the moment it ends. Bounded: an
//! export that cannot keep up is given up, so that nobody's write waits long for a slow copy.

use super::overlay::Overlay;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of groups that wait for the export before writers wait for it.
const WAITING_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Longest time that writers wait for an export that does not take its groups, in seconds.
const STALL_SECS_MAX: u64 = 5;

/// The place between the committer and one export.
pub(super) struct Tap {
    flow: Mutex<Option<Flow>>,
    taken: Condvar,
    stall_max: Duration,
}

#[derive(Default)]
struct Flow {
    groups: VecDeque<Arc<Overlay>>,
    bytes: usize,
    /// The export was too slow and misses groups.
    lost: bool,
}

/// The groups came faster than the export was written.
pub(super) struct Lost;

impl Default for Tap {
    fn default() -> Tap {
        Tap {
            flow: Mutex::default(),
            taken: Condvar::new(),
            stall_max: Duration::from_secs(STALL_SECS_MAX),
        }
    }
}

impl Tap {
    /// Applies a group and hands it on as one step: it is wholly before or wholly after the begin and the end of an
    /// export.
    pub(super) fn apply<T>(&self, group: &Arc<Overlay>, apply: impl FnOnce() -> T) -> T {
        let mut flow = self.lock();
        while let Some(running) = flow.as_mut()
            && !running.lost
            && running.bytes > WAITING_BYTES_MAX
        {
            let (after, timeout) = self
                .taken
                .wait_timeout(flow, self.stall_max)
                .unwrap_or_else(PoisonError::into_inner);
            flow = after;
            if timeout.timed_out()
                && let Some(stalled) = flow.as_mut()
            {
                log::warn!("a backup is given up: it was not written as fast as the store changes");
                *stalled = Flow {
                    lost: true,
                    ..Flow::default()
                };
            }
        }
        let outcome = apply();
        if let Some(running) = flow.as_mut()
            && !running.lost
        {
            running.bytes += group.bytes();
            running.groups.push_back(Arc::clone(group));
        }
        outcome
    }

    /// Begins to gather groups; `None` while another export runs.
    pub(super) fn begin(&self) -> Option<Gathering<'_>> {
        let mut flow = self.lock();
        if flow.is_some() {
            return None;
        }
        *flow = Some(Flow::default());
        Some(Gathering { tap: self })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Flow>> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An export that runs; dropping it ends it.
pub(super) struct Gathering<'a> {
    tap: &'a Tap,
}

impl Gathering<'_> {
    /// The groups since the last call.
    pub(super) fn take(&self) -> Result<VecDeque<Arc<Overlay>>, Lost> {
        let mut flow = self.tap.lock();
        let running = flow.as_mut().ok_or(Lost)?;
        if running.lost {
            return Err(Lost);
        }
        running.bytes = 0;
        let groups = std::mem::take(&mut running.groups);
        self.tap.taken.notify_all();
        Ok(groups)
    }

    /// Ends the gathering and gives the last groups.
    pub(super) fn end(self) -> Result<VecDeque<Arc<Overlay>>, Lost> {
        let last = self.tap.lock().take();
        self.tap.taken.notify_all();
        // Another export may begin from here on: dropping this one must not end it.
        std::mem::forget(self);
        let flow = last.ok_or(Lost)?;
        if flow.lost {
            Err(Lost)
        } else {
            Ok(flow.groups)
        }
    }
}

impl Drop for Gathering<'_> {
    fn drop(&mut self) {
        *self.tap.lock() = None;
        self.tap.taken.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::{Tap, WAITING_BYTES_MAX};
    use crate::store::engine::Tx;
    use crate::store::engine::cache::RecordCache;
    use crate::store::engine::overlay::{Overlay, View};
    use std::sync::Arc;
    use std::time::Duration;

    fn group(bytes: usize) -> Arc<Overlay> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let db = ::sled::open(dir.path()).expect("opens");
        let nothing = Overlay::default();
        let cache = RecordCache::new();
        let mut view = View::new(&db, &cache, [&nothing, &nothing]);
        view.put(b"key", &vec![1; bytes]);
        Arc::new(view.into_journal().expect("within the bounds"))
    }

    #[test]
    fn an_export_that_takes_nothing_is_given_up_and_writers_go_on() {
        let tap = Tap {
            stall_max: Duration::ZERO,
            ..Tap::default()
        };
        let gathering = tap.begin().expect("no other export");
        assert!(tap.begin().is_none());
        let large = group(WAITING_BYTES_MAX / 4);
        let mut applied = 0;
        for _ in 0..3 {
            tap.apply(&large, || applied += 1);
        }
        assert_eq!(gathering.take().ok().map(|groups| groups.len()), Some(3));
        for _ in 0..5 {
            tap.apply(&large, || applied += 1);
        }
        assert_eq!(applied, 8);
        assert!(gathering.take().is_err());
        assert!(gathering.end().is_err());
        assert!(tap.begin().is_some(), "the next export can begin");
    }
}
