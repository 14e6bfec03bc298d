//! Audiences as long as they get: twenty people whose names are 200 signs long, on the narrowest phone. Everything stays within the
//! screen, and who can see a post is said to the last name.

use crate::harness::chromium::{Screen, Window};
use crate::harness::{Chromium, Person, Pump, note};
use serde_json::json;

/// How many people, and the signs of each name.
const PEOPLE: usize = 20;
const SIGNS: usize = 200;

#[track_caller]
fn bears(window: &mut Window, name: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots/crowds");
    assert_eq!(window.overhanging(), Vec::<String>::new(), "{name}");
    assert_eq!(window.small_targets(), Vec::<String>::new(), "{name}");
    window.has_no_axe_violations();
    if crate::harness::knob("PUMPHOUSE_TEST_SCREENSHOTS").is_some() {
        window.picture_to(&folder.join(format!("{name}-320.png")));
    }
}

/// Somebody with a name of a single sign again and again, as nothing parts it into words.
fn named(pump: &Pump, number: usize) -> Person {
    let person = pump.register(&format!("person{number}"));
    let sign = ["🎉", "W", "i", "\u{5d0}"][number % 4];
    let profile =
        json!({ "objectType": "person", "id": person.id(), "displayName": sign.repeat(SIGNS) });
    person.put_to(&person.path("profile"), &profile).ok();
    person
}

#[test]
fn twenty_people_with_names_of_200_signs_fit_on_the_narrowest_phone() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let people: Vec<Person> = (0..PEOPLE).map(|number| named(&pump, number)).collect();
    for person in &people {
        evan.follow(person);
        person.follow(&evan);
    }
    let to_all = people
        .iter()
        .fold(note("For all of you"), |note, person| note.to(person));
    let posted = evan.post(to_all);
    for person in people.iter().take(5) {
        person.does("like", &posted["object"]);
    }
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on(Screen::NARROW).still(true).open("/");
    phone.sees("For all of you");
    bears(&mut phone, "home");
    phone
        .click_near("For all of you", "Who can see this")
        .sees("@person19");
    bears(&mut phone, "sheet");
    let names = "document.querySelectorAll('.over .who').length";
    phone.until(
        |phone| phone.script(names) == PEOPLE + 1,
        "somebody is not named",
    );
    for (name, path) in [
        ("compose", "/main/compose"),
        ("people", "/main/people"),
        ("followers", "/evan/followers"),
        ("notifications", "/main/notifications"),
        ("profile", "/person0"),
        ("messages", "/main/messages"),
        ("privacy", "/main/settings/privacy"),
    ] {
        phone.open(path);
        bears(&mut phone, name);
    }
    phone.open("/main/compose").click("Change");
    for number in [3, 2, 1, 0] {
        phone.script(&format!(
            "document.querySelectorAll('.found input[value^=\"person:\"]')[{number}].click()"
        ));
    }
    bears(&mut phone, "chosen");
}
