//! Tokens that people make for their own scripts, and the page on which they take everything back.

use crate::harness::http::encode;
use crate::harness::people::PASSWORD;
use crate::harness::pump::said;
use crate::harness::{Caller, Pump, Request, note};
use serde_json::json;

use crate::harness::browser::{Browser, Page};

fn make(browser: &mut Browser, name: &str, scope: &str) -> Page {
    let form = browser.open("/main/tokens").expect(200).form("make-token");
    browser.submit(&form.fill("name", name).fill("scope", scope))
}

fn token(pump: &Pump, browser: &mut Browser, name: &str, scope: &str) -> Caller {
    let made = make(browser, name, scope).expect(200);
    pump.nobody().bearing(&made.text_of("token"))
}

#[test]
fn a_token_is_for_whoever_is_logged_in_and_has_a_name_of_its_own() {
    let pump = Pump::start();
    pump.register("evan");
    let mut stranger = pump.browser();
    let page = stranger.open("/main/tokens").expect(200);
    assert!(page.find_form("login").is_some());
    let mut evan = pump.browser_of("evan");
    for wrong in ["", " ", &"x".repeat(61)] {
        let again = make(&mut evan, wrong, "read").expect(400);
        assert!(again.find_form("make-token").is_some());
    }
    let form = evan.open("/main/tokens").form("make-token");
    let form = form.fill("name", "x");
    for (field, value) in [("scope", "root"), ("days", "soon"), ("days", "0")] {
        evan.submit(&form.clone().fill(field, value)).expect(400);
    }
    make(&mut evan, "backup", "read").expect(200);
    let second = make(&mut evan, "backup", "read").expect(409);
    assert!(second.shows("You have a token of the name"));
    let without = form.without("_csrf");
    assert_eq!(evan.submit_once(&without).status, 403);
}

#[test]
fn what_is_no_token_is_refused_with_the_challenge() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let inbox = evan.path("inbox");
    for wrong in ["nonsense", &"A".repeat(63), &evan.token_pair().key] {
        let caller = pump.nobody().bearing(wrong);
        caller.get(&inbox).bearer_refused(401, "invalid_token");
        caller
            .get("/api/users")
            .bearer_refused(401, "invalid_token");
        caller
            .post_to(&evan.path("feed"), &note("hi").into())
            .bearer_refused(401, "invalid_token");
    }
    pump.nobody()
        .bearing("")
        .get(&inbox)
        .bearer_refused(400, "invalid_request");
    // RFC 6750 §2.3: a token in an address is written to logs, so it does not count there.
    let mut browser = pump.browser_of("evan");
    let script = token(&pump, &mut browser, "script", "writeall");
    let bearer = script.bearer.clone().expect("a token");
    let target = format!("{inbox}?access_token={}", encode(&bearer));
    pump.nobody().get(&target).refused(401);
    let form = [("access_token", bearer.as_str())];
    let in_body = Request::post("/main/post").form(&form);
    assert_eq!(pump.nobody().send(in_body).status, 401);
}

/// pump-api.md §2.6 [+], D20
#[test]
fn a_token_goes_as_far_as_its_scope() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let ann = pump.register("ann");
    let mut browser = pump.browser_of("evan");
    let read = token(&pump, &mut browser, "reader", "read");
    let write = token(&pump, &mut browser, "writer", "writeown");
    let all = token(&pump, &mut browser, "admin", "writeall");
    let feed = evan.path("feed");
    for caller in [&read, &write, &all] {
        let whoami = caller.get("/api/whoami").expect(302);
        assert!(whoami.header("location").ends_with("/evan/profile"));
        caller.get(&evan.path("inbox")).ok();
        caller.get("/api/users").ok();
        caller.get(&ann.path("inbox")).refused(401);
    }
    let post = note("by a script").into();
    read.post_to(&feed, &post)
        .bearer_refused(403, "insufficient_scope");
    let upload = Request::post(&evan.path("uploads")).bytes("text/plain", b"hi");
    read.send(upload.clone())
        .bearer_refused(403, "insufficient_scope");
    let posted = write.post_to(&feed, &post).ok();
    assert_eq!(posted["generator"]["displayName"], "writer");
    assert_eq!(posted["generator"]["objectType"], "application");
    let file = write.send(upload).ok();
    let url = file["fileUrl"].as_str().expect("a file has an address");
    assert_eq!(read.get(url).expect(200).text(), "hi");
    assert!(pump.nobody().get(url).status >= 400);
    write.post_to(&ann.path("feed"), &post).refused(401);

    let user = json!({ "nickname": "evan", "password": "another-horse-8" });
    let itself = "/api/user/evan";
    write
        .put_to(itself, &user)
        .bearer_refused(403, "insufficient_scope");
    write
        .delete(itself)
        .bearer_refused(403, "insufficient_scope");
    all.put_to(itself, &user).ok();
    // A new password ends sessions, not tokens.
    read.get(&evan.path("inbox")).ok();
    all.delete(itself).ok();
    for caller in [&read, &write, &all] {
        caller
            .get("/api/whoami")
            .bearer_refused(401, "invalid_token");
    }
}

/// Every address of the table in the README, so that none is forgotten that comes later.
#[test]
fn every_address_of_the_api_asks_for_the_scope_of_its_kind() {
    let pump = Pump::start();
    pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let read = token(&pump, &mut browser, "reader", "read");
    let write = token(&pump, &mut browser, "writer", "writeown");
    let unknown = pump.nobody().bearing("unknown");
    let mut seen = 0;
    for line in include_str!("../../README.md").lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, method, path, who, ..] = cells.as_slice() else {
            continue;
        };
        let path = path.trim_matches('`').replace("{nickname}", "evan");
        let path = path.replace(['{', '}'], "");
        let ask = |caller: &Caller| {
            caller.send(Request::new(method, &path).header("X-Requested-With", "XMLHttpRequest"))
        };
        let too_little = match *who {
            "any read" | "user read" => None,
            "user write" | "client write" => Some(&read),
            "account write" => Some(&write),
            _ => continue,
        };
        ask(&unknown).bearer_refused(401, "invalid_token");
        if let Some(caller) = too_little {
            ask(caller).bearer_refused(403, "insufficient_scope");
        }
        seen += 1;
    }
    assert!(seen > 40, "the table was not found: {seen}");
}

#[test]
fn a_page_shows_what_has_access_and_takes_it_back_at_once() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let one = token(&pump, &mut browser, "nightly backup", "read");
    let other = token(&pump, &mut browser, "weather bot", "writeown");
    one.get("/api/whoami").expect(302);
    evan.get(&evan.path("inbox")).ok();
    let page = browser.open("/main/apps").expect(200);
    // Of the application and of one token.
    assert_eq!(page.html().matches("last used").count(), 2);
    for text in ["nightly backup", "weather bot", "never used", "Stories"] {
        assert!(page.shows(text), "{text}: {}", page.html());
    }
    assert!(
        !page
            .html()
            .contains(one.bearer.as_deref().expect("a token"))
    );
    let forms = page.forms();
    let of_token = forms.iter().find(|form| form.has("token"));
    let of_token = of_token.expect("a form for the older token");
    // Somebody else cannot take it back.
    pump.register("mallory");
    let mut mallory = pump.browser_of("mallory");
    let hers = make(&mut mallory, "x", "read");
    assert!(hers.answer.status == 200);
    let form = mallory.open("/main/apps").forms();
    let form = form.iter().find(|form| form.has("token")).expect("hers");
    let stolen = form.clone().fill("token", of_token.value("token"));
    mallory.submit(&stolen).expect(200);
    one.get("/api/whoami").expect(302);

    browser.submit(of_token).expect(200);
    one.get("/api/whoami").bearer_refused(401, "invalid_token");
    other.get("/api/whoami").expect(302);
    evan.get(&evan.path("inbox")).ok();
    let page = browser.open("/main/apps");
    assert!(!page.shows("nightly backup"));
    let page = browser
        .submit(&page.form("revoke-all").press("all"))
        .expect(200);
    assert!(page.find_form("revoke-all").is_none());
    other
        .get("/api/whoami")
        .bearer_refused(401, "invalid_token");
    assert_eq!(evan.get(&evan.path("inbox")).status, 400, "OAuth 1, too");
}

#[test]
fn whoever_listens_with_a_token_hears_until_it_is_taken_back() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let script = token(&pump, &mut browser, "script", "read");
    let mut ear = script.listen(&evan.path("inbox/stream"));
    ear.place();
    let posted = evan.post(note("hello"));
    assert_eq!(ear.activity()["id"], posted["id"]);
    let forms = browser.open("/main/apps").forms();
    let form = forms.iter().find(|form| form.has("token"));
    browser
        .submit(form.expect("a form for the token"))
        .expect(200);
    evan.post(note("not for the script"));
    assert_eq!(ear.end(), []);
}

#[test]
fn tokens_outlive_a_restart() {
    let mut pump = Pump::start();
    pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let script = token(&pump, &mut browser, "script", "read");
    pump.restart();
    script.get("/api/whoami").expect(302);
}

#[test]
fn the_command_line_makes_tokens() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let command = [
        "user", "token", "evan", "--scope", "writeown", "--name", "cron",
    ];
    for (wrong, sentence) in [
        (vec!["user", "token"], "nickname is missing"),
        (vec!["user", "token", "nobody"], "There is no user nobody"),
        (vec!["user", "token", "evan", "--scope", "root"], "no scope"),
        (vec!["user", "token", "evan", "--days", "x"], "a number"),
        (
            vec!["user", "list", "--scope", "read"],
            "no option of `user list`",
        ),
    ] {
        let refused = pump.command(&wrong, "");
        assert!(!refused.status.success());
        assert!(said(&refused).contains(sentence), "{}", said(&refused));
    }
    let made = pump.command(&command, "");
    assert!(made.status.success(), "{}", said(&made));
    let bearer = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    let again = pump.command(&command, "");
    assert!(!again.status.success(), "{}", said(&again));
    let script = pump.nobody().bearing(&bearer);
    let posted = script.post_to(&evan.path("feed"), &note("hourly").into());
    assert_eq!(posted.ok()["generator"]["displayName"], "cron");
}

#[test]
fn the_configuration_gives_bearer_tokens() {
    let options = json!({
        "clients": [{ "client_id": "configured-client", "client_secret": "client-secret", "title": "Configured" }],
        "users": [{
            "nickname": "evan", "password": PASSWORD,
            "tokens": [{ "token": "configured-bearer", "scope": "writeown", "client_id": "configured-client" }],
        }],
    });
    let directory = tempfile::TempDir::new().expect("a directory");
    let file = directory.path().join("configuration.json");
    std::fs::write(&file, options.to_string()).expect("a file");
    let mut pump = Pump::with(&["--config", &file.display().to_string()]);
    let script = pump.nobody().bearing("configured-bearer");
    let posted = script.post_to("/api/user/evan/feed", &note("hi").into());
    assert_eq!(posted.ok()["generator"]["displayName"], "Configured");
    pump.restart();
    script.get("/api/user/evan/inbox").ok();
    let mut browser = pump.browser_of("evan");
    let page = browser.open("/main/apps");
    browser.submit(&page.form("revoke-all").press("all"));
    pump.restart();
    script
        .get("/api/user/evan/inbox")
        .bearer_refused(401, "invalid_token");
}
