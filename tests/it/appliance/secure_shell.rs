//! The owner of a ready-made box says on a page who logs in to it with a terminal; a unit makes it true.

use super::Card;
use crate::harness::browser::{Form, Page};
use crate::harness::people::PASSWORD;
use crate::harness::{Browser, Pump, Request};

const PATH: &str = "/main/box/shell";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample ann@laptop";
const FILE: &str = "state/ssh/authorized_keys";

fn owned(card: &Card) -> Pump {
    let [boot, keys] = ["boot", "state/ssh"].map(|name| card.path(name).display().to_string());
    let pump = Pump::with(&["--bootdir", &boot, "--shelldir", &keys]);
    pump.register_all(["evan"]);
    pump.give_to("evan");
    pump
}

/// The form, with the owner's password in it.
#[track_caller]
fn form(evan: &mut Browser) -> Form {
    let form = evan.open(PATH).expect(200).form("shell");
    form.fill("password", PASSWORD)
}

#[track_caller]
fn saves(evan: &mut Browser, keys: &str) -> Page {
    let form = form(evan).fill("keys", keys);
    evan.submit(&form)
}

#[test]
fn elsewhere_there_is_no_such_page() {
    let pump = Pump::start();
    pump.register_all(["evan"]);
    pump.give_to("evan");
    let mut evan = pump.browser_of("evan");
    assert_eq!(evan.ask(Request::get(PATH)).status, 404);
    assert!(!evan.open("/main/box").html().contains(PATH));
}

#[test]
fn what_is_no_key_and_a_wrong_password_change_nothing() {
    let card = Card::new();
    let pump = owned(&card);
    let mut evan = pump.browser_of("evan");
    let wish = pump.directory().join("shell-keys");
    for (keys, part) in [
        ("hello".to_owned(), "no public key"),
        (format!("{KEY}\nroot:x"), "no public key"),
        (format!("{KEY}\n").repeat(17), "too many"),
    ] {
        let page = saves(&mut evan, &keys).expect(400);
        assert!(page.shows(part), "{}", page.html());
        assert!(page.shows(keys.lines().last().expect("one")), "it stays");
    }
    let wrong = form(&mut evan).fill("keys", KEY).fill("password", "guess");
    let page = evan.submit(&wrong).expect(401);
    assert!(page.shows("password is not right") && page.shows(KEY));
    assert!(!wish.exists());
}

#[test]
fn a_key_lets_somebody_in_until_the_owner_turns_it_off() {
    let card = Card::new();
    let pump = owned(&card);
    let mut evan = pump.browser_of("evan");
    assert!(evan.open(PATH).expect(200).shows("It is off"));
    assert!(saves(&mut evan, KEY).expect(200).shows("being changed"));
    // A second tap changes nothing.
    saves(&mut evan, KEY).expect(200);
    card.does("shell", pump.directory());
    assert_eq!(card.read(FILE), format!("{KEY}\n"));
    card.does("shell", pump.directory());
    assert_eq!(card.read(FILE), format!("{KEY}\n"));
    let page = evan.open(PATH).expect(200);
    assert!(page.shows("It is on") && page.shows("ssh root@") && page.shows(KEY));
    card.does("status", pump.directory());
    assert!(
        card.read("boot/pump-status.txt")
            .contains("Keys that log in: 1")
    );
    let off = form(&mut evan).press("off");
    assert!(evan.submit(&off).expect(200).shows("being changed"));
    card.does("shell", pump.directory());
    assert!(!card.path(FILE).exists());
    assert!(evan.open(PATH).expect(200).shows("It is off"));
    card.does("status", pump.directory());
    assert!(
        !card
            .read("boot/pump-status.txt")
            .contains("Keys that log in")
    );
}

#[test]
fn who_begins_anew_locks_everybody_out() {
    let card = Card::new();
    let mut pump = owned(&card);
    saves(&mut pump.browser_of("evan"), KEY).expect(200);
    card.does("shell", pump.directory());
    card.write("boot/factory-reset", "");
    pump.restart();
    card.does("shell", pump.directory());
    assert!(!card.path(FILE).exists());
}
