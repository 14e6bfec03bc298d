//! Lets forms of one person wait for each other: what was sent twice because a button was tapped twice is then seen to be the
//! same, however long the first takes.

use crate::ids::ThingId;
use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Whose turn it is; no more people than there are threads.
#[derive(Default)]
pub struct Turns {
    busy: Mutex<HashSet<ThingId>>,
    done: Condvar,
}

/// The turn of a person, for as long as it lives.
#[must_use]
pub struct Turn<'a> {
    turns: &'a Turns,
    person: ThingId,
}

impl Turns {
    /// Waits until nothing else is done for the person.
    pub fn of(&self, person: ThingId) -> Turn<'_> {
        let waits = |busy: &mut HashSet<ThingId>| !busy.insert(person);
        let now = self.done.wait_while(self.busy(), waits);
        drop(now.unwrap_or_else(PoisonError::into_inner));
        Turn {
            turns: self,
            person,
        }
    }

    fn busy(&self) -> MutexGuard<'_, HashSet<ThingId>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.busy().remove(&self.person);
        self.turns.done.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;
    use crate::ids::ThingId;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn one_person_has_one_turn_at_a_time_and_others_do_not_wait() {
        let (turns, is_done) = (Turns::default(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let first = turns.of(ThingId(1));
            scope.spawn(|| {
                let _second = turns.of(ThingId(1));
                assert!(is_done.load(Ordering::SeqCst));
            });
            drop(turns.of(ThingId(2)));
            is_done.store(true, Ordering::SeqCst);
            drop(first);
        });
    }
}
