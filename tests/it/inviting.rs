//! Who can register, and invitations: links by which the owner of a server brings people in.

use crate::harness::people::PASSWORD;
use crate::harness::pump::said;
use crate::harness::{Caller, Person, Pump, Request};
use serde_json::{Value, json};
use std::thread;

const REGISTRATION: &str = "/api/owner/registration";
const INVITATIONS: &str = "/api/owner/invitations";

/// A server with an owner and somebody else.
fn owned() -> (Pump, Person, Person) {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    pump.give_to("evan");
    (pump, evan, ann)
}

fn set(owner: &Person, registration: &str) {
    let wanted = json!({ "registration": registration });
    let now = owner.put_to(REGISTRATION, &wanted).ok();
    assert_eq!(now, wanted);
}

fn invite(owner: &Person, wanted: &Value) -> Value {
    owner.post_to(INVITATIONS, wanted).expect(201).json()
}

fn account(nickname: &str, invitation: &Value) -> Value {
    json!({ "nickname": nickname, "password": PASSWORD, "invitation": invitation })
}

fn try_join(client: &Caller, nickname: &str, invitation: &Value) -> u16 {
    let answer = client.post_to("/api/users", &account(nickname, invitation));
    answer.status
}

/// The path of a link.
fn path(pump: &Pump, invitation: &Value) -> String {
    let link = invitation["url"].as_str().expect("a link");
    pump.site.path_of(link).to_owned()
}

#[test]
fn only_the_owner_decides_who_can_register() {
    let (pump, evan, ann) = owned();
    let closed = json!({ "registration": "closed" });
    for (method, target) in [
        ("GET", REGISTRATION),
        ("PUT", REGISTRATION),
        ("GET", INVITATIONS),
        ("POST", INVITATIONS),
        ("DELETE", "/api/owner/invitations/x"),
    ] {
        let request = Request::new(method, target).json(&closed);
        let status = pump.nobody().send(request.clone()).status;
        assert!((400..=401).contains(&status), "{method} {target}: {status}");
        let text = ann.send(request.clone()).refused(403);
        assert!(text.contains("owner"), "{text}");
        // A token of the owner that may only post does not administer.
        let token = pump.runs(
            &[
                "user",
                "token",
                "evan",
                "--scope",
                "writeown",
                "--name",
                &format!("{method} {target}"),
            ],
            "",
        );
        evan.bearing(&token)
            .send(request)
            .bearer_refused(403, "insufficient_scope");
    }
    let token = pump.runs(&["user", "token", "evan", "--scope", "writeall"], "");
    let all = evan.bearing(&token);
    assert_eq!(all.get(REGISTRATION).ok()["registration"], "open");
    all.put_to(REGISTRATION, &closed).ok();
    for wrong in [json!({ "registration": "maybe" }), json!({}), json!(7)] {
        all.put_to(REGISTRATION, &wrong).refused(400);
    }
    assert_eq!(all.get(REGISTRATION).ok()["registration"], "closed");
}

#[test]
fn pages_and_api_say_who_can_register() {
    let (mut pump, evan, _) = owned();
    let mut browser = pump.browser();
    for (mode, word) in [("invite", "invitation"), ("closed", "not open")] {
        set(&evan, mode);
        let text = pump
            .client()
            .post_to(
                "/api/users",
                &json!({ "nickname": "cleo", "password": PASSWORD }),
            )
            .refused(403);
        assert!(text.contains("No registration allowed"), "{text}");
        for page in ["/", "/main/login", "/main/register"] {
            let page = browser.open(page).expect(200);
            assert!(page.text_of("way-in").contains(word), "{mode}");
            assert!(page.find_form("registration").is_none());
        }
    }
    // It is remembered.
    pump.restart();
    assert_eq!(evan.get(REGISTRATION).ok()["registration"], "closed");
    set(&evan, "open");
    assert!(
        browser
            .open("/main/register")
            .expect(200)
            .find_form("registration")
            .is_some()
    );
    pump.register("cleo");
}

#[test]
fn the_configuration_closes_for_good() {
    let pump = Pump::with(&["--disableRegistration"]);
    let output = pump.command(&["user", "add", "evan"], &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{}", said(&output));
    pump.give_to("evan");
    let output = pump.command(&["registration", "open"], "");
    assert!(!output.status.success() && said(&output).contains("disableRegistration"));
    assert!(pump.runs(&["registration"], "").starts_with("closed"));
    let link = pump.runs(&["invite", "new"], "");
    let mut browser = pump.browser();
    let page = browser.open(&link).expect(403);
    assert!(page.text_of("error").contains("no new accounts"));
    assert_eq!(try_join(&pump.client(), "ann", &json!(link)), 403);
}

#[test]
fn an_invitation_must_be_possible() {
    let (_pump, evan, _) = owned();
    for wrong in [
        json!({ "uses": 0 }),
        json!({ "uses": 101 }),
        json!({ "uses": -1 }),
        json!({ "days": 0 }),
        json!({ "days": 366 }),
        json!({ "days": "soon" }),
        json!({ "note": "n".repeat(201) }),
        json!([]),
    ] {
        evan.post_to(INVITATIONS, &wrong).refused(400);
    }
    evan.get("/api/owner/invitations/nothing").refused(404);
    evan.delete("/api/owner/invitations/nothing").refused(404);
    assert_eq!(evan.get(INVITATIONS).ok()["totalItems"], 0);
}

#[test]
fn somebody_comes_by_a_link_that_says_who_invites() {
    let (mut pump, evan, _) = owned();
    set(&evan, "invite");
    let made = invite(&evan, &json!({ "note": "for Cleo" }));
    assert_eq!(made["state"], "open");
    assert_eq!(made["usesMax"], 1);
    let mut browser = pump.browser();
    let page = browser.open(&path(&pump, &made)).expect(200);
    assert!(page.shows("evan invites you") && !page.shows("for Cleo"));
    let form = page.form("registration");
    let filled = |nickname: &str, password: &str| {
        let form = form.clone().fill("nickname", nickname);
        form.fill("password", password).fill("again", password)
    };
    // A form that went wrong uses nothing up.
    browser.submit(&filled("evan", PASSWORD)).expect(409);
    let page = browser.submit(&filled("cleo", "short")).expect(400);
    assert_eq!(page.form("registration").value("nickname"), "cleo");
    let home = browser.submit(&filled("cleo", PASSWORD)).expect(200);
    assert!(home.find_form("invite").is_none() && home.shows("cleo"));
    // Whoever has an account hears that there is no need.
    let other = invite(&evan, &json!({}));
    let page = browser.open(&path(&pump, &other)).expect(200);
    assert!(page.text_of("way-in").contains("cleo"));

    let page = pump.browser().open(&path(&pump, &made)).expect(403);
    let sentence = page.text_of("error");
    assert!(
        sentence.contains("used already") && sentence.contains("evan"),
        "{sentence}"
    );
    let all = evan.get(INVITATIONS).ok();
    let used = all["items"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["code"] == made["code"]);
    let used = used.expect("it is kept");
    assert_eq!(used["state"], "used");
    assert_eq!(used["author"], "evan");
    assert_eq!(used["members"][0]["nickname"], "cleo");
    pump.is_sound();
}

#[test]
fn an_invitation_that_works_no_more_says_why() {
    let (pump, evan, _) = owned();
    set(&evan, "invite");
    let client = pump.client();
    let nothing = client
        .post_to("/api/users", &account("cleo", &json!("nothing")))
        .refused(404);
    assert!(nothing.contains("no such invitation"), "{nothing}");
    client
        .post_to("/api/users", &account("cleo", &json!(7)))
        .refused(400);
    pump.browser().open("/main/join/nothing").expect(404);

    let two = invite(&evan, &json!({ "uses": 2, "days": 3 }));
    assert_eq!(try_join(&client, "cleo", &two["code"]), 200);
    assert_eq!(
        try_join(&client, "dan", &two["url"]),
        200,
        "the whole link does, too"
    );
    let text = client
        .post_to("/api/users", &account("eve", &two["code"]))
        .refused(403);
    assert!(text.contains("as many people"), "{text}");

    let back = invite(&evan, &json!({}));
    let code = back["code"].as_str().expect("a code");
    evan.delete(&format!("{INVITATIONS}/{code}")).ok();
    let again = evan.delete(&format!("{INVITATIONS}/{code}")).ok();
    assert_eq!(again["state"], "revoked");
    let text = client
        .post_to("/api/users", &account("eve", &back["code"]))
        .refused(403);
    assert!(
        text.contains("taken back") && text.contains("evan"),
        "{text}"
    );
}

#[test]
fn of_many_who_want_the_last_place_one_comes() {
    let (pump, evan, _) = owned();
    set(&evan, "invite");
    let made = invite(&evan, &json!({ "uses": 1 }));
    let client = pump.client();
    let ends: Vec<u16> = thread::scope(|scope| {
        let tries: Vec<_> = ["cleo", "dan", "eve", "fred"]
            .into_iter()
            .map(|nickname| {
                let (client, code) = (client.clone(), made["code"].clone());
                scope.spawn(move || try_join(&client, nickname, &code))
            })
            .collect();
        tries
            .into_iter()
            .map(|one| one.join().expect("no panic"))
            .collect()
    });
    assert_eq!(
        ends.iter().filter(|status| **status == 200).count(),
        1,
        "{ends:?}"
    );
    assert_eq!(
        ends.iter().filter(|status| **status == 403).count(),
        3,
        "{ends:?}"
    );
    assert_eq!(evan.get("/api/users").ok()["totalItems"], 3);
}

#[test]
fn the_owner_invites_on_a_page() {
    let (pump, _evan, _) = owned();
    let mut ann = pump.browser_of("ann");
    ann.open("/main/invitations").expect(403);
    assert!(
        !ann.open("/main/people")
            .expect(200)
            .html()
            .contains("/main/invitations")
    );
    let mut evan = pump.browser_of("evan");
    assert!(
        evan.open("/main/people")
            .expect(200)
            .html()
            .contains("/main/invitations")
    );
    let page = evan.open("/main/invitations").expect(200);
    let form = page.form("invite");
    let page = evan
        .submit(&form.clone().fill("uses", "many").fill("note", "x"))
        .expect(400);
    assert_eq!(page.form("invite").value("note"), "x");
    let page = evan.submit(&form.fill("note", "for grandma")).expect(200);
    let link = page.text_of("made");
    let page = evan.open("/main/invitations").expect(200);
    assert!(
        page.shows(&link) && page.shows("for grandma"),
        "it can be seen again"
    );
    evan.submit(&page.form("registration").fill("registration", "invite"))
        .expect(200);
    pump.browser().open(&link).expect(200).form("registration");
    let page = evan.open("/main/invitations").expect(200);
    let forms = page.forms();
    let back = forms
        .iter()
        .find(|form| form.has("revoke"))
        .expect("a button");
    let page = evan.submit(back).expect(200);
    assert!(!page.shows(&link));
    pump.browser().open(&link).expect(403);
}

#[test]
fn commands_invite_beside_a_running_server_and_on_a_stopped_one() {
    let mut pump = Pump::start();
    pump.register("evan");
    let output = pump.command(&["invite", "new"], "");
    assert!(said(&output).contains("no owner yet"), "{}", said(&output));
    pump.give_to("evan");
    let link = pump.runs(
        &["invite", "new", "--uses", "2", "--note", "for the Smiths"],
        "",
    );
    assert!(link.starts_with("http://pump.test/main/join/"), "{link}");
    assert!(
        pump.runs(&["registration", "invite"], "")
            .starts_with("invite:")
    );
    let join = |nickname: &str| try_join(&pump.client(), nickname, &json!(link));
    assert_eq!(join("ann"), 200);
    let list = pump.runs(&["invite", "list"], "");
    assert!(
        list.contains("1 of 2") && list.contains("came: ann") && list.contains("for the Smiths"),
        "{list}"
    );
    assert!(pump.stop().success());
    assert_eq!(pump.runs(&["invite", "list"], ""), list);
    pump.runs(&["invite", "revoke", &link], "");
    let output = pump.command(&["invite", "revoke", "nothing"], "");
    assert!(!output.status.success() && said(&output).contains("no such invitation"));
    pump.start_again();
    assert_eq!(try_join(&pump.client(), "ben", &json!(link)), 403);
}

#[test]
fn a_server_that_was_set_up_by_its_page_takes_whoever_is_invited() {
    let pump = Pump::unconfigured();
    let code = pump.runs(&["setup-code"], "");
    let output = pump.command(&["invite", "new"], "");
    assert!(
        said(&output).contains("Set the server up first"),
        "{}",
        said(&output)
    );
    let mut browser = pump.browser();
    let form = browser.open("/setup").expect(200).form_to("/setup");
    let form = form
        .fill("code", &code)
        .fill("site", "Home")
        .fill("nickname", "evan");
    let form = form.fill("password", PASSWORD).fill("again", PASSWORD);
    browser
        .submit(&form.fill("hostname", "localhost"))
        .expect(200);
    let mut stranger = pump.browser();
    let page = stranger.open("/main/register").expect(200);
    assert!(page.text_of("way-in").contains("invitation"));
    assert!(pump.runs(&["registration"], "").starts_with("invite"));
    let link = pump.runs(&["invite", "new"], "");
    let path = link.rsplit('/').next().expect("a code");
    let form = stranger
        .open(&format!("/main/join/{path}"))
        .expect(200)
        .form("registration");
    let form = form
        .fill("nickname", "ann")
        .fill("password", PASSWORD)
        .fill("again", PASSWORD);
    stranger.submit(&form).expect(200);
    assert!(
        pump.runs(&["user", "show", "ann"], "")
            .contains("invited by  evan")
    );
}
