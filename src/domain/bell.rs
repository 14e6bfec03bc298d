//! What wakes a thread that waits for work, and tells it to end.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rung when there may be something to do.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<Rung>,
    changed: Condvar,
}

#[derive(Default)]
struct Rung {
    is_work: bool,
    is_closed: bool,
}

impl Bell {
    /// Says that there may be something to do.
    pub fn ring(&self) {
        self.rung().is_work = true;
        self.changed.notify_all();
    }

    /// Ends [`Bell::wait`] for good.
    pub fn close(&self) {
        self.rung().is_closed = true;
        self.changed.notify_all();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.rung().is_closed
    }

    /// Waits until there may be something to do, at most `longest`; without it until it is rung. False when it is closed.
    pub fn wait(&self, longest: Option<Duration>) -> bool {
        let waiting = |rung: &mut Rung| !rung.is_work && !rung.is_closed;
        let mut rung = match longest {
            Some(longest) => {
                let waited = self
                    .changed
                    .wait_timeout_while(self.rung(), longest, waiting);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self
                .changed
                .wait_while(self.rung(), waiting)
                .unwrap_or_else(PoisonError::into_inner),
        };
        rung.is_work = false;
        !rung.is_closed
    }

    fn rung(&self) -> MutexGuard<'_, Rung> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
