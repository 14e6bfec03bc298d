//! Posting activities (`pump-api.md §4.3–4.6`, `§3.2`, `§3.9`, `§5.1`).

use crate::harness::documents::{PUBLIC, addressed, followers_of, reference};
use crate::harness::people::link_self;
use crate::harness::{Activity, Pump, activity, comment, note, public};
use serde_json::{Value, json};

/// The addresses of an activity: of `to` and of `cc`.
fn audience(activity: &Value) -> (Vec<&str>, Vec<&str>) {
    (addressed(activity, "to"), addressed(activity, "cc"))
}

/// pump-api.md §1.1 [W], §3.1 [W], §3.2 [W], §3.6.7 [W], §4.3 [W], Q22, Q28, Q29, Q7
#[test]
fn a_posted_note_comes_back_in_full() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(
        note("<b>Hello</b> world")
            .object_with("displayName", "Greeting <3")
            .to(&ann)
            .cc(public()),
    );
    let url = posted["links"]["self"]["href"].as_str().expect("a link");
    assert_eq!(posted["id"], url);
    assert!(url.starts_with("http://pump.test/api/activity/"), "{url}");
    let key = url.rsplit('/').next().unwrap_or_default();
    assert_eq!(key.len(), 22, "{key}");
    assert_eq!(
        posted["url"],
        format!("http://pump.test/evan/activity/{key}")
    );
    assert!(
        posted["objectType"].is_null(),
        "activities have no objectType"
    );
    assert_eq!(posted["verb"], "post");
    assert_eq!(posted["actor"]["id"], evan.id());
    assert_eq!(posted["actor"]["url"], "http://pump.test/evan");
    assert_eq!(audience(&posted), (vec![ann.id().as_str()], vec![PUBLIC]));
    assert_eq!(posted["to"][0]["displayName"], "ann", "addresses are whole");

    let object = &posted["object"];
    let self_link = link_self(object);
    assert_eq!(object["id"], self_link);
    assert!(self_link.starts_with("http://pump.test/api/note/"));
    assert_eq!(object["content"], "<b>Hello</b> world");
    assert_eq!(object["displayName"], "Greeting <3");
    assert_eq!(object["objectType"], "note");
    assert!(object["author"].is_null(), "implied by the actor");
    for stream in ["likes", "replies", "shares"] {
        assert_eq!(object[stream]["totalItems"], 0, "{stream}");
        assert_eq!(object[stream]["url"], format!("{self_link}/{stream}"));
        assert!(
            object[stream]["displayName"].is_null(),
            "embedded feeds have no name"
        );
    }
    assert_eq!(object["liked"], false);
    assert_eq!(object["pump_io"]["shared"], false);
    for time in [
        &posted["published"],
        &posted["updated"],
        &object["published"],
        &object["updated"],
    ] {
        let time = time.as_str().expect("a time");
        assert!(
            time.len() == 20 && time.ends_with('Z') && !time.contains('.'),
            "{time}"
        );
    }
    assert_eq!(
        posted["content"],
        format!(
            "<a href='http://pump.test/evan'>evan</a> posted <a href='{}'>Greeting &lt;3</a>",
            object["url"].as_str().unwrap_or_default()
        )
    );

    let stored = ann.read(&posted).ok();
    assert_eq!(stored["id"], posted["id"]);
    let alone = ann.read(object).ok();
    assert_eq!(alone["content"], object["content"]);
    assert_eq!(alone["author"]["id"], evan.id());
    assert!(
        evan.inbox().major().has(&posted),
        "one's own posts are in the inbox"
    );
    assert!(evan.feed().major().has(&posted) && evan.feed().has(&posted));
    assert!(!evan.feed().minor().has(&posted));
}

/// pump-api.md §4.4 [W], §4.5 [W]
#[test]
fn a_verb_is_optional_and_any_word() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let object = json!({ "objectType": "note", "content": "no verb" });
    assert_eq!(
        evan.post(Activity(json!({ "object": object })))["verb"],
        "post"
    );
    assert_eq!(
        evan.post(note("null").with("verb", Value::Null))["verb"],
        "post"
    );
    for (verb, past) in [
        ("play", "played"),
        ("checkin", "checked into"),
        ("rsvp-yes", "will attend"),
        ("at", "was at"),
        ("frobnicate", "frobnicated"),
        ("win", "won"),
    ] {
        let thing = json!({ "objectType": "game", "id": "tag:example.com,2026:chess", "displayName": "Chess" });
        let done = evan.post(activity(verb, &thing));
        assert_eq!(done["verb"], verb);
        let content = done["content"].as_str().unwrap_or_default();
        assert!(content.contains(&format!("</a> {past} ")), "{content}");
        let major = verb == "checkin";
        assert_eq!(evan.feed().major().has(&done), major, "{verb}");
        assert_eq!(evan.feed().minor().has(&done), !major, "{verb}");
    }
}

/// pump-api.md §3.2 [W], §3.3.2 [W], §5.1 [W], Q26
#[test]
fn members_that_the_server_does_not_know_survive() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(
        note("hi")
            .with("objectType", "activity")
            .with("title", "A title & more")
            .with("mood", json!({ "displayName": "happy" }))
            .with("license", "http://creativecommons.org/licenses/by/3.0/")
            .with("published", "2012-03-04T05:06:07Z")
            .object_with("rating", 4.5)
            .object_with("tasks", json!([{ "a": [1, 2.25, -3, true, null] }]))
            .object_with("zażółć", "gęślą jaźń 🐢"),
    );
    let again = evan.read(&posted).ok();
    for activity in [&posted, &again] {
        assert_eq!(activity["title"], "A title & more");
        assert_eq!(activity["mood"]["displayName"], "happy");
        assert_eq!(
            activity["license"],
            "http://creativecommons.org/licenses/by/3.0/"
        );
        assert_eq!(activity["published"], "2012-03-04T05:06:07Z");
        let object = &activity["object"];
        assert_eq!(object["rating"], 4.5);
        assert_eq!(object["tasks"][0]["a"][1], 2.25);
        assert_eq!(object["zażółć"], "gęślą jaźń 🐢");
    }
}

/// pump-api.md §5.1 [W], Q39
#[test]
fn what_is_unsafe_or_the_servers_own_is_taken_out() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(
        note("<b>bold</b> <a href=\"http://example.com/\">link</a><script>alert(1)</script>")
            .with("content", "I <i>say</i><script>alert(2)</script>")
            .with("_private", "x")
            .with("provider", json!({ "objectType": "service", "content": "<script>alert(4)</script>", "_hidden": 1 }))
            .with("context", json!({ "objectType": "event", "summary": "<i>party</i><script>alert(5)</script>" }))
            .with("source", json!({ "objectType": "place", "content": "<b onclick=\"alert(6)\">here</b>" }))
            .with("received", "2012-03-04T05:06:07Z")
            .object_with("summary", "<img src=\"x\" onerror=\"alert(3)\"><p>text</p>")
            .object_with("displayName", "<script>plain text</script>")
            .object_with("_uuid", "forged")
            .object_with("liked", true)
            .object_with("author", json!({ "objectType": "person", "id": "acct:eve@example.com" }))
            .object_with("likes", json!({ "totalItems": 99, "items": [{ "id": "acct:x@example.com", "objectType": "person" }] }))
            .object_with("tags", json!([{ "objectType": "note", "id": "tag:example.com,2026:t", "_secret": 1 }])),
    );
    let text = posted.to_string();
    for gone in [
        "alert(",
        "onerror",
        "_private",
        "_uuid",
        "_secret",
        "_hidden",
        "eve@example.com",
    ] {
        assert!(!text.contains(gone), "{gone} is still in {text}");
    }
    let object = &posted["object"];
    let content = object["content"].as_str().unwrap_or_default();
    assert!(
        content.starts_with("<b>bold</b> <a href=\"http://example.com/\""),
        "{content}"
    );
    assert_eq!(object["displayName"], "<script>plain text</script>");
    assert_eq!(posted["content"], "I <i>say</i>");
    assert_eq!(posted["context"]["summary"], "<i>party</i>");
    assert_eq!(posted["source"]["content"], "<b>here</b>");
    assert_eq!(object["liked"], false);
    assert_eq!(object["likes"]["totalItems"], 0);
    assert!(posted["received"].is_null());
}

#[test]
fn a_number_as_content_becomes_text() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("").object_with("content", 42));
    assert_eq!(posted["object"]["content"], "42");
}

/// pump-api.md Q32
#[test]
fn every_type_of_object_has_its_address() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for kind in [
        "alert",
        "application",
        "article",
        "audio",
        "badge",
        "binary",
        "bookmark",
        "comment",
        "device",
        "event",
        "file",
        "game",
        "image",
        "issue",
        "job",
        "note",
        "offer",
        "organization",
        "page",
        "place",
        "process",
        "product",
        "question",
        "review",
        "service",
        "task",
        "video",
    ] {
        let posted = evan.post(activity(
            "post",
            &json!({ "objectType": kind, "displayName": kind }),
        ));
        let object = &posted["object"];
        assert!(link_self(object).starts_with(&format!("http://pump.test/api/{kind}/")));
        assert_eq!(evan.read(object).ok()["objectType"], kind);
    }
    let strange = "http://example.com/schema/sandwich";
    let posted = evan.post(activity(
        "post",
        &json!({ "objectType": strange, "displayName": "BLT" }),
    ));
    assert_eq!(posted["object"]["objectType"], strange);
    assert!(link_self(&posted["object"]).starts_with("http://pump.test/api/other/"));
    evan.read(&posted["object"]).ok();
    let posted = evan.post(activity("post", &json!({ "displayName": "nameless" })));
    assert_eq!(posted["object"]["objectType"], "other");
    evan.get("/api/sandwich/AAAAAAAAAAAAAAAAAAAAAA")
        .refused(404);
    evan.get("/api/note/AAAAAAAAAAAAAAAAAAAAAA").refused(404);
    evan.get("/api/note/doesnotexist").refused(404);
}

#[test]
fn an_id_from_elsewhere_is_kept_and_can_be_asked_for() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let id = "tag:example.com,2026:notes/1?x=y";
    let posted = evan.post(note("foreign").object_with("id", id).to(public()));
    let object = &posted["object"];
    assert_eq!(object["id"], id);
    let encoded = "tag%3Aexample.com%2C2026%3Anotes%2F1%3Fx%3Dy";
    assert_eq!(
        link_self(object),
        format!("http://pump.test/api/note?id={encoded}")
    );
    let read = ann.read(object).ok();
    assert_eq!(read["id"], id);
    assert_eq!(read["content"], "foreign");
    ann.does("like", object);
    let likes = ann.stream(&format!("/api/note/likes?id={encoded}"));
    assert_eq!(likes.total(), 1);
    ann.post(comment("yes", object));
    let replies = ann.stream(&format!("/api/note/replies?id={encoded}"));
    assert_eq!(replies.total(), 1);
    assert_eq!(
        ann.stream(&format!("/api/note/shares?id={encoded}"))
            .total(),
        0
    );
    ann.get("/api/note").refused(400);
    ann.get("/api/note?id=tag%3Aexample.com%2C2026%3Aunknown")
        .refused(404);
}

/// pump-api.md §4.5 [W]
#[test]
fn the_class_of_a_feed_is_kept() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let (major, minor) = (evan.path("feed/major"), evan.path("feed/minor"));
    let game = json!({ "objectType": "game", "displayName": "Chess" });
    evan.post_to(&minor, &note("major").into()).refused(400);
    evan.post_to(&major, &activity("play", &game).into())
        .refused(400);
    let posted = evan.post_to(&major, &note("major").into()).ok();
    assert!(evan.feed().major().has(&posted));
    let played = evan.post_to(&minor, &activity("play", &game).into()).ok();
    assert!(evan.feed().minor().has(&played));
}

/// pump-api.md §4.3 [W], §4.6 [W], D28, Q30, Q8
#[test]
fn who_gets_what_is_addressed_to_nobody() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let (evans, anns) = (followers_of(&evan), followers_of(&ann));
    let followers = |document: &Value| document["id"].as_str().unwrap_or_default().to_owned();
    let (evans, anns) = (followers(&evans), followers(&anns));
    let nobody: Vec<&str> = Vec::new();

    // 7: otherwise one's followers; empty lists count as nobody.
    let plain = evan.post(note("plain"));
    assert_eq!(audience(&plain), (nobody.clone(), vec![evans.as_str()]));
    let empty = note("empty")
        .with("to", json!([]))
        .with("cc", json!([]))
        .with("bto", json!([]))
        .with("bcc", json!([]));
    assert_eq!(
        audience(&evan.post(empty)),
        (nobody.clone(), vec![evans.as_str()])
    );

    // 3: a person other than oneself.
    let followed = ann.follow(&evan);
    let evan_id = evan.id();
    assert_eq!(
        audience(&followed),
        (vec![evan_id.as_str()], vec![anns.as_str()])
    );

    // 2: a like goes where the note went.
    let posted = evan.post(note("for two").to(&ann).to(&bea).cc(public()));
    let (ann_id, bea_id) = (ann.id(), bea.id());
    let liked = ann.does("like", &posted["object"]);
    assert_eq!(
        audience(&liked),
        (vec![ann_id.as_str(), bea_id.as_str()], vec![PUBLIC])
    );
    let unliked = ann.does("unlike", &posted["object"]);
    assert_eq!(audience(&unliked), audience(&liked));

    // 6: a comment goes there too, and to the author, and not to oneself.
    let commented = ann.post(comment("nice", &posted["object"]));
    assert_eq!(
        audience(&commented),
        (vec![bea_id.as_str(), evan_id.as_str()], vec![PUBLIC])
    );

    // 7: a share goes to one's followers.
    let shared = ann.does("share", &posted["object"]);
    assert_eq!(audience(&shared), (nobody.clone(), vec![anns.as_str()]));

    // 1: an update and a delete go where the note went.
    let change = activity("update", &reference(&posted["object"])).object_with("content", "new");
    let updated = evan.post(change);
    assert_eq!(
        audience(&updated),
        (vec![ann_id.as_str(), bea_id.as_str()], vec![PUBLIC])
    );
    let deleted = evan.does("delete", &posted["object"]);
    assert_eq!(audience(&deleted), audience(&updated));

    // 1, exception: oneself.
    let myself = json!({ "objectType": "person", "id": evan.id(), "displayName": "E" });
    assert_eq!(
        audience(&evan.post(activity("update", &myself))),
        (nobody, vec![evans.as_str()])
    );
}

/// pump-api.md §3.2 [W]
#[test]
fn what_is_null_is_not_there() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(
        note("hi")
            .with("title", Value::Null)
            .with("target", Value::Null)
            .with("to", Value::Null)
            .object_with("displayName", Value::Null)
            .object_with("summary", Value::Null)
            .object_with(
                "image",
                json!({ "url": "http://h.example/1.png", "width": null }),
            )
            .object_with("mood", json!({ "displayName": "sunny", "since": null }))
            .object_with("inReplyTo", Value::Null),
    );
    let text = evan.read(&posted).ok().to_string();
    assert!(!text.contains("null"), "{text}");
}

/// pump-api.md Q31
#[test]
fn an_actor_may_be_given_by_id_alone() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("hi").with("actor", evan.reference()));
    assert_eq!(posted["actor"]["displayName"], "evan");
    assert_eq!(
        posted["actor"]["links"]["self"]["href"],
        "http://pump.test/api/user/evan/profile"
    );
}

#[test]
fn an_account_elsewhere_is_one_with_and_without_its_scheme() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let person = |id: &str| json!({ "objectType": "person", "id": id });
    let bare = evan.post(note("hi").with("to", json!([person("ann@other.example")])));
    assert_eq!(audience(&bare).0, ["acct:ann@other.example"]);
    evan.does("follow", &person("acct:ann@other.example"));
    evan.try_does("follow", &person("ann@other.example"))
        .refused(400);
    assert_eq!(evan.following().total(), 1);
}
