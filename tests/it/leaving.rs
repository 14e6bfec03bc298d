//! How somebody leaves: what goes, what remains, who cannot (`pump-api.md §4.2`, `§10.3` D22).

use crate::harness::browser::Page;
use crate::harness::documents::reference;
use crate::harness::people::PASSWORD;
use crate::harness::pump::said;
use crate::harness::{
    Browser, Person, Pump, Request, activity, comment, eventually, note, pictures, public,
};
use serde_json::{Value, json};

/// How often the server is killed while it forgets somebody.
const KILLS: usize = 6;

/// Posts of somebody who has much to forget.
const POSTS: usize = 400;

fn asked(browser: &mut Browser) -> Page {
    browser.open("/main/account/delete").expect(200)
}

#[test]
fn leaving_is_asked_for_with_the_nickname_and_the_password() {
    let pump = Pump::start();
    pump.register("evan");
    let stranger = pump.browser().ask(Request::get("/main/account/delete"));
    assert_eq!(stranger.status, 302);
    let mut browser = pump.browser_of("evan");
    let account = browser.open("/main/account").expect(200);
    assert!(account.shows("Delete your account"));
    let form = asked(&mut browser).form("leave");
    for (nickname, password, status) in [
        ("", PASSWORD, 400),
        ("ann", PASSWORD, 400),
        ("evan", "", 401),
        ("evan", "wrong-horse-7", 401),
    ] {
        let form = form.clone().fill("nickname", nickname);
        let again = browser.submit(&form.fill("password", password));
        let again = again.expect(status);
        assert!(again.find_form("leave").is_some());
        assert_ne!(again.text_of("error"), "");
    }
    let form = form.fill("nickname", "Evan").fill("password", PASSWORD);
    assert_eq!(
        browser.submit_once(&form.clone().without("_csrf")).status,
        403
    );
    assert!(pump.client().get("/api/user/evan").status == 200);
}

#[test]
fn who_has_left_is_logged_out_and_the_nickname_stays_reserved() {
    let pump = Pump::start();
    pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let mut tapping = browser.clone();
    let mut elsewhere = pump.browser_of("evan");
    let form = asked(&mut browser).form("leave");
    let form = form.fill("nickname", "evan").fill("password", PASSWORD);
    let farewell = browser.submit(&form).expect(200);
    assert!(farewell.shows("Your account is deleted"));
    let again = tapping.submit(&form).expect(200);
    assert!(again.shows("Your account is deleted"), "a second tap");
    for browser in [&mut browser, &mut elsewhere] {
        let answer = browser.ask(Request::get("/main/account"));
        assert_eq!(answer.status, 302, "logged out");
    }
    browser.log_in("evan", PASSWORD).expect(401);
    browser.open("/evan").expect(410);
    let register = browser.open("/main/register").form_to("/main/register");
    let register = register.fill("nickname", "Evan").fill("password", PASSWORD);
    browser
        .submit(&register.fill("again", PASSWORD))
        .expect(409);
}

#[test]
fn the_owner_cannot_leave_before_somebody_else_is() {
    let mut pump = Pump::start();
    let [evan, _] = pump.register_all(["evan", "ann"]);
    assert!(pump.stop().success());
    let made = pump.command(&["user", "owner", "evan"], "");
    assert!(made.status.success(), "{}", said(&made));
    let refused = pump.command(&["user", "remove", "evan"], "");
    assert!(said(&refused).contains("user owner"), "{}", said(&refused));
    assert!(!refused.status.success());
    pump.start_again();
    evan.delete("/api/user/evan").refused(403);
    let mut browser = pump.browser_of("evan");
    let page = asked(&mut browser);
    assert!(page.find_form("leave").is_none() && page.shows("owner first"));

    assert!(pump.stop().success());
    let nobody = pump.command(&["user", "owner", "nobody"], "");
    assert!(!nobody.status.success());
    let handed = pump.command(&["user", "owner", "ann"], "");
    assert!(handed.status.success(), "{}", said(&handed));
    let list = said(&pump.command(&["user", "list"], ""));
    let line = |name: &str| list.lines().find(|line| line.starts_with(name));
    assert!(line("ann").is_some_and(|line| line.contains("owner")));
    assert!(line("evan").is_some_and(|line| !line.contains("owner")));
    pump.start_again();
    evan.delete("/api/user/evan").ok();
}

/// pump-api.md §2.5, §4.2, D4, D22
#[test]
fn nothing_of_somebody_who_left_is_found_anywhere() {
    let mut pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let list =
        json!({ "objectType": "collection", "displayName": "Band", "objectTypes": ["person"] });
    let list = ann.post(activity("create", &list))["object"].clone();
    ann.post(activity("add", &evan.reference()).with("target", reference(&list)));
    let members = ann.stream_of(&list, "members");
    assert_eq!(members.total(), 1);
    // What only a search through everything finds: posts and shares whose activities were withdrawn.
    let posted = evan.post(note("withdrawn").to(public()));
    let hers = ann.post(note("hers").to(public()));
    let shared = evan.does("share", &hers["object"]);
    for withdrawn in [&posted, &shared] {
        evan.delete(crate::harness::people::link_self(withdrawn))
            .ok();
    }
    evan.upload("image/jpeg", &pictures::photo(400, 300, 1));
    ann.read(&posted["object"]).ok();
    let mut browser = pump.browser_of("evan");
    let form = browser.open("/main/tokens").form("make-token");
    let form = form.fill("name", "script").fill("scope", "writeall");
    let token = browser.submit(&form).expect(200).text_of("token");
    let script = pump.nobody().bearing(&token);
    script.get("/api/user/evan/inbox").ok();

    assert_eq!(script.delete("/api/user/evan").ok(), "Deleted.");
    evan.get("/api/user/evan/inbox")
        .oauth_refused(401, "Invalid / used nonce");
    script
        .get("/api/user/evan/inbox")
        .bearer_refused(401, "invalid_token");
    eventually(|| members.total() == 0 && ann.read(&posted["object"]).status == 410);
    let whole = ann.read(&hers["object"]).ok();
    assert_eq!(whole["shares"]["totalItems"], 0);
    for path in [
        "",
        "/profile",
        "/feed",
        "/followers",
        "/following",
        "/favorites",
    ] {
        let path = format!("/api/user/evan{path}");
        ann.get(&path).refused(410);
    }
    ann.try_does("follow", &evan.reference()).refused(400);
    let to_nobody = ann.try_post(note("to nobody").to(&evan));
    to_nobody.refused(400);
    evan.get("/api/user/evan/inbox")
        .oauth_refused(401, "Invalid / used nonce");
    pump.is_sound();
    let uploads = pump.directory().join("uploads");
    let left: usize = std::fs::read_dir(uploads)
        .expect("a directory")
        .map(|shard| shard.expect("readable").path())
        .filter(|shard| shard.is_dir())
        .map(|shard| std::fs::read_dir(shard).expect("a directory").count())
        .sum();
    assert_eq!(left, 0, "no file stays");
}

/// Somebody with much to forget: posts, likes, shares, comments, follows.
fn busy(pump: &Pump, nickname: &str, others: &[Person]) -> Person {
    let person = pump.register(nickname);
    for other in others {
        person.follow(other);
        other.follow(&person);
    }
    let theirs: Vec<Value> = others
        .iter()
        .map(|other| other.post(note("hear this").to(public()))["object"].clone())
        .collect();
    for number in 0..POSTS {
        match number % 20 {
            0 => {
                let thing = theirs[number / 20 % theirs.len()].clone();
                person.post(comment(&format!("comment {number}"), &thing));
            }
            _ => {
                person.post(note(&format!("number {number}")).to(public()));
            }
        }
    }
    for thing in &theirs {
        person.does("favorite", thing);
        person.does("share", thing);
    }
    person
}

#[test]
fn forgetting_goes_on_after_every_crash() {
    let mut pump = Pump::start();
    let others = pump.register_all(["ann", "bea", "kim"]);
    let evan = busy(&pump, "evan", &others);
    evan.delete("/api/user/evan").ok();
    for _ in 0..KILLS {
        pump.kill();
        pump.start_again();
    }
    let [ann, ..] = &others;
    let last = || {
        let posts = ann.inbox().all(200);
        let left = posts.iter().filter(|post| post["actor"]["id"] == evan.id());
        left.count()
    };
    eventually(|| last() == 0);
    for other in &others {
        eventually(|| other.followers().total() == 0 && other.following().total() == 0);
        for post in other.feed().major().items() {
            let object = other.read(&post["object"]).ok();
            for count in ["likes", "shares", "replies"] {
                assert_eq!(object[count]["totalItems"], 0, "{count}: {object}");
            }
        }
    }
    pump.is_sound();
}
