//! Pages of streams: every argument, the links from page to page, and that nothing is lost or repeated on the way
//! (`pump-api.md §1.6`, `§3.6`).

use crate::harness::documents::each;
use crate::harness::people::items_of;
use crate::harness::{Person, Pump, note};
use serde_json::{Value, json};

/// pump-api.md §1.6 [W], Q17
#[test]
fn arguments_that_make_no_sense_are_refused() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("hi"));
    let id = posted["id"].as_str().unwrap_or_default();
    let object = posted["object"]["id"].as_str().unwrap_or_default();
    for stream in [
        evan.feed(),
        evan.feed().major(),
        evan.inbox(),
        evan.inbox().major(),
        evan.followers(),
        evan.following(),
        evan.favorites(),
        evan.lists(),
        evan.stream("/api/users"),
    ] {
        for arguments in [
            "count=-1",
            "count=201",
            "count=abc",
            "count=1.5",
            "count=",
            "offset=-1",
            "offset=x",
            "before=",
            "since=",
            "before=nonsense",
            "since=nonsense",
        ] {
            let answer = stream.ask(arguments);
            assert_eq!(
                answer.status,
                400,
                "{}?{arguments}: {}",
                stream.path,
                answer.text()
            );
            answer.refused(400);
        }
        for arguments in [
            format!("before={id}&since={id}"),
            format!("before={id}&offset=1"),
            format!("since={id}&offset=1"),
        ] {
            stream.ask(&arguments).refused(400);
        }
    }
    evan.post(note("hi again"));
    for stream in [evan.feed(), evan.feed().major(), evan.inbox()] {
        for argument in ["before", "since"] {
            stream.ask(&format!("{argument}={object}")).refused(400);
        }
    }
    // What is no argument is ignored.
    evan.feed().ask("colour=red&count=200").ok();
}

/// pump-api.md §3.6.7 [W], Q13, Q16, Q21
#[test]
fn a_page_says_what_it_is_and_where_the_next_one_is() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for number in 0..5 {
        evan.post(note(&number.to_string()));
    }
    let url = "http://pump.test/api/user/evan/feed/major";
    let feed = evan.feed().major();
    let page = feed.ask("count=2").ok();
    assert_eq!(page["displayName"], "Major activities by evan");
    assert_eq!(page["url"], url);
    assert_eq!(page["objectTypes"], json!(["activity"]));
    assert_eq!(page["totalItems"], 5);
    assert_eq!(page["author"]["id"], evan.id());
    let items = page["items"].as_array().expect("items");
    let links = &page["links"];
    assert_eq!(links["first"]["href"], url);
    let encode =
        |item: &Value| crate::harness::http::encode(item["id"].as_str().expect("items have ids"));
    assert_eq!(
        links["prev"]["href"],
        format!("{url}?since={}", encode(&items[0]))
    );
    assert_eq!(
        links["next"]["href"],
        format!("{url}?before={}", encode(&items[1]))
    );
    if !page["pump_io"].is_null() {
        assert!(
            page["pump_io"]["proxyURL"].is_string(),
            "{}",
            page["pump_io"]
        );
    }

    let empty = feed.ask("count=0").ok();
    assert_eq!(empty["items"], json!([]));
    assert_eq!(empty["totalItems"], 5);
    assert!(empty["links"]["next"].is_null() && empty["links"]["prev"].is_null());
    assert!(
        feed.ask("count=5").ok()["links"]["next"].is_null(),
        "all are there"
    );
    assert!(
        feed.ask("offset=5").ok()["items"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    for (path, name) in [
        ("feed", "Activities by evan"),
        ("feed/minor", "Minor activities by evan"),
        ("inbox", "Activities for evan"),
        ("inbox/major", "Major activities for evan"),
        ("inbox/direct", "Activities directly for evan"),
        ("inbox/direct/minor", "Minor activities directly for evan"),
        ("followers", "Followers for evan"),
        ("following", "Following for evan"),
        ("favorites", "Things that evan has favorited"),
        ("uploads", "Uploads by evan"),
        ("lists/person", "Collections of persons for evan"),
    ] {
        assert_eq!(
            evan.get(&evan.path(path)).ok()["displayName"],
            name,
            "{path}"
        );
    }
}

/// The numbers that a stream of numbered notes shows.
fn numbers(items: &[Value]) -> Vec<u32> {
    items
        .iter()
        .map(|item| {
            let content = item["object"]["content"].as_str().unwrap_or_default();
            content.parse().expect("notes of this story are numbers")
        })
        .collect()
}

fn id_of(items: &[Value], place: usize) -> String {
    let id = items[place]["id"].as_str().expect("items have ids");
    crate::harness::http::encode(id)
}

/// More entries than the newest part of a stream holds one by one.
const MANY: u32 = 150;

/// A person who has posted the numbers from 0.
fn counter(pump: &Pump) -> Person {
    let evan = pump.register("evan");
    for number in 0..MANY {
        evan.post(note(&number.to_string()));
    }
    evan
}

/// pump-api.md §3.6.1 [W], Q38
#[test]
fn pages_of_a_long_stream_are_complete_and_in_order() {
    let pump = Pump::start();
    let evan = counter(&pump);
    let all: Vec<u32> = (0..MANY).rev().collect();
    let feed = evan.feed().major();
    assert_eq!(feed.total(), u64::from(MANY));
    assert_eq!(feed.items().len(), 20, "pages have 20 items");
    assert_eq!(numbers(&feed.items_at("count=200")), all);
    for count in [7, 20, 64, 149, 150, 200] {
        assert_eq!(numbers(&feed.all(count)), all, "by next, {count} at a time");
        assert_eq!(
            numbers(&feed.all_by_offset(count)),
            all,
            "by offset, {count} at a time"
        );
    }
    let everything = feed.items_at("count=200");
    for place in [0, 1, 10, 63, 64, 65, 100, 148, 149] {
        let id = id_of(&everything, place);
        let older = numbers(&feed.items_at(&format!("before={id}&count=7")));
        let from = place + 1;
        let to = (from + 7).min(all.len());
        assert_eq!(older, all[from..to], "before {place}");
        let newer = numbers(&feed.items_at(&format!("since={id}&count=7")));
        assert_eq!(newer, all[place.saturating_sub(7)..place], "since {place}");
        let offset = numbers(&feed.items_at(&format!("offset={place}&count=3")));
        assert_eq!(
            offset,
            all[place..(place + 3).min(all.len())],
            "offset {place}"
        );
    }
    // Backwards by `prev` from the oldest page to the newest.
    let mut page = feed
        .ask(&format!("before={}&count=40", id_of(&everything, 120)))
        .ok();
    let mut seen = numbers(page["items"].as_array().expect("items"));
    while let Some(prev) = page["links"]["prev"]["href"].as_str() {
        page = evan.get(&format!("{prev}&count=40")).ok();
        let newer = numbers(page["items"].as_array().expect("items"));
        seen.splice(0..0, newer);
    }
    assert_eq!(seen, all);
    // The same in the inbox, where the welcome is the oldest entry.
    let inbox = evan.inbox().major().all(64);
    let (welcome, own) = inbox.split_last().expect("it is not empty");
    assert_eq!(numbers(own), all);
    assert_eq!(welcome["actor"]["objectType"], "service");
}

/// pump-api.md §3.6.1 [W], D31
#[test]
fn deleted_entries_leave_a_long_stream_in_order() {
    let pump = Pump::start();
    let evan = counter(&pump);
    let everything = evan.feed().major().items_at("count=200");
    let gone = [0, 5, 63, 64, 65, 100, 149];
    for place in gone {
        evan.delete(
            everything[place]["links"]["self"]["href"]
                .as_str()
                .expect("a link"),
        )
        .ok();
    }
    let left: Vec<u32> = (0..MANY)
        .rev()
        .enumerate()
        .filter(|(place, _)| !gone.contains(place))
        .map(|(_, number)| number)
        .collect();
    let feed = evan.feed().major();
    assert_eq!(numbers(&feed.all(20)), left);
    assert_eq!(numbers(&feed.all_by_offset(20)), left);
    let expected = u64::try_from(left.len()).expect("it is small");
    assert_eq!(feed.total(), expected);
    assert_eq!(evan.inbox().major().all(50).len(), left.len() + 1);
}

/// pump-api.md §1.1 [W], Q9
#[test]
fn an_empty_body_with_the_type_of_json_is_fine_when_reading() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let request = crate::harness::Request::get(&evan.path("inbox"))
        .header("Content-Type", "application/json");
    evan.send(request).ok();
}

#[test]
fn people_can_be_searched_in_followers_and_following() {
    let pump = Pump::start();
    let [evan, ann, annika, bob] = pump.register_all(["evan", "ann", "annika", "bob"]);
    for person in [&ann, &annika, &bob] {
        person.follow(&evan);
        evan.follow(person);
    }
    for stream in [evan.followers(), evan.following()] {
        let found = stream.ask("q=ANN").ok();
        let mut names = each(
            found["items"].as_array().expect("items"),
            "preferredUsername",
        );
        names.sort_unstable();
        assert_eq!(names, ["ann", "annika"], "{}", stream.path);
        assert_eq!(stream.ask("q=zzz").ok()["items"], json!([]));
    }
}

/// pump-api.md §3.6.6
#[test]
fn the_feed_of_all_users_has_an_id() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let page = ann.get("/api/users?count=1").ok();
    assert_eq!(page["id"], "http://pump.test/api/users");
    assert_eq!(page["displayName"], "Users of this service");
    assert_eq!(page["objectTypes"], json!(["user"]));
    assert_eq!(page["items"][0]["nickname"], "ann", "newest first");
    let next = "http://pump.test/api/users?before=ann";
    assert_eq!(page["links"]["next"]["href"], next);
    let page = evan.get(next).ok();
    assert_eq!(page["items"][0]["nickname"], "evan");
    assert!(evan.feed().page()["id"].is_null(), "others have none");
}

/// pump-api.md §1.6, §3.6.2 [+]
#[test]
fn the_next_page_goes_on_with_what_was_searched_for() {
    let pump = Pump::start();
    let [evan, ann, anna, bea] = pump.register_all(["evan", "ann", "anna", "bea"]);
    for person in [&ann, &bea, &anna] {
        person.follow(&evan);
    }
    let page = evan.followers().ask("q=AN%26n&count=1").ok();
    assert_eq!(page["items"], json!([]));
    let page = evan.followers().ask("q=AN&count=1").ok();
    assert_eq!(page["items"][0]["id"], anna.id());
    let next = page["links"]["next"]["href"]
        .as_str()
        .expect("there is more");
    let page = evan.get(next).ok();
    assert_eq!(each(&items_of(&page), "id"), [ann.id()]);
}

/// pump-api.md §3.6.7
#[test]
fn whoever_has_an_empty_name_is_called_by_the_nickname() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let unnamed = json!({ "displayName": " " });
    evan.put_to(&evan.path("profile"), &unnamed).ok();
    assert_eq!(evan.feed().page()["displayName"], "Activities by evan");
    let found = evan.get("/api/user/evan/followers?q=EV").ok();
    assert_eq!(found["displayName"], "Followers for evan");
}
