//! Documents and addresses that nobody would think of: each is taken or refused, none breaks anything, and what was stored
//! can be read afterwards. `PUMPHOUSE_NONSENSE` says how many (400), `PUMPHOUSE_SEED` repeats a run.

use crate::harness::chance::Chance;
use crate::harness::{Person, Pump, Request, knob, note, public};
use serde_json::{Map, Value, json};

/// How many documents where nobody says otherwise.
const DOCUMENTS: u64 = 400;

const MEMBERS: &[&str] = &[
    "verb",
    "actor",
    "object",
    "target",
    "to",
    "cc",
    "bto",
    "bcc",
    "generator",
    "provider",
    "context",
    "source",
    "location",
    "content",
    "title",
    "id",
    "objectType",
    "published",
    "updated",
    "deleted",
    "url",
    "links",
    "author",
    "displayName",
    "summary",
    "image",
    "attachments",
    "tags",
    "inReplyTo",
    "likes",
    "replies",
    "shares",
    "liked",
    "pump_io",
    "members",
    "objectTypes",
    "upstreamDuplicates",
    "stream",
    "_private",
    "",
    "nul\u{0}",
    "🐢",
];

const VERBS: &[&str] = &[
    "post",
    "create",
    "update",
    "delete",
    "favorite",
    "unfavorite",
    "like",
    "unlike",
    "follow",
    "stop-following",
    "share",
    "unshare",
    "add",
    "remove",
    "join",
    "leave",
    "play",
    "POST",
    "",
    "a b",
    "<script>",
];

const TYPES: &[&str] = &[
    "note",
    "comment",
    "image",
    "person",
    "collection",
    "group",
    "activity",
    "other",
    "user",
    "http://example.com/type",
    "../../etc",
    "",
    "NOTE",
];

/// Ids that exist in the story, and such that could not.
fn ids(known: &[Value]) -> Vec<Value> {
    let mut ids = vec![
        json!("acct:evan@pump.test"),
        json!("acct:ann@pump.test"),
        json!("acct:nobody@pump.test"),
        json!("acct:x@example.com"),
        json!("acct:"),
        json!("acct:@"),
        json!("http://pump.test/api/note/AAAAAAAAAAAAAAAAAAAAAA"),
        json!("http://pump.test/api/user/evan/followers"),
        json!("http://pump.test/api/user/nobody/followers"),
        json!("http://pump.test/"),
        json!("http://activityschema.org/collection/public"),
        json!("tag:example.com,2026:x"),
        json!("urn:uuid:"),
        json!("javascript:alert(1)"),
        json!(""),
        json!(" "),
        json!("é\u{0}\u{202e}"),
        json!("x".repeat(5000)),
    ];
    ids.extend(known.iter().map(|thing| thing["id"].clone()));
    ids
}

fn text(chance: &mut Chance, known: &[Value]) -> Value {
    match chance.below(6) {
        0 => json!(chance.one_of(VERBS)),
        1 => json!(chance.one_of(TYPES)),
        2 => json!("2026-11-21T07:00:00Z"),
        3 => json!("99999-99-99T99:99:99Z"),
        4 => json!("<b>x</b><script>y</script><p"),
        _ => chance.one_of(&ids(known)).clone(),
    }
}

fn value(chance: &mut Chance, known: &[Value], depth: usize) -> Value {
    let kinds = if depth > 3 { 6 } else { 10 };
    match chance.below(kinds) {
        0 => Value::Null,
        1 => json!(chance.below(2) == 0),
        2 => chance
            .one_of(&[
                json!(0),
                json!(-1),
                json!(1e308),
                json!(u64::MAX),
                json!(0.1),
            ])
            .clone(),
        3..=5 => text(chance, known),
        6 => {
            let length = chance.below(4);
            let items = (0..length).map(|_| value(chance, known, depth + 1));
            Value::Array(items.collect())
        }
        7 if !known.is_empty() => chance.one_of(known).clone(),
        _ => thing(chance, known, depth + 1),
    }
}

/// An object that has at least something of an object.
fn thing(chance: &mut Chance, known: &[Value], depth: usize) -> Value {
    let mut members = Map::new();
    if chance.below(3) > 0 {
        members.insert("objectType".to_owned(), json!(chance.one_of(TYPES)));
    }
    if chance.below(2) > 0 {
        members.insert("id".to_owned(), chance.one_of(&ids(known)).clone());
    }
    for _ in 0..chance.below(4) {
        let name = (*chance.one_of(MEMBERS)).to_owned();
        members.insert(name, value(chance, known, depth + 1));
    }
    Value::Object(members)
}

fn activity(chance: &mut Chance, known: &[Value]) -> Value {
    let object = if chance.below(3) == 0 && !known.is_empty() {
        chance.one_of(known).clone()
    } else {
        thing(chance, known, 1)
    };
    let mut activity = json!({ "verb": chance.one_of(VERBS), "object": object });
    for line in ["to", "cc", "bto", "bcc"] {
        if chance.below(4) == 0 {
            activity[line] = json!([thing(chance, known, 2)]);
        }
    }
    for _ in 0..chance.below(3) {
        let name = *chance.one_of(MEMBERS);
        activity[name] = value(chance, known, 1);
    }
    activity
}

/// Everything that can be listed can be read.
#[track_caller]
fn all_can_be_read(people: &[&Person], context: &str) {
    for reader in people {
        for owner in people {
            for name in [
                "feed",
                "feed/major",
                "feed/minor",
                "followers",
                "following",
                "favorites",
                "lists/person",
                "lists/image",
                "profile",
            ] {
                let answer = reader.get(&owner.path(name));
                assert!(
                    answer.status == 200,
                    "{context}: {}: {}",
                    owner.path(name),
                    answer.text()
                );
            }
        }
        for name in [
            "inbox",
            "inbox/major",
            "inbox/minor",
            "inbox/direct",
            "uploads",
        ] {
            let answer = reader.get(&reader.path(name));
            assert!(
                answer.status == 200,
                "{context}: {}: {}",
                reader.path(name),
                answer.text()
            );
        }
    }
}

#[test]
fn documents_of_nonsense_harm_nothing() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let (mut chance, seed) = Chance::seeded();
    let mut known = vec![evan.post(note("known").to(public()))["object"].clone()];
    known.extend(evan.lists().items());
    let documents =
        knob("PUMPHOUSE_NONSENSE").map_or(DOCUMENTS, |text| text.parse().expect("a number"));
    let mut taken = 0;
    for number in 0..documents {
        let person = if number % 2 == 0 { &evan } else { &ann };
        let document = activity(&mut chance, &known);
        let context = format!("seed {seed}, document {number}: {document}");
        let (path, body) = match chance.below(8) {
            0 => (person.path("following"), &document["object"]),
            1 => (person.path("favorites"), &document["object"]),
            2 => (person.path("uploads"), &document),
            _ => (person.path("feed"), &document),
        };
        let answer = person.post_to(&path, body);
        assert!(answer.status < 500, "{context}: {}", answer.text());
        if answer.status == 200 {
            taken += 1;
            let stored = answer.json();
            for thing in [&stored, &stored["object"], &stored["target"]] {
                if let Some(link) = thing["links"]["self"]["href"].as_str() {
                    if link.starts_with("http://pump.test/") {
                        let read = person.get(link);
                        assert!(read.status < 500, "{context}: {link}: {}", read.text());
                    }
                    if known.len() < 40 {
                        known.push(thing.clone());
                    }
                }
            }
        } else {
            let status = answer.status;
            answer.refused(status);
        }
        if number % 100 == 99 {
            all_can_be_read(&[&evan, &ann], &context);
        }
    }
    all_can_be_read(&[&evan, &ann], &format!("seed {seed}"));
    assert!(taken > 0, "everything was refused");
    evan.post(note("still sane"));
    assert!(evan.feed().major().first_is("still sane"));
    let mut browser = pump.browser();
    crate::pages::log_in(&mut browser, "evan");
    for target in ["/", "/evan", "/ann", "/evan/favorites", "/ann/following"] {
        browser.open(target).expect(200);
    }
}

#[test]
fn addresses_of_nonsense_harm_nothing() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    evan.post(note("hi").to(public()));
    let odd = [
        "evan",
        "EVAN",
        "%00",
        "%2e%2e",
        "%ff%fe",
        "a%2fb",
        "%F0%9F%90%A2",
        "..%5c..",
        "-",
        "*",
        "AAAAAAAAAAAAAAAAAAAAAA",
        "_",
        "~",
        "null",
        "%25",
        "+",
        "a b",
    ];
    let long = "x".repeat(3000);
    for part in odd.iter().copied().chain([long.as_str()]) {
        let part = part.replace(' ', "%20");
        for target in [
            format!("/{part}"),
            format!("/api/{part}"),
            format!("/api/user/{part}"),
            format!("/api/user/{part}/feed?count=1&before={part}"),
            format!("/api/user/evan/inbox?since={part}"),
            format!("/api/user/evan/lists/{part}"),
            format!("/api/user/evan/followers?q={part}"),
            format!("/api/note/{part}"),
            format!("/api/note/{part}/likes"),
            format!("/api/note?id={part}"),
            format!("/api/{part}/AAAAAAAAAAAAAAAAAAAAAA/replies"),
            format!("/api/activity/{part}"),
            format!("/api/collection/{part}/members?type={part}"),
            format!("/uploads/{part}/2026/1/1/{part}.jpg"),
            format!("/evan/{part}"),
            format!("/evan/note/{part}"),
            format!("/evan/list/{part}"),
            format!("/main/{part}"),
            format!("/oauth/authorize?oauth_token={part}"),
        ] {
            for caller in [&evan.caller, &pump.nobody()] {
                let answer = caller.send(Request::get(&target));
                assert!(answer.status < 500, "{target}: {}", answer.text());
            }
        }
    }
    assert!(pump.is_well());
}
