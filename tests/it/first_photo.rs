//! From a new server to the first photo in it, on a phone, as people do it: with scripts and without.

use crate::harness::chromium::{Chromium, Window};
use crate::harness::people::PASSWORD;
use crate::harness::{Pump, pictures};
use std::fs;

/// The setup, as somebody does it who has the code.
fn sets_up(phone: &mut Window, code: &str, scripts: bool) {
    phone.open("/").sees("Welcome to your pump");
    phone
        .fill("Setup code", code)
        .fill("Name of your pump", "The Prodromous")
        .fill("Your nickname", "evan")
        .fill("Password", PASSWORD)
        .fill("The password again", PASSWORD)
        .fill("Address of this server", "localhost:8080")
        .click("Set up");
    phone
        .sees("Your pump is ready")
        .sees("http://localhost:8080");
    if scripts {
        phone.has_no_axe_violations();
    }
}

/// The way to the first photo, and what is there then.
fn story(scripts: bool) {
    let pump = Pump::unconfigured();
    let code = pump.runs(&["setup-code"], "");
    let chromium = Chromium::take();
    let mut phone = chromium.window(&pump);
    phone.on_a_phone().scripts(scripts);
    sets_up(&mut phone, &code, scripts);

    let photo = pump.directory().join("sea.jpg");
    fs::write(&photo, pictures::photo(1200, 800, 6)).expect("a file");
    phone.click("Post the first photo").sees("New post");
    if scripts {
        phone
            .fill("What is new?", "We are at the sea")
            .attach_near("Camera", "Photos", &[&photo])
            .sees("sea.jpg")
            .fill("What does it show?", "Waves, and a dog")
            .sees("ready");
    } else {
        phone
            .fill("What is new?", "We are at the sea")
            .attach("Photos or a video", &[&photo])
            .fill("What do they show?", "Waves, and a dog");
    }
    // In a household the first post is for the family.
    phone
        .sees("Family (0)")
        .click("Change")
        .click("Only me")
        .click_near("Preview", "Post");
    phone.sees("We are at the sea").sees("Waves, and a dog");
    let is_there =
        "[...document.images].some(image => image.alt === 'Waves, and a dog' && image.complete
        && image.naturalHeight > image.naturalWidth)";
    phone.until(
        |phone| phone.evaluate(is_there) == Ok(true.into()),
        "the photo is not there, or lies on its side",
    );

    // Nobody else sees it.
    let mut stranger = chromium.window(&pump);
    stranger
        .open("/evan")
        .sees("evan")
        .sees_no("We are at the sea");
}

#[test]
fn from_setup_to_the_first_photo_on_a_phone() {
    story(true);
}

#[test]
fn from_setup_to_the_first_photo_without_scripts() {
    story(false);
}
