//! Bodies: too long, too slow, broken off, in memory, in files, in forms.

use super::world::{DEADLINE, Wire, World, start, start_with};
use std::fs;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(200);

fn small() -> World {
    start_with(|start| {
        start.settings.json_bytes_max = 1000;
        start.settings.upload_bytes_max = 300_000;
    })
}

/// How many files lie in the spool.
fn spooled(world: &World) -> usize {
    let spool = world.dir.path().join("uploads/spool");
    fs::read_dir(spool).expect("a directory").count()
}

fn post(path: &str, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\n{more}\r\n")
}

#[test]
fn a_body_that_says_it_is_too_long_is_refused_without_being_read() {
    let world = small();
    for (path, length) in [("/api/echo", 1001), ("/api/spool", 300_001)] {
        let mut wire = world.connect();
        let head = post(
            path,
            &format!("Content-Length: {length}\r\nExpect: 100-continue\r\n"),
        );
        wire.send(head.as_bytes());
        // There is no "100 Continue" before it.
        let reply = wire.reply().expect("an answer");
        assert_eq!(reply.status, 413);
        assert!(reply.text().starts_with("{\"error\":"));
    }
}

#[test]
fn a_caller_who_sends_on_gets_to_read_the_refusal() {
    let world = small();
    for (path, status) in [
        ("/api/echo", 413),
        ("/api/mine", 400),
        ("/api/nothing", 404),
    ] {
        let mut wire = world.connect();
        wire.send(post(path, "Content-Length: 7000000\r\n").as_bytes());
        wire.send(&vec![b'x'; 7_000_000]);
        assert_eq!(
            wire.reply().map(|reply| reply.status),
            Some(status),
            "{path}"
        );
    }
}

#[test]
fn a_body_without_an_end_is_refused() {
    let world = small();
    for path in ["/api/echo", "/api/spool"] {
        let mut wire = world.connect();
        wire.send(post(path, "Transfer-Encoding: chunked\r\n").as_bytes());
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(4096));
        while wire.try_send(chunk.as_bytes()).is_ok() && !wire.has_answer() {}
        assert_eq!(wire.reply().expect("an answer").status, 413);
    }
}

#[test]
fn a_body_that_does_not_come_is_refused() {
    let world = start_with(|start| start.bounds.pace.pause = SHORT);
    let mut wire = world.connect();
    wire.send(post("/api/echo", "Content-Length: 10\r\n").as_bytes());
    wire.send(b"some");
    assert_eq!(wire.reply().expect("an answer").status, 408);
}

#[test]
fn a_body_that_trickles_is_refused() {
    let world = start_with(|start| {
        start.bounds.pace.grace = SHORT;
        start.bounds.pace.rate = 1_000_000;
    });
    let mut wire = world.connect();
    wire.send(post("/api/spool", "Content-Length: 100000000\r\n").as_bytes());
    while wire.try_send(b"x").is_ok() && !wire.has_answer() {}
    assert_eq!(wire.reply().expect("an answer").status, 408);
}

#[test]
fn a_caller_who_hangs_up_in_a_body_leaves_nothing_behind() {
    let world = start();
    let mut wire = world.connect();
    wire.send(post("/api/spool", "Content-Length: 1000000\r\n").as_bytes());
    wire.send(&vec![b'x'; 200_000]);
    wire.hang_up();
    let again = format!("{}{}", post("/api/spool", "Content-Length: 4\r\n"), "abcd");
    assert_eq!(world.ask(&again).text(), "file 4");
    let deadline = Instant::now() + DEADLINE;
    while spooled(&world) > 0 {
        assert!(Instant::now() < deadline);
    }
}

#[test]
fn a_stranger_cannot_spool() {
    let world = start();
    let mut wire = world.connect();
    let head = post(
        "/api/mine",
        "Content-Length: 100000000\r\nExpect: 100-continue\r\n",
    );
    wire.send(head.as_bytes());
    assert_eq!(wire.reply().expect("an answer").status, 400);
    assert_eq!(spooled(&world), 0);
}

#[test]
fn bodies_arrive_as_their_routes_want_them() {
    let world = small();
    let send = |path: &str, kind: &str, body: &str| {
        let length = body.len();
        let head = post(
            path,
            &format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n"),
        );
        world.ask(&format!("{head}{body}")).text().to_owned()
    };
    assert_eq!(send("/api/echo", "application/json", ""), "memory 0");
    assert_eq!(
        send("/api/echo", "application/json", &"x".repeat(1000)),
        "memory 1000"
    );
    assert_eq!(
        send("/api/spool", "image/jpeg", &"x".repeat(300_000)),
        "file 300000"
    );
    assert_eq!(send("/api/spool", "application/json", "{}"), "file 2");
    assert_eq!(
        send("/api/spool", "application/x-www-form-urlencoded", "a=b"),
        "memory 3"
    );
}

#[test]
fn a_body_in_pieces_is_put_together() {
    let world = start();
    let mut wire = world.connect();
    wire.send(
        post(
            "/api/echo",
            "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n",
        )
        .as_bytes(),
    );
    assert_eq!(wire.head_reply().expect("an answer").status, 100);
    for _ in 0..50 {
        wire.send(b"5\r\nabcde\r\n");
    }
    wire.send(b"0\r\n\r\n");
    assert_eq!(wire.reply().expect("an answer").text(), "memory 250");
    // The connection goes on.
    wire.send(post("/api/echo", "Content-Length: 2\r\n").as_bytes());
    wire.send(b"ab");
    assert_eq!(wire.reply().expect("an answer").text(), "memory 2");
}

fn form(world: &World, body: &str) -> super::world::Reply {
    let length = body.len();
    let head = post(
        "/api/spool",
        &format!("Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: {length}\r\n"),
    );
    world.ask(&format!("{head}{body}"))
}

#[test]
fn a_form_that_is_broken_is_refused() {
    let world = small();
    assert_eq!(form(&world, "no boundary").status, 400);
    let open = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nb";
    assert_eq!(form(&world, open).status, 400);
    let parts = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n".repeat(193);
    assert_eq!(form(&world, &format!("{parts}--XX--\r\n")).status, 413);
    let long = format!("{open}{}\r\n--XX--\r\n", "x".repeat(270_000));
    assert_eq!(form(&world, &long).status, 413);
}

#[test]
fn the_files_of_a_form_are_spooled_and_its_fields_kept() {
    let world = small();
    let body = "--XX\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nfamily\r\n\
        --XX\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a b.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nfirst\r\n\
        --XX\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"\"\r\n\r\n\r\n\
        --XX\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"c.png\"\r\n\r\nsecond\r\n--XX--\r\n";
    assert_eq!(
        form(&world, body).text(),
        r#"[("to", "family")] photo/a b.jpg/image/jpeg=first photo/c.png/=second"#
    );
}

impl Wire<TcpStream> {
    /// Whether the server has begun to answer.
    fn has_answer(&self) -> bool {
        let socket = self.socket();
        socket.set_nonblocking(true).expect("a socket");
        let peeked = socket.peek(&mut [0]);
        socket.set_nonblocking(false).expect("a socket");
        matches!(peeked, Ok(1..))
    }
}
