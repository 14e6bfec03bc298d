//! Lists of people (`pump-api.md §4.10`).

use crate::harness::documents::{each, reference};
use crate::harness::http::encode;
use crate::harness::{
    Activity, Person, Pump, Stream, activity, comment, eventually, note, pictures, public,
};
use serde_json::{Value, json};

fn new_list(name: &str) -> Activity {
    activity(
        "create",
        &json!({ "objectType": "collection", "displayName": name, "objectTypes": ["person"] }),
    )
}

fn members_of(owner: &Person, list: &Value) -> Stream {
    owner.stream_of(list, "members")
}

fn with_target(verb: &str, thing: &Value, list: &Value) -> Activity {
    activity(verb, thing).with("target", reference(list))
}

#[test]
fn a_list_is_changed_by_its_owner_alone() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let list = evan.post(new_list("Band"))["object"].clone();
    let members = members_of(&evan, &list).path;
    pump.nobody()
        .post_to(&members, &bea.reference())
        .oauth_refused(400, "Missing required parameter");
    ann.post_to(&members, &bea.reference()).refused(403);
    ann.try_post(with_target("add", &bea.reference(), &list))
        .refused(400);
    let picture = json!({ "objectType": "image", "displayName": "no person" });
    evan.try_post(with_target("add", &picture, &list))
        .refused(400);
    evan.try_post(with_target("remove", &bea.reference(), &list))
        .refused(400);
    evan.try_post(new_list("Band")).refused(400);
    let answer = ann.put_to(
        crate::harness::people::link_self(&list),
        &json!({ "displayName": "Mine" }),
    );
    answer.refused(403);
    ann.delete(crate::harness::people::link_self(&list))
        .refused(403);
    assert_eq!(members_of(&evan, &list).total(), 0);
    ann.post(new_list("Band"));
}

/// pump-api.md D15
#[test]
fn a_list_is_made_filled_renamed_and_deleted() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let created = evan.post(new_list("Band"));
    let list = &created["object"];
    assert_eq!(list["objectTypes"], json!(["person"]));
    assert_eq!(list["members"]["totalItems"], 0);
    assert!(!evan.feed().major().has(&created));
    assert_eq!(evan.lists().total(), 5);
    assert_eq!(
        evan.lists().items()[0]["displayName"],
        "Band",
        "newest first"
    );

    evan.post(with_target("add", &ann.reference(), list));
    let members = members_of(&evan, list);
    let added = evan.post_to(&members.path, &bea.reference()).ok();
    assert_eq!(added["id"], bea.id());
    assert_eq!(each(&members.items(), "preferredUsername"), ["bea", "ann"]);
    assert_eq!(
        each(&members.all_by_offset(1), "preferredUsername"),
        ["bea", "ann"]
    );
    assert_eq!(members.page()["author"]["id"], evan.id());
    evan.try_post(with_target("add", &ann.reference(), list));
    assert_eq!(members.total(), 2, "nobody is on a list twice");
    let index = &evan.lists().items()[0];
    assert_eq!(index["members"]["totalItems"], 2);

    evan.post(with_target("remove", &ann.reference(), list));
    assert_eq!(members.total(), 1);
    let path = crate::harness::people::link_self(list);
    let renamed = evan
        .put_to(path, &json!({ "displayName": "Orchestra" }))
        .ok();
    assert_eq!(renamed["displayName"], "Orchestra");
    assert_eq!(evan.lists().items()[0]["displayName"], "Orchestra");

    assert_eq!(evan.delete(path).ok(), "Deleted");
    assert_eq!(evan.lists().total(), 4);
    evan.get(path).refused(410);
    members.ask("").refused(410);
}

#[test]
fn a_note_to_a_list_reaches_its_members() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let list = evan.post(new_list("Band"))["object"].clone();
    evan.post(with_target("add", &ann.reference(), &list));
    let posted = evan.post(note("rehearsal at eight").to(&list));
    eventually(|| ann.inbox().major().has(&posted));
    ann.read(&posted["object"]).ok();
    assert!(!bea.inbox().has(&posted));
    bea.read(&posted["object"]).refused(403);
    // Somebody else's list is no audience.
    let hijacked = bea.post(note("spam").to(&list));
    assert!(!ann.inbox().has(&hijacked));
}

#[test]
fn lists_are_shown_to_those_they_are_addressed_to() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let own = evan.post(new_list("Secret plans").to(&evan));
    evan.post(new_list("Band"));
    let seen = |reader: &Person| {
        let items = reader.stream(&evan.path("lists/person")).items();
        each(&items, "displayName").len()
    };
    assert_eq!(seen(&evan), 6);
    assert_eq!(seen(&ann), 0);
    ann.follow(&evan);
    assert_eq!(
        seen(&ann),
        5,
        "lists go to followers unless they are addressed"
    );
    ann.read(&own["object"]).refused(403);
    assert_eq!(evan.stream(&evan.path("lists/sandwich")).total(), 0);
    let page = evan.lists().page();
    assert_eq!(page["objectTypes"], json!(["collection"]));
    assert_eq!(page["author"]["id"], evan.id());
}

#[test]
fn a_collection_becomes_a_list_when_it_says_what_it_holds() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let plain = json!({ "objectType": "collection", "displayName": "Band" });
    let made = evan.post(activity("create", &plain))["object"].clone();
    assert_eq!(evan.lists().total(), 4);
    let path = crate::harness::people::link_self(&made);
    let types = json!({ "objectTypes": ["person"] });
    let other = evan.post(new_list("Band"))["object"].clone();
    evan.put_to(path, &types).refused(400);
    evan.delete(crate::harness::people::link_self(&other)).ok();
    evan.put_to(path, &types).ok();
    assert_eq!(evan.lists().total(), 5);
    evan.try_post(new_list("Band")).refused(400);
    evan.post(with_target("add", &ann.reference(), &made));
    let posted = evan.post(note("rehearsal").to(&made));
    eventually(|| ann.inbox().major().has(&posted));
    evan.delete(path).ok();
    assert_eq!(evan.lists().total(), 4);
}

/// pump-api.md §4.1, §4.10, §3.6.4
#[test]
fn pictures_have_lists_too() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let images = |reader: &Person| reader.stream(&evan.path("lists/image"));
    let profile = images(&evan).items();
    assert_eq!(each(&profile, "displayName"), ["Profile Pictures"]);
    let holiday =
        json!({ "objectType": "collection", "displayName": "Holiday", "objectTypes": ["image"] });
    let holiday = evan.post(activity("create", &holiday).to(public()))["object"].clone();
    let members = members_of(&evan, &holiday);
    evan.post_to(&members.path, &ann.reference()).refused(400);
    let mut added = Vec::new();
    for width in [40, 50, 60] {
        let picture = evan.upload("image/jpeg", &pictures::jpeg(width, 30));
        evan.post(activity("post", &picture).to(public()));
        let answer = evan.post_to(&members.path, &reference(&picture)).ok();
        assert_eq!(answer["id"], picture["id"]);
        added.insert(0, picture["id"].as_str().expect("an id").to_owned());
    }
    let hidden = evan.upload("image/jpeg", &pictures::jpeg(70, 30));
    evan.post(activity("post", &hidden).to(&evan));
    evan.post_to(&members.path, &reference(&hidden)).ok();
    assert_eq!(members.total(), 4);
    // Whoever sees the list sees its pictures, as far as they are for them.
    let seen = members_of(&ann, &holiday);
    assert_eq!(each(&seen.all(1), "id"), added);
    assert_eq!(each(&seen.items_at("count=2&type=image"), "id"), added[..2]);
    let before = format!("before={}&type=image", encode(&added[1]));
    assert_eq!(each(&seen.items_at(&before), "id"), added[2..]);
    let since = format!("since={}&type=image", encode(&added[1]));
    assert_eq!(each(&seen.items_at(&since), "id"), added[..1]);
    seen.ask("before=nothing&type=image").refused(400);
    assert_eq!(each(&images(&ann).items(), "displayName"), ["Holiday"]);
    assert_eq!(images(&evan).total(), 2);
}

/// pump-api.md §3.1
#[test]
fn a_list_may_have_an_id_from_outside() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let id = "tag:example.org,2026:band & friends";
    let list = new_list("Band").object_with("id", id);
    let list = evan.post(list)["object"].clone();
    let members = members_of(&evan, &list);
    ann.post_to(&members.path, &ann.reference()).refused(403);
    evan.post_to("/api/collection/members", &ann.reference())
        .refused(400);
    evan.post_to("/api/collection/members?id=nothing", &ann.reference())
        .refused(404);
    evan.post_to(&members.path, &ann.reference()).ok();
    assert_eq!(each(&members.items(), "id"), [ann.id()]);
    let posted = evan.post(note("rehearsal").to(&list));
    eventually(|| ann.inbox().major().has(&posted));
    let own = crate::harness::people::link_self(&list);
    ann.put_to(own, &json!({ "displayName": "Mine" }))
        .refused(403);
    let renamed = evan
        .put_to(own, &json!({ "displayName": "Orchestra" }))
        .ok();
    assert_eq!(renamed["displayName"], "Orchestra");
    ann.delete(own).refused(403);
    assert_eq!(evan.delete(own).ok(), "Deleted");
    evan.get(own).refused(410);
}

/// pump-api.md §3.6.1 [+], D24
#[test]
fn counts_tell_readers_of_nothing_that_is_hidden_from_them() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let open = evan.post(note("for all").to(public()));
    evan.post(note("for me").to(&evan));
    let list =
        json!({ "objectType": "collection", "displayName": "Mine", "objectTypes": ["person"] });
    evan.post(activity("create", &list).to(&evan));
    evan.post(comment("a secret thought", &open["object"]).to(&evan));
    let replies = |reader: &Person| reader.stream_of(&open["object"], "replies").total();
    for (feed, hers, his) in [("feed/major", 1, 2), ("lists/person", 0, 5)] {
        assert_eq!(ann.stream(&evan.path(feed)).total(), hers, "{feed}");
        assert_eq!(evan.stream(&evan.path(feed)).total(), his, "{feed}");
    }
    assert_eq!((replies(&ann), replies(&evan)), (0, 1));
}

/// pump-api.md §3.6.5
#[test]
fn lists_of_rare_things_come_in_whole_pages() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    for number in 0..3 {
        for kind in ["note", "video"] {
            let name = format!("{kind} {number}");
            let list =
                json!({ "objectType": "collection", "displayName": name, "objectTypes": [kind] });
            evan.post(activity("create", &list).to(public()));
        }
    }
    for reader in [&evan, &ann] {
        let lists = reader.stream(&evan.path("lists/note"));
        let all = ["note 2", "note 1", "note 0"];
        assert_eq!(each(&lists.items(), "displayName"), all);
        assert_eq!(lists.total(), 3);
        assert_eq!(each(&lists.all(2), "displayName"), all);
        assert_eq!(each(&lists.all_by_offset(2), "displayName"), all);
    }
}
