//! What this server says to another one, in the order and the form that real pump.io servers were recorded with. The other
//! server is played by the test.

use crate::harness::documents::note;
use crate::harness::http::decode_form;
use crate::harness::peer::{Heard, Peer, Said};
use crate::harness::{Person, Pump, eventually, pump};
use serde_json::{Value, json};

/// A user here who follows somebody there, and what the other server heard of it.
fn follow() -> (Pump, Person, Peer, Vec<Heard>) {
    let pump = Pump::with(&["--federateLan=true"]);
    let alice = pump.register("alice");
    let peer = Peer::start();
    let bob = peer.person("bob");
    alice.does("follow", &json!({ "objectType": "person", "id": bob }));
    eventually(|| !peer.heard("/api/user/bob/inbox").is_empty());
    let heard = peer.heard("/");
    (pump, alice, peer, heard)
}

fn path(heard: &Heard) -> &str {
    heard.target.split('?').next().unwrap_or_default()
}

/// pump-api.md §6.3 [W], §6.5 [W]
#[test]
fn a_first_delivery_asks_in_the_order_of_pump_io() {
    let (_pump, _alice, _peer, heard) = follow();
    let order: Vec<&str> = heard.iter().map(path).collect();
    assert_eq!(
        order,
        [
            "/.well-known/host-meta.json",
            "/.well-known/webfinger",
            "/api/client/register",
            "/api/user/bob/profile",
            "/api/client/register",
            "/api/user/bob/inbox",
        ]
    );
}

/// pump-api.md §6.5
#[test]
fn a_server_that_asks_to_be_left_alone_is_asked_again_then_and_counts_as_well() {
    let pump = Pump::with(&["--federateLan=true"]);
    let alice = pump.register("alice");
    let said = pump::said(&pump.command(&["user", "owner", "alice"], ""));
    assert!(said.contains("alice"), "{said}");
    let peer = Peer::start();
    let bob = peer.person("bob");
    let busy = |status| Said {
        status,
        headers: vec![("Retry-After".to_owned(), "1".to_owned())],
        body: Vec::new(),
    };
    let answers = [
        ("/.well-known/host-meta.json", 503),
        ("/api/client/register", 503),
        ("/api/user/bob/inbox", 429),
    ];
    let well = answers.map(|(address, status)| {
        let well = peer.answer_at(address);
        peer.says(address, busy(status));
        well
    });
    alice.does("follow", &json!({ "objectType": "person", "id": bob }));
    for ((address, status), well) in answers.into_iter().zip(well) {
        eventually(|| peer.heard(address).len() >= 2);
        let queue = alice.get("/api/owner/deliveries").ok()["items"][0].clone();
        assert_eq!(queue["failures"], 0, "{queue}");
        let why = queue["error"].as_str().expect("a reason");
        assert!(why.contains(&status.to_string()), "{queue}");
        peer.says(address, well);
    }
    eventually(|| alice.get("/api/owner/deliveries").ok()["totalItems"] == 0);
}

/// pump-api.md §6.4 [W], §6.5 [W]
#[test]
fn registrations_and_deliveries_have_the_headers_of_pump_io() {
    let (_pump, _alice, peer, heard) = follow();
    let registered: Vec<&Heard> = heard
        .iter()
        .filter(|heard| path(heard) == "/api/client/register")
        .collect();
    for (heard, who) in registered
        .iter()
        .zip(["host=\"pump.test\"", "webfinger=\"alice@pump.test\""])
    {
        let proof = &heard.headers["authorization"];
        let start = format!("Dialback {who}, token=\"");
        assert!(proof.starts_with(&start) && proof.ends_with('"'), "{proof}");
        assert!(heard.headers["date"].ends_with(" GMT"));
        assert!(heard.headers["user-agent"].starts_with("dialback-client/"));
        let fields = decode_form(&heard.body);
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["type", "application_type", "application_name"]);
        assert_eq!(fields[0].1, "client_associate");
        assert_eq!(fields[1].1, "web");
    }
    let delivered = heard.last().expect("a delivery");
    assert_eq!(delivered.headers["content-type"], "application/json");
    assert!(delivered.headers["user-agent"].starts_with("pump.io/"));
    let proof = delivered.headers["authorization"].strip_prefix("OAuth ");
    let fields: Vec<&str> = proof
        .expect("a proof")
        .split(',')
        .map(|field| field.split('=').next().unwrap_or_default())
        .collect();
    assert_eq!(
        fields,
        [
            "oauth_consumer_key",
            "oauth_nonce",
            "oauth_signature_method",
            "oauth_timestamp",
            "oauth_version",
            "oauth_signature",
        ]
    );
    assert!(peer.heard("/api/dialback").is_empty());
}

/// pump-api.md §6.5 [W]
#[test]
fn what_is_delivered_has_the_members_of_pump_io() {
    let (_pump, alice, peer, heard) = follow();
    let follow: Value =
        serde_json::from_str(&heard.last().expect("a delivery").body).expect("JSON");
    let has = |value: &Value, pointers: &[&str]| {
        for pointer in pointers {
            assert!(value.pointer(pointer).is_some(), "{pointer} in {value}");
        }
    };
    has(
        &follow,
        &[
            "/id",
            "/verb",
            "/url",
            "/content",
            "/published",
            "/updated",
            "/links/self/href",
            "/actor/id",
            "/actor/url",
            "/actor/displayName",
            "/actor/preferredUsername",
            "/actor/links/activity-inbox/href",
            "/actor/links/activity-outbox/href",
            "/actor/links/self/href",
            "/actor/followers/url",
            "/actor/following/url",
            "/actor/favorites/url",
            "/actor/lists/url",
            "/actor/followers/totalItems",
            "/object/id",
            "/generator/id",
            "/generator/displayName",
            "/to/0/id",
            "/cc/0/id",
            "/cc/0/members/url",
            "/cc/0/author/id",
        ],
    );
    assert_eq!(follow["actor"]["id"], alice.id());
    let bob = follow["object"]["id"].clone();
    let to = json!({ "objectType": "person", "id": bob });
    alice.post(note("For you").to(to.clone()).bcc(to));
    eventually(|| peer.heard("/api/user/bob/inbox").len() == 2);
    let posted = peer.heard("/api/user/bob/inbox").pop().expect("a delivery");
    let posted: Value = serde_json::from_str(&posted.body).expect("JSON");
    has(
        &posted,
        &[
            "/object/id",
            "/object/url",
            "/object/content",
            "/object/links/self/href",
            "/object/likes/url",
            "/object/replies/url",
            "/object/shares/url",
        ],
    );
    let text = posted.to_string();
    assert!(posted.get("bcc").is_none() && posted.get("bto").is_none());
    assert!(!text.contains("\"_"), "private members leave: {text}");
    // Nothing is asked twice that is known.
    assert_eq!(peer.heard("/api/client/register").len(), 2);
    assert_eq!(peer.heard("/.well-known/").len(), 2);
}

/// pump-api.md §6.5
#[test]
fn a_host_that_has_forgotten_our_key_is_registered_with_again() {
    let (_pump, alice, peer, _heard) = follow();
    let said = |status| crate::harness::peer::Said {
        status,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let bob =
        json!({ "objectType": "person", "id": format!("{}/api/user/bob/profile", peer.base) });
    peer.says("/api/user/bob/inbox", said(401));
    alice.post(note("Who are you?").to(bob.clone()));
    eventually(|| peer.heard("/api/client/register").len() == 3);
    eventually(|| peer.heard("/api/user/bob/inbox").len() == 3);

    // What is refused for good is not sent again, and holds nothing up.
    let refused = Peer::start();
    let carol = refused.person("carol");
    refused.says("/api/user/carol/inbox", said(400));
    let carol = json!({ "objectType": "person", "id": carol });
    for text in ["one", "two"] {
        alice.post(note(text).to(carol.clone()));
    }
    eventually(|| refused.heard("/api/user/carol/inbox").len() == 2);
}
