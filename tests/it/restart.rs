//! What was acknowledged is still there after a stop, and after a machine that fails.

use crate::harness::{Person, Pump, comment, note, public};
use serde_json::Value;

/// Everything that Ann and Evan can see.
fn state(evan: &Person, ann: &Person, posted: &Value) -> Vec<Value> {
    let mut pages = Vec::new();
    for person in [evan, ann] {
        for name in [
            "feed",
            "feed/major",
            "feed/minor",
            "inbox",
            "inbox/major",
            "inbox/minor",
            "inbox/direct",
            "followers",
            "following",
            "favorites",
            "lists/person",
            "profile",
        ] {
            pages.push(person.get(&person.path(name)).ok());
        }
    }
    pages.push(ann.read(posted).ok());
    pages.push(ann.read(&posted["object"]).ok());
    for stream in ["likes", "replies", "shares"] {
        pages.push(ann.stream_of(&posted["object"], stream).page());
    }
    pages.push(ann.get("/api/users").ok());
    pages
}

/// A little of everything.
fn live(evan: &Person, ann: &Person) -> Value {
    ann.follow(evan);
    let posted = evan.post(note("remember me").to(public()));
    let object = &posted["object"];
    ann.does("like", object);
    ann.does("share", object);
    ann.post(comment("I will", object));
    evan.post(note("for ann").to(ann));
    posted
}

#[test]
fn a_stopped_server_remembers_everything() {
    let mut pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = live(&evan, &ann);
    crate::harness::eventually(|| ann.inbox().major().says("for ann"));
    let before = state(&evan, &ann, &posted);
    pump.restart();
    assert_eq!(state(&evan, &ann, &posted), before);
    evan.post(note("and it goes on"));
}

#[test]
fn a_killed_server_remembers_everything() {
    let mut pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = live(&evan, &ann);
    crate::harness::eventually(|| ann.inbox().major().says("for ann"));
    let before = state(&evan, &ann, &posted);
    pump.kill();
    pump.start_again();
    assert_eq!(state(&evan, &ann, &posted), before);
    evan.post(note("and it goes on"));
}

#[test]
fn both_signals_stop_it_well() {
    for signal in ["TERM", "INT"] {
        let mut pump = Pump::start();
        pump.signal(signal);
        assert!(pump.ended().success(), "{signal}: {}", pump.log());
    }
}

#[test]
fn idle_connections_do_not_hold_up_a_stop() {
    let mut pump = Pump::start();
    let idle: Vec<_> = (0..5).map(|_| pump.site.connect()).collect();
    assert!(pump.is_well());
    assert!(pump.stop().success());
    drop(idle);
}
