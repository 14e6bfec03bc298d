//! How many requests were answered since the start, by the kind of answer.

use std::sync::atomic::{AtomicU64, Ordering};

/// The classes of status codes, as figures name them.
pub const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// A counter for each class.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; CLASSES.len()]);

impl Tally {
    /// Counts an answer with this status.
    pub fn count(&self, status: u16) {
        let place = usize::from(status / 100).checked_sub(1);
        if let Some(counter) = place.and_then(|place| self.0.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was counted, by class.
    pub fn counts(&self) -> [(&'static str, u64); CLASSES.len()] {
        let mut counts = CLASSES.map(|class| (class, 0));
        for ((_, count), counter) in counts.iter_mut().zip(&self.0) {
            *count = counter.load(Ordering::Relaxed);
        }
        counts
    }
}
