//! What becomes of the copies that other servers have: they hear of changes and deletes, whoever follows by then.

use crate::harness::documents::{followers_of, note, public};
use crate::harness::http::encode;
use crate::harness::peer::Peer;
use crate::harness::people::{Person, Stream, link_self};
use crate::harness::{Pump, eventually, network};
use serde_json::{Value, json};

fn follows(who: &Person, whom: &Person) {
    who.follow(whom);
    eventually(|| whom.followers().has(&who.reference()));
}

fn unfollows(who: &Person, whom: &Person) {
    who.does("stop-following", &whom.reference());
    eventually(|| !whom.followers().has(&who.reference()));
}

fn got(stream: &Stream, activity: &Value) -> Value {
    crate::harness::eventually_some(|| {
        let items = stream.items();
        items.into_iter().find(|item| item["id"] == activity["id"])
    })
}

/// pump-api.md §4.4, §6.7
#[test]
fn who_follows_no_more_still_hears_of_changes_and_deletes() {
    network::inside(
        "copies::who_follows_no_more_still_hears_of_changes_and_deletes",
        || {
            let [a, b] = [0, 1].map(|number| network::server(number, &[]));
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            follows(&alice, &bob);
            let open = bob.post(note("Open").to(public()));
            let fans = bob.post(note("For fans").cc(followers_of(&bob)));
            let major = alice.inbox().major();
            for posted in [&open, &fans] {
                got(&major, posted);
            }
            unfollows(&alice, &bob);
            let change = |thing: &Value, text: &str| {
                let path = link_self(&thing["object"]);
                bob.put_to(path, &json!({ "content": text })).ok();
            };
            change(&fans, "For fans alone");
            change(&open, "Open again");
            eventually(|| got(&major, &open)["object"]["content"] == "Open again");
            // What is no more for somebody is not told them.
            assert_eq!(got(&major, &fans)["object"]["content"], "For fans");
            assert!(!alice.inbox().page().to_string().contains("alone"));
            for posted in [&fans, &open] {
                bob.delete(link_self(&posted["object"])).ok();
            }
            for posted in [&fans, &open] {
                eventually(|| {
                    let items = major.items();
                    let mut kept = items.iter().filter(|item| item["id"] == posted["id"]);
                    kept.all(|item| item["object"]["deleted"].is_string())
                });
            }
        },
    );
}

/// pump-api.md §4.2, D22
#[test]
fn who_leaves_is_gone_at_the_servers_of_those_who_follow() {
    network::inside(
        "copies::who_leaves_is_gone_at_the_servers_of_those_who_follow",
        || {
            let mut a = network::server(0, &[]);
            let mut b = network::server(1, &[]);
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            follows(&alice, &bob);
            let posted = bob.post(note("Open").to(public()));
            let id = got(&alice.inbox().major(), &posted)["object"]["id"].clone();
            bob.delete("/api/user/bob").ok();
            let path = format!("/api/note?id={}", encode(id.as_str().expect("an id")));
            eventually(|| alice.get(&path).status == 410);
            eventually(|| alice.following().total() == 0);
            eventually(|| !alice.inbox().page().to_string().contains("Open"));
            a.is_sound();
            b.is_sound();
        },
    );
}

/// pump-api.md §4.4, D22: pump.io knows of no accounts that go, but of deleted notes.
#[test]
fn who_leaves_takes_back_each_thing_that_was_brought_elsewhere() {
    let mut pump = Pump::with(&["--federateLan=true"]);
    let [evan, owner] = pump.register_all(["evan", "owner"]);
    pump.give_to("owner");
    let peer = Peer::start();
    let mallory = peer.person("mallory");
    let person = json!({ "objectType": "person", "id": mallory });
    let brought = evan.post(note("Here").to(person))["object"].clone();
    let kept = evan.post(note("Not for her"))["object"].clone();
    let heard = |verb: &str| -> Vec<Value> {
        let heard = peer.heard("/api/user/mallory/inbox");
        let bodies = heard
            .iter()
            .map(|heard| serde_json::from_str::<Value>(&heard.body));
        let bodies = bodies.map(|body| body.expect("JSON"));
        let objects = bodies.filter(|body| body["verb"] == verb);
        objects.map(|body| body["object"].clone()).collect()
    };
    eventually(|| heard("post").len() == 1);
    eventually(|| owner.get("/api/owner/deliveries").ok()["totalItems"] == 0);
    evan.delete("/api/user/evan").ok();
    eventually(|| !heard("delete").is_empty());
    let deleted = heard("delete");
    assert_eq!(deleted.len(), 1, "{deleted:?}");
    assert_eq!(deleted[0]["id"], brought["id"]);
    assert_ne!(deleted[0]["id"], kept["id"]);
    assert!(deleted[0]["deleted"].is_string() && deleted[0]["content"].is_null());
    pump.is_sound();
}

/// pump-api.md §4.10, §4.9.5
#[test]
fn lists_and_secret_addresses_reach_people_elsewhere_and_nobody_else() {
    network::inside(
        "copies::lists_and_secret_addresses_reach_people_elsewhere_and_nobody_else",
        || {
            let [a, b] = [0, 1].map(|number| network::server(number, &[]));
            let [alice, carol] = a.register_all(["alice", "carol"]);
            let [bob, ben] = b.register_all(["bob", "ben"]);
            for who in [&alice, &carol] {
                follows(who, &bob);
            }
            let list = json!({ "objectType": "collection", "displayName": "Far", "objectTypes": ["person"] });
            let list = bob.post(crate::harness::activity("create", &list))["object"].clone();
            for member in [&alice, &ben] {
                bob.post_to(
                    &format!("{}/members", link_self(&list)),
                    &member.reference(),
                )
                .ok();
            }
            let address = crate::harness::documents::reference(&list);
            let listed = bob.post(note("For the list").to(address.clone()));
            let hidden = bob.post(note("For the list in secret").bcc(address));
            let secret = bob.post(note("Between us").bcc(alice.reference()));
            let last = bob.post(note("For all").to(public()));
            let major = alice.inbox().major();
            for posted in [&listed, &hidden, &secret] {
                let got = got(&major, posted);
                assert!(got["bcc"].is_null() && got["bto"].is_null(), "{got}");
            }
            assert!(ben.inbox().major().has(&listed) && ben.inbox().major().has(&hidden));
            got(&carol.inbox().major(), &last);
            for posted in [&listed, &hidden, &secret] {
                assert!(!carol.inbox().has(posted));
                let id = posted["object"]["id"].as_str().expect("an id");
                carol
                    .get(&format!("/api/note?id={}", encode(id)))
                    .refused(403);
            }
            // Who is taken off the list gets nothing more.
            bob.post(
                crate::harness::activity("remove", &alice.reference())
                    .with("target", crate::harness::documents::reference(&list)),
            );
            bob.post(note("Without her").to(crate::harness::documents::reference(&list)));
            let last = bob.post(note("For all again").to(public()));
            got(&major, &last);
            assert!(!alice.inbox().says("Without her"));
        },
    );
}
