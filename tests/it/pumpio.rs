//! What a pump.io kept, brought into this server: accounts, posts, who follows whom, files, tokens. The dump is in
//! `tests/documents/pump.io/databank`, and once more in the forms of the other drivers.

use crate::harness::pump::{binary_path, command_line, said};
use crate::harness::{Caller, Person, Pump, Request, note, oauth::Pair, pictures, public};
use base64::Engine as _;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const FIXTURE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/documents/pump.io/databank"
);

/// Things of the dump by their old addresses.
const HELLO: &str = "/api/note/pObtJOxjSoqAoSceWGYnkg";
const SEA: &str = "/api/image/OL3s-s5KTRKQjzkevAcOgw";
const SEA_FILE: &str = "/uploads/evan/2013/7/20/aB3-_x";
const FACE_FILE: &str = "/uploads/evan/2013/7/20/Face01";

/// How a driver keeps records.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Driver {
    Mongo,
    /// The same, as `mongoexport --jsonArray` writes it.
    Array,
    Redis,
    Disk,
}

/// A dump as one driver leaves it, with the uploads.
fn dump(driver: Driver) -> TempDir {
    let directory = TempDir::new().expect("a directory");
    for entry in fs::read_dir(FIXTURE).expect("the fixture").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(kind) = name.strip_suffix(".json") else {
            continue;
        };
        let text = fs::read_to_string(entry.path()).expect("text");
        if matches!(driver, Driver::Mongo | Driver::Array) {
            let text = match driver {
                Driver::Array => format!("[{}]\n", text.trim_end().replace('\n', ",")),
                _ => text,
            };
            fs::write(directory.path().join(&name), text).expect("written");
            continue;
        }
        let mut lines = String::new();
        for line in text.lines() {
            let (id, value) = record(kind, line);
            if driver == Driver::Redis {
                lines += &format!("{kind}:{id}\t{value}\n");
            } else {
                on_disk(directory.path(), kind, &id, &value);
            }
        }
        if driver == Driver::Redis {
            let path = directory.path().join(format!("{kind}.redis"));
            fs::write(path, lines).expect("written");
        }
    }
    let uploads = directory.path().join("uploads/evan/2013/7");
    fs::create_dir_all(uploads.join("20")).expect("a directory");
    fs::create_dir_all(uploads.join("21")).expect("a directory");
    let photo = pictures::photo(800, 600, 1);
    for (name, bytes) in [
        ("20/aB3-_x.jpg", &photo),
        ("20/aB3-_x_thumb.jpg", &pictures::jpeg(320, 240)),
        ("20/Face01.png", &pictures::png(200, 300)),
        ("20/Face01_thumb.png", &pictures::png(96, 96)),
        ("21/notes1.bin", &b"some notes\n".to_vec()),
    ] {
        fs::write(uploads.join(name), bytes).expect("written");
    }
    directory
}

/// What a line of `mongoexport` holds, as the other drivers have it.
fn record(kind: &str, line: &str) -> (String, Value) {
    let line = line.replace("\u{ff}0e", ".").replace("\u{ff}04", "$");
    let mut value = plain(serde_json::from_str(&line).expect("JSON"));
    let members = value.as_object_mut().expect("an object");
    let id = members.remove("_id").expect("an id");
    let id = id.as_str().expect("a text").to_owned();
    if members.remove("_s").is_some() {
        return (id, value["_v"].take());
    }
    let key = match kind {
        "user" => "nickname",
        "client" => "consumer_key",
        "accesstoken" => "access_token",
        "credentials" => "host_and_id",
        "stream" => "name",
        _ => "id",
    };
    members.insert(key.to_owned(), json!(id));
    (id, value)
}

/// Numbers as they are where no driver has a form of its own for them.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$numberInt").and_then(Value::as_str) {
            Some(digits) => json!(digits.parse::<i64>().expect("a number")),
            None => members
                .into_iter()
                .map(|(key, value)| (key, plain(value)))
                .collect(),
        },
        Value::Array(list) => list.into_iter().map(plain).collect(),
        other => other,
    }
}

fn on_disk(root: &Path, kind: &str, id: &str, value: &Value) {
    let name = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(Md5::digest(id));
    let beginning = |length| name.get(..length).expect("a hash is longer");
    let below = [1, 2, 3].map(beginning).join("/");
    let directory = root.join(kind).join(below);
    fs::create_dir_all(&directory).expect("a directory");
    fs::write(directory.join(format!("{name}.json")), value.to_string()).expect("written");
}

/// Runs the import into a data directory.
fn import(dump: &Path, into: &Path, more: &[&str]) -> Output {
    let (dump, into) = (dump.display().to_string(), into.display().to_string());
    let mut all = vec!["import", "--from-pumpio", &dump, "--datadir", &into];
    all.extend(["--hostname", "pump.test", "--urlPort", "80"]);
    all.extend(more);
    command_line(&all, "")
}

#[track_caller]
fn brings(dump: &Path, into: &Path) -> String {
    let output = import(dump, into, &[]);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

#[track_caller]
fn refuses(output: &Output, saying: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(saying) && !said.contains("panicked"),
        "{said}"
    );
}

/// Evan with the token that his program had at the old server.
fn evan(pump: &Pump) -> Person {
    let pair = |key: &str, secret: &str| Some(Pair::new(key, &secret.repeat(43)));
    Person {
        nickname: "evan".to_owned(),
        caller: Caller {
            client: pair("IeutbfUxVKE2PPIp-xz8jg", "b"),
            token: pair("evantoken0000000000001", "d"),
            ..pump.nobody()
        },
    }
}

/// The ids of the entries of a stream of the dump, newest first.
fn stream_of_dump(name: &str) -> Vec<String> {
    let read = |kind: &str| {
        let text = fs::read_to_string(format!("{FIXTURE}/{kind}.json")).expect("text");
        let lines: Vec<(String, Value)> = text.lines().map(|line| record(kind, line)).collect();
        lines
    };
    let segments = read("streamsegments");
    let all = read("streamsegment");
    let (_, chain) = segments.iter().find(|(id, _)| id == name).expect("there");
    let mut entries = Vec::new();
    for segment in chain.as_array().expect("a list") {
        let (_, list) = all.iter().find(|(id, _)| segment == id).expect("there");
        let texts = list.as_array().expect("a list").iter();
        entries.extend(texts.filter_map(Value::as_str).map(str::to_owned));
    }
    entries.reverse();
    entries
}

fn ids(feed: &Value) -> Vec<String> {
    let items = feed["items"].as_array().expect("items").iter();
    items
        .filter_map(|item| item["id"].as_str())
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_is_no_dump_of_this_server_changes_nothing() {
    let into = TempDir::new().expect("a directory");
    let (empty, whole) = (TempDir::new().expect("a directory"), dump(Driver::Mongo));
    refuses(
        &import(Path::new("/nowhere"), into.path(), &[]),
        "Cannot read",
    );
    refuses(&import(empty.path(), into.path(), &[]), "no accounts");
    let other = ["--hostname", "other.test"];
    refuses(
        &import(whole.path(), into.path(), &other),
        "acct:evan@pump.test",
    );
    let other = ["--urlPort", "8080"];
    refuses(
        &import(whole.path(), into.path(), &other),
        "--hostname=pump.test",
    );

    let cut = dump(Driver::Redis);
    fs::remove_file(cut.path().join("streamsegment.redis")).expect("removed");
    let fresh = TempDir::new().expect("a directory");
    refuses(&import(cut.path(), fresh.path(), &[]), "streamsegment");
    fs::copy(whole.path().join("user.json"), cut.path().join("user.json")).expect("copied");
    refuses(&import(cut.path(), fresh.path(), &[]), "twice");

    let mut pump = Pump::start();
    pump.register("ANN");
    let runs = import(whole.path(), pump.directory(), &[]);
    assert_eq!(runs.status.code(), Some(2), "{}", said(&runs));
    pump.stop();
    refuses(
        &import(whole.path(), pump.directory(), &[]),
        "belong to somebody here already: ann",
    );
    pump.start_again();
    assert!(pump.is_well());
}

#[test]
fn a_dry_run_tells_what_there_is_and_leaves_everything_as_it_was() {
    let into = TempDir::new().expect("a directory");
    let told = said(&import(
        dump(Driver::Disk).path(),
        into.path(),
        &["--dry-run"],
    ));
    for line in [
        "activity: 21 brought",
        "user: 2 brought, 1 left out",
        "Nothing was changed",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let pump = Pump::on(into, &[]);
    pump.nobody().get("/evan").expect(404);
}

#[test]
fn everything_of_a_pump_io_is_here_whatever_driver_kept_it() {
    for driver in [Driver::Mongo, Driver::Array, Driver::Redis, Driver::Disk] {
        let (dump, into) = (dump(driver), TempDir::new().expect("a directory"));
        let told = brings(dump.path(), into.path());
        for line in [
            "user: 2 brought, 1 left out",
            "activity: 20 brought, 1 left out",
            "note: 6 brought",
            "who did it is not in the dump",
        ] {
            assert!(told.contains(line), "{driver:?}: {line}: {told}");
        }
        let report = fs::read_to_string(into.path().join("pump.io-report.txt")).expect("a report");
        for line in [
            "user\tapi\t",
            "widget\t(all of them)\t",
            "losttoken0000000000001",
        ] {
            assert!(report.contains(line), "{driver:?}: {line}: {report}");
        }
        refuses(&import(dump.path(), into.path(), &[]), "brought in already");
        let mut pump = Pump::on(into, &[]);
        is_all_here(&pump);
        pump.is_sound();
    }
}

#[track_caller]
fn is_all_here(pump: &Pump) {
    let evan = evan(pump);
    // The program of old speaks with the token that it has, and reads what it read there in the same order.
    for (feed, name) in [
        ("inbox", "user:evan:inbox"),
        ("inbox/major", "user:evan:inbox:major"),
        ("inbox/direct/minor", "user:evan:inbox:direct:minor"),
        ("feed", "user:evan:outbox"),
        ("followers", "user:evan:followers"),
        ("following", "user:evan:following"),
    ] {
        let here = evan.get(&format!("/api/user/evan/{feed}?count=100")).ok();
        assert_eq!(ids(&here), stream_of_dump(name), "{feed}");
    }
    let lists = evan.get("/api/user/evan/lists/person").ok();
    assert_eq!(lists["items"][0]["displayName"], "Family");
    assert_eq!(lists["items"][0]["members"]["totalItems"], 1);

    let hello = evan.get(HELLO).ok();
    assert_eq!(hello["id"], format!("http://pump.test{HELLO}"));
    assert_eq!(hello["content"], "<p>Hello <b>world</b></p>");
    let published = hello["published"].as_str().expect("a time");
    assert!(published.starts_with("2013-07-20T"), "{published}");
    assert_eq!(hello["likes"]["totalItems"], 1);
    assert_eq!(hello["likes"]["items"][0]["id"], "acct:ann@pump.test");
    assert_eq!(hello["replies"]["items"][0]["content"], "Well said");
    let page = hello["url"].as_str().expect("an address");
    assert_eq!(
        page,
        format!("http://pump.test{}", HELLO.replace("/api", "/evan"))
    );
    let mut browser = pump.browser();
    assert!(browser.open(page).shows("Hello"));
    assert_eq!(evan.get("/api/user/evan").ok()["settings"]["theme"], "dark");

    // Whom a post was for, it is for.
    let stranger = pump.register("zoe");
    let inbox = evan.get("/api/user/evan/inbox/major?count=100").ok();
    let items = inbox["items"].as_array().expect("items");
    let of = |content: &str| {
        let found = items
            .iter()
            .find(|item| item["object"]["content"] == content);
        found.expect(content)["object"]["id"]
            .as_str()
            .expect("an id")
    };
    for (content, status) in [("For Evan alone", 403), ("For the family", 403)] {
        let path = of(content).strip_prefix("http://pump.test").expect("ours");
        evan.get(path).expect(200);
        stranger.get(path).expect(status);
    }
    stranger.get(HELLO).expect(200);
    assert_eq!(
        of("From elsewhere"),
        "https://other.example/api/note/BBBBnote"
    );

    files_are_here(pump, &evan, &stranger);
    passwords_work(pump);

    // Life goes on: what is new comes on top, and what is old can be changed.
    let fresh = evan.post(note("Moved").to(public()));
    assert_eq!(
        ids(&evan.get("/api/user/evan/inbox?count=1").ok())[0],
        fresh["id"]
    );
    let changed = evan.put_to(
        HELLO,
        &json!({"objectType": "note", "content": "Hello again"}),
    );
    assert_eq!(changed.ok()["content"], "Hello again");
    let reply = json!({"verb": "post", "object": {"objectType": "comment", "content": "Still true",
        "inReplyTo": {"objectType": "note", "id": format!("http://pump.test{HELLO}")}}});
    stranger.post_to("/api/user/zoe/feed", &reply).ok();
    assert_eq!(evan.get(HELLO).ok()["replies"]["totalItems"], 2);
}

#[track_caller]
fn files_are_here(pump: &Pump, evan: &Person, stranger: &Person) {
    let sea = evan.get(SEA).ok();
    assert_eq!(sea["displayName"], "Sea");
    for size in ["image", "fullImage"] {
        let url = sea[size]["url"].as_str().expect("an address");
        let bytes = evan.get(pump.nobody().site.path_of(url)).expect(200).body;
        assert!(pictures::size_of(&bytes).0 > 0);
    }
    let small = evan.get(&format!("{SEA_FILE}_thumb.jpg")).expect(200);
    assert_eq!(pictures::size_of(&small.body), (320, 240));
    let whole = evan.get(&format!("{SEA_FILE}.jpg")).expect(200);
    assert_eq!(pictures::size_of(&whole.body), (800, 600));
    assert!(!pictures::contains(
        &whole.body,
        pictures::CAMERA.as_bytes()
    ));
    stranger.get(&format!("{SEA_FILE}.jpg")).expect(403);
    // Faces are for everybody.
    let face = pump
        .nobody()
        .get(&format!("{FACE_FILE}_thumb.png"))
        .expect(200);
    assert_eq!(pictures::size_of(&face.body), (96, 96));
    let person = stranger.get("/api/user/evan/profile").ok();
    assert_eq!(person["displayName"], "Evan P.");
    assert_eq!(person["summary"], "Makes <em>pumps</em>");
    let url = person["image"]["url"].as_str().expect("a picture");
    pump.nobody()
        .get(pump.nobody().site.path_of(url))
        .expect(200);
    let notes = evan.get("/uploads/evan/2013/7/21/notes1.bin").expect(200);
    assert_eq!(notes.body, b"some notes\n");
}

#[track_caller]
fn passwords_work(pump: &Pump) {
    let mut browser = pump.browser();
    let refused = browser.log_in("ann", "evan*secret1");
    assert!(!refused.shows("Log out"), "{}", refused.words());
    // The first time by the old hash, then by a new one.
    for _ in 0..2 {
        let mut browser = pump.browser();
        browser.log_in("ann", "ann*secret2");
        browser.open("/main/account").expect(200);
    }
    let client = pump.client();
    let body = json!({"nickname": "evan", "password": "evan*secret1"});
    let user = client.send(Request::post("/main/login").json(&body)).ok();
    assert_eq!(user["nickname"], "evan");
    assert_eq!(user["email"], "evan@mail.test");
}

#[test]
fn nonsense_is_left_out_with_its_place_and_the_rest_comes() {
    let (dump, into) = (dump(Driver::Mongo), TempDir::new().expect("a directory"));
    let add = |name: &str, text: &[u8]| {
        let path = dump.path().join(name);
        let mut bytes = fs::read(&path).unwrap_or_default();
        bytes.extend(text);
        fs::write(&path, bytes).expect("written");
    };
    let deep = format!(
        "{{\"_id\":\"deep\",\"a\":{}1{}}}\n",
        "[".repeat(300),
        "]".repeat(300)
    );
    add("note.json", b"\n\nnonsense\n{\"_id\":7}\n[]\n\xff\xfe\n{\"_id\":\"http://pump.test/x\",\"content\":[1]}\n");
    add("note.json", deep.as_bytes());
    add(
        "note.json",
        &[&b"{\"_id\":\""[..], &vec![b'x'; 17 << 20], b"\"}\n"].concat(),
    );
    add(
        "note.json",
        b"{\"_id\":\"http://pump.test/api/note/cut\",\"content\":\"cut o",
    );
    add("user.json", br#"{"_id":"noone"}"#);
    add(
        "streamsegment.json",
        b"{\"_id\":\"user:evan:inbox:stream:x\",\"_s\":true,\"_v\":7}\n",
    );
    add(
        "streamsegment.json",
        b"{\"_id\":\"user:evan:inbox:stream:y\",\"_s\":true,\"_v\":[1,{},\"{\",\"nowhere\"]}\n",
    );
    add("client.json", b"{\"_id\":\"\",\"secret\":\"x\"}\n");
    fs::write(dump.path().join("hello.txt"), "hello").expect("written");
    brings(dump.path(), into.path());
    let report = fs::read_to_string(into.path().join("pump.io-report.txt")).expect("a report");
    for line in [
        "no JSON",
        "longer than 16 MiB",
        "cut off",
        "which person",
        "it is no list",
        "entries are not in the dump",
        "hello.txt",
    ] {
        assert!(report.contains(line), "{line}: {report}");
    }
    let mut pump = Pump::on(into, &[]);
    is_all_here(&pump);
    pump.is_sound();
}

#[test]
fn an_import_that_was_killed_goes_on_and_doubles_nothing() {
    const NOTES: usize = 1500;
    let (dump, into) = (dump(Driver::Mongo), TempDir::new().expect("a directory"));
    many_notes(dump.path(), NOTES);
    for stop in [
        "note: things",
        "note: what they",
        "activity: activities: 8",
        "file: files",
        "streams: 90",
    ] {
        let mut process = Command::new(binary_path())
            .args(["import", "--from-pumpio"])
            .arg(dump.path())
            .arg("--datadir")
            .arg(into.path())
            .args(["--hostname", "pump.test", "--urlPort", "80"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(process.stdout.take().expect("an output")).lines();
        let beginning = stop
            .rsplit_once(": ")
            .map_or(stop, |(beginning, _)| beginning);
        let met = lines.any(|line| line.expect("text").contains(beginning));
        process.kill().expect("killed");
        process.wait().expect("it ended");
        assert!(met, "{stop}");
        // With half of it no server runs.
        let half = command_line(&["--datadir", &into.path().display().to_string()], "");
        refuses(&half, "it goes on");
    }
    brings(dump.path(), into.path());
    let mut pump = Pump::on(into, &[]);
    let evan = evan(&pump);
    assert_eq!(
        evan.get("/api/user/evan/feed/major?count=1").ok()["totalItems"],
        NOTES + 6
    );
    let first = evan.get("/api/user/evan/feed/major?count=200").ok();
    let first = ids(&first);
    let expected = |number: usize| format!("http://pump.test/api/activity/{}", key(2, number));
    assert_eq!(first[0], expected(NOTES - 1));
    assert_eq!(first[199], expected(NOTES - 200));
    assert_eq!(evan.get("/api/user/evan/following").ok()["totalItems"], 2);
    pump.is_sound();
}

/// A version 4 UUID with two numbers in it.
fn key(kind: u8, number: usize) -> String {
    let mut bytes = [0; 16];
    bytes[0] = kind;
    bytes[6] = 0x40;
    bytes[8] = 0x80;
    bytes[12..].copy_from_slice(&u32::try_from(number).expect("small").to_be_bytes());
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Adds notes of Evan's, the newest last, in a segment of its own.
fn many_notes(dump: &Path, count: usize) {
    let append = |name: &str, text: &str| {
        let path = dump.join(name);
        let before = fs::read_to_string(&path).expect("text");
        fs::write(&path, before + text).expect("written");
    };
    let (mut notes, mut activities, mut segment) = (String::new(), String::new(), Vec::new());
    for number in 0..count {
        let at = format!(
            "2014-01-02T{:02}:{:02}:{:02}Z",
            number / 3600,
            number / 60 % 60,
            number % 60
        );
        let note = format!("http://pump.test/api/note/{}", key(1, number));
        let done = format!("http://pump.test/api/activity/{}", key(2, number));
        let author = json!({"objectType": "person", "id": "acct:evan@pump.test"});
        notes +=
            &json!({"_id": note, "_uuid": key(1, number), "objectType": "note", "author": author,
            "content": format!("Note {number}"), "published": at, "updated": at})
            .to_string();
        notes.push('\n');
        activities += &json!({"_id": done, "_uuid": key(2, number), "verb": "post", "actor": author,
            "object": {"objectType": "note", "id": note}, "published": at, "updated": at,
            "to": [{"objectType": "collection", "id": "http://activityschema.org/collection/public"}]}).to_string();
        activities.push('\n');
        segment.push(done);
    }
    append("note.json", &notes);
    append("activity.json", &activities);
    let segments = fs::read_to_string(dump.join("streamsegments.json")).expect("text");
    let mut lines = String::new();
    for stream in ["user:evan:outbox", "user:evan:outbox:major"] {
        let id = format!("{stream}:stream:more");
        append(
            "streamsegment.json",
            &format!("{}\n", json!({"_id": id, "_s": true, "_v": segment})),
        );
    }
    for line in segments.lines() {
        let mut value: Value = serde_json::from_str(line).expect("JSON");
        let name = value["_id"].as_str().expect("a name").to_owned();
        if ["user:evan:outbox", "user:evan:outbox:major"].contains(&name.as_str()) {
            let list = value["_v"].as_array_mut().expect("a list");
            list.push(json!(format!("{name}:stream:more")));
        }
        lines += &format!("{value}\n");
    }
    fs::write(dump.join("streamsegments.json"), lines).expect("written");
}
