//! A ready-made box on a bad day: it is hot, its card is worn, an update went back, and the Wi-Fi was not joined. Its owner has more
//! pages than others, and more to read on them.

use crate::harness::{Browser, Pump};
use serde_json::json;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// What the machine says of itself, in place of what the system and the units of a box would write.
pub(super) struct Machine(TempDir);

impl Machine {
    pub(super) fn new() -> Machine {
        let machine = Machine(TempDir::new().expect("a directory"));
        let networks = json!([
            { "name": "Fjord", "has_password": true },
            { "name": "A name as long as a Wi-Fi has it", "has_password": true },
            { "name": "Café am Markt", "has_password": false },
        ]);
        let wifi = json!({
            "is_open": false, "networks": networks, "joining": null,
            "problem": "The pump could not join Fjord. Look at the password, or move the box nearer to the router.",
        });
        let outcome = json!({ "version": "0.2.0", "what": "WentBack" });
        for (file, text) in [
            ("sys/class/thermal/thermal_zone0/temp", "84000\n".to_owned()),
            (
                "sys/block/mmcblk0/device/life_time",
                "0x01 0x02\n".to_owned(),
            ),
            ("sys/block/mmcblk0/device/pre_eol_info", "0x03\n".to_owned()),
            ("wifi/state.json", wifi.to_string()),
            (
                "ssh/authorized_keys",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample ann@laptop\n".to_owned(),
            ),
            ("versions/outcome.json", outcome.to_string()),
            // Nobody looks for wishes there.
            ("power/.nobody", String::new()),
        ] {
            write(&machine.0.path().join(file), &text);
        }
        machine
    }

    /// The options of a server that runs on it.
    pub(super) fn options(&self) -> Vec<String> {
        let at = |option: &str, directory: &str| {
            [
                option.to_owned(),
                self.0.path().join(directory).display().to_string(),
            ]
        };
        let mut all = [
            at("--sysdir", "sys"),
            at("--wifidir", "wifi"),
            at("--shelldir", "ssh"),
            at("--versionsdir", "versions"),
            at("--powerdir", "power"),
        ]
        .concat();
        all.extend(["--updateurl", "https://pump.example/pump.tar"].map(str::to_owned));
        all
    }

    /// Lets a version wait for the owner's word.
    pub(super) fn offers(pump: &Pump) {
        let directory = pump.directory().join("update");
        let offer = json!({ "version": "0.3.0", "is_older": true });
        write(&directory.join("package.tar"), "nobody opens it");
        write(&directory.join("offer.json"), &offer.to_string());
    }
}

/// Lets the owner turn the padlock on.
#[track_caller]
pub(super) fn locks(owner: &mut Browser) {
    let form = owner.open("/main/box/padlock").expect(200).form("turn");
    let page = owner.submit(&form.press("deed")).expect(200);
    assert!(page.shows("It is on."), "{}", page.html());
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("it is in a directory")).expect("writable");
    fs::write(file, text).expect("writable");
}
