//! All of Home without a mouse: what is there comes by Tab, is done by Enter, closes by Escape, and the focus stays where one was.

use crate::harness::chromium::{Chromium, Window};
use crate::harness::documents::followers_of;
use crate::harness::{Pump, note};

/// Most steps of the Tab key to what one wants.
const STEPS_MAX: usize = 60;

/// Goes on by Tab until what has the focus is called so.
#[track_caller]
fn tab_to(window: &mut Window, name: &str) {
    let mut passed = Vec::new();
    for _ in 0..STEPS_MAX {
        window.press("Tab");
        let (_, focused) = window.focused();
        if focused.starts_with(name) {
            let outline = "getComputedStyle(document.activeElement).outlineStyle !== 'none'";
            assert_eq!(
                window.evaluate(outline),
                Ok(true.into()),
                "{name} does not show its focus"
            );
            return;
        }
        passed.push(focused);
    }
    panic!("Tab does not lead to {name}: {passed:?}");
}

#[track_caller]
fn has_focus(window: &mut Window, name: &str) {
    window.until(
        |window| window.focused().1.starts_with(name),
        &format!("the focus is not on {name}"),
    );
}

#[test]
fn home_is_used_by_keyboard_alone() {
    let pump = Pump::start();
    let [ann, ben] = pump.register_all(["ann", "ben"]);
    ann.follow(&ben);
    ben.post(note("Who comes for lunch?").to(followers_of(&ben)));
    let chromium = Chromium::take();
    let mut window = chromium.window_of(&pump, "ann");
    window.open("/").sees("Who comes for lunch?");
    tab_to(&mut window, "Skip to the content");
    window.press("Enter");
    // The menu of the post, and back.
    let menu = "More about this post by ben";
    tab_to(&mut window, menu);
    window.press("Enter").sees("Who can see this");
    tab_to(&mut window, "Open on its own page");
    window.press("Escape").sees_no("Hide this post");
    has_focus(&mut window, menu);
    // A page that comes over this one, and back.
    window.press("Enter");
    tab_to(&mut window, "Who can see this");
    window.press("Enter");
    window.until(
        |window| window.evaluate("!!document.querySelector('dialog[open]')") == Ok(true.into()),
        "no sheet opens",
    );
    tab_to(&mut window, "Close");
    window.press("Escape");
    window.until(
        |window| window.evaluate("!document.querySelector('dialog[open]')") == Ok(true.into()),
        "the sheet stays",
    );
    window.press("Escape");
    has_focus(&mut window, menu);
    // A like, where the focus stays.
    tab_to(&mut window, "Like");
    window.press("Enter").sees("You like this");
    has_focus(&mut window, "Like");
    tab_to(&mut window, "Comment");
    window.press("Enter");
    has_focus(&mut window, "Your comment");
    window.types("I do").press("Tab");
    has_focus(&mut window, "Comment");
    window.press("Enter").sees("I do");
    window.has_no_axe_violations();
    assert!(window.complaints().is_empty());
}
