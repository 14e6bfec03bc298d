//! Later versions of the program: what is not signed or does not fit is refused with a sentence; what comes up stays, what does not
//! makes way for the one before. A thread plays the service manager, `openssl` and `minisign` are the real ones.

use crate::harness::http::{Request, Site};
use crate::harness::peer::{Peer, Said};
use crate::harness::people::PASSWORD;
use crate::harness::pump::{binary_path, said};
use crate::harness::{Browser, Pump, eventually, eventually_some, pause};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// The version of the program under test, and the one as which it is dressed up.
const NOW: &str = env!("CARGO_PKG_VERSION");
const NEXT: &str = "0.1.9";

#[track_caller]
fn runs(command: &mut Command) {
    let output = command.output().expect("the program is there");
    assert!(output.status.success(), "{command:?}: {}", said(&output));
}

/// A box without a service manager, and whoever makes packages for it.
struct Workshop {
    root: TempDir,
}

impl Workshop {
    fn new() -> Workshop {
        let root = TempDir::new().expect("a directory");
        let workshop = Workshop { root };
        for directory in ["data", "bin", "package"] {
            fs::create_dir(workshop.path(directory)).expect("writable");
        }
        workshop.makes_key("update");
        let script = format!("#!/bin/sh\ntouch {}\n", workshop.path("restart").display());
        let systemctl = workshop.path("bin/systemctl");
        fs::write(&systemctl, script).expect("writable");
        runs(Command::new("chmod").arg("755").arg(&systemctl));
        workshop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn makes_key(&self, name: &str) {
        let mut minisign = Command::new("minisign");
        minisign
            .args(["-G", "-W", "-f", "-p"])
            .arg(self.path(&format!("{name}.pub")));
        runs(minisign.arg("-s").arg(self.path(&format!("{name}.key"))));
    }

    /// This program, as if it were of the next version.
    fn next_program(&self) -> Vec<u8> {
        let stripped = self.path("stripped");
        runs(
            Command::new("strip")
                .arg("-o")
                .arg(&stripped)
                .arg(binary_path()),
        );
        let mut bytes = fs::read(stripped).expect("readable");
        let (now, next) = (NOW.as_bytes(), NEXT.as_bytes());
        assert_eq!(now.len(), next.len());
        let places: Vec<usize> = bytes
            .windows(now.len())
            .enumerate()
            .filter_map(|(place, part)| (part == now).then_some(place))
            .collect();
        for place in places {
            bytes.splice(place..place + next.len(), next.iter().copied());
        }
        bytes
    }

    /// A program that ends at once.
    fn broken_program() -> Vec<u8> {
        fs::read("/bin/false").expect("readable")
    }

    /// Makes a package as the README says.
    fn packs(&self, program: &[u8], comment: &str, key: &str) -> PathBuf {
        let folder = self.path("package");
        fs::write(folder.join("pumphouse"), program).expect("writable");
        let mut minisign = Command::new("minisign");
        minisign
            .current_dir(&folder)
            .args(["-S", "-m", "pumphouse", "-t", comment, "-s"]);
        runs(minisign.arg(self.path(&format!("{key}.key"))));
        let package = self.path("package.tar");
        let mut tar = Command::new("tar");
        tar.arg("cf").arg(&package).arg("-C").arg(&folder);
        runs(tar.args(["pumphouse", "pumphouse.minisig"]));
        package
    }

    fn packs_next(&self, program: &[u8]) -> PathBuf {
        self.packs(program, &comment(NEXT), "update")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(binary_path());
        let path = format!("{}:/usr/bin:/bin", self.text("bin"));
        command.args(words).env("PATH", path).stdin(Stdio::null());
        command
    }

    /// The unit that installs what waits.
    fn update(&self, package: &Path, more: &[&str]) -> Command {
        let package = package.display().to_string();
        let (key, versions, data) = (
            self.text("update.pub"),
            self.text("versions"),
            self.text("data"),
        );
        let words = [
            "appliance",
            "update",
            &package,
            "--public-key",
            &key,
            "--versions",
            &versions,
            "--data",
            &data,
            "--service",
            "pumphouse.service",
            "--patience",
            "9",
        ];
        self.command(&[&words, more].concat())
    }

    fn outcome(&self) -> String {
        fs::read_to_string(self.path("versions/outcome.json")).unwrap_or_default()
    }

    /// Plays the service manager until it is dropped.
    fn serves(&self, more: &[&str]) -> Manager {
        let ends = Arc::new(AtomicBool::new(false));
        let (versions, data, key) = (
            self.text("versions"),
            self.text("data"),
            self.text("update.pub"),
        );
        let words = [
            "appliance",
            "start",
            "--versions",
            &versions,
            "--",
            "serve",
            "--datadir",
            &data,
            "--address",
            "127.0.0.1",
            "--port",
            "0",
            "--urlPort",
            "80",
            "--versionsdir",
            &versions,
            "--updatekey",
            &key,
            "--federateLan",
        ];
        let words = [&words, more].concat();
        let mut start = self.command(&words);
        start.stdout(Stdio::null()).stderr(Stdio::null());
        let mut choose = self.command(&["appliance", "choose", "--versions", &versions]);
        let restart = self.path("restart");
        let its_ends = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            while !its_ends.load(Ordering::Relaxed) {
                runs(&mut choose);
                let mut server = start.spawn().expect("it starts");
                let mut is_running = true;
                while is_running && !its_ends.load(Ordering::Relaxed) && !restart.exists() {
                    is_running = server.try_wait().expect("a child").is_none();
                    pause(Duration::from_millis(50));
                }
                if is_running {
                    runs(Command::new("kill").arg(server.id().to_string()));
                }
                server.wait().expect("a child");
                drop(fs::remove_file(&restart));
            }
        });
        Manager {
            ends,
            thread: Some(thread),
        }
    }

    /// The site, when the version `version` of the server answers.
    fn site(&self, version: &str) -> Arc<Site> {
        eventually_some(|| {
            let note = fs::read_to_string(self.path("data/lock")).ok()?;
            let address = note.lines().nth(1)?.strip_prefix("http://")?;
            let address = address.trim_end_matches('/').parse().ok()?;
            let site = Site::new("http://pump.local", address);
            let answer = site.try_send(&Request::get("/robots.txt")).ok()?;
            let is_it = answer.header("server").contains(version);
            is_it.then(|| Arc::new(site))
        })
    }

    /// The owner's browser.
    fn owner(&self, version: &str) -> Browser {
        eventually(|| !self.path("restart").exists());
        let mut browser = Browser::new(&self.site(version));
        let page = browser.log_in("evan", PASSWORD);
        assert_eq!(page.answer.status, 200, "{}", page.html());
        browser
    }

    /// Names the owner, as the boot partition does.
    fn belongs_to_evan(&self) {
        let toml = format!("[owner]\nnickname = \"evan\"\npassword = \"{PASSWORD}\"\n");
        fs::create_dir(self.path("boot")).expect("writable");
        fs::write(self.path("boot/pump.toml"), toml).expect("writable");
        let (boot, data) = (self.text("boot"), self.text("data"));
        let (state, iwd) = (self.text("state"), self.text("iwd"));
        let words = [
            "appliance",
            "first-boot",
            "--boot",
            &boot,
            "--data",
            &data,
            "--state",
            &state,
            "--iwd",
            &iwd,
        ];
        runs(&mut self.command(&words));
    }
}

fn comment(version: &str) -> String {
    format!("pumphouse {version} {} store=1", std::env::consts::ARCH)
}

struct Manager {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

#[test]
fn what_is_not_ours_or_does_not_fit_is_refused_with_a_sentence() {
    let shop = Workshop::new();
    shop.makes_key("stranger");
    let own = std::env::consts::ARCH;
    let program = fs::read("/bin/true").expect("readable");
    let good = fs::read(shop.packs_next(&program)).expect("readable");
    let mut changed = good.clone();
    changed[1000] ^= 1;
    let mut foreign = program.clone();
    foreign[18] ^= 0xff;
    let packed = |program: &[u8], comment: &str, key: &str| {
        fs::read(shop.packs(program, comment, key)).expect("readable")
    };
    for (package, why) in [
        (changed, "changed or damaged"),
        (
            packed(&program, &comment(NEXT), "stranger"),
            "somebody else",
        ),
        (
            packed(
                &program,
                &format!("pumphouse 0.0.9 {own} store=1"),
                "update",
            ),
            "older than",
        ),
        (
            packed(&program, "pumphouse 0.9.0 riscv64 store=1", "update"),
            "another kind of machine",
        ),
        (
            packed(
                &program,
                &format!("pumphouse 0.9.0 {own} store=2 reads=1"),
                "update",
            ),
            "no way back",
        ),
        (
            packed(&foreign, &comment(NEXT), "update"),
            "not one for this kind",
        ),
        (packed(&program, "hello", "update"), "which version"),
        (good[..2000].to_vec(), "cut short"),
        (b"hello".repeat(1000), "no package"),
        (Vec::new(), "cut short"),
    ] {
        let path = shop.path("bad.tar");
        fs::write(&path, package).expect("writable");
        let request = shop.path("request");
        fs::write(&request, "{}").expect("writable");
        let output = shop
            .update(&path, &["--request", &request.display().to_string()])
            .output();
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{why}: {}", said(&output));
        assert!(said(&output).contains(why), "{why}: {}", said(&output));
        assert!(shop.outcome().contains(why), "{why}: {}", shop.outcome());
        assert!(
            !request.exists() && !shop.path("versions/current").exists(),
            "{why}"
        );
    }
    let output = shop
        .update(&shop.path("nowhere.tar"), &[])
        .output()
        .expect("it runs");
    assert!(said(&output).contains("nowhere.tar"), "{}", said(&output));
}

#[test]
fn a_version_that_the_owner_brings_is_installed_and_stays() {
    let shop = Workshop::new();
    shop.belongs_to_evan();
    let package = shop.packs_next(&shop.next_program());
    let bytes = fs::read(&package).expect("readable");
    let _manager = shop.serves(&[]);
    let mut evan = shop.owner(NOW);
    assert!(
        evan.open("/main/box")
            .expect(200)
            .html()
            .contains("/main/box/update")
    );
    let page = evan.open("/main/box/update").expect(200);
    assert!(page.find_form("install").is_none());
    let damaged = page
        .form("bring")
        .attach("file", "p.tar", "application/x-tar", &bytes[..9000]);
    let page = evan.submit(&damaged);
    assert_eq!(page.answer.status, 400);
    assert!(page.shows("cut short"), "{}", page.html());
    let whole = page
        .form("bring")
        .attach("file", "p.tar", "application/x-tar", &bytes);
    let page = evan.submit(&whole).expect(200);
    assert!(page.shows("Version 0.1.9 is ready"), "{}", page.html());
    let page = evan.submit(&page.form("install")).expect(200);
    assert!(page.shows("is being installed"), "{}", page.html());

    // What the units do.
    let waiting = shop.path("data/update/package.tar");
    let request = shop.text("data/update/request");
    runs(&mut shop.update(&waiting, &["--request", &request]));
    let mut evan = shop.owner(NEXT);
    let page = evan.open("/main/box/update").expect(200);
    assert!(
        page.shows("Version 0.1.9 was installed."),
        "{}",
        page.html()
    );
    assert!(page.shows("This is version 0.1.9."), "{}", page.html());
    assert!(
        page.find_form("install").is_none(),
        "nothing waits any more"
    );
    assert!(!shop.path("versions/trying.json").exists());
    let again = shop.update(&package, &[]).output().expect("it runs");
    assert!(said(&again).contains("runs already"), "{}", said(&again));
}

#[test]
fn a_version_that_does_not_come_up_makes_way_for_the_one_before() {
    let shop = Workshop::new();
    shop.belongs_to_evan();
    let _manager = shop.serves(&[]);
    shop.owner(NOW);
    let package = shop.packs_next(&Workshop::broken_program());
    let output = shop.update(&package, &[]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("did not come up"),
        "{}",
        said(&output)
    );
    let page = shop.owner(NOW).open("/main/box/update").expect(200);
    assert!(
        page.shows("did not come up, so the version before it runs again"),
        "{}",
        page.html()
    );
    // One that answers as something else than it says has not proved itself either.
    let own = fs::read(binary_path()).expect("readable");
    let stripped = shop.path("own");
    fs::write(&stripped, own).expect("writable");
    runs(Command::new("strip").arg(&stripped));
    let package = shop.packs_next(&fs::read(&stripped).expect("readable"));
    let output = shop.update(&package, &[]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    shop.owner(NOW);
    assert!(!shop.path("versions/current").exists());
}

#[test]
fn a_power_cut_in_the_middle_of_an_update_is_settled_at_the_next_start() {
    let shop = Workshop::new();
    shop.belongs_to_evan();
    let package = shop.packs_next(&shop.next_program());
    let mut update = shop.update(&package, &[]).spawn().expect("it runs");
    eventually(|| shop.path("versions/current").exists());
    update.kill().expect("a child");
    update.wait().expect("a child");
    let _manager = shop.serves(&[]);
    let (versions, data) = (shop.text("versions"), shop.text("data"));
    let words = [
        "appliance",
        "settle",
        "--versions",
        &versions,
        "--data",
        &data,
        "--service",
        "x",
        "--patience",
        "30",
    ];
    runs(&mut shop.command(&words));
    assert!(shop.outcome().contains("Installed"), "{}", shop.outcome());
    shop.owner(NEXT);
}

#[test]
fn the_address_of_the_owner_s_choice_is_looked_at() {
    let shop = Workshop::new();
    shop.belongs_to_evan();
    let peer = Peer::start();
    let url = format!("{}/pump.tar", peer.base);
    let said = |status: u16, body: Vec<u8>| Said {
        status,
        headers: vec![("ETag".to_owned(), "\"one\"".to_owned())],
        body,
    };
    peer.says("/pump.tar", said(404, Vec::new()));
    let _manager = shop.serves(&["--updateurl", &url]);
    let mut evan = shop.owner(NOW);
    let mut looks = |expected: &str| {
        let page = evan.open("/main/box/update").expect(200);
        evan.submit(&page.form("look")).expect(200);
        eventually(|| evan.open("/main/box/update").expect(200).shows(expected));
    };
    looks("answered 404");
    let package = shop.packs_next(&fs::read("/bin/true").expect("readable"));
    peer.says("/pump.tar", said(200, fs::read(package).expect("readable")));
    looks("Version 0.1.9 is ready");
    let before = peer.heard("/pump.tar").len();
    peer.says("/pump.tar", said(304, Vec::new()));
    let page = evan.open("/main/box/update").expect(200);
    evan.submit(&page.form("look")).expect(200);
    eventually(|| peer.heard("/pump.tar").len() > before);
    let last = peer.heard("/pump.tar").pop().expect("heard");
    assert_eq!(
        last.headers.get("if-none-match").map(String::as_str),
        Some("\"one\"")
    );
    assert!(
        evan.open("/main/box/update")
            .expect(200)
            .shows("Version 0.1.9 is ready")
    );
}

#[test]
fn elsewhere_there_is_no_such_page() {
    let pump = Pump::start();
    pump.register("evan");
    pump.give_to("evan");
    let mut evan = pump.browser_of("evan");
    assert!(
        !evan
            .open("/main/box")
            .expect(200)
            .html()
            .contains("/main/box/update")
    );
    assert_eq!(evan.open("/main/box/update").answer.status, 404);
}
