//! The owner's side: accounts, through the API and the command line.

use crate::harness::people::PASSWORD;
use crate::harness::pump::said;
use crate::harness::{Person, Pump, Request, note, public};
use serde_json::{Value, json};

const USERS: &str = "/api/owner/users";

fn owned() -> (Pump, Person, Person) {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    pump.give_to("evan");
    (pump, evan, ann)
}

fn change(owner: &Person, nickname: &str, change: &Value) -> Value {
    owner.put_to(&format!("{USERS}/{nickname}"), change).ok()
}

fn log_in(pump: &Pump, nickname: &str, password: &str) -> (u16, String) {
    let page = pump.browser().log_in(nickname, password);
    (page.answer.status, page.html())
}

#[test]
fn nobody_but_the_owner_sees_or_changes_accounts() {
    let (_pump, evan, ann) = owned();
    for (method, target) in [
        ("GET", USERS),
        ("POST", USERS),
        ("GET", "/api/owner/users/ann"),
        ("PUT", "/api/owner/users/ann"),
        ("DELETE", "/api/owner/users/evan"),
    ] {
        ann.send(Request::new(method, target).json(&json!({ "role": "owner" })))
            .refused(403);
    }
    for wrong in [
        json!({ "suspended": "yes" }),
        json!({ "uploadQuotaBytes": -1 }),
        json!({ "uploadQuotaBytes": u64::MAX }),
        json!({ "role": "user" }),
        json!({ "password": "short" }),
        json!({ "nickname": "ben" }),
        json!({ "email": "nowhere" }),
        json!([]),
    ] {
        evan.put_to("/api/owner/users/ann", &wrong).refused(400);
    }
    evan.put_to("/api/owner/users/nobody", &json!({}))
        .refused(404);
    evan.get(&format!("{USERS}?count=0")).refused(400);
    evan.get(&format!("{USERS}?after=nobody")).refused(404);
    let text = evan
        .put_to("/api/owner/users/evan", &json!({ "suspended": true }))
        .refused(403);
    assert!(text.contains("owner"), "{text}");
    evan.delete("/api/owner/users/evan").refused(403);
}

#[test]
fn the_owner_makes_shows_and_removes_accounts() {
    let (mut pump, evan, ann) = owned();
    evan.put_to(
        "/api/owner/registration",
        &json!({ "registration": "closed" }),
    )
    .ok();
    let ben = json!({ "nickname": "ben", "password": PASSWORD });
    let made = evan.post_to(USERS, &ben).expect(201).json();
    assert_eq!(made["role"], "user");
    evan.post_to(USERS, &ben).refused(409);
    evan.post_to(USERS, &json!({ "nickname": "cleo" }))
        .refused(400);
    assert_eq!(log_in(&pump, "ben", PASSWORD).0, 200);
    ann.post(note("mine").to(public()));
    let first = evan.get(&format!("{USERS}?count=2")).ok();
    assert_eq!(first["totalItems"], 3);
    assert_eq!(first["items"][0]["role"], "owner");
    assert_eq!(first["items"][1]["posts"], 1);
    let rest = evan.get(first["next"].as_str().expect("more")).ok();
    assert_eq!(rest["items"][0]["nickname"], "ben");
    assert!(rest["next"].is_null());
    assert_eq!(evan.get("/api/owner/users/ann").ok()["uploadBytes"], 0);
    evan.delete("/api/owner/users/ann").ok();
    evan.get("/api/owner/users/ann").refused(410);
    ann.get("/api/whoami").expect(401);
    pump.is_sound();
}

#[test]
fn a_new_password_by_the_owner_ends_sessions() {
    let (pump, evan, ann) = owned();
    let mut browser = pump.browser_of("ann");
    change(&evan, "ann", &json!({ "password": "another-horse-8" }));
    assert!(browser.open("/main/account").at.contains("/main/login"));
    assert_eq!(log_in(&pump, "ann", PASSWORD).0, 401);
    assert_eq!(log_in(&pump, "ann", "another-horse-8").0, 200);
    ann.get("/api/whoami").expect(302);
}

#[test]
fn whoever_is_suspended_can_do_nothing() {
    let (pump, evan, ann) = owned();
    let token = pump.runs(&["user", "token", "ann", "--scope", "writeall"], "");
    let script = ann.bearing(&token);
    let mut browser = pump.browser_of("ann");
    ann.post(note("before").to(public()));

    let suspended = change(&evan, "ann", &json!({ "suspended": true }));
    assert!(suspended["suspended"].is_string());
    let again = change(&evan, "ann", &json!({ "suspended": true }));
    assert_eq!(again["suspended"], suspended["suspended"]);
    for caller in [&ann.caller, &script] {
        caller.get("/api/whoami").expect(403);
        caller.get("/api/user/evan/feed").expect(403);
        caller
            .post_to("/api/user/ann/feed", &note("no").into())
            .expect(403);
        caller.delete("/api/user/ann").expect(403);
    }
    assert!(browser.open("/main/account").at.contains("/main/login"));
    let (status, html) = log_in(&pump, "ann", PASSWORD);
    assert!(status == 403 && html.contains("suspended"), "{status}");
    assert!(evan.feed_of(&ann).says("before"), "what was posted stays");
    evan.put_to("/api/owner/users/ann", &json!({ "role": "owner" }))
        .refused(403);
    let link = Request::post("/api/owner/users/ann/reset-link");
    assert!(evan.send(link).refused(403).contains("suspended"));

    change(&evan, "ann", &json!({ "suspended": false }));
    ann.post(note("after"));
    script.get("/api/whoami").expect(302);
    assert_eq!(log_in(&pump, "ann", PASSWORD).0, 200);
}

#[test]
fn the_server_is_handed_over() {
    let (pump, evan, ann) = owned();
    let now = change(&evan, "ann", &json!({ "role": "owner" }));
    assert_eq!(now["role"], "owner");
    evan.get(USERS).refused(403);
    assert_eq!(ann.get("/api/owner/users/evan").ok()["role"], "user");
    ann.delete("/api/owner/users/evan").ok();
    assert!(pump.runs(&["user", "list"], "").contains("owner"));
}

#[test]
fn commands_do_the_same() {
    let (pump, evan, ann) = owned();
    let link = pump.runs(&["invite", "new"], "");
    let ben = json!({ "nickname": "ben", "password": PASSWORD, "invitation": link });
    pump.client().post_to("/api/users", &ben).ok();
    let shown = pump.runs(&["user", "show", "ben"], "");
    assert!(shown.contains("invited by  evan"), "{shown}");
    assert_eq!(evan.get("/api/owner/users/ben").ok()["invitedBy"], "evan");
    pump.runs(&["user", "suspend", "ann"], "");
    ann.get("/api/whoami").expect(403);
    assert!(pump.runs(&["user", "list"], "").contains("suspended"));
    let changed = change(&evan, "ann", &json!({ "email": "ann@mail.test" }));
    assert_eq!(changed["email"], "ann@mail.test");
    assert!(
        pump.runs(&["user", "show", "ann"], "")
            .contains("ann@mail.test")
    );
    pump.runs(&["user", "unsuspend", "ann"], "");
    ann.get("/api/whoami").expect(302);
    let output = pump.command(&["user", "suspend", "evan"], "");
    assert!(!output.status.success() && said(&output).contains("owner"));
}
