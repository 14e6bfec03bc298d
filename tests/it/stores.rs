//! Stores that earlier versions wrote, kept in `tests/stores/`: each must open and show what is in it. Each is a data
//! directory whose files are compressed one by one, with `story.json` beside it: the keys of its people and what to expect.
//! A new one is written with `cargo test --test it -- --ignored a_store_is_written`.

use crate::harness::oauth::Pair;
use crate::harness::{Activity, Caller, Person, Pump, comment, eventually, note, pictures, public};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The pages of each person that are compared whole.
const PAGES: [&str; 11] = [
    "feed",
    "feed/major",
    "inbox/major",
    "inbox/minor",
    "inbox/direct",
    "followers",
    "following",
    "favorites",
    "lists/person",
    "uploads",
    "profile",
];

fn stores() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stores")
}

fn keys(caller: &Caller) -> Value {
    let (client, token) = (caller.client_pair(), caller.token_pair());
    json!({ "client": [client.key, client.secret], "token": [token.key, token.secret] })
}

fn pair(value: &Value) -> Pair {
    let text = |at: usize| value[at].as_str().expect("keys are texts");
    Pair::new(text(0), text(1))
}

/// What a reader must always see: the ids and texts of a page in their order, and its total.
fn gist(page: &Value) -> Value {
    let items = page["items"].as_array().map(|items| {
        let gists = items.iter().map(|item| {
            json!([
                item["id"],
                item["verb"],
                item["content"],
                item["object"]["id"],
                item["object"]["content"]
            ])
        });
        Value::from(gists.collect::<Vec<_>>())
    });
    json!([page["id"], page["displayName"], page["totalItems"], items])
}

fn gists(person: &Person) -> Value {
    let pages = PAGES
        .iter()
        .map(|name| gist(&person.get(&person.path(name)).ok()));
    Value::from(pages.collect::<Vec<_>>())
}

#[test]
#[ignore = "writes a fixture into the source"]
fn a_store_is_written() {
    let mut pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let posted = evan.post(
        note("remember me")
            .object_with("mood", "curious")
            .to(public()),
    );
    let object = &posted["object"];
    ann.does("like", object);
    ann.does("share", object);
    ann.post(comment("I will", object));
    evan.post(note("for ann").to(&ann).bcc(&evan));
    let foreign =
        json!({ "objectType": "note", "id": "tag:example.com,2026:1", "content": "foreign" });
    evan.post(Activity(json!({ "verb": "post", "object": foreign })).to(public()));
    let gone = evan.post(note("gone"));
    evan.does("delete", &gone["object"]);
    let image = evan.upload("image/jpeg", &pictures::photo(400, 300, 1));
    let image = evan.post(Activity(json!({ "verb": "post", "object": image })).to(public()));
    // More than the newest part of a stream, so that there are chunks.
    for number in 0..70 {
        evan.post(note(&format!("number {number}")));
    }
    eventually(|| ann.inbox().major().says("number 69"));
    let story = json!({
        "evan": { "keys": keys(&evan), "pages": gists(&evan) },
        "ann": { "keys": keys(&ann), "pages": gists(&ann) },
        "note": object,
        "image": image["object"],
        "deleted": gone["object"],
    });
    assert!(pump.stop().success());
    let target = stores().join(env!("CARGO_PKG_VERSION"));
    let _ = fs::remove_dir_all(&target);
    pack(pump.directory(), &target.join("data"));
    let text = serde_json::to_string_pretty(&story).expect("plain data");
    fs::write(target.join("story.json"), text).expect("a file");
}

#[test]
fn stores_of_earlier_versions_open() {
    let mut opened = 0;
    for entry in fs::read_dir(stores()).expect("there are stores") {
        let kept = entry.expect("a directory can be read").path();
        if !kept.is_dir() {
            continue;
        }
        let text = fs::read(kept.join("story.json")).expect("each has its story");
        let story: Value = serde_json::from_slice(&text).expect("a story is JSON");
        let directory = TempDir::new().expect("a directory");
        unpack(&kept.join("data"), directory.path());
        let pump = Pump::on(directory, &[]);
        reads_as_told(&pump, &story);
        opened += 1;
    }
    assert!(opened > 0, "no store is kept");
}

fn reads_as_told(pump: &Pump, story: &Value) {
    let person = |nickname: &str| Person {
        nickname: nickname.to_owned(),
        caller: Caller {
            client: Some(pair(&story[nickname]["keys"]["client"])),
            token: Some(pair(&story[nickname]["keys"]["token"])),
            ..pump.nobody()
        },
    };
    let (evan, ann) = (person("evan"), person("ann"));
    for reader in [&evan, &ann] {
        let expected = &story[&reader.nickname]["pages"];
        assert_eq!(&gists(reader), expected, "{}", reader.nickname);
    }
    let read = ann.read(&story["note"]).ok();
    assert_eq!(read["content"], "remember me");
    assert_eq!(read["mood"], "curious");
    assert_eq!(read["liked"], true);
    assert_eq!(read["replies"]["items"][0]["content"], "I will");
    assert_eq!(read["shares"]["totalItems"], 1);
    ann.read(&story["deleted"]).refused(410);
    let picture = story["image"]["image"]["url"].as_str().expect("a picture");
    let file = pump.nobody().get(picture).expect(200);
    assert_eq!(pictures::size_of(&file.body), (320, 240));
    assert_eq!(evan.feed().major().all(20).len(), 75);
    let mut browser = pump.browser();
    crate::pages::log_in(&mut browser, "evan");
    evan.post(note("and it goes on"));
    assert!(evan.feed().major().first_is("and it goes on"));
}

/// Copies a directory with each file compressed.
fn pack(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("a directory can be read").path();
        let name = path.file_name().expect("it has a name").to_string_lossy();
        if path.is_dir() {
            pack(&path, &to.join(&*name));
            continue;
        }
        let packed = File::create(to.join(format!("{name}.gz"))).expect("a file");
        let mut encoder = GzEncoder::new(packed, Compression::best());
        let mut plain = File::open(&path).expect("a file");
        io::copy(&mut plain, &mut encoder).expect("it can be copied");
        encoder.finish().expect("it can be written");
    }
}

/// Undoes [`pack`].
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("a directory can be read").path();
        let name = path.file_name().expect("it has a name").to_string_lossy();
        if path.is_dir() {
            unpack(&path, &to.join(&*name));
            continue;
        }
        let name = name.strip_suffix(".gz").expect("all are compressed");
        let mut packed = GzDecoder::new(File::open(&path).expect("a file"));
        let mut plain = File::create(to.join(name)).expect("a file");
        io::copy(&mut packed, &mut plain).expect("it can be copied");
    }
}
