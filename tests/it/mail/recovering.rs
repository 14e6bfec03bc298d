//! A password that was forgotten is replaced by a link in a letter; nobody learns by it who is here.

use super::{address, confirmed, is_logged_in, logged_in, site};
use crate::harness::Request;
use crate::harness::people::PASSWORD;
use serde_json::json;

const NEW: &str = "fresh-battery-8";

/// pump-api.md §5.4, D21
#[test]
fn asking_tells_nobody_who_is_here() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    confirmed(&server, &pump, "ann");
    pump.register("ben");
    let nobody = pump.nobody();
    for bad in [
        json!({}),
        json!({ "nickname": 7 }),
        json!({ "nickname": "" }),
    ] {
        let refused = nobody.post_to("/main/recover", &bad);
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json()["sent"], false);
        assert!(refused.json()["error"].is_string());
    }
    // Somebody with an address, somebody without one, nobody, no nickname at all, and once more.
    let mut answers = Vec::new();
    for nickname in ["ann", "ben", "nobody", "a b c", "ann"] {
        let answer = nobody.post_to("/main/recover", &json!({ "nickname": nickname }));
        answers.push((answer.status, answer.text()));
    }
    for answer in &answers {
        assert_eq!(*answer, (200, r#"{"sent":true}"#.to_owned()));
    }
    let pages = ["ann", "ben", "nobody"].map(|nickname| {
        let mut browser = pump.browser();
        let form = browser.open("/main/recover").expect(200).form("recover");
        let page = browser.submit(&form.fill("nickname", nickname)).expect(200);
        page.text_of("done").replace(nickname, "…")
    });
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    let foreign = Request::post("/main/recover").form(&[("nickname", "ann")]);
    assert_eq!(nobody.send(foreign).status, 403, "a form of another site");

    // One letter within an hour, one more only if it is wished for, and never many.
    server.letter_to(&address("ann"), 2);
    let again = |times: usize| {
        let asked = json!({ "nickname": "ann", "force": true });
        let all = (0..times).map(|_| nobody.post_to("/main/recover", &asked).status);
        all.collect::<Vec<u16>>()
    };
    assert_eq!(again(1), [200]);
    server.letter_to(&address("ann"), 3);
    assert!(again(2).contains(&429));
    confirmed(&server, &pump, "cat");
    assert!(
        server.letters_to(&address("ann")).len() <= 4,
        "three in an hour"
    );
}

/// pump-api.md §5.4, D21
#[test]
fn a_link_sets_a_password_once_without_scripts() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let mut elsewhere = logged_in(&pump, "ann", PASSWORD);
    let mut browser = pump.browser();
    let page = browser.open("/main/login").expect(200);
    assert!(page.all("a", "href").contains(&"/main/recover".to_owned()));
    let form = browser.open("/main/recover").expect(200).form("recover");
    let page = browser.submit(&form.fill("nickname", "Ann")).expect(200);
    assert!(page.at.starts_with("/main/recover-sent"));
    let letter = server.letter_to(&address("ann"), 2);
    let link = letter.link("/main/recover/");
    for bad in [
        "/main/recover/abc",
        "/main/recover/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let page = browser.open(bad);
        assert_eq!(page.answer.status, 400);
        assert!(page.text_of("error").contains("not good any more"));
    }
    // Looking at it changes nothing.
    let page = browser.open(&link).expect(200);
    assert!(is_logged_in(&mut elsewhere));
    let form = page.form("new-password");
    let form = form.fill("password", NEW).fill("again", NEW);
    for bad in [
        form.clone().fill("password", "short"),
        form.clone().fill("again", PASSWORD),
    ] {
        let page = browser.submit(&bad);
        assert_eq!(page.answer.status, 400);
        assert!(!page.text_of("error").is_empty());
    }
    assert_eq!(
        browser.submit(&form.clone().without("_csrf")).answer.status,
        403
    );
    assert_eq!(browser.submit(&form).expect(200).at, "/");
    assert!(is_logged_in(&mut browser));
    assert!(!is_logged_in(&mut elsewhere), "other sessions end");
    ann.get("/api/user/ann").ok();
    assert_eq!(pump.browser().open(&link).answer.status, 400);
    logged_in(&pump, "ann", NEW);
    let told = server.letter_to(&address("ann"), 3);
    assert!(told.text().contains("opened with a link"));
}

/// pump-api.md §5.4, D5, D21
#[test]
fn a_client_redeems_a_code_for_a_token_and_a_session() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    confirmed(&server, &pump, "ann");
    let mut elsewhere = logged_in(&pump, "ann", PASSWORD);
    pump.nobody()
        .post_to("/main/recover", &json!({ "nickname": "ann" }))
        .ok();
    let letter = server.letter_to(&address("ann"), 2);
    let code = letter.link("/main/recover/").replace("/main/recover/", "");
    let redeem = |code: &str| {
        pump.client()
            .post_to("/main/redeem-code", &json!({ "code": code }))
    };
    let unsigned = pump
        .nobody()
        .post_to("/main/redeem-code", &json!({ "code": code }));
    assert_eq!(unsigned.status, 400);
    for bad in ["", "abc"] {
        assert_eq!(redeem(bad).status, 400);
    }
    let answer = redeem(&code);
    assert!(answer.header("set-cookie").starts_with("session="));
    let user = answer.ok();
    assert_eq!(user["nickname"], "ann");
    assert!(user.get("password").is_none() && !user.to_string().contains("argon2"));
    assert!(!is_logged_in(&mut elsewhere));
    let ann = pump.person("ann", &user);
    let record = json!({ "nickname": "ann", "password": NEW });
    ann.put_to("/api/user/ann", &record).ok();
    logged_in(&pump, "ann", NEW);
    let used = redeem(&code);
    assert_eq!(used.status, 400);
    let mut guesses = Vec::new();
    for _ in 0..30 {
        guesses.push(redeem("abc").status);
    }
    assert!(
        guesses.contains(&429),
        "guessing is slowed down: {guesses:?}"
    );
}

/// pump-api.md §5.4, D21
#[test]
fn another_password_ends_the_links_to_set_one() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    pump.nobody()
        .post_to("/main/recover", &json!({ "nickname": "ann" }))
        .ok();
    let link = server.letter_to(&address("ann"), 2).link("/main/recover/");
    let record = json!({ "nickname": "ann", "password": NEW });
    ann.put_to("/api/user/ann", &record).ok();
    assert_eq!(pump.browser().open(&link).answer.status, 400);
}

/// pump-api.md §1.5, D5
#[test]
fn a_token_gets_a_session_and_ends_it() {
    let pump = crate::harness::Pump::start();
    let ann = pump.register("ann");
    let refused = pump.client().post_to("/main/renew", &json!({}));
    assert_eq!(refused.status, 400);
    assert_eq!(pump.nobody().post_to("/main/renew", &json!({})).status, 400);
    let answer = ann.post_to("/main/renew", &json!({}));
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("session=") && cookie.contains("HttpOnly"));
    let user = answer.ok();
    assert_eq!(user["nickname"], "ann");
    assert!(user.get("password").is_none() && user.get("token").is_none());
    let cookie = cookie.split(';').next().expect("a value");
    let is_logged_in = || {
        let home = Request::get("/").header("Cookie", cookie);
        pump.nobody().send(home).text().contains("Your menu")
    };
    assert!(is_logged_in());
    // And the same token ends it; a cookie alone does not.
    let logout = Request::post("/main/logout").header("Cookie", cookie);
    pump.nobody().send(logout.clone()).expect(403);
    pump.client().send(logout.clone()).expect(400);
    assert!(is_logged_in());
    assert_eq!(ann.send(logout).ok(), "OK");
    assert!(!is_logged_in());
}
