//! Changing and deleting what was posted (`pump-api.md §4.4`, `§4.9.3`).

use crate::harness::documents::reference;
use crate::harness::people::link_self;
use crate::harness::{Pump, activity, comment, eventually, note, pictures, public};
use serde_json::json;

#[test]
fn others_things_cannot_be_changed() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("mine").to(public()));
    let change = json!({ "content": "yours" });
    for path in [link_self(&posted["object"]), link_self(&posted)] {
        pump.nobody()
            .put_to(path, &change)
            .oauth_refused(400, "Missing required parameter");
        pump.client()
            .delete(path)
            .oauth_refused(400, "Missing required parameter");
        ann.put_to(path, &change).refused(403);
        ann.delete(path).refused(403);
        evan.put_to(path, &json!({ "content": { "not": "text" } }))
            .refused(400);
        evan.put_to(path, &json!([])).refused(400);
    }
    for path in [
        "/api/note/AAAAAAAAAAAAAAAAAAAAAA",
        "/api/activity/AAAAAAAAAAAAAAAAAAAAAA",
    ] {
        evan.put_to(path, &change).refused(404);
        evan.delete(path).refused(404);
    }
    assert_eq!(ann.read(&posted["object"]).ok()["content"], "mine");
}

/// pump-api.md D9
#[test]
fn an_update_merges_and_keeps_what_cannot_change() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(
        note("first")
            .object_with("displayName", "Title")
            .object_with("mood", "fine")
            .to(&ann),
    );
    let object = &posted["object"];
    ann.does("like", object);
    let path = link_self(object);
    let updated = evan
        .put_to(
            path,
            &json!({
                "content": "second<script>x</script>", "id": "http://pump.test/api/note/x", "objectType": "image",
                "published": "2001-01-01T00:00:00Z", "author": ann.reference(), "url": "http://evil.example/",
                "likes": { "totalItems": 70, "url": "http://evil.example/" }, "liked": true,
            }),
        )
        .ok();
    assert_eq!(updated["id"], object["id"]);
    let read = ann.read(object).ok();
    for thing in [&updated, &read] {
        assert_eq!(thing["content"], "second");
        assert_eq!(thing["displayName"], "Title");
        assert_eq!(thing["mood"], "fine");
        assert_eq!(thing["objectType"], "note");
        assert_eq!(thing["published"], object["published"]);
        assert_eq!(thing["url"], object["url"]);
    }
    assert_eq!(read["author"]["id"], evan.id());
    assert_eq!(read["likes"]["totalItems"], 1);
    let newest = &evan.feed().minor().items()[0];
    assert_eq!(newest["verb"], "update");
    assert_eq!(newest["object"]["id"], object["id"]);
    eventually(|| ann.inbox().minor().has(newest));
    // The note in the inbox is the note as it is now.
    assert!(ann.inbox().major().says("second"));

    let by_activity = activity("update", &reference(object)).object_with("content", "third");
    let answer = evan.post(by_activity);
    assert_eq!(answer["object"]["content"], "third");
    assert_eq!(answer["object"]["displayName"], "Title");
    // What was read can be posted back as it is.
    let whole = evan.read(object).ok();
    evan.put_to(path, &whole).ok();
    assert_eq!(evan.read(object).ok()["likes"]["totalItems"], 1);
}

/// pump-api.md Q36
#[test]
fn a_deleted_note_leaves_a_tombstone() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let posted = evan.post(note("regret").to(public()));
    let object = &posted["object"];
    eventually(|| ann.inbox().major().says("regret"));
    ann.does("like", object);
    ann.post(comment("why?", object));

    let deleted = evan.does("delete", object);
    assert!(deleted["object"]["deleted"].is_string(), "{deleted}");
    assert!(deleted["object"]["content"].is_null());
    for reader in [&evan, &ann] {
        assert_eq!(reader.read(object).refused(410), "Deleted");
        for stream in ["likes", "replies", "shares"] {
            reader.stream_of(object, stream).ask("").refused(410);
        }
    }
    for page in [
        ann.inbox().page(),
        ann.inbox().major().page(),
        evan.feed().page(),
        evan.feed().major().page(),
        ann.favorites().page(),
        ann.feed().page(),
    ] {
        assert!(!page.to_string().contains("regret"), "{page}");
    }
    evan.put_to(link_self(object), &json!({ "content": "back" }))
        .refused(410);
    let again = evan.delete(link_self(object));
    assert!(matches!(again.status, 400 | 410), "{}", again.status);
    ann.try_does("favorite", object).refused(400);
}

/// pump-api.md Q41, Q7
#[test]
fn deleting_by_address_answers_a_word() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("short-lived").to(public()));
    assert_eq!(evan.delete(link_self(&posted["object"])).ok(), "Deleted");
    evan.read(&posted["object"]).refused(410);
    assert_eq!(evan.feed().minor().items()[0]["verb"], "delete");
}

/// pump-api.md D31
#[test]
fn an_activity_can_be_edited_and_deleted_without_its_object() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("stays").to(public()));
    let path = link_self(&posted);
    let edited = evan
        .put_to(
            path,
            &json!({ "title": "Edited", "mood": "glad", "_x": 1, "id": "http://pump.test/x" }),
        )
        .ok();
    assert_eq!(edited["title"], "Edited");
    assert_eq!(edited["id"], posted["id"]);
    assert!(edited["_x"].is_null());
    let read = ann.get(path).ok();
    assert_eq!(read["mood"], "glad");
    assert_eq!(read["actor"]["id"], evan.id());

    assert_eq!(evan.delete(path).ok(), "Deleted");
    assert_eq!(ann.get(path).refused(410), "Deleted");
    assert!(!evan.feed().has(&posted) && !evan.inbox().has(&posted));
}

/// pump-api.md D4
#[test]
fn an_account_that_is_deleted_is_gone() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.post(note("before").to(public()));
    let path = "/api/user/evan";
    ann.delete(path).refused(401);
    assert_eq!(evan.delete(path).ok(), "Deleted.");
    let gone = ann.get(path);
    assert!(matches!(gone.status, 404 | 410), "{}", gone.status);
    assert_eq!(ann.stream("/api/users").total(), 1);
    for path in ["/api/whoami", &evan.path("inbox")] {
        let status = evan.get(path).status;
        assert!(matches!(status, 400 | 401), "{path}: {status}");
    }
    let account = json!({ "nickname": "evan", "password": crate::harness::people::PASSWORD });
    pump.client().post_to("/api/users", &account).refused(409);
    assert!(pump.is_well());
}

/// pump-api.md D22
#[test]
fn who_leaves_takes_along_what_was_posted_and_done() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.follow(&ann);
    ann.follow(&evan);
    let picture = evan.upload("image/png", &pictures::png(40, 30));
    let file = picture["image"]["url"].as_str().expect("a file").to_owned();
    let path = file.trim_start_matches("http://pump.test").to_owned();
    let shown = evan.post(activity("post", &picture).to(public()));
    let said = evan.post(note("a secret").to(public()));
    let answer = ann.post(comment("really?", &said["object"]));
    ann.does("favorite", &said["object"]);
    let hers = ann.post(note("hers").to(public()));
    for verb in ["favorite", "share"] {
        evan.does(verb, &hers["object"]);
    }
    evan.post(comment("nice", &hers["object"]));
    pump.nobody().get(&path).expect(200);

    evan.delete("/api/user/evan").ok();
    eventually(|| ann.followers().total() == 0 && ann.following().total() == 0);
    for gone in [
        &shown,
        &shown["object"],
        &said,
        &said["object"],
        &evan.reference(),
    ] {
        let answer = match gone["objectType"].as_str() {
            Some("person") => ann.get("/api/user/evan/profile"),
            _ => ann.read(gone),
        };
        assert!(
            matches!(answer.status, 404 | 410),
            "{gone}: {}",
            answer.status
        );
    }
    assert_eq!(pump.nobody().get(&path).status, 404);
    let whole = ann.read(&hers["object"]).ok();
    for count in ["likes", "shares", "replies"] {
        assert_eq!(whole[count]["totalItems"], 0, "{count}");
    }
    assert!(!ann.inbox().page().to_string().contains("a secret"));
    assert_eq!(ann.favorites().items().len(), 0);
    // What others said stays theirs.
    let answer = ann.read(&answer["object"]).ok();
    assert_eq!(answer["content"], "really?");
    assert!(answer["inReplyTo"]["content"].is_null());
}

#[test]
fn an_upload_that_nobody_saw_can_be_corrected_and_thrown_away() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let picture = evan.upload("image/png", &pictures::png(40, 30));
    let path = link_self(&picture);
    let named = evan.put_to(path, &json!({ "displayName": "dog" })).ok();
    assert_eq!(named["displayName"], "dog");
    assert_eq!(evan.delete(path).ok(), "Deleted");
    evan.get(path).refused(410);
    let uploads = evan.stream(&evan.path("uploads"));
    assert_eq!(uploads.total(), 0);
    assert_eq!(ann.inbox().direct().total(), 1, "the welcome");
    assert!(!ann.inbox().page().to_string().contains("dog"));
}
