//! What the server costs: `cargo bench --bench load -- [PART…]`. Starts the release binary on directories of its own,
//! speaks to it as clients do, and prints a Markdown table per part. Asserts nothing about time.
//!
//! Parts: `feed`, `inbox`, `post` (rates, processor time and latency with 1, 8 and 64 clients), `written`, `memory`,
//! `size`, `small` (a store of 10 000 activities), `large` (one of 100 000), `idle`, `listeners` (10 000 of them, which
//! takes as many open files), `federation` (deliveries to other servers), `backups` (of one GB). Without a part: all but the last
//! five, in some three minutes; `all`: everything. Stores are made in cargo's target directory, so that syncs are real.
//! `BENCH_SERVER` names another server to measure, to compare two.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod backups;
mod crowd;
mod federation;
mod listeners;
mod parts;
mod run;
mod server;
mod speech;
mod stores;

use std::fs;
use std::path::Path;

/// What is run without arguments.
const QUICK: [&str; 7] = [
    "size", "memory", "feed", "inbox", "post", "written", "small",
];

/// What takes longer.
const SLOW: [&str; 5] = ["large", "idle", "listeners", "federation", "backups"];

/// Where stores are made.
pub(crate) const DIRECTORY: &str = env!("CARGO_TARGET_TMPDIR");

fn main() {
    let mut wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if wanted.is_empty() {
        wanted.extend(QUICK.map(str::to_owned));
    } else if wanted == ["all"] {
        wanted = QUICK
            .iter()
            .chain(&SLOW)
            .map(|&part| part.to_owned())
            .collect();
    }
    println!("{}\n", machine());
    for part in &wanted {
        match part.as_str() {
            "size" => parts::size(),
            "memory" => parts::memory(),
            "feed" | "inbox" | "post" => parts::rates(part),
            "written" => parts::written(),
            "idle" => parts::idle(),
            "listeners" => listeners::listeners(),
            "federation" => federation::federation(),
            "backups" => backups::backups(),
            "small" => stores::stored(10_000),
            "large" => stores::stored(100_000),
            other => {
                println!(
                    "There is no part {other}: {} {}",
                    QUICK.join(" "),
                    SLOW.join(" ")
                );
                return;
            }
        }
        println!();
    }
}

/// The machine, in a line.
fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |name: &str| {
        let found = cpus.lines().find(|line| line.starts_with(name));
        found
            .and_then(|line| line.split_once(": "))
            .map(|(_, value)| value)
    };
    let count = cpus
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let name = of("model name")
        .or(of("Model"))
        .unwrap_or("unknown processor");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "{count} × {name}, Linux {}, stores on {}, load average {load} at the start",
        kernel.trim(),
        file_system(Path::new(DIRECTORY)),
    )
}

/// The kind of file system that holds `path`.
fn file_system(path: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mut best = ("", "an unknown file system");
    for line in mounts.lines() {
        let mut fields = line.split(' ').skip(1);
        if let (Some(place), Some(kind)) = (fields.next(), fields.next())
            && path.starts_with(place)
            && place.len() >= best.0.len()
        {
            best = (place, kind);
        }
    }
    best.1.to_owned()
}
