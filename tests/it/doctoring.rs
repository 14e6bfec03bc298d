//! `pumphouse doctor` on stores that are not well, and what a start puts right by itself.

use crate::harness::pump::said;
use crate::harness::{Pump, eventually, note, pictures};
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Output;

/// The name of a file that no record names.
const STRANGER: &str = "ab/abababababababababababababababab";

fn doctor(pump: &Pump, options: &[&str]) -> (Output, String) {
    let mut command = vec!["doctor", "--urlPort", "80"];
    command.extend(options);
    let output = pump.command(&command, "");
    let said = said(&output);
    assert!(!said.contains("panicked"), "{said}");
    (output, said)
}

/// The uploaded files.
fn files(pump: &Pump) -> Vec<PathBuf> {
    let uploads = fs::read_dir(pump.directory().join("uploads")).expect("a directory");
    let below = |shard: fs::DirEntry| fs::read_dir(shard.path()).expect("a directory");
    let files = uploads.flatten().flat_map(below).flatten();
    files.map(|file| file.path()).collect()
}

fn plant(pump: &Pump) -> PathBuf {
    let path = pump.directory().join("uploads").join(STRANGER);
    let shard = path.parent().expect("it has one");
    fs::create_dir_all(shard).expect("a directory");
    fs::write(&path, "left over").expect("a file");
    path
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    evan.upload("image/jpeg", &pictures::jpeg(640, 480));
    assert!(pump.stop().success());
    let (output, said) = doctor(&pump, &["--port", "0"]);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("fail"), "{said}");

    let (output, said) = doctor(&pump, &["--port", "0", "--hostname", "other.test"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("fail  address") && said.contains("http://pump.test"),
        "{said}"
    );

    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it has one").port().to_string();
    let (output, said) = doctor(&pump, &["--port", &port]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("fail  server: another program"), "{said}");

    let [first, ..] = &files(&pump)[..] else {
        panic!("a picture is kept in files")
    };
    fs::remove_file(first).expect("it is there");
    let (output, said) = doctor(&pump, &["--port", "0"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("fail  uploads: 1 files are missing"),
        "{said}"
    );
    let name = first.file_name().expect("it has one").to_string_lossy();
    assert!(said.contains(&*name), "{said}");
}

#[test]
fn a_running_server_is_asked_and_not_disturbed() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let (output, said) = doctor(&pump, &["--hostname", "pump.test"]);
    assert!(output.status.success(), "{said}");
    let address = pump.site.address().to_string();
    assert!(
        said.contains(&address) && said.contains("answers"),
        "{said}"
    );
    let process = format!("process {}", pump.process_id());
    assert!(said.contains(&process), "{said}");
    evan.post(note("as before"));
    // Somebody else is told which process is in the way.
    let output = pump.command(&["compact"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(crate::harness::pump::said(&output).contains(&process));
}

#[test]
fn after_a_cut_a_start_removes_what_no_record_names() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    evan.upload("image/jpeg", &pictures::jpeg(640, 480));
    let kept = files(&pump);
    let stranger = plant(&pump);
    pump.restart();
    evan.post(note("a start after a proper end looks for nothing"));
    assert!(stranger.exists());
    pump.kill();
    let (output, said) = doctor(&pump, &["--port", "0"]);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("warn  uploads: 1 files are named by no record"),
        "{said}"
    );
    assert!(said.contains("last run: it was cut off"), "{said}");
    pump.start_again();
    eventually(|| !stranger.exists());
    let left = files(&pump);
    assert!(kept.iter().all(|file| left.contains(file)), "{left:?}");
}
