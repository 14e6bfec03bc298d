//! The commands beside the server (`--help` lists them), and what is wrong with a command line.

use crate::harness::people::PASSWORD;
use crate::harness::pump::{command_line, said};
use crate::harness::{Browser, Pump, note, pictures, public};
use std::process::Output;
use tempfile::TempDir;

/// Runs a command on a data directory.
fn on(directory: &TempDir, command: &[&str], input: &str) -> Output {
    let path = directory.path().display().to_string();
    let mut all = command.to_vec();
    all.extend([
        "--hostname",
        "pump.test",
        "--urlPort",
        "80",
        "--datadir",
        &path,
    ]);
    command_line(&all, input)
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn fails(output: &Output) -> String {
    assert!(!output.status.success(), "{}", said(output));
    let said = said(output);
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn first_word(line: &str) -> Option<&str> {
    line.split_whitespace().next()
}

fn log_in(browser: &mut Browser, password: &str) -> u16 {
    browser.log_in("evan", password).answer.status
}

#[test]
fn a_wrong_command_line_says_what_would_be_right() {
    let text = fails(&command_line(&["--hostnam", "pump.test"], ""));
    assert!(
        text.contains("--hostnam") && text.contains("hostname"),
        "{text}"
    );
    let text = fails(&command_line(&["dance"], ""));
    assert!(text.contains("dance"), "{text}");
    let text = fails(&command_line(&["user", "promote", "evan"], ""));
    assert!(text.contains("promote"), "{text}");
    let text = fails(&command_line(&["--port", "many"], ""));
    assert!(text.contains("port"), "{text}");
    let text = fails(&command_line(&["--key", "/nowhere/key.pem"], ""));
    assert!(text.contains("cert"), "{text}");
    let text = fails(&command_line(&["--config", "/nowhere/at/all.json"], ""));
    assert!(text.contains("/nowhere/at/all.json"), "{text}");
}

#[test]
fn it_explains_itself() {
    let help = succeeds(&command_line(&["--help"], ""));
    for word in [
        "serve",
        "user add",
        "setup-code",
        "doctor",
        "--hostname",
        "--datadir",
    ] {
        assert!(help.contains(word), "{word} is not in the help");
    }
    let version = succeeds(&command_line(&["--version"], ""));
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
}

#[test]
fn accounts_are_kept_from_the_command_line() {
    let directory = TempDir::new().expect("a directory");
    assert_eq!(succeeds(&on(&directory, &["user", "list"], "")).trim(), "");
    for (nickname, password) in [
        ("evan", "short7"),
        ("evan", ""),
        ("api", PASSWORD),
        ("a b", PASSWORD),
    ] {
        fails(&on(
            &directory,
            &["user", "add", nickname],
            &format!("{password}\n"),
        ));
    }
    let added = on(
        &directory,
        &["user", "add", "evan"],
        &format!("{PASSWORD}\n"),
    );
    let said = succeeds(&added);
    assert!(!said.contains(PASSWORD), "{said}");
    fails(&on(
        &directory,
        &["user", "add", "Evan"],
        &format!("{PASSWORD}\n"),
    ));
    succeeds(&on(
        &directory,
        &["user", "add", "ann"],
        &format!("{PASSWORD}\n"),
    ));
    let list = succeeds(&on(&directory, &["user", "list"], ""));
    let mut names: Vec<&str> = list.lines().filter_map(first_word).collect();
    names.sort_unstable();
    assert_eq!(names, ["ann", "evan"]);
    fails(&on(&directory, &["user", "remove", "nobody"], ""));
    fails(&on(
        &directory,
        &["user", "password", "nobody"],
        "another-horse-8\n",
    ));
    succeeds(&on(&directory, &["user", "remove", "ann"], ""));
    let list = succeeds(&on(&directory, &["user", "list"], ""));
    assert_eq!(first_word(&list), Some("evan"));
    assert_eq!(list.lines().count(), 1);

    let changed = on(
        &directory,
        &["user", "password", "evan"],
        "another-horse-8\n",
    );
    succeeds(&changed);
    let pump = Pump::on(directory, &[]);
    assert!(log_in(&mut pump.browser(), PASSWORD) >= 400);
    assert_eq!(log_in(&mut pump.browser(), "another-horse-8"), 200);
    let profile = pump.client().get("/api/user/evan/profile").ok();
    assert_eq!(profile["id"], "acct:evan@pump.test");
}

#[test]
fn a_running_server_keeps_its_store_to_itself() {
    let pump = Pump::start();
    let output = pump.command(&["compact"], "");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(pump.is_well());
}

#[test]
fn accounts_are_kept_beside_a_running_server() {
    let mut pump = Pump::start();
    let with = |password: &str| format!("{password}\n");
    for (nickname, password) in [("evan", "short7"), ("evan", "")] {
        fails(&pump.command(&["user", "add", nickname], &with(password)));
    }
    let said = succeeds(&pump.command(&["user", "add", "evan"], &with(PASSWORD)));
    assert!(said.contains("acct:evan@pump.test"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
    // Refused before anybody types a password.
    let text = fails(&pump.command(&["user", "add", "Evan"], ""));
    assert!(text.contains("already taken"), "{text}");
    let text = fails(&pump.command(&["user", "password", "nobody"], ""));
    assert!(text.contains("no user nobody"), "{text}");
    let mut browser = pump.browser();
    assert_eq!(log_in(&mut browser, PASSWORD), 200);
    succeeds(&pump.command(&["user", "password", "evan"], &with("another-horse-8")));
    assert!(log_in(&mut pump.browser(), PASSWORD) >= 400);
    assert!(
        browser.open("/main/account").at.contains("login"),
        "the session ended"
    );
    let token = succeeds(&pump.command(&["user", "token", "evan"], ""));
    let evan = pump.nobody().bearing(token.trim());
    assert_eq!(evan.get("/api/whoami").status, 302);
    let list = succeeds(&pump.command(&["user", "list"], ""));
    assert_eq!(first_word(&list), Some("evan"));
    succeeds(&pump.command(&["user", "remove", "evan"], ""));
    assert_eq!(evan.get("/api/whoami").status, 401);
    assert_eq!(pump.client().get("/api/user/evan").status, 410);
    // After a run that was cut off the next one listens again.
    pump.kill();
    succeeds(&pump.command(&["user", "list"], ""));
    pump.start_again();
    succeeds(&pump.command(&["user", "list"], ""));
    // Nobody but the user of the server can enter where it listens.
    use std::os::unix::fs::PermissionsExt as _;
    let place = pump.directory().join("control");
    let mode = std::fs::metadata(place)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn the_setup_code_is_shown_until_there_is_an_owner() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().display().to_string();
    let code = succeeds(&command_line(&["setup-code", "--datadir", &path], ""));
    assert!(code.trim().len() >= 8, "{code}");
    let again = succeeds(&command_line(&["setup-code", "--datadir", &path], ""));
    assert_eq!(code, again);
}

#[test]
fn a_store_can_be_compacted() {
    let mut pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let posted = evan.post(note("keep me").to(public()));
    ann.does("like", &posted["object"]);
    let before = evan.feed().page();
    assert!(pump.stop().success());

    succeeds(&pump.command(&["compact"], ""));
    pump.start_again();
    assert_eq!(evan.feed().page(), before);
    evan.post(note("and it goes on"));
}

#[test]
fn the_doctor_finds_what_is_wrong_and_only_that() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let photo = pictures::photo(400, 300, 1);
    let object = evan.upload("image/jpeg", &photo);
    evan.post(crate::harness::activity("post", &object).to(public()));
    assert!(pump.stop().success());
    let path = pump.directory().display().to_string();
    let examine = || {
        let options = ["doctor", "--hostname", "pump.test", "--urlPort", "80"];
        let mut all = options.to_vec();
        all.extend(["--address", "127.0.0.1", "--port", "0", "--datadir", &path]);
        command_line(&all, "")
    };
    let report = succeeds(&examine());
    assert!(report.contains(&path), "{report}");
    // A file that the store knows is lost.
    let file = any_file(&pump.directory().join("uploads"));
    std::fs::remove_file(&file).expect("a file can be removed");
    let report = fails(&examine());
    assert!(!report.contains(PASSWORD), "{report}");
    assert_ne!(report, "");
    pump.start_again();
    evan.post(note("and it goes on"));
}

/// Any file below a directory.
fn any_file(directory: &std::path::Path) -> std::path::PathBuf {
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(next).expect("a directory") {
            let path = entry.expect("a directory can be read").path();
            if path.is_file() {
                return path;
            }
            directories.push(path);
        }
    }
    panic!("no file below {}", directory.display());
}
