//! What the owner looks after: how the machine is doing, what the log said, figures for programs, switching off, and what
//! whoever holds the memory card can do.

use crate::backups::{names_in, text};
use crate::harness::people::PASSWORD;
use crate::harness::pump::{command_line, said};
use crate::harness::{Browser, Pump, Request, eventually, eventually_some};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn directory() -> TempDir {
    TempDir::new().expect("a directory")
}

/// A directory like sysfs with these files.
fn machine(files: &[(&str, &str)]) -> TempDir {
    let root = directory();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }
    root
}

const WELL: &[(&str, &str)] = &[
    ("class/thermal/thermal_zone0/temp", "51200\n"),
    ("block/mmcblk0/device/life_time", "0x01 0x02\n"),
    ("block/mmcblk0/device/pre_eol_info", "0x01\n"),
];

fn owned(options: &[&str]) -> (Pump, Browser) {
    let pump = Pump::with(options);
    pump.register_all(["evan", "ann"]);
    pump.give_to("evan");
    let evan = pump.browser_of("evan");
    (pump, evan)
}

#[test]
fn the_box_says_how_the_machine_is_and_what_to_do() {
    let sysdir = machine(WELL);
    let (mut pump, mut evan) = owned(&["--sysdir", &text(sysdir.path())]);
    let page = evan.open("/main/box").expect(200);
    assert!(page.shows("51 °C") && page.shows("about 20 % of its life"));
    assert!(
        !page.html().contains("class=\"problem\""),
        "all is well: {}",
        page.words()
    );

    let zone = sysdir.path().join("class/thermal/thermal_zone0/temp");
    fs::write(&zone, "84000\n").expect("written");
    let life = sysdir.path().join("block/mmcblk0/device/pre_eol_info");
    fs::write(&life, "0x03\n").expect("written");
    let page = evan.open("/main/box").expect(200);
    for part in ["84 °C hot", "Give it air", "mmcblk0", "Make a backup now"] {
        assert!(page.shows(part), "{part}: {}", page.words());
    }
    pump.stop();
    let doctor = |sysdir: &Path| {
        let output = pump.command(
            &[
                "doctor",
                "--urlPort",
                "80",
                "--port",
                "0",
                "--sysdir",
                &text(sysdir),
            ],
            "",
        );
        said(&output)
    };
    let ill = doctor(sysdir.path());
    assert!(
        ill.contains("warn  machine: The machine is 84 °C hot"),
        "{ill}"
    );
    let well = doctor(machine(WELL).path());
    assert!(
        well.contains("ok    machine: 51 °C, mmcblk0 has used about 20 %"),
        "{well}"
    );
}

#[test]
fn the_figures_are_for_whom_the_option_names() {
    let pump = Pump::start();
    pump.nobody().get("/metrics").expect(404);

    let pump = Pump::with(&["--metrics", "loopback"]);
    pump.nobody().get("/metrics").expect(200);
    let through = Request::get("/metrics").header("X-Forwarded-For", "203.0.113.9");
    pump.nobody().send(through).expect(403);

    let token = "a-token-of-some-length";
    let sysdir = machine(WELL);
    let options = ["--metrics", token, "--sysdir", &text(sysdir.path())];
    let pump = Pump::with(&options);
    pump.register("evan");
    pump.nobody().get("/metrics").expect(401);
    pump.nobody()
        .bearing("a-token-of-some-lengtX")
        .get("/metrics")
        .expect(401);
    let answer = pump.nobody().bearing(token).get("/metrics").expect(200);
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    let figures = parsed(&answer.text());
    for (name, least) in [
        ("pumphouse_users", 1.0),
        ("pumphouse_store_bytes", 1.0),
        ("pumphouse_disk_free_bytes", 1.0),
        ("process_resident_memory_bytes", 1e6),
        ("pumphouse_http_requests_total{status=\"2xx\"}", 1.0),
        ("pumphouse_http_requests_total{status=\"4xx\"}", 2.0),
        ("pumphouse_log_messages_total{level=\"error\"}", 0.0),
        ("pumphouse_temperature_celsius", 51.2),
        ("pumphouse_card_life_used_ratio{device=\"mmcblk0\"}", 0.2),
    ] {
        let value = figures
            .get(name)
            .unwrap_or_else(|| panic!("{name} is missing"));
        assert!(*value >= least, "{name} {value}");
    }
    assert!(
        figures.len() < 50,
        "as many for a large site: {}",
        figures.len()
    );
    let short = command_line(
        &["--metrics", "short", "--datadir", &text(directory().path())],
        "",
    );
    assert_eq!(short.status.code(), Some(78), "{}", said(&short));
}

/// Reads the text format of Prometheus, strictly.
#[track_caller]
fn parsed(text: &str) -> BTreeMap<String, f64> {
    let is_name = |name: &str| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(allowed)
    };
    let (mut kinds, mut figures) = (BTreeMap::new(), BTreeMap::new());
    let mut helped = String::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("words");
            assert!(is_name(name) && !words.is_empty(), "{line}");
            helped = name.to_owned();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a kind");
            assert!(
                name == helped && ["counter", "gauge"].contains(&kind),
                "{line}"
            );
            let is_total = kind == "counter";
            assert!(!is_total || name.ends_with("_total"), "{line}");
            assert!(
                kinds.insert(name.to_owned(), kind).is_none(),
                "twice: {line}"
            );
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let name = series.split('{').next().expect("a name");
            assert!(kinds.contains_key(name), "without a type: {line}");
            if let Some(labels) = series
                .strip_prefix(name)
                .filter(|labels| !labels.is_empty())
            {
                let inner = labels
                    .strip_prefix('{')
                    .and_then(|rest| rest.strip_suffix("\"}"));
                let (label, value) = inner
                    .and_then(|inner| inner.split_once("=\""))
                    .expect("a label");
                assert!(is_name(label) && !value.contains(['"', '\\']), "{line}");
            }
            let value: f64 = value.parse().expect("a number");
            assert!(
                figures.insert(series.to_owned(), value).is_none(),
                "twice: {line}"
            );
        }
    }
    figures
}

#[test]
fn the_owner_switches_the_machine_off_where_somebody_does_it() {
    let (pump, mut evan) = owned(&[]);
    assert!(
        !evan
            .open("/main/box")
            .expect(200)
            .html()
            .contains("/main/box/power")
    );
    evan.open("/main/box/power").expect(404);
    drop(pump);

    let powerdir = directory();
    let (pump, mut evan) = owned(&["--powerdir", &text(powerdir.path())]);
    let mut ann = pump.browser_of("ann");
    let token = ann.open("/main/account").form_to("/main/account");
    let token = token.value("_csrf").to_owned();
    assert_eq!(ann.open("/main/box/power").answer.status, 403);
    let sent = Request::post("/main/box/power").form(&[("_csrf", &token), ("wish", "off")]);
    assert_eq!(ann.ask(sent).status, 403);
    assert!(evan.open("/main/box").html().contains("/main/box/power"));
    evan.open("/main/box/power").expect(200);
    let question = evan.open("/main/box/power?wish=off").expect(200);
    assert!(question.shows("Switch off now?"));
    let form = question.form("power");
    assert_eq!(evan.submit_once(&form.clone().without("_csrf")).status, 403);
    assert_eq!(
        evan.submit_once(&form.clone().fill("wish", "explode"))
            .status,
        400
    );
    assert_eq!(names_in(powerdir.path()), [""; 0]);
    let done = evan.submit(&form).expect(200);
    assert!(done.shows("The machine switches off"), "{}", done.words());
    assert_eq!(names_in(powerdir.path()), ["poweroff"]);
    // The last wish counts.
    let form = evan.open("/main/box/power?wish=restart").form("power");
    evan.submit(&form).expect(200);
    assert_eq!(names_in(powerdir.path()), ["reboot"]);
    // It stands in the log, and so on the page.
    let page = evan.open("/main/box").expect(200);
    assert!(page.shows("What the log said last") && page.shows("wants this machine to restart"));
}

#[test]
fn the_setup_code_stands_on_the_card_until_there_is_an_owner() {
    let card = directory();
    let pump = Pump::unconfigured_with(&["--bootdir", &text(card.path())]);
    let path = card.path().join("SETUP-CODE.txt");
    let written = eventually_some(|| {
        let written = fs::read_to_string(&path).ok()?;
        written
            .contains("goes when it is set up")
            .then_some(written)
    });
    let code = said(&pump.command(&["setup-code"], ""));
    assert!(
        written.contains(code.trim()) && written.contains("/setup"),
        "{written}"
    );
    let mut browser = pump.browser();
    let form = browser.open("/setup").expect(200).form_to("/setup");
    let filled = form
        .fill("code", code.trim())
        .fill("site", "Home")
        .fill("nickname", "evan")
        .fill("password", PASSWORD)
        .fill("again", PASSWORD)
        .fill("hostname", "localhost");
    assert_eq!(browser.submit_once(&filled).status, 303);
    assert_eq!(names_in(card.path()), [""; 0]);

    // A card that is not there, or cannot be written, stops nothing.
    for place in ["/nowhere/boot", "/proc"] {
        let pump = Pump::unconfigured_with(&["--bootdir", place]);
        pump.browser().open("/setup").expect(200);
        eventually(|| pump.log().contains(place));
    }
}

#[test]
fn who_holds_the_card_chooses_a_new_password() {
    let card = directory();
    let bootdir = text(card.path());
    let (mut pump, _) = owned(&["--bootdir", &bootdir]);
    pump.stop();
    fs::write(card.path().join("Reset-Password.TXT"), "").expect("a wish");
    pump.start_again();
    eventually(|| names_in(card.path()) == ["NEW-PASSWORD.txt"]);
    let letter = fs::read_to_string(card.path().join("NEW-PASSWORD.txt")).expect("a letter");
    let link = letter
        .lines()
        .find(|line| line.contains("/main/recover/"))
        .expect("a link");
    let mut browser = pump.browser();
    let form = browser.open(link.trim()).expect(200);
    let form = form
        .forms()
        .into_iter()
        .find(|form| form.has("again"))
        .expect("a form");
    let chosen = form
        .fill("password", "new-horse-77")
        .fill("again", "new-horse-77");
    browser.submit(&chosen);
    assert_eq!(pump.browser().log_in("evan", PASSWORD).answer.status, 401);
    pump.browser().log_in("evan", "new-horse-77").expect(200);
    assert_eq!(pump.browser().open(link.trim()).answer.status, 400, "once");
    pump.restart();
    eventually(|| names_in(card.path()).is_empty());
}

#[test]
fn who_holds_the_card_erases_everything() {
    let card = directory();
    let bootdir = text(card.path());
    let (mut pump, _) = owned(&["--bootdir", &bootdir]);
    let wish = card.path().join("factory-reset.txt");
    let working = card.path().join("factory-reset.working");
    let restart = |pump: &mut Pump| {
        pump.stop();
        pump.start_again();
    };
    fs::write(&wish, "").expect("a wish");
    restart(&mut pump);
    assert!(!wish.exists() && !working.exists());
    assert_eq!(pump.browser().log_in("evan", PASSWORD).answer.status, 401);
    assert!(pump.is_well());

    // The power went when it was half done: it is done whole.
    pump.runs(&["user", "add", "evan"], &format!("{PASSWORD}\n"));
    pump.browser().log_in("evan", PASSWORD).expect(200);
    pump.stop();
    let inside = pump.directory().join("uploads");
    fs::remove_dir_all(inside).expect("half of it is gone");
    fs::write(&working, "").expect("what was begun");
    pump.start_again();
    assert!(!working.exists());
    assert_eq!(pump.browser().log_in("evan", PASSWORD).answer.status, 401);
    pump.is_sound();
}

/// A wish that cannot be taken away would be fulfilled at each start: it is not.
#[test]
fn a_wish_on_a_card_that_cannot_be_written_erases_nothing() {
    let card = directory();
    let wish: PathBuf = card.path().join("factory-reset");
    let (mut pump, _) = owned(&["--bootdir", &text(card.path())]);
    pump.stop();
    fs::write(&wish, "").expect("a wish");
    // What stands in the way of the new name stands for a card that is write-protected.
    let attribute = std::process::Command::new("chattr")
        .args(["+i"])
        .arg(&wish)
        .status();
    if !attribute.is_ok_and(|status| status.success()) {
        return;
    }
    pump.start_again();
    let kept = pump.browser().log_in("evan", PASSWORD).answer.status;
    let _ = std::process::Command::new("chattr")
        .args(["-i"])
        .arg(&wish)
        .status();
    assert_eq!(kept, 200);
    assert!(pump.log().contains("Nothing was erased"), "{}", pump.log());
}
