//! Activities that are refused: other people's, malformed, too large, and every error of the verbs (`pump-api.md §4.4`,
//! `§5.1.1`). Nothing of them is stored.

use crate::harness::documents::reference;
use crate::harness::{Person, Pump, Request, activity, note, public};
use serde_json::{Value, json};

fn refused(person: &Person, activity: impl Into<Value>) {
    let activity = activity.into();
    let before = person.feed().total();
    let answer = person.try_post(activity.clone());
    assert_eq!(answer.status, 400, "{activity}: {}", answer.text());
    answer.refused(400);
    assert_eq!(person.feed().total(), before, "{activity} left something");
}

#[test]
fn nobody_posts_for_somebody_else() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let answer = ann.post_to(&evan.path("feed"), &note("as evan").into());
    assert_eq!(answer.refused(401), "Not authorized");
    refused(&ann, note("as evan").with("actor", evan.reference()));
    assert_eq!(evan.feed().major().total(), 0);
    let nowhere = ann.post_to("/api/user/nobody/feed", &note("hi").into());
    assert!((401..=404).contains(&nowhere.status), "{}", nowhere.status);
}

/// pump-api.md D14
#[test]
fn what_is_no_activity_is_refused_with_a_reason() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let feed = evan.path("feed");
    for body in [
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"note\"",
        "{\"verb\":\"post\"}",
    ] {
        let request = Request::post(&feed).bytes("application/json", body.as_bytes());
        let answer = evan.send(request);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        answer.refused(400);
    }
    for member in [
        "actor",
        "object",
        "target",
        "generator",
        "provider",
        "context",
        "location",
        "source",
    ] {
        for value in [json!("text"), json!(7), json!([]), json!(true)] {
            refused(&evan, note("hi").with(member, value));
        }
    }
    for line in ["to", "cc", "bto", "bcc"] {
        for value in [
            json!("acct:ann@pump.test"),
            json!({}),
            json!(["acct:ann@pump.test"]),
            json!([{ "id": 7, "objectType": "person" }]),
        ] {
            refused(&evan, note("hi").with(line, value));
        }
    }
    for (member, value) in [
        ("id", json!(7)),
        ("objectType", json!(7)),
        ("displayName", json!(7)),
        ("displayName", json!({})),
        ("url", json!(7)),
        ("content", json!({})),
        ("summary", json!([])),
        ("published", json!(7)),
        ("updated", json!({})),
        ("author", json!("evan")),
        ("inReplyTo", json!("http://example.com/")),
        ("inReplyTo", json!({ "objectType": 7 })),
        ("attachments", json!({})),
        ("attachments", json!(["file"])),
        ("upstreamDuplicates", json!("http://example.com/")),
        ("downstreamDuplicates", json!([7])),
        ("image", json!("http://example.com/a.jpg")),
        ("image", json!({ "url": 7 })),
        (
            "image",
            json!({ "url": "http://example.com/a.jpg", "width": "wide" }),
        ),
    ] {
        refused(&evan, note("hi").object_with(member, value));
    }
    refused(
        &evan,
        activity("", &json!({ "objectType": "note" })).with("verb", 7),
    );
    // Nothing that could be meant.
    refused(&evan, note("hi").object_with("inReplyTo", json!({})));
    refused(&evan, activity("favorite", &json!({})));
    refused(&evan, activity("share", &json!({ "objectType": "note" })));
    assert!(pump.is_well());
}

/// pump-api.md D14
#[test]
fn a_document_over_the_bound_is_refused() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let long = note(&"x".repeat(16 * 1024 * 1024));
    let request = Request::post(&evan.path("feed"))
        .json(&long.into())
        .header("Expect", "100-continue");
    evan.send(request).refused(413);
    // Long is fine, up to 100 KiB at the least.
    let posted = evan.post(note(&"y".repeat(90 * 1024)));
    assert_eq!(
        posted["object"]["content"].as_str().map(str::len),
        Some(90 * 1024)
    );
}

#[test]
fn a_deeply_nested_document_harms_nothing() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let deep = format!(
        "{{\"object\":{{\"objectType\":\"note\",\"x\":{}{}}}}}",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let request = Request::post(&evan.path("feed")).bytes("application/json", deep.as_bytes());
    evan.send(request).refused(400);
    assert!(pump.is_well());
}

/// pump-api.md §4.4 [W], Q19
#[test]
fn errors_of_the_verbs() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("a note").to(public()));
    let object = &posted["object"];
    let unknown =
        json!({ "objectType": "note", "id": "http://pump.test/api/note/AAAAAAAAAAAAAAAAAAAAAA" });

    refused(&evan, activity("post", object));
    refused(&evan, activity("update", &unknown));
    refused(
        &ann,
        activity("update", &reference(object)).object_with("content", "mine"),
    );
    refused(&evan, activity("delete", &unknown));
    refused(&ann, activity("delete", &reference(object)));
    refused(&ann, activity("unfavorite", &reference(object)));
    refused(&ann, activity("unlike", &reference(object)));
    ann.does("favorite", object);
    refused(&ann, activity("favorite", &reference(object)));
    refused(&ann, activity("like", &reference(object)));
    refused(&ann, activity("unshare", &reference(object)));
    refused(&ann, activity("follow", &json!({ "objectType": "person" })));
    refused(&ann, activity("stop-following", &evan.reference()));
    refused(&ann, activity("follow", &ann.reference()));
    ann.follow(&evan);
    refused(&ann, activity("follow", &evan.reference()));
    refused(&ann, activity("add", &evan.reference()));
    refused(&ann, activity("remove", &evan.reference()));
    refused(
        &ann,
        activity("add", &evan.reference()).with("target", reference(object)),
    );
    let profile = json!({ "objectType": "person", "id": evan.id(), "displayName": "Fool" });
    refused(&ann, activity("update", &profile));
    refused(&ann, activity("delete", &evan.reference()));
}

/// pump-api.md D6
#[test]
fn a_local_id_that_nobody_gave_is_refused() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for id in [
        "http://pump.test/api/note/AAAAAAAAAAAAAAAAAAAAAA",
        "acct:phantom@pump.test",
    ] {
        refused(&evan, note("hi").object_with("id", id));
    }
    refused(
        &evan,
        note("hi").to(json!({ "objectType": "person", "id": "acct:phantom@pump.test" })),
    );
}
