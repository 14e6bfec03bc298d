//! The picture of a person: which part of it is seen, told by a form and chosen on a phone.

use crate::harness::chromium::Chromium;
use crate::harness::{Pump, pictures};
use std::fs;

/// The colour in the middle of the picture of ann that clients show: whether it is red, and whether it is blue.
fn seen(pump: &Pump) -> (bool, bool) {
    let profile = pump.client().get("/api/user/ann/profile").ok();
    let address = profile["image"]["url"].as_str().expect("a picture");
    let square = pump.nobody().get(address).expect(200);
    assert_eq!(pictures::size_of(&square.body), (96, 96));
    let mut decoder = jpeg_decoder::Decoder::new(square.body.as_slice());
    let pixels = decoder.decode().expect("a picture");
    let at = (48 * 96 + 48) * 3;
    let (red, blue) = (pixels[at], pixels[at + 2]);
    (red > 128, blue > 128)
}

#[test]
fn a_form_tells_which_part_of_the_upright_picture_is_seen() {
    let pump = Pump::start();
    pump.register("ann");
    let mut ann = pump.browser_of("ann");
    // Red to the left and blue to the right as stored, so red above and blue below as shown.
    let photo = pictures::photo(600, 300, 6);
    let form = ann.open("/main/settings/profile").form("profile");
    let form = form.attach("avatar", "me.jpg", "image/jpeg", &photo);
    let part = |x, y, size| {
        let form = form.clone().check("avatar-x", x).check("avatar-y", y);
        form.check("avatar-size", size)
    };
    for [x, y, size] in [
        ["left", "0.5", "0.5"],
        ["0.5", "NaN", "0.5"],
        ["0.5", "1.5", "0.5"],
        ["0.5", "0.5", "0"],
        ["0.5", "0.5", ""],
    ] {
        let refused = ann.submit(&part(x, y, size)).expect(400);
        assert!(refused.shows("The part that you chose is not in the picture"));
    }
    ann.submit(&part("0.5", "0.9", "1")).expect(200);
    assert_eq!(seen(&pump), (false, true), "moved inside at the lower edge");
    ann.submit(&part("0.5", "0", "0.3")).expect(200);
    assert_eq!(seen(&pump), (true, false), "the upper edge");
    ann.submit(&part("0.5", "1", "0.000001")).expect(200);
    assert_eq!(seen(&pump), (false, true), "no smaller than a tenth");
}

#[test]
fn the_part_is_chosen_on_a_phone() {
    let pump = Pump::start();
    pump.register("ann");
    let photo = pump.directory().join("me.jpg");
    fs::write(&photo, pictures::photo(1200, 800, 6)).expect("a file");
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "ann");
    phone.on_a_phone().open("/main/settings/profile");
    let files = "document.querySelector('#avatar').files.length";
    let title = "Which part is to be seen?";
    phone.attach("A new picture of you", &[&photo]).sees(title);
    phone.has_no_axe_violations();
    assert_eq!(phone.small_targets(), [""; 0]);
    phone.click("Cancel").sees_no(title);
    assert_eq!(phone.script(files), 0, "nothing was chosen");

    phone.attach("A new picture of you", &[&photo]).sees(title);
    for _ in 0..4 {
        phone.click("Larger");
    }
    phone
        .swipe("dialog.crop canvas", 0, 300)
        .swipe("dialog.crop canvas", 0, 300);
    phone.click("Use this part").sees("to keep this picture");
    phone.click("Save").sees("Saved.");
    assert_eq!(
        seen(&pump),
        (true, false),
        "the upper part, which was pulled down"
    );

    phone.attach("A new picture of you", &[&photo]).sees(title);
    for _ in 0..6 {
        phone.press("=");
    }
    for _ in 0..40 {
        phone.press("ArrowDown");
    }
    phone.press("Enter").sees("to keep this picture");
    phone.click("Save").sees("Saved.");
    assert_eq!(seen(&pump), (false, true), "the lower part");
    assert_eq!(phone.complaints(), [""; 0]);
}
