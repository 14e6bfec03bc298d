//! Groups (`pump-api.md §4.11`): who may join, what is posted to one, what its members put into it, and its end.

use crate::harness::documents::{addressed, each, followers_of, reference};
use crate::harness::http::encode;
use crate::harness::people::link_self;
use crate::harness::realtime::Talker;
use crate::harness::{Activity, Caller, Person, Pump, activity, comment, eventually, note, public};
use serde_json::{Value, json};

fn new_group(name: &str) -> Activity {
    activity(
        "create",
        &json!({ "objectType": "group", "displayName": name }),
    )
}

/// A group that everybody may join, made by somebody.
#[track_caller]
fn open_group(maker: &Person) -> Value {
    maker.post(new_group("Choir").to(public()))["object"].clone()
}

fn with_target(verb: &str, thing: &Value, group: &Value) -> Activity {
    activity(verb, thing).with("target", reference(group))
}

/// The inbox of a group as somebody sees it.
fn inbox_of(group: &Value, reader: &Caller) -> crate::harness::Stream {
    let url = group["links"]["activity-inbox"]["href"].as_str();
    reader.stream(url.expect("a group has an inbox"))
}

fn names(people: &[Value]) -> Vec<&str> {
    each(people, "preferredUsername")
}

/// pump-api.md §4.4, §4.11
#[test]
fn joining_and_leaving_are_refused_where_they_make_no_sense() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let open = open_group(&evan);
    ann.try_does("leave", &open).refused(400);
    ann.does("join", &open);
    ann.try_does("join", &open).refused(400);
    ann.does("leave", &open);
    ann.try_does("leave", &open).refused(400);

    let closed = evan.post(new_group("Family").to(&ann))["object"].clone();
    let refusal = bea.try_does("join", &closed).refused(400);
    assert_eq!(refusal, "There is no such object.");
    bea.read(&closed).refused(403);
    ann.does("join", &closed);
    let followers = evan.post(new_group("Fans"))["object"].clone();
    bea.try_does("join", &followers).refused(400);
    bea.follow(&evan);
    bea.does("join", &followers);

    evan.delete(link_self(&open)).ok();
    ann.try_does("join", &open).refused(400);
    let unknown = json!({ "objectType": "group", "id": evan.url_of("/api/group/nope") });
    ann.try_does("join", &unknown).refused(400);
    // What is no group is joined in words only.
    let service = json!({ "objectType": "service", "displayName": "a bus" });
    for verb in ["join", "leave"] {
        ann.post(activity(verb, &service));
    }
}

/// pump-api.md §3.3.3, §4.11, §3.6.2
#[test]
fn a_group_says_who_is_in_it() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let group = open_group(&evan);
    let own = link_self(&group).to_owned();
    let inbox = &group["links"]["activity-inbox"]["href"];
    assert_eq!(*inbox, json!(format!("{own}/inbox")));
    for name in ["members", "documents"] {
        assert_eq!(group[name]["url"], format!("{own}/{name}"));
        assert_eq!(group[name]["totalItems"], 0, "{name}");
    }
    assert!(evan.feed().major().first_is("Choir"), "a group is major");
    ann.does("join", &group);
    bea.does("join", &group);
    let members = evan.stream_of(&group, "members");
    let page = members.page();
    assert_eq!(page["displayName"], "Members of Choir");
    assert_eq!(page["objectTypes"], json!(["person"]));
    assert_eq!(page["totalItems"], 2);
    assert!(page["author"].is_null());
    assert_eq!(names(&members.items()), ["bea", "ann"]);
    assert_eq!(names(&members.all(1)), ["bea", "ann"]);
    assert!(members.items()[0]["pump_io"].is_null(), "§3.7");
    let read = pump.client().read(&group).ok();
    assert_eq!(read["members"]["totalItems"], 2);
    bea.does("leave", &group);
    assert_eq!(names(&members.items()), ["ann"]);
    // Everything else that groups share with other objects answers beside their own addresses.
    ann.does("like", &group);
    assert_eq!(names(&evan.stream_of(&group, "likes").items()), ["ann"]);
    assert_eq!(
        ann.put_to(&own, &json!({ "displayName": "Mine" }))
            .refused(403),
        ann.delete(&own).refused(403)
    );
    let changed = evan.put_to(
        &own,
        &json!({ "displayName": "Loud choir", "members": { "totalItems": 9 } }),
    );
    assert_eq!(changed.ok()["displayName"], "Loud choir");
    assert_eq!(members.page()["displayName"], "Members of Loud choir");
    assert_eq!(members.total(), 1);
}

/// pump-api.md §4.7, §4.11, §4.9.1
#[test]
fn what_is_posted_to_a_group_reaches_its_members_and_nobody_else() {
    let pump = Pump::start();
    let [evan, ann, bea, cyd] = pump.register_all(["evan", "ann", "bea", "cyd"]);
    let group = open_group(&evan);
    ann.does("join", &group);
    bea.does("join", &group);
    let posted = ann.post(note("we sing at eight").to(&group));
    eventually(|| bea.inbox().major().has(&posted));
    assert!(
        !bea.inbox().direct().has(&posted),
        "to the group, not to her"
    );
    assert!(inbox_of(&group, &bea).has(&posted));
    assert!(!cyd.inbox().has(&posted));
    bea.read(&posted["object"]).ok();
    cyd.read(&posted["object"]).refused(403);
    cyd.read(&posted).refused(403);
    assert!(
        !inbox_of(&group, &cyd).has(&posted),
        "the group is open, its talk is not"
    );
    assert!(!inbox_of(&group, &pump.client()).has(&posted));
    let page = inbox_of(&group, &bea).page();
    assert_eq!(page["displayName"], "Activities for Choir");
    assert_eq!(page["objectTypes"], json!(["activity"]));
    assert!(page["author"].is_null());
    assert_eq!(page["items"][0]["object"]["liked"], false, "finished: §3.7");

    // Who joins later reads what was said before; who leaves does not any more.
    cyd.does("join", &group);
    assert!(inbox_of(&group, &cyd).has(&posted));
    cyd.read(&posted["object"]).ok();
    bea.does("leave", &group);
    bea.read(&posted["object"]).refused(403);
    let farewell = &bea.feed().items()[0];
    assert!(
        inbox_of(&group, &ann).has(farewell),
        "the others hear of it"
    );

    // An answer goes where the question went.
    let answer = cyd.post(comment("and what?", &posted["object"]));
    assert!(addressed(&answer, "to").contains(&group["id"].as_str().expect("an id")));
    eventually(|| ann.inbox().minor().has(&answer));
    bea.read(&answer["object"]).refused(403);
}

/// pump-api.md §4.11 [+]
#[test]
fn strangers_do_not_speak_in_a_group() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let group = open_group(&evan);
    ann.does("join", &group);
    let spam = bea.post(note("buy this").to(&group).cc(public()));
    assert!(!inbox_of(&group, &ann).has(&spam));
    assert!(!ann.inbox().has(&spam));
    assert!(bea.feed().has(&spam), "it is said, but not in the group");
    // Whoever made the group is heard in it.
    let welcome = evan.post(note("welcome").to(&group));
    assert!(inbox_of(&group, &ann).has(&welcome));
    eventually(|| ann.inbox().has(&welcome));
}

/// pump-api.md §4.6 [W]
#[test]
fn who_hears_of_what_is_done_with_a_group_and_addressed_to_nobody() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let created = evan.post(new_group("Choir"));
    let fans = followers_of(&evan)["id"].clone();
    assert_eq!(addressed(&created, "cc"), [fans.as_str().expect("an id")]);
    assert!(created["to"].is_null(), "case 7");
    let group = open_group(&evan);
    let id = group["id"].as_str().expect("an id");
    let own = followers_of(&ann)["id"].clone();
    for verb in ["join", "share", "checkin", "leave", "join"] {
        let done = ann.does(verb, &group);
        assert_eq!(addressed(&done, "to"), [id], "case 4: {verb}");
        assert_eq!(addressed(&done, "cc"), [own.as_str().expect("an id")]);
    }
    let song = ann.post(note("la la"))["object"].clone();
    for verb in ["add", "remove"] {
        let done = ann.post(with_target(verb, &reference(&song), &group));
        assert_eq!(addressed(&done, "to"), [id], "case 5: {verb}");
        assert!(done["cc"].is_null(), "case 5: {verb}");
    }
    let done = ann.post(with_target(
        "post",
        &json!({ "objectType": "note", "content": "x" }),
        &group,
    ));
    assert_eq!(addressed(&done, "to"), [id], "case 5: post");
    let liked = ann.does("like", &group);
    assert!(!addressed(&liked, "to").contains(&id), "case 2 comes first");
}

/// pump-api.md §4.4, §4.11, §3.6.3 [W], Q15
#[test]
fn members_put_documents_into_a_group() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let group = open_group(&evan);
    let song = ann.post(note("la la").to(public()))["object"].clone();
    ann.try_post(with_target("add", &reference(&song), &group))
        .refused(400);
    ann.does("join", &group);
    ann.post(with_target("add", &reference(&song), &group));
    ann.try_post(with_target("add", &reference(&song), &group))
        .refused(400);
    bea.try_post(with_target("remove", &reference(&song), &group))
        .refused(400);
    let hidden = bea.post(note("only mine").to(&bea))["object"].clone();
    ann.try_post(with_target("add", &reference(&hidden), &group))
        .refused(400);
    let posted = ann.post(with_target(
        "post",
        &json!({ "objectType": "note", "content": "for us" }),
        &group,
    ));
    let documents = ann.stream_of(&group, "documents");
    let page = documents.page();
    assert_eq!(page["displayName"], "Documents of Choir");
    assert_eq!(each(&documents.items(), "content"), ["for us", "la la"]);
    assert_eq!(
        each(&documents.all_by_offset(1), "content"),
        ["for us", "la la"]
    );
    assert_eq!(documents.items()[0]["liked"], false, "finished: §3.7");
    assert_eq!(documents.items()[0]["pump_io"]["shared"], false);
    // Others see of them what they may read.
    let seen = bea.stream_of(&group, "documents").items();
    assert_eq!(each(&seen, "content"), ["la la"]);
    bea.read(&posted["object"]).refused(403);
    ann.delete(link_self(&posted["object"])).ok();
    assert_eq!(each(&documents.items(), "content"), ["la la"]);
    ann.try_post(with_target("add", &reference(&posted["object"]), &group))
        .refused(400);
    ann.post(with_target("remove", &reference(&song), &group));
    ann.try_post(with_target("remove", &reference(&song), &group))
        .refused(400);
    assert!(documents.items().is_empty());
}

/// pump-api.md §1.3, §4.9.2
#[test]
fn what_belongs_to_a_group_is_for_those_who_may_read_it() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let group = evan.post(new_group("Family").to(&ann))["object"].clone();
    let own = link_self(&group).to_owned();
    for name in ["members", "inbox", "documents", "inbox/stream"] {
        let path = format!("{own}/{name}");
        assert_eq!(pump.nobody().get(&path).refused(401), "Not logged in.");
        pump.client().get(&path).refused(403);
        bea.get(&path).refused(403);
        if name != "inbox/stream" {
            for reader in [&ann, &evan] {
                reader.get(&path).ok();
                reader.get(&format!("{path}?count=201")).refused(400);
                reader.get(&format!("{path}?before=nothing")).refused(400);
            }
        }
        let unknown = format!("/api/group/nope/{name}");
        ann.get(&unknown).refused(404);
        let note = ann.post(note("no group").to(public()))["object"].clone();
        let wrong = link_self(&note).replace("/note/", "/group/");
        ann.get(&format!("{wrong}/{name}")).refused(404);
        ann.get(&format!("/api/group/{name}")).refused(400);
    }
    // An open group is read by its members, whoever else may.
    ann.does("join", &group);
    evan.delete(&own).ok();
    for name in ["", "/members", "/inbox", "/documents"] {
        ann.get(&format!("{own}{name}")).refused(410);
    }
}

/// pump-api.md §3.1, §4.11
#[test]
fn a_group_may_have_an_id_from_outside() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let id = "tag:example.org,2026:choir & co";
    let group = json!({ "objectType": "group", "id": id, "displayName": "Choir" });
    let group = evan.post(activity("create", &group).to(public()))["object"].clone();
    assert_eq!(group["id"], id);
    let own = format!("/api/group?id={}", encode(id));
    assert_eq!(link_self(&group), evan.url_of(&own));
    assert_eq!(
        group["links"]["activity-inbox"]["href"],
        evan.url_of(&own.replace('?', "/inbox?"))
    );
    ann.does("join", &group);
    let mut ear = ann.listen(&own.replace('?', "/inbox/stream?"));
    let first = ann.post(note("one").to(&group));
    assert_eq!(ear.activity()["id"], first["id"]);
    let second = ann.post(note("two").to(&group));
    let inbox = inbox_of(&group, &ann);
    assert!(inbox.has(&first) && inbox.has(&second));
    assert_eq!(inbox.all(1).len(), 3, "with the one that says who joined");
    ann.post(with_target("add", &reference(&first["object"]), &group));
    assert_eq!(ann.stream_of(&group, "documents").total(), 1);
    assert_eq!(names(&ann.stream_of(&group, "members").items()), ["ann"]);
}

/// pump-api.md §4.7, §4.10
#[test]
fn a_list_of_groups_reaches_their_members() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let group = open_group(&ann);
    bea.does("join", &group);
    let list = |name: &str, of: &str| {
        let list = json!({ "objectType": "collection", "displayName": name, "objectTypes": [of] });
        evan.post(activity("create", &list))["object"].clone()
    };
    let (groups, lists) = (list("Choirs", "group"), list("All", "collection"));
    evan.post(with_target("add", &reference(&group), &groups));
    evan.post(with_target("add", &reference(&groups), &lists));
    // A list that holds itself comes to an end.
    evan.post(with_target("add", &reference(&lists), &lists));
    let outside = evan.post(note("do you hear me?").to(&lists));
    assert!(!inbox_of(&group, &ann).has(&outside));
    evan.does("join", &group);
    let inside = evan.post(note("hello all").to(&lists));
    assert!(inbox_of(&group, &bea).has(&inside));
    eventually(|| bea.inbox().major().has(&inside));
    bea.read(&inside["object"]).ok();
    ann.read(&inside["object"]).refused(403);
    // Somebody else's list opens nothing.
    let hijacked = bea.post(note("spam").to(&lists));
    assert!(!evan.inbox().has(&hijacked));
}

/// pump-api.md §4.11
#[test]
fn what_was_said_in_a_group_stays_with_its_members_when_it_ends() {
    let pump = Pump::start();
    let [evan, ann, bea, cyd] = pump.register_all(["evan", "ann", "bea", "cyd"]);
    let group = open_group(&evan);
    for person in [&ann, &bea] {
        person.does("join", &group);
    }
    let posted = ann.post(note("remember").to(&group));
    eventually(|| bea.inbox().has(&posted));
    evan.delete(link_self(&group)).ok();
    assert!(bea.inbox().has(&posted));
    bea.read(&posted["object"]).ok();
    cyd.read(&posted["object"]).refused(403);
    let late = ann.post(note("anybody there?").to(&group));
    assert!(
        !bea.inbox().has(&late),
        "nobody hears what is said to a deleted group"
    );
    bea.does("leave", &group);
    bea.read(&posted["object"]).refused(403);
}

/// pump-api.md D22
#[test]
fn who_goes_is_in_no_group_any_more() {
    let mut pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let group = open_group(&evan);
    let anns = open_group(&ann);
    ann.does("join", &group);
    evan.does("join", &anns);
    let song = ann.post(note("la la").to(public()))["object"].clone();
    ann.post(with_target("add", &reference(&song), &group));
    assert_eq!(ann.delete("/api/user/ann").ok(), "Deleted.");
    let members = evan.stream_of(&group, "members");
    eventually(|| members.total() == 0);
    eventually(|| evan.read(&anns).status == 410);
    eventually(|| evan.stream_of(&group, "documents").items().is_empty());
    pump.is_sound();
}

/// pump-api.md §4.4, §4.9.1
#[test]
fn of_a_group_elsewhere_only_the_wish_is_kept() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let far = json!({ "objectType": "group", "id": "http://far.test/api/group/x" });
    ann.try_does("leave", &far).refused(400);
    ann.does("join", &far);
    ann.try_does("join", &far).refused(400);
    // Who is in it is for its own server to say: here it opens nothing.
    let posted = evan.post(note("hello over there").to(&far));
    assert!(!ann.inbox().has(&posted));
    ann.read(&posted["object"]).refused(403);
    let song = ann.post(note("la la").to(public()))["object"].clone();
    ann.post(with_target("add", &reference(&song), &far));
    ann.get("/api/group/members?id=http%3A%2F%2Ffar.test%2Fapi%2Fgroup%2Fx")
        .refused(403);
    ann.does("leave", &far);
    ann.try_does("leave", &far).refused(400);
}

/// pump-api.md §4.11, §1.5
#[test]
fn a_group_has_a_page_for_those_who_may_read_it() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let open = open_group(&evan);
    let closed = evan.post(new_group("Family").to(&ann))["object"].clone();
    let page = |group: &Value| {
        let url = group["url"].as_str().expect("a page");
        pump.nobody().get(pump.site.path_of(url))
    };
    assert!(page(&open).expect(200).text().contains("Choir"));
    assert_eq!(page(&closed).status, 302, "a visitor must log in");
}

/// pump-api.md §7, §4.11
#[test]
fn what_is_posted_to_a_group_is_heard_at_once() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let group = open_group(&evan);
    ann.does("join", &group);
    let url = group["links"]["activity-inbox"]["href"]
        .as_str()
        .expect("an inbox");
    let mut ear = ann.listen(&format!("{url}/stream"));
    let following = |person: &Person, url: &str| {
        let mut talker = Talker::framed(&pump);
        talker.rise(person);
        talker.follow(url);
        // When this is answered, what came before it is done.
        talker.say(&json!({ "cmd": "request" }));
        talker.challenge();
        talker
    };
    let (mut talker, mut stranger) = (following(&ann, url), following(&bea, url));
    let posted = evan.post(note("now").to(&group));
    assert_eq!(ear.activity()["id"], posted["id"]);
    let update = talker.next();
    assert_eq!(update["url"], url);
    assert_eq!(update["activity"]["id"], posted["id"]);
    let open = evan.post(note("for all").to(&group).cc(public()));
    assert_eq!(
        stranger.next()["activity"]["id"],
        open["id"],
        "the first is not for her"
    );
}
