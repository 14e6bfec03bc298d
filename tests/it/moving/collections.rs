//! Collections of activities from anywhere: they have their dates, their order and their audience.

use super::bringing::brought;
use crate::harness::documents::addressed;
use crate::harness::{Person, Pump, note, public};
use serde_json::{Value, json};

fn dated(published: &str, content: &str) -> Value {
    json!({"verb": "post", "published": published, "to": [public()],
        "object": {"objectType": "note", "content": content}})
}

fn contents(items: &[Value]) -> Vec<&str> {
    let notes = items.iter().filter(|item| {
        item["object"]["objectType"] == "note" && item["actor"]["objectType"] == "person"
    });
    notes
        .filter_map(|item| item["object"]["content"].as_str())
        .collect()
}

#[track_caller]
fn bring(person: &Person, collection: &Value) -> Value {
    brought(person, collection.to_string().as_bytes())
}

#[test]
fn activities_stand_in_the_places_of_their_time() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    evan.post(note("now").to(public()));
    let newer = json!([
        dated("2021-03-01T00:00:00Z", "2021"),
        dated("2011-03-01T00:00:00Z", "2011")
    ]);
    bring(&evan, &newer);
    evan.post(note("later").to(public()));
    let older = json!({"objectTypes": ["activity"], "items": [
        dated("2016-03-01T00:00:00Z", "2016"), dated("1969-03-01T00:00:00Z", "1969"),
        dated("2016-03-01T00:00:00Z", "2016, a bit later"), dated("2999-01-01T00:00:00Z", "to come"),
    ]});
    bring(&evan, &older);
    let expected = [
        "to come",
        "later",
        "now",
        "2021",
        "2016, a bit later",
        "2016",
        "2011",
        "1969",
    ];
    let streams = [
        evan.feed(),
        evan.feed().major(),
        evan.inbox(),
        evan.inbox().major(),
    ];
    for stream in &streams {
        let all = stream.all(200);
        assert_eq!(contents(&all)[..], expected, "{}", stream.path);
        assert_eq!(contents(&stream.all(3))[..], expected, "{}", stream.path);
        assert_eq!(
            contents(&stream.all_by_offset(2))[..],
            expected,
            "{}",
            stream.path
        );
    }
    let all = evan.feed().major().all(200);
    let middle = all[3]["id"].as_str().expect("an id");
    let before = evan
        .feed()
        .major()
        .items_at(&format!("before={middle}&count=2"));
    assert_eq!(contents(&before), ["2016, a bit later", "2016"]);
    let since = evan
        .feed()
        .major()
        .items_at(&format!("since={middle}&count=20"));
    assert_eq!(contents(&since), ["to come", "later", "now"]);
    let first = all.last().expect("the oldest");
    assert_eq!(first["published"], "1969-03-01T00:00:00Z");
    assert_eq!(first["object"]["published"], "1969-03-01T00:00:00Z");
    assert!(all[0]["published"].as_str().is_some_and(|day| day < "2999"));
    evan.post(note("last").to(public()));
    assert!(evan.feed().major().first_is("last"));
    pump.is_sound();
}

#[test]
fn the_same_again_is_not_doubled_with_and_without_ids() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut named = dated("2020-01-01T00:00:00Z", "with an id");
    named["id"] = json!("tag:old.test,2020:1");
    named["object"]["id"] = json!("tag:old.test,2020:note:1");
    let collection = json!([named, dated("2020-01-02T00:00:00Z", "without")]);
    assert_eq!(bring(&evan, &collection)["brought"], 2);
    let again = bring(&evan, &collection);
    assert_eq!((&again["brought"], &again["known"]), (&json!(0), &json!(2)));
    assert_eq!(
        contents(&evan.feed().major().all(20)),
        ["without", "with an id"]
    );

    // Another person may bring the same: ids of elsewhere are nobody's here.
    let ann = pump.register("ann");
    assert_eq!(bring(&ann, &collection)["brought"], 2);
    let seen = ann.feed().major().items();
    let seen = seen
        .iter()
        .find(|item| item["object"]["content"] == "with an id");
    let object = &seen.expect("there")["object"];
    assert!(
        object["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("http://pump.test/api/note/"))
    );
    assert_eq!(
        object["upstreamDuplicates"],
        json!(["tag:old.test,2020:note:1"])
    );
}

#[test]
fn a_feed_that_begins_with_the_newest_is_done_in_its_order() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let done = |day: u8, verb: &str, object: Value| json!({"verb": verb, "published": format!("2020-01-{day:02}T00:00:00Z"), "to": [public()], "object": object});
    let (list, noted) = (
        "http://old.test/api/collection/1",
        "http://old.test/api/note/1",
    );
    let mut add = done(4, "add", ann.reference());
    add["target"] = json!({"objectType": "collection", "id": list});
    let feed = json!({"items": [
        done(6, "stop-following", ann.reference()),
        done(5, "post", json!({"objectType": "comment", "content": "and", "inReplyTo": {"objectType": "note", "id": noted}})),
        add,
        done(3, "post", json!({"objectType": "note", "id": noted, "content": "first"})),
        done(2, "create", json!({"objectType": "collection", "id": list, "displayName": "Friends", "objectTypes": ["person"]})),
        done(1, "follow", ann.reference()),
    ]});
    let report = bring(&evan, &feed);
    let told = (&report["brought"], &report["known"], &report["leftOut"]);
    assert_eq!(told, (&json!(5), &json!(1), &json!(0)), "{report}");
    assert_eq!(evan.following().total(), 0);
    let posts = evan.feed().major().items();
    let first = posts.iter().find(|one| one["object"]["content"] == "first");
    let first = &first.expect("there")["object"];
    assert_eq!(first["replies"]["totalItems"], 1);
    let lists = evan.lists().items();
    let friends = lists.iter().find(|one| one["displayName"] == "Friends");
    assert_eq!(friends.expect("there")["members"]["totalItems"], 1);
    assert_eq!(lists.len(), 4);
    assert_eq!(bring(&evan, &feed)["brought"], 0);
}

#[test]
fn the_audience_is_what_it_says_and_followers_where_it_says_nothing() {
    let pump = Pump::start();
    let [evan, ann, ben] = pump.register_all(["evan", "ann", "ben"]);
    ben.follow(&evan);
    let old = "http://old.test/api/user/evan";
    let actor = json!({"objectType": "person", "id": "acct:evan@old.test", "links": {"self": {"href": format!("{old}/profile")}}});
    let with = |content: &str, members: Value| {
        let mut activity = dated("2020-01-01T00:00:00Z", content);
        activity["actor"] = actor.clone();
        activity.as_object_mut().expect("an object").remove("to");
        for (name, value) in members.as_object().expect("an object") {
            activity[name] = value.clone();
        }
        activity
    };
    let report = bring(
        &evan,
        &json!([
            with("to nobody in particular", json!({})),
            with(
                "to my followers there",
                json!({"cc": [{"objectType": "collection", "id": format!("{old}/followers")}]})
            ),
            with("to ann", json!({"to": [ann.reference()]})),
            with(
                "to somebody who is gone",
                json!({"to": [{"objectType": "person", "id": "acct:nobody@pump.test"}]})
            ),
            with(
                "to somebody elsewhere",
                json!({"to": [{"objectType": "person", "id": "acct:joe@old.test", "displayName": "Joe"}]})
            ),
            with(
                "not mine",
                json!({"actor": {"objectType": "person", "id": "acct:joe@old.test"}})
            ),
            with(
                "not my words",
                json!({"object": {"objectType": "note", "content": "not my words", "author": {"id": "acct:joe@old.test"}}})
            ),
        ]),
    );
    assert_eq!(
        (&report["brought"], &report["leftOut"]),
        (&json!(5), &json!(2)),
        "{report}"
    );
    let reasons = report["reasons"].to_string();
    assert!(
        reasons.contains("2020-01-01 post: Somebody else"),
        "{reasons}"
    );
    let sees = |person: &Person| {
        let all = person.feed_of(&evan).major().all(20);
        let mut seen: Vec<String> = contents(&all).into_iter().map(str::to_owned).collect();
        seen.sort_unstable();
        seen
    };
    assert_eq!(
        sees(&ben),
        ["to my followers there", "to nobody in particular"]
    );
    assert_eq!(sees(&ann), ["to ann"]);
    let own = evan.feed().major().all(20);
    let elsewhere = own
        .iter()
        .find(|one| one["object"]["content"] == "to somebody elsewhere");
    assert_eq!(
        addressed(elsewhere.expect("there"), "to"),
        ["acct:joe@old.test"]
    );
    let inbox = |person: &Person| person.inbox().major().all(20);
    assert_eq!(
        contents(&inbox(&ann)).len() + contents(&inbox(&ben)).len(),
        0,
        "nobody hears of it"
    );
}

#[test]
fn what_comes_in_is_cleaned_as_what_is_posted() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let mut nasty = dated("2020-01-01T00:00:00Z", "<script>alert(1)</script><b>Hi</b>");
    nasty["_secret"] = json!(1);
    nasty["object"]["_x"] = json!(1);
    nasty["object"]["likes"] = json!({"totalItems": 99, "url": "http://evil.test/"});
    let mut whole = dated("2020-01-02T00:00:00Z", "fine");
    whole["object"]["license"] = json!("CC");
    // Nobody is followed, and nothing done, in the name of others.
    let foreign = json!({"verb": "share", "published": "2020-01-03T00:00:00Z", "to": [public()],
        "object": {"objectType": "note", "id": "http://old.test/note/7", "content": "what Joe wrote to his friends", "author": {"objectType": "person", "id": "acct:joe@old.test"}}});
    let report = bring(
        &evan,
        &json!([nasty, whole, foreign, {"verb": 7, "object": {}}, 5, {"verb": "post"}]),
    );
    assert_eq!(
        (&report["brought"], &report["leftOut"]),
        (&json!(3), &json!(3)),
        "{report}"
    );
    let seen = ann.feed_of(&evan).major().all(20);
    let text = json!(seen).to_string();
    for gone in ["script", "_secret", "_x", "evil.test", "what Joe wrote"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(text.contains("<b>Hi</b>") && text.contains("\"license\":\"CC\""));
    assert!(text.contains("http://old.test/note/7"));
}

/// pump-api.md D6
#[test]
fn ids_of_this_server_that_nobody_made_do_not_come_into_being() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let invented = "http://pump.test/api/note/AZrOcVJxcAuAAAAAAAAAAA";
    let mut own = dated("2020-01-01T00:00:00Z", "mine, it says");
    own["object"]["id"] = json!(invented);
    own["id"] = json!("http://pump.test/api/activity/AZrOcVJxcAuAAAAAAAAAAA");
    let like = json!({"verb": "favorite", "published": "2020-01-01T00:00:00Z", "object": {"objectType": "note", "id": "http://pump.test/api/note/BZrOcVJxcAuAAAAAAAAAAA"}});
    let report = bring(&evan, &json!([own, like]));
    assert_eq!(
        (&report["brought"], &report["leftOut"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    assert_ne!(evan.feed().major().items()[0]["object"]["id"], invented);
    evan.get("/api/note/AZrOcVJxcAuAAAAAAAAAAA").refused(404);

    // What somebody else here wrote stays theirs.
    let hers = ann.post(note("hers").to(public()));
    let theft = json!([hers]);
    let report = bring(&evan, &theft);
    assert_eq!(report["leftOut"], 1, "{report}");
    assert!(
        report["reasons"][0]
            .as_str()
            .is_some_and(|why| why.contains("Somebody else"))
    );
}
