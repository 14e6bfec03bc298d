//! Servers of another kind that hear of what is posted: a firehose, told of what is public, and one that tells spam. Both are
//! played by the test.

use crate::harness::documents::followers_of;
use crate::harness::peer::{Heard, Peer, Said};
use crate::harness::{Pump, eventually, note, public};
use serde_json::{Value, json};

/// What a peer was told at an address, without the questions.
fn told(peer: &Peer, target: &str) -> Vec<Value> {
    let heard = peer.heard(target).into_iter();
    let told = heard.filter(|heard| !heard.body.is_empty());
    told.map(|heard| serde_json::from_str(&heard.body).expect("JSON"))
        .collect()
}

/// Lets a peer take pings.
fn takes_pings(peer: &Peer) {
    let allow = ("Allow".to_owned(), "GET, POST".to_owned());
    peer.says(
        "/ping",
        Said {
            status: 200,
            headers: vec![allow],
            body: Vec::new(),
        },
    );
}

fn host(peer: &Peer) -> &str {
    peer.base.trim_start_matches("http://")
}

/// pump-api.md §6.11, D30
#[test]
fn a_firehose_is_told_of_what_is_public() {
    let peer = Peer::start();
    let pump = Pump::with(&["--federateLan=true", "--firehose", host(&peer)]);
    let evan = pump.register("evan");
    // What is not there stops nobody; it is looked for again by the next run.
    evan.post(note("lost").to(public()));
    eventually(|| pump.log().contains("the firehose is not told"));
    takes_pings(&peer);
    let mut pump = pump;
    pump.restart();

    evan.post(note("for few").to(followers_of(&evan)));
    let first = evan.post(note("for all").to(public()));
    let second = evan.post(note("and for all").cc(public()));
    eventually(|| told(&peer, "/ping").len() == 2);
    let told = told(&peer, "/ping");
    for (told, posted) in told.iter().zip([&first, &second]) {
        assert_eq!(told["id"], posted["id"]);
        assert_eq!(told["actor"]["id"], evan.id());
        assert_eq!(told["object"]["content"], posted["object"]["content"]);
    }
    let asked = |heard: &Heard| heard.body.is_empty();
    let asked = peer
        .heard("/ping")
        .iter()
        .filter(|heard| asked(heard))
        .count();
    assert_eq!(asked, 2, "once by each run");
}

/// pump-api.md §6.12
#[test]
fn what_a_spam_server_calls_spam_is_refused() {
    let peer = Peer::start();
    let pump = Pump::with(&[
        "--federateLan=true",
        "--spamhost",
        &peer.base,
        "--spamclientid",
        "our-key",
        "--spamclientsecret",
        "our-secret",
    ]);
    let evan = pump.register("evan");
    let zoe = json!({ "objectType": "person", "id": "acct:zoe@other.example" });
    let says = |is_spam: bool| {
        peer.json(
            "/is-this-spam",
            &json!({ "isSpam": is_spam, "probability": 0.5 }),
        );
    };
    says(true);
    let spam = note("Buy now").to(public()).bcc(zoe);
    let why = evan.try_post(spam).refused(400);
    assert_eq!(why, "Looks like spam");
    let mut browser = pump.browser_of("evan");
    let form = browser
        .open("/main/compose")
        .form("composer")
        .fill("content", "Buy now");
    let page = browser.submit(&form).expect(400);
    assert!(page.shows("Looks like spam"), "{}", page.html());
    assert!(!evan.feed().page().to_string().contains("Buy now"));
    let asked = peer.heard("/is-this-spam");
    let proof = &asked[0].headers["authorization"];
    assert!(
        proof.starts_with("OAuth ") && proof.contains("oauth_consumer_key=\"our-key\""),
        "{proof}"
    );
    let document: Value = serde_json::from_str(&asked[0].body).expect("JSON");
    assert_eq!(document["verb"], "post");
    assert_eq!(document["object"]["content"], "Buy now");
    assert_eq!(document["actor"]["id"], evan.id());
    assert_eq!(document.get("bcc"), None);

    says(false);
    evan.post(note("Hello"));
    for (status, body) in [(500, "{}"), (200, "no JSON"), (200, "{\"isSpam\": 7}")] {
        peer.says(
            "/is-this-spam",
            Said {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            },
        );
        evan.post(note("Hello again"));
    }
}
