//! Who hears of what was addressed to nobody, drawn by lot and compared with a naive reading of `pump-api.md §4.6`.

use crate::domain::access::Viewer;
use crate::domain::documents::{Documents, Finish};
use crate::domain::testing::Pump;
use crate::ids::{ThingId, UserId};
use crate::store::things;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const NAMES: [&str; 3] = ["ann", "ben", "cyd"];

/// Whom the first note is for: the public, the followers of its author, somebody, or a group of its author in which
/// [`MEMBER`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Public,
    Followers(usize),
    Person(usize),
    Group,
}

const MEMBER: usize = 1;

/// What is said about a note: by whom, and how.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Verb(&'static str),
    Comment,
    Update,
    Delete,
    Follow(usize),
    /// A verb with the group as its object.
    Grouped(&'static str),
    /// The note as a document of the group, or as one no more.
    Document(&'static str),
}

/// `to` and `cc`.
type Lines = [BTreeSet<Whom>; 2];

impl Whom {
    fn id(self, group: &Value) -> String {
        match self {
            Whom::Group => group["id"].as_str().expect("an id").to_owned(),
            Whom::Public => "http://activityschema.org/collection/public".to_owned(),
            Whom::Followers(who) => format!("http://pump.test/api/user/{}/followers", NAMES[who]),
            Whom::Person(who) => format!("acct:{}@pump.test", NAMES[who]),
        }
    }

    fn address(self, group: &Value) -> Value {
        let kind = match self {
            Whom::Person(_) => "person",
            Whom::Group => "group",
            _ => "collection",
        };
        json!({ "objectType": kind, "id": self.id(group) })
    }
}

/// `§4.6`, case by case. The author of the note is the first of the names; nobody follows anybody.
fn expected(actor: usize, deed: Deed, note: &Lines) -> Lines {
    let [to, cc] = note;
    let seen = actor == 0
        || note.iter().flatten().any(|whom| match whom {
            Whom::Public => true,
            Whom::Group => actor == MEMBER,
            other => *other == Whom::Person(actor),
        });
    let followers = BTreeSet::from([Whom::Followers(actor)]);
    match deed {
        Deed::Update | Deed::Delete => note.clone(),
        Deed::Verb("favorite" | "like" | "dislike") if seen => note.clone(),
        Deed::Grouped("like") => [BTreeSet::from([Whom::Public]), BTreeSet::new()],
        Deed::Grouped(_) => [BTreeSet::from([Whom::Group]), followers],
        Deed::Document(_) => [BTreeSet::from([Whom::Group]), BTreeSet::new()],
        Deed::Follow(whom) => [BTreeSet::from([Whom::Person(whom)]), followers],
        Deed::Comment => {
            let mut lines = [to.clone(), cc.clone()];
            for line in &mut lines {
                line.remove(&Whom::Person(actor));
            }
            if actor != 0 {
                lines[0].insert(Whom::Person(0));
            }
            lines
        }
        Deed::Verb(_) => [BTreeSet::new(), followers],
    }
}

fn draft(deed: Deed, note: &Value, group: &Value) -> Value {
    let reference = json!({ "objectType": "note", "id": note["id"] });
    match deed {
        Deed::Verb(verb) => json!({ "verb": verb, "object": reference }),
        Deed::Comment => {
            json!({ "object": { "objectType": "comment", "content": "x", "inReplyTo": reference } })
        }
        Deed::Update => {
            json!({ "verb": "update", "object": { "objectType": "note", "id": note["id"], "content": "new" } })
        }
        Deed::Delete => json!({ "verb": "delete", "object": reference }),
        Deed::Follow(whom) => {
            json!({ "verb": "follow", "object": Whom::Person(whom).address(group) })
        }
        Deed::Grouped(verb) => json!({ "verb": verb, "object": Whom::Group.address(group) }),
        Deed::Document(verb) => {
            json!({ "verb": verb, "object": reference, "target": Whom::Group.address(group) })
        }
    }
}

fn seen_by(pump: &Pump, viewer: UserId, id: ThingId) -> Value {
    let activity = things::activity(&pump.app.store, id).expect("readable");
    let documents = Documents::for_viewer(&pump.app, Viewer::user(viewer));
    let text = documents.activity_text(id, &activity.expect("there"), Finish::FULL);
    serde_json::from_str(&text.expect("written")).expect("JSON")
}

fn ids(line: &Value) -> BTreeSet<String> {
    let items = line.as_array().into_iter().flatten();
    items
        .filter_map(|item| item["id"].as_str())
        .map(str::to_owned)
        .collect()
}

fn whom() -> impl Strategy<Value = Whom> {
    prop_oneof![
        Just(Whom::Public),
        Just(Whom::Followers(0)),
        Just(Whom::Group),
        (1_usize..3).prop_map(Whom::Person)
    ]
}

fn deeds() -> impl Strategy<Value = Deed> {
    let verbs = vec![
        "favorite", "like", "dislike", "share", "play", "checkin", "consume",
    ];
    prop_oneof![
        4 => proptest::sample::select(verbs).prop_map(Deed::Verb),
        2 => Just(Deed::Comment),
        1 => Just(Deed::Update),
        1 => Just(Deed::Delete),
        1 => (0_usize..3).prop_map(Deed::Follow),
        2 => proptest::sample::select(vec!["join", "leave", "share", "like", "play"]).prop_map(Deed::Grouped),
        2 => proptest::sample::select(vec!["add", "remove"]).prop_map(Deed::Document),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn who_hears_of_what_is_addressed_to_nobody(
        to in proptest::collection::btree_set(whom(), 1..3),
        cc in proptest::collection::btree_set(whom(), 0..2),
        actor in 0_usize..3,
        deed in deeds(),
    ) {
        let pump = Pump::start();
        let people = NAMES.map(|name| pump.register(name));
        let note = [to, cc];
        let public = Whom::Public.address(&Value::Null);
        let group = json!({ "verb": "create", "object": { "objectType": "group" }, "to": [public] });
        let group = pump.post(people[0], group).expect("created");
        let group = seen_by(&pump, people[0], group)["object"].clone();
        let join = json!({ "verb": "join", "object": Whom::Group.address(&group) });
        pump.post(people[MEMBER], join).expect("joined");
        let addresses = |line: &BTreeSet<Whom>| {
            line.iter().map(|whom| whom.address(&group)).collect::<Vec<_>>()
        };
        let post = json!({
            "object": { "objectType": "note", "content": "hi" },
            "to": addresses(&note[0]), "cc": addresses(&note[1]),
        });
        let post = pump.post(people[0], post).expect("posted");
        let object = seen_by(&pump, people[0], post)["object"].clone();
        // What is refused (a follow of oneself, what one may not see or change) is refused elsewhere.
        if let Ok(done) = pump.post(people[actor], draft(deed, &object, &group)) {
            let done = seen_by(&pump, people[actor], done);
            let lines = expected(actor, deed, &note);
            for (line, name) in lines.iter().zip(["to", "cc"]) {
                let expected: BTreeSet<String> = line.iter().map(|whom| whom.id(&group)).collect();
                prop_assert_eq!(ids(&done[name]), expected, "{} of {}", name, done);
            }
        }
    }
}
