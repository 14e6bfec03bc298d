//! Stories of mail, with a real mail server that the stories start.

mod confirming;
mod links;
mod notices;
mod recovering;
mod sending;

use crate::harness::people::PASSWORD;
use crate::harness::{Browser, MailServer, Person, Pump, Request, Speech};
use serde_json::json;

/// A plain mail server, and a pump that sends its mail by it.
fn site(options: &[&str]) -> Option<(MailServer, Pump)> {
    let server = MailServer::start(Speech::Plain)?;
    let pump = pump_of(&server, options);
    Some((server, pump))
}

fn pump_of(server: &MailServer, options: &[&str]) -> Pump {
    let mail = server.options();
    let mut all: Vec<&str> = mail.iter().map(String::as_str).collect();
    all.extend(options);
    Pump::with(&all)
}

fn address(nickname: &str) -> String {
    format!("{nickname}@example.org")
}

/// Somebody with an account and a confirmed address.
#[track_caller]
fn confirmed(server: &MailServer, pump: &Pump, nickname: &str) -> Person {
    let account = json!({ "nickname": nickname, "password": PASSWORD, "email": address(nickname) });
    let user = pump.client().post_to("/api/users", &account).ok();
    let letter = server.letter_to(&address(nickname), 1);
    pump.browser()
        .open(&letter.link("/main/confirm/"))
        .expect(200);
    pump.person(nickname, &user)
}

/// A browser in which somebody is logged in.
#[track_caller]
fn logged_in(pump: &Pump, nickname: &str, password: &str) -> Browser {
    let mut browser = pump.browser();
    browser.log_in(nickname, password).expect(200);
    browser
}

/// Whether a browser is logged in: its home page has a menu.
fn is_logged_in(browser: &mut Browser) -> bool {
    browser.ask(Request::get("/")).text().contains("Your menu")
}
