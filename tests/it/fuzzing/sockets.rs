//! What comes on a socket once it is a WebSocket.

use super::mutation::Mutator;
use super::{end_of_run, still_well};
use crate::harness::Pump;
use crate::harness::chance::Chance;
use crate::harness::http::read_all;
use crate::harness::realtime::SOCKJS;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::time::Instant;

/// A frame of a client (RFC 6455 §5.2), with a mask of zeros.
fn frame(first: u8, text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("short");
    let long = [first, 0x80 | 126, 0, length, 0, 0, 0, 0];
    let short = [first, 0x80 | length, 0, 0, 0, 0];
    let head: &[u8] = if length < 126 { &short } else { &long };
    [head, text.as_bytes()].concat()
}

#[test]
fn frames_of_websockets() {
    let pump = Pump::start();
    let (mut chance, _) = Chance::seeded();
    let samples = [
        frame(
            0x81,
            &json!({ "cmd": "follow", "url": "http://pump.test/api/user/evan/feed" }).to_string(),
        ),
        frame(0x81, &json!({ "cmd": "request" }).to_string()),
        [
            frame(0x01, "{\"cmd\""),
            frame(0x00, ":"),
            frame(0x89, "ping"),
            frame(0x80, "1}"),
        ]
        .concat(),
        frame(0x88, "\u{3}\u{0}bye"),
        frame(0x82, "bytes"),
        vec![0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    let mutator = Mutator::new(&samples, &["\u{1}", "\u{0}", "~", "\u{7f}", "{", "\"", "a"]);
    let deadline = end_of_run();
    let mut sockets = 0_u64;
    while Instant::now() < deadline {
        let input = mutator.draw(&mut chance);
        let mut stream = pump.site.connect();
        let ask = format!(
            "GET {SOCKJS}/websocket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        stream
            .write_all(ask.as_bytes())
            .expect("the server listens");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the server answers");
            head.extend(byte);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", head.escape_ascii());
        // The server may end the socket before it has read all.
        let _ = stream.write_all(&input);
        let _ = stream.shutdown(Shutdown::Write);
        read_all(&mut stream);
        sockets += 1;
    }
    still_well(&pump, "websocket", &format!("{sockets} sockets"));
}
