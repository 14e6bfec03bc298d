//! Mail addresses are confirmed by a link in a letter; where the site asks for one, before anything else.

use super::{address, confirmed, is_logged_in, logged_in, site};
use crate::harness::people::PASSWORD;
use crate::harness::{Request, eventually};
use serde_json::{Value, json};

fn account(nickname: &str, email: impl Into<Value>) -> Value {
    json!({ "nickname": nickname, "password": PASSWORD, "email": email.into() })
}

/// pump-api.md §1.1.1 [W], §5.3
#[test]
fn who_registers_waits_for_the_link() {
    let Some((server, pump)) = site(&["--requireEmail"]) else {
        return;
    };
    let client = pump.client();
    for bad in [
        json!(null),
        json!(""),
        json!("ann"),
        json!(7),
        json!("ann@example.org\r\nBcc: ben@example.org"),
    ] {
        let refused = client.post_to("/api/users", &account("ann", bad.clone()));
        assert_eq!(refused.status, 400, "{bad}");
        assert!(refused.json()["error"].is_string());
    }
    let user = client
        .post_to("/api/users", &account("ann", "ann@example.org"))
        .ok();
    assert!(user["token"].is_string() && user["secret"].is_string());
    assert!(user.get("email").is_none(), "{user}");
    let ann = pump.person("ann", &user);
    for path in ["/api/user/ann", "/api/user/ann/inbox", "/api/whoami"] {
        let text = ann.get(path).refused(403);
        assert!(text.contains("Confirm"), "{path}: {text}");
    }
    let refused = ann.try_post(crate::harness::note("too early"));
    assert_eq!(refused.status, 403);

    let letter = server.letter_to("ann@example.org", 1);
    let link = letter.link("/main/confirm/");
    let unknown = pump.browser().open("/main/confirm/abc");
    assert_eq!(unknown.answer.status, 404);
    let cut = pump
        .browser()
        .open(link.get(..link.len() - 1).expect("ASCII"));
    assert_eq!(cut.answer.status, 404);
    // Whoever only looks whether the page is there does not use it up.
    pump.nobody().send(Request::new("HEAD", &link));

    let mut browser = pump.browser();
    let page = browser.open(&link).expect(200);
    assert!(page.text_of("done").contains("ann@example.org"));
    assert!(is_logged_in(&mut browser), "the link logs in");
    assert_eq!(ann.get("/api/user/ann").ok()["email"], "ann@example.org");
    ann.post(crate::harness::note("now"));
    let used = pump.browser().open(&link);
    assert_eq!(used.answer.status, 400);
    assert!(used.shows("your address is confirmed"));
}

/// pump-api.md §5.3
#[test]
fn a_link_is_for_its_own_user_and_replaced_by_a_newer_wish() {
    let Some((server, pump)) = site(&["--requireEmail"]) else {
        return;
    };
    confirmed(&server, &pump, "ben");
    let mut ben = logged_in(&pump, "ben", PASSWORD);
    let mut ann = pump.browser();
    let form = ann.open("/main/register").expect(200).form("registration");
    let form = form
        .fill("nickname", "ann")
        .fill("password", PASSWORD)
        .fill("again", PASSWORD);
    let refused = ann.submit(&form);
    assert_eq!(refused.answer.status, 400);
    assert!(
        refused
            .text_of("error")
            .contains("A mail address is needed")
    );
    let page = ann
        .submit(&form.fill("email", "ann@exampel.org"))
        .expect(200);
    assert_eq!(page.at, "/main/confirm");
    assert_eq!(page.text_of("address"), "ann@exampel.org");
    let wrong = server.letter_to("ann@exampel.org", 1);
    let foreign = ben.open(&wrong.link("/main/confirm/"));
    assert_eq!(foreign.answer.status, 400);
    assert!(foreign.shows("another account"));

    // The page is all there is for her, also after a new login, and it mends a slip of the finger.
    assert!(!is_logged_in(&mut ann));
    assert_eq!(ann.open("/").expect(200).at, "/main/confirm");
    let mut again = pump.browser();
    let page = again.log_in("ann", PASSWORD).expect(200);
    assert_eq!(page.at, "/main/confirm");
    let bad = again.submit(&page.form("again").fill("email", "nonsense"));
    assert_eq!(bad.answer.status, 400);
    let sent = again.submit(&page.form("again").fill("email", "ann@example.org"));
    assert_eq!(sent.expect(200).text_of("address"), "ann@example.org");
    let right = server.letter_to("ann@example.org", 1);
    let old = pump.browser().open(&wrong.link("/main/confirm/"));
    assert_eq!(old.answer.status, 400);
    ann.open(&right.link("/main/confirm/")).expect(200);
    assert!(is_logged_in(&mut ann));
    let (mut page, mut again_page) = (ann.open("/"), again.open("/"));
    page = page.expect(200);
    again_page = again_page.expect(200);
    assert_eq!((page.at, again_page.at), ("/".to_owned(), "/".to_owned()));
}

#[test]
fn letters_to_one_address_are_few() {
    let Some((server, pump)) = site(&["--requireEmail"]) else {
        return;
    };
    let client = pump.client();
    let mut statuses = Vec::new();
    for number in 0..5 {
        let account = account(&format!("spammer{number}"), "victim@example.org");
        statuses.push(client.post_to("/api/users", &account).status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429]);
    client
        .post_to("/api/users", &account("ann", "ann@example.org"))
        .ok();
    server.letter_to("ann@example.org", 1);
    assert_eq!(server.letters_to("victim@example.org").len(), 4);
}

/// pump-api.md §4.2
#[test]
fn another_address_counts_when_its_link_was_followed() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let email = || ann.get("/api/user/ann").ok()["email"].clone();
    let put = |email: Value| {
        let record =
            json!({ "nickname": "ann", "password": PASSWORD, "email": email, "langs": ["de"] });
        ann.put_to("/api/user/ann", &record)
    };
    for bad in [json!("nonsense"), json!(7), json!(["ann@new.example.org"])] {
        assert_eq!(put(bad).status, 400);
    }
    let answer = put(json!("ann@new.example.org")).ok();
    assert_eq!(
        answer["email"], "ann@example.org",
        "not before it is confirmed"
    );
    assert_eq!(answer["langs"], json!(["de"]));
    let letter = server.letter_to("ann@new.example.org", 1);
    assert_eq!(email(), "ann@example.org");
    pump.browser()
        .open(&letter.link("/main/confirm/"))
        .expect(200);
    assert_eq!(email(), "ann@new.example.org");
    // The one before hears of it, should it have been somebody else.
    let told = server.letter_to(&address("ann"), 2);
    assert!(
        told.text()
            .contains("does not come to this address any more")
    );
    assert_eq!(
        put(json!("ann@new.example.org")).ok()["email"],
        "ann@new.example.org"
    );
    put(json!(null)).ok();
    assert_eq!(email(), Value::Null);
    server.letter_to("ann@new.example.org", 2);
}

#[test]
fn the_page_of_the_account_changes_and_removes_an_address() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    pump.register("ann");
    let mut browser = logged_in(&pump, "ann", PASSWORD);
    let page = browser.open("/main/account").expect(200);
    assert!(
        page.text_of("address")
            .contains("no confirmed mail address")
    );
    let form = page.form("email-form").fill("email", "ann@example.org");
    let refused = browser.submit(&form.clone().fill("current", "wrong-horse-7"));
    assert_eq!(refused.answer.status, 400);
    assert!(
        refused
            .text_of("mail-error")
            .contains("password is not right")
    );
    let refused = browser.submit(&form.clone().fill("email", "ann@").fill("current", PASSWORD));
    assert_eq!(refused.answer.status, 400);
    let page = browser.submit(&form.fill("current", PASSWORD)).expect(200);
    assert!(page.text_of("wanted").contains("ann@example.org"));
    assert!(
        is_logged_in(&mut browser),
        "a wish for an address shuts nobody out"
    );
    let letter = server.letter_to("ann@example.org", 1);
    browser.open(&letter.link("/main/confirm/")).expect(200);
    let page = browser.open("/main/account").expect(200);
    assert_eq!(
        page.text_of("address"),
        "Your mail address: ann@example.org"
    );
    let form = page
        .form("email-form")
        .fill("current", PASSWORD)
        .press("remove");
    let page = browser.submit(&form).expect(200);
    assert!(
        page.text_of("address")
            .contains("no confirmed mail address")
    );
    let told = server.letter_to("ann@example.org", 2);
    assert!(told.subject().contains("Your mail address"));
}

#[test]
fn a_site_without_mail_says_so_and_keeps_no_address() {
    let pump = crate::harness::Pump::start();
    let user = pump
        .client()
        .post_to("/api/users", &account("ann", "ann@example.org"))
        .ok();
    let ann = pump.person("ann", &user);
    assert!(ann.get("/api/user/ann").ok().get("email").is_none());
    let record = json!({ "nickname": "ann", "password": PASSWORD, "email": "ann@example.org" });
    let refused = ann.put_to("/api/user/ann", &record);
    assert_eq!(refused.status, 400);
    assert!(
        refused.json()["error"]
            .as_str()
            .expect("a sentence")
            .contains("sends no mail")
    );
    let mut browser = logged_in(&pump, "ann", PASSWORD);
    let page = browser.open("/main/account").expect(200);
    assert!(page.text_of("no-mail").contains("This site sends no mail"));
    assert!(page.find_form("email-form").is_none());
    let mut stranger = pump.browser();
    let page = stranger.open("/main/register").expect(200);
    assert!(!page.form("registration").has("email"));
    let page = stranger.open("/main/recover").expect(200);
    assert!(page.text_of("no-mail").contains("Ask the owner"));
    assert_eq!(stranger.open("/main/confirm/abc").answer.status, 404);
}

#[test]
fn whoever_administers_the_server_confirms_an_address_by_word() {
    let Some((server, mut pump)) = site(&["--requireEmail"]) else {
        return;
    };
    let user = pump
        .client()
        .post_to("/api/users", &account("ann", "ann@example.org"))
        .ok();
    let ann = pump.person("ann", &user);
    server.letter_to("ann@example.org", 1);
    assert_eq!(ann.get("/api/user/ann").status, 403);
    let beside = pump.command(&["user", "email", "ann", "ann@example.org"], "");
    assert!(beside.status.success(), "the server that runs does it");
    assert_eq!(ann.get("/api/user/ann").ok()["email"], "ann@example.org");
    assert!(pump.stop().success());
    for bad in [
        &["user", "email", "ann"][..],
        &["user", "email", "ann", "x"],
    ] {
        assert_eq!(pump.command(bad, "").status.code(), Some(64));
    }
    let done = pump.command(&["user", "email", "ann", "ann@other.example.org"], "");
    assert!(done.status.success());
    pump.start_again();
    eventually(|| ann.get("/api/user/ann").status == 200);
    assert_eq!(
        ann.get("/api/user/ann").ok()["email"],
        "ann@other.example.org"
    );
}
