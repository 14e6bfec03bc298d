//! Family invitations: who comes by one is together with the whole family from the start. And invitations by people who are not the
//! owner, where the owner allows it.

use crate::harness::documents::{each, note, reference};
use crate::harness::people::PASSWORD;
use crate::harness::pump::said;
use crate::harness::{Browser, Person, Pump, Request};
use serde_json::{Value, json};

/// A new server with an owner, and the owner's browser.
fn owned() -> (Pump, Person, Browser) {
    let pump = Pump::start();
    let evan = pump.register("evan");
    pump.give_to("evan");
    let browser = pump.browser_of("evan");
    (pump, evan, browser)
}

/// Makes an invitation on the page; answers its link.
#[track_caller]
fn invite(browser: &mut Browser, is_family: bool, uses: &str) -> String {
    let form = browser.open("/main/invitations").expect(200).form("invite");
    let form = match is_family {
        true => form,
        false => form.without("family"),
    };
    let page = browser.submit(&form.fill("uses", uses)).expect(200);
    page.text_of("made")
}

/// Makes an account by a link on the page.
#[track_caller]
fn join(pump: &Pump, link: &str, nickname: &str) -> Browser {
    let mut browser = pump.browser();
    let form = browser.open(link).expect(200).form("registration");
    let form = form.fill("nickname", nickname).fill("password", PASSWORD);
    browser.submit(&form.fill("again", PASSWORD)).expect(200);
    browser
}

/// Somebody who has an account, with an application.
fn person(pump: &Pump, nickname: &str) -> Person {
    let sent = json!({ "nickname": nickname, "password": PASSWORD });
    let user = pump.client().post_to("/main/login", &sent).ok();
    pump.person(nickname, &user)
}

fn list_of(person: &Person, name: &str) -> Value {
    let lists = person.lists().items();
    let list = lists.iter().find(|list| list["displayName"] == name);
    list.unwrap_or_else(|| panic!("no list {name}")).clone()
}

fn family_of(person: &Person) -> Vec<String> {
    let members = person
        .stream_of(&list_of(person, "Family"), "members")
        .items();
    let mut names: Vec<String> = each(&members, "preferredUsername")
        .into_iter()
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

#[test]
fn a_family_is_together_from_the_start() {
    let (pump, evan, mut browser) = owned();
    let family = json!([reference(&list_of(&evan, "Family"))]);
    evan.post(note("to the family that is not here yet").with("cc", family.clone()));
    evan.post(note("my diary").to(&evan));
    let friend = invite(&mut browser, false, "1");
    let link = invite(&mut browser, true, "3");
    let page = pump.browser().open(&link).expect(200);
    assert!(page.text_of("family").contains("evan"), "it says so");

    // Who comes by another invitation belongs to nobody's family.
    join(&pump, &friend, "kim");
    let kim = person(&pump, "kim");
    assert!(family_of(&kim).is_empty() && kim.following().total() == 0);
    assert!(!browser.open("/").shows("kim is here"));

    let mut ann_browser = join(&pump, &link, "ann");
    let ann = person(&pump, "ann");
    let home = ann_browser.open("/").expect(200);
    assert!(home.shows("to the family that is not here yet"));
    assert!(home.shows("evan is here already"), "{}", home.html());
    assert!(!home.shows("my diary"));
    join(&pump, &link, "ben");
    let ben = person(&pump, "ben");
    for (who, others) in [
        (&evan, ["ann", "ben"]),
        (&ann, ["ben", "evan"]),
        (&ben, ["ann", "evan"]),
    ] {
        assert_eq!(family_of(who), others, "{}", who.nickname);
        assert_eq!(who.following().total(), 2, "{}", who.nickname);
        assert_eq!(who.followers().total(), 2, "{}", who.nickname);
    }
    // What is for the family reaches the family, from both sides, and nobody else.
    let said =
        ben.post(note("cake at four").with("cc", json!([reference(&list_of(&ben, "Family"))])));
    assert!(evan.inbox().has(&said) && ann.inbox().has(&said) && !kim.inbox().has(&said));
    kim.read(&said["object"]).refused(403);
    assert!(ann_browser.open("/").shows("cake at four"));
    // Each is told once, by who came.
    let told = evan.inbox().direct().all(20);
    let told = told.iter().filter(|told| told["verb"] == "follow");
    assert_eq!(told.count(), 2);

    // It is only the beginning: who changed it is not brought back.
    let list = list_of(&ann, "Family");
    let renamed = json!({ "displayName": "Ours" });
    ann.put_to(crate::harness::people::link_self(&list), &renamed)
        .ok();
    join(&pump, &link, "oma");
    let oma = person(&pump, "oma");
    assert_eq!(family_of(&oma), ["ann", "ben", "evan"]);
    let ours = ann.stream_of(&list_of(&ann, "Ours"), "members");
    assert_eq!(ours.total(), 2);
    pump.browser().open(&link).expect(403);
}

#[test]
fn others_invite_where_the_owner_allows_it() {
    let (pump, _evan, mut browser) = owned();
    let ann = pump.register("ann");
    let mut hers = pump.browser_of("ann");
    hers.open("/main/invitations").expect(403);
    let page = browser.open("/main/invitations").expect(200);
    let link = invite(&mut browser, true, "1");
    let allow = page.form("inviting").fill("inviting", "everybody");
    browser.submit(&allow).expect(200);
    assert!(
        hers.open("/main/people")
            .html()
            .contains("/main/invitations")
    );

    let page = hers.open("/main/invitations").expect(200);
    assert!(!page.shows(&link), "others' links stay theirs");
    assert!(page.find_form("registration").is_none());
    // Only the family invites to the family, and only the owner decides.
    assert!(!page.html().contains("name=\"family\""));
    let forged = page.form("invite").check("family", "1");
    hers.submit(&forged).expect(403);
    let code = link.rsplit('/').next().expect("a code");
    let forged = page.form("invite").check("revoke", code);
    hers.submit(&forged).expect(403);
    let drawing = format!("/main/invitations/{code}/qr.svg");
    hers.ask(Request::get(&drawing)).expect(403);
    let forged = page.form("invite").check("registration", "open");
    hers.submit(&forged).expect(403);

    let answer = browser.ask(Request::get(&drawing)).expect(200);
    assert!(answer.header("content-type").starts_with("image/svg+xml"));
    let own = invite(&mut hers, false, "1");
    join(&pump, &own, "cleo");
    let page = hers.open("/main/invitations").expect(200);
    assert!(page.shows("@cleo"), "{}", page.html());
    let page = browser.open("/main/invitations").expect(200);
    assert!(page.shows("by ann"), "the owner sees all");

    let page = hers.open("/main/invitations");
    for _ in 0..20 {
        hers.submit(&page.form("invite")).expect(200);
    }
    hers.submit(&page.form("invite")).expect(409);
    let forbid = browser.open("/main/invitations").form("inviting");
    browser
        .submit(&forbid.fill("inviting", "owner"))
        .expect(200);
    hers.submit(&page.form("invite")).expect(403);
    ann.get("/api/owner/invitations").refused(403);
}

#[test]
fn the_command_line_invites_to_the_family() {
    let (pump, evan, _) = owned();
    let refused = pump.command(&["invite", "list", "--family"], "");
    assert!(!refused.status.success() && said(&refused).contains("no option"));
    let plain = pump.runs(&["invite", "new"], "");
    assert_eq!(plain.lines().count(), 1);
    let shown = pump.runs(&["invite", "new", "--family", "--uses", "2", "--qr"], "");
    let (link, drawing) = shown.split_once('\n').expect("a link and a drawing");
    assert!(
        link.contains("/main/join/") && drawing.contains('█'),
        "{shown}"
    );
    join(&pump, plain.trim(), "cleo");
    join(&pump, link, "ann");
    assert_eq!(family_of(&evan), ["ann"]);
    assert_eq!(family_of(&person(&pump, "ann")), ["evan"]);
    let list = pump.runs(&["invite", "list"], "");
    let line = list
        .lines()
        .find(|line| line.contains(link))
        .expect("the link");
    assert!(
        line.contains("  family") && line.contains("came: ann"),
        "{line}"
    );
    assert_eq!(list.matches("  family").count(), 1);
}
