//! Files that are no archives, or meant to do harm: each is refused with a sentence, and nothing comes of it.

use super::bringing::{brought, done};
use super::{exported, lively};
use crate::harness::{Person, Pump, Request, eventually_some, pictures, public};
use serde_json::{Value, json};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        zip.start_file(*name, options).expect("a part");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

fn label(format: &str, version: u32) -> String {
    json!({"format": format, "version": version, "site": "http://old.test", "person": "acct:evan@old.test",
        "nickname": "evan", "made": "2026-01-01T00:00:00Z"})
    .to_string()
}

/// An archive with these parts beside its label and an empty feed.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let label = label("pumphouse-archive", 1);
    let mut all: Vec<(&str, &[u8])> = vec![("archive.json", label.as_bytes())];
    if parts.iter().all(|(name, _)| *name != "feed.json") {
        all.push(("feed.json", br#"{"items": []}"#));
    }
    all.extend(parts);
    zipped(&all)
}

fn import(person: &Person, bytes: &[u8]) -> crate::harness::Answer {
    person.send(Request::post(&person.path("import")).bytes("application/zip", bytes))
}

/// The sentence with which an import fails after it began.
#[track_caller]
fn fails(person: &Person, bytes: &[u8]) -> String {
    import(person, bytes).ok();
    let failed = eventually_some(|| {
        let state = person.get(&person.path("import")).ok();
        assert_ne!(state["state"], "done", "{state}");
        (state["state"] == "failed").then_some(state)
    });
    failed["error"].as_str().expect("a sentence").to_owned()
}

#[test]
fn only_its_owner_brings_things_into_an_account() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let path = evan.path("import");
    let collection = json!([]);
    pump.nobody()
        .post_to(&path, &collection)
        .oauth_refused(400, "Missing required parameter");
    pump.client()
        .post_to(&path, &collection)
        .oauth_refused(400, "Missing required parameter");
    ann.post_to(&path, &collection).refused(401);
    ann.get(&path).refused(401);
    pump.nobody().get(&path).refused(401);
    evan.post_to("/api/user/nobody/import", &collection)
        .refused(404);
    assert_eq!(evan.get(&path).ok()["state"], "none");
    evan.send(Request::post(&path)).refused(400);
    evan.post_to(&path, &collection).ok();
    assert_eq!(done(&evan)["brought"], 0);
}

#[test]
fn what_is_no_archive_is_refused_at_once() {
    let pump = Pump::start();
    let (evan, _) = lively(&pump);
    let whole = exported(&evan).body;
    let ben = pump.register("ben");
    let too_new = label("pumphouse-archive", 2);
    let other = label("other", 1);
    for (bytes, word) in [
        (Vec::new(), "Send one file"),
        (b"   ".to_vec(), "empty"),
        (b"hello".to_vec(), "no archive"),
        (pictures::jpeg(10, 10), "no archive"),
        (whole[..whole.len() - 100].to_vec(), "not whole"),
        (whole[..whole.len() / 2].to_vec(), "not whole"),
        (b"PK\x03\x04".to_vec(), "not whole"),
        (
            zipped(&[("holiday.txt", b"x")]),
            "no archive of a Pumphouse",
        ),
        (
            zipped(&[("archive.json", b"{}")]),
            "no archive of a Pumphouse",
        ),
        (zipped(&[("archive.json", b"nonsense")]), "archive.json"),
        (
            zipped(&[("archive.json", other.as_bytes())]),
            "no archive of a Pumphouse",
        ),
        (
            zipped(&[("archive.json", too_new.as_bytes())]),
            "newer Pumphouse",
        ),
        (
            zipped(&[("archive.json", label("pumphouse-archive", 1).as_bytes())]),
            "no feed.json",
        ),
    ] {
        let sentence = import(&ben, &bytes).refused(400);
        assert!(sentence.contains(word), "{word}: {sentence}");
    }
    assert_eq!(ben.get(&ben.path("import")).ok()["state"], "none");
}

#[test]
fn half_a_collection_brings_nothing() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let total = evan.feed().total();
    let note =
        json!({"verb": "post", "object": {"objectType": "note", "content": "x"}, "to": [public()]})
            .to_string();
    let half = format!("{{\"items\": [{note}, {note}, {{\"verb\":");
    let kinds: [(Vec<u8>, &str); 5] = [
        (half.clone().into_bytes(), "in the middle"),
        (archive(&[("feed.json", half.as_bytes())]), "in the middle"),
        (br#"{"objectType": "note"}"#.to_vec(), "no collection"),
        (archive(&[("lists.json", b"[")]), "lists.json"),
        (archive(&[("profile.json", b"[")]), "profile.json"),
    ];
    for (bytes, word) in kinds {
        let sentence = fails(&evan, &bytes);
        assert!(sentence.contains(word), "{word}: {sentence}");
    }
    assert_eq!(evan.feed().total(), total);
}

#[test]
fn what_unpacks_to_too_much_is_not_unpacked() {
    let mut pump = Pump::with(&["--uploadBytesMax", "1000000"]);
    let evan = pump.register("evan");
    let long = format!("[\"{}\"]", "x".repeat(20 << 20));
    let sentence = fails(&evan, &archive(&[("feed.json", long.as_bytes())]));
    assert!(sentence.contains("too large"), "{sentence}");
    let large = vec![0; 5_000_000];
    let label = vec![b' '; 5_000_000];
    import(&evan, &zipped(&[("archive.json", &label)])).refused(400);
    let uploads = |file: &str, id: &str| json!({"id": id, "file": file, "objectType": "file", "mimeType": "image/jpeg"});
    let list = json!({"items": [
        uploads("files/large.bin", "http://old.test/1"),
        uploads("../../../../etc/passwd", "http://old.test/2"),
        uploads("/etc/passwd", "http://old.test/3"),
        uploads("files/missing.jpg", "http://old.test/4"),
        uploads("files/text.jpg", "http://old.test/5"),
        uploads("files/bomb.png", "http://old.test/6"),
        uploads("files/good.jpg", "http://old.test/7"),
        uploads("files/good.jpg", "http://old.test/7"),
        {"file": "files/good.jpg"},
        {"id": "http://old.test/8"},
        7,
    ]})
    .to_string();
    let bytes = archive(&[
        ("uploads.json", list.as_bytes()),
        ("files/large.bin", &large),
        ("files/text.jpg", b"this is text"),
        ("files/bomb.png", &pictures::bomb_png()),
        ("files/good.jpg", &pictures::photo(300, 200, 1)),
    ]);
    let report = brought(&evan, &bytes);
    assert_eq!(
        (&report["files"], &report["leftOut"]),
        (&json!(1), &json!(8)),
        "{report}"
    );
    let reasons = report["reasons"].to_string();
    for word in [
        "files/large.bin: The file is too large",
        "not in the archive",
        "is none",
    ] {
        assert!(reasons.contains(word), "{word}: {reasons}");
    }
    let kept: Vec<Value> = evan.stream(&evan.path("uploads")).items();
    assert_eq!(kept.len(), 1);
    pump.is_sound();
}

#[test]
fn files_stay_away_where_uploads_are_switched_off() {
    let here = Pump::start();
    let (evan, _) = lively(&here);
    let bytes = exported(&evan).body;
    let there = Pump::named("other.test", &["--enableUploads=false"]);
    let moved = there.register("evan9");
    let report = brought(&moved, &bytes);
    assert_eq!(
        (&report["files"], &report["leftOut"]),
        (&json!(0), &json!(2)),
        "{report}"
    );
    assert!(
        report["reasons"][0]
            .as_str()
            .is_some_and(|why| why.contains("switched off"))
    );
    assert!(moved.feed().says("well said"));
}
