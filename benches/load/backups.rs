//! A backup of a grown server while it runs, and what comes of it: seconds and memory.

use crate::crowd::{Crowd, note};
use crate::parts::directory;
use crate::run::{for_count, pause};
use crate::server::{Allocator, Server, binary};
use crate::speech::Request;
use crate::stores::{FOLLOWERS, WRITERS, row};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Notes, each with its activity.
const NOTES: u64 = 100_000;

/// Files, as large as photos.
const FILES: u64 = 256;

/// Bytes of each: together one GB.
const FILE_BYTES: usize = 4 << 20;

/// How often a process is looked at while it runs.
const LOOK: Duration = Duration::from_millis(20);

/// Fills a server, makes a backup beside it, and another server of that.
pub(crate) fn backups() {
    let directory = directory();
    let data = directory.path().join("kept");
    let server = Server::start(&data, Allocator::Sparing);
    let crowd = Crowd::gather(&server, FOLLOWERS);
    let feed = crowd.author.path("feed");
    for_count(&server, WRITERS, NOTES, |line, _, number| {
        line.ask(
            Some(&crowd.author.keys),
            &Request::post(&feed, &note(number)),
        );
    });
    let token = [
        "user",
        "token",
        &crowd.author.nickname,
        "--scope",
        "writeown",
    ];
    let token = said(
        Command::new(binary())
            .args(token)
            .arg("--datadir")
            .arg(&data),
    );
    let token = token
        .split_whitespace()
        .max_by_key(|word| word.len())
        .expect("a token");
    let to = format!("http://{}{}", server.address, crowd.author.path("uploads"));
    let mut seed = 1u64;
    for _ in 0..FILES {
        let mut file = Vec::with_capacity(FILE_BYTES);
        while file.len() < FILE_BYTES {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            file.extend_from_slice(&seed.to_be_bytes());
        }
        ureq::post(&to)
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/octet-stream")
            .send(&file)
            .expect("the file is kept");
    }
    println!(
        "| {NOTES} notes with their activities and {FILES} files of 4 MiB | seconds | most resident |"
    );
    println!("|---|---|---|");
    let backup = directory.path().join("pump.tar");
    let before = server.rss_mib();
    measured(
        "backup beside the running server",
        &["backup"],
        &backup,
        &data,
    );
    row(
        "the server, before and at most",
        format!("{before:.1}; {:.1} MiB |", server.rss_most_mib()),
    );
    row(
        "the file",
        format!(
            "{:.0} MiB |",
            fs::metadata(&backup).expect("a file").len() as f64 / 1048576.0
        ),
    );
    server.stop();
    let restored = directory.path().join("restored");
    measured("restore", &["restore"], &backup, &restored);
}

/// Runs a command and prints how long it takes and the most memory that it has.
fn measured(name: &str, words: &[&str], file: &Path, data: &Path) {
    let began = Instant::now();
    let mut command = Command::new(binary());
    command.args(words).arg(file).arg("--datadir").arg(data);
    let mut process = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the command starts");
    let mut most = 0.0f64;
    let status = loop {
        most = most.max(resident_mib(&process));
        if let Some(status) = process.try_wait().expect("a process") {
            break status;
        }
        pause(LOOK);
    };
    assert!(status.success(), "{name}: {status}");
    println!(
        "| {name} | {:.1} | {most:.1} MiB |",
        began.elapsed().as_secs_f64()
    );
}

/// The most memory that a process had so far; 0 when it has ended.
fn resident_mib(process: &Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number
        .and_then(|number| number.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

fn said(command: &mut Command) -> String {
    let output = command.output().expect("the command runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}
