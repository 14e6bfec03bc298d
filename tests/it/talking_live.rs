//! Posts where scripts run: two people who talk at the same time, pictures over the whole screen, what goes and comes back, and the way
//! back to where one was.

use crate::harness::chromium::{Chromium, Window};
use crate::harness::{Pump, note, pictures, public};

/// Whether something is so on the page.
fn is_so(window: &mut Window, script: &str) -> bool {
    window.evaluate(script) == Ok(true.into())
}

#[test]
fn two_people_talk_live() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.follow(&ann);
    ann.follow(&evan);
    let chromium = Chromium::take();
    let (mut left, mut right) = (
        chromium.window_of(&pump, "evan"),
        chromium.window_of(&pump, "ann"),
    );
    left.open("/main/compose").sees("What is new?");
    // She knows already that he follows her.
    right
        .on_a_phone()
        .open("/main/notifications")
        .sees("evan follows you");
    right.open("/").sees("What is new?");
    let listens = "performance.getEntriesByType('resource').length > 0";
    right.until(|window| is_so(window, listens), "the page does not load");
    left.fill("What is new?", "Is anybody there?")
        .click_near("Preview", "Post");
    left.sees("Is anybody there?");
    // It is announced, and comes in place.
    right.sees("1 new").click("1 new").sees("Is anybody there?");
    right.click_near("Is anybody there?", "Comment");
    right
        .fill("Your comment", "Yes, me")
        .press("Tab")
        .press("Enter");
    right.sees("Yes, me");
    left.sees("Yes, me");
    left.until(
        |window| is_so(window, "document.title.startsWith('(')"),
        "the title tells of nothing new",
    );
    left.open("/main/notifications")
        .sees("ann commented on your note");
    left.has_no_axe_violations();
    assert!(left.complaints().is_empty() && right.complaints().is_empty());
}

#[test]
fn pictures_come_over_the_whole_screen_and_one_is_back_where_one_was() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.follow(&ann);
    let parts: Vec<_> = (1..=3)
        .map(|number| ann.upload("image/jpeg", &pictures::photo(480, 320 * number, 1)))
        .collect();
    ann.post(
        note("three pictures")
            .to(public())
            .object_with("attachments", parts),
    );
    for number in 0..15 {
        ann.post(note(&format!("number {number}")).to(public()));
    }
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on_a_phone().open("/").sees("number 14");
    let last = "document.querySelector('.pictures').closest('article')";
    phone.script(&format!("{last}.scrollIntoView(); 0"));
    phone.click_near("three pictures", "Like");
    phone.until(
        |phone| {
            is_so(
                phone,
                &format!("{last}.querySelector('.like').ariaPressed === 'true'"),
            )
        },
        "no like",
    );
    phone.script("document.querySelector('.pictures a:nth-of-type(2)').click(); 0");
    phone.sees("2 of 3").press("ArrowRight").sees("3 of 3");
    phone
        .press("ArrowRight")
        .sees("1 of 3")
        .has_no_axe_violations();
    phone.swipe(".lightbox .stage", -200, 0).sees("2 of 3");
    phone.press("Escape").sees_no("2 of 3");
    phone.until(
        |phone| {
            is_so(
                phone,
                "document.activeElement.matches('.picture') && !history.state",
            )
        },
        "the focus is lost",
    );
    // Back closes it, and leaves the page alone.
    phone.script("document.activeElement.click(); 0");
    phone.sees("2 of 3");
    phone.script("history.back(); 0");
    phone.sees_no("2 of 3").sees("three pictures");

    phone.script(&format!("{last}.scrollIntoView(); 0"));
    let before = phone.script("Math.round(scrollY)");
    phone.script(&format!("{last}.querySelector('.u-url').click(); 0"));
    phone.until(|phone| phone.path() != "/", "the post did not open");
    phone.back();
    phone.until(
        |phone| phone.evaluate("Math.round(scrollY)") == Ok(before.clone()),
        "the place is lost",
    );
    assert!(is_so(
        &mut phone,
        &format!("{last}.querySelector('.like').ariaPressed === 'true'")
    ));
}

#[test]
fn what_goes_from_sight_can_come_back() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.follow(&ann);
    ann.post(note("a word of ann").to(public()));
    let own = evan.post(note("a word of evan").to(public()));
    let chromium = Chromium::take();
    let mut desk = chromium.window_of(&pump, "evan");
    desk.open("/").sees("a word of ann");
    desk.click("More about this post by ann")
        .click("Hide this post");
    desk.sees_no("a word of ann")
        .sees("You do not see this post any more.");
    desk.click("Undo").sees("a word of ann");

    desk.click_near("a word of evan", "Who can see this:")
        .sees("Everybody on the Internet");
    desk.has_no_axe_violations();
    desk.press("Escape").sees_no("Everybody on the Internet");
    for undone in [true, false] {
        desk.click("More about this post by evan").click("Delete");
        desk.sees_no("a word of evan").sees("Deleted");
        ann.read(&own["object"]).ok();
        if undone {
            desk.click("Undo").sees("a word of evan");
        }
    }
    // Who leaves the page means it.
    desk.open("/main/people");
    desk.until(
        |_| ann.read(&own["object"]).status == 410,
        "what was deleted is still there",
    );
    assert!(desk.complaints().is_empty());
}
