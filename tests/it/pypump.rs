//! PyPump 0.7, a real client of its time, against the running server. Its reading works only where people are known as
//! `acct:`, that is on the public port 80, so the session gets a network of its own, which needs root.

use crate::harness::{network, pictures, pump};
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;

/// Makes the name known inside a network that has nothing but itself, and runs the session there. Everything ends with it.
const INSIDE: &str =
    "set -e; ip link set lo up; mount --bind \"$1\" /etc/hosts; shift; exec \"$@\"";

#[test]
fn a_session_of_pypump() {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    if !python.exists() {
        eprintln!("skipped: tests/run makes the virtual environment with PyPump");
        return;
    }
    if !network::may_make_networks() {
        eprintln!("skipped: only root may make a network in which port 80 is free");
        return;
    }
    let directory = TempDir::new().expect("a directory");
    let hosts = directory.path().join("hosts");
    let text = format!("127.0.0.1 localhost {}\n", pump::HOST);
    std::fs::write(&hosts, text).expect("a file");
    let picture = directory.path().join("sunset.jpg");
    std::fs::write(&picture, pictures::photo(640, 480, 1)).expect("a file");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/pypump_session.py");
    let output = network::namespace()
        .args(["sh", "-c", INSIDE, "sh"])
        .args([&hosts, &python, &script, &pump::binary_path()])
        .args([&directory.path().join("data"), &picture])
        .env("HOME", directory.path())
        .stdin(Stdio::null())
        .output()
        .expect("unshare runs");
    assert!(output.status.success(), "{}", pump::said(&output));
}
