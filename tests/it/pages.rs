//! The pages, as a browser without scripts uses them.

use crate::harness::people::PASSWORD;
use crate::harness::{Browser, Pump, Request, eventually, note, pictures, public};

/// Logs somebody in through the form.
#[track_caller]
pub(crate) fn log_in(browser: &mut Browser, nickname: &str) {
    browser.log_in(nickname, PASSWORD).expect(200);
    assert!(is_logged_in(browser), "{nickname} is not logged in");
}

/// Whether the home page is somebody's own.
#[track_caller]
pub(crate) fn is_logged_in(browser: &mut Browser) -> bool {
    let page = browser.open("/").expect(200);
    page.forms()
        .iter()
        .any(|form| form.action == "/main/logout")
}

#[test]
fn strangers_see_no_inbox_and_wrong_passwords_say_so() {
    let pump = Pump::start();
    pump.register("evan");
    let mut browser = pump.browser();
    assert!(!is_logged_in(&mut browser));
    let login = browser.open("/main/login").expect(200);
    for (nickname, password) in [("evan", "wrong-horse-7"), ("nobody", PASSWORD), ("", "")] {
        let form = login.form_to("/main/login");
        let form = form.fill("nickname", nickname).fill("password", password);
        let page = browser.submit(&form);
        assert!(
            matches!(page.answer.status, 400 | 401),
            "{}",
            page.answer.status
        );
        assert!(!page.html().contains(password) || password.is_empty());
        assert!(!is_logged_in(&mut browser));
    }
    browser.open("/nobody").expect(404);
}

/// pump-api.md D17
#[test]
fn forms_of_other_sites_do_nothing() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    let home = browser.open("/");
    let composer = browser.open("/main/compose").form_to("/main/post");
    let composer = composer.fill("content", "forged");
    for forged in [
        composer.clone().without("_csrf"),
        composer.fill("_csrf", "guess"),
    ] {
        assert_eq!(browser.submit_once(&forged).status, 403);
    }
    let logout = home.form_to("/main/logout").without("_csrf");
    assert_eq!(browser.submit_once(&logout).status, 403);
    assert!(is_logged_in(&mut browser));
    assert_eq!(evan.feed().major().total(), 0);
}

#[test]
fn login_and_logout() {
    let pump = Pump::start();
    pump.register("evan");
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    let cookies = browser.clone();
    let home = browser.open("/").expect(200);
    assert!(home.shows("evan"));
    let logout = home.form_to("/main/logout");
    browser.submit(&logout);
    assert!(!is_logged_in(&mut browser));
    // The old cookie is worth nothing any more.
    let mut thief = cookies;
    assert!(!is_logged_in(&mut thief));
}

/// pump-api.md D17
#[test]
fn the_session_cookie_is_well_kept_and_changes_at_login() {
    let pump = Pump::start();
    pump.register("evan");
    let mut browser = pump.browser();
    let login = browser.open("/main/login").expect(200);
    let before = browser.clone();
    let form = login.form_to("/main/login");
    let answer = browser.submit_once(&form.fill("nickname", "evan").fill("password", PASSWORD));
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let mut fixed = before;
    assert!(
        !is_logged_in(&mut fixed),
        "a session from before the login is not logged in"
    );
    assert!(is_logged_in(&mut browser));
}

/// pump-api.md D19
#[test]
fn where_a_login_leads_stays_on_this_site() {
    let pump = Pump::start();
    pump.register("evan");
    for evil in [
        "http://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "https:evil.example",
    ] {
        let mut browser = pump.browser();
        let target = format!(
            "/main/login?continue={}",
            crate::harness::http::encode(evil)
        );
        let page = browser.open(&target).expect(200);
        let form = page.form_to("/main/login");
        let answer = browser.submit_once(&form.fill("nickname", "evan").fill("password", PASSWORD));
        let location = answer.header("location");
        assert!(!location.contains("evil"), "{evil} leads to {location}");
    }
}

#[test]
fn a_note_is_posted_and_read_by_forms() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    let composer = browser.open("/main/compose").form_to("/main/post");
    let text = "Dinner at <six> & \"sharp\"";
    browser.submit(&composer.fill("content", text)).expect(200);
    let home = browser.open("/").expect(200);
    assert!(home.shows(text), "{}", home.html());
    assert!(
        !home.html().contains("<six>"),
        "what people write is escaped"
    );

    eventually(|| ann.inbox().major().items()[0]["actor"]["id"] == evan.id());
    let mut reader = pump.browser();
    log_in(&mut reader, "ann");
    assert!(reader.open("/").shows(text));
    assert!(
        reader.open("/evan").expect(200).shows(text),
        "on the profile"
    );
}

#[test]
fn a_second_tap_while_the_photo_is_being_scaled_is_the_same_post() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    let photo = pictures::photo(2400, 1800, 1);
    let form = browser.open("/main/compose").form_to("/main/post");
    let form = form
        .fill("content", "The beach")
        .attach("photo", "beach.jpg", "image/jpeg", &photo);
    std::thread::scope(|taps| {
        for _ in 0..2 {
            let (mut tapping, form) = (browser.clone(), form.clone());
            taps.spawn(move || assert_eq!(tapping.submit_once(&form).status, 303));
        }
    });
    assert_eq!(evan.feed().major().total(), 1);
}

#[test]
fn a_photo_is_posted_by_a_form_and_shown() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    let composer = browser.open("/main/compose").form_to("/main/post");
    let photo = pictures::photo(640, 480, 1);
    let form =
        composer
            .fill("content", "The beach")
            .attach("photo", "beach.jpg", "image/jpeg", &photo);
    browser.submit(&form).expect(200);
    let home = browser.open("/").expect(200);
    assert!(home.shows("The beach"));
    let sources = home.all("img", "src");
    let picture = sources
        .iter()
        .find(|source| source.contains("/uploads/"))
        .unwrap_or_else(|| panic!("no picture on the page: {sources:?}"));
    let file = browser.ask(Request::get(picture)).expect(200);
    let (width, _) = pictures::size_of(&file.body);
    assert!(width > 0 && !pictures::contains(&file.body, &pictures::place()));
    let posted = &evan.feed().major().items()[0];
    assert_eq!(posted["object"]["objectType"], "image");

    let broken = browser.open("/main/compose").form_to("/main/post");
    let broken = broken.attach("photo", "beach.jpg", "image/jpeg", b"no picture");
    let page = browser.submit(&broken);
    assert_eq!(page.answer.status, 400);
    assert_eq!(evan.feed().major().total(), 1);
}

#[test]
fn a_profile_shows_what_its_reader_may_see() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.post(note("for everybody").to(public()));
    evan.post(note("for ann").to(&ann));
    let mut stranger = pump.browser();
    let page = stranger.open("/evan").expect(200);
    assert!(page.shows("for everybody") && !page.shows("for ann"));
    let mut reader = pump.browser();
    log_in(&mut reader, "ann");
    let page = reader.open("/evan").expect(200);
    assert!(page.shows("for everybody") && page.shows("for ann"));
}

/// pump-api.md §5.1 [W], D26
#[test]
fn names_are_never_taken_for_markup() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let name = "<script>alert('evan')</script>";
    let change = serde_json::json!({ "displayName": name });
    evan.put_to(&evan.path("profile"), &change).ok();
    evan.post(note("hi").object_with("displayName", name).to(public()));
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    for target in ["/", "/evan"] {
        let page = browser.open(target).expect(200);
        assert!(!page.html().contains("<script>alert"), "{target}");
        assert!(page.shows(name), "{target}");
    }
}

#[test]
fn without_pages_the_api_remains() {
    let pump = Pump::with(&["--noweb"]);
    let evan = pump.register("evan");
    evan.post(note("hi"));
    pump.nobody().get("/main/login").expect(404);
    pump.nobody().send(Request::new("HEAD", "/")).expect(200);
}

/// pump-api.md §1.1 [W], Q2
#[test]
fn programs_find_the_base_robots_their_rules_and_browsers_an_icon() {
    let pump = Pump::start();
    // PyPump asks so and takes what it is led to as its base.
    pump.nobody().send(Request::new("HEAD", "/")).expect(200);
    for path in ["/robots.txt", "/Robots.txt"] {
        let robots = pump.nobody().get(path).expect(200);
        assert!(robots.text().contains("User-agent: *"));
        assert!(robots.text().contains("Disallow: /api/"));
    }
    let icon = pump.nobody().get("/favicon.ico").expect(200);
    assert!(icon.header("content-type").starts_with("image/"));
    pump.nobody().get("/main/LOGIN/").expect(200);
}

#[test]
fn a_session_outlives_a_restart() {
    let mut pump = Pump::start();
    pump.register("evan");
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    pump.restart();
    assert!(is_logged_in(&mut browser));
}

#[test]
fn guessing_passwords_is_slowed_down() {
    let pump = Pump::start();
    pump.register("evan");
    let mut statuses = Vec::new();
    for number in 0..40 {
        let mut browser = pump.browser();
        let page = browser.open("/main/login");
        let form = page.form_to("/main/login");
        let form = form
            .fill("nickname", "evan")
            .fill("password", &format!("guess-{number}-xyz"));
        let answer = browser.submit_once(&form);
        statuses.push(answer.status);
        if answer.status == 429 {
            assert!(!answer.header("retry-after").is_empty());
            break;
        }
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert!(pump.is_well());
}
