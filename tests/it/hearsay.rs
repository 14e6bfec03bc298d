//! What somebody here tells of things that live on other servers: it is not passed on as the word of those servers.

use crate::harness::documents::{note, public};
use crate::harness::http::encode;
use crate::harness::peer::Peer;
use crate::harness::{Person, Pump, activity, eventually};
use serde_json::{Value, json};
use std::net::TcpListener;

fn pump() -> Pump {
    Pump::with(&["--federateLan=true"])
}

/// A note on the other server, as that one tells it.
fn note_of(peer: &Peer, name: &str, author: &str) -> String {
    let id = format!("{}/api/note/{name}", peer.base);
    peer.knows(&id, &[("self", &id)]);
    peer.json(
        &format!("/api/note/{name}"),
        &json!({
            "objectType": "note", "id": id, "content": "As I wrote it", "url": format!("{}/note/{name}", peer.base),
            "author": { "objectType": "person", "id": author, "displayName": "zoe" },
        }),
    );
    id
}

fn shares(person: &Person, object: &Value) -> Value {
    person.post(activity("share", object).to(public()))["object"].clone()
}

/// pump-api.md §4.8 [+], D7, Q42
#[test]
fn what_lives_elsewhere_is_told_by_its_home_alone() {
    let pump = pump();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let peer = Peer::start();
    let zoe = peer.person("zoe");
    let id = note_of(&peer, "1", &zoe);
    let url = format!("{}/note/1", peer.base);
    let forged = |url: &str| {
        json!({
            "objectType": "note", "id": id, "content": "Forged", "displayName": "Forged", "url": url,
            "image": { "url": "http://forged.example/1.png" },
            "author": { "objectType": "person", "id": zoe, "displayName": "Forged" },
        })
    };
    let told = shares(&evan, &forged(&url));
    assert!(!told.to_string().contains("orged"), "{told}");
    assert_eq!(told["url"], url.as_str());
    let seen = || ann.feed_of(&evan).major().items()[0]["object"].clone();
    eventually(|| seen()["content"] == "As I wrote it");
    assert_eq!(seen()["author"]["id"], zoe.as_str());
    assert_eq!(seen()["author"]["displayName"], "zoe");
    // Once it is known, nobody changes it by telling something else.
    shares(&ann, &forged(&url));
    assert_eq!(seen()["content"], "As I wrote it");

    // People too.
    let claimed =
        json!({ "objectType": "person", "id": peer.person("yan"), "displayName": "Forged" });
    evan.post(activity("follow", &claimed));
    eventually(|| evan.following().items()[0]["displayName"] == "yan");

    // An address that is not there is none of it, and what its home does not tell stays a name.
    let hidden = format!("{}/api/note/2", peer.base);
    let mut unknown = forged("http://forged.example/1");
    unknown["id"] = hidden.as_str().into();
    shares(&evan, &unknown);
    let target = format!("/.well-known/webfinger?resource={}", encode(&hidden));
    eventually(|| !peer.heard(&target).is_empty());
    assert!(!seen().to_string().contains("orged"), "{}", seen());
    assert_eq!(seen()["id"], hidden.as_str());

    // What lives nowhere is told by whoever names it.
    let given =
        json!({ "objectType": "note", "id": "tag:forged.example,2026:1", "content": "kept" });
    assert_eq!(shares(&evan, &given)["content"], "kept");
}

/// pump-api.md §4.8
#[test]
fn a_home_that_is_away_is_asked_when_it_is_back() {
    let mut pump = pump();
    let evan = pump.register("evan");
    // Nobody is there yet.
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("it has one").to_string();
    drop(free);
    let id = format!("http://{address}/api/note/1");
    let told = shares(
        &evan,
        &json!({ "objectType": "note", "id": id, "content": "Forged" }),
    );
    assert_eq!(told["id"], id.as_str());
    assert!(told["content"].is_null());
    eventually(|| pump.log().contains("takes nothing"));
    let peer = Peer::at(&address);
    assert_eq!(note_of(&peer, "1", &peer.person("zoe")), id);
    // What was put off is tried again when the server starts.
    pump.restart();
    eventually(|| evan.feed().major().first_is("As I wrote it"));
    pump.is_sound();
}

/// pump-api.md §3.1, D6
#[test]
fn an_id_of_another_server_is_given_back_when_that_server_comes_with_it() {
    let mut pump = pump();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let peer = Peer::start();
    let mallory = peer.person("mallory");
    let id = format!("{}/api/note/1", peer.base);
    let own = evan.post(note("Mine").object_with("id", id.as_str()).to(public()));
    assert_eq!(own["object"]["id"], id.as_str());
    // Somebody of that server, too.
    evan.post(note("A person?").object_with("id", mallory.as_str()));

    let key = peer.key(&pump, "webfinger", &mallory);
    let pushed = json!({
        "verb": "post", "id": format!("{}/api/activity/1", peer.base),
        "actor": { "objectType": "person", "id": mallory, "displayName": "mallory" },
        "object": { "objectType": "note", "id": id, "content": "Theirs" },
        "to": [ann.reference()],
    });
    let taken = peer.push(&pump, &key, &ann, &pushed).ok();
    assert_eq!(taken["object"]["content"], "Theirs");
    assert!(ann.inbox().major().first_is("Theirs"));
    let path = format!("/api/note?id={}", encode(&id));
    assert_eq!(ann.get(&path).ok()["content"], "Theirs");
    let kept = ann.read(&own).ok()["object"].clone();
    assert_eq!(kept["content"], "Mine");
    assert_ne!(kept["id"], id.as_str());
    assert_eq!(ann.read(&kept).ok()["content"], "Mine");
    // Each is changed by its own author.
    evan.put_to(
        crate::harness::people::link_self(&kept),
        &json!({ "content": "Mine still" }),
    )
    .ok();
    assert_eq!(ann.get(&path).ok()["content"], "Theirs");
    evan.try_post(note("Again").object_with("id", id.as_str()))
        .refused(400);
    pump.is_sound();
}

/// design.md §8, pump-api.md §4.8
#[test]
fn a_like_of_what_is_known_by_its_id_alone_reaches_its_author_once() {
    let mut pump = pump();
    let evan = pump.register("evan");
    let peer = Peer::start();
    let zoe = peer.person("zoe");
    let told = |verb: &str| {
        let heard = peer.heard("/api/user/zoe/inbox");
        let all = heard
            .iter()
            .map(|heard| serde_json::from_str::<Value>(&heard.body).expect("JSON"));
        all.filter(|activity| activity["verb"] == verb).count()
    };
    let like = |name: &str, verb: &str| {
        let id = note_of(&peer, name, &zoe);
        activity(verb, &json!({ "objectType": "note", "id": id }))
    };
    evan.post(like("1", "favorite"));
    eventually(|| told("favorite") == 1);
    // Whoever is addressed anyhow gets it once.
    let zoe_too = json!({ "objectType": "person", "id": zoe });
    evan.post(like("2", "share").to(zoe_too.clone()));
    // What nobody made, or its home does not tell, has nobody who hears of it.
    let nowhere = format!("{}/api/note/none", peer.base);
    evan.post(activity(
        "favorite",
        &json!({ "objectType": "note", "id": nowhere }),
    ));
    evan.post(note("the last").to(zoe_too));
    eventually(|| told("post") == 1);
    pump.restart();
    assert_eq!((told("favorite"), told("share")), (1, 1));
    pump.is_sound();
}
