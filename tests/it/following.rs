//! Following and stopping (`pump-api.md §4.4`, `§3.6.2`).

use crate::harness::documents::each;
use crate::harness::{Pump, eventually, note};
use serde_json::json;

#[test]
fn strangers_do_not_change_whom_one_follows() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let path = evan.path("following");
    pump.nobody()
        .post_to(&path, &bea.reference())
        .oauth_refused(400, "Missing required parameter");
    assert_eq!(
        ann.post_to(&path, &bea.reference()).refused(401),
        "Not authorized"
    );
    for body in [
        json!({}),
        json!([]),
        json!({ "objectType": "person" }),
        json!({ "id": 7, "objectType": "person" }),
    ] {
        evan.post_to(&path, &body).refused(400);
    }
    evan.post_to(&path, &evan.reference()).refused(400);
    assert_eq!(evan.following().total(), 0);
    for path in ["followers", "following"] {
        pump.nobody().get(&evan.path(path)).refused(401);
        pump.client().get(&evan.path(path)).ok();
    }
}

#[test]
fn following_is_seen_from_both_sides() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let followed = ann.follow(&evan);
    assert_eq!(followed["verb"], "follow");
    assert_eq!(followed["object"]["id"], evan.id());
    assert!(
        followed["content"]
            .as_str()
            .is_some_and(|text| text.contains("</a> followed <a")),
        "{}",
        followed["content"]
    );
    assert_eq!(ann.following().total(), 1);
    assert_eq!(evan.followers().total(), 1);
    assert_eq!(evan.following().total(), 0);
    let follower = &evan.followers().items()[0];
    assert_eq!(follower["id"], ann.id());
    assert_eq!(follower["displayName"], "ann");
    eventually(|| evan.inbox().direct().minor().has(&followed));

    let profile = ann.get(&evan.path("profile")).ok();
    assert_eq!(profile["followers"]["totalItems"], 1);
    assert_eq!(profile["pump_io"]["followed"], true);
    assert_eq!(
        evan.get(&ann.path("profile")).ok()["pump_io"]["followed"],
        false
    );

    ann.does("stop-following", &evan.reference());
    assert_eq!(ann.following().total(), 0);
    assert_eq!(evan.followers().total(), 0);
    let posted = evan.post(note("you miss this"));
    assert!(evan.inbox().has(&posted));
    assert!(!ann.inbox().has(&posted));
    ann.follow(&evan);
    assert_eq!(evan.followers().total(), 1);
}

#[test]
fn the_shortcut_answers_the_person() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let person = ann.post_to(&ann.path("following"), &evan.reference()).ok();
    assert_eq!(person["id"], evan.id());
    assert_eq!(person["objectType"], "person");
    ann.post_to(&ann.path("following"), &evan.reference())
        .refused(400);
    assert_eq!(ann.following().items()[0]["id"], evan.id());
    assert_eq!(ann.feed().items()[0]["verb"], "follow");
}

#[test]
fn people_are_listed_newest_first_in_pages() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let names: Vec<String> = (0..6).map(|number| format!("fan{number}")).collect();
    for name in &names {
        pump.register(name).follow(&evan);
    }
    let followers = evan.followers();
    let all = followers.all(2);
    let mut expected: Vec<&str> = names.iter().map(String::as_str).collect();
    expected.reverse();
    assert_eq!(each(&all, "preferredUsername"), expected);
    assert_eq!(
        each(&followers.all_by_offset(4), "preferredUsername"),
        expected
    );
    let page = followers.ask("count=2").ok();
    assert_eq!(page["objectTypes"], json!(["person"]));
    assert_eq!(page["author"]["id"], evan.id());
    assert_eq!(page["totalItems"], 6);
    for item in page["items"].as_array().expect("items") {
        assert_eq!(item["pump_io"]["followed"], false);
        assert!(item["url"].is_string() && item["links"]["self"]["href"].is_string());
    }
    followers
        .ask("before=acct%3Anobody%40pump.test")
        .refused(400);
}

#[test]
fn what_came_while_one_followed_stays_in_the_inbox() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let posted = evan.post(note("while you were here"));
    eventually(|| ann.inbox().major().has(&posted));
    ann.does("stop-following", &evan.reference());
    assert!(ann.inbox().major().says("while you were here"));
    let later = evan.post(note("without you"));
    assert!(evan.inbox().has(&later) && !ann.inbox().has(&later));
    ann.read(&posted["object"]).refused(403);
}
