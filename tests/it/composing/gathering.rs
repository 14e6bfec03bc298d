//! Files that come into the box to post from other windows and from the clipboard, with wrong ones among them.

use super::real::states;
use crate::harness::{Chromium, Pump, pictures};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn files_are_dropped_and_pasted_and_a_wrong_one_is_taken_out() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let file = pump.directory().join(name);
        fs::write(&file, bytes).expect("a file");
        file
    };
    let files = [
        file("sea.jpg", &pictures::photo(640, 480, 6)),
        file("broken.jpg", b"no photo"),
        file("empty.txt", b""),
        file("recipe.txt", b"Flour, salt, water"),
    ];
    let files = files.each_ref().map(PathBuf::as_path);
    let chromium = Chromium::take();
    let mut desk = chromium.window_of(&pump, "evan");
    desk.open("/main/compose").fill("What is new?", "Look");
    // Also beside the box: the browser would leave the page to show the file.
    desk.drop_files("header", &files);
    desk.until(
        |desk| states(desk) == "done failed failed done",
        "the files are not judged",
    );
    desk.sees("The file is empty.");
    desk.has_no_axe_violations();
    assert!(desk.path().starts_with("/main/compose"));

    // As long as a wrong one is there nothing is posted, and it says which.
    desk.click_near("Preview", "Post")
        .sees("Take this one out first");
    assert_eq!(evan.feed().major().total(), 0);
    desk.click_near("broken.jpg", "Remove")
        .sees_no("broken.jpg");
    desk.click_near("empty.txt", "Remove").sees_no("empty.txt");

    // A picture from the clipboard, while one writes; words that are pasted are words.
    desk.fill("What is new?", "Look at this");
    desk.paste("image.png", "image/png", &pictures::png(40, 30));
    desk.until(|desk| states(desk) == "done done done", "nothing is pasted");
    desk.complaints();
    desk.reload().sees("image.png");
    desk.until(|desk| states(desk) == "done done done", "it is not kept");
    desk.click_near("Preview", "Post")
        .sees("Look at this")
        .is_at("/");
    let posted = evan.feed().major().items()[0]["object"].clone();
    let kinds: Vec<_> = posted["attachments"]
        .as_array()
        .expect("parts")
        .iter()
        .map(|part| part["objectType"].clone())
        .collect();
    assert_eq!(kinds, ["image", "file", "image"]);
    assert_eq!(evan.feed().major().total(), 1);
}

#[test]
fn a_drop_on_the_sheet_over_home_is_taken_and_too_many_are_not() {
    let pump = Pump::start();
    pump.register("evan");
    let photo = pump.directory().join("sea.png");
    fs::write(&photo, pictures::png(8, 8)).expect("a file");
    let chromium = Chromium::take();
    let mut desk = chromium.window_of(&pump, "evan");
    desk.open("/")
        .click("What is new?")
        .sees("Who can see this");
    let many: Vec<&Path> = vec![photo.as_path(); 21];
    desk.drop_files(".over .composer", &many);
    desk.sees("A post can show at most 20");
    desk.until(
        |desk| states(desk) == ["done"; 20].join(" "),
        "twenty are not taken",
    );
}
