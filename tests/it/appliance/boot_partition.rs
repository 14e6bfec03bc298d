//! The boot partition is mounted read-only but for moments, and several units may need such a moment at once.

use super::Card;
use crate::harness::Mount;
use crate::harness::mount::mounts;
use std::{fs, thread};

/// How many units write at once, and how often each does.
const UNITS: usize = 6;
const TIMES: usize = 8;

/// A unit that tells something new again and again.
fn tells(card: &Card, unit: usize) {
    fs::create_dir_all(card.path("notes")).expect("writable");
    for time in 0..TIMES {
        let note = format!("Unit {unit} tells {time}.\n");
        card.write(&format!("notes/{unit}"), note);
        card.does_with("status", &card.path("data"), &["--remount"]);
    }
}

#[test]
fn units_that_write_at_once_do_not_lock_each_other_out() {
    let card = Card::new();
    let Some(boot) = Mount::disk(&card.path("boot"), "ro,size=1m") else {
        return;
    };
    thread::scope(|scope| {
        for unit in 0..UNITS {
            let card = &card;
            scope.spawn(move || tells(card, unit));
        }
    });
    assert!(card.read("boot/pump-status.txt").contains("Unit "));
    assert!(!boot.is_writable());
}

#[test]
fn what_the_server_made_writable_stays_so() {
    let card = Card::new();
    let place = card.path("boot");
    let Some(boot) = Mount::disk(&place, "ro,size=1m") else {
        return;
    };
    assert!(mounts(&["-o", "remount,rw"], &place));
    tells(&card, 0);
    assert!(boot.is_writable());
    assert!(mounts(&["-o", "remount,ro"], &place));
    tells(&card, 1);
    assert!(!boot.is_writable());
}
