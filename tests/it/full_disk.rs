//! A disk that is full: nothing more is stored and everything can be read, until there is room again. The disk is a small
//! one in memory, which only root can make; without root the stories are skipped and say so.

use crate::harness::{Mount, Person, Pump, Request, note, public};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use tempfile::TempDir;

/// The disk, in MiB: the server leaves 64 of them free for the store and 72 for uploads.
const DISK_MIB: u64 = 100;

/// A server on a small disk, which goes away with it.
pub(crate) struct Crowded {
    pub(crate) pump: Pump,
    pub(crate) disk: Disk,
}

/// A small disk in memory.
pub(crate) struct Disk {
    _mount: Mount,
    place: TempDir,
}

impl Disk {
    /// Nothing where there is no root.
    fn new() -> Option<Disk> {
        let place = TempDir::new().expect("a directory");
        let _mount = Mount::disk(place.path(), &format!("size={DISK_MIB}m"))?;
        Some(Disk { _mount, place })
    }

    fn filler(&self) -> PathBuf {
        self.place.path().join("filler")
    }

    /// Fills the disk until `leave` bytes are left, at most a page less.
    pub(crate) fn fill(&self, leave: usize) {
        let mut filler = File::create(self.filler()).expect("a file");
        // Ends at the disk's end.
        while filler.write_all(&[0; 4096]).is_ok() {}
        let length = filler.metadata().expect("a file").len();
        let keep = length.saturating_sub(leave as u64);
        filler.set_len(keep).expect("a file can be cut");
    }

    /// Makes room again.
    pub(crate) fn free(&self) {
        fs::remove_file(self.filler()).expect("it is there");
    }
}

impl Crowded {
    /// Nothing where there is no root.
    pub(crate) fn start() -> Option<Crowded> {
        Crowded::with(&[])
    }

    /// The same with options.
    pub(crate) fn with(options: &[&str]) -> Option<Crowded> {
        let disk = Disk::new()?;
        let directory = TempDir::new_in(disk.place.path()).expect("a directory");
        let pump = Pump::on(directory, options);
        Some(Crowded { pump, disk })
    }
}

/// Posts until a post is refused or there are `number`; gives the texts that were acknowledged.
fn post_some(evan: &Person, name: &str, number: usize) -> Vec<String> {
    let mut texts = Vec::new();
    for place in 0..number {
        let text = format!("{name} {place}");
        let answer = evan.try_post(note(&text).to(public()));
        if answer.status == 200 {
            texts.push(text);
        } else {
            assert!(answer.refused(507).contains("full"));
            break;
        }
    }
    texts
}

fn try_upload(evan: &Person, bytes: &[u8]) -> crate::harness::Answer {
    evan.send(Request::post(&evan.path("uploads")).bytes("application/octet-stream", bytes))
}

fn reads(evan: &Person, texts: &[String]) {
    let items = evan.feed().major().all(200);
    let found: HashSet<&str> = items
        .iter()
        .filter_map(|item| item["object"]["content"].as_str())
        .collect();
    for text in texts {
        assert!(found.contains(text.as_str()), "{text} is lost");
    }
}

fn uploaded(pump: &Pump) -> usize {
    let uploads = pump.directory().join("uploads");
    let shards = fs::read_dir(uploads).expect("a directory").flatten();
    shards
        .flat_map(|shard| fs::read_dir(shard.path()).expect("a directory"))
        .count()
}

#[test]
fn a_full_disk_takes_nothing_and_gives_everything() {
    let Some(Crowded { pump, disk }) = Crowded::start() else {
        return;
    };
    let evan = pump.register("evan");
    let mut texts = post_some(&evan, "early", 20);
    assert_eq!(texts.len(), 20);
    try_upload(&evan, &[7; 300_000]).ok();
    let files = uploaded(&pump);

    // An upload for which there is no room is given up before the disk is full.
    disk.fill(73 << 20);
    let refused = try_upload(&evan, &vec![7; 2 << 20]).refused(507);
    assert!(refused.contains("full"), "{refused}");
    assert_eq!(uploaded(&pump), files, "nothing of it stays");
    assert_eq!(post_some(&evan, "between", 1).len(), 1);

    disk.fill(0);
    for round in 0..3 {
        assert_eq!(post_some(&evan, &format!("never {round}"), 1).len(), 0);
        try_upload(&evan, &[7; 100]).refused(507);
        reads(&evan, &texts);
    }
    assert!(!evan.feed().says("never"));
    assert_eq!(uploaded(&pump), files);

    // As soon as there is room it goes on, in the same process.
    let process = pump.process_id();
    disk.free();
    texts.extend(post_some(&evan, "late", 20));
    assert_eq!(texts.len(), 40);
    try_upload(&evan, &[7; 300_000]).ok();
    reads(&evan, &texts);
    assert_eq!(pump.process_id(), process);
    drop(pump);
}

#[test]
fn every_page_and_every_feed_can_be_read_on_a_full_disk_by_who_was_not_there_before() {
    let Some(Crowded { pump, disk }) = Crowded::start() else {
        return;
    };
    // Nobody has read anything yet: not even that is noted now.
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.post(note("hello").to(&evan));
    let mut browsers = [pump.browser_of("evan"), pump.browser()];
    disk.fill(0);
    for round in 0..2 {
        assert_eq!(post_some(&ann, &format!("never {round}"), 1).len(), 0);
        assert!(evan.inbox().says("hello"));
        for path in [
            "/",
            "/ann",
            "/main/messages",
            "/main/notifications",
            "/main/people",
            "/main/photos",
            "/main/albums",
            "/main/search?q=hello",
            "/main/settings/notifications",
            "/main/compose",
        ] {
            for browser in &mut browsers {
                browser.open(path).expect(200);
            }
        }
    }
    disk.free();
    drop(pump);
}

#[test]
fn a_server_that_starts_on_a_full_disk_can_be_read() {
    let Some(Crowded { mut pump, disk }) = Crowded::start() else {
        return;
    };
    let evan = pump.register("evan");
    let mut texts = post_some(&evan, "early", 20);
    let stop: fn(&mut Pump) = |pump| assert!(pump.stop().success(), "{}", pump.log());
    let kill: fn(&mut Pump) = Pump::kill;
    // Also on one that others have filled to the last byte.
    for (left, how) in [(0, kill), (2 << 20, kill), (2 << 20, stop)] {
        disk.fill(left);
        how(&mut pump);
        pump.start_again();
        reads(&evan, &texts);
        assert_eq!(post_some(&evan, "never", 1).len(), 0);
        disk.free();
    }
    texts.extend(post_some(&evan, "late", 20));
    pump.kill();
    pump.start_again();
    reads(&evan, &texts);
    assert_eq!(texts.len(), 40);
    drop(pump);
}
