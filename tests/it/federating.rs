//! Two servers, each the real one, and people on both who follow, post, answer, like, share and delete across them.

use crate::harness::documents::{activity, comment, followers_of, note, public, reference};
use crate::harness::http::encode;
use crate::harness::network;
use crate::harness::people::{Person, Stream};
use crate::harness::pump::{self, Pump};
use crate::harness::{eventually, eventually_some, knob};
use serde_json::{Value, json};

/// The first item of a stream that fits, as soon as it is there.
fn item(stream: &Stream, fits: impl Fn(&Value) -> bool) -> Value {
    eventually_some(|| {
        let page = stream.page();
        let items = page["items"].as_array().expect("a page has items");
        items.iter().find(|item| fits(item)).cloned()
    })
}

/// How many notes are delivered while servers are killed, and how many at a time.
const DELIVERIES: usize = 90;
const DELIVERIES_A_ROUND: usize = 15;

/// How many notes go over a network that loses packets.
const LOSSY_DELIVERIES: usize = 12;

fn follow(who: &Person, whom: &Person) {
    who.follow(whom);
    let id = who.id();
    eventually(|| {
        let page = whom.followers().page();
        let items = page["items"].as_array().expect("a page has items");
        items.iter().any(|person| person["id"] == id.as_str())
    });
}

/// pump-api.md §6.5 [W], §6.6
#[test]
fn what_somebody_posts_reaches_a_follower_on_another_server() {
    network::inside(
        "federating::what_somebody_posts_reaches_a_follower_on_another_server",
        || {
            let [a, b] = [0, 1].map(|number| network::server(number, &[]));
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            follow(&alice, &bob);
            let followed = item(&bob.inbox(), |item| item["verb"] == "follow");
            assert_eq!(followed["actor"]["id"], alice.id());

            let posted = bob.post(note("Greetings from <b>B</b>").to(public()));
            let got = item(&alice.inbox().major(), |item| item["id"] == posted["id"]);
            assert_eq!(got["object"]["content"], "Greetings from <b>B</b>");
            assert_eq!(got["object"]["id"], posted["object"]["id"]);
            assert_eq!(got["actor"]["id"], bob.id());
            assert_eq!(got["actor"]["displayName"], "bob");

            let answer = alice.post(comment("Hello, B", &got["object"]));
            let reply = item(&bob.inbox().minor(), |item| item["id"] == answer["id"]);
            assert_eq!(reply["object"]["inReplyTo"]["id"], posted["object"]["id"]);
            let note = bob.read(&posted["object"]).ok();
            assert_eq!(note["replies"]["totalItems"], 1);
            assert_eq!(note["replies"]["items"][0]["content"], "Hello, B");

            alice.post(activity("like", &reference(&got["object"])));
            eventually(|| bob.read(&posted["object"]).ok()["likes"]["totalItems"] == 1);
            alice.post(activity("share", &reference(&got["object"])));
            eventually(|| bob.read(&posted["object"]).ok()["shares"]["totalItems"] == 1);

            bob.put_to(
                posted["object"]["links"]["self"]["href"].as_str().expect("an address"),
                &json!({ "objectType": "note", "id": posted["object"]["id"], "content": "Changed" }),
            )
            .ok();
            item(&alice.inbox(), |item| {
                item["object"]["content"] == "Changed" && item["verb"] == "post"
            });
            bob.delete(
                posted["object"]["links"]["self"]["href"]
                    .as_str()
                    .expect("an address"),
            )
            .ok();
            eventually(|| {
                let page = alice.inbox().major().page();
                let items = page["items"].as_array().expect("a page has items");
                items
                    .iter()
                    .filter(|item| item["object"]["id"] == posted["object"]["id"])
                    .all(|item| item["object"]["deleted"].is_string())
            });
        },
    );
}

/// pump-api.md §6.3 [W], Q18
#[test]
fn whom_somebody_follows_elsewhere_has_a_name_and_a_page_at_once() {
    network::inside(
        "federating::whom_somebody_follows_elsewhere_has_a_name_and_a_page_at_once",
        || {
            let [a, b] = [0, 1].map(|number| network::server(number, &[]));
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            bob.put_to(
                &bob.path("profile"),
                &json!({ "objectType": "person", "displayName": "Bob the Builder" }),
            )
            .ok();
            follow(&alice, &bob);
            let known = item(&alice.following(), |person| {
                person["id"] == bob.id().as_str()
            });
            assert_eq!(known["displayName"], "Bob the Builder");
            assert_eq!(
                known["links"]["self"]["href"],
                bob.url_of(&bob.path("profile"))
            );
            alice.does("stop-following", &bob.reference());
            eventually(|| bob.followers().page()["totalItems"] == 0);
        },
    );
}

#[test]
fn what_is_for_few_is_seen_by_them_alone() {
    network::inside("federating::what_is_for_few_is_seen_by_them_alone", || {
        let [a, b] = [0, 1].map(|number| network::server(number, &[]));
        let [alice, carol] = a.register_all(["alice", "carol"]);
        let bob = b.register("bob");
        follow(&alice, &bob);
        follow(&carol, &bob);

        let direct = bob.post(note("For Alice").to(alice.reference()));
        let secret = bob.post(note("Secret for Alice").bto(alice.reference()));
        let all = bob.post(note("For all who follow").cc(followers_of(&bob)));
        for posted in [&direct, &secret, &all] {
            let got = item(&alice.inbox().major(), |item| item["id"] == posted["id"]);
            assert!(
                got.get("bto").is_none() && got.get("bcc").is_none(),
                "{got}"
            );
        }
        item(&alice.inbox().direct().major(), |item| {
            item["id"] == direct["id"]
        });
        let got = item(&carol.inbox().major(), |item| item["id"] == all["id"]);
        let path = format!(
            "/api/note?id={}",
            encode(got["object"]["id"].as_str().expect("an id"))
        );
        assert_eq!(carol.get(&path).ok()["content"], "For all who follow");
        let path = format!(
            "/api/note?id={}",
            encode(direct["object"]["id"].as_str().expect("an id"))
        );
        assert_eq!(alice.get(&path).ok()["content"], "For Alice");
        carol.get(&path).refused(403);
        let major = carol.inbox().major().page().to_string();
        assert!(
            !major.contains("for Alice") && !major.contains("For Alice"),
            "{major}"
        );
    });
}

/// pump-api.md §6.5, D11
#[test]
fn what_is_posted_while_the_other_server_is_away_arrives_in_order_and_once() {
    network::inside(
        "federating::what_is_posted_while_the_other_server_is_away_arrives_in_order_and_once",
        || {
            let mut a = network::server(0, &[]);
            let mut b = network::server(1, &[]);
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            follow(&alice, &bob);
            let mut sent = Vec::new();
            let rounds = knob("PUMPHOUSE_DELIVERIES")
                .map_or(DELIVERIES, |text| text.parse().expect("a number"))
                / DELIVERIES_A_ROUND;
            for round in 0..rounds {
                if round % 2 == 1 {
                    a.kill();
                }
                for number in 0..DELIVERIES_A_ROUND {
                    let text = format!("{round}.{number}");
                    sent.push(bob.post(note(&text).to(public()))["id"].clone());
                }
                if round % 3 == 2 {
                    b.kill();
                    b.start_again();
                }
                if round % 2 == 1 {
                    a.start_again();
                    // What was put off is tried again when the server starts.
                    b.kill();
                    b.start_again();
                }
            }
            sent.reverse();
            let arrived = || -> Vec<Value> {
                let all = alice.inbox().major().all(200);
                let ids = all.into_iter().map(|item| item["id"].clone());
                ids.filter(|id| sent.contains(id)).collect()
            };
            eventually(|| arrived().len() >= sent.len());
            assert_eq!(arrived(), sent);
            a.is_sound();
            b.is_sound();
        },
    );
}

/// pump-api.md §6.5, D11
#[test]
fn a_network_that_loses_packets_loses_no_post_and_mixes_none_up() {
    network::inside(
        "federating::a_network_that_loses_packets_loses_no_post_and_mixes_none_up",
        || {
            let [a, b] = [0, 1].map(|number| network::server(number, &[]));
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            follow(&alice, &bob);
            network::loses_one_in(12);
            // Long enough for many packets each.
            let filling = "a long walk along the river ".repeat(4000);
            let mut sent: Vec<Value> = (0..LOSSY_DELIVERIES)
                .map(|number| {
                    let text = format!("{number}: {filling}ends");
                    bob.post(note(&text).to(public()))["id"].clone()
                })
                .collect();
            sent.reverse();
            let arrived = || -> Vec<Value> {
                let all = alice.inbox().major().all(200);
                let ids = all.into_iter().map(|item| item["id"].clone());
                ids.filter(|id| sent.contains(id)).collect()
            };
            eventually(|| arrived().len() >= sent.len());
            assert_eq!(arrived(), sent);
            let page = alice.inbox().major().page();
            let items = page["items"].as_array().expect("a page has items");
            for item in items.iter().filter(|item| sent.contains(&item["id"])) {
                let content = item["object"]["content"].as_str().expect("a text");
                assert!(content.ends_with(&format!(": {filling}ends")));
            }
        },
    );
}

/// pump-api.md §6.5, Q42
#[test]
fn the_owner_sees_what_waits_and_tries_or_drops_it() {
    network::inside(
        "federating::the_owner_sees_what_waits_and_tries_or_drops_it",
        || {
            let mut a = network::server(0, &[]);
            let b = network::server(1, &[]);
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            let other = b.register("other");
            let owner = pump_owner(&b, &bob);
            other.get("/api/owner/deliveries").refused(403);
            owner
                .delete("/api/owner/deliveries/pump-x.test")
                .refused(404);
            follow(&alice, &bob);
            a.kill();
            for text in ["one", "two"] {
                bob.post(note(text).to(public()));
            }
            let queue = eventually_some(|| {
                let list = owner.get("/api/owner/deliveries").ok();
                let queue = list["items"].get(0)?.clone();
                (queue["failures"] == 1).then_some(queue)
            });
            assert_eq!(queue["waiting"], 2);
            assert!(
                !queue["error"].as_str().expect("a reason").is_empty(),
                "{queue}"
            );
            let host = queue["host"].as_str().expect("a host").to_owned();
            let listed = pump::said(&b.command(&["delivery", "list"], ""));
            assert!(listed.contains(&host), "{listed}");

            a.start_again();
            let retry = format!("/api/owner/deliveries/{}/retry", encode(&host));
            owner.post_to(&retry, &json!({})).ok();
            item(&alice.inbox().major(), |item| {
                item["object"]["content"] == "two"
            });
            eventually(|| owner.get("/api/owner/deliveries").ok()["totalItems"] == 0);

            a.kill();
            bob.post(note("never").to(public()));
            eventually(|| owner.get("/api/owner/deliveries").ok()["totalItems"] == 1);
            let dropped = pump::said(&b.command(&["delivery", "drop", &host], ""));
            assert!(dropped.contains("1 deliveries"), "{dropped}");
            owner.get("/api/owner/deliveries").ok();
            a.start_again();
            bob.post(note("last").to(public()));
            item(&alice.inbox().major(), |item| {
                item["object"]["content"] == "last"
            });
            let page = alice.inbox().major().page().to_string();
            assert!(!page.contains("never"), "{page}");
        },
    );
}

/// Makes somebody the owner of the server.
fn pump_owner(pump: &Pump, person: &Person) -> Person {
    let said = pump::said(&pump.command(&["user", "owner", &person.nickname], ""));
    assert!(said.contains(&person.nickname), "{said}");
    person.clone()
}
