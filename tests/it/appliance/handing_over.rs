//! What the boot partition hands over becomes networks, names and the owner, once; its secrets go from there.

use super::Card;
use crate::harness::people::PASSWORD;
use crate::harness::pump::{command_line, said};
use crate::harness::{Browser, Pump, eventually};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

/// What Raspberry Pi Imager makes of the password of everybody (crypt(5)).
fn hash() -> String {
    let output = std::process::Command::new("openssl")
        .args(["passwd", "-6", PASSWORD])
        .output()
        .expect("openssl runs");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

fn pump_toml() -> String {
    format!(
        "# of ours\nname = \"Prodromou\"\nlanguage = \"de\"\ntimezone = \"Europe/Berlin\"\n[owner]\nnickname = \"evan\"\n\
         password = \"{PASSWORD}\"\n[wifi]\nssid = \"Zu Hause\"\npassword = \"sesame12\"\ncountry = \"DE\"\n"
    )
}

#[track_caller]
fn logs_in(browser: &mut Browser) {
    let page = browser.log_in("evan", PASSWORD);
    assert_eq!(page.answer.status, 200, "{}", page.html());
}

#[test]
fn a_command_without_its_directories_says_which() {
    for (words, part) in [
        (vec!["appliance"], "first-boot"),
        (vec!["appliance", "dance"], "dance"),
        (vec!["appliance", "first-boot", "--boot", "/x"], "--data"),
        (vec!["user", "list", "--boot", "/x"], "--boot"),
    ] {
        let output = command_line(&words, "");
        assert_eq!(output.status.code(), Some(64), "{}", said(&output));
        assert!(said(&output).contains(part), "{}", said(&output));
    }
}

#[test]
fn a_card_with_nothing_new_is_left_alone() {
    let card = Card::new();
    let data = card.path("data");
    card.does("first-boot", &data);
    assert_eq!(card.names(""), ["boot", "zones"]);
    card.write("boot/pump.toml", "name = \"x\"\n");
    card.does("first-boot", &data);
    let before = fs::metadata(card.path("state/handover.json"))
        .expect("kept")
        .modified();
    card.does("first-boot", &data);
    let after = fs::metadata(card.path("state/handover.json"))
        .expect("kept")
        .modified();
    assert_eq!(before.expect("a time"), after.expect("a time"));
    assert_eq!(card.read("boot/pump.toml"), "name = \"x\"\n");
}

#[test]
fn a_file_that_is_too_long_is_told_until_it_is_gone() {
    let card = Card::new();
    let data = card.path("data");
    card.write("boot/pump.toml", "name = \"Prodromou\"\n");
    let told = || {
        card.does("first-boot", &data);
        card.does("status", &data);
        card.read("boot/pump-status.txt")
    };
    assert!(!told().contains("longer than"));
    card.write("boot/user-data", "x".repeat(3_000_000));
    for _ in 0..2 {
        let status = told();
        assert!(status.contains("user-data is longer than"), "{status}");
        assert!(status.contains("Used: pump.toml"), "{status}");
    }
    fs::remove_file(card.path("boot/user-data")).expect("it is there");
    assert!(!told().contains("longer than"));
}

#[test]
fn our_own_file_makes_the_owner_before_anybody_can_and_loses_its_passwords() {
    let card = Card::new();
    let data = TempDir::new().expect("a directory");
    card.write("boot/pump.toml", pump_toml());
    card.does("first-boot", data.path());
    let network = card.read("iwd/Zu Hause.psk");
    assert!(network.contains("Passphrase=sesame12\n"), "{network}");
    let mode = fs::metadata(card.path("iwd/Zu Hause.psk"))
        .expect("kept")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(card.read("state/country"), "DE\n");
    assert_eq!(
        fs::read_link(card.path("state/localtime")).expect("a link"),
        card.path("zones/Europe/Berlin")
    );
    for place in ["boot/pump.toml", "state/handover.json"] {
        let text = card.read(place);
        assert!(
            !text.contains(PASSWORD) && !text.contains("sesame12"),
            "{place}: {text}"
        );
    }
    assert!(card.read("boot/pump.toml").contains("# of ours"));
    let named = fs::read_to_string(data.path().join("owner.json")).expect("kept");
    assert!(!named.contains(PASSWORD), "{named}");

    let mut pump = Pump::named_on(data, "pump.local");
    assert_eq!(pump.nobody().get("/setup").status, 404);
    assert!(!pump.directory().join("owner.json").exists());
    logs_in(&mut pump.browser());
    let page = pump.browser().open("/main/login").expect(200);
    assert!(
        page.html().contains("lang=\"de\"") && page.shows("Prodromou"),
        "{}",
        page.html()
    );
    // The same again, after a restart: an owner there is already.
    card.write("boot/pump.toml", pump_toml().replace("evan", "eve"));
    card.does("first-boot", pump.directory());
    pump.restart();
    assert!(!pump.directory().join("owner.json").exists());
    logs_in(&mut pump.browser());
    assert_eq!(pump.nobody().get("/eve").status, 404);
}

#[test]
fn imagers_hash_lets_its_owner_in_and_becomes_one_of_ours() {
    let card = Card::new();
    let data = TempDir::new().expect("a directory");
    let toml = format!(
        "config_version = \"1.0\"\n[system]\nhostname = \"attic\"\n[user]\nname = \"evan\"\npassword = \"{}\"\npassword_encrypted = true\n",
        hash()
    );
    card.write("boot/rpi-preseed.toml", toml);
    card.does("first-boot", data.path());
    assert!(!card.read("boot/rpi-preseed.toml").contains("$6$"));
    assert_eq!(card.read("state/hostname"), "attic\n");
    let pump = Pump::named_on(data, "attic.local");
    let mut browser = pump.browser();
    let wrong = browser.log_in("evan", "alice*secret2");
    assert_eq!(wrong.answer.status, 401);
    logs_in(&mut browser);
    logs_in(&mut pump.browser());
}

#[test]
fn an_older_script_is_explained_and_does_not_keep_the_box_from_starting() {
    let card = Card::new();
    card.write(
        "boot/firstrun.sh",
        "#!/bin/sh\nuserconf 'evan' '$5$secret'\nexit 0\n",
    );
    card.write("boot/cmdline.txt", "console=tty1 rootwait systemd.run=/boot/firstrun.sh systemd.unit=kernel-command-line.target\n");
    card.does("first-boot", &card.path("data"));
    card.does("status", &card.path("data"));
    let status = card.read("boot/pump-status.txt");
    assert!(
        status.contains("firstrun.sh is a script for Raspberry Pi OS"),
        "{status}"
    );
    assert!(status.contains("pump.toml"), "{status}");
    assert!(!card.read("boot/firstrun.sh").contains("$5$"));
    assert_eq!(card.read("boot/cmdline.txt"), "console=tty1 rootwait\n");
    assert!(!card.path("data/owner.json").exists());
}

#[test]
fn nonsense_in_every_file_becomes_words_and_what_makes_sense_counts() {
    let card = Card::new();
    card.write("boot/pump.toml", "[wifi]\nssid = \"Zu Hause\"\npassword = \"kurz\"\n[owner]\nnickname = \"evan\"\npassword = \"password1\"\n");
    card.write(
        "boot/rpi-preseed.toml",
        "config_version = \"9.0\"\n[locale]\ntimezone = \"Mars/Base\"\n[ssh]\nenabled = true\n",
    );
    card.write("boot/network-config", "wifis: [\n");
    card.write("boot/user-data", [0xff, 0xfe, 0x00]);
    card.write("boot/firstrun.sh", "x".repeat(70_000));
    card.does("first-boot", &card.path("data"));
    card.write("boot/meta-data", "");
    fs::create_dir(card.path("notes")).expect("writable");
    card.write("notes/data", "The data partition was repaired.\n");
    card.does("status", &card.path("data"));
    let status = card.read("boot/pump-status.txt");
    for part in [
        "8 to 63 characters",
        "password of evan cannot be used",
        "config_version",
        "no time zone Mars/Base",
        "SSH stays off",
        "network-config cannot be understood: line",
        "user-data cannot be understood",
        "firstrun.sh is longer than 64 KiB",
        "The data partition was repaired.",
        "did not answer",
    ] {
        assert!(status.contains(part), "{part}: {status}");
    }
    assert!(
        !status.contains("kurz") && !status.contains("password1"),
        "{status}"
    );
    assert!(!card.read("boot/pump.toml").contains("kurz"));
    assert!(card.names("iwd").is_empty());
}

#[test]
fn a_power_cut_before_the_secrets_went_is_made_up_for() {
    let card = Card::new();
    card.write("boot/pump.toml", pump_toml());
    card.does("first-boot", &card.path("data"));
    let clean = card.read("boot/pump.toml");
    fs::remove_file(card.path("iwd/Zu Hause.psk")).expect("removable");
    // As it was when the power failed: taken over, with half a password left and a file that was begun.
    card.write("boot/pump.toml", pump_toml().replace("\"sesame", "*******"));
    card.write("boot/.pump.toml.new", "half");
    card.does("first-boot", &card.path("data"));
    assert_eq!(card.read("boot/pump.toml"), clean);
    assert_eq!(card.names("boot"), ["pump.toml"]);
    assert!(card.names("iwd").is_empty(), "nothing was taken over again");
    // A new password in the same file is a new wish.
    card.write(
        "boot/pump.toml",
        clean.replace(
            "ssid = \"Zu Hause\"\npassword = \"\"",
            "ssid = \"Zu Hause\"\npassword = \"another1\"",
        ),
    );
    card.does("first-boot", &card.path("data"));
    assert!(card.read("iwd/Zu Hause.psk").contains("another1"));
    assert_eq!(card.read("boot/pump.toml"), clean);
}

#[test]
fn the_status_tells_the_way_in_and_only_writes_what_is_new() {
    let card = Card::new();
    let pump = Pump::unconfigured();
    card.does("status", pump.directory());
    let status = card.read("boot/pump-status.txt");
    let code = pump.runs(&["setup-code"], "");
    assert!(
        status.contains(code.trim()) && status.contains("http://pump.local"),
        "{status}"
    );
    assert!(!status.replace("\r\n", "").contains('\n'), "{status}");
    let written = || {
        fs::metadata(card.path("boot/pump-status.txt"))
            .expect("kept")
            .modified()
    };
    let before = written().expect("a time");
    card.does("status", pump.directory());
    assert_eq!(written().expect("a time"), before);
    card.write("boot/SETUP-CODE.txt", &code);
    card.does("status", pump.directory());
    assert!(card.path("boot/SETUP-CODE.txt").exists());

    let mut browser = pump.browser();
    let form = browser.open("/setup").expect(200).form_to("/setup");
    let form = form.fill("code", code.trim()).fill("site", "Prodromou");
    let form = form.fill("nickname", "evan").fill("password", PASSWORD);
    browser.submit(&form.fill("again", PASSWORD)).expect(200);
    eventually(|| {
        card.does("status", pump.directory());
        card.read("boot/pump-status.txt")
            .contains("It is called Prodromou.")
    });
    assert!(!card.read("boot/pump-status.txt").contains(code.trim()));
    assert!(!card.path("boot/SETUP-CODE.txt").exists());
}
