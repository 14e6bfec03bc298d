//! The parts that need a small store only.

use crate::DIRECTORY;
use crate::crowd::{Crowd, note};
use crate::run::{self, Figures, for_count, for_time};
use crate::server::{Allocator, Server, binary};
use crate::speech::{Connection, Request};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// How long each line of rates is measured.
const MEASURED: Duration = Duration::from_secs(4);

/// How many clients ask at once.
const CLIENTS: [usize; 3] = [1, 8, 64];

/// Who follows the author.
const FOLLOWERS: usize = 10;

/// Notes before anything is measured.
const NOTES: u64 = 200;

/// Writers of the part that looks at what is written.
const WRITERS: usize = 16;

/// Open connections of the part that looks at memory.
const OPEN: usize = 400;

/// How long nothing is asked.
const IDLE: Duration = Duration::from_secs(60);

/// A directory for one store.
pub(crate) fn directory() -> TempDir {
    tempfile::tempdir_in(DIRECTORY).expect("a directory")
}

/// Rates of one kind of request.
pub(crate) fn rates(part: &str) {
    let directory = directory();
    let server = Server::start(directory.path(), Allocator::Inherited);
    let crowd = Crowd::gather(&server, FOLLOWERS);
    let author = crowd.author.path("feed");
    let post = |line: &mut Connection, _: usize, number: u64| {
        line.ask(
            Some(&crowd.author.keys),
            &Request::post(&author, &note(number)),
        );
    };
    for_count(&server, 8, NOTES, post);
    match part {
        "feed" => println!("Read the 20 newest of a public feed, signed by the client:\n"),
        "inbox" => println!("Read the 20 newest of one's own inbox/major, signed for the user:\n"),
        _ => println!(
            "Post a public note with {FOLLOWERS} local followers; the answer comes when it is on disk:\n"
        ),
    }
    println!(
        "| clients | requests/s | server CPU ms each | p50 ms | p99 ms | KiB written each | RSS MiB |"
    );
    println!("|---|---|---|---|---|---|---|");
    for clients in CLIENTS {
        let figures = match part {
            "feed" => for_time(&server, clients, MEASURED, |line, _, _| {
                line.ask(Some(&crowd.client), &Request::get(&author, &[]));
            }),
            "inbox" => for_time(&server, clients, MEASURED, |line, client, _| {
                let reader = &crowd.followers[client % FOLLOWERS];
                line.ask(
                    Some(&reader.keys),
                    &Request::get(&reader.path("inbox/major"), &[]),
                );
            }),
            _ => for_time(&server, clients, MEASURED, post),
        };
        println!("| {clients} {}", cells(&figures));
    }
    server.stop();
}

fn cells(figures: &Figures) -> String {
    let Figures {
        rate,
        cpu_ms,
        p50_ms,
        p99_ms,
        written_bytes,
        rss_mib,
        ..
    } = figures;
    format!(
        "| {rate:.0} | {cpu_ms:.3} | {p50_ms:.2} | {p99_ms:.2} | {:.1} | {rss_mib:.1} |",
        written_bytes / 1024.0
    )
}

/// What a durable post costs the disk.
pub(crate) fn written() {
    let directory = directory();
    let server = Server::start(directory.path(), Allocator::Inherited);
    let crowd = Crowd::gather(&server, FOLLOWERS);
    let path = crowd.author.path("feed");
    let figures = for_count(&server, WRITERS, 5_000, |line, _, number| {
        line.ask(
            Some(&crowd.author.keys),
            &Request::post(&path, &note(number)),
        );
    });
    println!("| 5000 posts, {FOLLOWERS} local followers, {WRITERS} writers | |");
    println!("|---|---|");
    println!(
        "| written per post | {:.1} KiB |",
        figures.written_bytes / 1024.0
    );
    println!("| server CPU per post | {:.3} ms |", figures.cpu_ms);
    println!("| posts a second | {:.0} |", figures.rate);
    println!(
        "| latency p50, p99 | {:.1} ms, {:.1} ms |",
        figures.p50_ms, figures.p99_ms
    );
    server.stop();
}

/// Memory of an empty store, at rest and with many connections.
pub(crate) fn memory() {
    println!("| resident memory, MiB | allocator as inherited | sparing |");
    println!("|---|---|---|");
    let [inherited, sparing] = [Allocator::Inherited, Allocator::Sparing].map(resting);
    for ((name, one), (_, other)) in inherited.iter().zip(&sparing) {
        println!("| {name} | {one:.1} | {other:.1} |");
    }
}

fn resting(allocator: Allocator) -> Vec<(String, f64)> {
    let directory = directory();
    let mut found = Vec::new();
    {
        let server = Server::start(directory.path(), allocator);
        found.push(("empty store, no request yet".to_owned(), server.rss_mib()));
        let crowd = Crowd::gather(&server, 1);
        found.push(("after two registrations".to_owned(), server.rss_mib()));
        let path = crowd.author.path("feed");
        for_count(&server, 8, NOTES, |line, _, number| {
            line.ask(
                Some(&crowd.author.keys),
                &Request::post(&path, &note(number)),
            );
        });
        found.push((format!("after {NOTES} posts"), server.rss_mib()));
        let mut open = Vec::new();
        for _ in 0..OPEN {
            let mut line = Connection::open(server.address);
            line.ask(Some(&crowd.client), &Request::get(&path, &[]));
            line.shrink();
            open.push(line);
        }
        found.push((
            format!("{OPEN} open connections, a feed read on each"),
            server.rss_mib(),
        ));
        server.stop();
    }
    let server = Server::start(directory.path(), allocator);
    let open: Vec<Connection> = (0..OPEN)
        .map(|_| Connection::open(server.address))
        .collect();
    run::pause(Duration::from_secs(1));
    found.push((
        format!("started anew, {OPEN} connections that say nothing"),
        server.rss_mib(),
    ));
    drop(open);
    server.stop();
    found
}

/// What a server that nobody asks writes.
pub(crate) fn idle() {
    let directory = directory();
    let server = Server::start(directory.path(), Allocator::Inherited);
    let crowd = Crowd::gather(&server, 1);
    let path = crowd.author.path("feed");
    let mut line = Connection::open(server.address);
    line.ask(Some(&crowd.author.keys), &Request::post(&path, &note(1)));
    run::pause(Duration::from_secs(2));
    let (bytes, cpu_secs) = (server.written_bytes(), server.cpu_secs());
    run::pause(IDLE);
    println!("| {} s without a request | |", IDLE.as_secs());
    println!("|---|---|");
    println!("| written | {} bytes |", server.written_bytes() - bytes);
    println!(
        "| server CPU | {:.0} ms |",
        (server.cpu_secs() - cpu_secs) * 1000.0
    );
    server.stop();
}

/// The binary.
pub(crate) fn size() {
    let binary = binary();
    let binary = Path::new(&binary);
    let directory = directory();
    let stripped = directory.path().join("pumphouse");
    // A build with symbols for a profiler is stripped first, where binutils is there.
    let done = Command::new("strip")
        .arg("-o")
        .arg(&stripped)
        .arg(binary)
        .status();
    let measured = if done.is_ok_and(|status| status.success()) {
        &stripped
    } else {
        binary
    };
    let bytes = fs::metadata(measured).expect("the binary").len();
    println!(
        "| stripped binary | {:.2} MiB |",
        bytes as f64 / f64::from(1 << 20)
    );
    println!("|---|---|");
}
