//! Where no mail is sent, or none arrives, the owner of the server hands somebody a link for a new password.

use super::{is_logged_in, logged_in};
use crate::harness::people::PASSWORD;
use crate::harness::pump::said;
use crate::harness::{Pump, Request};
use serde_json::json;

const NEW: &str = "fresh-battery-8";

fn path_of(link: &str) -> String {
    link.trim()
        .trim_start_matches("http://pump.test")
        .to_owned()
}

#[test]
fn the_owner_makes_a_link_by_the_api_and_nobody_else_does() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let target = "/api/owner/users/ann/reset-link";
    pump.give_to("evan");
    ann.post_to(target, &json!({})).refused(403);
    assert!(pump.nobody().post_to(target, &json!({})).status >= 400);
    let nobody = "/api/owner/users/nobody/reset-link";
    evan.post_to(nobody, &json!({})).refused(404);
    let made = evan.post_to(target, &json!({})).expect(201).json();
    assert!(made["expires"].is_string(), "{made}");
    let mut elsewhere = logged_in(&pump, "ann", PASSWORD);
    use_link(&pump, made["url"].as_str().expect("a link"));
    assert!(!is_logged_in(&mut elsewhere), "other sessions end");
    logged_in(&pump, "ann", NEW);

    let pageless = Pump::with(&["--noweb"]);
    let [evan, _] = pageless.register_all(["evan", "ann"]);
    pageless.give_to("evan");
    let text = evan.post_to(target, &json!({})).refused(409);
    assert!(text.contains("user password"), "{text}");
}

/// Sets a password by a link; answers the browser.
#[track_caller]
fn use_link(pump: &Pump, link: &str) {
    let mut browser = pump.browser();
    let page = browser.open(&path_of(link)).expect(200);
    let form = page.form("new-password");
    let form = form.fill("password", NEW).fill("again", NEW);
    browser.submit(&form).expect(200);
    assert!(is_logged_in(&mut browser));
}

#[test]
fn the_command_line_makes_a_link() {
    let mut pump = Pump::start();
    pump.register("ann");
    let made = pump.command(&["user", "reset-link", "ann"], "");
    let beside = said(&made);
    assert!(
        beside.starts_with("http://pump.test/main/recover/"),
        "the server that runs makes it: {beside}"
    );
    pump.browser().open(&path_of(&beside)).expect(200);
    assert!(pump.stop().success());
    let make = |nickname: &str, more: &str| {
        pump.command(
            &[
                "user",
                "reset-link",
                nickname,
                "--hostname=pump.test",
                "--urlPort=80",
                more,
            ],
            "",
        )
    };
    assert!(said(&make("nobody", "--noweb=false")).contains("no user nobody"));
    assert!(said(&make("ann", "--noweb")).contains("user password"));
    let made = make("ann", "--noweb=false");
    let link = said(&made);
    assert!(
        made.status.success() && link.starts_with("http://pump.test/main/recover/"),
        "{link}"
    );
    pump.start_again();
    use_link(&pump, &link);
    for link in [link, beside] {
        let again = pump.browser().open(&path_of(&link));
        assert_eq!(again.answer.status, 400, "once, and with its like");
    }
}

#[test]
fn the_owner_makes_a_link_on_a_page_and_nobody_else_does() {
    let mut pump = Pump::start();
    for nickname in ["evan", "ann", "ben"] {
        pump.register(nickname);
    }
    assert!(pump.stop().success());
    assert!(
        pump.command(&["user", "owner", "evan"], "")
            .status
            .success()
    );
    pump.start_again();
    let page = "/main/reset?nickname=ann";
    let mut ben = logged_in(&pump, "ben", PASSWORD);
    assert_eq!(ben.open(page).answer.status, 403);
    assert!(
        !ben.open("/main/people")
            .expect(200)
            .html()
            .contains("/main/reset")
    );
    let stranger = pump.browser().ask(Request::get(page));
    assert_eq!(stranger.status, 302);
    let mut evan = logged_in(&pump, "evan", PASSWORD);
    let links = evan.open("/main/box/people/ann").expect(200);
    let links = links.all("a", "href");
    assert!(links.contains(&page.to_owned()), "{links:?}");
    let links = evan.open("/main/box/people/evan").expect(200);
    let links = links.all("a", "href");
    assert!(!links.contains(&"/main/reset?nickname=evan".to_owned()));
    assert_eq!(evan.open("/main/reset?nickname=nobody").answer.status, 404);
    let form = evan.open(page).expect(200).form("reset");
    let stolen = ben.submit(&form);
    assert_eq!(stolen.answer.status, 403);
    let made = evan.submit(&form).expect(200);
    let link = made.text_of("link");
    let mut ann = logged_in(&pump, "ann", PASSWORD);
    assert!(is_logged_in(&mut ann), "nothing changes until it is used");
    use_link(&pump, &link);
    assert!(!is_logged_in(&mut ann));
    logged_in(&pump, "ann", NEW);
    assert_eq!(pump.browser().open(&path_of(&link)).answer.status, 400);
}
