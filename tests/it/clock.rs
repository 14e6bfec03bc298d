//! A machine whose clock stands in the past: nothing leaves for other servers until it is right, and then all of it does.

use crate::harness::peer::Peer;
use crate::harness::people::{Caller, PASSWORD};
use crate::harness::pump::said;
use crate::harness::time::Clock;
use crate::harness::{Pump, Request, eventually, note};
use serde_json::json;

/// A server that lives by a clock, with its owner, who has a token: signatures of programs would not count.
fn server(clock: &Clock) -> (Pump, Caller) {
    let pump = Pump::within(clock.environment(), &["--federateLan=true"]);
    pump.runs(&["user", "add", "evan"], &format!("{PASSWORD}\n"));
    pump.give_to("evan");
    let token = pump.runs(&["user", "token", "evan", "--scope", "writeall"], "");
    let token = token.lines().last().expect("a token").to_owned();
    let evan = pump.nobody().bearing(&token);
    (pump, evan)
}

/// pump-api.md §6.4
#[test]
fn nothing_is_sent_before_the_clock_is_right() {
    let Some(clock) = Clock::behind(9000) else {
        return;
    };
    let (pump, evan) = server(&clock);
    let peer = Peer::start();
    let zoe = peer.person("zoe");
    let to_zoe = note("Hello").to(json!({ "objectType": "person", "id": zoe }));
    evan.post_to("/api/user/evan/feed", &to_zoe.0).ok();
    eventually(|| {
        pump.log()
            .contains("nothing is delivered until the clock is right")
    });

    // Who is asked, or asks, is told.
    peer.registers(&pump, "webfinger", &zoe).refused(503);
    pump.site
        .send(&Request::post("/api/dialback").form(&[("host", "pump.test"), ("token", "x")]))
        .refused(503);
    let waiting = evan.get("/api/owner/deliveries").ok();
    assert_eq!(waiting["totalItems"], 1);
    assert_eq!(waiting["items"][0]["failures"], 0);
    let problem = waiting["problem"].as_str().expect("a sentence");
    assert!(problem.contains("less than a minute"), "{problem}");
    assert!(
        problem.contains("before this program was made"),
        "{problem}"
    );
    let page = pump.browser_of("evan").open("/").expect(200);
    assert!(
        page.shows("Nothing is sent to other servers"),
        "{}",
        page.html()
    );
    let doctor = said(&pump.command(&["doctor", "--hostname", "pump.test"], ""));
    assert!(
        doctor.contains("warn  deliveries: Nothing is sent"),
        "{doctor}"
    );
    assert!(peer.heard("/").is_empty(), "{:?}", peer.heard("/"));

    clock.is_behind(0);
    eventually(|| peer.heard("/api/user/zoe/inbox").len() == 1);
    eventually(|| evan.get("/api/owner/deliveries").ok()["totalItems"] == 0);
    assert_eq!(evan.get("/api/owner/deliveries").ok().get("problem"), None);
    let page = pump.browser_of("evan").open("/").expect(200);
    assert!(!page.shows("Nothing is sent to other servers"));
    peer.registers(&pump, "webfinger", &zoe).ok();
}

#[test]
fn a_clock_before_the_newest_thing_is_not_right() {
    let Some(clock) = Clock::behind(0) else {
        return;
    };
    let (mut pump, evan) = server(&clock);
    let peer = Peer::start();
    let zoe = peer.person("zoe");
    let post = |text: &str| {
        let to_zoe = note(text).to(json!({ "objectType": "person", "id": zoe }));
        evan.post_to("/api/user/evan/feed", &to_zoe.0).ok();
    };
    post("one");
    eventually(|| peer.heard("/api/user/zoe/inbox").len() == 1);
    assert!(pump.stop().success());
    clock.is_behind(10);
    pump.start_again();
    post("two");
    let problem = evan.get("/api/owner/deliveries").ok()["problem"].to_string();
    assert!(problem.contains("the newest thing"), "{problem}");
    clock.is_behind(0);
    eventually(|| peer.heard("/api/user/zoe/inbox").len() == 2);
    pump.is_sound();
}
