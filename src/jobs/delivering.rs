//! Who delivers to other hosts: one thread that looks which hosts are due, and one for each host that is served at the moment.
//! What waits for a host is brought in order, one after the other; a host that takes nothing is left alone ever longer, and
//! costs one try then. After a restart the queues go on where they were.

use crate::app::App;
use crate::clock::{self, Timestamp};
use crate::domain::errands;
use crate::federation::sending::{self, Outcome};
use crate::ids::ThingId;
use crate::store::deliveries::{self, Delivery, Queue};
use crate::store::engine::Result;
use log::Level;
use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Most hosts that are served at once.
const HOSTS_AT_ONCE_MAX: usize = 8;

/// Queues that are read at once.
const BATCH: usize = 64;

/// Room for TLS and for the documents.
const STACK_BYTES: usize = 1024 * 1024;

/// How often the clock is looked at until it is right.
const CLOCK_LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long nothing is delivered after the store failed, in seconds.
const FAILURE_WAIT_SECS: u64 = 60;

/// Starts the thread; it ends after [`App::close`], when what is being delivered is.
pub fn start(app: &Arc<App>) -> io::Result<JoinHandle<()>> {
    let app = Arc::clone(app);
    thread::Builder::new()
        .name("deliveries".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || run(&app))
}

/// The hosts that are served at the moment.
#[derive(Default)]
struct Busy(Mutex<HashSet<String>>);

impl Busy {
    fn hosts(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(app: &Arc<App>) {
    let busy = Arc::new(Busy::default());
    // What was put off goes at once: most likely somebody has mended something.
    if let Err(error) = app.store.write(|tx| deliveries::hurry(tx, clock::now())) {
        log::error!("deliveries: {error}");
    }
    let mut wait = Some(Duration::ZERO);
    let mut is_clock_wrong = false;
    while app.deliveries.wait(wait) {
        if app.known_base().is_none() {
            wait = None;
            continue;
        }
        if let Some(doubt) = app.clock.doubt(clock::now()) {
            if !is_clock_wrong {
                log::warn!("nothing is delivered until the clock is right: {doubt}");
            }
            is_clock_wrong = true;
            wait = Some(CLOCK_LOOK_EVERY);
            continue;
        }
        if std::mem::take(&mut is_clock_wrong) {
            log::info!("the clock is right now, and deliveries go on");
            // What else was put off until a time waits by the old clock.
            app.jobs.ring();
            app.mails.ring();
        }
        wait = match serve_due(app, &busy) {
            Ok(next) => next,
            Err(error) => {
                log::error!("deliveries: {error}");
                Some(Duration::from_secs(FAILURE_WAIT_SECS))
            }
        };
    }
}

/// Begins to serve the hosts that are due, as many as there are places; answers how long it is until the next one is.
fn serve_due(app: &Arc<App>, busy: &Arc<Busy>) -> Result<Option<Duration>> {
    let now = clock::now();
    let mut after: Option<String> = None;
    let mut next: Option<i64> = None;
    loop {
        let hosts = deliveries::hosts(&app.store, after.as_deref(), BATCH)?;
        let Some((last, _)) = hosts.last() else {
            return Ok(next.map(|secs| Duration::from_secs(u64::try_from(secs).unwrap_or(0))));
        };
        after = Some(last.clone());
        for (host, queue) in hosts {
            if queue.next > now {
                let secs = queue.next.secs_since(now);
                next = Some(next.map_or(secs, |next| next.min(secs)));
                continue;
            }
            let mut hosts = busy.hosts();
            if hosts.len() >= HOSTS_AT_ONCE_MAX {
                // Whoever is done rings the bell.
                return Ok(None);
            }
            if !hosts.insert(host.clone()) {
                continue;
            }
            drop(hosts);
            begin(app, busy, &host);
        }
    }
}

fn begin(app: &Arc<App>, busy: &Arc<Busy>, host: &str) {
    let (its, its_busy, its_host) = (Arc::clone(app), Arc::clone(busy), host.to_owned());
    let started = thread::Builder::new()
        .name("delivery".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let served =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| serve(&its, &its_host)));
            let is_fine = matches!(served, Ok(Ok(())));
            if let Ok(Err(error)) = served {
                log::error!("deliveries for {its_host}: {error}");
            }
            if !is_fine {
                rest(&its, &its_host, "this server failed", None);
            }
            its_busy.hosts().remove(&its_host);
            its.deliveries.ring();
        });
    if let Err(error) = started {
        log::error!("deliveries for {host}: {error}");
        busy.hosts().remove(host);
    }
}

/// Brings what waits for a host until nothing does, the host takes nothing, or the server ends.
fn serve(app: &App, host: &str) -> Result<()> {
    while !app.deliveries.is_closed() {
        let Some((id, delivery)) = deliveries::first(&app.store, host)? else {
            return Ok(());
        };
        let now = clock::now();
        let delivery = since_when(app, host, id, delivery, now)?;
        let has_answered = match sending::deliver(app, &delivery, now)? {
            Outcome::Arrived => true,
            Outcome::Dropped(why) => {
                log::info!("a delivery to {host} is dropped: {why}");
                false
            }
            Outcome::PutOff(why) => {
                rest(app, host, &why, None);
                return Ok(());
            }
            Outcome::Postponed(why, secs) => {
                rest(app, host, &why, Some(secs));
                return Ok(());
            }
        };
        app.store.write(|tx| {
            if has_answered {
                errands::note_done(tx, host, &delivery.errand)?;
            }
            deliveries::done(tx, host, id, has_answered)
        })?;
    }
    Ok(())
}

/// A delivery that was made by a clock that was wrong is made now: how long it is tried counts from here.
fn since_when(
    app: &App,
    host: &str,
    id: ThingId,
    delivery: Delivery,
    now: Timestamp,
) -> Result<Delivery> {
    if delivery.created <= now {
        return Ok(delivery);
    }
    let delivery = Delivery {
        created: now,
        ..delivery
    };
    app.store.write(|tx| {
        deliveries::replace(tx, host, id, &delivery);
        Ok(())
    })?;
    Ok(delivery)
}

/// Leaves a host alone for a while: as long as it asks, which says nothing against it, or ever longer.
fn rest(app: &App, host: &str, why: &str, asked_secs: Option<i64>) {
    let now = clock::now();
    let change = |queue: &mut Queue| {
        let wait = match asked_secs {
            Some(secs) => secs.clamp(1, sending::rest_secs(u32::MAX)),
            None => sending::rest_secs(queue.failures),
        };
        if queue.error != why {
            // A host that slows a long queue down says so again and again.
            let level = match asked_secs {
                Some(_) => Level::Debug,
                None => Level::Info,
            };
            log::log!(
                level,
                "{host} takes nothing, and is tried again in {wait} s: {why}"
            );
        }
        if asked_secs.is_none() {
            queue.failures = queue.failures.saturating_add(1);
        }
        queue.next = Timestamp(now.0 + wait);
        queue.error = why.to_owned();
    };
    if let Err(error) = app.store.write(|tx| deliveries::change(tx, host, change)) {
        log::error!("deliveries for {host}: {error}");
    }
}
