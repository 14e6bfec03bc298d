//! What strangers send, drawn by lot and changed byte by byte: each target has a grammar, samples and regressions, and runs
//! for a bounded time. A panic, an answer of 500, an answer that does not come, and memory that grows without bound fail.
//! `PUMPHOUSE_FUZZ_SECONDS` says how long each target runs (1), `PUMPHOUSE_SEED` repeats a run. Inputs that once did harm
//! are kept in `tests/documents/fuzz/<target>` and come first.

mod mutation;
mod requests;
mod sockets;
mod wire;

use self::mutation::Mutator;
use self::wire::Line;
use crate::harness::chance::Chance;
use crate::harness::{Person, Pump, Request, knob};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long each target runs where nobody says otherwise, in seconds.
const SECONDS: u64 = 1;

/// The most memory that the server may hold after a run, in MiB. It runs unoptimised, and one picture at a time takes most
/// of it.
const MEMORY_MIB_MAX: u64 = 512;

/// What a target makes of some bytes: a request, or nothing where they cannot be one.
type Shape = fn(&Person, &[u8]) -> Option<Request>;

/// One thing that reads what strangers send.
struct Target {
    name: &'static str,
    /// What is changed.
    samples: Vec<Vec<u8>>,
    /// Words of its grammar.
    words: &'static [&'static str],
    shape: Shape,
    /// Answers of 500 that its protocol wants, by their text.
    wanted: &'static [&'static str],
}

/// When a run that begins now ends.
fn end_of_run() -> Instant {
    let seconds = knob("PUMPHOUSE_FUZZ_SECONDS")
        .map_or(SECONDS, |text| text.parse().expect("a number of seconds"));
    Instant::now() + Duration::from_secs(seconds)
}

#[track_caller]
fn run(pump: &Pump, evan: &Person, target: &Target) {
    let (mut chance, seed) = Chance::seeded();
    let deadline = end_of_run();
    let mut line = Line::to(&pump.site);
    let mut answers: BTreeMap<u16, u64> = BTreeMap::new();
    let mut regressions = regressions(target.name).into_iter();
    let mutator = Mutator::new(&target.samples, target.words);
    loop {
        let input = match regressions.next() {
            Some(input) => input,
            None if Instant::now() >= deadline => break,
            None => mutator.draw(&mut chance),
        };
        let Some(request) = (target.shape)(evan, &input) else {
            continue;
        };
        let (status, text) = line.send(&pump.site, &request).unwrap_or_else(|why| {
            panic!("seed {seed}: {why}: {}", shown(target.name, &input));
        });
        let is_wanted = target.wanted.iter().any(|wanted| text.contains(wanted));
        assert!(
            status < 500 || status == 503 || is_wanted,
            "seed {seed}: {status} {text}: {}",
            shown(target.name, &input)
        );
        *answers.entry(status).or_default() += 1;
    }
    still_well(pump, target.name, &format!("answers by status {answers:?}"));
    assert!(!answers.is_empty());
}

#[track_caller]
fn still_well(pump: &Pump, target: &str, done: &str) {
    assert!(pump.is_well());
    assert!(!pump.log().contains("panicked"), "{}", pump.log());
    let memory = memory_mib(pump.process_id());
    eprintln!("{target}: {done}, {memory} MiB");
    assert!(memory < MEMORY_MIB_MAX, "{target}: {memory} MiB");
}

/// Keeps an input that does harm where a person can make a regression of it, and says where.
fn shown(target: &str, input: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    let kept = fs::write(&path, input);
    format!(
        "{:?} in {} ({kept:?})",
        input.escape_ascii().to_string(),
        path.display()
    )
}

fn regressions(target: &str) -> Vec<Vec<u8>> {
    let directory = format!(
        "{}/tests/documents/fuzz/{target}",
        env!("CARGO_MANIFEST_DIR")
    );
    let Ok(files) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let file = |entry: std::io::Result<fs::DirEntry>| {
        fs::read(entry.expect("the regressions can be listed").path()).expect("and read")
    };
    files.map(file).collect()
}

/// What a process holds in memory, in MiB.
fn memory_mib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the server runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.and_then(|kib| kib.parse::<u64>().ok()).expect("a size") / 1024
}
