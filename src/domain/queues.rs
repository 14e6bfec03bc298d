//! What waits for other hosts, as the owner of the server sees it: a queue for each host that has not taken everything yet.

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::store::deliveries::{self, Queue};
use crate::store::engine::{Read, Result};

/// Most queues that are shown.
const SHOWN_MAX: usize = 1000;

/// Deliveries that are dropped in one write.
const DROPPED_AT_ONCE: usize = 500;

/// The queues by host, at most [`SHOWN_MAX`].
pub fn list(from: &dyn Read) -> Result<Vec<(String, Queue)>> {
    deliveries::hosts(from, None, SHOWN_MAX)
}

/// Tries a host at once that is left alone; 404 where nothing waits for it.
pub fn retry(app: &App, host: &str, now: Timestamp) -> std::result::Result<Queue, Error> {
    let host = folded(host);
    let queue = app.store.write(|tx| {
        deliveries::change(tx, &host, |queue| queue.next = now)?;
        deliveries::queue(tx, &host)
    })?;
    app.deliveries.ring();
    queue.ok_or_else(|| nothing_waits(&host))
}

/// Drops everything that waits for a host, for good; answers how much that was. 404 where nothing waits.
pub fn drop_all(app: &App, host: &str) -> std::result::Result<u32, Error> {
    let host = folded(host);
    let mut dropped = 0;
    loop {
        let more = app.store.write(|tx| {
            let mut number = 0;
            while number < DROPPED_AT_ONCE
                && let Some((id, _)) = deliveries::first(tx, &host)?
            {
                deliveries::done(tx, &host, id, false)?;
                number += 1;
            }
            Ok(number)
        })?;
        dropped += u32::try_from(more).unwrap_or(u32::MAX);
        if more < DROPPED_AT_ONCE {
            break;
        }
    }
    match dropped {
        0 => Err(nothing_waits(&host)),
        number => Ok(number),
    }
}

fn folded(host: &str) -> String {
    host.trim().to_ascii_lowercase()
}

fn nothing_waits(host: &str) -> Error {
    Error::NotFound(format!("Nothing waits for {host}."))
}
