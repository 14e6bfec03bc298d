//! What was acknowledged survives a process that is killed while many write: nothing is lost, nothing is half there, and
//! every counter equals what can be counted. `PUMPHOUSE_KILLS` says how often (5), `PUMPHOUSE_SEED` repeats a run.

use crate::harness::chance::Chance;
use crate::harness::http::Request;
use crate::harness::{Activity, Person, Pump, Stream, comment, knob, note, pause, public};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often the process is killed where nobody says otherwise.
const KILLS: u64 = 5;

/// Writers for each person.
const WRITERS: usize = 2;

/// Items a page, the most there can be.
const PAGE: usize = 200;

/// Streams of each person that are compared.
const STREAMS: [&str; 6] = [
    "feed",
    "feed/major",
    "feed/minor",
    "inbox",
    "inbox/major",
    "inbox/minor",
];

/// What the writers know.
#[derive(Default)]
struct Ledger {
    /// Activities that were answered with 200 in this round.
    acknowledged: Mutex<Vec<Value>>,
    /// Notes that can be liked and commented on.
    notes: Mutex<Vec<Value>>,
    /// Likes that were acknowledged: who, and the note.
    likes: Mutex<Vec<(String, Value)>>,
    /// The next number in a note's text.
    number: AtomicU64,
}

#[test]
fn acknowledged_activities_survive_kills() {
    let kills: u64 = knob("PUMPHOUSE_KILLS").map_or(KILLS, |text| text.parse().expect("a number"));
    let (mut chance, seed) = Chance::seeded();
    let mut pump = Pump::start();
    let people = pump.register_all(["evan", "ann", "bea"]);
    for person in &people {
        for other in people
            .iter()
            .filter(|other| other.nickname != person.nickname)
        {
            person.follow(other);
        }
    }
    let ledger = Ledger::default();
    let mut seen = Seen::default();
    seen.look(&people, "before the first kill");
    let mut total = 0;
    for round in 1..=kills {
        let after = Duration::from_millis(30 + chance.below(500) as u64);
        write_until_killed(&mut pump, &people, &ledger, &mut chance, after);
        pump.start_again();
        let acknowledged = std::mem::take(&mut *ledger.acknowledged.lock().expect("no panic"));
        let likes = std::mem::take(&mut *ledger.likes.lock().expect("no panic"));
        total += acknowledged.len();
        let context = format!("round {round} of seed {seed}");
        seen.check(&people, &acknowledged, &context);
        check_likes(&people, &likes, &context);
        check_replies(&people, &acknowledged, &context);
        people[0].post(note("it can still be written to"));
    }
    seen.check_in_full(&people);
    eprintln!("{total} acknowledged activities were all there");
    assert!(total > 0, "the writers did nothing");
}

/// Lets everybody write, and ends the process in the middle of it.
fn write_until_killed(
    pump: &mut Pump,
    people: &[Person],
    ledger: &Ledger,
    chance: &mut Chance,
    after: Duration,
) {
    let killed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for person in people {
            for _ in 0..WRITERS {
                let chance = chance.branch();
                let killed = &killed;
                scope.spawn(move || write(person, ledger, chance, killed));
            }
        }
        pause(after);
        killed.store(true, Ordering::SeqCst);
        pump.kill();
    });
}

/// Writes until the server is gone.
fn write(person: &Person, ledger: &Ledger, mut chance: Chance, killed: &AtomicBool) {
    loop {
        let known = {
            let notes = ledger.notes.lock().expect("no panic");
            let recent = notes.len().min(10);
            let back = chance.below(recent.max(1)) + 1;
            notes.len().checked_sub(back).map(|at| notes[at].clone())
        };
        let choice = chance.below(4);
        let (activity, liked) = match (choice, known) {
            (2, Some(known)) => {
                let like = json!({ "verb": "like", "object": reference(&known) });
                (Activity(like), Some(known))
            }
            (3, Some(known)) => (comment("a comment", &known), None),
            _ => {
                let number = ledger.number.fetch_add(1, Ordering::SeqCst);
                (note(&format!("note {number}")).to(public()), None)
            }
        };
        let document = Value::from(activity);
        let request = Request::post(&person.path("feed")).json(&document);
        let Ok(answer) = person.site.try_send(&person.signed(request)) else {
            assert!(
                killed.load(Ordering::SeqCst),
                "the server went away by itself"
            );
            return;
        };
        match answer.status {
            200 => {
                let stored = answer.json();
                if let Some(liked) = liked {
                    let mut likes = ledger.likes.lock().expect("no panic");
                    likes.push((person.nickname.clone(), liked));
                } else if choice != 3 {
                    let mut notes = ledger.notes.lock().expect("no panic");
                    notes.push(stored["object"].clone());
                }
                ledger.acknowledged.lock().expect("no panic").push(stored);
            }
            // A second like.
            400 if liked.is_some() => {}
            status => panic!("{status} {}: {document}", answer.text()),
        }
    }
}

fn reference(thing: &Value) -> Value {
    json!({ "id": thing["id"], "objectType": thing["objectType"] })
}

/// What the streams held at the last look, newest first, by path.
#[derive(Default)]
struct Seen {
    streams: HashMap<String, Vec<String>>,
}

impl Seen {
    /// Looks at everything that is new since the last look; returns the new ids by nickname and stream.
    fn look<'p>(
        &mut self,
        people: &'p [Person],
        context: &str,
    ) -> HashMap<(&'p str, &'static str), HashSet<String>> {
        let mut newest = HashMap::new();
        for person in people {
            for name in STREAMS {
                let stream = person.stream(&person.path(name));
                let known = self.streams.entry(stream.path.clone()).or_default();
                let fresh = fresh_items(&stream, known.first());
                for item in &fresh {
                    is_whole(item, &format!("{context}: {}", stream.path));
                }
                let ids: Vec<String> = fresh.iter().map(id_of).collect();
                newest.insert(
                    (person.nickname.as_str(), name),
                    ids.iter().cloned().collect(),
                );
                known.splice(0..0, ids);
                let different: HashSet<&String> = known.iter().collect();
                assert_eq!(
                    different.len(),
                    known.len(),
                    "{context}: {} repeats",
                    stream.path
                );
                let counted = u64::try_from(known.len()).expect("it fits");
                assert_eq!(
                    stream.total(),
                    counted,
                    "{context}: totalItems of {}",
                    stream.path
                );
            }
        }
        newest
    }

    /// Looks, and compares with what was acknowledged.
    fn check(&mut self, people: &[Person], acknowledged: &[Value], context: &str) {
        let newest = self.look(people, context);
        // What is in a feed is in its author's inbox, and what everybody may read in the inboxes of the followers.
        for person in people {
            let inbox = &newest[&(person.nickname.as_str(), "inbox")];
            for other in people {
                let feed = &newest[&(other.nickname.as_str(), "feed")];
                let missing: Vec<&String> = feed.difference(inbox).collect();
                assert!(
                    missing.is_empty(),
                    "{context}: {missing:?} of {} did not reach {}",
                    other.nickname,
                    person.nickname
                );
            }
        }
        for activity in acknowledged {
            let id = id_of(activity);
            let author = activity["actor"]["preferredUsername"]
                .as_str()
                .unwrap_or_default();
            let feed = &newest[&(author, "feed")];
            assert!(
                feed.contains(&id),
                "{context}: {id} was acknowledged and is not in the feed"
            );
            let person = people.iter().find(|person| person.nickname == author);
            let person = person.expect("somebody of the story wrote it");
            let read = person.read(activity).ok();
            is_whole(&read, context);
            assert_eq!(
                read["object"]["content"], activity["object"]["content"],
                "{context}"
            );
            person.read(&activity["object"]).ok();
        }
    }

    /// Pages through everything once more from the start.
    fn check_in_full(&self, people: &[Person]) {
        for person in people {
            for name in STREAMS {
                let stream = person.stream(&person.path(name));
                let ids: Vec<String> = stream.all(PAGE).iter().map(id_of).collect();
                let total = usize::try_from(stream.total()).expect("it fits");
                assert_eq!(ids.len(), total, "totalItems of {}", stream.path);
                let known = &self.streams[&stream.path];
                let older = &ids[ids.len() - known.len()..];
                assert_eq!(older, known.as_slice(), "{} changed", stream.path);
            }
            for (stream, expected) in [(person.followers(), 2), (person.following(), 2)] {
                assert_eq!(stream.total(), expected, "{}", stream.path);
                assert_eq!(stream.items().len(), 2, "{}", stream.path);
            }
            let favorites = person.favorites();
            let liked = favorites.all_by_offset(PAGE).len();
            let total = usize::try_from(favorites.total()).expect("it fits");
            assert_eq!(total, liked, "totalItems of {}", favorites.path);
        }
    }
}

/// The items of a stream that are newer than a known one.
fn fresh_items(stream: &Stream, known: Option<&String>) -> Vec<Value> {
    let mut fresh = Vec::new();
    loop {
        let page = stream.items_at(&format!("count={PAGE}&offset={}", fresh.len()));
        let end = page.is_empty();
        for item in page {
            if known == Some(&id_of(&item)) {
                return fresh;
            }
            fresh.push(item);
        }
        if end {
            assert!(known.is_none(), "{} lost its older part", stream.path);
            return fresh;
        }
    }
}

fn id_of(thing: &Value) -> String {
    let id = thing["id"].as_str();
    id.unwrap_or_else(|| panic!("no id: {thing}")).to_owned()
}

/// An activity with all its parts.
fn is_whole(activity: &Value, context: &str) {
    assert!(
        activity["actor"]["id"].is_string(),
        "{context}: no actor: {activity}"
    );
    let object = &activity["object"];
    assert!(object["id"].is_string(), "{context}: no object: {activity}");
    assert!(
        activity["verb"].is_string() && activity["published"].is_string(),
        "{context}"
    );
    let kind = object["objectType"].as_str().unwrap_or_default();
    if kind == "note" || kind == "comment" {
        assert!(
            object["content"].is_string(),
            "{context}: an empty {kind}: {activity}"
        );
        for stream in ["likes", "replies", "shares"] {
            assert!(
                object[stream]["totalItems"].is_u64(),
                "{context}: {activity}"
            );
        }
    }
    if kind == "comment" {
        assert!(
            object["inReplyTo"]["id"].is_string(),
            "{context}: {activity}"
        );
    }
}

/// A like stands on both sides, and its counter is right.
fn check_likes(people: &[Person], likes: &[(String, Value)], context: &str) {
    let mut likers: HashMap<String, (Value, HashSet<&str>)> = HashMap::new();
    for (who, thing) in likes {
        let entry = likers.entry(id_of(thing));
        let (_, names) = entry.or_insert_with(|| (thing.clone(), HashSet::new()));
        names.insert(who);
    }
    let favorites: HashMap<&str, HashSet<String>> = people
        .iter()
        .map(|person| {
            let items = person.favorites().items_at(&format!("count={PAGE}"));
            let ids = items.iter().map(id_of).collect();
            (person.nickname.as_str(), ids)
        })
        .collect();
    for (thing, names) in likers.values() {
        let stream = people[0].stream_of(thing, "likes");
        let items = stream.items();
        let found: HashSet<&str> = items
            .iter()
            .filter_map(|person| person["preferredUsername"].as_str())
            .collect();
        assert_eq!(
            stream.total() as usize,
            found.len(),
            "{context}: {}",
            stream.path
        );
        assert_eq!(
            items.len(),
            found.len(),
            "{context}: {} repeats",
            stream.path
        );
        for person in people {
            let nickname = person.nickname.as_str();
            let likes_it = found.contains(nickname);
            assert!(
                likes_it || !names.contains(nickname),
                "{context}: a like of {nickname} is lost"
            );
            let read = person.read(thing).ok();
            assert_eq!(read["liked"], likes_it, "{context}: {nickname}");
            assert_eq!(read["likes"]["totalItems"], found.len(), "{context}");
            let favorites = &favorites[nickname];
            let is_favorite = favorites.contains(&id_of(thing));
            // Older ones are on later pages.
            if favorites.len() < PAGE || !likes_it {
                assert_eq!(is_favorite, likes_it, "{context}: favorites of {nickname}");
            }
        }
    }
}

/// Comments stand below what they are on, and are counted.
fn check_replies(people: &[Person], acknowledged: &[Value], context: &str) {
    let comments = acknowledged
        .iter()
        .filter(|item| item["object"]["objectType"] == "comment");
    let mut by_parent: HashMap<String, (Value, Vec<String>)> = HashMap::new();
    for item in comments {
        let parent = &item["object"]["inReplyTo"];
        let entry = by_parent.entry(id_of(parent));
        let (_, ids) = entry.or_insert_with(|| (parent.clone(), Vec::new()));
        ids.push(id_of(&item["object"]));
    }
    for (parent, ids) in by_parent.values() {
        let path = format!("{}/replies", id_of(parent));
        let stream = people[0].stream(&path);
        let found: Vec<String> = stream.all_by_offset(PAGE).iter().map(id_of).collect();
        for id in ids {
            assert!(found.contains(id), "{context}: {id} is missing in {path}");
        }
        assert_eq!(stream.total() as usize, found.len(), "{context}: {path}");
    }
}
