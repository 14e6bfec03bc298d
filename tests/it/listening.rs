//! Listening to feeds and inboxes by server-sent events.

use crate::harness::http::{encode, read_all};
use crate::harness::{Activity, Person, Pump, Request, comment, note, public};
use crate::pages::log_in;
use serde_json::{Value, json};

/// `/api/user/<nickname>/<name>/stream`
fn stream(person: &Person, name: &str) -> String {
    person.path(&format!("{name}/stream"))
}

#[test]
fn who_may_not_read_may_not_listen() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    for name in [
        "inbox",
        "inbox/major",
        "inbox/minor",
        "inbox/direct",
        "inbox/direct/major",
        "inbox/direct/minor",
    ] {
        let path = stream(&evan, name);
        assert_eq!(pump.nobody().get(&path).refused(401), "Not logged in.");
        assert!((400..=401).contains(&pump.client().get(&path).status));
        assert_eq!(ann.get(&path).refused(401), "Not authorized");
    }
    let feed = stream(&evan, "feed");
    assert_eq!(pump.nobody().get(&feed).refused(401), "Not logged in.");
    assert_eq!(
        evan.get("/api/user/nobody/feed/stream").refused(404),
        evan.get("/api/user/nobody/feed").refused(404)
    );
    evan.send(Request::post(&feed)).refused(405);
}

#[test]
fn an_activity_comes_to_those_who_listen_where_it_appears() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let everywhere = [
        (&evan, "feed"),
        (&evan, "feed/major"),
        (&evan, "inbox"),
        (&evan, "inbox/major"),
        (&ann, "inbox"),
        (&ann, "inbox/major"),
        (&ann, "inbox/direct"),
        (&ann, "inbox/direct/major"),
    ];
    let mut ears = everywhere.map(|(person, name)| person.listen(&stream(person, name)));
    let minor = [
        (&evan, "feed/minor"),
        (&evan, "inbox/minor"),
        (&ann, "inbox/minor"),
        (&ann, "inbox/direct/minor"),
    ];
    let mut minor_ears = minor.map(|(person, name)| person.listen(&stream(person, name)));
    for ear in ears.iter_mut().chain(&mut minor_ears) {
        ear.place();
    }
    let posted = evan.post(note("hello").to(public()).cc(&ann).to(&ann).bcc(&evan));
    for (ear, (person, name)) in ears.iter_mut().zip(everywhere) {
        let activity = ear.activity();
        assert_eq!(activity["id"], posted["id"], "{} {name}", person.nickname);
        assert_eq!(activity["object"]["content"], "hello");
    }
    let said = evan.post(comment("me too", &posted["object"]));
    for (ear, (person, name)) in minor_ears.iter_mut().zip(minor) {
        let activity = ear.activity();
        assert_eq!(activity["id"], said["id"], "{} {name}", person.nickname);
    }
}

#[test]
fn the_answer_is_one_that_proxies_and_browsers_let_through() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut ear = evan.listen(&stream(&evan, "inbox"));
    ear.place();
    assert_eq!(ear.retry(), Some("3000"));
    assert!(ear.head.starts_with("http/1.1 200 "), "{}", ear.head);
    for line in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
    ] {
        assert!(ear.head.contains(line), "{line} is not in {}", ear.head);
    }
    for line in ["content-length", "content-encoding", "etag"] {
        assert!(!ear.head.contains(line), "{line} is in {}", ear.head);
    }
    let head = evan.send(Request::new("HEAD", &stream(&evan, "inbox")));
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), "text/event-stream");
    assert!(head.body.is_empty());
}

/// pump-api.md §4.9.5, D10, D32
#[test]
fn everybody_gets_what_they_may_see_as_they_see_it() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    ann.follow(&evan);
    let feed = stream(&evan, "feed");
    let mut own = evan.listen(&feed);
    let mut anns = ann.listen(&feed);
    let mut beas = bea.listen(&feed);
    let mut clients = pump.client().listen(&feed);
    for ear in [&mut own, &mut anns, &mut beas, &mut clients] {
        ear.place();
    }
    let secret = evan.post(note("for ann").to(&ann).bcc(&bea));
    let open = evan.post(note("for all").to(public()));
    assert_eq!(own.activity()["bcc"][0]["id"], bea.id());
    assert_eq!(own.activity()["id"], open["id"]);
    for ear in [&mut anns, &mut beas] {
        let activity = ear.activity();
        assert_eq!(activity["id"], secret["id"]);
        assert!(activity.get("bcc").is_none() && activity.get("bto").is_none());
        assert_eq!(activity["object"]["liked"], false);
        assert_eq!(ear.activity()["id"], open["id"]);
    }
    let public_one = clients.activity();
    assert_eq!(public_one["id"], open["id"], "the first is not for clients");
    assert!(public_one["object"].get("liked").is_none());
    let liked = ann.does("favorite", &open["object"]);
    let shared = evan.post(Activity(
        json!({ "verb": "share", "object": { "objectType": "note", "id": open["object"]["id"] }, "to": [public()] }),
    ));
    assert_eq!(liked["verb"], "favorite");
    let seen = anns.activity();
    assert_eq!(seen["id"], shared["id"]);
    assert_eq!(seen["object"]["liked"], true);
    assert_eq!(seen["object"]["pump_io"]["shared"], false);
    let seen = own.activity();
    assert_eq!(seen["object"]["liked"], false);
    assert_eq!(seen["object"]["pump_io"]["shared"], true);
}

#[test]
fn who_comes_back_gets_what_came_in_between() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let path = stream(&evan, "inbox");
    let mut ear = evan.listen(&path);
    let start = ear.place();
    let first = evan.post(note("one"));
    assert_eq!(ear.activity()["id"], first["id"]);
    let place = ear.place();
    drop(ear);
    let second = evan.post(note("two"));
    // The machine fails and comes back; what was answered is there.
    pump.kill();
    pump.start_again();
    let third = evan.post(note("three"));
    let mut ear = evan.listen_since(&path, Some(&place));
    for expected in [&second, &third] {
        assert_eq!(ear.activity()["id"], expected["id"]);
    }
    let fourth = evan.post(note("four"));
    assert_eq!(ear.activity()["id"], fourth["id"]);
    // The place from before the first event, in the address.
    let mut again = evan.listen(&format!("{path}?since={}", encode(&start)));
    for expected in [&first, &second, &third, &fourth] {
        assert_eq!(again.activity()["id"], expected["id"]);
    }
}

#[test]
fn an_empty_feed_can_be_resumed_too() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let path = stream(&evan, "inbox/direct/major");
    let mut ear = evan.listen(&path);
    let place = ear.place();
    drop(ear);
    let posted = evan.post(note("to myself").to(&evan));
    let mut ear = evan.listen_since(&path, Some(&place));
    assert_eq!(ear.activity()["id"], posted["id"]);
}

#[test]
fn a_gap_that_cannot_be_filled_is_told() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let path = stream(&evan, "feed");
    for unknown in ["nonsense", "http://other.test/api/activity/x", "%00"] {
        let mut ear = evan.listen_since(&path, Some(unknown));
        let event = ear.next();
        assert_eq!(event.name, "reset", "{}", event.data);
        let data: Value = serde_json::from_str(&event.data).expect("data is JSON");
        assert!(data["error"].is_string());
        // From here on all is well again, also for who comes back with the id that came along.
        let posted = evan.post(note("after the gap"));
        assert_eq!(ear.activity()["id"], posted["id"]);
        let mut again = evan.listen_since(&path, Some(&event.id));
        assert_eq!(again.activity()["id"], posted["id"]);
    }
    let mut ear = evan.listen(&path);
    let place = ear.place();
    drop(ear);
    for number in 0..201 {
        evan.post(note(&format!("note {number}")));
    }
    let mut ear = evan.listen_since(&path, Some(&place));
    assert_eq!(ear.next().name, "reset");
}

#[test]
fn a_browser_listens_with_its_session_until_it_logs_out() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    let mut ear = browser.listen(&stream(&evan, "inbox"));
    ear.place();
    let posted = evan.post(note("hello"));
    assert_eq!(ear.activity()["id"], posted["id"]);
    let logout = browser.open("/").form_to("/main/logout");
    browser.submit(&logout).expect(200);
    evan.post(note("not for the browser"));
    assert_eq!(ear.end(), []);
}

#[test]
fn who_is_removed_hears_nothing_more() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let mut ear = ann.listen(&stream(&evan, "feed"));
    ear.place();
    ann.delete("/api/user/ann").ok();
    evan.post(note("hello").to(public()));
    assert_eq!(ear.end(), []);
}

#[test]
fn listeners_are_sent_home_when_the_server_ends() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let mut ear = evan.listen(&stream(&evan, "inbox"));
    ear.place();
    pump.signal("TERM");
    assert_eq!(ear.end(), []);
    assert!(pump.ended().success());
    assert!(!pump.log().contains("not finished"), "{}", pump.log());
}

#[test]
fn who_does_not_read_is_dropped_and_comes_back_for_the_rest() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let path = stream(&evan, "feed");
    let mut slow = pump.site.connect();
    let request = evan.signed(Request::get(&path));
    let (_, proof) = &request.headers[0];
    let text = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {proof}\r\nConnection: close\r\n\r\n",
        pump.site.host
    );
    std::io::Write::write_all(&mut slow, text.as_bytes()).expect("sent");
    let long = "x".repeat(60_000);
    // What the kernel of both sides keeps is some megabytes; after that, 256 events may wait.
    let posted = 400;
    for _ in 0..posted {
        evan.post(note(&long));
    }
    let read = read_all(&mut slow);
    let events = read.matches("event: activity").count();
    assert!(events > 0 && events < posted, "{events} of {posted}");
}
