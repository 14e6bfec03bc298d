//! What it costs that many listen: thousands of silent server-sent event streams, then as many WebSockets, and how soon
//! somebody among them hears of a post.

use crate::crowd::{Crowd, note};
use crate::parts::directory;
use crate::server::{Allocator, HOST, Server};
use crate::speech::{Connection, Request, begin};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How many listen.
const LISTENERS: usize = 10_000;

/// How many users they are.
const USERS: usize = 50;

/// Posts that are heard of.
const POSTS: u64 = 200;

/// Prints the table.
pub(crate) fn listeners() {
    println!("{LISTENERS} silent listeners, and somebody among them who hears of posts:\n");
    println!(
        "| listeners | RSS before, MiB | RSS, MiB | KiB each | post to event, p50 ms | p99 ms |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, open) in [
        ("server-sent events", event_stream as Open),
        ("WebSockets", web_socket),
    ] {
        let directory = directory();
        let server = Server::start(directory.path(), Allocator::Sparing);
        let crowd = Crowd::gather(&server, USERS);
        let before = server.rss_mib();
        let sockets: Vec<TcpStream> = (0..LISTENERS)
            .map(|number| open(&server, &crowd, number))
            .collect();
        let with = server.rss_mib();
        let (p50, p99) = latency(&server, &crowd);
        let each = (with - before) * 1024.0 / LISTENERS as f64;
        println!("| {name} | {before:.1} | {with:.1} | {each:.1} | {p50:.2} | {p99:.2} |");
        drop(sockets);
        server.stop();
    }
}

type Open = fn(&Server, &Crowd, usize) -> TcpStream;

fn event_stream(server: &Server, crowd: &Crowd, number: usize) -> TcpStream {
    let person = &crowd.followers[number % USERS];
    let path = person.path("inbox/direct/stream");
    let mut socket = begin(
        server.address,
        Some(&person.keys),
        &Request::get(&path, &[]),
    );
    read_to(&mut socket, "\n\n");
    socket
}

fn web_socket(server: &Server, _: &Crowd, _: usize) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).expect("the server accepts");
    let request = format!(
        "GET /main/realtime/sockjs/websocket HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n"
    );
    socket
        .write_all(request.as_bytes())
        .expect("the server takes the request");
    read_to(&mut socket, "/challenge\"");
    socket
}

/// Milliseconds from the begin of a post to the event at a follower: median and 99th percentile.
fn latency(server: &Server, crowd: &Crowd) -> (f64, f64) {
    let reader = &crowd.followers[0];
    let path = reader.path("inbox/major/stream");
    let mut ear = begin(
        server.address,
        Some(&reader.keys),
        &Request::get(&path, &[]),
    );
    read_to(&mut ear, "\n\n");
    let mut line = Connection::open(server.address);
    let feed = crowd.author.path("feed");
    let mut all: Vec<Duration> = (0..POSTS)
        .map(|number| {
            let since = Instant::now();
            line.ask(
                Some(&crowd.author.keys),
                &Request::post(&feed, &note(number)),
            );
            read_to(&mut ear, "event: activity");
            since.elapsed()
        })
        .collect();
    all.sort_unstable();
    let at = |part: usize| all[all.len() * part / 100].as_secs_f64() * 1000.0;
    (at(50), at(99))
}

/// Reads until a text has come, and what comes with it.
fn read_to(socket: &mut TcpStream, wanted: &str) {
    let mut all = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let read = socket.read(&mut piece).expect("the server speaks");
        assert!(read > 0, "the server hung up");
        all.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&all);
        // The head of an answer ends otherwise than an event does.
        if text.contains(wanted) {
            return;
        }
    }
}
