//! How much people can upload: a bound for everybody, others for single users, and what happens at it.

use crate::harness::pump::said;
use crate::harness::{Answer, Person, Pump, Request, activity, pictures, public};
use serde_json::{Value, json};
use std::thread;

const KIB: usize = 1024;

fn try_upload(person: &Person, bytes: usize) -> Answer {
    let file = vec![7; bytes];
    let request = Request::post(&person.path("uploads"));
    person.send(request.bytes("application/octet-stream", &file))
}

fn used(person: &Person) -> u64 {
    let user = person.get(&format!("/api/user/{}", person.nickname)).ok();
    user["uploadBytes"].as_u64().expect("it is told")
}

fn own(pump: &Pump) -> Person {
    let evan = pump.register("evan");
    let output = pump.command(&["user", "owner", "evan"], "");
    assert!(output.status.success(), "{}", said(&output));
    evan
}

#[test]
fn a_file_without_room_is_refused_with_what_to_do() {
    let mut pump = Pump::with(&["--uploadQuotaBytes", "100000"]);
    let evan = own(&pump);
    let ann = pump.register("ann");
    try_upload(&ann, 60 * KIB).ok();
    assert_eq!(used(&ann), 60 * 1024);
    let text = try_upload(&ann, 60 * KIB).refused(413);
    for part in ["60 KB", "98 KB", "Delete", "owner"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(used(&ann), 60 * 1024, "a refused file counts nothing");
    // Others have room of their own, and see nothing of hers; the owner does.
    try_upload(&evan, 60 * KIB).ok();
    let ben = pump.register("ben");
    assert!(ben.get("/api/user/ann").ok()["uploadBytes"].is_null());
    let seen = evan.get("/api/user/ann").ok();
    assert_eq!(seen["uploadBytes"], 60 * 1024);
    assert_eq!(seen["uploadQuotaBytes"], 100_000);

    let path = "/api/owner/users/ann";
    let more = evan
        .put_to(path, &json!({ "uploadQuotaBytes": 200_000 }))
        .ok();
    assert_eq!(more["hasOwnQuota"], true);
    try_upload(&ann, 60 * KIB).ok();
    evan.put_to(path, &json!({ "uploadQuotaBytes": 0 })).ok();
    try_upload(&ann, 1).refused(413);
    let back = evan
        .put_to(path, &json!({ "uploadQuotaBytes": Value::Null }))
        .ok();
    assert_eq!(back["uploadQuotaBytes"], 100_000);
    let output = pump.command(&["user", "quota", "ann", "1M"], "");
    assert!(
        said(&output).contains("120 KB of 1 MB (own quota)"),
        "{}",
        said(&output)
    );
    try_upload(&ann, 60 * KIB).ok();
    pump.is_sound();
}

#[test]
fn what_is_deleted_makes_room_and_so_does_who_leaves() {
    let mut pump = Pump::with(&["--uploadQuotaBytes", "100000"]);
    let ann = pump.register("ann");
    let file = try_upload(&ann, 90 * KIB).ok();
    ann.post(activity("post", &file).to(public()));
    pump.restart();
    assert_eq!(used(&ann), 90 * 1024, "it is remembered");
    try_upload(&ann, 20 * KIB).refused(413);
    ann.does("delete", &file);
    assert_eq!(used(&ann), 0);
    try_upload(&ann, 90 * KIB).ok();
    let photo = pictures::photo(400, 300, 1);
    ann.send(Request::post(&ann.path("uploads")).bytes("image/jpeg", &photo))
        .ok();
    assert_eq!(
        used(&ann),
        (90 * KIB + photo.len()) as u64,
        "originals count"
    );
    ann.delete("/api/user/ann").ok();
    pump.is_sound();
}

#[test]
fn many_at_once_do_not_go_over_the_bound() {
    let mut pump = Pump::with(&["--uploadQuotaBytes", "100000"]);
    let ann = pump.register("ann");
    let ends: Vec<u16> = thread::scope(|scope| {
        let tries: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| try_upload(&ann, 30 * KIB).status))
            .collect();
        tries
            .into_iter()
            .map(|one| one.join().expect("no panic"))
            .collect()
    });
    let stored = ends.iter().filter(|status| **status == 200).count();
    assert_eq!(stored, 3, "{ends:?}");
    assert!(
        ends.iter().all(|status| matches!(status, 200 | 413)),
        "{ends:?}"
    );
    assert_eq!(used(&ann), 90 * 1024);
    pump.is_sound();
}

#[test]
fn the_account_page_tells_what_there_is() {
    let pump = Pump::with(&["--uploadQuotaBytes", "1048576"]);
    let ann = pump.register("ann");
    try_upload(&ann, 512 * KIB).ok();
    let mut browser = pump.browser_of("ann");
    let page = browser.open("/main/settings/data").expect(200);
    assert!(
        page.text_of("room").contains("512 KB of the 1 MB"),
        "{}",
        page.text_of("room")
    );
}
