//! Grown stores: memory, size, start, and pages at any depth.

use crate::crowd::{Crowd, Person, ask_json, note, text};
use crate::parts::directory;
use crate::run::{for_count, for_time};
use crate::server::{Allocator, Server};
use crate::speech::{Connection, Request};
use pumphouse::store::engine::Read as _;
use pumphouse::store::engine::sled::Sled;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// Who follows the author: each gets every note.
pub(crate) const FOLLOWERS: usize = 20;

/// Who writes at once.
pub(crate) const WRITERS: usize = 32;

/// Who reads at once.
const READERS: usize = 8;

/// Items of a page when everything is read.
const PAGE: u64 = 200;

/// How long each page is asked for.
const MEASURED: Duration = Duration::from_secs(2);

/// Makes a store of `activities` notes through the API and looks at it from all sides.
pub(crate) fn stored(activities: u64) {
    let directory = directory();
    let data = directory.path();
    println!("| {activities} activities, {FOLLOWERS} followers | |");
    println!("|---|---|");
    let server = Server::start(data, Allocator::Inherited);
    let crowd = Crowd::gather(&server, FOLLOWERS);
    let path = crowd.author.path("feed");
    let posted = for_count(&server, WRITERS, activities, |line, _, number| {
        line.ask(
            Some(&crowd.author.keys),
            &Request::post(&path, &note(number)),
        );
    });
    row(
        "posts a second",
        format!("{:.0} with {WRITERS} writers", posted.rate),
    );
    row("server CPU per post", format!("{:.3} ms", posted.cpu_ms));
    row(
        "written per post",
        format!("{:.1} KiB", posted.written_bytes / 1024.0),
    );
    row("resident after writing all of it", mib(server.rss_mib()));
    let read = read_all(&server, &crowd, activities);
    row(
        "server CPU per page of 200 in that",
        format!("{read:.2} ms"),
    );
    row(
        "resident after reading all of it too",
        mib(server.rss_mib()),
    );
    row("most that was resident", mib(server.rss_most_mib()));
    pages(&server, &crowd, activities);
    let stopping = server.stop();
    row("stop", format!("{:.0} ms", stopping.as_secs_f64() * 1000.0));
    row("store on disk", mib(on_disk(&data.join("store"))));

    for allocator in [Allocator::Inherited, Allocator::Sparing] {
        let started = start(data, &crowd, allocator);
        row(
            &format!(
                "start to first answer after a clean stop ({})",
                allocator.name()
            ),
            started.0,
        );
        row("resident then", mib(started.1.rss_mib()));
        read_all(&started.1, &crowd, activities);
        row("resident after reading all of it", mib(started.1.rss_mib()));
        for_count(&started.1, WRITERS, activities / 10, |line, _, number| {
            line.ask(
                Some(&crowd.author.keys),
                &Request::post(&path, &note(number)),
            );
        });
        row("and after writing a tenth more", mib(started.1.rss_mib()));
        started.1.stop();
    }

    let (_, server) = start(data, &crowd, Allocator::Inherited);
    for_count(&server, WRITERS, activities / 10, |line, _, number| {
        line.ask(
            Some(&crowd.author.keys),
            &Request::post(&path, &note(number)),
        );
    });
    server.kill();
    let (took, server) = start(data, &crowd, Allocator::Inherited);
    row("start to first answer after SIGKILL", took);
    server.stop();
    row(
        "store on disk in the end",
        mib(on_disk(&data.join("store"))),
    );
    row("records", records(&data.join("store")));
}

pub(crate) fn row(name: &str, value: impl Display) {
    println!("| {name} | {value} |");
}

fn mib(figure: f64) -> String {
    format!("{figure:.1} MiB")
}

/// Starts the server and asks for the newest page; how long until that was answered.
fn start(data: &Path, crowd: &Crowd, allocator: Allocator) -> (String, Server) {
    let server = Server::start(data, allocator);
    let listening = server.started.elapsed();
    let mut line = Connection::open(server.address);
    line.ask(
        Some(&crowd.client),
        &Request::get(&crowd.author.path("feed"), &[]),
    );
    let answered = server.started.elapsed();
    let (ran, waited) = server.scheduled_ms();
    let text = format!(
        "{:.0} ms ({:.0} ms until it listens; {ran:.0} ms on a processor, {waited:.0} ms waiting for one)",
        answered.as_secs_f64() * 1000.0,
        listening.as_secs_f64() * 1000.0,
    );
    (text, server)
}

/// Reads the author's whole feed and everybody's whole inbox; server CPU per page, in milliseconds.
fn read_all(server: &Server, crowd: &Crowd, activities: u64) -> f64 {
    let pages = activities.div_ceil(PAGE);
    let everybody = u64::try_from(crowd.followers.len()).expect("few") + 1;
    let count = PAGE.to_string();
    let figures = for_count(server, READERS, pages * everybody, |line, _, number| {
        let offset = (number % pages * PAGE).to_string();
        let arguments = [("count", count.as_str()), ("offset", offset.as_str())];
        let who = usize::try_from(number / pages).expect("few");
        let (person, path): (&Person, &str) = match crowd.followers.get(who) {
            Some(follower) => (follower, "inbox"),
            None => (&crowd.author, "feed"),
        };
        line.ask(
            Some(&person.keys),
            &Request::get(&person.path(path), &arguments),
        );
    });
    figures.cpu_ms
}

/// What a page of 20 costs at several depths, by `offset` and by `before`.
fn pages(server: &Server, crowd: &Crowd, activities: u64) {
    let path = crowd.author.path("feed");
    for page in [1, 50, activities / 20] {
        let offset = ((page - 1) * 20).to_string();
        let by_offset = [("offset", offset.as_str())];
        let (stranger, author) = (Some(&crowd.client), Some(&crowd.author.keys));
        let for_stranger = for_time(server, 1, MEASURED, |line, _, _| {
            line.ask(stranger, &Request::get(&path, &by_offset));
        });
        let for_author = for_time(server, 1, MEASURED, |line, _, _| {
            line.ask(author, &Request::get(&path, &by_offset));
        });
        let mut line = Connection::open(server.address);
        let shown = ask_json(&mut line, author, &Request::get(&path, &by_offset));
        let anchor = text(&shown["items"][0], "id");
        let by_id = [("before", anchor.as_str())];
        let by_anchor = for_time(server, 1, MEASURED, |line, _, _| {
            line.ask(stranger, &Request::get(&path, &by_id));
        });
        row(
            &format!("server CPU of page {page}: offset, offset for the author, before"),
            format!(
                "{:.3}, {:.3}, {:.3} ms",
                for_stranger.cpu_ms, for_author.cpu_ms, by_anchor.cpu_ms
            ),
        );
    }
}

/// Bytes that the files of a directory take on the disk, in MiB.
fn on_disk(directory: &Path) -> f64 {
    use std::os::unix::fs::MetadataExt as _;
    fn blocks(path: &Path) -> u64 {
        let here = path.symlink_metadata().map_or(0, |data| data.blocks());
        let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
        here + inside.map(|entry| blocks(&entry.path())).sum::<u64>()
    }
    // A block of stat(2) is 512 bytes, whatever the file system.
    blocks(directory) as f64 * 512.0 / f64::from(1 << 20)
}

/// How many records a store holds that no server has open.
fn records(store: &Path) -> u64 {
    let store = Sled::open(store).expect("the store");
    let mut found = 0;
    let mut start = Vec::new();
    loop {
        let pairs = store
            .scan(&start, &[0xff; 8], 1000)
            .expect("the store can be read");
        let Some((last, _)) = pairs.last() else { break };
        found += pairs.len() as u64;
        start = last.to_vec();
        start.push(0);
    }
    found
}
