//! Many clients at once, each with a connection that stays open, and what that costs.

use crate::server::Server;
use crate::speech::Connection;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Time before figures count.
const WARM_UP: Duration = Duration::from_millis(500);

/// What a run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Processor time of the server per request, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// Half of the requests were answered within this, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 were.
    pub p99_ms: f64,
    /// Bytes that the server sent to the disk, per request.
    pub(crate) written_bytes: f64,
    /// Resident memory of the server at the end, in MiB.
    pub(crate) rss_mib: f64,
}

/// Lets `clients` clients ask again and again for `time`. `ask` gets the connection, the number of the client and a
/// number that no other request has.
pub(crate) fn for_time(
    server: &Server,
    clients: usize,
    time: Duration,
    ask: impl Fn(&mut Connection, usize, u64) + Sync,
) -> Figures {
    let (counts, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let next = AtomicU64::new(0);
    let all = Mutex::new(Vec::<u32>::new());
    let mut measured = None;
    thread::scope(|scope| {
        for client in 0..clients {
            let (counts, ended, next, all, ask) = (&counts, &ended, &next, &all, &ask);
            scope.spawn(move || {
                let mut line = Connection::open(server.address);
                let mut micros = Vec::new();
                while !ended.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    ask(&mut line, client, next.fetch_add(1, Ordering::Relaxed));
                    if counts.load(Ordering::Relaxed) {
                        let took = began.elapsed().as_micros();
                        micros.push(u32::try_from(took).unwrap_or(u32::MAX));
                    }
                }
                all.lock().expect("no client failed").append(&mut micros);
            });
        }
        pause(WARM_UP);
        counts.store(true, Ordering::Relaxed);
        let before = Snapshot::of(server);
        pause(time);
        counts.store(false, Ordering::Relaxed);
        measured = Some(before.until(&Snapshot::of(server)));
        ended.store(true, Ordering::Relaxed);
    });
    let all = all.into_inner().expect("no client failed");
    measured.expect("the run ended").per(all, server)
}

/// Lets `clients` clients share the numbers `0..requests`.
pub(crate) fn for_count(
    server: &Server,
    clients: usize,
    requests: u64,
    ask: impl Fn(&mut Connection, usize, u64) + Sync,
) -> Figures {
    let next = AtomicU64::new(0);
    let all = Mutex::new(Vec::<u32>::new());
    let before = Snapshot::of(server);
    thread::scope(|scope| {
        for client in 0..clients {
            let (next, all, ask) = (&next, &all, &ask);
            scope.spawn(move || {
                let mut line = Connection::open(server.address);
                let mut micros = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= requests {
                        break;
                    }
                    let began = Instant::now();
                    ask(&mut line, client, number);
                    micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
                }
                all.lock().expect("no client failed").append(&mut micros);
            });
        }
    });
    let measured = before.until(&Snapshot::of(server));
    measured.per(all.into_inner().expect("no client failed"), server)
}

/// Waits for time to pass, which is what a measurement of time is.
pub(crate) fn pause(time: Duration) {
    let (_keep, nothing) = mpsc::channel::<()>();
    assert_eq!(nothing.recv_timeout(time), Err(RecvTimeoutError::Timeout));
}

struct Snapshot {
    at: Instant,
    cpu_secs: f64,
    written_bytes: u64,
}

impl Snapshot {
    fn of(server: &Server) -> Snapshot {
        Snapshot {
            at: Instant::now(),
            cpu_secs: server.cpu_secs(),
            written_bytes: server.written_bytes(),
        }
    }

    fn until(&self, end: &Snapshot) -> Spent {
        Spent {
            wall_secs: (end.at - self.at).as_secs_f64(),
            cpu_secs: end.cpu_secs - self.cpu_secs,
            written_bytes: end.written_bytes - self.written_bytes,
        }
    }
}

struct Spent {
    wall_secs: f64,
    cpu_secs: f64,
    written_bytes: u64,
}

impl Spent {
    fn per(&self, mut micros: Vec<u32>, server: &Server) -> Figures {
        assert!(!micros.is_empty(), "no request was answered in time");
        micros.sort_unstable();
        let requests = micros.len() as f64;
        let within =
            |percent: usize| f64::from(micros[(micros.len() - 1) * percent / 100]) / 1000.0;
        Figures {
            rate: requests / self.wall_secs,
            cpu_ms: self.cpu_secs * 1000.0 / requests,
            p50_ms: within(50),
            p99_ms: within(99),
            written_bytes: self.written_bytes as f64 / requests,
            rss_mib: server.rss_mib(),
        }
    }
}
