//! What people do with posts, each other and their accounts by forms alone.

use crate::harness::browser::Page;
use crate::harness::people::{PASSWORD, link_self};
use crate::harness::{Browser, Person, Pump, Request, activity, note, pictures, public};
use crate::pages::{is_logged_in, log_in};
use serde_json::{Value, json};

/// The page of an object, as a browser sees it.
fn page_of(browser: &mut Browser, object: &Value) -> Page {
    let url = object["url"].as_str().expect("objects have pages");
    browser.open(url).expect(200)
}

fn reader(pump: &Pump, nickname: &str) -> Browser {
    let mut browser = pump.browser();
    log_in(&mut browser, nickname);
    browser
}

/// Sends the form of a page to a path and expects to be led to a page.
#[track_caller]
fn send(browser: &mut Browser, page: &Page, path: &str) -> Page {
    browser.submit(&page.form_to(path)).expect(200)
}

#[test]
fn a_stranger_is_asked_to_log_in_for_what_is_not_public() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let _ = bea;
    let posted = evan.post(note("for ann").to(&ann));
    let activity = evan.site.path_of(posted["url"].as_str().expect("a page"));
    for target in [activity, "/main/settings", "/main/account"] {
        let answer = pump.browser().ask(Request::get(target)).expect(302);
        let location = answer.header("location");
        assert!(
            location.contains("/main/login?continue="),
            "{target}: {location}"
        );
    }
    let refused = reader(&pump, "bea").open(activity);
    assert_eq!(refused.answer.status, 403);
    assert!(!refused.html().contains("for ann"));
    assert!(
        reader(&pump, "ann")
            .open(activity)
            .expect(200)
            .shows("for ann")
    );
    // After the login one is where one wanted to be.
    let mut browser = pump.browser();
    let login = browser.open(activity);
    let form = login.form_to("/main/login");
    let page = browser.submit(&form.fill("nickname", "ann").fill("password", PASSWORD));
    assert!(page.expect(200).shows("for ann"));
    pump.browser()
        .open("/evan/note/AAAAAAAAAAAAAAAAAAAAAA")
        .expect(404);
}

#[test]
fn forms_do_not_reach_what_one_may_not_see() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let open = evan.post(note("open").to(public()));
    let secret = evan.post(note("secret"));
    let key = link_self(&secret["object"])
        .rsplit('/')
        .next()
        .expect("a key")
        .to_owned();
    let mut browser = reader(&pump, "ann");
    let page = page_of(&mut browser, &open["object"]);
    for path in ["/main/like", "/main/share", "/main/comment"] {
        let mut form = page.form_to(path).fill("object", &key);
        if path == "/main/comment" {
            form = form.fill("content", "I see you");
        }
        let answer = browser.submit_once(&form);
        assert!(
            matches!(answer.status, 403 | 404),
            "{path}: {}",
            answer.status
        );
    }
    let object = evan.read(&secret["object"]).ok();
    for stream in ["likes", "replies", "shares"] {
        assert_eq!(object[stream]["totalItems"], 0, "{stream}");
    }
    assert_eq!(ann.feed().major().total(), 0);
}

#[test]
fn a_post_is_liked_shared_and_commented_on() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("a good one").to(public()));
    let object = &posted["object"];
    let mut browser = reader(&pump, "ann");
    let page = page_of(&mut browser, object);
    send(&mut browser, &page, "/main/like");
    send(&mut browser, &page, "/main/share");
    let comment = page
        .form_to("/main/comment")
        .fill("content", "Well <said> & done");
    browser.submit(&comment).expect(200);
    // A second tap says nothing twice.
    browser.submit(&comment).expect(200);
    let page = page_of(&mut browser, object);
    assert!(page.shows("Well <said> & done") && !page.html().contains("<said>"));
    let read = ann.read(object).ok();
    assert_eq!(read["replies"]["totalItems"], 1);
    assert_eq!(read["liked"], true);
    assert_eq!(read["pump_io"]["shared"], true);
    assert_eq!(read["replies"]["totalItems"], 1);
    assert!(
        browser
            .open("/ann/favorites")
            .expect(200)
            .shows("a good one")
    );
    send(&mut browser, &page, "/main/unlike");
    send(&mut browser, &page, "/main/unshare");
    let read = ann.read(object).ok();
    assert_eq!(read["liked"], false);
    assert_eq!(read["pump_io"]["shared"], false);
}

#[test]
fn one_follows_and_stops_on_the_profile() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.post(note("before").to(public()));
    let mut browser = reader(&pump, "ann");
    let profile = browser.open("/evan").expect(200);
    send(&mut browser, &profile, "/main/follow");
    assert_eq!(evan.followers().total(), 1);
    assert!(browser.open("/evan/followers").expect(200).shows("ann"));
    assert!(browser.open("/ann/following").expect(200).shows("evan"));
    let own = browser.open("/ann").expect(200);
    assert!(own.forms().iter().all(|form| form.action != "/main/follow"));
    let profile = browser.open("/evan").expect(200);
    send(&mut browser, &profile, "/main/unfollow");
    assert_eq!(ann.following().total(), 0);
}

#[test]
fn the_audience_of_a_post_is_chosen_in_words() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    bea.follow(&evan);
    let mut browser = reader(&pump, "evan");
    let lists = evan.lists().items();
    let family = lists
        .iter()
        .find(|list| list["displayName"] == "Family")
        .expect("everybody has a list of family");
    // Those whom one follows are offered.
    evan.follow(&ann);
    let add = page_of(&mut browser, family).form_to("/main/lists/add");
    browser.submit(&add.fill("person", "ann")).expect(200);

    let composer = browser.open("/main/compose").form_to("/main/post");
    assert_eq!(composer.value("audience"), "followers");
    let key = link_self(family).rsplit('/').next().expect("a key");
    let list = format!("list:{key}");
    for (audience, text) in [
        ("public", "for all"),
        ("followers", "for followers"),
        ("me", "for me"),
        (&list, "for family"),
    ] {
        let form = composer
            .clone()
            .fill("content", text)
            .fill("audience", audience);
        browser.submit(&form).expect(200);
    }
    let seen = |person: &Person| {
        let items = person.feed_of(&evan).major().items();
        let mut texts: Vec<String> = items
            .iter()
            .map(|item| item["object"]["content"].as_str().unwrap_or_default())
            .map(|text| {
                text.replace("<p>", "")
                    .replace("</p>", "")
                    .trim()
                    .to_owned()
            })
            .collect();
        texts.sort();
        texts
    };
    assert_eq!(seen(&ann), ["for all", "for family"]);
    assert_eq!(seen(&bea), ["for all", "for followers"]);
    let forged = composer
        .fill("content", "x")
        .fill("audience", "list:AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(browser.submit_once(&forged).status, 400);
    let page = browser.open("/evan").expect(200);
    for text in ["for all", "for followers", "for me", "for family"] {
        assert!(page.shows(text), "{text}");
    }
}

/// pump-api.md D35
#[test]
fn what_a_list_is_called_and_who_is_on_it_stays_with_its_owner() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let named = |name| json!({ "objectType": "collection", "displayName": name, "objectTypes": ["person"] });
    let quiet = evan.post(activity("create", &named("Slow payers")).to(&evan));
    let told = evan.post(activity("create", &named("Band")).to(&ann));
    for list in [&quiet, &told] {
        for person in [&ann, &bea] {
            let add = activity("add", &person.reference()).with("target", list["object"].clone());
            evan.post(add.to(&evan));
        }
    }
    let posted = evan.post(note("a word").with("to", json!([quiet["object"]])));
    let mut browser = reader(&pump, "ann");
    for page in [
        page_of(&mut browser, &posted["object"]),
        browser.open("/evan").expect(200),
    ] {
        assert!(page.shows("a word") && !page.shows("Slow payers"));
    }
    let list = page_of(&mut browser, &told["object"]);
    assert!(list.shows("Band") && !list.shows("\"/bea\""));
    let own = page_of(&mut reader(&pump, "evan"), &told["object"]);
    assert!(own.shows("\"/bea\""));
}

#[test]
fn ones_own_post_is_deleted_after_a_question() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("regret").to(public()));
    let object = &posted["object"];
    let key = link_self(object).rsplit('/').next().expect("a key");
    let target = format!("/main/delete?object={key}");
    let mut other = reader(&pump, "ann");
    let refused = other.open(&target);
    assert!(
        matches!(refused.answer.status, 403 | 404),
        "{}",
        refused.answer.status
    );
    let mut browser = reader(&pump, "evan");
    let question = browser.open(&target).expect(200);
    ann.read(object).ok();
    send(&mut browser, &question, "/main/delete");
    ann.read(object).refused(410);
    assert!(!browser.open("/").shows("regret"));
}

#[test]
fn a_profile_gets_words_and_a_face() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = reader(&pump, "evan");
    let settings = browser
        .open("/main/settings/profile")
        .expect(200)
        .form_to("/main/settings");
    let photo = pictures::photo(640, 480, 1);
    let form = settings
        .fill("displayName", "Evan & Co")
        .fill("summary", "I like pumps")
        .fill("place", "By the <sea>")
        .attach("cover", "sea.jpg", "image/jpeg", &photo)
        .attach("avatar", "me.jpg", "image/jpeg", &photo);
    browser.submit(&form).expect(200);
    let profile = evan.get(&evan.path("profile")).ok();
    assert_eq!(profile["displayName"], "Evan & Co");
    let image = &profile["image"];
    assert_eq!(
        (&image["width"], &image["height"]),
        (&json!(96), &json!(96))
    );
    // Faces are seen by everybody.
    let face = pump
        .nobody()
        .get(image["url"].as_str().expect("a face"))
        .expect(200);
    assert_eq!(pictures::size_of(&face.body), (96, 96));
    let page = pump.browser().open("/evan").expect(200);
    assert!(page.shows("Evan & Co") && page.shows("I like pumps"));
    // So are places and wide pictures, until they are taken away.
    assert_eq!(profile["location"]["displayName"], "By the <sea>");
    assert!(page.shows("By the <sea>") && !page.html().contains("<sea>"));
    let cover = profile["coverImage"]["url"].as_str().expect("a picture");
    pump.nobody().get(cover).expect(200);
    let form = browser.open("/main/settings/profile").form("profile");
    assert_eq!(form.value("place"), "By the <sea>");
    let form = form.fill("place", "").check("no-cover", "1");
    browser.submit(&form).expect(200);
    let changed = evan.get(&evan.path("profile")).ok();
    assert!(changed["coverImage"].is_null() && changed["location"].is_null());
    assert_eq!(changed["image"], *image);
    pump.nobody().get(cover).expect(403);
    let broken = browser
        .open("/main/settings/profile")
        .form_to("/main/settings");
    let broken = broken.attach("avatar", "me.jpg", "image/jpeg", b"no picture");
    assert_eq!(browser.submit(&broken).answer.status, 400);
    assert_eq!(evan.get(&evan.path("profile")).ok()["image"], *image);
}

#[test]
fn a_new_password_ends_the_old_one_and_other_sessions() {
    let pump = Pump::start();
    pump.register("evan");
    let mut browser = reader(&pump, "evan");
    let mut elsewhere = reader(&pump, "evan");
    let account = browser
        .open("/main/account")
        .expect(200)
        .form_to("/main/account");
    let changed = |current: &str, first: &str, second: &str| {
        let form = account.clone().fill("current", current);
        form.fill("password", first).fill("again", second)
    };
    let new = "another-horse-8";
    for form in [
        changed("wrong-horse-7", new, new),
        changed(PASSWORD, new, "another-horse-9"),
        changed(PASSWORD, "short7", "short7"),
    ] {
        let status = browser.submit_once(&form).status;
        assert!(matches!(status, 400 | 401 | 403), "{status}");
    }
    browser.submit(&changed(PASSWORD, new, new)).expect(200);
    assert!(is_logged_in(&mut browser));
    assert!(!is_logged_in(&mut elsewhere));
    let mut later = pump.browser();
    let login = later
        .open("/main/login")
        .form_to("/main/login")
        .fill("nickname", "evan");
    let old = later.submit(&login.clone().fill("password", PASSWORD));
    assert!(matches!(old.answer.status, 400 | 401));
    later.submit(&login.fill("password", new)).expect(200);
    assert!(is_logged_in(&mut later));
}

#[test]
fn an_application_loses_what_it_was_given() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    evan.get(&evan.path("inbox")).ok();
    let mut browser = reader(&pump, "evan");
    let apps = browser.open("/main/apps").expect(200);
    assert!(apps.shows("Stories"));
    send(&mut browser, &apps, "/main/apps");
    let refused = evan.get(&evan.path("inbox"));
    assert!(matches!(refused.status, 400 | 401), "{}", refused.status);
    assert!(!browser.open("/main/apps").expect(200).shows("Stories"));
    assert!(is_logged_in(&mut browser));
}

#[test]
fn people_register_themselves_where_they_may() {
    let pump = Pump::start();
    let mut browser = pump.browser();
    let form = browser
        .open("/main/register")
        .expect(200)
        .form_to("/main/register");
    let filled = |nickname: &str, password: &str| {
        let form = form.clone().fill("nickname", nickname);
        form.fill("password", password).fill("again", password)
    };
    for (nickname, password) in [("a b", PASSWORD), ("api", PASSWORD), ("evan", "short7")] {
        let status = browser.submit_once(&filled(nickname, password)).status;
        assert_eq!(status, 400, "{nickname} {password}");
    }
    browser.submit(&filled("evan", PASSWORD)).expect(200);
    assert!(is_logged_in(&mut browser));
    let taken = pump.browser().submit_once(&filled("Evan", PASSWORD));
    assert!(taken.status >= 400, "{}", taken.status);
    assert_eq!(pump.client().stream("/api/users").total(), 1);

    let closed = Pump::with(&["--disableRegistration"]);
    let page = closed.browser().open("/main/register");
    assert!(page.find_form("registration").is_none());
    assert_eq!(
        closed
            .browser()
            .submit_once(&filled("evan", PASSWORD))
            .status,
        403
    );
    let welcome = closed.browser().open("/").expect(200);
    assert!(!welcome.html().contains("/main/register"));
}
