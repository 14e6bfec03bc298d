//! What is added to things for the one who reads (`pump-api.md §3.7`).

use crate::harness::documents::reference;
use crate::harness::{Person, Pump, activity, comment, eventually, note, public};
use serde_json::{Value, json};

struct Scene {
    _pump: Pump,
    evan: Person,
    ann: Person,
    posted: Value,
}

/// A note of Evan that Ann likes, shares and comments; Ann follows Evan and Bea likes it too.
fn scene() -> Scene {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    ann.follow(&evan);
    let posted = evan.post(note("look at me").to(public()));
    let object = &posted["object"];
    ann.does("like", object);
    bea.does("like", object);
    ann.does("share", object);
    let reply = ann.post(comment("looked", object));
    bea.does("like", &reply["object"]);
    eventually(|| ann.inbox().major().has(&posted));
    Scene {
        _pump: pump,
        evan,
        ann,
        posted,
    }
}

/// The object of the scene's note in a feed of activities.
#[track_caller]
fn in_feed(scene: &Scene, stream: &crate::harness::Stream) -> Value {
    let items = stream.items();
    let item = items.iter().find(|item| item["id"] == scene.posted["id"]);
    item.unwrap_or_else(|| panic!("the note is not in {}", stream.path))["object"].clone()
}

#[track_caller]
fn is_finished(object: &Value, liked: bool, shared: bool) {
    assert_eq!(object["liked"], liked, "liked: {object}");
    assert_eq!(object["pump_io"]["shared"], shared, "shared: {object}");
    let likers = crate::harness::documents::each(
        object["likes"]["items"].as_array().expect("likers"),
        "preferredUsername",
    );
    assert_eq!(likers, ["bea", "ann"], "newest liker first");
    let reply = &object["replies"]["items"][0];
    assert_eq!(reply["content"], "looked");
    assert_eq!(reply["author"]["preferredUsername"], "ann");
    assert_eq!(reply["likes"]["totalItems"], 1);
    assert_eq!(reply["likes"]["items"][0]["preferredUsername"], "bea");
    assert_eq!(reply["liked"], false);
    assert_eq!(object["shares"]["items"][0]["preferredUsername"], "ann");
    has_totals(object);
}

#[track_caller]
fn has_totals(object: &Value) {
    for (stream, total) in [("likes", 2), ("replies", 1), ("shares", 1)] {
        assert_eq!(object[stream]["totalItems"], total, "{stream}");
    }
}

/// pump-api.md §3.7 [W]
#[test]
fn major_feeds_are_finished_for_the_reader() {
    let scene = scene();
    let (evan, ann) = (&scene.evan, &scene.ann);
    is_finished(&in_feed(&scene, &ann.inbox().major()), true, true);
    is_finished(&in_feed(&scene, &evan.inbox().major()), false, false);
    is_finished(&in_feed(&scene, &ann.feed_of(evan).major()), true, true);
    is_finished(&in_feed(&scene, &evan.feed().major()), false, false);
}

/// pump-api.md §3.7 [W]
#[test]
fn plain_feeds_have_totals_only() {
    let scene = scene();
    for stream in [
        scene.ann.inbox(),
        scene.evan.feed(),
        scene.ann.feed_of(&scene.evan),
    ] {
        let object = in_feed(&scene, &stream);
        has_totals(&object);
        assert!(object["liked"].is_null(), "{}", stream.path);
        assert!(object["likes"]["items"].is_null(), "{}", stream.path);
        assert!(object["replies"]["items"].is_null(), "{}", stream.path);
    }
}

/// pump-api.md §3.7 [W]
#[test]
fn an_object_by_itself_is_finished() {
    let scene = scene();
    let object = &scene.posted["object"];
    is_finished(&scene.ann.read(object).ok(), true, true);
    is_finished(&scene.evan.read(object).ok(), false, false);
    let plain = scene._pump.client().read(object).ok();
    assert!(
        plain["liked"].is_null(),
        "a client without a user likes nothing"
    );
    assert!(plain["pump_io"]["shared"].is_null());
    has_totals(&plain);
    let alone = scene.ann.read(&scene.posted).ok();
    has_totals(&alone["object"]);
}

/// pump-api.md §3.7 [W]
#[test]
fn favorites_and_replies_are_finished() {
    let scene = scene();
    let favorites = scene.ann.favorites().items();
    let favorite = favorites
        .iter()
        .find(|item| item["id"] == scene.posted["object"]["id"]);
    is_finished(favorite.expect("ann likes it"), true, true);
    let replies = scene
        .evan
        .stream_of(&scene.posted["object"], "replies")
        .items();
    assert_eq!(replies[0]["liked"], false);
    assert_eq!(replies[0]["likes"]["items"][0]["preferredUsername"], "bea");
}

/// pump-api.md §3.7 [W]
#[test]
fn an_empty_stream_has_no_items() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("nothing happened").to(public()));
    let object = evan.read(&posted["object"]).ok();
    for stream in ["likes", "replies", "shares"] {
        assert_eq!(object[stream]["totalItems"], 0);
        assert!(object[stream]["items"].is_null(), "{stream}");
    }
}

/// pump-api.md §3.7 [W]
#[test]
fn people_say_whether_the_reader_follows_them() {
    let scene = scene();
    let (evan, ann) = (&scene.evan, &scene.ann);
    let follows = |reader: &Person, person: &Person| {
        reader.get(&person.path("profile")).ok()["pump_io"]["followed"].clone()
    };
    assert_eq!(follows(ann, evan), true);
    assert_eq!(follows(evan, ann), false);
    assert_eq!(evan.followers().items()[0]["pump_io"]["followed"], false);
    assert_eq!(ann.following().items()[0]["pump_io"]["followed"], true);
    let user = ann.get("/api/user/evan").ok();
    assert_eq!(user["profile"]["pump_io"]["followed"], true);
    let plain = scene._pump.client().get("/api/user/evan").ok();
    assert!(plain["profile"]["pump_io"]["followed"].is_null());
}

/// pump-api.md §3.2 [W], D10, D5
#[test]
fn private_members_never_leave() {
    let scene = scene();
    let (evan, ann) = (&scene.evan, &scene.ann);
    for path in [
        evan.path("feed/major"),
        ann.path("inbox/major"),
        ann.path("favorites"),
        evan.path("followers"),
        evan.path("profile"),
        evan.path("lists/person"),
        "/api/users".to_owned(),
        "/api/user/evan".to_owned(),
    ] {
        let reader = if path.contains("/ann/") { ann } else { evan };
        let text = reader.get(&path).ok().to_string();
        assert!(!text.contains("\"_"), "{path}: {text}");
        assert!(
            !text.contains("argon2") && !text.contains("password"),
            "{path}"
        );
        assert!(
            !text.contains(":null"),
            "{path}: absent members are absent: {text}"
        );
    }
}

/// pump-api.md §3.7 [W]: the feeds of an object of another server are there; what they hold is what is known here.
#[test]
fn what_comes_from_elsewhere_is_counted_as_it_is_known_here() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let id = "tag:far.example,2026:1";
    let feed =
        |name: &str| json!({ "url": format!("http://far.example/1/{name}"), "totalItems": 77 });
    let far = json!({
        "objectType": "note", "id": id, "content": "far away",
        "likes": feed("likes"), "replies": feed("replies"), "shares": feed("shares"),
    });
    let shared = evan.post(activity("share", &far).to(public()));
    ann.does("like", &far);
    ann.post(comment("from here", &far).to(public()));
    let major = ann.feed_of(&evan).major().items();
    let seen = &major
        .iter()
        .find(|item| item["id"] == shared["id"])
        .expect("there")["object"];
    for (name, item) in [
        ("likes", ann.id()),
        ("replies", String::new()),
        ("shares", evan.id()),
    ] {
        assert_eq!(seen[name]["url"], format!("http://far.example/1/{name}"));
        assert_eq!(seen[name]["totalItems"], 1, "{name}");
        let items = seen[name]["items"].as_array().expect("items");
        assert!(name == "replies" || items[0]["id"] == item, "{name}");
    }
    assert_eq!(seen["replies"]["items"][0]["content"], "from here");
    assert_eq!(seen["liked"], true);
    assert_eq!(seen["pump_io"]["shared"], false);
    let plain = &pump.client().feed_of(&evan).items()[0]["object"];
    assert_eq!(
        plain["likes"],
        json!({ "url": "http://far.example/1/likes", "totalItems": 1 })
    );
    // What did not say where its feeds are has none.
    let bare = json!({ "objectType": "note", "id": "http://far.example/api/note/2" });
    let shared = evan.post(activity("share", &bare).to(public()));
    assert!(shared["object"]["likes"].is_null(), "{shared}");
}

/// pump-api.md §3.7 [W]
#[test]
fn the_target_of_an_activity_is_finished_when_it_is_posted() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let list =
        json!({ "objectType": "collection", "displayName": "Notes", "objectTypes": ["note"] });
    let list = evan.post(activity("create", &list))["object"].clone();
    let posted = evan.post(note("hi").with("target", reference(&list)));
    assert_eq!(posted["target"]["liked"], false);
    let seen = &evan.feed().major().items()[0];
    assert_eq!(seen["object"]["liked"], false);
    assert_eq!(seen["target"]["displayName"], "Notes");
    assert!(seen["target"]["liked"].is_null(), "{seen}");
}
