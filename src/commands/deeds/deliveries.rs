//! `pumphouse delivery …`: what waits for other hosts.

use super::{Desk, Outcome};
use crate::cli::Failure;
use crate::domain::queues;

/// `delivery list`: a line for each host: how much waits, when it is tried next, what went wrong; first one about a clock that
/// is wrong.
pub(super) fn list(desk: &Desk<'_>) -> Result<Outcome, Failure> {
    let all = queues::list(&desk.app.store)?;
    let lines = all.iter().map(|(host, queue)| {
        let line = format!(
            "{host:<32} {:>6}  {}  {}",
            queue.waiting, queue.next, queue.error
        );
        line.trim_end().to_owned()
    });
    let clock = desk.app.clock_problem().into_iter();
    Ok(Outcome::Done(clock.chain(lines).collect()))
}

/// `delivery retry HOST`
pub(super) fn retry(desk: &Desk<'_>, host: &str) -> Result<Outcome, Failure> {
    let queue = queues::retry(desk.app, host, desk.now)?;
    let waiting = queue.waiting;
    Ok(Outcome::said(format_args!(
        "{host} is tried now: {waiting} wait."
    )))
}

/// `delivery drop HOST`
pub(super) fn drop_all(desk: &Desk<'_>, host: &str) -> Result<Outcome, Failure> {
    let dropped = queues::drop_all(desk.app, host)?;
    Ok(Outcome::said(format_args!(
        "{dropped} deliveries to {host} were dropped."
    )))
}
