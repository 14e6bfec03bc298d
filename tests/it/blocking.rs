//! Blocks: hosts and people elsewhere with whom nobody of a server has to do, because its owner says so.

use crate::harness::pump::said;
use crate::harness::{Caller, Person, Pump, Request, note, public};
use serde_json::{Value, json};

const BLOCKS: &str = "/api/owner/blocks";

/// A server with an owner and somebody else, that knows another server by its key.
fn scene() -> (Pump, Caller, [Person; 2]) {
    let (pump, host) = Pump::knowing_another();
    let people = pump.register_all(["evan", "ann"]);
    pump.give_to("evan");
    (pump, host, people)
}

fn block(owner: &Person, id: &str) -> Value {
    let wanted = json!({ "id": id, "reason": "spam" });
    owner.post_to(BLOCKS, &wanted).expect(201).json()
}

fn person(id: &str) -> Value {
    json!({ "objectType": "person", "id": id })
}

fn follow(id: &str) -> Value {
    json!({ "verb": "follow", "object": person(id) })
}

#[test]
fn only_the_owner_blocks_and_only_what_is_elsewhere() {
    let (_pump, _, [evan, ann]) = scene();
    let other = json!({ "id": "other.test" });
    for request in [
        Request::get(BLOCKS),
        Request::post(BLOCKS).json(&other),
        Request::new("DELETE", "/api/owner/blocks/other.test"),
    ] {
        ann.send(request).refused(403);
    }
    for wrong in [
        json!({}),
        json!({ "id": "" }),
        json!({ "id": "two words" }),
        json!({ "id": "pump.test" }),
        json!({ "id": ann.id() }),
        json!({ "id": "other.test", "reason": "r".repeat(201) }),
    ] {
        evan.post_to(BLOCKS, &wrong).refused(400);
    }
    let text = evan
        .post_to(BLOCKS, &json!({ "id": ann.id() }))
        .refused(400);
    assert!(text.contains("suspend"), "{text}");
    evan.delete("/api/owner/blocks/other.test").refused(404);
    assert_eq!(block(&evan, "Zoe@Other.test")["id"], "acct:zoe@other.test");
    assert_eq!(block(&evan, "http://other.test/zoe")["reason"], "spam");
    assert_eq!(evan.get(BLOCKS).ok()["totalItems"], 2);
    evan.delete("/api/owner/blocks/http%3A%2F%2Fother.test%2Fzoe")
        .ok();
    evan.delete("/api/owner/blocks/acct:zoe@other.test").ok();
    assert_eq!(evan.get(BLOCKS).ok()["totalItems"], 0);
}

#[test]
fn a_blocked_host_is_answered_nothing() {
    let (pump, host, [evan, ann]) = scene();
    ann.post(note("open").to(public()));
    let account = json!({ "nickname": "spy", "password": "correct-horse-7" });
    host.get("/api/user/ann/feed").ok();
    block(&evan, "other.test");
    for path in [
        "/api/user/ann/feed",
        "/api/user/ann/profile",
        "/api/users",
        "/api/user/ann/feed/stream",
    ] {
        let text = host.get(path).refused(403);
        assert!(text.contains("blocked"), "{path}: {text}");
    }
    host.post_to("/api/users", &account).refused(403);
    pump.client().get("/api/user/ann/feed").ok();
    evan.delete("/api/owner/blocks/other.test").ok();
    host.get("/api/user/ann/feed").ok();
    // A host above it is as good.
    block(&evan, "test.invalid");
    host.get("/api/user/ann/feed").ok();
}

#[test]
fn nobody_addresses_follows_or_brings_in_who_is_blocked() {
    let (mut pump, _, [evan, ann]) = scene();
    let zoe = "acct:zoe@sub.other.test";
    ann.post_to("/api/user/ann/feed", &follow("acct:yan@other.test"))
        .ok();
    block(&evan, "other.test");
    for activity in [
        follow(zoe),
        follow("acct:yan@other.test"),
        json!({ "verb": "post", "object": { "objectType": "note", "content": "x" }, "to": [person(zoe)] }),
        json!({ "verb": "post", "object": { "objectType": "note", "content": "x" }, "bcc": [person("acct:yan@other.test")] }),
        json!({ "verb": "favorite", "object": { "objectType": "note", "id": "http://other.test/note/1" } }),
        json!({ "verb": "share", "object": { "objectType": "note", "id": "http://sub.other.test/note/1" } }),
        json!({ "verb": "share", "object": {
            "objectType": "note", "id": "http://third.test/note/1", "author": person(zoe),
        } }),
    ] {
        let text = ann.try_post(activity.clone()).refused(403);
        assert!(text.contains("blocked"), "{activity}: {text}");
    }
    ann.post_to("/api/user/ann/following", &person(zoe))
        .refused(403);
    // One can still stop.
    ann.post(json!({ "verb": "stop-following", "object": person("acct:yan@other.test") }));
    assert_eq!(ann.following().total(), 0);
    ann.post_to("/api/user/ann/feed", &follow("acct:zoe@third.test"))
        .ok();
    evan.delete("/api/owner/blocks/other.test").ok();
    ann.post_to("/api/user/ann/feed", &follow(zoe)).ok();
    pump.is_sound();
}

#[test]
fn one_person_is_blocked_and_the_neighbour_is_not() {
    let (_pump, host, [evan, ann]) = scene();
    block(&evan, "zoe@other.test");
    for id in [
        "acct:zoe@other.test",
        "zoe@other.test",
        "acct:Zoe@Other.Test",
    ] {
        ann.try_post(follow(id)).refused(403);
    }
    ann.post(follow("acct:yan@other.test"));
    host.get("/api/user/ann/feed").ok();
}

#[test]
fn what_is_here_of_them_is_shown_no_more() {
    let (_pump, _, [evan, ann]) = scene();
    let theirs = json!({
        "objectType": "note", "id": "tag:other.test,2026:1", "content": "buy this",
        "author": person("acct:zoe@other.test"),
    });
    let shared = json!({ "verb": "share", "object": theirs, "to": [{ "objectType": "collection", "id": "http://activityschema.org/collection/public" }] });
    ann.post(shared);
    let seen = || evan.feed_of(&ann).page().to_string().contains("buy this");
    assert!(seen());
    block(&evan, "zoe@other.test");
    assert!(!seen(), "by the person who wrote it");
    evan.delete("/api/owner/blocks/zoe@other.test").ok();
    assert!(seen());
    block(&evan, "other.test");
    assert!(!seen(), "by its host");
    let like = json!({ "verb": "favorite", "object": { "objectType": "note", "id": "tag:other.test,2026:1" } });
    assert!(evan.try_post(like).status >= 400);
}

#[test]
fn commands_do_the_same() {
    let (pump, host, _) = scene();
    let run = |command: &[&str]| said(&pump.command(command, ""));
    assert!(
        run(&["block", "add", "other.test", "--reason", "spam"]).contains("other.test is blocked")
    );
    host.get("/api/user/ann/feed").refused(403);
    let list = run(&["block", "list"]);
    assert!(
        list.starts_with("other.test") && list.contains("spam"),
        "{list}"
    );
    for wrong in [
        ["block", "add", "pump.test"].as_slice(),
        &["block", "add"],
        &["block", "remove", "x.test"],
        &["block", "burn"],
    ] {
        assert!(!pump.command(wrong, "").status.success(), "{wrong:?}");
    }
    run(&["block", "remove", "other.test"]);
    host.get("/api/user/ann/feed").ok();
    assert_eq!(run(&["block", "list"]), "");
}
