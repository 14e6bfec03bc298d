//! Backups: made beside the running server, opened by the tools of everybody, put back into an empty directory, and refused
//! when they are not whole.

use crate::harness::pump::{command_line, said};
use crate::harness::{
    Caller, Mount, Person, Pump, Request, activity, eventually, eventually_some, network, note,
    pictures, public,
};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::TempDir;

const PASSPHRASE: &str = "four rivers meet here\n";

/// Runs a command on a data directory that may have no server.
pub(crate) fn on(directory: &Path, command: &[&str], input: &str) -> Output {
    let mut all = command.to_vec();
    let directory = directory.display().to_string();
    all.extend(["--datadir", &directory]);
    command_line(&all, input)
}

#[track_caller]
pub(crate) fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

#[track_caller]
fn fails(output: &Output, with: i32, saying: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(with), "{said}");
    assert!(
        said.contains(saying) && !said.contains("panicked"),
        "{said}"
    );
}

/// A pump with a post and a photo.
pub(crate) fn lived_in() -> (Pump, Person, Value) {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let posted = evan.post(note("keep me").to(public()));
    ann.does("like", &posted["object"]);
    let photo = evan.upload("image/jpeg", &pictures::photo(800, 600, 1));
    evan.post(activity("post", &photo).to(public()));
    (pump, evan, photo)
}

/// A person of a server as one of its copy.
pub(crate) fn in_copy(person: &Person, copy: &Pump) -> Person {
    Person {
        nickname: person.nickname.clone(),
        caller: Caller {
            site: Arc::clone(&copy.site),
            ..person.caller.clone()
        },
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A backup in a directory of its own.
#[track_caller]
pub(crate) fn backed_up(pump: &Pump, more: &[&str], input: &str) -> (TempDir, PathBuf) {
    let stick = TempDir::new().expect("a directory");
    let place = text(stick.path());
    succeeds(&pump.command(&[&["backup", &place], more].concat(), input));
    let names = names_in(stick.path());
    let [name] = names.as_slice() else {
        panic!("{names:?}")
    };
    let file = stick.path().join(name);
    (stick, file)
}

pub(crate) fn original_of(person: &Person, photo: &Value) -> Vec<u8> {
    let url = photo["fullImage"]["url"]
        .as_str()
        .expect("a photo has a file");
    let path = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'));
    let (_, path) = path.expect("an address has a path");
    person.get(&format!("/{path}")).expect(200).body
}

#[test]
fn what_is_no_whole_backup_restores_nothing() {
    let (pump, ..) = lived_in();
    let (stick, file) = backed_up(&pump, &[], "");
    let whole = fs::read(&file).expect("the backup");
    let fresh = TempDir::new().expect("a directory");
    let wrong = stick.path().join("wrong.tar");
    let refuses = |bytes: &[u8], saying: &str| {
        fs::write(&wrong, bytes).expect("written");
        fails(
            &on(fresh.path(), &["restore", &text(&wrong)], ""),
            1,
            saying,
        );
        assert_eq!(names_in(fresh.path()), ["lock"], "nothing of it stays");
    };
    refuses(b"", "cut short");
    refuses(&[b'x'; 2000], "no backup");
    refuses(&fs::read("/bin/sh").expect("a program"), "no backup");
    for part in [1, 2, 3, 9] {
        refuses(&whole[..whole.len() * part / 10], "damaged");
    }
    refuses(&whole[..whole.len() - 1], "cut short");
    refuses(&[&whole[..], b"more"].concat(), "follows");
    for place in [600, 2000, whole.len() / 2, whole.len() - 3000] {
        let mut altered = whole.clone();
        altered[place] ^= 0x20;
        refuses(&altered, "damaged");
    }
    // The same archive of a format to come.
    let about = whole
        .windows(12)
        .position(|window| window == b"\"format\": 1,")
        .expect("it says its format");
    let mut newer = whole.clone();
    newer[about + 10] = b'7';
    refuses(&newer, "newer");
    let nowhere = text(&stick.path().join("nothing.tar"));
    fails(
        &on(fresh.path(), &["restore", &nowhere], ""),
        1,
        "nothing.tar",
    );
    fails(
        &on(fresh.path(), &["restore", &text(stick.path())], ""),
        1,
        "directory",
    );

    // Nothing is put over a server that is there, whether it runs or not.
    let file = text(&file);
    fails(&pump.command(&["restore", &file], ""), 2, "Stop it first");
    let mut pump = pump;
    assert!(pump.stop().success());
    fails(&pump.command(&["restore", &file], ""), 1, "already");
    pump.start_again();
    pump.is_sound();
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let (pump, ..) = lived_in();
    let stick = TempDir::new().expect("a directory");
    let taken = stick.path().join("taken.tar");
    fs::write(&taken, "mine").expect("written");
    fails(&pump.command(&["backup", &text(&taken)], ""), 1, "exists");
    assert_eq!(fs::read(&taken).expect("there"), b"mine");
    let nowhere = text(&stick.path().join("no/such/place.tar"));
    fails(&pump.command(&["backup", &nowhere], ""), 1, "plugged in");
    fails(&pump.command(&["backup"], ""), 64, "directory");
    fails(
        &pump.command(&["backup", "--encrypt", &nowhere], "\n"),
        1,
        "empty",
    );
    if let Some(_small) = Mount::disk(stick.path(), "size=16k") {
        let file = text(&stick.path().join("large.tar"));
        fails(&pump.command(&["backup", &file], ""), 1, "room");
        assert_eq!(names_in(stick.path()), [""; 0]);
    }
    assert_eq!(names_in(stick.path()), ["taken.tar"]);
}

#[test]
fn a_backup_beside_the_running_server_is_the_whole_of_it() {
    let (mut pump, evan, photo) = lived_in();
    let before = evan.feed().page();
    let original = original_of(&evan, &photo);
    let (_stick, file) = backed_up(&pump, &[], "");
    evan.post(note("after it").to(public()));
    // Everybody's tools open it.
    let open = TempDir::new().expect("a directory");
    let tar = Command::new("tar")
        .arg("xf")
        .arg(&file)
        .current_dir(open.path())
        .output();
    succeeds(&tar.expect("tar runs"));
    let sums = Command::new("sha256sum")
        .args([
            "--check",
            "--strict",
            "--quiet",
            "pumphouse-backup/SHA256SUMS",
        ])
        .current_dir(open.path())
        .output();
    succeeds(&sums.expect("sha256sum runs"));

    let fresh = TempDir::new().expect("a directory");
    succeeds(&on(fresh.path(), &["restore", &text(&file)], ""));
    let mut copy = Pump::on(fresh, &[]);
    let evan = in_copy(&evan, &copy);
    assert_eq!(evan.feed().page(), before);
    assert_eq!(original_of(&evan, &photo), original);
    assert!(!evan.feed().says("after it"));
    evan.post(note("and it goes on"));
    copy.is_sound();

    // The same without a server.
    assert!(pump.stop().success());
    let (_stick, file) = backed_up(&pump, &[], "");
    let fresh = TempDir::new().expect("a directory");
    succeeds(&on(fresh.path(), &["restore", &text(&file)], ""));
    let copy = Pump::on(fresh, &[]);
    assert!(in_copy(&evan, &copy).feed().says("after it"));
    pump.start_again();
    pump.is_sound();
}

#[test]
fn a_server_that_nobody_set_up_yet_takes_a_backup() {
    let (pump, evan, _) = lived_in();
    let (_stick, file) = backed_up(&pump, &[], "");
    let mut new = Pump::start();
    assert!(new.stop().success());
    succeeds(&new.command(&["restore", &text(&file)], ""));
    new.start_again();
    assert!(in_copy(&evan, &new).feed().says("keep me"));
}

#[test]
fn a_passphrase_closes_it_and_age_opens_it() {
    let (pump, evan, _) = lived_in();
    let (stick, file) = backed_up(&pump, &["--encrypt"], PASSPHRASE);
    let bytes = fs::read(&file).expect("the backup");
    assert!(!bytes.windows(7).any(|window| window == b"keep me"));
    let fresh = TempDir::new().expect("a directory");
    let name = text(&file);
    for wrong in ["", "four rivers\n"] {
        fails(
            &on(fresh.path(), &["restore", &name], wrong),
            1,
            "passphrase",
        );
    }
    let cut = stick.path().join("cut.age");
    for length in [100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&cut, &bytes[..length]).expect("written");
        fails(
            &on(fresh.path(), &["restore", &text(&cut)], PASSPHRASE),
            1,
            "",
        );
    }
    assert_eq!(names_in(fresh.path()), ["lock"]);
    succeeds(&on(fresh.path(), &["restore", &name], PASSPHRASE));
    let copy = Pump::on(fresh, &[]);
    assert!(in_copy(&evan, &copy).feed().says("keep me"));

    // `age` asks at a terminal only.
    let plain = stick.path().join("plain.tar");
    let told = Command::new("python3")
        .args(["-c", TYPIST, PASSPHRASE, "age", "-d", "-o"])
        .args([&plain, &file])
        .output();
    succeeds(&told.expect("python3 runs"));
    let fresh = TempDir::new().expect("a directory");
    succeeds(&on(fresh.path(), &["restore", &text(&plain)], ""));
    // And the other way round.
    let sealed = stick.path().join("sealed.age");
    let told = Command::new("python3")
        .args(["-c", TYPIST, PASSPHRASE, "age", "-p", "-o"])
        .args([&sealed, &plain])
        .output();
    succeeds(&told.expect("python3 runs"));
    let fresh = TempDir::new().expect("a directory");
    succeeds(&on(fresh.path(), &["restore", &text(&sealed)], PASSPHRASE));
}

/// Runs a program at a terminal and types a line whenever it asks.
const TYPIST: &str = r#"
import os, pty, sys
process, terminal = pty.fork()
if process == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
try:
    while said := os.read(terminal, 1000):
        if said.rstrip().endswith(b":"):
            os.write(terminal, sys.argv[1].encode())
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"#;

#[test]
fn every_night_one_is_made_and_what_goes_wrong_is_said() {
    let (pump, evan, _) = lived_in();
    pump.give_to("evan");
    let desk = TempDir::new().expect("a directory");
    let (place, drawer) = (desk.path().join("stick"), desk.path().join("drawer"));
    fs::create_dir(&place).expect("made");
    let mut owner = pump.browser_of("evan");
    let form = owner.open("/main/box/backup").expect(200).form("plan");
    for wrong in ["stick", "/nowhere/at/all", "/proc"] {
        let refused = owner.submit_once(&form.clone().fill("directory", wrong));
        assert_eq!(refused.status, 400, "{wrong}");
    }
    owner
        .submit(&form.fill("directory", &text(&place)))
        .expect(200);
    let first = eventually_some(|| whole_in(&place));
    eventually(|| {
        owner
            .open("/main/box/backup")
            .shows("The last one was made")
    });
    let page = owner.open("/main/box/backup");
    assert!(page.shows("on the same disk"), "{}", page.words());
    let doctor = said(&pump.command(&["doctor"], ""));
    assert!(doctor.contains("warn  backups:"), "{doctor}");

    // Pulled out, and put back.
    fs::rename(&place, &drawer).expect("moved");
    let now = page.form("plan").press("now");
    owner.submit(&now).expect(200);
    eventually(|| {
        owner
            .open("/main/box/backup")
            .shows("Is the stick plugged in?")
    });
    assert!(
        owner
            .open("/main/box")
            .shows("The last backup did not work.")
    );
    let doctor = said(&pump.command(&["doctor"], ""));
    assert!(doctor.contains("plugged in"), "{doctor}");
    assert!(!place.exists(), "nothing is written where the stick was");
    fs::rename(&drawer, &place).expect("moved");
    evan.post(note("a day later").to(public()));
    let by_hand = text(&place);
    succeeds(&pump.command(&["backup", &by_hand], ""));
    // Their names have seconds.
    let second = eventually_some(|| {
        owner.submit(&now).expect(200);
        whole_in(&place).filter(|name| *name != first)
    });
    eventually(|| !owner.open("/main/box/backup").shows("did not work"));
    assert_eq!(
        names_in(&place).len(),
        2,
        "one of the day, and the one by hand"
    );
    let fresh = TempDir::new().expect("a directory");
    let file = text(&place.join(second));
    succeeds(&on(fresh.path(), &["restore", &file], ""));
    let copy = Pump::on(fresh, &[]);
    assert!(in_copy(&evan, &copy).feed().says("a day later"));
}

/// The backup of a night that is in a directory.
fn whole_in(directory: &Path) -> Option<String> {
    let names = names_in(directory).into_iter();
    let mut whole = names.filter(|name| name.contains("nightly") && name.ends_with(".tar"));
    whole.next_back()
}

#[test]
fn the_first_screen_takes_a_backup_instead_of_the_setup() {
    let (pump, _, photo) = lived_in();
    pump.give_to("evan");
    let (_stick, file) = backed_up(&pump, &["--encrypt"], PASSPHRASE);
    let bytes = fs::read(&file).expect("the backup");
    let new = Pump::unconfigured();
    let code = new.command(&["setup-code"], "");
    let code = String::from_utf8_lossy(&code.stdout).trim().to_owned();
    let mut browser = new.browser();
    let form = browser.open("/setup/restore").expect(200).form("restore");
    let with = |code: &str, passphrase: &str, bytes: &[u8]| {
        let form = form
            .clone()
            .fill("code", code)
            .fill("passphrase", passphrase);
        form.attach("file", "b.tar.age", "application/octet-stream", bytes)
    };
    let passphrase = PASSPHRASE.trim_end();
    assert_eq!(
        browser
            .submit_once(&with("ZZZZ-0000", passphrase, &bytes))
            .status,
        403
    );
    assert_eq!(
        browser
            .submit_once(&with(&code, passphrase, b"nothing"))
            .status,
        400
    );
    for wrong in ["", "four rivers"] {
        let page = browser.submit(&with(&code, wrong, &bytes)).expect(400);
        assert!(page.shows("passphrase"), "{}", page.words());
    }
    // One that is cut short is seen only at its end.
    let (_plain, file) = backed_up(&pump, &[], "");
    let plain = fs::read(&file).expect("the backup");
    let cut = with(&code, "", &plain[..plain.len() - 100]);
    browser.submit(&cut).expect(200);
    eventually(|| browser.open("/").shows("damaged"));
    assert!(
        browser
            .open("/setup?new=1")
            .expect(200)
            .find_form("setup")
            .is_some()
    );

    browser.submit(&with(&code, passphrase, &bytes)).expect(200);
    let address = eventually_some(|| {
        let log = new.log();
        let mut lines = log
            .lines()
            .filter_map(|line| line.strip_prefix("listening on http://"));
        let address = lines.nth(1)?.strip_suffix('/')?;
        address.parse().ok()
    });
    new.site.moves_to(address);
    // It is known by the name that it had before.
    let asked = |path: &str| {
        let request = Request::get(path).header("host", "pump.test");
        new.nobody().send(request)
    };
    asked("/setup/restore").expect(404);
    asked("/setup").expect(404);
    assert!(asked("/evan").expect(200).text().contains("keep me"));
    let url = photo["fullImage"]["url"].as_str().expect("a file");
    let path = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'));
    let (_, path) = path.expect("an address has a path");
    asked(&format!("/{path}")).expect(200);
}

/// pump-api.md §6.5
#[test]
fn other_servers_do_not_notice_that_one_was_restored() {
    network::inside(
        "backups::other_servers_do_not_notice_that_one_was_restored",
        || {
            let mut a = network::server(0, &[]);
            let mut b = network::server(1, &[]);
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            bob.post(activity(
                "follow",
                &serde_json::json!({ "objectType": "person", "id": alice.id() }),
            ));
            eventually(|| alice.followers().page()["totalItems"] == 1);
            alice.post(note("before").to(public()));
            eventually(|| bob.inbox().major().says("before"));
            assert!(b.stop().success());
            let mut sent: Vec<Value> = (0..5)
                .map(|number| {
                    alice.post(note(&format!("waits {number}")).to(public()))["id"].clone()
                })
                .collect();
            sent.reverse();
            let (_stick, file) = backed_up(&a, &["--encrypt"], PASSPHRASE);
            // The machine is gone; another one gets its name.
            a.kill();
            for name in names_in(a.directory()) {
                let path = a.directory().join(name);
                let removed = match path.is_dir() {
                    true => fs::remove_dir_all(path),
                    false => fs::remove_file(path),
                };
                removed.expect("it can be removed");
            }
            succeeds(&a.command(&["restore", &text(&file)], PASSPHRASE));
            b.start_again();
            a.start_again();
            let arrived = || -> Vec<Value> {
                let all = bob.inbox().major().all(200);
                let ids = all.into_iter().map(|item| item["id"].clone());
                ids.filter(|id| sent.contains(id)).collect()
            };
            eventually(|| arrived().len() >= sent.len());
            assert_eq!(arrived(), sent);
            bob.post(note("for alice").to(&alice));
            eventually(|| alice.inbox().direct().says("for alice"));
            alice.post(note("after it").to(public()));
            eventually(|| bob.inbox().major().says("after it"));
            assert_eq!(arrived(), sent, "each came once");
            a.is_sound();
            b.is_sound();
        },
    );
}
