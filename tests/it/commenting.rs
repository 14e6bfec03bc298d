//! Comments (`pump-api.md §4.12`).

use crate::harness::documents::{each, reference};
use crate::harness::{Pump, activity, comment, eventually, note, public};

#[test]
fn a_comment_on_nothing_is_refused() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let unknown = serde_json::json!({
        "objectType": "note", "id": "http://pump.test/api/note/AAAAAAAAAAAAAAAAAAAAAA",
    });
    evan.try_post(comment("to nothing", &unknown)).refused(400);
    let posted = evan.post(note("gone soon"));
    evan.does("delete", &posted["object"]);
    let answer = evan.try_post(comment("too late", &posted["object"]));
    assert!(
        matches!(answer.status, 400 | 410),
        "{}: {}",
        answer.status,
        answer.text()
    );
    evan.stream_of(&posted["object"], "replies")
        .ask("")
        .refused(410);
}

/// pump-api.md §4.6 [W], Q30
#[test]
fn a_comment_stands_below_the_note_and_reaches_its_author() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("hello").to(public()));
    let object = &posted["object"];
    let commented = ann.post(comment("hello back", object));
    let reply = &commented["object"];
    assert_eq!(reply["objectType"], "comment");
    assert_eq!(reply["inReplyTo"]["id"], object["id"]);
    assert_eq!(reply["inReplyTo"]["content"], "hello");
    assert_eq!(reply["inReplyTo"]["author"]["id"], evan.id());
    assert!(
        commented["content"]
            .as_str()
            .is_some_and(|text| text.contains(" posted a <a") || text.contains("in reply to")),
        "{}",
        commented["content"]
    );
    eventually(|| evan.inbox().minor().has(&commented));

    let replies = ann.stream_of(object, "replies");
    assert_eq!(replies.total(), 1);
    let item = &replies.items()[0];
    assert_eq!(item["content"], "hello back");
    assert_eq!(item["author"]["id"], ann.id());
    assert_eq!(item["liked"], false);
    assert!(item["inReplyTo"].is_null(), "implied by the feed");
    let whole = evan.read(object).ok();
    assert_eq!(whole["replies"]["totalItems"], 1);
    assert_eq!(whole["replies"]["items"][0]["content"], "hello back");

    // A comment on the comment belongs to the comment.
    let nested = evan.post(comment("and again", reply));
    assert_eq!(replies.total(), 1);
    assert_eq!(ann.stream_of(reply, "replies").total(), 1);
    assert_eq!(nested["object"]["inReplyTo"]["id"], reply["id"]);

    ann.does("delete", reply);
    assert_eq!(replies.total(), 0);
    assert_eq!(evan.read(object).ok()["replies"]["totalItems"], 0);
}

/// pump-api.md §3.7 [W]
#[test]
fn replies_come_newest_first_and_four_of_them_with_the_note() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("discuss").to(public()));
    for number in 0..6 {
        ann.post(comment(&format!("reply {number}"), &posted["object"]));
    }
    let replies = evan.stream_of(&posted["object"], "replies");
    let expected = [
        "reply 5", "reply 4", "reply 3", "reply 2", "reply 1", "reply 0",
    ];
    assert_eq!(each(&replies.items(), "content"), expected);
    assert_eq!(each(&replies.all_by_offset(4), "content"), expected);
    let whole = evan.read(&posted["object"]).ok();
    let embedded = whole["replies"]["items"].as_array().expect("items").clone();
    assert_eq!(each(&embedded, "content"), expected[..4]);
    assert_eq!(whole["replies"]["totalItems"], 6);
}

#[test]
fn any_object_can_be_a_reply() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("question").to(public()));
    let image = serde_json::json!({
        "objectType": "image", "displayName": "answer in a picture",
        "inReplyTo": reference(&posted["object"]),
    });
    let replied = evan.post(activity("post", &image));
    assert!(
        evan.stream_of(&posted["object"], "replies")
            .has(&replied["object"])
    );
    assert!(evan.feed().major().has(&replied), "a picture is major");
}

#[test]
fn a_private_reply_is_hidden_from_other_readers() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let posted = evan.post(note("open").to(public()));
    ann.post(comment("between us", &posted["object"]).to(&evan));
    assert!(
        evan.stream_of(&posted["object"], "replies")
            .says("between us")
    );
    assert!(
        !bea.stream_of(&posted["object"], "replies")
            .says("between us")
    );
    assert!(!bea.read(&posted["object"]).text().contains("between us"));
    let feed = bea.feed_of(&evan).major().page().to_string();
    assert!(!feed.contains("between us"));
}
