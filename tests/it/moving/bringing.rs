//! From one server to another, and back to the same: everything is there as it was, and nobody else hears of it.

use super::{document, exported, items, lively, opened};
use crate::harness::documents::{addressed, each, reference};
use crate::harness::pump::said;
use crate::harness::{
    Person, Pump, Request, activity, comment, eventually, eventually_some, note, pictures, public,
};
use serde_json::{Value, json};

/// Brings a file into an account and waits until that is done; answers what was brought.
#[track_caller]
pub(crate) fn brought(person: &Person, bytes: &[u8]) -> Value {
    let request = Request::post(&person.path("import")).bytes("application/octet-stream", bytes);
    person.send(request).ok();
    done(person)
}

/// Waits until an import is done.
#[track_caller]
pub(super) fn done(person: &Person) -> Value {
    eventually_some(|| {
        let state = person.get(&person.path("import")).ok();
        assert_ne!(state["state"], "failed", "{state}");
        (state["state"] == "done").then_some(state)
    })
}

/// What an activity says wherever it stands: without ids that change, and with the lists by their names.
fn gist(person: &Person, activity: &Value) -> Value {
    let host = &person.site.host;
    let own = |text: &str| {
        text.replace(&format!("acct:{}@{host}", person.nickname), "acct:me")
            .replace(
                &format!("http://{host}/api/user/{}/", person.nickname),
                "mine:",
            )
    };
    let whom = |kind: &str| -> Vec<Value> {
        let list = activity[kind].as_array().cloned().unwrap_or_default();
        let name = |one: &Value| match one["displayName"].as_str() {
            Some(name) if one["objectType"] == "collection" => json!(name),
            _ => json!(own(one["id"].as_str().unwrap_or_default())),
        };
        list.iter().map(name).collect()
    };
    let object = &activity["object"];
    let is_mine = activity["verb"] == "post" || activity["verb"] == "create";
    let mut told = json!({
        "verb": activity["verb"], "published": activity["published"], "updated": activity["updated"],
        "to": whom("to"), "cc": whom("cc"), "bto": whom("bto"), "bcc": whom("bcc"),
        "type": object["objectType"],
    });
    if is_mine {
        for name in [
            "displayName",
            "content",
            "mood",
            "published",
            "updated",
            "objectTypes",
        ] {
            told[name] = object[name].clone();
        }
        told["width"] = object["fullImage"]["width"].clone();
    }
    told
}

fn gists(person: &Person) -> Vec<Value> {
    let feed = person.feed().all(200);
    let is_start = |activity: &Value| {
        activity["verb"] == "join"
            || (activity["verb"] == "create" && activity["object"]["displayName"] != "Band")
    };
    let is_deleted = |activity: &Value| !activity["object"]["deleted"].is_null();
    let told = feed.iter().filter(|one| !is_start(one) && !is_deleted(one));
    told.map(|one| gist(person, one)).collect()
}

#[test]
fn everything_of_somebody_is_there_on_another_server() {
    let here = Pump::start();
    let (evan, ann) = lively(&here);
    let mut changed = evan.feed().items()[0]["object"].clone();
    let corrected = json!({"objectType": "note", "content": "for all, corrected"});
    for one in evan.feed().all(200) {
        if one["object"]["content"] == "for all" {
            changed = one["object"].clone();
        }
    }
    evan.put_to(
        changed["links"]["self"]["href"].as_str().expect("a link"),
        &corrected,
    )
    .ok();
    evan.put_to(
        &evan.path("profile"),
        &json!({"objectType": "person", "displayName": "Evan P.", "summary": "I play."}),
    )
    .ok();
    let archive = exported(&evan).body;

    let mut there = Pump::named("other.test", &[]);
    let [moved, kim] = there.register_all(["evan", "kim"]);
    kim.follow(&moved);
    let news = kim.inbox().total();
    let report = brought(&moved, &archive);
    assert_eq!(report["leftOut"], 0, "{report}");
    assert_eq!(report["files"], 2, "{report}");

    assert_eq!(gists(&moved), gists(&evan));
    let notes = |person: &Person| {
        let major = person.feed().major().all(200);
        major
            .iter()
            .filter(|one| one["object"]["deleted"].is_null())
            .count()
    };
    assert_eq!(notes(&moved), notes(&evan));
    let feed = moved.feed().all(200);
    assert!(
        each(&feed, "id")
            .iter()
            .all(|id| id.starts_with("http://other.test/"))
    );
    let secret = feed
        .iter()
        .find(|one| one["object"]["content"] == "for ann")
        .expect("there");
    assert_eq!(addressed(secret, "to"), [ann.id()]);
    assert_eq!(addressed(secret, "bcc"), [moved.id()]);
    let old = secret["object"]["upstreamDuplicates"][0]
        .as_str()
        .expect("its old id");
    assert!(old.starts_with("http://pump.test/api/note/"), "{old}");

    // The audience holds: a follower sees what is for all and for followers, and nobody hears of it.
    assert_eq!(kim.inbox().total(), news);
    let seen = kim.feed_of(&moved);
    assert!(seen.says("for all, corrected"));
    assert!(!seen.says("for ann") && !seen.says("for the band"));
    kim.read(&secret["object"]).refused(403);

    // What others wrote is theirs: only where it is.
    let liked = moved.favorites().items();
    assert_eq!(liked.len(), 1);
    assert!(
        liked[0]["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("http://pump.test/"))
    );
    assert!(liked[0]["content"].is_null());
    assert_eq!(each(&moved.following().items(), "id"), [ann.id()]);
    assert_eq!(moved.followers().total(), 1);
    let band = moved
        .lists()
        .items()
        .into_iter()
        .find(|list| list["displayName"] == "Band");
    let band = band.expect("the list");
    assert_eq!(band["members"]["items"][0]["id"], ann.id());
    assert_eq!(moved.lists().total(), evan.lists().total());

    // Pictures are uploads like others: copies without the place, the original for its owner.
    let sea = feed
        .iter()
        .find(|one| one["object"]["displayName"] == "Sea")
        .expect("there");
    let full = sea["object"]["fullImage"]["url"]
        .as_str()
        .expect("a picture");
    let copy = kim.get(full).expect(200).body;
    assert_eq!(pictures::size_of(&copy), (800, 600));
    assert!(!pictures::contains(&copy, &pictures::place()));
    let uploads = moved.stream(&moved.path("uploads")).items();
    assert_eq!(uploads.len(), 2);
    let profile = moved.get(&moved.path("profile")).ok();
    assert_eq!(
        (&profile["displayName"], &profile["summary"]),
        (&json!("Evan P."), &json!("I play."))
    );
    assert_eq!(profile["upstreamDuplicates"], json!([evan.id()]));

    // A second time nothing is doubled.
    let total = (moved.feed().total(), moved.inbox().total());
    let again = brought(&moved, &archive);
    assert_eq!(
        (&again["brought"], &again["files"], &again["leftOut"]),
        (&json!(0), &json!(0), &json!(0)),
        "{again}"
    );
    assert_eq!((moved.feed().total(), moved.inbox().total()), total);
    assert_eq!(moved.stream(&moved.path("uploads")).total(), 2);

    // What was brought can be taken along again.
    let next = exported(&moved).body;
    let mut archive = opened(&next);
    assert_eq!(
        document(&mut archive, "archive.json")["site"],
        "http://other.test"
    );
    assert_eq!(items(&mut archive, "uploads.json").len(), 2);
    there.is_sound();
}

#[test]
fn whoever_left_comes_back_to_the_same_server() {
    let mut pump = Pump::start();
    let [evan, ann, ben] = pump.register_all(["evan", "ann", "ben"]);
    evan.follow(&ann);
    let hers = ann.post(note("hers").to(public()));
    let private = ann.post(note("between us").to(&evan));
    let gone = ann.post(note("soon gone").to(public()));
    evan.post(comment("well said", &hers["object"]));
    evan.post(comment("sure", &private["object"]));
    evan.post(comment("oh", &gone["object"]));
    evan.does("favorite", &hers["object"]);
    evan.does("favorite", &private["object"]);
    evan.post(note("to ben alone").to(&ben));
    evan.post(note("to my followers").to(crate::harness::documents::followers_of(&evan)));
    let archive = exported(&evan).body;
    ann.does("delete", &gone["object"]);
    evan.delete("/api/user/evan").ok();
    let replies = || ann.stream_of(&hers["object"], "replies").total();
    eventually(|| replies() == 0);

    let back = pump.register("evan2");
    let inboxes = (ann.inbox().total(), ben.inbox().total());
    let report = brought(&back, &archive);
    assert_eq!(
        (ann.inbox().total(), ben.inbox().total()),
        inboxes,
        "nobody hears of it"
    );
    // What is not for this account any more stays away: the like of a private note.
    assert_eq!(report["leftOut"], 1, "{report}");
    assert_eq!(replies(), 1);
    assert_eq!(ann.stream_of(&hers["object"], "likes").total(), 1);
    assert!(each(&ann.followers().items(), "id").contains(&back.id().as_str()));
    let feed = back.feed().all(200);
    let content = |text: &str| {
        feed.iter()
            .find(|one| one["object"]["content"] == text)
            .cloned()
    };
    assert!(content("sure").expect("there")["object"]["inReplyTo"].is_null());
    assert!(content("oh").expect("there")["object"]["inReplyTo"].is_null());
    let own = content("to my followers").expect("there");
    assert_eq!(
        addressed(&own, "to"),
        ["http://pump.test/api/user/evan2/followers"]
    );
    let alone = content("to ben alone").expect("there");
    ben.read(&alone["object"]).ok();
    ann.read(&alone["object"]).refused(403);

    // In the same account what was deleted comes back, and nothing else is doubled.
    let archive = exported(&back).body;
    let total = back.feed().total();
    let note = content("to ben alone").expect("there")["object"].clone();
    back.does("delete", &note);
    let report = brought(&back, &archive);
    assert_eq!(report["brought"], 1, "{report}");
    assert_eq!(
        back.feed().total(),
        total + 2,
        "the deletion, and the note again"
    );
    pump.is_sound();
}

#[test]
fn what_was_cut_off_goes_on() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let many: Vec<Value> = (0..600)
        .map(|number| {
            json!({"verb": "post", "id": format!("http://old.test/{number}"), "published": format!("2020-01-01T00:{:02}:{:02}Z", number / 60, number % 60),
                "object": {"objectType": "note", "id": format!("http://old.test/note/{number}"), "content": format!("number {number}")}, "to": [public()]})
        })
        .collect();
    let start = evan.feed().total();
    evan.post_to(&evan.path("import"), &json!({ "items": many }))
        .ok();
    for _ in 0..3 {
        pump.kill();
        pump.start_again();
    }
    let report = done(&evan);
    assert_eq!(
        (&report["brought"], &report["leftOut"]),
        (&json!(600), &json!(0)),
        "{report}"
    );
    assert_eq!(evan.feed().total(), start + 600);
    let contents = evan.feed().all(200);
    let contents: Vec<&Value> = contents
        .iter()
        .map(|one| &one["object"]["content"])
        .collect();
    let expected: Vec<Value> = (0..600)
        .rev()
        .map(|number| json!(format!("number {number}")))
        .collect();
    let there = &contents[usize::try_from(start).expect("few")..];
    assert!(there.iter().copied().eq(&expected), "{there:?}");
    let archives = pump.directory().join("uploads/archives");
    let left = std::fs::read_dir(archives).expect("a directory").count();
    assert_eq!(left, 0, "the file is not kept");
    pump.is_sound();
}

#[test]
fn files_that_had_no_room_come_with_the_next_try() {
    let here = Pump::start();
    let (evan, _) = lively(&here);
    let archive = exported(&evan).body;
    let there = Pump::named("other.test", &[]);
    let moved = there.register("evan");
    let quota = |bytes: &str| {
        let options = ["--hostname", "other.test", "--urlPort", "80"];
        let command = [&["user", "quota", "evan", bytes], &options[..]].concat();
        let set = there.command(&command, "");
        assert!(set.status.success(), "{}", said(&set));
    };
    let sea = || {
        let feed = moved.feed().major().items();
        let found = feed
            .iter()
            .find(|one| one["object"]["displayName"] == "Sea");
        found.expect("it is there")["object"].clone()
    };
    quota("0");
    let report = brought(&moved, &archive);
    assert_eq!(
        (&report["files"], &report["leftOut"]),
        (&json!(0), &json!(2)),
        "{report}"
    );
    let total = moved.feed().total();
    moved.does("favorite", &sea());
    quota("default");
    let report = brought(&moved, &archive);
    let told = (&report["files"], &report["brought"], &report["leftOut"]);
    assert_eq!(told, (&json!(2), &json!(0), &json!(0)), "{report}");
    assert_eq!(moved.feed().total(), total + 1, "the like");
    let sea = sea();
    let url = sea["image"]["url"].as_str().expect("a picture");
    assert!(url.starts_with("http://other.test/uploads/evan/"), "{url}");
    there.nobody().get(url).expect(200);
    assert_eq!(sea["likes"]["totalItems"], 1);
    assert_eq!(moved.stream(&moved.path("uploads")).total(), 2);
    assert_eq!(brought(&moved, &archive)["files"], 0);
}

#[test]
fn the_page_brings_an_archive_in() {
    let here = Pump::start();
    let (evan, _) = lively(&here);
    let archive = exported(&evan).body;
    let there = Pump::named("other.test", &[]);
    there.register("evan");
    let mut browser = there.browser_of("evan");
    let page = browser.open("/main/settings/data").expect(200);
    let form = page.form_to("/main/import");
    let send = |bytes: &[u8]| {
        form.clone()
            .attach("file", "evan.zip", "application/zip", bytes)
    };
    assert_eq!(
        browser.submit_once(&send(&archive).without("_csrf")).status,
        403
    );
    let refused = browser.submit(&send(b"not an archive")).expect(400);
    assert!(refused.text_of("file-problem").contains("no archive"));
    // A file that is found to be wrong later brings nothing, so there is nothing to add to it; the next one's trouble is
    // told alone.
    browser
        .submit(&send(b"{\"items\": [{\"verb\":"))
        .expect(200);
    let mut page = browser.open("/main/settings/data");
    eventually(|| {
        page = browser.open("/main/settings/data").expect(200);
        page.shows("could not be brought in")
    });
    assert!(page.shows("in the middle") && !page.shows("What came before"));
    let refused = browser.submit(&send(b"not an archive")).expect(400);
    assert!(!refused.shows("could not be brought in"));
    browser.submit(&send(&archive)).expect(200);
    eventually(|| {
        browser
            .open("/main/settings/data")
            .expect(200)
            .shows("It is done.")
    });
    let page = browser.open("/evan").expect(200);
    assert!(page.shows("for all"));
    let stranger = there.browser().ask(Request::post("/main/import"));
    assert!(
        stranger.status == 302 || stranger.status == 401,
        "{}",
        stranger.status
    );
}

#[test]
fn an_archive_is_brought_in_from_the_command_line() {
    let here = Pump::start();
    let (evan, _) = lively(&here);
    let archive = exported(&evan).body;
    let mut there = Pump::named("other.test", &[]);
    let moved = there.register("evan");
    let file = there.directory().join("evan.zip");
    std::fs::write(&file, &archive).expect("a file");
    let name = file.display().to_string();
    let run = |pump: &Pump, words: &[&str]| {
        let mut all = words.to_vec();
        all.extend(["--hostname", "other.test", "--urlPort", "80"]);
        pump.command(&all, "")
    };
    assert_eq!(
        run(&there, &["import", "evan", &name]).status.code(),
        Some(2),
        "it runs"
    );
    assert!(there.stop().success());
    let half = there.directory().join("half.json");
    std::fs::write(&half, r#"{"items": [{"verb":"#).expect("a file");
    for wrong in [
        ["nobody", name.as_str()],
        ["evan", "/nowhere/at/all.zip"],
        ["evan", "/tmp"],
        ["evan", &half.display().to_string()],
    ] {
        let refused = run(&there, &["import", wrong[0], wrong[1]]);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        let said = said(&refused);
        assert!(
            !said.contains("internal") && !said.contains("What came before"),
            "{said}"
        );
    }
    let first = run(&there, &["import", "evan", &name]);
    assert!(
        first.status.success() && said(&first).contains("2 files"),
        "{}",
        said(&first)
    );
    let again = run(&there, &["import", "evan", &name]);
    assert!(
        said(&again).starts_with("0 activities and 0 files"),
        "{}",
        said(&again)
    );
    there.start_again();
    assert_eq!(gists(&moved), gists(&evan));
}

#[test]
fn a_face_and_an_own_list_of_pictures_come_along() {
    let here = Pump::start();
    here.register("evan");
    let mut browser = here.browser_of("evan");
    let form = browser
        .open("/main/settings/profile")
        .expect(200)
        .form_to("/main/settings");
    let form = form.fill("displayName", "Evan P.");
    let form = form.attach(
        "avatar",
        "me.jpg",
        "image/jpeg",
        &pictures::photo(500, 400, 1),
    );
    browser.submit(&form).expect(200);
    let archive = {
        let form = browser.open("/main/settings/data").form_to("/main/export");
        browser.submit(&form).expect(200);
        eventually(|| browser.open("/main/settings/data").shows("It is ready"));
        browser
            .open("/main/export/archive.zip")
            .expect(200)
            .answer
            .body
    };
    let there = Pump::named("other.test", &[]);
    let evan = there.register("evan");
    let report = brought(&evan, &archive);
    assert_eq!(
        (&report["files"], &report["leftOut"]),
        (&json!(1), &json!(0)),
        "{report}"
    );
    let profile = evan.get(&evan.path("profile")).ok();
    let image = profile["image"]["url"].as_str().expect("a face");
    assert!(
        image.starts_with("http://other.test/uploads/evan/"),
        "{image}"
    );
    let face = there.nobody().get(image).expect(200).body;
    assert_eq!(pictures::size_of(&face), (96, 96));
    assert_eq!(profile["displayName"], "Evan P.");
}

#[test]
fn somebody_who_is_known_here_is_followed_and_not_told() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let hers = ann.post(note("hers").to(public()));
    let told = ann.inbox().total();
    let collection = json!([
        activity("follow", &ann.reference())
            .with("published", "2019-05-01T10:00:00Z")
            .with("id", "x:1")
            .0,
        activity("favorite", &reference(&hers["object"]))
            .with("published", "2019-05-01T10:00:01Z")
            .with("id", "x:2")
            .0,
        activity(
            "follow",
            &json!({"objectType": "person", "id": "acct:nobody@pump.test"})
        )
        .with("id", "x:3")
        .0,
    ]);
    let report = brought(&evan, collection.to_string().as_bytes());
    assert_eq!(
        (&report["brought"], &report["leftOut"]),
        (&json!(2), &json!(1)),
        "{report}"
    );
    assert_eq!(each(&ann.followers().items(), "id"), [evan.id()]);
    assert_eq!(ann.stream_of(&hers["object"], "likes").total(), 1);
    assert_eq!(ann.inbox().total(), told);
}
