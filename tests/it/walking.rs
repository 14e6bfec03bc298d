//! Walking through streams, compared with a naive model: after appends and removals drawn by lot each page holds what the
//! model says (`pump-api.md §1.6`, `§3.6`), and who walks while others write loses nothing and sees nothing twice.
//! `PUMPHOUSE_SEED` repeats a run.

use crate::harness::chance::Chance;
use crate::harness::documents::reference;
use crate::harness::people::items_of;
use crate::harness::{Person, Pump, Stream, note, public};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many changes the model goes through, and how many questions follow each tenth.
const CHANGES: usize = 120;
const QUESTIONS: usize = 12;

/// How many write at once, and how much each.
const WRITERS: usize = 3;
const NOTES_EACH: usize = 25;

/// A stream as it should be: ids newest first. What was removed from a stream of activities keeps its place there, so that
/// `before` and `since` still find it; in others it is unknown.
#[derive(Default)]
struct Model(Vec<(String, bool)>);

impl Model {
    fn append(&mut self, id: &str) {
        self.0.retain(|(known, _)| known != id);
        self.0.insert(0, (id.to_owned(), true));
    }

    fn remove(&mut self, id: &str) {
        for (known, there) in &mut self.0 {
            *there &= known != id;
        }
    }

    fn there<'m>(&self, part: &'m [(String, bool)]) -> Vec<&'m str> {
        let there = part.iter().filter(|(_, there)| *there);
        there.map(|(id, _)| id.as_str()).collect()
    }

    fn all(&self) -> Vec<&str> {
        self.there(&self.0)
    }

    fn older(&self, place: usize, count: usize) -> Vec<&str> {
        let mut older = self.there(&self.0[place + 1..]);
        older.truncate(count);
        older
    }

    fn newer(&self, place: usize, count: usize) -> Vec<&str> {
        let newer = self.there(&self.0[..place]);
        newer[newer.len().saturating_sub(count)..].to_vec()
    }
}

fn ids(page: &Value) -> Vec<String> {
    let id = |item: &Value| item["id"].as_str().expect("items have ids").to_owned();
    items_of(page).iter().map(id).collect()
}

/// Asks for pages by lot and compares.
fn ask(chance: &mut Chance, stream: &Stream, model: &Model, keeps_places: bool, seed: u64) {
    let total = u64::try_from(model.all().len()).expect("it is small");
    assert_eq!(stream.total(), total, "seed {seed}: {}", stream.path);
    let places = model.0.iter().enumerate();
    let anchors: Vec<usize> = places
        .filter(|(_, (_, there))| *there || keeps_places)
        .map(|(place, _)| place)
        .collect();
    for _ in 0..QUESTIONS {
        let count = chance.below(9);
        if let Some((gone, _)) = model.0.iter().find(|(_, there)| !there)
            && !keeps_places
        {
            let gone = crate::harness::http::encode(gone);
            stream.ask(&format!("before={gone}")).refused(400);
        }
        let (arguments, expected) = match (chance.below(4), anchors.len()) {
            (0, places) if places > 0 => {
                let place = anchors[chance.below(places)];
                let id = crate::harness::http::encode(&model.0[place].0);
                (format!("before={id}"), model.older(place, count))
            }
            (1, places) if places > 0 => {
                let place = anchors[chance.below(places)];
                let id = crate::harness::http::encode(&model.0[place].0);
                (format!("since={id}"), model.newer(place, count))
            }
            _ => {
                let offset = chance.below(model.0.len() + 3);
                let all = model.all();
                let page = all.into_iter().skip(offset).take(count).collect();
                (format!("offset={offset}"), page)
            }
        };
        let arguments = format!("{arguments}&count={count}");
        let page = stream.ask(&arguments).ok();
        assert_eq!(
            ids(&page),
            expected,
            "seed {seed}: {}?{arguments}",
            stream.path
        );
    }
    let count = 1 + chance.below(7);
    let walked: Vec<String> = stream
        .all(count)
        .iter()
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(
        walked,
        model.all(),
        "seed {seed}: {} by {count}",
        stream.path
    );
}

/// pump-api.md D31, §1.6 [W], §3.6.1, Q14, Q17, D29
#[test]
fn pages_are_what_a_naive_model_says() {
    let (mut chance, seed) = Chance::seeded();
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let readers = ["bea", "cyd", "dan", "eve", "fay"].map(|name| pump.register(name));
    let (mut posts, mut liked, mut followers) =
        (Model::default(), Model::default(), Model::default());
    let mut activities: Vec<Value> = Vec::new();
    let mut likes: Vec<Value> = Vec::new();
    for change in 0..CHANGES {
        match chance.below(8) {
            0 if !activities.is_empty() => {
                let gone = activities.remove(chance.below(activities.len()));
                evan.delete(crate::harness::people::link_self(&gone)).ok();
                posts.remove(gone["id"].as_str().expect("an id"));
            }
            1 | 2 if !activities.is_empty() => {
                let note = &chance.one_of(&activities)["object"];
                let id = note["id"].as_str().expect("an id");
                if let Some(at) = likes.iter().position(|liked| liked["id"] == note["id"]) {
                    ann.does("unfavorite", &likes.remove(at));
                    liked.remove(id);
                } else {
                    ann.does("favorite", note);
                    likes.push(reference(note));
                    liked.append(id);
                }
            }
            3 => {
                let reader = chance.one_of(&readers);
                let id = reader.id();
                if followers.all().contains(&id.as_str()) {
                    reader.does("stop-following", &evan.reference());
                    followers.remove(&id);
                } else {
                    reader.follow(&evan);
                    followers.append(&id);
                }
            }
            _ => {
                let posted = evan.post(note(&format!("note {change}")).to(public()));
                posts.append(posted["id"].as_str().expect("an id"));
                activities.push(posted);
            }
        }
        if change % 10 == 9 {
            ask(&mut chance, &evan.feed().major(), &posts, true, seed);
            ask(&mut chance, &ann.feed_of(&evan).major(), &posts, true, seed);
            ask(&mut chance, &ann.favorites(), &liked, false, seed);
            ask(&mut chance, &evan.followers(), &followers, false, seed);
        }
    }
}

/// Follows a link until no page has it; `extend` takes the items of each.
fn follow(reader: &Person, page: Value, link: &str, mut extend: impl FnMut(Vec<String>)) {
    let mut page = page;
    extend(ids(&page));
    while let Some(next) = page["links"][link]["href"].as_str() {
        page = reader.get(&format!("{next}&count=4")).ok();
        let items = ids(&page);
        if items.is_empty() {
            return;
        }
        extend(items);
    }
}

/// pump-api.md §1.6 [W], Q14
#[test]
fn who_walks_while_others_write_loses_nothing_and_sees_nothing_twice() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for number in 0..30 {
        evan.post(note(&format!("before {number}")));
    }
    let feed = evan.feed().major();
    let anchor = feed.items()[0]["id"].clone();
    let anchor = crate::harness::http::encode(anchor.as_str().expect("an id"));
    let writing = AtomicUsize::new(WRITERS);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (evan, writing) = (&evan, &writing);
            scope.spawn(move || {
                for number in 0..NOTES_EACH {
                    evan.post(note(&format!("{writer} {number}")));
                }
                writing.fetch_sub(1, Ordering::SeqCst);
            });
        }
        // Backwards, again and again: all that was there at the beginning of a walk, in order.
        let mut walks = 0;
        while writing.load(Ordering::SeqCst) > 0 || walks == 0 {
            let known = ids(&feed.ask("count=200").ok());
            let mut walked = Vec::new();
            follow(&evan, feed.ask("count=4").ok(), "next", |items| {
                walked.extend(items);
            });
            let once: HashSet<&String> = walked.iter().collect();
            assert_eq!(once.len(), walked.len(), "something was seen twice");
            assert!(walked.ends_with(&known), "something was lost");
            walks += 1;
        }
    });
    let mut caught_up: Vec<String> = Vec::new();
    let first = feed.ask(&format!("since={anchor}&count=4")).ok();
    follow(&evan, first, "prev", |items| {
        drop(caught_up.splice(0..0, items));
    });
    let mut all = ids(&feed.ask("count=200").ok());
    all.truncate(WRITERS * NOTES_EACH);
    assert_eq!(caught_up, all);
}

/// pump-api.md §1.6 [W], Q14
#[test]
fn who_polls_while_others_write_gets_everything_once() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    evan.post(note("the first"));
    let feed = evan.feed().major();
    let mut last = feed.items()[0]["id"].as_str().expect("an id").to_owned();
    let writing = AtomicUsize::new(WRITERS);
    let mut got: Vec<String> = Vec::new();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (evan, writing) = (&evan, &writing);
            scope.spawn(move || {
                for number in 0..NOTES_EACH {
                    evan.post(note(&format!("{writer} {number}")));
                }
                writing.fetch_sub(1, Ordering::SeqCst);
            });
        }
        loop {
            let done = writing.load(Ordering::SeqCst) == 0;
            let since = crate::harness::http::encode(&last);
            let page = ids(&feed.ask(&format!("since={since}&count=5")).ok());
            match page.first() {
                Some(newest) => {
                    last.clone_from(newest);
                    got.extend(page.into_iter().rev());
                }
                None if done => break,
                None => {}
            }
        }
    });
    let mut all = ids(&feed.ask("count=200").ok());
    all.pop();
    all.reverse();
    assert_eq!(got, all);
}
