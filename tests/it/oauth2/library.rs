//! requests-oauthlib, a client library that knows nothing of this server, against the running one.

use crate::harness::Pump;
use crate::harness::pump::said;
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[test]
fn a_session_of_requests_oauthlib() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/venv/bin/python");
    if !python.exists() {
        eprintln!("skipped: tests/run makes the virtual environment with requests-oauthlib");
        return;
    }
    let pump = Pump::start();
    pump.register("evan");
    let output = Command::new(python)
        .arg(root.join("tests/it/oauth2/session.py"))
        .arg(pump.site.address().to_string())
        .env("OAUTHLIB_INSECURE_TRANSPORT", "1")
        .stdin(Stdio::null())
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", said(&output));
}
