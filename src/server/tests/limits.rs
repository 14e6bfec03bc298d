//! Callers who take too much: time, bytes, connections, places.

use super::world::{
    DEADLINE, HUGE_BYTES, Start, World, arrivals, open_gate, start_with, wait_for_arrivals,
    wait_for_ends,
};
use crate::server::limits::HEAD_BYTES_MAX;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A time that is short enough for a test to wait for, and makes no test fail when the machine is slow.
const SHORT: Duration = Duration::from_millis(200);

#[test]
fn a_head_that_trickles_in_is_cut_off() {
    let world = start_with(|start| start.bounds.patience.head = SHORT);
    let mut silent = world.connect();
    assert!(silent.is_closed());
    let mut trickling = world.connect();
    trickling.send(b"GET / HTTP/1.1\r\nHost: h\r\n");
    assert!(trickling.is_closed());
    let mut second = world.connect();
    second.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(second.reply().expect("an answer").status, 200);
    second.send(b"GET / HTTP/1.1\r\nHost");
    assert!(second.is_closed());
}

#[test]
fn a_connection_that_lies_idle_is_closed() {
    let world = start_with(|start| start.bounds.patience.idle = SHORT);
    let mut wire = world.connect();
    wire.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(wire.reply().expect("an answer").status, 200);
    assert!(wire.is_closed());
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let world = start_with(|_| {});
    // Most of it is still on its way when the answer is sent; the caller reads it all the same.
    let long = "x".repeat(HEAD_BYTES_MAX + 7_000_000);
    for request in [
        format!("GET /{long} HTTP/1.1\r\nHost: h\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: h\r\nX-Long: {long}\r\n\r\n"),
    ] {
        let mut wire = world.connect();
        wire.send(request.as_bytes());
        let status = wire.reply().map(|reply| reply.status);
        assert!(matches!(status, Some(414 | 431)), "{status:?}");
    }
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let reply = world.ask(&format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n"));
    assert_eq!(reply.status, 431);
}

#[test]
fn nonsense_is_refused() {
    let world = start_with(|_| {});
    for nonsense in [
        "\x16\x03\x01\x02\x00\x01\x00",
        "HELLO\r\n\r\n",
        "PRI * HTTP/9.9\r\n\r\n",
    ] {
        let mut wire = world.connect();
        drop(wire.try_send(nonsense.as_bytes()));
        drop(wire.try_send(b"\r\n\r\n"));
        let status = wire.reply().map(|reply| reply.status);
        assert!(matches!(status, Some(400) | None), "{status:?}");
    }
    let smuggled =
        "POST /api/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc";
    assert_eq!(world.ask(smuggled).status, 400);
}

#[test]
fn the_newest_connection_over_the_bound_is_refused() {
    let world = start_with(|start| start.bounds.connections_max = 2);
    let mut kept = [world.connect(), world.connect()];
    for wire in &mut kept {
        wire.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(wire.reply().expect("an answer").status, 200);
    }
    let refused = world.connect().reply().expect("a word");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("5"))
    );
    for wire in &mut kept {
        wire.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(wire.reply().expect("an answer").status, 200);
    }
    let [first, _second] = kept;
    first.hang_up();
    wait_for_a_place(&world);
}

/// Waits until a new connection is served: a place is free as soon as the server has noticed.
fn wait_for_a_place(world: &World) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let mut wire = world.connect();
        drop(wire.try_send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
        if wire.reply().is_some_and(|reply| reply.status == 200) {
            break;
        }
        assert!(Instant::now() < deadline);
    }
}

#[test]
fn a_caller_who_takes_nothing_of_an_answer_is_cut_off() {
    for path in ["/huge/file", "/huge/memory"] {
        let world = start_with(|start| {
            start.bounds.connections_max = 1;
            start.bounds.patience.stall = SHORT;
            start.bounds.patience.idle = SHORT;
        });
        let mut wire = world.connect();
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
        assert_eq!(wire.head_reply().expect("an answer").status, 200);
        wait_for_a_place(&world);
    }
}

#[test]
fn a_huge_answer_arrives_whole() {
    let world = start_with(|_| {});
    for (path, bytes) in [("/huge/file", HUGE_BYTES), ("/huge/memory", 16 << 20)] {
        let mut wire = world.connect();
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
        assert_eq!(wire.head_reply().expect("an answer").status, 200);
        let mut left = bytes;
        while left > 0 {
            let piece = left.min(1 << 20);
            drop(wire.bytes(usize::try_from(piece).expect("a MiB")));
            left -= piece;
        }
    }
}

fn one_place(start: &mut Start) {
    start.bounds.quick_places = 1;
    start.bounds.waiting_max = 1;
}

#[test]
fn a_full_lane_refuses_and_says_when_to_come_again() {
    let world = start_with(|start| {
        one_place(start);
        start.bounds.quick_wait = SHORT;
    });
    let mut holding = world.connect();
    holding.send(b"GET /api/gate?gate=full HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for_arrivals("full", 1);
    let refused = world.get("/api/user/ann");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("5"))
    );
    assert!(refused.text().starts_with("{\"error\":"));
    // The other lane has places of its own.
    open_gate("slow beside full");
    assert_eq!(
        world.get("/api/slow/gate?gate=slow%20beside%20full").status,
        200
    );
    open_gate("full");
    assert_eq!(holding.reply().expect("an answer").text(), "through");
    assert_eq!(world.get("/api/user/ann").status, 200);
}

#[test]
fn more_than_may_wait_are_refused_at_once() {
    let world = start_with(one_place);
    let (tell, told) = mpsc::channel();
    let ask = || {
        let (mut wire, tell) = (world.connect(), tell.clone());
        thread::spawn(move || {
            wire.send(b"GET /api/gate?gate=wait HTTP/1.1\r\nHost: h\r\n\r\n");
            let status = wire.reply().map(|reply| reply.status);
            tell.send(status).expect("the test listens");
        })
    };
    let mut threads = vec![ask()];
    wait_for_arrivals("wait", 1);
    threads.extend([ask(), ask()]);
    // Of the two, one waits; the other is refused while the gate is still closed.
    assert_eq!(told.recv_timeout(DEADLINE), Ok(Some(503)));
    open_gate("wait");
    assert_eq!(told.recv_timeout(DEADLINE), Ok(Some(200)));
    assert_eq!(told.recv_timeout(DEADLINE), Ok(Some(200)));
    assert_eq!(arrivals("wait"), 2);
    for thread in threads {
        thread.join().expect("a caller");
    }
}

#[test]
fn a_caller_who_hangs_up_neither_cuts_the_work_nor_frees_its_place() {
    let world = start_with(|start| {
        one_place(start);
        start.bounds.quick_wait = SHORT;
    });
    let mut wire = world.connect();
    wire.send(b"GET /api/gate?gate=gone HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for_arrivals("gone", 1);
    wire.hang_up();
    assert_eq!(world.get("/api/user/ann").status, 503);
    open_gate("gone");
    wait_for_ends("gone", 1);
    assert_eq!(world.get("/api/gate?gate=gone").text(), "through");
}

#[test]
fn an_answer_that_takes_too_long_is_503_and_the_work_is_completed() {
    let world = start_with(|start| start.bounds.request_time = SHORT);
    let reply = world.get("/api/gate?gate=long");
    assert_eq!(reply.status, 503);
    assert_eq!(arrivals("long"), 1);
    open_gate("long");
    wait_for_ends("long", 1);
}

#[test]
fn deep_json_is_refused_or_read_and_never_overflows() {
    let world = start_with(|_| {});
    let nested = |levels: usize| {
        let body = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        world.ask(&format!(
            "POST /api/deep HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    assert_eq!(nested(100_000).status, 400);
    assert_eq!(nested(128).status, 400);
    assert_eq!(nested(127).text(), "127");
}
