//! Reports: people tell the owner of the server what is wrong, and the owner does something about it.

use crate::harness::pump::said;
use crate::harness::{Person, Pump, activity, note, pictures, public};
use serde_json::{Value, json};

const REPORTS: &str = "/api/reports";
const OWNERS: &str = "/api/owner/reports";

fn owned() -> (Pump, Person, [Person; 2]) {
    let pump = Pump::start();
    let [evan, ann, ben] = pump.register_all(["evan", "ann", "ben"]);
    pump.give_to("evan");
    (pump, evan, [ann, ben])
}

fn about(id: &Value, reason: &str) -> Value {
    json!({ "id": id, "reason": reason })
}

#[track_caller]
fn report(person: &Person, id: &Value, reason: &str) -> u64 {
    let made = person
        .post_to(REPORTS, &about(id, reason))
        .expect(201)
        .json();
    made["id"].as_u64().expect("a number")
}

fn resolve(owner: &Person, id: u64, how: &str) -> Value {
    let path = format!("{OWNERS}/{id}");
    owner.put_to(&path, &json!({ "resolution": how })).ok()
}

#[test]
fn what_cannot_be_reported_is_refused() {
    let (pump, evan, [ann, ben]) = owned();
    let secret = ann.post(note("for evan").with("to", json!([evan.reference()])));
    let open = ann.post(note("open").to(public()));
    let id = &open["object"]["id"];
    assert!(pump.nobody().post_to(REPORTS, &about(id, "x")).status >= 400);
    for (wrong, status) in [
        (about(id, "  "), 400),
        (about(id, &"x".repeat(1001)), 400),
        (about(&json!("http://pump.test/api/note/nothing"), "x"), 404),
        (about(&json!("@nobody"), "x"), 404),
        (about(&secret["object"]["id"], "x"), 403),
        (about(&secret["id"], "x"), 403),
        (about(&json!(ben.id()), "it is me"), 400),
        (json!({ "id": id }), 400),
        (json!({ "reason": "x" }), 400),
    ] {
        ben.post_to(REPORTS, &wrong).refused(status);
    }
    ann.post_to(REPORTS, &about(id, "my own")).refused(400);
    ann.does("delete", &open["object"]);
    ben.post_to(REPORTS, &about(id, "x")).refused(410);
    for path in [OWNERS, "/api/owner/reports/1"] {
        ann.get(path).refused(403);
    }
    evan.get("/api/owner/reports/1").refused(404);
    evan.get("/api/owner/reports/x").refused(404);
    evan.get(&format!("{OWNERS}?state=lost")).refused(400);
    assert_eq!(evan.get(OWNERS).ok()["totalItems"], 0);
}

#[test]
fn the_owner_reads_what_the_reporter_could_and_decides() {
    let (mut pump, evan, [ann, ben]) = owned();
    let file = ann.upload("image/jpeg", &pictures::photo(200, 100, 1));
    let to = json!([ben.reference()]);
    let posted = ann.post(activity("post", &file).with("to", to.clone()));
    let said_badly = ann.post(note("rude").with("to", to));
    let first = report(&ben, &said_badly["object"]["id"], "She is rude.");
    assert_eq!(
        report(&ben, &said_badly["object"]["id"], "again"),
        first,
        "a second tap"
    );
    let open = evan.get(OWNERS).ok();
    assert_eq!(open["totalItems"], 1);
    let shown = &open["items"][0];
    assert_eq!(shown["author"], "ben");
    assert_eq!(shown["reason"], "She is rude.");
    assert_eq!(shown["object"]["content"], "rude", "ben could read it");
    assert!(shown["resolution"].is_null());

    let path = format!("{OWNERS}/{first}");
    evan.put_to(&path, &json!({ "resolution": "burn" }))
        .refused(400);
    let done = resolve(&evan, first, "dismiss");
    assert_eq!(
        (&done["state"], &done["resolution"]),
        (&json!("done"), &json!("dismiss"))
    );
    evan.put_to(&path, &json!({ "resolution": "delete" }))
        .refused(409);
    assert!(ben.inbox().says("rude"), "nothing was changed");
    assert_eq!(evan.get(OWNERS).ok()["totalItems"], 0);
    assert_eq!(
        evan.get(&format!("{OWNERS}?state=done")).ok()["totalItems"],
        1
    );

    let second = report(&ben, &posted["object"]["id"], "Not nice.");
    resolve(&evan, second, "delete");
    assert_eq!(
        ben.get(
            posted["object"]["links"]["self"]["href"]
                .as_str()
                .expect("a link")
        )
        .status,
        410
    );
    assert_eq!(
        ann.get("/api/user/ann").ok()["uploadBytes"],
        0,
        "the file is gone, too"
    );

    let third = report(&ben, &json!(ann.id()), "All of it.");
    evan.put_to(
        &format!("{OWNERS}/{third}"),
        &json!({ "resolution": "delete" }),
    )
    .refused(400);
    resolve(&evan, third, "suspend");
    ann.get("/api/whoami").expect(403);
    let owner = report(&ben, &json!(evan.id()), "A tyrant.");
    evan.put_to(
        &format!("{OWNERS}/{owner}"),
        &json!({ "resolution": "suspend" }),
    )
    .refused(403);
    pump.is_sound();
}

#[test]
fn nobody_reports_without_end() {
    let (_pump, evan, [ann, ben]) = owned();
    let mut last = 0;
    for number in 0..10 {
        let posted = ann.post(note(&format!("note {number}")).to(public()));
        last = report(&ben, &posted["object"]["id"], "I do not like it.");
    }
    let posted = ann.post(note("one more").to(public()));
    let wanted = about(&posted["object"]["id"], "Nor this.");
    let refused = ben.post_to(REPORTS, &wanted).expect(429);
    assert!(!refused.header("retry-after").is_empty());
    // Those that are done count, too; others are free.
    resolve(&evan, last, "dismiss");
    ben.post_to(REPORTS, &wanted).expect(429);
    report(&evan, &posted["object"]["id"], "Nor I.");
}

#[test]
fn people_report_and_the_owner_decides_on_pages() {
    let (pump, _evan, [ann, _ben]) = owned();
    let posted = ann.post(note("<b>rude</b> words").to(public()));
    let page = posted["object"]["url"].as_str().expect("a page").to_owned();
    let mut ben = pump.browser_of("ben");
    let card = ben.open(&page).expect(200);
    let links = card.all("a", "href");
    let link = links
        .iter()
        .find(|link| link.contains("/main/report?"))
        .expect("a link")
        .clone();
    let mut author = pump.browser_of("ann");
    let own = author.open(&page).expect(200).all("a", "href");
    assert!(!own.iter().any(|link| link.contains("/main/report?")));
    author.open(&link).expect(400);
    assert!(pump.browser().open(&link).at.contains("/main/login"));

    let form = ben.open(&link).expect(200).form("report");
    ben.submit(&form.clone().fill("reason", " ")).expect(400);
    let sent = ben
        .submit(&form.fill("reason", "She is <i>rude</i>."))
        .expect(200);
    assert!(sent.text_of("sent").contains("owner"));
    let profile = ben.open("/ann").expect(200);
    assert!(profile.html().contains("/main/report?id=@ann"));
    ben.open("/main/report?id=@ann").expect(200).form("report");
    ben.open("/main/reports").expect(403);

    let mut evan = pump.browser_of("evan");
    assert!(evan.open("/").expect(200).shows("Reports (1)"));
    let list = evan.open("/main/reports").expect(200);
    assert!(
        list.shows("She is <i>rude</i>.") && list.shows("rude words"),
        "{}",
        list.html()
    );
    let forms = list.forms();
    let form = forms
        .iter()
        .find(|form| form.has("report"))
        .expect("a form")
        .clone()
        .press("resolution");
    evan.submit(&form.clone().fill("resolution", "burn"))
        .expect(400);
    let list = evan
        .submit(&form.clone().fill("resolution", "delete"))
        .expect(200);
    assert!(list.shows("None wait for you"));
    evan.submit(&form.clone().fill("resolution", "delete"))
        .expect(200);
    assert_eq!(pump.browser().open(&page).answer.status, 410);
}

#[test]
fn commands_do_the_same() {
    let (pump, _evan, [ann, ben]) = owned();
    let posted = ann.post(note("rude").to(public()));
    let number = report(&ben, &posted["object"]["id"], "She\n is \u{1b}[2J rude.");
    let list = said(&pump.command(&["report", "list"], ""));
    let number = number.to_string();
    assert!(list.starts_with(&number) && list.contains("ben"), "{list}");
    assert!(list.contains("She is [2J rude."), "{list}");
    for wrong in [
        ["report", "delete"].as_slice(),
        &["report", "burn", "1"],
        &["report", "dismiss", "1"],
    ] {
        assert!(!pump.command(wrong, "").status.success(), "{wrong:?}");
    }
    let done = pump.command(&["report", "suspend", &number], "");
    assert!(done.status.success(), "{}", said(&done));
    ann.get("/api/whoami").expect(403);
    assert_eq!(said(&pump.command(&["report", "list"], "")), "");
}
