//! The server under load as a process of its own: starting it, ending it, and what the kernel knows of it.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Host name of the server under load: clients sign for `http://pump.test`.
pub(crate) const HOST: &str = "pump.test";

/// Gives memory back to the system as soon as it is free: large pieces are mapped, few pools are kept.
pub(crate) const ALLOCATOR: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "2"),
    ("MALLOC_TRIM_THRESHOLD_", "131072"),
    ("MALLOC_MMAP_THRESHOLD_", "131072"),
];

/// Ticks of `/proc/PID/stat` in a second.
const TICKS_PER_SEC: f64 = 100.0;

/// How the C library's allocator is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allocator {
    /// As this process was started.
    Inherited,
    /// As the service's unit sets it.
    Sparing,
}

impl Allocator {
    /// For the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Allocator::Inherited => "as inherited",
            Allocator::Sparing => "sparing",
        }
    }
}

/// The server to measure: the one that was built with this program, or another one to compare it with.
pub(crate) fn binary() -> OsString {
    let other = std::env::var_os("BENCH_SERVER");
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_pumphouse").into())
}

/// A running server.
pub(crate) struct Server {
    process: Child,
    _stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// When its process was started.
    pub(crate) started: Instant,
}

impl Server {
    /// Starts the server on `datadir` and waits for the line that says where it listens.
    pub(crate) fn start(datadir: &Path, allocator: Allocator) -> Server {
        let options = ["--hostname", HOST, "--urlPort", "80", "--port", "0"];
        Server::launch(datadir, allocator, "127.0.0.1", &options)
    }

    /// As [`Server::start`], under an address that is its name, at a port that is in the ids of its people; 0 picks one.
    pub(crate) fn start_at(datadir: &Path, address: &str, port: u16) -> Server {
        let port = port.to_string();
        let options = ["--hostname", address, "--port", &port, "--federateLan=true"];
        Server::launch(datadir, Allocator::Sparing, address, &options)
    }

    fn launch(datadir: &Path, allocator: Allocator, address: &str, options: &[&str]) -> Server {
        let started = Instant::now();
        let mut command = Command::new(binary());
        command
            .args(options)
            .args(["--address", address])
            .args(["--redirectToCanonical=false", "--logLevel", "warn"])
            .arg("--datadir")
            .arg(datadir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if allocator == Allocator::Sparing {
            command.envs(ALLOCATOR);
        }
        let mut process = command.spawn().expect("the server starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("the server speaks");
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .and_then(|rest| rest.strip_suffix('/'))
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("the server does not listen: {line:?}"));
        Server {
            process,
            _stdout: stdout,
            address,
            started,
        }
    }

    /// Asks it to end and waits until it did; how long that took.
    pub(crate) fn stop(mut self) -> Duration {
        let since = Instant::now();
        // The standard library knows no signal but SIGKILL, and calling the C library is forbidden here.
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "a signal is sent"
        );
        let status = self.process.wait().expect("the server ends");
        assert!(status.success(), "the server ends badly: {status}");
        since.elapsed()
    }

    /// Ends it as a power cut would, as far as a process is concerned.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("a signal is sent");
        self.process.wait().expect("the server ends");
    }

    /// Processor time so far, user and system, in seconds.
    pub(crate) fn cpu_secs(&self) -> f64 {
        let stat = self.proc_file("stat");
        let (_, fields) = stat.rsplit_once(") ").expect("a name in brackets");
        let ticks: u64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().expect("a number"))
            .sum();
        ticks as f64 / TICKS_PER_SEC
    }

    /// How long the threads that it has now ran, and how long they waited for a processor that something else had, in
    /// milliseconds.
    pub(crate) fn scheduled_ms(&self) -> (f64, f64) {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id()));
        let threads = threads.expect("a Linux system and a running server");
        let (mut ran, mut waited) = (0.0, 0.0);
        for thread in threads.flatten() {
            // A thread may have ended meanwhile.
            let figures = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            let mut nanos = figures
                .split_whitespace()
                .map(|figure| figure.parse::<f64>());
            ran += nanos.next().and_then(Result::ok).unwrap_or(0.0) / 1e6;
            waited += nanos.next().and_then(Result::ok).unwrap_or(0.0) / 1e6;
        }
        (ran, waited)
    }

    /// Resident memory, in MiB.
    pub(crate) fn rss_mib(&self) -> f64 {
        self.figure("status", "VmRSS:") as f64 / 1024.0
    }

    /// Highest resident memory so far, in MiB.
    pub(crate) fn rss_most_mib(&self) -> f64 {
        self.figure("status", "VmHWM:") as f64 / 1024.0
    }

    /// Bytes sent to the disk so far.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.figure("io", "write_bytes:")
    }

    fn figure(&self, file: &str, name: &str) -> u64 {
        self.proc_file(file)
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|figure| figure.parse().ok())
            .expect("a figure")
    }

    fn proc_file(&self, name: &str) -> String {
        let path = format!("/proc/{}/{name}", self.process.id());
        fs::read_to_string(path).expect("a Linux system and a running server")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A part that failed leaves no server behind; one that was ended is ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
