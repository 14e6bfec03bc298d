//! What people choose for themselves on the pages of settings: language, appearance, where they are logged in.

use crate::harness::people::PASSWORD;
use crate::harness::{Browser, Pump, Request};

/// Chooses something on its page.
#[track_caller]
fn choose(browser: &mut Browser, page: &str, field: &str, value: &str) -> u16 {
    let form = browser
        .open(&format!("/main/settings/{page}"))
        .expect(200)
        .form(page);
    browser.submit(&form.fill(field, value)).answer.status
}

/// What the root element of the first page says.
fn root(browser: &mut Browser) -> String {
    let html = browser.open("/").expect(200).html();
    let (_, rest) = html.split_once("<html ").expect("a page");
    rest.split_once('>').expect("a whole page").0.to_owned()
}

#[test]
fn settings_of_an_account_are_for_those_who_are_logged_in() {
    let pump = Pump::start();
    pump.register("ann");
    for page in [
        "/main/settings",
        "/main/settings/profile",
        "/main/settings/privacy",
        "/main/settings/notifications",
        "/main/settings/data",
    ] {
        let answer = pump.browser().ask(Request::get(page)).expect(302);
        let location = answer.header("location");
        assert!(
            location.contains("/main/login?continue="),
            "{page}: {location}"
        );
    }
    let mut ann = pump.browser_of("ann");
    let form = ann.open("/main/account").expect(200);
    let forged = Request::post("/main/account/sessions");
    assert_eq!(ann.ask(forged).status, 403);
    assert!(form.shows("This browser"));
    let hub = ann.open("/main/settings").expect(200);
    for link in [
        "/main/settings/profile",
        "/main/settings/privacy",
        "/main/account",
        "/main/apps",
        "/main/account/delete",
    ] {
        assert!(
            hub.all("a", "href").iter().any(|href| href == link),
            "{link}"
        );
    }
}

#[test]
fn a_new_post_begins_with_the_audience_that_somebody_fixed() {
    let pump = Pump::start();
    let ann = pump.register("ann");
    let mut browser = pump.browser_of("ann");
    let of_new_post = |browser: &mut Browser| {
        let page = browser.open("/main/compose").expect(200);
        page.form("composer").value("audience").to_owned()
    };
    let post = |browser: &mut Browser, whom: &str| {
        let form = browser.open("/main/compose").expect(200).form("composer");
        let form = form.fill("content", whom).fill("audience", whom);
        browser.submit(&form).expect(200);
    };
    for (wrong, status) in [("", 400), ("people", 400), ("list:none", 400), ("x", 400)] {
        let form = browser.open("/main/settings/privacy").form("privacy");
        let answer = browser.submit(&form.fill("audience", wrong));
        assert_eq!(answer.answer.status, status, "{wrong}");
    }
    assert_eq!(of_new_post(&mut browser), "followers");
    post(&mut browser, "public");
    assert_eq!(of_new_post(&mut browser), "public", "as last time");
    assert_eq!(choose(&mut browser, "privacy", "audience", "me"), 200);
    assert_eq!(of_new_post(&mut browser), "me");
    post(&mut browser, "public");
    assert_eq!(of_new_post(&mut browser), "me", "it stays fixed");

    // A list that is gone stands for nothing.
    let list = ann.lists().items()[0].clone();
    let key = list["id"].as_str().and_then(|id| id.rsplit('/').next());
    let list_value = format!("list:{}", key.expect("a key"));
    assert_eq!(
        choose(&mut browser, "privacy", "audience", &list_value),
        200
    );
    assert_eq!(of_new_post(&mut browser), list_value);
    ann.does("delete", &list);
    assert_eq!(of_new_post(&mut browser), "followers");
    assert_eq!(choose(&mut browser, "privacy", "audience", "last"), 200);
    post(&mut browser, "followers");
    post(&mut browser, "public");
    assert_eq!(of_new_post(&mut browser), "public");
}

#[test]
fn a_stranger_s_browser_keeps_language_and_appearance() {
    let pump = Pump::start();
    let mut stranger = pump.browser();
    assert_eq!(choose(&mut stranger, "language", "language", "tlh"), 400);
    assert_eq!(
        choose(&mut stranger, "appearance", "appearance", "pink"),
        400
    );
    assert!(root(&mut stranger).contains("lang=\"en\""));
    assert_eq!(choose(&mut stranger, "language", "language", "fr"), 200);
    assert_eq!(
        choose(&mut stranger, "appearance", "appearance", "dark"),
        200
    );
    let now = root(&mut stranger);
    assert!(
        now.contains("lang=\"fr\"") && now.contains("data-appearance=\"dark\""),
        "{now}"
    );
    assert!(
        stranger
            .open("/nobody-of-that-name")
            .html()
            .contains("lang=\"fr\"")
    );
    assert_eq!(choose(&mut stranger, "language", "language", ""), 200);
    assert_eq!(
        choose(&mut stranger, "appearance", "appearance", "device"),
        200
    );
    let now = root(&mut stranger);
    assert!(
        now.contains("lang=\"en\"") && !now.contains("data-appearance"),
        "{now}"
    );
    assert!(
        root(&mut pump.browser()).contains("lang=\"en\""),
        "of others it is their own"
    );
}

#[test]
fn what_somebody_chose_goes_with_the_account() {
    let mut pump = Pump::start();
    pump.register("ann");
    let mut phone = pump.browser_of("ann");
    assert_eq!(choose(&mut phone, "language", "language", "de"), 200);
    assert_eq!(choose(&mut phone, "appearance", "appearance", "light"), 200);
    let mut desk = pump.browser_of("ann");
    let now = root(&mut desk);
    assert!(
        now.contains("lang=\"de\"") && now.contains("data-appearance=\"light\""),
        "{now}"
    );
    assert!(desk.open("/main/settings").shows("Einstellungen"));
    pump.is_sound();
}

#[test]
fn browsers_elsewhere_can_be_logged_out() {
    let pump = Pump::start();
    pump.register_all(["ann", "bea"]);
    let mut here = pump.browser_of("ann");
    let (mut phone, mut desk) = (pump.browser_of("ann"), pump.browser_of("ann"));
    let mut bea = pump.browser_of("bea");
    let account = here.open("/main/account").expect(200);
    let forms: Vec<_> = account
        .forms()
        .into_iter()
        .filter(|form| form.action == "/main/account/sessions" && form.has("session"))
        .collect();
    assert_eq!(forms.len(), 2, "this one is not among them");
    // What is somebody else's does nothing.
    let foreign = bea.open("/main/account").form_to("/main/account");
    let token = foreign.value("_csrf").to_owned();
    let stolen = forms[0].clone().fill("_csrf", &token);
    bea.submit(&stolen).expect(200);
    let left = |browser: &mut Browser| browser.open("/main/settings").at == "/main/settings";
    assert!(left(&mut phone) && left(&mut desk));
    here.submit(&forms[0]).expect(200);
    here.submit(&forms[0]).expect(200);
    assert_eq!(u8::from(left(&mut phone)) + u8::from(left(&mut desk)), 1);
    let all = here.open("/main/account").expect(200);
    let all = all
        .forms()
        .into_iter()
        .find(|form| form.action == "/main/account/sessions" && !form.has("session"));
    here.submit(&all.expect("a button for all").press("all"))
        .expect(200);
    assert!(!left(&mut phone) && !left(&mut desk) && left(&mut here));
    assert!(left(&mut bea));
    assert_eq!(desk.log_in("ann", PASSWORD).answer.status, 200);
}
