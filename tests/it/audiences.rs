//! Who sees what, compared with a model: posts with audiences drawn by lot, people who follow, stop, and come and go on a
//! list or of a group in between (`pump-api.md §4.7`, `§4.9`). `PUMPHOUSE_SEED` repeats a run.

use crate::harness::chance::Chance;
use crate::harness::documents::{followers_of, reference};
use crate::harness::{Activity, Person, Pump, activity, note, public};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many posts.
const POSTS: usize = 60;

/// Whom a post can be addressed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whom {
    Everybody,
    Followers,
    List,
    Group,
    /// The followers of somebody else, and a list of somebody else: nobody.
    Strangers,
    One(usize),
}

/// A post and what it was told.
struct Post {
    activity: Value,
    lines: BTreeMap<&'static str, Vec<Whom>>,
    /// Whose inboxes it entered.
    delivered: BTreeSet<usize>,
}

/// The relations of the author, as they are now.
#[derive(Clone, Default)]
struct Relations {
    followers: BTreeSet<usize>,
    members: BTreeSet<usize>,
    /// Who is in the author's group.
    group: BTreeSet<usize>,
}

impl Post {
    fn addressed(&self) -> impl Iterator<Item = Whom> {
        self.lines.values().flatten().copied()
    }

    /// Whether a reader may read it now; the author always may.
    fn is_for(&self, reader: usize, now: &Relations) -> bool {
        self.addressed().any(|whom| match whom {
            Whom::Everybody => true,
            Whom::Followers => now.followers.contains(&reader),
            Whom::List => now.members.contains(&reader),
            Whom::Group => now.group.contains(&reader),
            Whom::Strangers => false,
            Whom::One(person) => person == reader,
        })
    }

    fn is_direct_for(&self, reader: usize) -> bool {
        let told = |line| {
            self.lines
                .get(line)
                .is_some_and(|whom: &Vec<Whom>| whom.contains(&Whom::One(reader)))
        };
        told("to") || told("bto")
    }
}

/// Those whose inboxes a post enters: each follower of the author if it is public.
fn receivers(lines: &BTreeMap<&'static str, Vec<Whom>>, now: &Relations) -> BTreeSet<usize> {
    let mut receivers = BTreeSet::new();
    for whom in lines.values().flatten() {
        match whom {
            Whom::Everybody | Whom::Followers => receivers.extend(&now.followers),
            Whom::List => receivers.extend(&now.members),
            Whom::Group => receivers.extend(&now.group),
            Whom::Strangers => {}
            Whom::One(person) => {
                receivers.insert(*person);
            }
        }
    }
    receivers
}

#[test]
fn everybody_sees_what_is_meant_for_them_and_nothing_else() {
    let (mut chance, seed) = Chance::seeded();
    let pump = Pump::start();
    let evan = pump.register("evan");
    let readers = pump.register_all(["ann", "bea", "cyd"]);
    let list_of = |owner: &Person| {
        let lists = owner.lists().items();
        lists
            .into_iter()
            .find(|list| list["displayName"] == "Friends")
    };
    let list = list_of(&evan).expect("a new account has a list of friends");
    let group = json!({ "objectType": "group", "displayName": "Band" });
    let group = activity("create", &group).to(public());
    let group = evan.post(group)["object"].clone();
    let strangers = followers_of(&readers[0]);
    let mut now = Relations::default();
    let mut posts = Vec::new();
    for number in 0..POSTS {
        change(&mut chance, &evan, &readers, [&list, &group], &mut now);
        let mut lines: BTreeMap<&'static str, Vec<Whom>> = BTreeMap::new();
        let mut draft = note(&format!("post {number}"));
        for _ in 0..=chance.below(3) {
            let line = ["to", "cc", "bto", "bcc"][chance.below(4)];
            let (whom, address) = match chance.below(9) {
                0 => (Whom::Everybody, public()),
                1 => (Whom::Followers, followers_of(&evan)),
                2 => (Whom::List, reference(&list)),
                3 => (Whom::Strangers, strangers.clone()),
                4 => (Whom::Group, reference(&group)),
                other => {
                    let person = other % readers.len();
                    (Whom::One(person), readers[person].reference())
                }
            };
            draft = addressed(draft, line, address);
            lines.entry(line).or_default().push(whom);
        }
        posts.push(Post {
            activity: evan.post(draft),
            delivered: receivers(&lines, &now),
            lines,
        });
    }
    for (number, reader) in readers.iter().enumerate() {
        compare(
            &posts,
            number,
            reader,
            &evan,
            &now,
            &group,
            &format!("seed {seed}, {}", reader.nickname),
        );
    }
    let open = |post: &&Post| post.addressed().any(|whom| whom == Whom::Everybody);
    let client = pump.client();
    let seen = client.feed_of(&evan).major().items_at("count=200").len();
    assert_eq!(
        seen,
        1 + posts.iter().filter(open).count(),
        "seed {seed}: a client without a user"
    );
    assert_eq!(evan.feed().major().items_at("count=200").len(), 1 + POSTS);
}

fn addressed(draft: Activity, line: &str, address: Value) -> Activity {
    match line {
        "to" => draft.to(address),
        "cc" => draft.cc(address),
        "bto" => draft.bto(address),
        _ => draft.bcc(address),
    }
}

/// Somebody follows or stops, or comes onto the list or into the group or leaves it.
fn change(
    chance: &mut Chance,
    evan: &Person,
    readers: &[Person],
    [list, group]: [&Value; 2],
    now: &mut Relations,
) {
    let number = chance.below(readers.len());
    let reader = &readers[number];
    match chance.below(8) {
        0 => {
            if now.followers.insert(number) {
                reader.follow(evan);
            } else {
                now.followers.remove(&number);
                reader.does("stop-following", &evan.reference());
            }
        }
        1 => {
            let verb = if now.members.insert(number) {
                "add"
            } else {
                now.members.remove(&number);
                "remove"
            };
            let deed =
                json!({ "verb": verb, "object": reader.reference(), "target": reference(list) });
            evan.post(Activity(deed));
        }
        2 => {
            let verb = if now.group.insert(number) {
                "join"
            } else {
                now.group.remove(&number);
                "leave"
            };
            reader.post(activity(verb, &reference(group)).to(reader));
        }
        _ => {}
    }
}

/// Compares everything that a reader sees with what the model says.
fn compare(
    posts: &[Post],
    number: usize,
    reader: &Person,
    evan: &Person,
    now: &Relations,
    group: &Value,
    context: &str,
) {
    let ids = |items: Vec<Value>| -> BTreeSet<String> {
        let ids = items.iter().filter_map(|item| item["id"].as_str());
        ids.map(str::to_owned).collect()
    };
    let feed = ids(reader.feed_of(evan).major().items_at("count=200"));
    let inbox = ids(reader.inbox().major().items_at("count=200"));
    let group_inbox = group["links"]["activity-inbox"]["href"].as_str();
    let group_inbox = reader.stream(group_inbox.expect("an inbox"));
    let in_group = ids(group_inbox.items_at("count=200"));
    let direct = ids(reader.inbox().direct().major().items_at("count=200"));
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for post in posts {
        let id = post.activity["id"].as_str().expect("an id").to_owned();
        let context = format!(
            "{context}: {id} {:?} followers {:?} members {:?} group {:?}",
            post.lines, now.followers, now.members, now.group
        );
        let may = post.is_for(number, now);
        let status = if may { 200 } else { 403 };
        let answer = reader.read(&post.activity);
        assert_eq!(answer.status, status, "activity, {context}");
        if may {
            let read = answer.json();
            assert!(read["bto"].is_null() && read["bcc"].is_null(), "{context}");
            *counts.entry("readable").or_default() += 1;
        }
        assert_eq!(
            reader.read(&post.activity["object"]).status,
            status,
            "object, {context}"
        );
        assert_eq!(feed.contains(&id), may, "feed, {context}");
        let to_group = post.addressed().any(|whom| whom == Whom::Group);
        assert_eq!(in_group.contains(&id), may && to_group, "group, {context}");
        let delivered = post.delivered.contains(&number);
        assert_eq!(inbox.contains(&id), delivered, "inbox, {context}");
        let is_direct = delivered && post.is_direct_for(number);
        assert_eq!(direct.contains(&id), is_direct, "direct, {context}");
    }
    assert_eq!(
        feed.len(),
        1 + counts.get("readable").copied().unwrap_or(0),
        "{context}"
    );
}
