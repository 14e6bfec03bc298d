//! What somebody would try who wants into an account that is not theirs (RFC 9700 §4).

use super::{
    AUTHZ, App, CALLBACK, Tokens, VERIFIER, challenge, code, consent, led_by, refused, target, with,
};
use crate::harness::{Pump, Request};
use serde_json::json;

/// pump-api.md §2.6, D20; RFC 6749 §4.1.2.1, RFC 9700 §4.1
#[test]
fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let question = app.question("read");
    let mut evan = pump.browser_of("evan");
    for tricky in [
        "https://app.test/cb/",
        "https://app.test/cb?x=1",
        "https://app.test/cb#x",
        "https://app.test/cb%2f..",
        "https://app.test/",
        "https://app.test",
        "https://APP.test/cb",
        "http://app.test/cb",
        "https://app.test:444/cb",
        "https://app.test.evil.test/cb",
        "https://app.test@evil.test/cb",
        "https://evil.test/https://app.test/cb",
        "https://evil.test",
        "//app.test/cb",
        "javascript:alert(1)",
        "http://127.0.0.1:80/cb",
        "https://app.test/cb\r\nSet-Cookie: a=b",
    ] {
        let question = with(&question, "redirect_uri", Some(tricky));
        let page = evan.open(&target(AUTHZ, &question)).expect(400);
        assert!(page.answer.header("location").is_empty(), "{tricky}");
        // Nor by a form that was bent after it was shown.
        let form = consent(&mut evan, &app.question("read"));
        let form = form.fill("redirect_uri", tricky).press("allow");
        assert_eq!(evan.submit_once(&form).status, 400, "{tricky}");
    }
    for name in ["client_id", "redirect_uri"] {
        let without = with(&question, name, None);
        evan.open(&target(AUTHZ, &without)).expect(400);
        let mut twice = question.clone();
        twice.push(
            question
                .iter()
                .find(|pair| pair.0 == name)
                .expect("there")
                .clone(),
        );
        evan.open(&target(AUTHZ, &twice)).expect(400);
    }
    let unknown = with(&question, "client_id", Some("nobody"));
    evan.open(&target(AUTHZ, &unknown)).expect(400);
    // A client that has registered no address has none.
    let bare = pump.new_client("Bare");
    let bare = with(&question, "client_id", Some(&bare.key));
    evan.open(&target(AUTHZ, &bare)).expect(400);
}

/// pump-api.md §2.6
#[test]
fn what_is_wrong_besides_is_told_to_the_client() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let question = app.question("read");
    let mut evan = pump.browser_of("evan");
    let mut twice = question.clone();
    twice.push(("state", "other".to_owned()));
    for (wrong, error) in [
        (
            with(&question, "response_type", Some("token")),
            "unsupported_response_type",
        ),
        (with(&question, "response_type", None), "invalid_request"),
        (with(&question, "scope", Some("read root")), "invalid_scope"),
        (
            with(&question, "code_challenge", Some("short")),
            "invalid_request",
        ),
        (with(&question, "code_challenge", None), "invalid_request"),
        (
            with(&question, "code_challenge_method", Some("plain")),
            "invalid_request",
        ),
        (
            with(&question, "code_challenge_method", None),
            "invalid_request",
        ),
        (twice, "invalid_request"),
    ] {
        let answer = evan.ask(Request::get(&target(AUTHZ, &wrong))).expect(302);
        let location = answer.header("location");
        assert!(
            location.starts_with(&format!("{CALLBACK}?error={error}&")),
            "{location}"
        );
        assert!(location.contains("&state=x%26y+7&iss="), "{location}");
        // RFC 9700 §4.11.2: whoever is not logged in is not led away by a link of this site.
        pump.browser().open(&target(AUTHZ, &wrong)).expect(400);
    }
}

/// RFC 9700 §2.1.1
#[test]
fn pkce_cannot_be_left_out_or_taken_out() {
    let pump = Pump::start();
    pump.register("evan");
    let mut evan = pump.browser_of("evan");
    let native = json!({
        "client_name": "Native", "redirect_uris": ["com.example.app:/cb"], "application_type": "native",
    });
    for app in [App::public(&pump), App::register(&pump, &native)] {
        let question = with(&app.question("read"), "code_challenge", None);
        let question = with(&question, "code_challenge_method", None);
        let answer = evan
            .ask(Request::get(&target(AUTHZ, &question)))
            .expect(302);
        assert!(answer.header("location").contains("error=invalid_request"));
    }
    // A client that keeps a secret may do without; a verifier that belongs to no challenge then is a sign of theft.
    let app = App::confidential(&pump);
    let question = with(&app.question("read"), "code_challenge", None);
    let question = with(&question, "code_challenge_method", None);
    let downgraded = code(&mut evan, &question);
    refused(app.exchange(&pump, &downgraded), 400, "invalid_grant");
    let fields = |code: &str, verifier: &str| {
        app.ask(
            &pump,
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", verifier),
            ],
        )
    };
    fields(&downgraded, "").ok();
    let bound = code(&mut evan, &app.question("read"));
    for wrong in ["", "guess", &"x".repeat(43), &challenge(VERIFIER)] {
        refused(fields(&bound, wrong), 400, "invalid_grant");
    }
    fields(&bound, VERIFIER).ok();
}

/// RFC 6749 §4.1.2, §10.5
#[test]
fn a_code_counts_once_for_its_own_client_and_address() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let thief = App::confidential(&pump);
    let mut evan = pump.browser_of("evan");
    let code = code(&mut evan, &app.question("read"));
    refused(app.exchange(&pump, "nonsense"), 400, "invalid_grant");
    refused(app.exchange(&pump, &"A".repeat(40)), 400, "invalid_grant");
    refused(thief.exchange(&pump, &code), 400, "invalid_grant");
    let other = App {
        redirect_uri: "https://app.test/other".to_owned(),
        ..app.clone()
    };
    refused(other.exchange(&pump, &code), 400, "invalid_grant");
    let tokens = Tokens::of(&app.exchange(&pump, &code).ok());
    tokens.caller(&pump).get("/api/whoami").expect(302);
    // The second time is a sign of theft: what the first gave ends, too.
    refused(thief.exchange(&pump, &code), 400, "invalid_grant");
    tokens.caller(&pump).get("/api/whoami").expect(302);
    refused(app.exchange(&pump, &code), 400, "invalid_grant");
    let ended = tokens.caller(&pump).get("/api/whoami");
    ended.bearer_refused(401, "invalid_token");
    refused(app.refresh(&pump, &tokens.refresh), 400, "invalid_grant");
}

/// RFC 9700 §4.14.2
#[test]
fn a_refresh_token_that_comes_twice_ends_everything() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let thief = App::confidential(&pump);
    let mut evan = pump.browser_of("evan");
    let first = app.authorise(&pump, &mut evan, "read");
    let untouched = app.authorise(&pump, &mut evan, "read");
    refused(thief.refresh(&pump, &first.refresh), 400, "invalid_grant");
    let second = Tokens::of(&app.refresh(&pump, &first.refresh).ok());
    refused(app.refresh(&pump, &first.refresh), 400, "invalid_grant");
    for tokens in [&first, &second] {
        let ended = tokens.caller(&pump).get("/api/whoami");
        ended.bearer_refused(401, "invalid_token");
        refused(app.refresh(&pump, &tokens.refresh), 400, "invalid_grant");
    }
    // Another consent, of another device perhaps, is not touched.
    untouched.caller(&pump).get("/api/whoami").expect(302);
}

#[test]
fn of_refreshes_at_the_same_time_at_most_one_counts() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let mut evan = pump.browser_of("evan");
    let first = app.authorise(&pump, &mut evan, "read");
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| app.refresh(&pump, &first.refresh).status))
            .collect();
        let joined = tries.into_iter().map(|one| one.join().expect("an answer"));
        joined.collect()
    });
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
    assert!(answers.iter().all(|status| [200, 400].contains(status)));
    let ended = first.caller(&pump).get("/api/whoami");
    ended.bearer_refused(401, "invalid_token");
}

#[test]
fn codes_exchanged_at_the_same_time_count_at_most_once() {
    let pump = Pump::start();
    pump.register("evan");
    let app = App::confidential(&pump);
    let mut evan = pump.browser_of("evan");
    let code = code(&mut evan, &app.question("read"));
    let good = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| app.exchange(&pump, &code).status))
            .collect();
        let joined = tries.into_iter().map(|one| one.join().expect("an answer"));
        joined.filter(|status| *status == 200).count()
    });
    assert_eq!(good, 1);
}

#[test]
fn tokens_of_one_kind_are_none_of_another() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let app = App::confidential(&pump);
    let mut browser = pump.browser_of("evan");
    let code = code(&mut browser, &app.question("read"));
    let tokens = Tokens::of(&app.exchange(&pump, &code).ok());
    let client_secret = app.secret.clone().expect("a secret");
    for other in [
        &code,
        &tokens.refresh,
        &app.id,
        &client_secret,
        &evan.token_pair().key,
        &evan.token_pair().secret,
    ] {
        let caller = pump.nobody().bearing(other);
        caller
            .get("/api/whoami")
            .bearer_refused(401, "invalid_token");
    }
    refused(app.exchange(&pump, &tokens.refresh), 400, "invalid_grant");
    refused(app.refresh(&pump, &tokens.access), 400, "invalid_grant");
    tokens.caller(&pump).get("/api/whoami").expect(302);
}

#[test]
fn consent_counts_only_in_the_browser_of_whoever_gives_it() {
    let pump = Pump::start();
    pump.register("evan");
    pump.register("mallory");
    let app = App::confidential(&pump);
    let question = app.question("writeall");
    let mut evan = pump.browser_of("evan");
    let mut mallory = pump.browser_of("mallory");
    let form = consent(&mut mallory, &question).press("allow");
    assert_eq!(evan.submit_once(&form).status, 403);
    assert_eq!(pump.browser().submit_once(&form).status, 403);
    let form = consent(&mut evan, &question)
        .without("_csrf")
        .press("allow");
    assert_eq!(evan.submit_once(&form).status, 403);
    // A link alone agrees to nothing, whatever it carries.
    let link = format!("{}&allow=yes", target(AUTHZ, &question));
    evan.open(&link).expect(200).form("oauth2-authorization");
    // Whoever agreed before is asked again.
    let form = consent(&mut evan, &question).press("allow");
    led_by(&mut evan, &form).query("code");
    consent(&mut evan, &question);
}
