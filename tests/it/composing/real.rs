//! The box to post in a real browser, on a phone whose network comes and goes.

use crate::harness::chromium::Window;
use crate::harness::{Chromium, Pump, pictures};
use std::fs;
use std::path::PathBuf;

/// Photos as phones make them, a few megabytes each.
fn photos(pump: &Pump) -> Vec<PathBuf> {
    let named = (1..=5).map(|number| {
        let file = pump.directory().join(format!("sea{number}.jpg"));
        fs::write(&file, pictures::grainy(2400, 1600, number)).expect("a file");
        file
    });
    named.collect()
}

/// The states of the files that wait in the box, in order.
pub(super) fn states(window: &mut Window) -> String {
    let states =
        "[...document.querySelectorAll('.waiting li')].map(one => one.dataset.state).join(' ')";
    let states = window.evaluate(states).unwrap_or_default();
    states.as_str().unwrap_or_default().to_owned()
}

#[test]
fn five_photos_are_posted_over_a_network_that_breaks_and_a_reload() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.follow(&ann);
    let files = photos(&pump);
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on_a_phone().open("/").click("What is new?");
    phone.sees("Who can see this").has_no_axe_violations();
    phone.fill("What is new?", "Five of **them**");

    // The network ends in the middle of the first photos, and comes back; the page is loaded anew in the middle of the others.
    phone.road.cut_after(1_200_000);
    phone.attach("Photos", &files);
    phone.until(|phone| states(phone).contains("lost"), "no upload is cut");
    assert!(phone.road.is_cut());
    phone.offline(true);
    phone.road.mend();
    phone.offline(false);
    phone.until(|phone| states(phone).contains("done"), "no upload goes on");
    phone.reload().click("What is new?").sees("sea5.jpg");
    assert_eq!(
        phone.script("document.querySelector('#content').value"),
        "Five of **them**"
    );
    for number in 1..=files.len() {
        phone.until(
            |phone| states(phone).matches("done").count() >= number,
            "not all photos came",
        );
    }

    // The last one first, words for it, and only Ann.
    for _ in 0..4 {
        phone.click_near("sea5.jpg", "Move earlier");
    }
    let order = "[...document.querySelectorAll('.waiting .file-name')].map(one => one.textContent).join(' ')";
    assert_eq!(
        phone.script(order),
        "sea5.jpg sea1.jpg sea2.jpg sea3.jpg sea4.jpg"
    );
    phone.fill("What does it show? (1)", "Waves, and a dog");
    phone.click("Change").click("Only me");
    phone.fill("Find people by name", "ann").press("Enter");
    phone.sees("ann is notified.").has_no_axe_violations();
    assert_eq!(phone.overhanging(), Vec::<String>::new());
    phone.click("Post").sees("Posted.").sees("Five of them");
    let names = ["Failed to load", "net::ERR", "main/uploads"];
    for complaint in phone.complaints() {
        let is_of_network = names.iter().any(|name| complaint.contains(name));
        assert!(is_of_network, "{complaint}");
    }

    let posted = ann.inbox().direct().items()[0]["object"].clone();
    let parts = posted["attachments"].as_array().cloned();
    let parts = parts.unwrap_or_default();
    assert_eq!(parts.len(), 5);
    assert_eq!(parts[0]["alt"], "Waves, and a dog");
    assert_eq!(evan.feed().major().total(), 1);
    let mut other = chromium.window_of(&pump, "ann");
    other.open("/").sees("Five of them");
    let shown = "[...document.images].filter(one => one.src.includes('/uploads/')).length";
    assert_eq!(other.script(shown), 5);
}

#[test]
fn a_draft_survives_a_log_out() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let chromium = Chromium::take();
    let mut desk = chromium.window_of(&pump, "evan");
    desk.open("/main/compose").has_no_axe_violations();
    desk.fill("What is new?", "Not to be lost");
    // Another window logs out.
    desk.script(
        "fetch('/main/logout', { method: 'POST', body: new URLSearchParams({ _csrf: document.querySelector('[name=_csrf]').value }) })
            .then(() => 0)",
    );
    desk.click_near("Preview", "Post").sees("Log in");
    desk.complaints();
    desk.fill("Nickname", "evan")
        .fill("Password", crate::harness::people::PASSWORD)
        .click_near("Forgot your password?", "Log in")
        .is_at("/main/compose");
    desk.until(
        |desk| desk.script("document.querySelector('#content').value") == "Not to be lost",
        "the draft is lost",
    );
    desk.click_near("Preview", "Post")
        .sees("Not to be lost")
        .is_at("/");
    assert_eq!(evan.feed().major().total(), 1);
}
