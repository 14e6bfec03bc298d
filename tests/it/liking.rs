//! Favorites and likes (`pump-api.md §4.4`): both verbs are the same.

use crate::harness::documents::{each, reference};
use crate::harness::{Pump, activity, eventually, note, public};
use serde_json::json;

#[test]
fn what_one_may_not_see_one_does_not_like() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let posted = evan.post(note("for ann").to(&ann));
    let path = bea.path("favorites");
    pump.nobody()
        .post_to(&path, &reference(&posted["object"]))
        .oauth_refused(400, "Missing required parameter");
    ann.post_to(&path, &reference(&posted["object"]))
        .refused(401);
    bea.post_to(&path, &json!([])).refused(400);
    let answer = bea.post_to(&path, &reference(&posted["object"]));
    assert!(!answer.text().contains("for ann"), "{}", answer.text());
    assert!(!bea.favorites().page().to_string().contains("for ann"));
}

#[test]
fn a_like_is_seen_by_all_sides_and_can_be_taken_back() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    evan.follow(&ann);
    let posted = evan.post(note("likable").to(public()));
    let object = &posted["object"];
    let likes = ann.stream_of(object, "likes");
    assert_eq!(likes.total(), 0);
    let liked = ann.does("like", object);
    assert_eq!(liked["object"]["likes"]["totalItems"], 1);
    assert_eq!(liked["object"]["liked"], true);
    assert_eq!(liked["object"]["author"]["id"], evan.id());
    let answered = bea.post_to(&bea.path("favorites"), &reference(object)).ok();
    assert_eq!(answered["id"], object["id"]);

    assert_eq!(likes.total(), 2);
    assert_eq!(each(&likes.items(), "preferredUsername"), ["bea", "ann"]);
    assert!(ann.favorites().has(object) && bea.favorites().has(object));
    assert!(evan.favorites().items().is_empty());
    assert!(bea.stream(&ann.path("favorites")).has(object));
    assert_eq!(evan.read(object).ok()["liked"], false);
    assert_eq!(ann.read(object).ok()["liked"], true);
    assert!(pump.client().read(object).ok()["liked"].is_null());
    eventually(|| evan.inbox().minor().has(&liked));

    ann.does("unlike", object);
    bea.does("unfavorite", object);
    assert_eq!(likes.total(), 0);
    assert!(ann.favorites().items().is_empty() && bea.favorites().items().is_empty());
    assert_eq!(ann.read(object).ok()["liked"], false);
    ann.does("favorite", object);
    assert_eq!(likes.total(), 1);
}

#[test]
fn an_author_hears_of_likes_and_shares_by_whom_they_do_not_follow() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    ann.follow(&evan);
    let posted = evan.post(note("to my followers"));
    let liked = ann.does("favorite", &posted["object"]);
    let shared = ann.does("share", &posted["object"]);
    eventually(|| evan.inbox().minor().has(&liked));
    eventually(|| evan.inbox().major().has(&shared));
    evan.read(&liked).ok();
    bea.read(&liked).refused(403);
    assert!(!bea.inbox().has(&liked) && !bea.inbox().has(&shared));
}

/// pump-api.md §3.6.3 [W], Q15
#[test]
fn favorites_are_paged_by_offset() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let mut names = Vec::new();
    for number in 0..25 {
        let name = format!("note {number}");
        let posted = evan.post(
            note("x")
                .object_with("displayName", name.as_str())
                .to(public()),
        );
        ann.does("favorite", &posted["object"]);
        names.insert(0, name);
    }
    let favorites = ann.favorites();
    assert_eq!(favorites.items().len(), 20);
    assert_eq!(favorites.total(), 25);
    assert_eq!(each(&favorites.all_by_offset(20), "displayName"), names);
    let first = &favorites.items()[0];
    assert_eq!(first["liked"], true);
    assert_eq!(first["author"]["id"], evan.id());
}

/// pump-api.md §4.9.2, D8
#[test]
fn what_came_from_elsewhere_alone_is_among_ones_own_favorites_only() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let far =
        json!({ "objectType": "note", "id": "tag:far.example,2026:1", "content": "for evan" });
    evan.post(activity("like", &far).to(&evan));
    let seen = evan.post(note("for all").to(public()))["object"].clone();
    evan.does("like", &seen);
    assert_eq!(evan.favorites().total(), 2);
    for reader in [&*ann, &pump.client()] {
        let page = reader.stream(&evan.path("favorites")).page();
        assert!(!page.to_string().contains("for evan"), "{page}");
        assert_eq!(page["totalItems"], 1);
    }
    let page = pump.nobody().get("/evan/favorites").expect(200).text();
    assert!(
        page.contains("for all") && !page.contains("for evan"),
        "{page}"
    );
}
