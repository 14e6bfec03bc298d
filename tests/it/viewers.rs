//! What is added to things for the one who looks, on every address that shows things: `pump-api.md §3.7` as one table, for
//! the user whose things they are, another user, another server, and a client that speaks for nobody.

use crate::harness::documents::reference;
use crate::harness::people::link_self;
use crate::harness::{Answer, Caller, Person, Pump, activity, comment, note, public};
use serde_json::{Value, json};

/// The columns of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Finish {
    liked: bool,
    shared: bool,
    followed: bool,
    likers: bool,
    replies: bool,
    sharers: bool,
}

const NOTHING: Finish = Finish {
    liked: false,
    shared: false,
    followed: false,
    likers: false,
    replies: false,
    sharers: false,
};
const MAJOR: Finish = Finish {
    liked: true,
    shared: true,
    likers: true,
    replies: true,
    sharers: true,
    ..NOTHING
};
const MEMBER: Finish = Finish {
    shared: false,
    ..MAJOR
};
const REPLY: Finish = Finish {
    liked: true,
    likers: true,
    ..NOTHING
};
const FOLLOWED: Finish = Finish {
    followed: true,
    ..NOTHING
};
/// A person by itself: nobody likes, answers or shares these people.
const PERSON: Finish = Finish {
    liked: true,
    shared: true,
    followed: true,
    ..NOTHING
};

struct Scene {
    pump: Pump,
    evan: Person,
    ann: Person,
    /// Another server.
    host: Caller,
    /// A note of Evan's that Ann likes, shares and comments.
    note: Value,
    comment: Value,
    post: Value,
    group: Value,
    list: Value,
}

fn scene() -> Scene {
    let (pump, host) = Pump::knowing_another();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    ann.follow(&evan);
    let make = |thing: Value| evan.post(activity("create", &thing).to(public()))["object"].clone();
    let group = make(json!({ "objectType": "group", "displayName": "Choir" }));
    let list = make(
        json!({ "objectType": "collection", "displayName": "Notes", "objectTypes": ["note"] }),
    );
    evan.does("join", &group);
    let post = note("look at me")
        .to(public())
        .to(&evan)
        .to(&ann)
        .cc(&group);
    let post = evan.post(post);
    let note = post["object"].clone();
    for target in [&group, &list] {
        evan.post(activity("add", &reference(&note)).with("target", reference(target)));
    }
    ann.does("like", &note);
    bea.does("like", &note);
    ann.does("share", &note);
    let comment = ann.post(comment("looked", &note))["object"].clone();
    bea.does("like", &comment);
    Scene {
        pump,
        evan,
        ann,
        host,
        note,
        comment,
        post,
        group,
        list,
    }
}

/// The thing with an id, wherever it stands in an answer.
fn thing<'v>(page: &'v Value, id: &Value) -> Option<&'v Value> {
    let items = page["items"].as_array().into_iter().flatten();
    let candidates = items.chain([page]);
    let inner = |value: &'v Value| [&value["object"], &value["profile"], value];
    candidates.flat_map(inner).find(|value| value["id"] == *id)
}

fn finish_of(thing: &Value) -> Finish {
    let has_items = |feed: &str| {
        thing[feed]["items"]
            .as_array()
            .is_some_and(|items| !items.is_empty())
    };
    Finish {
        liked: thing["liked"].is_boolean(),
        shared: thing["pump_io"]["shared"].is_boolean(),
        followed: thing["pump_io"]["followed"].is_boolean(),
        likers: has_items("likes"),
        replies: has_items("replies"),
        sharers: has_items("shares"),
    }
}

/// What the table says for somebody: flags only for those who are somebody.
fn expected(row: Finish, is_somebody: bool) -> Finish {
    Finish {
        liked: row.liked && is_somebody,
        shared: row.shared && is_somebody,
        followed: row.followed && is_somebody,
        ..row
    }
}

#[track_caller]
fn check(answer: &Value, id: &Value, wanted: Finish, place: &str) {
    let thing = thing(answer, id).unwrap_or_else(|| panic!("{place}: {id} is not in {answer}"));
    assert_eq!(finish_of(thing), wanted, "{place}: {thing}");
}

/// pump-api.md §3.7 [W]
#[test]
fn every_address_adds_what_the_table_says() {
    let scene = scene();
    let (evan, ann) = (&scene.evan, &scene.ann);
    let (note, comment) = (&scene.note["id"], &scene.comment["id"]);
    let (evans, anns) = (json!(evan.id()), json!(ann.id()));
    let own = |thing: &Value, rest: &str| {
        let link = link_self(thing);
        format!("{}{rest}", scene.pump.site.path_of(link))
    };
    let for_all = [
        (evan.path("feed/major"), note, MAJOR),
        (evan.path("feed"), note, NOTHING),
        (ann.path("feed/minor"), note, NOTHING),
        (own(&scene.group, "/inbox"), note, MAJOR),
        (own(&scene.group, "/documents"), note, MAJOR),
        (own(&scene.group, "/members"), &evans, NOTHING),
        (own(&scene.note, ""), note, MAJOR),
        (own(&scene.note, "/likes"), &anns, NOTHING),
        (own(&scene.note, "/shares"), &anns, NOTHING),
        (own(&scene.note, "/replies"), comment, REPLY),
        (own(&scene.post, ""), note, NOTHING),
        (ann.path("favorites"), note, MAJOR),
        (evan.path("followers"), &anns, FOLLOWED),
        (ann.path("following"), &evans, FOLLOWED),
        (evan.path("profile"), &evans, PERSON),
        ("/api/user/evan".to_owned(), &evans, FOLLOWED),
        (evan.path("lists/note"), &scene.list["id"], NOTHING),
    ];
    let client = scene.pump.client();
    let viewers: [(&str, &Caller, bool); 4] = [
        ("own user", evan, true),
        ("other user", ann, true),
        ("other server", &scene.host, true),
        ("client", &client, false),
    ];
    for (path, id, row) in &for_all {
        for (name, viewer, is_somebody) in viewers {
            let place = format!("{path} for {name}");
            let answer = viewer.get(path).ok();
            check(&answer, id, expected(*row, is_somebody), &place);
        }
    }
    for owner in [evan, ann] {
        for (path, row) in [
            ("inbox/major", MAJOR),
            ("inbox/direct/major", MAJOR),
            ("inbox", NOTHING),
            ("inbox/direct", NOTHING),
        ] {
            let path = owner.path(path);
            check(&owner.get(&path).ok(), note, row, &path);
        }
    }
    let liked_in_minor = evan.path("inbox/minor");
    check(
        &evan.get(&liked_in_minor).ok(),
        note,
        NOTHING,
        &liked_in_minor,
    );
    let members = own(&scene.list, "/members");
    check(&evan.get(&members).ok(), note, MEMBER, &members);
}

/// pump-api.md §3.7 [W]
#[test]
fn answers_to_changes_add_what_the_table_says() {
    let scene = scene();
    let (evan, ann, note) = (&scene.evan, &scene.ann, &scene.note["id"]);
    let with_target =
        activity("add", &reference(&scene.note)).with("target", reference(&scene.group));
    evan.post(activity("remove", &reference(&scene.note)).with("target", reference(&scene.group)));
    let posted = evan.post(with_target);
    check(&posted, note, MAJOR, "the answer to a post");
    let target = finish_of(&posted["target"]);
    assert!(target.liked && target.shared, "{}", posted["target"]);
    let list = scene.pump.site.path_of(link_self(&scene.list)).to_owned();
    evan.post(activity("remove", &reference(&scene.note)).with("target", reference(&scene.list)));
    ann.does("unlike", &scene.note);
    let answers: [(&str, Answer); 4] = [
        (
            "PUT object",
            evan.put_to(link_self(&scene.note), &json!({ "content": "look again" })),
        ),
        (
            "POST favorites",
            ann.post_to(&ann.path("favorites"), &reference(&scene.note)),
        ),
        (
            "POST members",
            evan.post_to(&format!("{list}/members"), &reference(&scene.note)),
        ),
        (
            "POST following",
            evan.post_to(&evan.path("following"), &ann.reference()),
        ),
    ];
    for (name, answer) in answers {
        let answer = answer.ok();
        assert_eq!(finish_of(&answer), NOTHING, "{name}: {answer}");
    }
}

/// pump-api.md §3.7 [W]
#[test]
fn what_is_added_is_true_for_the_one_who_looks() {
    let scene = scene();
    for (viewer, is_ann) in [
        (&*scene.evan, false),
        (&*scene.ann, true),
        (&scene.host, false),
    ] {
        let note = viewer.read(&scene.note).ok();
        assert_eq!(note["liked"], is_ann);
        assert_eq!(note["pump_io"]["shared"], is_ann);
        let evan = viewer.get(&scene.evan.path("profile")).ok();
        assert_eq!(evan["pump_io"]["followed"], is_ann);
    }
}

/// pump-api.md §1.2, §4.9.1
#[test]
fn another_server_reads_what_is_addressed_to_it() {
    let (pump, host) = Pump::knowing_another();
    let evan = pump.register("evan");
    let service = json!({ "objectType": "service", "id": "http://other.test/" });
    let to_host = evan.post(note("for your machine").to(service));
    let followers_only = evan.post(note("for my followers"));
    let client = pump.client();
    for (thing, seen) in [(&to_host, true), (&followers_only, false)] {
        let status = if seen { 200 } else { 403 };
        assert_eq!(host.read(thing).status, status);
        assert_eq!(host.read(&thing["object"]).status, status);
        assert_eq!(host.feed_of(&evan).has(thing), seen);
        assert_eq!(client.read(thing).status, 403);
        assert!(!client.feed_of(&evan).has(thing));
    }
    // It is no user of this server.
    host.get(&evan.path("inbox"))
        .oauth_refused(400, "Missing required parameter");
    host.post_to(&evan.path("feed"), &note("as evan").into())
        .oauth_refused(400, "Missing required parameter");
}

/// pump-api.md §3.7 [W], §4.9.2
#[test]
fn replies_that_the_reader_may_not_see_leave_their_places_to_others() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("what do you say?").to(public()));
    let answer = |text: &str, whom: Value| {
        let answer = comment(text, &posted["object"]);
        evan.post(answer.to(whom))
    };
    for number in 0..2 {
        answer(&format!("open {number}"), public());
    }
    for number in 0..6 {
        answer(&format!("hidden {number}"), evan.reference());
    }
    let replies = |reader: &Caller| {
        let note = reader.read(&posted["object"]).ok();
        let items = note["replies"]["items"].as_array().expect("items").clone();
        items
            .iter()
            .map(|item| item["content"].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(replies(&ann), ["open 1", "open 0"]);
    assert_eq!(
        replies(&evan),
        ["hidden 5", "hidden 4", "hidden 3", "hidden 2"]
    );
}
