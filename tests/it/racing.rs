//! Many at once: what may happen once happens once, whoever is first, and nothing that was said is lost.

use crate::harness::people::PASSWORD;
use crate::harness::{Pump, Request, note, public};
use serde_json::json;
use std::collections::HashSet;

/// How many try at the same time.
const RUNNERS: usize = 8;

/// What everybody got who did the same at once.
fn all_at_once(deed: impl Fn(usize) -> u16 + Sync) -> Vec<u16> {
    let start = std::sync::Barrier::new(RUNNERS);
    std::thread::scope(|scope| {
        let runners: Vec<_> = (0..RUNNERS)
            .map(|number| {
                let (start, deed) = (&start, &deed);
                scope.spawn(move || {
                    start.wait();
                    deed(number)
                })
            })
            .collect();
        let answers = runners.into_iter().map(|runner| runner.join());
        answers.map(|answer| answer.expect("it answers")).collect()
    })
}

/// One was first, all others were told so.
#[track_caller]
fn one_was_first(mut statuses: Vec<u16>, others: u16) {
    statuses.sort_unstable();
    let mut expected = vec![200];
    expected.extend(vec![others; RUNNERS - 1]);
    assert_eq!(statuses, expected);
}

#[test]
fn a_nickname_goes_to_the_first() {
    let pump = Pump::start();
    let client = pump.client();
    let account = json!({ "nickname": "evan", "password": PASSWORD });
    let statuses = all_at_once(|_| client.post_to("/api/users", &account).status);
    one_was_first(statuses, 409);
    assert_eq!(client.stream("/api/users").total(), 1);
}

/// pump-api.md Q19
#[test]
fn a_like_and_a_follow_count_once() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("popular").to(public()));
    let object = &posted["object"];
    one_was_first(all_at_once(|_| ann.try_does("like", object).status), 400);
    let follow = || ann.try_does("follow", &evan.reference()).status;
    one_was_first(all_at_once(|_| follow()), 400);
    assert_eq!(ann.stream_of(object, "likes").total(), 1);
    assert_eq!(ann.favorites().total(), 1);
    assert_eq!(evan.followers().total(), 1);
    assert_eq!(ann.following().items().len(), 1);
    one_was_first(all_at_once(|_| ann.try_does("unlike", object).status), 400);
    assert_eq!(ann.stream_of(object, "likes").total(), 0);
    assert_eq!(ann.read(object).ok()["likes"]["totalItems"], 0);
}

/// pump-api.md D3
#[test]
fn a_signed_request_counts_once_even_when_its_copies_race() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let request = Request::post(&evan.path("feed")).json(&note("once").into());
    let request = evan.signed(request);
    one_was_first(all_at_once(|_| pump.site.send(&request).status), 401);
    assert_eq!(evan.feed().major().total(), 1);
}

#[test]
fn what_many_say_at_once_is_all_there() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let each = 12;
    all_at_once(|runner| {
        for number in 0..each {
            evan.post(note(&format!("{runner}-{number}")));
        }
        200
    });
    for stream in [evan.feed().major(), ann.inbox().major()] {
        let texts: HashSet<String> = stream
            .all(50)
            .iter()
            .filter_map(|item| item["object"]["content"].as_str())
            .filter(|text| text.contains('-') && !text.contains(' '))
            .map(str::to_owned)
            .collect();
        assert_eq!(texts.len(), RUNNERS * each, "{}", stream.path);
    }
    let count = u64::try_from(RUNNERS * each).expect("it is small");
    assert_eq!(evan.feed().major().total(), count);
    // Each runner's notes stand in the order in which they were said.
    let all = evan.feed().major().all(200);
    let of_first: Vec<&str> = all
        .iter()
        .filter_map(|item| item["object"]["content"].as_str())
        .filter(|text| text.starts_with("0-"))
        .collect();
    let expected: Vec<String> = (0..each)
        .rev()
        .map(|number| format!("0-{number}"))
        .collect();
    assert_eq!(of_first, expected);
}

#[test]
fn edits_that_race_are_all_done_one_after_the_other() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("edited by many").to(public()));
    let path = crate::harness::people::link_self(&posted["object"]).to_owned();
    let statuses = all_at_once(|runner| {
        let change = json!({ "content": format!("version {runner}") });
        evan.put_to(&path, &change).status
    });
    assert_eq!(statuses, vec![200; RUNNERS]);
    let read = evan.read(&posted["object"]).ok();
    let content = read["content"].as_str().unwrap_or_default();
    assert!(content.starts_with("version "), "{content}");
    assert_eq!(evan.feed().minor().items_at("count=8").len(), RUNNERS);
}
