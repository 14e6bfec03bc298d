//! The server's end: nothing more is accepted, what is in flight is finished, within bounds.

use super::world::{open_gate, start, start_with, wait_for_arrivals, wait_for_ends};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn a_request_in_flight_is_finished_and_idle_connections_do_not_hold_the_server() {
    let mut world = start();
    let mut idle = world.connect();
    idle.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(idle.reply().expect("an answer").status, 200);
    let mut silent = world.connect();
    let mut busy = world.connect();
    busy.send(b"GET /api/gate?gate=last HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for_arrivals("last", 1);
    world.ask_to_end();
    assert!(idle.is_closed());
    assert!(silent.is_closed());
    assert!(TcpStream::connect(world.address).is_err());
    open_gate("last");
    let reply = busy.reply().expect("an answer");
    assert_eq!(reply.text(), "through");
    assert!(busy.is_closed());
    assert!(world.wait_for_end());
}

#[test]
fn work_whose_caller_hung_up_is_waited_for() {
    let mut world = start();
    let mut wire = world.connect();
    wire.send(b"GET /api/gate?gate=orphan HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for_arrivals("orphan", 1);
    wire.hang_up();
    world.ask_to_end();
    open_gate("orphan");
    assert!(world.wait_for_end());
    wait_for_ends("orphan", 1);
}

#[test]
fn a_request_that_does_not_end_is_left_behind() {
    let mut world = start_with(|start| start.bounds.finish_time = Duration::from_millis(200));
    let mut wire = world.connect();
    wire.send(b"GET /api/gate?gate=never HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for_arrivals("never", 1);
    world.ask_to_end();
    assert!(!world.wait_for_end());
    assert!(wire.is_closed());
    open_gate("never");
}
