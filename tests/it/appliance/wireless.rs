//! A box without a network opens a Wi-Fi of its own and asks there for that of the home. iwd is played by a script: the calls are
//! the real ones, the radio is not.

use crate::harness::http::{Request, Site};
use crate::harness::network::inside;
use crate::harness::pump::{binary_path, said};
use crate::harness::{Browser, Pump, eventually};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// What iwd tells of a card `wlan0` that sees the network `Zu Hause`, and is in it once the file `inside` is there.
const OBJECTS: &str = r#"{"type":"a{oa{sa{sv}}}","data":[{"/c":{"net.connman.iwd.Device":{"Name":{"type":"s","data":"wlan0"}},"net.connman.iwd.Station":{"State":{"type":"s","data":"STATE"},"ConnectedNetwork":{"type":"o","data":"/n"}}},"/n":{"net.connman.iwd.Network":{"Name":{"type":"s","data":"Zu Hause"},"Type":{"type":"s","data":"psk"},"Device":{"type":"o","data":"/c"}}}}]}"#;
const ORDERED: &str = r#"{"type":"a(on)","data":[[["/n",-5000]]]}"#;

/// The box.
struct Box {
    root: TempDir,
    unit: Option<Child>,
}

impl Box {
    fn new() -> Box {
        let root = TempDir::new().expect("a directory");
        for directory in ["bin", "data", "iwd", "run", "notes"] {
            fs::create_dir(root.path().join(directory)).expect("writable");
        }
        let script = format!(
            "#!/bin/sh
echo \"$*\" >> {log}
state=disconnected
[ ! -e {inside} ] || state=connected
case \"$*\" in
*GetManagedObjects*) echo '{OBJECTS}' | sed s/STATE/$state/ ;;
*GetOrderedNetworks*) echo '{ORDERED}' ;;
*Connect) [ -e {inside} ] ;;
esac
",
            log = root.path().join("calls").display(),
            inside = root.path().join("inside").display(),
        );
        let busctl = root.path().join("bin/busctl");
        fs::write(&busctl, script).expect("writable");
        runs(Command::new("chmod").arg("755").arg(&busctl));
        Box { root, unit: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn starts(&mut self) {
        let text = |name: &str| self.path(name).display().to_string();
        let (data, iwd, run, notes) = (text("data"), text("iwd"), text("run"), text("notes"));
        let words = [
            "appliance",
            "wifi",
            "--boot",
            "/nowhere",
            "--data",
            &data,
            "--iwd",
            &iwd,
            "--wifi",
            &run,
            "--notes",
            &notes,
            "--patience",
            "3",
        ];
        let path = format!("{}:/usr/bin:/bin", text("bin"));
        let unit = Command::new(binary_path())
            .args(words)
            .env("PATH", path)
            .stderr(Stdio::inherit())
            .spawn();
        self.unit = Some(unit.expect("it runs"));
    }
}

impl Drop for Box {
    fn drop(&mut self) {
        if let Some(unit) = &mut self.unit {
            drop(unit.kill());
            drop(unit.wait());
        }
    }
}

#[track_caller]
fn runs(command: &mut Command) {
    let output = command.output().expect("the program is there");
    assert!(output.status.success(), "{command:?}: {}", said(&output));
}

/// A card with an address.
fn has(card: &str, address: &str) {
    let link = [
        "link",
        "add",
        card,
        "type",
        "veth",
        "peer",
        "name",
        "elsewhere",
    ];
    runs(Command::new("ip").args(link));
    runs(Command::new("ip").args(["link", "set", card, "up"]));
    runs(Command::new("ip").args(["addr", "add", address, "dev", card]));
}

/// As root alone: the box's own address must be one of this machine.
fn may_have_addresses() -> bool {
    Command::new("ip")
        .args(["addr", "add", "192.168.80.1/32", "dev", "lo"])
        .status()
        .is_ok_and(|status| status.success())
}

#[test]
fn a_box_without_a_network_asks_for_one_and_comes_back_when_it_was_wrong() {
    inside(
        "appliance::wireless::a_box_without_a_network_asks_for_one_and_comes_back_when_it_was_wrong",
        || {
            let mut it = Box::new();
            fs::write(it.path("iwd/Alt.psk"), "").expect("writable");
            it.starts();
            eventually(|| it.text("calls").contains("StartProfile s Pump setup"));
            assert!(it.text("notes/wifi").contains("does not see the Wi-Fi Alt"));
            let calls = it.text("calls");
            let scanned = calls.find("Station Scan").expect("it looked around");
            assert!(scanned < calls.find("Mode s ap").expect("then it opened its own"));
            eventually(|| it.text("run/state.json").contains("\"is_open\":true"));
            assert!(it.text("run/state.json").contains("Zu Hause"));
            assert!(
                it.text("iwd/ap/Pump setup.ap")
                    .contains("Passphrase=pumpsetup")
            );

            let wish = r#"{"name":"Zu Hause","password":"sesame12","is_hidden":false}"#;
            fs::write(it.path("data/wifi.json"), wish).expect("writable");
            eventually(|| it.text("iwd/Zu Hause.psk").contains("Passphrase=sesame12"));
            eventually(|| {
                it.text("run/state.json")
                    .contains("could not join Zu Hause")
            });
            assert!(
                !it.path("iwd/Zu Hause.psk").exists(),
                "what did not work is forgotten"
            );
            eventually(|| it.text("run/state.json").contains("\"is_open\":true"));
            // What was chosen last is spoken of, not what was known before.
            assert!(it.text("notes/wifi").contains("could not join Zu Hause"));

            let gone = wish.replace("Zu Hause", "Nebenan");
            fs::write(it.path("data/wifi.json"), gone).expect("writable");
            eventually(|| {
                it.text("notes/wifi")
                    .contains("does not see the Wi-Fi Nebenan")
            });
            eventually(|| it.text("run/state.json").contains("\"is_open\":true"));

            fs::write(it.path("data/wifi.json"), wish).expect("writable");
            eventually(|| it.path("iwd/Zu Hause.psk").exists());
            fs::write(it.path("inside"), "").expect("writable");
            has("wlan0", "10.9.9.9/32");
            eventually(|| {
                let state = it.text("run/state.json");
                state.contains("\"is_open\":false") && state.contains("\"joined\":\"Zu Hause\"")
            });
            assert!(!it.text("run/state.json").contains("could not"));
            assert!(!it.path("notes/wifi").exists());
            assert!(it.path("iwd/Zu Hause.psk").exists());
            assert!(!it.path("data/wifi.json").exists());
        },
    );
}

#[test]
fn a_box_at_a_cable_says_why_it_is_not_in_its_wifi() {
    inside(
        "appliance::wireless::a_box_at_a_cable_says_why_it_is_not_in_its_wifi",
        || {
            let mut it = Box::new();
            has("eth0", "10.9.9.9/32");
            it.starts();
            // Which networks are near, the owner's page knows from the start.
            eventually(|| it.text("run/state.json").contains("Zu Hause"));
            let wish = r#"{"name":"Zu Hause","password":"sesame12","is_hidden":false}"#;
            fs::write(it.path("data/wifi.json"), wish).expect("writable");
            eventually(|| it.text("notes/wifi").contains("could not join Zu Hause"));
            let state = it.text("run/state.json");
            assert!(state.contains("\"joined\":null"), "{state}");
            assert!(!it.path("iwd/Zu Hause.psk").exists());
            let calls = it.text("calls");
            assert!(calls.contains("Powered b true"), "{calls}");
            assert!(!calls.contains("StartProfile"), "{calls}");
        },
    );
}

#[test]
fn whoever_joins_its_wifi_is_led_to_the_page_and_chooses() {
    inside(
        "appliance::wireless::whoever_joins_its_wifi_is_led_to_the_page_and_chooses",
        || {
            if !may_have_addresses() {
                return;
            }
            let it = Box::new();
            let state = r#"{"is_open":true,"networks":[{"name":"Zu Hause","has_password":true},{"name":"<b>Cafe","has_password":false}],"joining":null,"problem":"The pump could not join Garten. Look at the password, or move the box nearer to the router."}"#;
            fs::write(it.path("run/state.json"), state).expect("writable");
            let run = it.path("run").display().to_string();
            let pump = Pump::unconfigured_with(&[
                "--address",
                "192.168.80.1",
                "--port",
                "80",
                "--wifidir",
                &run,
            ]);
            for path in ["/", "/generate_204", "/hotspot-detect.html", "/setup"] {
                let answer = pump.nobody().send(Request::get(path));
                assert_eq!(answer.status, 302, "{path}");
                assert_eq!(
                    answer.header("location"),
                    "http://192.168.80.1/main/wifi",
                    "{path}"
                );
            }
            let address = "192.168.80.1:80".parse().expect("an address");
            let site = Arc::new(Site::new("http://192.168.80.1", address));
            let mut phone = Browser::new(&site);
            let page = phone.open("/main/wifi").expect(200);
            assert!(
                page.shows("could not join Garten") && page.shows("<b>Cafe"),
                "{}",
                page.html()
            );
            let form = page.form("wifi");
            let short = phone.submit(
                &form
                    .clone()
                    .fill("network", "Zu Hause")
                    .fill("password", "kurz"),
            );
            assert_eq!(short.answer.status, 400);
            assert!(short.shows("8 to 63"), "{}", short.html());
            let page = phone
                .submit(
                    &form
                        .fill("network", "Zu Hause")
                        .fill("password", "sesame12"),
                )
                .expect(200);
            assert!(
                page.shows("joins Zu Hause now") && page.shows("pump.local"),
                "{}",
                page.html()
            );
            let left = fs::read_to_string(pump.directory().join("wifi.json")).expect("left");
            assert!(left.contains("sesame12"), "{left}");
            phone.open("/setup").expect(200);
        },
    );
}

#[test]
fn in_the_home_the_page_is_the_owner_s() {
    let it = Box::new();
    let run = it.path("run").display().to_string();
    let pump = Pump::with(&["--wifidir", &run]);
    pump.register_all(["evan", "ann"]);
    pump.give_to("evan");
    assert_eq!(pump.browser_of("ann").open("/main/wifi").answer.status, 403);
    assert_eq!(pump.nobody().get("/main/wifi").status, 302);
    let mut evan = pump.browser_of("evan");
    assert!(
        evan.open("/main/box")
            .expect(200)
            .html()
            .contains("/main/wifi")
    );
    let page = evan.open("/main/wifi").expect(200);
    let form = page
        .form("wifi")
        .fill("other", "Garten")
        .fill("password", "sesame12");
    assert!(evan.submit(&form).expect(200).shows("joins Garten now"));
    let left = fs::read_to_string(pump.directory().join("wifi.json")).expect("left");
    assert!(left.contains("\"is_hidden\":true"), "{left}");
    // A password that is too short does not lose which Wi-Fi was chosen.
    let seen = |name: &str| json!({ "name": name, "has_password": true });
    let state = json!({ "is_open": false, "networks": [seen("Fjord"), seen("Garten")], "joining": null, "problem": null });
    fs::create_dir_all(it.path("run")).expect("writable");
    fs::write(it.path("run/state.json"), state.to_string()).expect("writable");
    let form = evan.open("/main/wifi").expect(200).form("wifi");
    let page = evan.submit(&form.fill("network", "Garten").fill("password", "short"));
    assert_eq!(page.answer.status, 400);
    assert!(page.html().contains("value=\"Garten\" selected"));
    let elsewhere = Pump::start();
    assert_eq!(elsewhere.browser().open("/main/wifi").answer.status, 404);
}
