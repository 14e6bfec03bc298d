//! The box to post while the disk of the server is full.

use super::real::states;
use crate::full_disk::Crowded;
use crate::harness::{Chromium, pictures};
use std::fs;
use tempfile::TempDir;

/// What the server leaves free beside uploads, in bytes.
const RESERVE_BYTES: usize = 72 << 20;

#[test]
fn a_full_disk_is_said_in_words_and_everything_goes_on_when_there_is_room() {
    let Some(Crowded { pump, disk }) = Crowded::start() else {
        return;
    };
    let evan = pump.register("evan");
    let desk = TempDir::new().expect("a directory");
    let photo = desk.path().join("sea.jpg");
    fs::write(&photo, pictures::grainy(1200, 800, 1)).expect("a file");
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on_a_phone().open("/").click("What is new?");
    phone.fill("What is new?", "Written with care");

    // No room for a photo: it says so, waits, and goes on.
    disk.fill(RESERVE_BYTES);
    phone.attach("Photos", &[&photo]);
    phone.until(|phone| states(phone) == "lost", "it does not wait");
    phone
        .sees("disk of this server is full")
        .has_no_axe_violations();
    phone.reload().click("What is new?").sees("sea.jpg");
    phone.sees("disk of this server is full");
    disk.free();
    phone.click("Try again");
    phone.until(|phone| states(phone) == "done", "it does not go on");

    // No room for anything.
    disk.fill(0);
    phone.click("Post").sees("disk of this server is full");
    let written = "document.querySelector('#content').value";
    assert_eq!(phone.script(written), "Written with care");
    assert_eq!(evan.feed().major().total(), 0);
    disk.free();
    phone
        .click("Post")
        .sees("Posted.")
        .sees("Written with care");
    phone.complaints();
    let posted = evan.feed().major();
    assert_eq!(posted.total(), 1);
    assert_eq!(posted.items()[0]["object"]["objectType"], "image");
    drop(phone);
    drop(pump);
}
