//! Bodies that go on: signs of life, their end, and who stops reading.

use super::http2::{answer, opening};
use super::world::{DEADLINE, start_with};
use crate::clock::Timestamp;
use crate::http::{Answer, Content, Ongoing, Request, Response, Written};
use bytes::Bytes;
use hyper::StatusCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(20);

/// Bodies that somebody still has.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Says something only when a sign of life is due, and so often.
struct Beats {
    left: usize,
    bytes: usize,
}

impl Ongoing for Beats {
    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn write(&mut self, beat: bool, _: Timestamp) -> Written {
        assert!(beat, "nothing woke it but the time");
        self.left -= 1;
        Written {
            bytes: Bytes::from(vec![b'.'; self.bytes]),
            ends: self.left == 0,
        }
    }
}

impl Drop for Beats {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::SeqCst);
    }
}

/// `?left=N&bytes=N`
pub(super) fn begin(request: &Request) -> Answer {
    let number = |name: &str| {
        let value = request.query(name).expect("a number");
        value.parse().expect("a number")
    };
    OPEN.fetch_add(1, Ordering::SeqCst);
    let beats = Beats {
        left: number("left"),
        bytes: number("bytes"),
    };
    Ok(Response {
        content: Content::Ongoing(Box::new(beats)),
        ..Response::new(StatusCode::OK, "text/event-stream", "")
    })
}

#[test]
fn signs_of_life_keep_a_quiet_body_open_on_both_protocols() {
    let world = start_with(|start| {
        start.bounds.beat_every = SHORT;
        start.bounds.patience.stall = 100 * SHORT;
        start.bounds.patience.idle = 100 * SHORT;
    });
    let mut wire = world.connect();
    wire.send(b"GET /ongoing?left=150&bytes=1 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(wire.head_reply().expect("an answer").status, 200);
    let chunks = format!("{}0\r\n\r\n", "1\r\n.\r\n".repeat(150));
    assert_eq!(wire.bytes(chunks.len()), chunks.as_bytes());
    let mut wire = world.connect();
    wire.send(&opening("/ongoing?left=150&bytes=1"));
    assert_eq!(answer(&mut wire), (0x88, ".".repeat(150)));
}

#[test]
fn who_hangs_up_or_takes_nothing_is_let_go() {
    let world = start_with(|start| {
        start.bounds.beat_every = SHORT;
        start.bounds.patience.stall = 10 * SHORT;
    });
    let ask = "GET /ongoing?left=1000000&bytes=1000000 HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut gone = world.connect();
    gone.send(ask.as_bytes());
    let mut deaf = world.connect();
    deaf.send(ask.as_bytes());
    gone.hang_up();
    let since = Instant::now();
    while OPEN.load(Ordering::SeqCst) > 0 {
        assert!(since.elapsed() < DEADLINE, "a body is still open");
        thread::yield_now();
    }
}
