//! What old clients rely on without knowing it, and mistakes of pump.io that must not come back, where no other story is
//! about them (`pump-api.md §10`).

use crate::harness::documents::reference;
use crate::harness::people::link_self;
use crate::harness::{Activity, Pump, Request, activity, comment, note, public};
use serde_json::{Value, json};

/// pump-api.md Q37, D9: a thing that was fetched, with everything the server has put into it, is posted back.
#[test]
fn a_whole_object_can_be_posted_back() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("posted once").to(public()));
    ann.post(comment("a comment", &posted["object"]));
    let mut seen = ann.read(&posted["object"]).ok();
    assert!(seen["author"].is_object() && seen["pump_io"].is_object());
    for verb in ["like", "share", "unlike", "unshare"] {
        ann.post(activity(verb, &seen));
    }
    ann.post_to(&ann.path("favorites"), &seen).ok();
    let followed = evan.get(&ann.path("profile")).ok();
    evan.post_to(&evan.path("following"), &followed).ok();

    seen = evan.read(&posted["object"]).ok();
    seen["content"] = json!("edited");
    seen["likes"]["totalItems"] = json!(77);
    seen["liked"] = json!(true);
    seen["author"] = ann.reference();
    let updated = evan.post(activity("update", &seen));
    let again = evan.put_to(link_self(&seen), &seen).ok();
    for object in [&updated["object"], &again, &evan.read(&seen).ok()] {
        assert_eq!(object["content"], "edited");
        assert_eq!(object["author"]["id"], evan.id());
        assert_ne!(object["likes"]["totalItems"], 77);
    }
    let read = evan.read(&seen).ok();
    assert_eq!(read["likes"]["totalItems"], 1);
    assert_eq!(read["replies"]["totalItems"], 1);
    assert_eq!(read["liked"], false);
}

/// pump-api.md §3.11 [W], Q40, D12
#[test]
fn whoever_does_not_ask_for_something_else_gets_activity_streams_1() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("first of all").to(public()));
    let (activity, object) = (link_self(&posted), link_self(&posted["object"]));
    for accept in [
        "",
        "*/*",
        "application/json",
        "application/stream+json",
        "text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "image/png",
        "application/json, application/activity+json;q=0.5",
    ] {
        for path in [
            "/api/user/evan/feed",
            "/api/user/evan/profile",
            activity,
            object,
        ] {
            let mut request = Request::get(path);
            if !accept.is_empty() {
                request = request.header("Accept", accept);
            }
            let document = evan.send(request).ok();
            assert!(document["@context"].is_null(), "{accept}: {document}");
            let kind = [
                &document["objectType"],
                &document["verb"],
                &document["objectTypes"],
            ];
            assert!(
                kind.iter().any(|kind| !kind.is_null()),
                "{accept}: {document}"
            );
        }
    }
    // A page is a page for whoever does not say what it wants.
    let page = pump
        .nobody()
        .send(Request::get("/evan").header("Accept", "*/*"));
    assert!(
        page.expect(200)
            .header("content-type")
            .starts_with("text/html")
    );
}

/// pump-api.md §5.1.1 [W]: profiles of identi.ca have an object with numbered members.
#[test]
fn duplicates_that_are_numbered_become_a_list() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let person = json!({
        "objectType": "person", "id": "tag:identica.example,2010:old",
        "upstreamDuplicates": { "0": "http://identi.example/user/1", "1": "http://identi.example/user/2" },
    });
    let posted = evan.post(Activity(json!({ "verb": "mention", "object": person })));
    assert_eq!(
        posted["object"]["upstreamDuplicates"],
        json!([
            "http://identi.example/user/1",
            "http://identi.example/user/2"
        ])
    );
}

/// pump-api.md Q33, §3.10
#[test]
fn followers_have_the_address_that_clients_build() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let id = "http://pump.test/api/user/evan/followers";
    let profile = evan.get(&evan.path("profile")).ok();
    assert_eq!(profile["followers"]["url"], id);
    let posted = evan.post(note("to those who follow"));
    assert_eq!(posted["cc"][0]["id"], id);
    assert_eq!(posted["cc"][0]["members"]["url"], id);
    let built = json!({ "objectType": "collection", "id": id });
    let posted = evan.post(note("the same").to(built));
    assert!(ann.inbox().major().has(&posted));
    assert_eq!(evan.get(id).ok()["items"][0]["id"], ann.id());
}

/// pump-api.md D27, §4.6: of a note elsewhere that came without its post nobody knows to whom it went.
#[test]
fn a_comment_on_a_note_that_came_alone_goes_to_ones_followers() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let elsewhere = json!({ "objectType": "note", "id": "https://other.example/api/note/1" });
    let posted = evan.post(comment("what I think of it", &elsewhere));
    assert_eq!(posted["object"]["inReplyTo"]["id"], elsewhere["id"]);
    assert_eq!(
        posted["cc"][0]["id"],
        "http://pump.test/api/user/evan/followers"
    );
    assert!(ann.inbox().minor().has(&posted));
}

/// pump-api.md D6: ids of activities are the server's; whoever sends a known one overwrites nothing.
#[test]
fn an_activity_is_not_overwritten_by_its_id() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("the original").to(public()));
    for (person, id) in [
        (&ann, &posted["id"]),
        (&evan, &posted["id"]),
        (&ann, &json!("tag:x,2026:1")),
    ] {
        let again = person.post(note("another").with("id", id.clone()).to(public()));
        assert_ne!(&again["id"], id);
        assert_eq!(again["actor"]["id"], person.id());
        assert_eq!(link_self(&again), again["id"]);
    }
    assert_eq!(ann.read(&posted).ok()["object"]["content"], "the original");
    // Nor is somebody else's object by its id.
    let note_of = |id: &Value| note("hijacked").object_with("id", id.clone());
    ann.try_post(note_of(&posted["object"]["id"])).refused(400);
    let foreign = evan.post(
        note("foreign")
            .object_with("id", "tag:example.com,2026:mine")
            .to(public()),
    );
    ann.try_post(note_of(&foreign["object"]["id"])).refused(400);
    assert_eq!(ann.read(&foreign["object"]).ok()["content"], "foreign");
}

/// pump-api.md D15
#[test]
fn what_is_deleted_is_not_liked_shared_or_put_on_a_list() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("gone soon").to(public()));
    evan.does("delete", &posted["object"]);
    for verb in ["like", "favorite", "share", "update", "delete"] {
        for person in [&evan, &ann] {
            let answer = person.try_does(verb, &posted["object"]);
            assert!(
                matches!(answer.status, 400 | 410),
                "{verb}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    let path = ann.path("favorites");
    let answer = ann.post_to(&path, &reference(&posted["object"]));
    assert!(matches!(answer.status, 400 | 410), "{}", answer.status);
    assert_eq!(ann.favorites().total(), 0);
}
