//! Power cuts and full disks for the store's engine. A process writes into a store under a recorder of all its file
//! operations; the disk is rebuilt as it could be after a power cut at any moment, and the store must open, hold every
//! acknowledged batch, no torn one, and take writes. `PUMPHOUSE_CUTS` sets the number of cuts.
//! The recorder is C, compiled with `cc`; Linux only.

#![cfg(target_os = "linux")]

mod disk;
mod numbers;
mod trace;
mod work;

use disk::{Cut, Files, Later};
use numbers::Numbers;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use trace::Event;
use work::Lasts;

/// Cuts when nobody asks for more.
const CUTS: usize = 20;

/// Cuts of one recorded process; the next begins with the disk that one of them left.
const CUTS_OF_ONE: usize = 10;

/// Processes that follow each other before a new disk: each adds to the store, and every cut reads all of it.
const PROCESSES_OF_ONE: usize = 4;

/// Batches of each writer in each session of the process.
const BATCHES: u32 = 30;

#[test]
fn every_power_cut_leaves_all_that_was_acknowledged() {
    let cuts = env::var_os("PUMPHOUSE_CUTS").map_or(CUTS, |cuts| {
        let cuts = cuts.into_string().expect("a number");
        cuts.parse().expect("a number")
    });
    let (lost, acknowledged) = cut(cuts, true);
    assert!(lost.is_empty(), "{} of {cuts}: {lost:#?}", lost.len());
    assert!(acknowledged > 0, "something was acknowledged");
}

/// Shows that the test above can fail: sled's own flush is not enough.
#[test]
fn without_the_data_sync_acknowledged_batches_are_lost() {
    let (lost, _) = cut(CUTS, false);
    assert!(lost.len() > CUTS / 3, "{lost:#?}");
}

#[test]
fn a_disk_that_fills_up_in_the_middle_loses_nothing_acknowledged() {
    let room = Room::new();
    let mut numbers = Numbers(5);
    for round in 0..6 {
        let dir = room.fresh();
        let full_after = 100_000 + numbers.below(4_000_000);
        let events = room.run(&dir, &[("RECORD_FULL_AFTER", full_after.to_string())], 0);
        let acked = acknowledged(&events, &Lasts::default());
        fs::remove_file(dir.join("acks")).expect("removed");
        if let Err(wrong) = work::judge(&dir.join("store"), &acked) {
            panic!("round {round}, full after {full_after} bytes: {wrong}");
        }
    }
}

/// The process under test: does nothing unless another test starts it.
#[test]
fn child() {
    let Some(dir) = env::var_os("CRASH_CHILD").map(PathBuf::from) else {
        return;
    };
    let acks = File::options()
        .create(true)
        .append(true)
        .open(dir.join("acks"))
        .expect("opens");
    let acks = Mutex::new(acks);
    let store = dir.join("store");
    let full = env::var_os("RECORD_FULL_AFTER").is_some();
    for _ in 0..2 {
        match work::session(&store, &acks, BATCHES) {
            Ok(()) => {}
            Err(_) if full => return,
            Err(error) => panic!("{error}"),
        }
    }
    if env::var_os("CRASH_COMPACT").is_some() {
        pumphouse::store::engine::compact::compact(&store).expect("compacted");
        work::session(&store, &acks, BATCHES).expect("it goes on");
    }
}

/// Makes cuts in processes that follow each other on one disk. Gives what was wrong, and how many acknowledged batches were
/// looked for.
fn cut(cuts: usize, data_syncs: bool) -> (Vec<String>, u64) {
    let room = Room::new();
    let mut numbers = Numbers(11);
    let (mut base, mut before) = (Files::new(), Lasts::default());
    let (mut lost, mut acknowledged_total) = (Vec::new(), 0);
    let mut done = 0;
    for process in 0.. {
        if done == cuts {
            break;
        }
        if process % PROCESSES_OF_ONE == 0 {
            (base, before) = (Files::new(), Lasts::default());
        }
        let dir = room.fresh();
        disk::write(&base, &dir);
        let events = room.run(&dir, &[], process);
        let mut next = None;
        for _ in 0..CUTS_OF_ONE.min(cuts - done) {
            let cut = Cut {
                at: moment(&events, &mut numbers),
                later: Later::ALL[numbers.index(4)],
                data_syncs,
                seed: numbers.below(u64::MAX),
            };
            done += 1;
            let acked = acknowledged(&events[..cut.at], &before);
            acknowledged_total += acked.iter().map(|last| u64::from(*last)).sum::<u64>();
            let left = room.fresh();
            disk::write(&disk::after(&base, &events, cut), &left);
            match work::judge(&left.join("store"), &acked) {
                Ok(lasts) => next = Some((left, lasts)),
                Err(wrong) => {
                    lost.push(format!(
                        "process {process} of {}: {cut:?}: {wrong}",
                        events.len()
                    ));
                    fs::remove_dir_all(left).expect("removed");
                }
            }
        }
        if let Some((left, lasts)) = next {
            base = disk::read(&left);
            before = lasts;
        }
        room.clear();
    }
    (lost, acknowledged_total)
}

/// A moment: any, or just after an acknowledgement, or around a change of names.
fn moment(events: &[Event], numbers: &mut Numbers) -> usize {
    let any = numbers.index(events.len() + 1);
    let wanted: fn(&Event) -> bool = match numbers.below(3) {
        0 => return any,
        1 => |event| matches!(event, Event::Write { data, .. } if data.len() < 12),
        _ => |event| {
            matches!(
                event,
                Event::Create { .. } | Event::Rename { .. } | Event::Unlink { .. }
            )
        },
    };
    let found = events[any..].iter().position(wanted);
    found.map_or(any, |found| {
        (any + found + 1 + numbers.index(3)).min(events.len())
    })
}

/// The last acknowledged batch of each writer.
fn acknowledged(events: &[Event], before: &Lasts) -> Lasts {
    let mut lasts = *before;
    let acks = events.iter().find_map(|event| match event {
        Event::Create { path, file } if path == "acks" => Some(*file),
        _ => None,
    });
    for event in events {
        if let Event::Write { file, data, .. } = event
            && Some(*file) == acks
        {
            let line = std::str::from_utf8(data).expect("a line");
            let (writer, number) = line.trim().split_once(' ').expect("two numbers");
            let writer: usize = writer.parse().expect("a number");
            lasts[writer] = number.parse().expect("a number");
        }
    }
    lasts
}

/// A temporary directory with the compiled recorder.
struct Room {
    dir: tempfile::TempDir,
    recorder: PathBuf,
    made: std::cell::Cell<usize>,
}

impl Room {
    fn new() -> Room {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let recorder = dir.path().join("record.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/record.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-o"])
            .arg(&recorder)
            .arg(source)
            .args(["-ldl", "-lpthread"])
            .status()
            .expect("cc can be run");
        assert!(compiled.success(), "the recorder compiles");
        Room {
            dir,
            recorder,
            made: std::cell::Cell::new(0),
        }
    }

    /// A new directory.
    fn fresh(&self) -> PathBuf {
        self.made.set(self.made.get() + 1);
        let dir = self.dir.path().join(format!("disk{}", self.made.get()));
        fs::create_dir(&dir).expect("made");
        dir
    }

    fn clear(&self) {
        for entry in fs::read_dir(self.dir.path()).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                fs::remove_dir_all(path).expect("removed");
            }
        }
    }

    /// Runs the process under test in `dir` and gives its trace.
    fn run(&self, dir: &Path, more: &[(&str, String)], process: usize) -> Vec<Event> {
        let trace = self.dir.path().join("trace");
        let mut command = Command::new(env::current_exe().expect("this program"));
        command
            .args(["--exact", "child", "--test-threads", "1"])
            .env("CRASH_CHILD", dir)
            .env("RECORD_DIR", dir)
            .env("RECORD_TRACE", &trace)
            .env("LD_PRELOAD", &self.recorder)
            .envs(more.iter().map(|(name, value)| (name, value)));
        if process % 2 == 1 {
            command.env("CRASH_COMPACT", "1");
        }
        let output = command.output().expect("it runs");
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let events = trace::read(&trace);
        fs::remove_file(trace).expect("removed");
        events
    }
}
