//! The first minutes of a server that nobody has configured (`design.md §3`): one page that makes the owner, guarded by a
//! code, and gone afterwards.

use crate::harness::browser::Form;
use crate::harness::people::PASSWORD;
use crate::harness::{Browser, Pump, Request};
use serde_json::json;

fn code_of(pump: &Pump) -> String {
    let output = pump.command(&["setup-code"], "");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn form(browser: &mut Browser) -> Form {
    browser.open("/setup").expect(200).form_to("/setup")
}

fn filled(form: Form, code: &str) -> Form {
    form.fill("code", code)
        .fill("site", "The Prodromous")
        .fill("nickname", "evan")
        .fill("password", PASSWORD)
        .fill("again", PASSWORD)
        .fill("hostname", "localhost")
}

#[test]
fn before_the_setup_there_is_nothing_else() {
    let pump = Pump::unconfigured();
    let mut browser = pump.browser();
    let page = browser.open("/").expect(200);
    assert!(
        page.at.ends_with("/setup") || page.html().contains("/setup"),
        "{}",
        page.at
    );
    let answer = pump.nobody().post_to(
        "/api/client/register",
        &json!({ "type": "client_associate" }),
    );
    assert!(answer.status >= 400, "{}", answer.status);
    let answer = pump.nobody().get("/api/users");
    assert!(answer.status >= 400, "{}", answer.status);
}

#[test]
fn the_setup_wants_its_code_and_good_answers() {
    let pump = Pump::unconfigured();
    let code = code_of(&pump);
    let mut browser = pump.browser();
    let good = filled(form(&mut browser), &code);
    for (field, value) in [
        ("code", ""),
        ("code", "0000-0000"),
        ("nickname", "a b"),
        ("nickname", "api"),
        ("password", "short7"),
        ("hostname", "not a host"),
    ] {
        let answer = browser.submit_once(&good.clone().fill(field, value));
        assert!(
            (400..=403).contains(&answer.status),
            "{field}={value}: {}",
            answer.status
        );
        assert!(!answer.text().contains(PASSWORD));
    }
    let forged = browser.submit_once(&good.clone().without("_csrf"));
    assert_eq!(forged.status, 403);
    assert!(form(&mut browser).has("code"), "the setup is still open");
}

#[test]
fn guessing_the_code_is_stopped() {
    let pump = Pump::unconfigured();
    let code = code_of(&pump);
    let mut browser = pump.browser();
    let mut last = 0;
    for number in 0..12 {
        let guess = filled(form(&mut browser), &format!("AAAA-{number:04}"));
        last = browser.submit_once(&guess).status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    // Even the right code has to wait now.
    let right = filled(form(&mut browser), &code);
    assert_eq!(browser.submit_once(&right).status, 429);
}

#[test]
fn the_setup_makes_the_owner_and_is_gone() {
    let mut pump = Pump::unconfigured();
    let code = code_of(&pump);
    let mut browser = pump.browser();
    let good = filled(form(&mut browser), &code);
    let page = browser.submit(&good).expect(200);
    assert!(
        page.shows("evan") || page.shows("The Prodromous"),
        "{}",
        page.html()
    );
    for request in [
        Request::get("/setup"),
        Request::post("/setup").form(&[("code", &code)]),
    ] {
        let status = pump.nobody().send(request).status;
        assert!(matches!(status, 404 | 410), "{status}");
    }
    let mut later = pump.browser();
    let login = later.open("/main/login").expect(200).form_to("/main/login");
    let home = later.submit(&login.fill("nickname", "evan").fill("password", PASSWORD));
    assert_eq!(home.answer.status, 200);

    pump.restart();
    let status = pump.nobody().get("/setup").status;
    assert!(matches!(status, 404 | 410), "{status}");
    let output = pump.command(&["setup-code"], "");
    assert!(
        !output.status.success() || output.stdout.is_empty(),
        "{output:?}"
    );
}

#[test]
fn a_configured_server_has_no_setup() {
    let pump = Pump::start();
    let status = pump.nobody().get("/setup").status;
    assert!(matches!(status, 404 | 410), "{status}");
}
