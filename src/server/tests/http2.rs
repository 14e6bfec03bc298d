//! HTTP/2 without TLS, by prior knowledge, frame by frame (RFC 9113).

use super::world::{Wire, start};
use std::io::{Read, Write};

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut bytes = vec![
        length[1], length[2], length[3], kind, flags, 0, 0, 0, stream,
    ];
    bytes.extend_from_slice(payload);
    bytes
}

/// The start of a connection and one `GET`, as literal fields without a table (RFC 7541 §6.2.2).
pub(super) fn opening(path: &str) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    // :method GET, :scheme http, :path, :authority
    let mut fields = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).expect("short")];
    fields.extend_from_slice(path.as_bytes());
    fields.extend_from_slice(&[0x01, 4]);
    fields.extend_from_slice(b"here");
    // END_STREAM and END_HEADERS
    bytes.extend(frame(HEADERS, 0x5, 1, &fields));
    bytes
}

/// Reads frames up to the end of stream 1: the first byte of its header block (0x88 is `:status 200`, 0x8d 404) and its
/// data.
pub(super) fn answer<S: Read + Write>(wire: &mut Wire<S>) -> (u8, String) {
    let (mut status, mut data) = (0, Vec::new());
    loop {
        let head = wire.bytes(9);
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let payload = wire.bytes(length);
        assert_ne!(head[3], GOAWAY, "{payload:?}");
        if head[8] == 1 {
            match head[3] {
                HEADERS => status = payload[0],
                0 => data.extend(payload),
                _ => {}
            }
            if head[4] & 1 == 1 {
                return (status, String::from_utf8(data).expect("text"));
            }
        }
    }
}

#[test]
fn http2_is_spoken_with_who_begins_so() {
    let world = start();
    for (path, status, text) in [
        ("/api/user/Ann", 0x88, "GET Ann /api/user/Ann?"),
        ("/a/b/c", 0x8d, "There is nothing at this address."),
    ] {
        let mut wire = world.connect();
        wire.send(&opening(path));
        assert_eq!(answer(&mut wire), (status, text.to_owned()));
    }
}

#[test]
fn the_beginning_may_come_byte_by_byte() {
    let world = start();
    let mut wire = world.connect();
    for byte in opening("/api/user/x") {
        wire.send(&[byte]);
    }
    assert_eq!(answer(&mut wire).0, 0x88);
    let mut wire = world.connect();
    for byte in b"PRI HTTP/1.1\r\n\r\n" {
        drop(wire.try_send(&[*byte]));
    }
    assert!(wire.reply().is_none_or(|reply| reply.status == 400));
}
