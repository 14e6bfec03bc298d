//! Pumps on one local network: found by names that nobody gave out, announced to everybody who listens there, and known to each
//! other. Each story has a network of its own with several machines, and needs root for it.

use crate::harness::browser::Form;
use crate::harness::network::{self, on};
use crate::harness::people::{PASSWORD, Person};
use crate::harness::pump::{Pump, said};
use crate::harness::{Request, eventually, eventually_some, note, public};
use crate::lan::Certificate;
use serde_json::{Value, json};
use std::fs;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Starts servers that talk to each other at home.
const LAN: &str = "--federateLan=true";

/// Runs a story on machines of these names; in other addresses than those of IPv6 only where the story wants so.
#[track_caller]
fn among(machines: &[&str], v6_only: bool, test: &str, story: impl FnOnce()) {
    network::inside(&format!("neighbours::{test}"), || {
        if network::is_inside() {
            network::plug_in(machines, v6_only);
            story();
        } else {
            eprintln!("neighbours need a network of the story's own");
        }
    });
}

/// The neighbours that a server knows.
fn neighbours(owner: &Person) -> Vec<Value> {
    let list = owner.get("/api/owner/neighbours").ok();
    list["items"].as_array().expect("a list").clone()
}

/// The one neighbour at an address.
fn neighbour(owner: &Person, url: &str) -> Option<Value> {
    neighbours(owner).into_iter().find(|one| one["url"] == url)
}

/// Follows somebody and hears of them.
fn follows(alice: &Person, bob: &Person, text: &str) {
    alice.follow(bob);
    let id = alice.id();
    eventually(|| bob.followers().page().to_string().contains(&id));
    bob.post(note(text).to(public()));
    eventually(|| alice.inbox().major().says(text));
}

/// RFC 6762 §8.3, §10.1; RFC 6763 §4
#[test]
fn two_pumps_find_each_other() {
    among(
        &["kitchen", "attic"],
        false,
        "two_pumps_find_each_other",
        || {
            let a = network::on_machine("kitchen", "10.77.0.2", &[LAN]);
            let mut b = network::on_machine("attic", "10.77.0.3", &[LAN, "--site", "The <Attic>"]);
            let (alice, bob) = (a.register("alice"), b.register("bob"));
            alice.get("/api/owner/neighbours").refused(403);
            let page = a.browser().open("/main/nearby");
            assert!(!page.shows("Pumps nearby"));
            a.give_to("alice");
            let found = eventually_some(|| neighbour(&alice, "http://attic.local"));
            assert_eq!(found["name"], "The <Attic>");
            assert_eq!(found.get("fingerprint"), None);
            assert_eq!(neighbours(&alice).len(), 1, "not itself");

            let mut browser = a.browser_of("alice");
            assert!(
                browser
                    .open("/main/people")
                    .expect(200)
                    .shows("Pumps nearby")
            );
            let page = browser.open("/main/nearby").expect(200);
            assert!(page.shows("attic.local") && page.html().contains("http://attic.local/"));
            assert!(!page.html().contains("<Attic>"));

            assert_eq!(bob.id(), "acct:bob@attic.local");
            follows(&alice, &bob, "from above");
            follows(&bob, &alice, "from below");

            assert!(b.stop().success());
            eventually(|| neighbours(&alice).is_empty());
            let page = browser.open("/main/nearby").expect(200);
            assert!(page.shows("No other pump"));
        },
    );
}

/// RFC 6762 §20
#[test]
fn a_network_without_old_addresses_does() {
    let test = "a_network_without_old_addresses_does";
    among(&["kitchen", "attic"], true, test, || {
        let a = network::on_machine("kitchen", "fd77::2", &[LAN]);
        let b = network::on_machine("attic", "fd77::3", &[LAN]);
        follows(&a.register("alice"), &b.register("bob"), "by six");
    });
}

#[test]
fn who_does_not_look_for_neighbours_shows_none() {
    let pump = Pump::start();
    pump.register("evan");
    pump.give_to("evan");
    let mut browser = pump.browser_of("evan");
    browser.open("/main/nearby").expect(404);
    assert!(
        !browser
            .open("/main/people")
            .expect(200)
            .shows("Pumps nearby")
    );
}

/// pump-api.md §6.4
#[test]
fn a_certificate_that_was_replaced_is_refused_although_it_is_announced() {
    let test = "a_certificate_that_was_replaced_is_refused_although_it_is_announced";
    among(&["kitchen", "attic"], false, test, || {
        let (ours, theirs) = (Certificate::new(), Certificate::new());
        let secure = |machine, address, certificate: &Certificate| {
            let [key, cert] = certificate.options();
            network::on_machine(machine, address, &[LAN, "--key", &key, "--cert", &cert])
        };
        let a = secure("kitchen", "10.77.0.2", &ours);
        let mut b = secure("attic", "10.77.0.3", &theirs);
        let (alice, bob) = (a.register("alice"), b.register("bob"));
        a.give_to("alice");
        let announced = eventually_some(|| neighbour(&alice, "https://attic.local"));
        follows(&alice, &bob, "one");
        let pin = || alice.get("/api/owner/pins").ok()["items"][0].clone();
        assert_eq!(pin()["fingerprint"], announced["fingerprint"]);

        theirs.renew();
        b.restart();
        let new = eventually_some(|| {
            let one = neighbour(&alice, "https://attic.local")?;
            (one["fingerprint"] != announced["fingerprint"]).then_some(one)
        });
        alice.post(note("two").to(public()).cc(bob.reference()));
        let refused = eventually_some(|| pin().get("refused").cloned());
        assert_eq!(refused["fingerprint"], new["fingerprint"]);
    });
}

/// The setup under the name that every new server has, and then under the chosen one.
#[test]
fn a_new_server_is_found_until_it_has_a_name() {
    let test = "a_new_server_is_found_until_it_has_a_name";
    among(&["kitchen", "new"], false, test, || {
        let a = network::on_machine("kitchen", "10.77.0.2", &[LAN]);
        let alice = a.register("alice");
        a.give_to("alice");
        let new = network::new_on_machine("new", "10.77.0.3");
        let found = eventually_some(|| neighbours(&alice).pop());
        assert_eq!(found.get("url"), None);
        let page = a.browser_of("alice").open("/main/nearby").expect(200);
        assert!(page.shows("waits to be set up"));

        let code = new.runs(&["setup-code"], "");
        let mut browser = new.browser();
        let form: Form = browser.open("/setup").expect(200).form_to("/setup");
        let form = form
            .fill("code", code.trim())
            .fill("site", "The Attic")
            .fill("nickname", "evan")
            .fill("password", PASSWORD)
            .fill("again", PASSWORD)
            .fill("hostname", "attic.local");
        assert_eq!(browser.submit_once(&form).status, 303);
        eventually(|| neighbour(&alice, "http://attic.local").is_some());
        eventually(|| neighbours(&alice).len() == 1);
        let (status, id) = {
            let known = alice.post_to(
                "/api/user/alice/following",
                &json!({ "objectType": "person", "id": "acct:evan@attic.local" }),
            );
            (known.status, known.ok()["id"].clone())
        };
        assert_eq!((status, id), (200, json!("acct:evan@attic.local")));
    });
}

/// Debian's multicast DNS on a machine, with a bus of its own to be asked on.
struct Avahi {
    machine: &'static str,
    directory: TempDir,
    processes: Vec<Child>,
}

impl Avahi {
    /// Starts it under a host name; nothing where it is not installed.
    fn start(machine: &'static str, host: &str) -> Option<Avahi> {
        let is_there = Command::new("avahi-daemon").arg("--version").output();
        if is_there.is_err() {
            eprintln!("avahi-daemon and avahi-utils are not installed: nobody else is asked");
            return None;
        }
        let directory = TempDir::new().expect("a directory");
        let at = directory.path().display();
        let bus = format!(
            "<busconfig><type>system</type><listen>unix:path={at}/bus</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"*\"/>\
             <allow receive_type=\"*\"/><allow send_destination=\"*\"/></policy></busconfig>"
        );
        let settings = format!(
            "[server]\nhost-name={host}\nuse-ipv4=yes\nuse-ipv6=yes\nallow-interfaces=eth0\n[publish]\npublish-hinfo=no\n"
        );
        fs::write(directory.path().join("bus.conf"), bus).expect("space");
        fs::write(directory.path().join("avahi.conf"), settings).expect("space");
        let mut avahi = Avahi {
            machine,
            directory,
            processes: Vec::new(),
        };
        let bus = avahi.file("bus.conf");
        avahi.run(
            "dbus-daemon",
            &["--nofork", "--nopidfile", "--config-file", &bus],
        );
        eventually(|| avahi.directory.path().join("bus").exists());
        let settings = avahi.file("avahi.conf");
        avahi.run(
            "avahi-daemon",
            &[
                "--no-drop-root",
                "--no-rlimits",
                "--no-chroot",
                "-f",
                &settings,
            ],
        );
        eventually(|| avahi.says("avahi-browse", &["-t", "_http._tcp"]).0);
        Some(avahi)
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = on(self.machine, program);
        let bus = format!("unix:path={}", self.file("bus"));
        command.args(arguments).env("DBUS_SYSTEM_BUS_ADDRESS", bus);
        command.stdin(Stdio::null());
        command
    }

    fn run(&mut self, program: &str, arguments: &[&str]) {
        let mut command = self.command(program, arguments);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.processes.push(process.expect("it is installed"));
    }

    /// Whether a command went well, and what it said.
    fn says(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let output = self.command(program, arguments).output().expect("it runs");
        (output.status.success(), said(&output))
    }

    /// Ends what was run last.
    fn end_last(&mut self) {
        if let Some(mut process) = self.processes.pop() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Avahi {
    fn drop(&mut self) {
        while !self.processes.is_empty() {
            self.end_last();
        }
    }
}

/// RFC 6763 §4, §6; RFC 6762 §10.1
#[test]
fn others_see_a_pump_and_what_it_says() {
    among(
        &["kitchen", "attic"],
        false,
        "others_see_a_pump_and_what_it_says",
        || {
            let Some(avahi) = Avahi::start("attic", "somebody") else {
                return;
            };
            let certificate = Certificate::new();
            let [key, cert] = certificate.options();
            let options = ["--key", &key, "--cert", &cert, "--site", "Our kitchen"];
            let mut pump = network::on_machine("kitchen", "10.77.0.2", &options);
            eventually(|| {
                let (_, said) = avahi.says("avahi-resolve", &["-4", "-n", "kitchen.local"]);
                said.contains("10.77.0.2")
            });
            let browse = |kind| avahi.says("avahi-browse", &["-r", "-p", "-t", kind]).1;
            let said = eventually_some(|| {
                Some(browse("_pumpio._tcp")).filter(|said| said.contains("txtvers"))
            });
            for part in [
                "kitchen.local;10.77.0.2;443",
                "\"txtvers=1\"",
                "\"name=Our kitchen\"",
                "\"url=https://kitchen.local\"",
                "\"setup=0\"",
                "\"version=",
                "\"id=",
                "\"fp=",
            ] {
                assert!(said.contains(part), "{part}: {said}");
            }
            assert!(!said.contains("fd77"), "nobody listens there: {said}");
            assert!(browse("_https._tcp").contains("kitchen.local"));
            assert!(pump.stop().success());
            eventually(|| !browse("_pumpio._tcp").contains("kitchen"));
        },
    );
}

/// RFC 6762 §9
#[test]
fn a_name_that_another_machine_has_is_left_to_it() {
    let test = "a_name_that_another_machine_has_is_left_to_it";
    among(&["kitchen", "attic"], false, test, || {
        let Some(avahi) = Avahi::start("attic", "kitchen") else {
            return;
        };
        let pump = network::on_machine("kitchen", "10.77.0.2", &[]);
        let evan = pump.register("evan");
        pump.give_to("evan");
        let mut browser = pump.browser_of("evan");
        let box_page = browser.open("/main/box").expect(200);
        assert!(!box_page.shows("Another machine has the name"));
        let addresses = browser.open("/main/box/addresses").expect(200);
        assert!(!addresses.html().contains("id=\"other\""));
        eventually(|| pump.log().contains("kitchen-2.local"));
        let is_called = "Another machine of the local network is called kitchen.local";
        assert!(browser.open("/").expect(200).shows(is_called));
        let doctor = said(&pump.command(&["doctor", "--hostname", "kitchen.local"], ""));
        assert!(
            doctor.contains(&format!("warn  server: {is_called}")),
            "{doctor}"
        );
        let box_page = browser.open("/main/box").expect(200);
        assert!(box_page.shows("Another machine has the name of this pump"));
        let link = "<a href=\"/main/box/addresses\">See where it is found now";
        assert!(box_page.html().contains(link), "{}", box_page.html());
        let addresses = browser.open("/main/box/addresses").expect(200);
        assert_eq!(addresses.text_of("other"), "http://kitchen-2.local");
        assert!(addresses.shows("Give that one another name"));
        // There it answers, and leads nobody to the other machine.
        let at = |host: &str| {
            let request = Request::get("/main/login").header("Host", host);
            pump.nobody().send(request).status
        };
        assert_eq!(at("kitchen-2.local"), 200);
        assert_eq!(at("kitchen-3.local"), 301);
        assert_eq!(evan.id(), "acct:evan@kitchen.local");
        let address = |name| avahi.says("avahi-resolve", &["-4", "-n", name]).1;
        eventually(|| address("kitchen-2.local").contains("10.77.0.2"));
        assert!(address("kitchen.local").contains("10.77.0.3"));
    });
}

/// RFC 6762 §15
#[test]
fn a_pump_and_debian_s_own_share_a_machine() {
    let test = "a_pump_and_debian_s_own_share_a_machine";
    among(&["kitchen", "attic"], false, test, || {
        let Some(avahi) = Avahi::start("kitchen", "kitchen") else {
            return;
        };
        let near = network::on_machine("kitchen", "10.77.0.2", &[LAN]);
        let far = network::on_machine("attic", "10.77.0.3", &[LAN]);
        let (bob, alice) = (near.register("bob"), far.register("alice"));
        far.give_to("alice");
        eventually(|| neighbour(&alice, "http://kitchen.local").is_some());
        follows(&alice, &bob, "beside another");
        eventually(|| {
            let said = avahi
                .says("avahi-browse", &["-r", "-p", "-t", "_pumpio._tcp"])
                .1;
            ["kitchen.local;10.77.0.2;80", "attic.local;10.77.0.3;80"]
                .iter()
                .all(|service| said.contains(service))
        });
        assert!(!near.log().contains("kitchen-2"), "{}", near.log());
        let address = avahi
            .says("avahi-resolve", &["-4", "-n", "kitchen.local"])
            .1;
        assert!(address.contains("10.77.0.2"), "{address}");
    });
}

/// pump-api.md §6.4
#[test]
fn who_shows_another_certificate_than_is_announced_is_refused() {
    let test = "who_shows_another_certificate_than_is_announced_is_refused";
    among(&["kitchen", "attic", "liar"], false, test, || {
        let Some(mut avahi) = Avahi::start("liar", "liar") else {
            return;
        };
        let certificate = Certificate::new();
        let [key, cert] = certificate.options();
        let a = network::on_machine("kitchen", "10.77.0.2", &[LAN]);
        let b = network::on_machine("attic", "10.77.0.3", &["--key", &key, "--cert", &cert, LAN]);
        let (alice, bob) = (a.register("alice"), b.register("bob"));
        a.give_to("alice");
        let fingerprint = format!("fp={}", "00".repeat(32));
        let false_one = [
            "-s",
            "Liar",
            "_pumpio._tcp",
            "443",
            "txtvers=1",
            "id=1",
            "name=Liar",
        ];
        let all = [&false_one[..], &["url=https://attic.local", &fingerprint]].concat();
        avahi.run("avahi-publish", &all);
        eventually(|| neighbours(&alice).iter().any(|one| one["name"] == "Liar"));
        let person = json!({ "objectType": "person", "id": bob.id() });
        alice.post_to("/api/user/alice/following", &person).ok();
        eventually(|| {
            neighbours(&alice)
                .iter()
                .any(|one| one.get("refused").is_some())
        });
        let page = a.browser_of("alice").open("/").expect(200);
        assert!(page.shows("Nothing is sent to attic.local"));
        assert_eq!(alice.get("/api/owner/pins").ok()["totalItems"], 0);

        avahi.end_last();
        eventually(|| neighbours(&alice).len() == 1);
        alice
            .post_to("/api/owner/deliveries/attic.local/retry", &json!({}))
            .ok();
        eventually(|| alice.get("/api/owner/pins").ok()["totalItems"] == 1);
    });
}
