//! A long film over a network that breaks again and again.

use super::real::states;
use crate::harness::{Chromium, Pump};
use std::fs;

/// Bytes of the film.
const FILM_BYTES: usize = 50 << 20;

/// After how many bytes the network breaks, each time.
const CUTS: [u64; 4] = [3_000_000, 9_500_000, 1_200_000, 11_000_000];

/// Bytes that the server takes for a film; no two pieces of it are the same.
fn film() -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    let mut state = 1_u32;
    while bytes.len() < FILM_BYTES {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend(state.to_le_bytes());
    }
    bytes
}

#[test]
fn a_film_arrives_whole_and_once_over_a_network_that_breaks_and_a_reload() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let film = film();
    let file = pump.directory().join("summer.mp4");
    fs::write(&file, &film).expect("a file");
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on_a_phone().open("/").click("What is new?");
    phone.fill("What is new?", "A whole summer");
    for (number, cut) in CUTS.into_iter().enumerate() {
        phone.road.cut_after(cut);
        if number == 0 {
            phone.attach("Photos", &[&file]);
        }
        phone.until(|phone| phone.road.is_cut(), "nothing is sent");
        phone.until(|phone| states(phone) == "lost", "no upload is cut");
        phone.sees("waits for the network");
        phone.offline(true);
        phone.road.mend();
        if number == 1 {
            // A page that is loaded anew while there is a network goes on where it was.
            phone.offline(false);
            phone.reload().click("What is new?").sees("summer.mp4");
            phone.until(|phone| states(phone) == "sends", "it does not go on");
        } else {
            phone.offline(false);
        }
    }
    // Whoever taps before it is there has to wait, not to tap again.
    phone.click("Post").sees("Posted as soon as");
    phone.sees("Posted.").click("See it").sees("A whole summer");
    assert!(phone.path().starts_with("/evan/"), "{}", phone.path());
    phone.complaints();

    assert_eq!(evan.feed().major().total(), 1);
    let posted = evan.feed().major().items()[0]["object"].clone();
    assert_eq!(posted["objectType"], "video");
    let address = posted["stream"]["url"].as_str().expect("a film");
    let kept = evan.get(pump.site.path_of(address)).expect(200).body;
    assert!(kept == film, "{} of {FILM_BYTES} bytes", kept.len());
    let mut other = chromium.window_of(&pump, "evan");
    other.open("/").sees("A whole summer");
    assert_eq!(other.script("document.querySelectorAll('video').length"), 1);
}
