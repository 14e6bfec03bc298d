//! What was posted before somebody followed across servers: it is there afterwards, in the places of its time.

use crate::harness::documents::{followers_of, note, public};
use crate::harness::peer::Peer;
use crate::harness::people::Person;
use crate::harness::{Pump, eventually, network};
use serde_json::{Value, json};

/// Posts of somebody who is followed, more than are fetched.
const POSTS: usize = 23;

/// How many of them come.
const FETCHED: usize = 20;

/// A time of the past as it is written, a minute later for each.
fn time(number: usize) -> String {
    format!("2026-01-02T03:{number:02}:00Z")
}

fn posts(person: &Person) {
    for number in 0..POSTS {
        let text = format!("open {number}");
        person.post(
            note(&text)
                .to(public())
                .with("published", time(number))
                .object_with("published", time(number)),
        );
    }
    person.post(note("for few").cc(followers_of(person)));
}

fn newest(word: &str) -> Vec<String> {
    (POSTS - FETCHED..POSTS)
        .rev()
        .map(|number| format!("{word} {number}"))
        .collect()
}

fn contents(items: &[Value], word: &str) -> Vec<String> {
    let texts = items
        .iter()
        .filter_map(|item| item["object"]["content"].as_str());
    texts
        .filter(|text| text.starts_with(word))
        .map(str::to_owned)
        .collect()
}

/// pump-api.md §6.8
#[test]
fn who_follows_somebody_elsewhere_finds_what_was_posted_before() {
    network::inside(
        "backfill::who_follows_somebody_elsewhere_finds_what_was_posted_before",
        || {
            let mut a = network::server(0, &[]);
            let mut b = network::server(1, &[]);
            let [alice, carol] = a.register_all(["alice", "carol"]);
            let bob = b.register("bob");
            posts(&bob);
            let own = alice.post(note("my own").to(public()));
            for (who, is_first) in [(&alice, true), (&carol, false)] {
                who.follow(&bob);
                eventually(|| {
                    contents(&who.inbox().major().items_at("count=200"), "open") == newest("open")
                });
                eventually(|| bob.followers().has(&who.reference()));
                let items = who.inbox().major().items_at("count=200");
                assert!(
                    !items
                        .iter()
                        .any(|item| item["object"]["content"] == "for few")
                );
                if is_first {
                    assert_eq!(items[0]["id"], own["id"], "what is older stands below");
                }
                let got = items
                    .iter()
                    .find(|item| item["object"]["content"] == "open 22");
                let got = got.expect("it is there");
                assert_eq!(got["published"], time(22));
                assert_eq!(got["actor"]["id"], bob.id());
                assert!(got["received"].is_string());
            }
            // What is posted from now on comes on top, and nothing twice.
            let last = bob.post(note("open last").to(public()));
            eventually(|| alice.inbox().major().items()[0]["id"] == last["id"]);
            let all = contents(&alice.inbox().items_at("count=200"), "open");
            assert_eq!(all.len(), FETCHED + 1, "{all:?}");
            a.is_sound();
            b.is_sound();
        },
    );
}

/// pump-api.md §6.6, D6, D7
#[test]
fn of_a_feed_elsewhere_nothing_is_believed_that_is_not_its_owners() {
    let mut pump = Pump::with(&["--federateLan=true"]);
    let evan = pump.register("evan");
    let mine = evan.post(note("Mine").to(public()));
    let peer = Peer::start();
    let [zoe, yan] = ["zoe", "yan"].map(|name| peer.person(name));
    let at = |path: &str| format!("{}/api/{path}", peer.base);
    peer.knows(
        &zoe,
        &[
            ("self", &zoe),
            ("activity-inbox", &at("user/zoe/inbox")),
            ("activity-outbox", &at("user/zoe/feed")),
        ],
    );
    let item = |name: &str| {
        json!({
            "verb": "post", "id": at(&format!("activity/{name}")),
            "actor": { "objectType": "person", "id": zoe, "displayName": "zoe" },
            "object": { "objectType": "note", "id": at(&format!("note/{name}")), "content": name },
            "published": "2026-01-02T03:04:05Z", "to": [public()],
        })
    };
    let with = |name: &str, path: &str, value: Value| {
        let mut item = item(name);
        *item.pointer_mut(path).expect("it is there") = value;
        item
    };
    let mut authored = item("by yan");
    authored["object"]["author"] = json!({ "objectType": "person", "id": yan });
    let items = json!([
        item("fine"),
        with("of yan", "/actor/id", json!(yan)),
        with("of evan", "/actor/id", json!(evan.id())),
        with("foreign", "/id", json!("http://other.test/api/activity/1")),
        with("ours", "/id", mine["id"].clone()),
        with(
            "foreign note",
            "/object/id",
            json!("http://other.test/api/note/1")
        ),
        with("our note", "/object/id", mine["object"]["id"].clone()),
        with("secret", "/to", json!([evan.reference()])),
        with("like", "/verb", json!("like")),
        authored,
        "nonsense",
        item("fine"),
        item("also fine"),
    ]);
    peer.json(
        "/api/user/zoe/feed/major?count=20",
        &json!({ "totalItems": 13, "items": items }),
    );
    evan.does("follow", &json!({ "objectType": "person", "id": zoe }));
    eventually(|| evan.inbox().says("fine"));
    let asked = peer.heard("/api/user/zoe/feed/major").pop().expect("asked");
    assert!(
        asked.headers["authorization"].starts_with("OAuth "),
        "{asked:?}"
    );
    let mut got: Vec<Value> = evan.inbox().items();
    got.retain(|item| item["actor"]["id"] != evan.id().as_str());
    let mut texts = contents(&got, "");
    texts.retain(|text| !text.contains("Welcome"));
    assert_eq!(texts, ["fine", "also fine"]);
    assert_eq!(evan.read(&mine["object"]).ok()["content"], "Mine");
    pump.is_sound();
}

/// pump-api.md §6.5
#[test]
fn a_new_follower_elsewhere_is_brought_what_was_posted_for_all() {
    let pump = Pump::with(&["--federateLan=true"]);
    let evan = pump.register("evan");
    posts(&evan);
    let peer = Peer::start();
    let mallory = peer.person("mallory");
    let key = peer.key(&pump, "webfinger", &mallory);
    let mut number = 0;
    let mut does = |verb: &str| {
        number += 1;
        let done = json!({
            "verb": verb, "id": format!("{}/api/activity/{number}", peer.base),
            "actor": { "objectType": "person", "id": mallory, "displayName": "mallory" },
            "object": evan.reference(), "to": [evan.reference()],
        });
        peer.push(&pump, &key, &evan, &done).ok();
    };
    let brought = || -> Vec<String> {
        let heard = peer.heard("/api/user/mallory/inbox");
        let bodies = heard
            .iter()
            .map(|heard| serde_json::from_str(&heard.body).expect("JSON"));
        let bodies: Vec<Value> = bodies.collect();
        contents(&bodies, "")
    };
    does("follow");
    let mut expected = newest("open");
    expected.reverse();
    eventually(|| brought().len() == FETCHED);
    assert_eq!(brought(), expected, "the oldest first");
    // Who comes back is not brought it again.
    does("stop-following");
    does("follow");
    evan.post(note("after").to(public()));
    expected.push("after".to_owned());
    eventually(|| brought().len() > FETCHED);
    assert_eq!(brought(), expected);
}
