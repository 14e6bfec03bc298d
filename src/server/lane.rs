//! The lanes: bounded places for blocking work. A place travels inside the work, so a caller who hangs up neither cuts the
//! work in half nor frees the place while it goes on. A panic ends its own work only.

use crate::error::Error;
use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// One lane.
pub(crate) struct Lane {
    places: Arc<Semaphore>,
    count: u32,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait_max: Duration,
}

impl Lane {
    /// A lane with so many places, in which a request waits at most so long.
    pub(crate) fn new(count: usize, waiting_max: usize, wait_max: Duration) -> Lane {
        Lane {
            places: Arc::new(Semaphore::new(count)),
            count: u32::try_from(count).expect("a lane has few places"),
            waiting: AtomicUsize::new(0),
            waiting_max,
            wait_max,
        }
    }

    /// Does `work` on a thread of its own as soon as there is a place. Refuses with `Busy` when there is none in time; a
    /// panic becomes `Internal`.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let place = self.place().await?;
        let done = tokio::task::spawn_blocking(move || {
            let result = catching(work);
            drop(place);
            result
        });
        match done.await {
            Ok(result) => result,
            Err(_) => Err(Error::internal("the server is ending")),
        }
    }

    /// Waits until nothing is being done.
    pub(crate) async fn idle(&self) {
        drop(self.places.acquire_many(self.count).await);
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let busy = || Error::Busy("This server is busy. Try again in a moment.".to_owned());
        let _waiter = Waiter::among(&self.waiting, self.waiting_max).ok_or_else(busy)?;
        match timeout(self.wait_max, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(busy()),
        }
    }
}

/// One request that waits; counted until it is dropped.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn among(waiting: &'a AtomicUsize, max: usize) -> Option<Waiter<'a>> {
        let one_more = |n: usize| (n < max).then_some(n + 1);
        waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .ok()
            .map(|_| Waiter(waiting))
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

thread_local! {
    /// While a lane works on this thread: where it panicked.
    static PANIC: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// Makes panics one line of the log each: those of lanes are told by the request's own line, all others here.
pub fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        // A panic in here would end the process, so nothing may: not even a thread that is going away.
        let in_lane = PANIC.try_with(|slot| match slot.try_borrow_mut().as_deref_mut() {
            Ok(Some(inner)) => {
                *inner = Some(place.clone());
                true
            }
            _ => false,
        });
        if in_lane != Ok(true) {
            log::error!("panic at {place}: {}", words(info.payload()));
        }
    }));
}

fn catching<T>(work: impl FnOnce() -> T) -> Result<T, Error> {
    PANIC.set(Some(None));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let place = PANIC.take().flatten();
    result.map_err(|payload| {
        let place = place
            .map(|place| format!(" at {place}"))
            .unwrap_or_default();
        Error::internal(format!("panic{place}: {}", words(payload.as_ref())))
    })
}

fn words(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words")
}

#[cfg(test)]
mod tests {
    use super::Lane;
    use crate::error::Error;
    use crate::server::runtime;
    use std::time::Duration;

    #[test]
    fn a_panic_is_an_error_of_its_own_work_with_its_words_for_the_log() {
        let lane = Lane::new(1, 1, Duration::from_secs(20));
        let runtime = runtime().expect("a runtime");
        let number = 7;
        let failed = runtime.block_on(lane.run(move || panic!("document {number}")));
        let Err(Error::Internal(cause)) = failed else {
            unreachable!("it panicked");
        };
        assert!(cause.ends_with("document 7"), "{cause}");
        let done = runtime.block_on(lane.run(|| 1 + 1));
        assert!(matches!(done, Ok(2)));
        runtime.block_on(lane.idle());
    }
}
