//! The ways to a token, step by step.

use super::{
    AUTHC, AUTHZ, App, CALLBACK, REVOKE, TOKEN, Tokens, code, consent, led_by, refused, target,
    with,
};
use crate::harness::people::PASSWORD;
use crate::harness::{Pump, Request, note};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// pump-api.md §2.6 [+], D20
#[test]
fn a_browser_goes_through_login_and_consent_and_back_with_a_code() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let app = App::confidential(&pump);
    let question = app.question("read writeown");
    let mut browser = pump.browser();
    let answer = browser.ask(Request::get(&target(AUTHZ, &question)));
    let login = answer.expect(302);
    assert!(login.header("location").starts_with(AUTHC));
    let page = browser.open(login.header("location")).expect(200);
    let form = page.form("oauth2-authentication");
    for (nickname, password) in [("evan", "wrong-horse-7"), ("nobody", PASSWORD)] {
        let wrong = form
            .clone()
            .fill("nickname", nickname)
            .fill("password", password);
        let again = browser.submit(&wrong.press("login")).expect(401);
        assert!(again.find_form("oauth2-authentication").is_some());
        assert!(!again.html().contains(password), "passwords are not shown");
    }
    let form = form.fill("nickname", "evan").fill("password", PASSWORD);
    let page = browser.submit(&form.press("login")).expect(200);
    for text in ["Testy", "evan", "https://app.test", "post, comment"] {
        assert!(page.shows(text), "{text}: {}", page.html());
    }
    assert!(!page.shows("delete your account"));
    let form = page.form("oauth2-authorization").press("allow");
    let back = led_by(&mut browser, &form);
    assert!(back.at.starts_with(&format!("{CALLBACK}?code=")));
    assert_eq!(back.query("state"), "x&y 7");
    assert_eq!(back.query("iss"), "http://pump.test");
    let answer = app.exchange(&pump, &back.query("code"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["scope"], "read writeown");
    let tokens = Tokens::of(&answer.ok());
    let caller = tokens.caller(&pump);
    let whoami = caller.get("/api/whoami").expect(302);
    assert!(whoami.header("location").ends_with("/evan/profile"));
    let posted = caller.post_to(&evan.path("feed"), &note("hi").into()).ok();
    assert_eq!(posted["generator"]["displayName"], "Testy");
    caller
        .delete("/api/user/evan")
        .bearer_refused(403, "insufficient_scope");
    // Who is logged in is sent on from the login page.
    let sent_on = browser.ask(Request::get(&target(AUTHC, &question)));
    assert!(sent_on.expect(302).header("location").starts_with(AUTHZ));
}

/// pump-api.md D20
#[test]
fn deny_and_cancel_give_nothing_away() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let question = app.question("read");
    let mut evan = pump.browser_of("evan");
    let form = consent(&mut evan, &question);
    // The button that denies, and a form without any button.
    for form in [form.clone().press("deny"), form] {
        let back = led_by(&mut evan, &form);
        assert_eq!(back.query("error"), "access_denied");
        assert_eq!(back.query("state"), "x&y 7");
        assert_eq!(back.query("iss"), "http://pump.test");
        assert!(!back.at.contains("code="), "{}", back.at);
    }
    let mut browser = pump.browser();
    let page = browser.open(&target(AUTHZ, &question)).expect(200);
    let form = page.form("oauth2-authentication");
    let form = form.fill("nickname", "evan").fill("password", PASSWORD);
    let back = led_by(&mut browser, &form.press("cancel"));
    assert_eq!(back.query("error"), "access_denied");
    let page = browser.open("/main/settings").expect(200);
    assert!(page.find_form("login").is_some(), "nobody was logged in");
}

#[test]
fn an_application_without_a_secret_needs_pkce_and_may_change_its_port() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::public(&pump);
    assert!(app.secret.is_none());
    let mut evan = pump.browser_of("evan");
    let port = "http://127.0.0.1:49152/done";
    let question = with(&app.question("read"), "redirect_uri", Some(port));
    let code = code(&mut evan, &question);
    let app = App {
        redirect_uri: port.to_owned(),
        ..app
    };
    let tokens = Tokens::of(&app.exchange(&pump, &code).ok());
    tokens.caller(&pump).get("/api/whoami").expect(302);
    let next = Tokens::of(&app.refresh(&pump, &tokens.refresh).ok());
    next.caller(&pump).get("/api/whoami").expect(302);
    refused(
        app.ask(&pump, &[("grant_type", "client_credentials")]),
        400,
        "unauthorized_client",
    );
}

#[test]
fn a_client_proves_itself_by_basic_or_by_the_form() {
    let pump = Pump::start();
    let app = App::confidential(&pump);
    let secret = app.secret.clone().expect("a secret");
    let basic = |id: &str, secret: &str| {
        let pair = STANDARD.encode(format!("{id}:{secret}"));
        Request::post(TOKEN).header("Authorization", &format!("Basic {pair}"))
    };
    let fields = [("grant_type", "client_credentials")];
    let ask = |request: Request| pump.nobody().send(request);
    refused(
        ask(basic(&app.id, "guess").form(&fields)),
        401,
        "invalid_client",
    );
    refused(
        ask(basic("nobody", &secret).form(&fields)),
        401,
        "invalid_client",
    );
    refused(
        ask(Request::post(TOKEN).form(&fields)),
        401,
        "invalid_client",
    );
    let only_id = [fields[0], ("client_id", &app.id)];
    refused(
        ask(Request::post(TOKEN).form(&only_id)),
        401,
        "invalid_client",
    );
    let twice = [fields[0], ("client_secret", &secret)];
    refused(
        ask(basic(&app.id, &secret).form(&twice)),
        400,
        "invalid_request",
    );
    let other = [fields[0], ("client_id", "other")];
    refused(
        ask(basic(&app.id, &secret).form(&other)),
        400,
        "invalid_request",
    );
    let document = json!({ "grant_type": "client_credentials" });
    refused(
        ask(basic(&app.id, &secret).json(&document)),
        400,
        "invalid_request",
    );
    refused(
        ask(basic(&app.id, &secret).form(&[])),
        400,
        "invalid_request",
    );
    let unknown = [("grant_type", "password")];
    refused(
        ask(basic(&app.id, &secret).form(&unknown)),
        400,
        "unsupported_grant_type",
    );
    let answer = ask(basic(&app.id, &secret).form(&fields)).ok();
    assert_eq!(answer["scope"], "read");
    assert!(answer["refresh_token"].is_null());
    app.ask(&pump, &fields).ok();
}

#[test]
fn who_guesses_secrets_must_wait() {
    let pump = Pump::start();
    let app = App::confidential(&pump);
    let guess = App {
        secret: Some("guess".to_owned()),
        ..app
    };
    let fields = [("grant_type", "client_credentials")];
    let mut slowed = None;
    for _ in 0..30 {
        let answer = guess.ask(&pump, &fields);
        if answer.status == 429 {
            slowed = Some(answer);
            break;
        }
    }
    let slowed = slowed.expect("after some guesses");
    assert!(slowed.header("retry-after").parse::<u32>().is_ok());
    refused(slowed, 429, "temporarily_unavailable");
}

/// pump-api.md §2.6
#[test]
fn a_client_speaks_for_itself_and_for_nobody_else() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("only for friends"));
    let app = App::confidential(&pump);
    let ask = |scope: &str| {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        app.ask(&pump, &fields)
    };
    refused(ask("everything"), 400, "invalid_scope");
    let token = |scope: &str| {
        let answer = ask(scope).ok();
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        pump.nobody().bearing(&token)
    };
    let reader = token("read");
    reader.get("/api/users").ok();
    assert!(!reader.stream(&evan.path("feed")).has(&posted));
    reader
        .get("/api/whoami")
        .bearer_refused(403, "insufficient_scope");
    reader
        .post_to(&evan.path("feed"), &note("hi").into())
        .bearer_refused(403, "insufficient_scope");
    let newcomer = json!({ "nickname": "ann", "password": PASSWORD });
    reader
        .post_to("/api/users", &newcomer)
        .bearer_refused(403, "insufficient_scope");
    let writer = token("writeown");
    let ann = writer.post_to("/api/users", &newcomer).ok();
    assert_eq!(ann["nickname"], "ann");
}

#[test]
fn a_refresh_token_gives_the_next_pair_and_never_more_than_was_agreed_to() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let mut evan = pump.browser_of("evan");
    let first = app.authorise(&pump, &mut evan, "writeown");
    let ask = |token: &str, scope: &str| {
        app.ask(
            &pump,
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("scope", scope),
            ],
        )
    };
    refused(ask("nonsense", "read"), 400, "invalid_grant");
    refused(ask(&first.access, "read"), 400, "invalid_grant");
    refused(ask(&first.refresh, "writeall"), 400, "invalid_scope");
    refused(ask(&first.refresh, "root"), 400, "invalid_scope");
    let second = ask(&first.refresh, "read").ok();
    assert_eq!(second["scope"], "read");
    let second = Tokens::of(&second);
    second
        .caller(&pump)
        .post_to("/api/user/evan/feed", &note("hi").into())
        .bearer_refused(403, "insufficient_scope");
    first.caller(&pump).get("/api/whoami").expect(302);
    let third = Tokens::of(&app.refresh(&pump, &second.refresh).ok());
    let posted = third
        .caller(&pump)
        .post_to("/api/user/evan/feed", &note("hi").into());
    posted.ok();
}

#[test]
fn a_client_gives_tokens_back() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let other = App::confidential(&pump);
    let mut evan = pump.browser_of("evan");
    let tokens = app.authorise(&pump, &mut evan, "read");
    let revoke = |app: &App, token: &str| app.ask_at(&pump, REVOKE, &[("token", token)]);
    refused(app.ask_at(&pump, REVOKE, &[]), 400, "invalid_request");
    refused(revoke(&other, &tokens.refresh), 400, "invalid_grant");
    let stranger = App {
        secret: Some("guess".to_owned()),
        ..app.clone()
    };
    refused(revoke(&stranger, &tokens.refresh), 401, "invalid_client");
    revoke(&app, "nonsense").ok();
    tokens.caller(&pump).get("/api/whoami").expect(302);
    revoke(&app, &tokens.access).ok();
    revoke(&app, &tokens.access).ok();
    let ended = tokens.caller(&pump).get("/api/whoami");
    ended.bearer_refused(401, "invalid_token");
    let next = Tokens::of(&app.refresh(&pump, &tokens.refresh).ok());
    revoke(&app, &next.refresh).ok();
    let ended = next.caller(&pump).get("/api/whoami");
    ended.bearer_refused(401, "invalid_token");
    refused(app.refresh(&pump, &next.refresh), 400, "invalid_grant");
}

#[test]
fn a_person_takes_access_back_and_a_removed_account_ends_it() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let app = App::confidential(&pump);
    let mut browser = pump.browser_of("evan");
    let tokens = app.authorise(&pump, &mut browser, "read");
    tokens.caller(&pump).get("/api/whoami").expect(302);
    pump.restart();
    tokens.caller(&pump).get("/api/whoami").expect(302);
    let page = browser.open("/main/apps").expect(200);
    assert!(page.shows("Testy") && page.shows("last used"));
    let forms = page.forms();
    let form = forms
        .iter()
        .find(|form| form.has("client") && form.value("client") == app.id);
    browser
        .submit(form.expect("a form for the client"))
        .expect(200);
    let ended = tokens.caller(&pump).get("/api/whoami");
    ended.bearer_refused(401, "invalid_token");
    refused(app.refresh(&pump, &tokens.refresh), 400, "invalid_grant");

    let tokens = app.authorise(&pump, &mut browser, "read");
    let waiting = code(&mut browser, &app.question("read"));
    evan.delete("/api/user/evan").ok();
    let ended = tokens.caller(&pump).get("/api/whoami");
    ended.bearer_refused(401, "invalid_token");
    refused(app.refresh(&pump, &tokens.refresh), 400, "invalid_grant");
    refused(app.exchange(&pump, &waiting), 400, "invalid_grant");
}
