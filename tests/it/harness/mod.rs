//! What every story uses: a pump that runs, the people who speak to it, a browser, pictures. It knows the wire and nothing
//! of the server's code: what it signs, encodes and reads is its own.

pub(crate) mod authority;
pub(crate) mod browser;
pub(crate) mod chance;
pub(crate) mod chromium;
pub(crate) mod cutting;
pub(crate) mod documents;
pub(crate) mod ear;
mod html;
pub(crate) mod http;
pub(crate) mod mail_server;
pub(crate) mod mount;
pub(crate) mod network;
pub(crate) mod oauth;
pub(crate) mod peer;
pub(crate) mod people;
pub(crate) mod pictures;
pub(crate) mod pump;
pub(crate) mod realtime;
pub(crate) mod time;

pub(crate) use browser::Browser;
pub(crate) use chromium::Chromium;
pub(crate) use documents::{Activity, activity, comment, note, public};
pub(crate) use http::{Answer, Request};
pub(crate) use mail_server::{MailServer, Speech};
pub(crate) use mount::Mount;
pub(crate) use people::{Caller, Person, Stream};
pub(crate) use pump::Pump;

use std::time::{Duration, Instant};

/// How long a story waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it looks.
const POLL: Duration = Duration::from_millis(10);

/// Waits until `happened` says yes; fails the story when it does not in time.
#[track_caller]
pub(crate) fn eventually(mut happened: impl FnMut() -> bool) {
    eventually_some(|| happened().then_some(()));
}

/// Waits until `look` finds something, and returns it.
#[track_caller]
pub(crate) fn eventually_some<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "it did not happen within {} s",
            PATIENCE.as_secs()
        );
        pause(POLL);
    }
}

/// Lets time pass between two looks.
#[expect(
    clippy::disallowed_methods,
    reason = "another process tells nobody when it is done"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Seconds since 1970 by the clock of this machine.
#[expect(
    clippy::disallowed_methods,
    reason = "clients stamp what they sign with the real time"
)]
pub(crate) fn unix_secs() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock is after 1970")
        .as_secs()
}

/// A variable of the environment that widens or narrows a story.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own knobs are no options of the server"
)]
pub(crate) fn knob(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
