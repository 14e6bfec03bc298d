//! OAuth 1.0a from the request token to the first call, as programs and browsers go through it (`pump-api.md §2.2–2.4`).

use crate::harness::browser::{Browser, Page};
use crate::harness::http::Answer;
use crate::harness::oauth::{Pair, Signer};
use crate::harness::people::PASSWORD;
use crate::harness::{Caller, Pump, Request, note};
use serde_json::json;

const REQUEST_TOKEN: &str = "/oauth/request_token";
const ACCESS_TOKEN: &str = "/oauth/access_token";
const AUTHORIZE: &str = "/oauth/authorize";

fn ask_request_token(pump: &Pump, client: &Pair, callback: &str) -> Answer {
    let signer = Signer::new(client, None).with("oauth_callback", callback);
    let request = signer.sign(&pump.site, Request::post(REQUEST_TOKEN));
    pump.site.send(&request)
}

pub(crate) fn request_token(pump: &Pump, client: &Pair, callback: &str) -> Pair {
    let answer = ask_request_token(pump, client, callback).expect(200);
    assert_eq!(answer.pair("oauth_callback_confirmed"), "true");
    Pair::new(
        &answer.pair("oauth_token"),
        &answer.pair("oauth_token_secret"),
    )
}

fn ask_access_token(pump: &Pump, client: &Pair, token: &Pair, verifier: &str) -> Answer {
    let signer = Signer::new(client, Some(token)).with("oauth_verifier", verifier);
    let request = signer.sign(&pump.site, Request::post(ACCESS_TOKEN));
    pump.site.send(&request)
}

fn access_token(pump: &Pump, client: &Pair, token: &Pair, verifier: &str) -> Pair {
    let answer = ask_access_token(pump, client, token, verifier).expect(200);
    Pair::new(
        &answer.pair("oauth_token"),
        &answer.pair("oauth_token_secret"),
    )
}

fn open_authorize(browser: &mut Browser, token: &Pair) -> Page {
    browser.open(&format!("{AUTHORIZE}?oauth_token={}", token.key))
}

fn log_in(browser: &mut Browser, page: &Page, nickname: &str, password: &str) -> Page {
    let form = page.form("oauth-authentication");
    let form = form.fill("username", nickname).fill("password", password);
    browser.submit(&form)
}

/// The consent page of a person whose browser knows nothing yet.
fn consent_page(browser: &mut Browser, token: &Pair, nickname: &str) -> Page {
    let login = open_authorize(browser, token).expect(200);
    let page = log_in(browser, &login, nickname, PASSWORD).expect(200);
    assert!(page.find_form("oauth-authentication").is_none());
    page
}

/// Goes through all of it out of band.
fn authorise(pump: &Pump, client: &Pair, nickname: &str) -> Pair {
    let token = request_token(pump, client, "oob");
    let mut browser = pump.browser();
    let page = consent_page(&mut browser, &token, nickname);
    // Whoever has given consent before is not asked again.
    let page = match page.find_form("authorize") {
        Some(form) => browser.submit(&form).expect(200),
        None => page,
    };
    assert_eq!(page.text_of("token"), token.key);
    access_token(pump, client, &token, &page.text_of("verifier"))
}

fn caller(pump: &Pump, client: &Pair, token: &Pair) -> Caller {
    Caller {
        client: Some(client.clone()),
        token: Some(token.clone()),
        ..pump.nobody()
    }
}

#[test]
fn a_request_token_needs_a_known_client_a_signature_and_a_callback() {
    let pump = Pump::start();
    let client = pump.new_client("Testy");
    let unknown = Pair::new("AAAAAAAAAAAAAAAAAAAAAA", &client.secret);
    ask_request_token(&pump, &unknown, "oob").oauth_refused(400, "Invalid Consumer Key");
    let forger = Pair::new(&client.key, "not the secret");
    ask_request_token(&pump, &forger, "oob").oauth_refused(401, "Invalid signature");
    for callback in [
        "",
        "nonsense",
        "myapp://done",
        "javascript:alert(1)",
        "/local",
    ] {
        ask_request_token(&pump, &client, callback).expect(400);
    }
    let without = Signer::new(&client, None).sign(&pump.site, Request::post(REQUEST_TOKEN));
    pump.site.send(&without).expect(400);
    pump.nobody().send(Request::post(REQUEST_TOKEN)).expect(400);

    let once = Signer::new(&client, None)
        .with("oauth_callback", "oob")
        .sign(&pump.site, Request::post(REQUEST_TOKEN));
    pump.site.send(&once).expect(200);
    pump.site.send(&once).expect(401);
}

/// pump-api.md D36, D4
#[test]
fn the_pages_refuse_tokens_and_passwords_that_are_wrong() {
    let pump = Pump::start();
    pump.register("evan");
    let client = pump.new_client("Testy");
    let mut browser = pump.browser();
    browser.open(AUTHORIZE).expect(400);
    browser
        .open(&format!("{AUTHORIZE}?oauth_token=unknown"))
        .expect(400);

    let token = request_token(&pump, &client, "oob");
    let login = open_authorize(&mut browser, &token).expect(200);
    for (nickname, password) in [("evan", "wrong-horse-7"), ("nobody", PASSWORD)] {
        let again = log_in(&mut browser, &login, nickname, password).expect(400);
        assert!(again.find_form("oauth-authentication").is_some());
        assert!(!again.html().contains(password), "passwords are not shown");
    }
    // Nobody has agreed to anything, so there is nothing to exchange.
    ask_access_token(&pump, &client, &token, "guess").expect(401);

    let consent = consent_page(&mut browser, &token, "evan");
    let form = consent.form("authorize");
    if form.has("verifier") {
        let forged = form.clone().fill("verifier", "guess");
        let answer = browser.submit_once(&forged);
        assert!((400..404).contains(&answer.status), "{}", answer.status);
    }
    let forged = form.fill("oauth_token", "unknown");
    let answer = browser.submit_once(&forged);
    assert!((400..404).contains(&answer.status), "{}", answer.status);
    assert!(pump.is_well());
}

/// pump-api.md D2
#[test]
fn consent_counts_only_in_the_browser_of_whoever_gives_it() {
    let pump = Pump::start();
    pump.register("evan");
    pump.register("mallory");
    let client = pump.new_client("Testy");
    let token = request_token(&pump, &client, "oob");
    let mut evan = pump.browser();
    let form = consent_page(&mut evan, &token, "evan").form("authorize");
    // The form without the cookies of the browser that got it, and in a browser of somebody else.
    let mut stranger = pump.browser();
    let answer = stranger.submit_once(&form);
    assert!((400..404).contains(&answer.status), "{}", answer.status);
    let mut mallory = pump.browser();
    let other = request_token(&pump, &client, "oob");
    consent_page(&mut mallory, &other, "mallory");
    let answer = mallory.submit_once(&form);
    assert!((400..404).contains(&answer.status), "{}", answer.status);
}

#[test]
fn cancelling_gives_nothing_away() {
    let pump = Pump::start();
    pump.register("evan");
    let client = pump.new_client("Testy");
    let token = request_token(&pump, &client, "http://localhost:1/done?state=7");
    let mut browser = pump.browser();
    let consent = consent_page(&mut browser, &token, "evan");
    let html = consent.html();
    assert!(consent.shows("Testy") && consent.shows("evan"), "{html}");
    let form = consent.form("authorize").press("cancel");
    let page = browser.submit(&form);
    assert!(!page.at.contains("oauth_verifier"), "{}", page.at);
    ask_access_token(&pump, &client, &token, "guess").expect(401);
}

/// pump-api.md §2.2 [W], §2.3 [W], D2, Q23
#[test]
fn a_program_is_authorised_out_of_band() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let client = pump.new_client("Testy");
    let token = request_token(&pump, &client, "oob");
    let mut browser = pump.browser();
    let consent = consent_page(&mut browser, &token, "evan");
    let page = browser.submit(&consent.form("authorize")).expect(200);
    assert_eq!(page.text_of("token"), token.key);
    let verifier = page.text_of("verifier");

    ask_access_token(&pump, &client, &token, "guess").expect(401);
    let stranger = pump.new_client("Stranger");
    ask_access_token(&pump, &stranger, &token, &verifier).expect(401);
    let forger = Pair::new(&token.key, "not the secret");
    let answer = ask_access_token(&pump, &client, &forger, &verifier);
    assert!((400..=401).contains(&answer.status), "{}", answer.status);

    let access = access_token(&pump, &client, &token, &verifier);
    assert_ne!(access.key, token.key);
    ask_access_token(&pump, &client, &token, &verifier)
        .oauth_refused(401, "Invalid / expired Token");
    let program = caller(&pump, &client, &access);
    let whoami = program.get("/api/whoami").expect(302);
    assert!(
        whoami
            .header("location")
            .ends_with("/api/user/evan/profile")
    );
    let posted = program
        .post_to(&evan.path("feed"), &note("from afar").into())
        .ok();
    assert_eq!(posted["generator"]["displayName"], "Testy");
}

/// pump-api.md §2.3 [W], Q24
#[test]
fn a_program_with_a_callback_gets_the_verifier_there() {
    let pump = Pump::start();
    pump.register("evan");
    let client = pump.new_client("Testy");
    for (callback, mark) in [
        ("http://localhost:8123/done", '?'),
        ("https://example.com/done?state=7", '&'),
    ] {
        let token = request_token(&pump, &client, callback);
        let mut browser = pump.browser();
        let consent = consent_page(&mut browser, &token, "evan");
        // The second time there is no consent page: the login led to the callback.
        let page = match consent.find_form("authorize") {
            Some(form) => {
                let answer = browser.submit_once(&form).expect(303);
                Page {
                    at: answer.header("location").to_owned(),
                    answer,
                }
            }
            None => consent,
        };
        let expected = format!("{callback}{mark}oauth_token={}", token.key);
        assert!(page.at.starts_with(&expected), "{}", page.at);
        let verifier = page.query("oauth_verifier");
        access_token(&pump, &client, &token, &verifier);
    }
}

/// pump-api.md §2.4 [W], Q25
#[test]
fn a_second_authorisation_gives_the_same_token() {
    let pump = Pump::start();
    pump.register("evan");
    let client = pump.new_client("Testy");
    let first = authorise(&pump, &client, "evan");
    assert_eq!(authorise(&pump, &client, "evan"), first);
    let other = pump.new_client("Other");
    assert_ne!(authorise(&pump, &other, "evan"), first);
}

#[test]
fn a_preconfigured_client_and_user_are_known() {
    let options = json!({
        "clients": [{ "client_id": "configured-client", "client_secret": "client-secret", "title": "Configured" }],
        "users": [{
            "nickname": "evan", "password": PASSWORD,
            "tokens": [{ "token": "configured-token", "token_secret": "token-secret", "client_id": "configured-client" }],
        }],
    });
    let directory = tempfile::TempDir::new().expect("a directory");
    let file = directory.path().join("configuration.json");
    std::fs::write(&file, options.to_string()).expect("a file");
    let mut pump = Pump::with(&["--config", &file.display().to_string()]);
    let client = Pair::new("configured-client", "client-secret");
    let token = Pair::new("configured-token", "token-secret");
    let evan = caller(&pump, &client, &token);
    assert_eq!(evan.get("/api/user/evan").ok()["nickname"], "evan");
    let posted = evan.post_to("/api/user/evan/feed", &note("hi").into()).ok();
    assert_eq!(posted["generator"]["displayName"], "Configured");
    pump.restart();
    assert_eq!(evan.stream("/api/user/evan/feed").major().total(), 1);
}

#[test]
fn a_client_logs_somebody_in() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let login = |caller: &Caller, password: &str| {
        let words = json!({ "nickname": "evan", "password": password });
        caller.post_to("/main/login", &words)
    };
    let stranger = login(&pump.nobody(), PASSWORD);
    assert!(
        (400..=403).contains(&stranger.status),
        "{}",
        stranger.status
    );
    let wrong = login(&pump.client(), "wrong-horse-7").expect(401);
    assert!(
        wrong.text().contains("Incorrect username or password"),
        "{}",
        wrong.text()
    );
    let user = login(&pump.client(), PASSWORD).ok();
    assert_eq!(user["nickname"], "evan");
    let again = pump.person("evan", &user);
    assert_ne!(again.token, evan.token, "each login has a token of its own");
    again.get(&again.path("inbox")).ok();
    evan.get(&evan.path("inbox")).ok();
}
