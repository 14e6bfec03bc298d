//! How somebody takes along everything that is theirs, and brings it somewhere else (`pump-api.md §9`, end).

pub(crate) mod bringing;
mod collections;
mod nonsense;

use crate::harness::documents::reference;
use crate::harness::http::Answer;
use crate::harness::people::PASSWORD;
use crate::harness::pump::said;
use crate::harness::{
    Person, Pump, Request, activity, comment, eventually, eventually_some, note, pictures, public,
};
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

type Archive = ZipArchive<Cursor<Vec<u8>>>;

fn opened(bytes: &[u8]) -> Archive {
    ZipArchive::new(Cursor::new(bytes.to_vec())).expect("a ZIP file")
}

fn part(archive: &mut Archive, name: &str) -> Vec<u8> {
    let mut file = archive.by_name(name).expect("it is there");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("it can be read");
    bytes
}

fn document(archive: &mut Archive, name: &str) -> Value {
    serde_json::from_slice(&part(archive, name)).expect("JSON")
}

fn items(archive: &mut Archive, name: &str) -> Vec<Value> {
    let whole = document(archive, name);
    let items = whole["items"].as_array().expect("items").clone();
    assert_eq!(whole["totalItems"], items.len(), "{name}");
    items
}

/// Asks for an archive by the API and waits for it.
#[track_caller]
pub(crate) fn exported(person: &Person) -> Answer {
    person.send(Request::post(&person.path("export"))).ok();
    let ready = eventually_some(|| {
        let state = person.get(&person.path("export")).ok();
        assert!(
            state["state"] == "making" || state["state"] == "ready",
            "{state}"
        );
        (state["state"] == "ready").then_some(state)
    });
    let answer = person
        .get(ready["url"].as_str().expect("a url"))
        .expect(200);
    assert_eq!(ready["bytes"], answer.body.len());
    answer
}

/// Somebody who has done a bit of everything.
fn lively(pump: &Pump) -> (Person, Person) {
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.follow(&ann);
    ann.follow(&evan);
    evan.post(note("for all").to(public()));
    evan.post(note("for ann").to(&ann).bcc(&evan));
    let list =
        json!({ "objectType": "collection", "displayName": "Band", "objectTypes": ["person"] });
    let list = evan.post(activity("create", &list))["object"].clone();
    evan.post(activity("add", &ann.reference()).with("target", reference(&list)));
    evan.post(note("for the band").to(&list));
    let hers = ann.post(note("hers").to(public()));
    evan.does("favorite", &hers["object"]);
    evan.does("share", &hers["object"]);
    evan.post(comment("well said", &hers["object"]).object_with("mood", "sunny"));
    ann.post(note("a secret").to(&evan));
    let gone = evan.post(note("regretted"));
    evan.does("delete", &gone["object"]);
    let picture = evan.upload("image/jpeg", &pictures::photo(800, 600, 1));
    evan.post(
        activity("post", &picture)
            .object_with("displayName", "Sea")
            .to(public()),
    );
    evan.upload("text/plain", b"not posted yet");
    (evan, ann)
}

#[test]
fn an_archive_is_for_its_owner_alone() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let (export, file) = (evan.path("export"), evan.path("export/archive.zip"));
    pump.nobody().get(&export).refused(401);
    pump.nobody().get(&file).refused(401);
    pump.client()
        .send(Request::post(&export))
        .oauth_refused(400, "Missing required parameter");
    ann.send(Request::post(&export)).refused(401);
    evan.get(&file).refused(404);
    assert_eq!(evan.get(&export).ok()["state"], "none");
    exported(&evan);
    for path in [&export, &file] {
        ann.get(path).refused(401);
        pump.nobody().get(path).refused(401);
    }
    ann.get(&ann.path("export/archive.zip")).refused(404);
    let stranger = pump.browser().ask(Request::get("/main/export/archive.zip"));
    assert_eq!(stranger.status, 302);
    assert_eq!(
        pump.browser_of("ann")
            .open("/main/export/archive.zip")
            .answer
            .status,
        404
    );
}

#[test]
fn an_archive_holds_everything_that_somebody_owns() {
    let pump = Pump::start();
    let (evan, ann) = lively(&pump);
    let answer = exported(&evan);
    assert_eq!(answer.header("content-type"), "application/zip");
    assert!(answer.header("cache-control").contains("no-store"));
    assert!(answer.header("content-disposition").contains("evan-"));
    let mut archive = opened(&answer.body);

    let label = document(&mut archive, "archive.json");
    assert_eq!(label["person"], evan.id());
    assert_eq!(label["site"], "http://pump.test");
    assert!(String::from_utf8_lossy(&part(&mut archive, "README.txt")).contains("feed.json"));
    assert_eq!(document(&mut archive, "profile.json")["id"], evan.id());
    assert_eq!(document(&mut archive, "user.json")["nickname"], "evan");
    assert!(
        !answer
            .body
            .windows(PASSWORD.len())
            .any(|part| part == PASSWORD.as_bytes())
    );

    let mut expected = evan.feed().all(200);
    expected.retain(|activity| activity["object"]["deleted"].is_null());
    expected.reverse();
    let feed = items(&mut archive, "feed.json");
    let ids =
        |items: &[Value]| -> Vec<Value> { items.iter().map(|item| item["id"].clone()).collect() };
    assert_eq!(
        ids(&feed),
        ids(&expected),
        "oldest first, without what was deleted"
    );
    let secret = feed
        .iter()
        .find(|item| item["object"]["content"] == "for ann");
    assert_eq!(secret.expect("it is there")["bcc"][0]["id"], evan.id());
    assert!(feed.iter().any(|item| item["object"]["mood"] == "sunny"));
    assert!(
        !feed.iter().any(|item| item["content"].is_string()),
        "no sentence of the server's"
    );

    let band = items(&mut archive, "lists.json");
    let band = band
        .iter()
        .find(|list| list["displayName"] == "Band")
        .expect("a list");
    assert_eq!(band["members"]["items"][0]["id"], ann.id());
    for (name, id) in [("followers.json", ann.id()), ("following.json", ann.id())] {
        let people = items(&mut archive, name);
        assert_eq!((people.len(), &people[0]["id"]), (1, &json!(id)), "{name}");
    }
    assert_eq!(items(&mut archive, "favorites.json")[0]["content"], "hers");
    let messages = items(&mut archive, "messages.json");
    assert!(
        messages
            .iter()
            .any(|item| item["object"]["content"] == "a secret")
    );

    let uploads = items(&mut archive, "uploads.json");
    assert_eq!(uploads.len(), 2);
    for (upload, original) in uploads
        .iter()
        .zip([pictures::photo(800, 600, 1), b"not posted yet".to_vec()])
    {
        let name = upload["file"].as_str().expect("a place");
        assert_eq!(part(&mut archive, name), original);
    }
}

#[test]
fn the_page_makes_an_archive_and_hands_it_out() {
    let mut pump = Pump::start();
    pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let page = browser.open("/main/settings/data").expect(200);
    assert!(page.shows("Export my data"));
    let form = page.form_to("/main/export");
    assert_eq!(
        browser.submit_once(&form.clone().without("_csrf")).status,
        403
    );
    browser.submit(&form).expect(200);
    browser.submit(&form).expect(200);
    eventually(|| {
        browser
            .open("/main/settings/data")
            .expect(200)
            .shows("It is ready")
    });
    let whole = browser.open("/main/export/archive.zip").expect(200).answer;
    let mut archive = opened(&whole.body);
    assert_eq!(document(&mut archive, "user.json")["nickname"], "evan");
    let part = Request::get("/main/export/archive.zip").header("Range", "bytes=2-9");
    let part = browser.ask(part).expect(206);
    assert_eq!(part.body, whole.body[2..10]);

    // It outlives a restart, and its owner takes it along.
    pump.restart();
    browser.open("/main/export/archive.zip").expect(200);
    let archives = pump.directory().join("uploads/archives");
    let count = || std::fs::read_dir(&archives).expect("a directory").count();
    assert_eq!(count(), 1);
    let form = browser.open("/main/account/delete").form("leave");
    let form = form.fill("nickname", "evan").fill("password", PASSWORD);
    browser.submit(&form).expect(200);
    eventually(|| count() == 0);
    pump.is_sound();
}

#[test]
fn an_archive_that_was_cut_off_is_made_by_the_next_run() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    for number in 0..200 {
        evan.post(note(&format!("number {number}")).to(public()));
    }
    for _ in 0..3 {
        evan.send(Request::post(&evan.path("export"))).ok();
        pump.kill();
        pump.start_again();
        eventually(|| evan.get(&evan.path("export")).ok()["state"] == "ready");
        let answer = evan.get(&evan.path("export/archive.zip")).expect(200);
        assert_eq!(items(&mut opened(&answer.body), "feed.json").len(), 205);
    }
}

#[test]
fn an_archive_is_written_from_the_command_line() {
    let mut pump = Pump::start();
    let (evan, _) = lively(&pump);
    let feed = items(&mut opened(&exported(&evan).body), "feed.json");
    let file = pump.directory().join("evan.zip");
    let name = file.display().to_string();
    let run = |pump: &Pump, words: &[&str]| {
        let mut all = words.to_vec();
        all.extend(["--hostname", "pump.test", "--urlPort", "80"]);
        pump.command(&all, "")
    };
    let running = run(&pump, &["export", "evan", &name]);
    assert_eq!(running.status.code(), Some(2));
    assert!(pump.stop().success());
    for wrong in [["nobody", &name], ["evan", "/nowhere/at/all.zip"]] {
        let refused = run(&pump, &["export", wrong[0], wrong[1]]);
        assert!(!refused.status.success(), "{}", said(&refused));
    }
    assert!(!file.exists());
    let written = run(&pump, &["export", "evan", &name]);
    assert!(written.status.success(), "{}", said(&written));
    let bytes = std::fs::read(&file).expect("the archive");
    assert_eq!(items(&mut opened(&bytes), "feed.json"), feed);
    let again = run(&pump, &["export", "evan", &name]);
    assert!(said(&again).contains("exists already"), "{}", said(&again));
}
