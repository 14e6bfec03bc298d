//! A backup put back on the first page of a new machine, in a browser: what is wrong is said and changes nothing, and in the end
//! everybody logs in as before.

use crate::harness::people::PASSWORD;
use crate::harness::{Chromium, Pump, eventually_some, note, public};
use std::fs;
use std::net::SocketAddr;
use tempfile::TempDir;

const PASSPHRASE: &str = "four rivers meet here";

/// Where a server listens after it began again in the same process.
fn second_address(pump: &Pump) -> Option<SocketAddr> {
    let log = pump.log();
    let mut lines = log
        .lines()
        .filter_map(|line| line.strip_prefix("listening on http://"));
    lines.nth(1)?.strip_suffix('/')?.parse().ok()
}

#[test]
fn a_backup_takes_the_place_of_the_setup_after_everything_that_can_be_wrong_with_it() {
    let stick = TempDir::new().expect("a directory");
    let backup = stick.path().join("home.tar.age");
    let mut old = Pump::named("localhost", &[]);
    old.register("evan").post(note("keep me").to(public()));
    old.give_to("evan");
    old.runs(
        &["backup", "--encrypt", &backup.display().to_string()],
        PASSPHRASE,
    );
    old.kill();
    let photo = stick.path().join("sea.jpg");
    fs::write(&photo, b"no backup at all").expect("a file");

    let new = Pump::unconfigured();
    let code = new.runs(&["setup-code"], "");
    let chromium = Chromium::take();
    let mut phone = chromium.window(&new);
    // It will have the name that it had before.
    phone.also_reaches(&old);
    phone.on_a_phone().open("/");
    phone.click("Restore a backup").sees("comes here");
    phone.has_no_axe_violations();
    for (code, passphrase, file, words) in [
        (
            "ZZZZ-0000",
            PASSPHRASE,
            &backup,
            "This is not the setup code",
        ),
        (code.as_str(), "", &photo, "no backup"),
        (
            code.as_str(),
            "three rivers",
            &backup,
            "The passphrase is not right",
        ),
    ] {
        phone.fill("Setup code", code);
        phone.fill("Passphrase", passphrase);
        phone.attach("File of the backup", &[file]);
        phone
            .click_near("File of the backup", "Restore")
            .sees(words);
        phone.has_no_axe_violations();
    }
    phone.fill("Passphrase", PASSPHRASE);
    phone.click_near("File of the backup", "Restore");
    let address = eventually_some(|| second_address(&new));
    new.site.moves_to(address);
    old.site.moves_to(address);
    phone.sees("Log in").click("Log in");
    phone.complaints();
    phone
        .fill("Nickname", "evan")
        .fill("Password", PASSWORD)
        .click_near("Forgot your password?", "Log in")
        .sees("keep me");
    assert_eq!(phone.address(), "http://localhost/");
}
