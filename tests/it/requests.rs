//! What strangers of other servers send to somebody whom they do not name: it waits apart until it is let in.

use crate::harness::browser::{Form, Page};
use crate::harness::oauth::Pair;
use crate::harness::peer::Peer;
use crate::harness::people::items_of;
use crate::harness::{Answer, Person, Pump, note, public};
use serde_json::{Value, json};

/// A server with two users, and another one with a stranger who speaks here.
struct Scene {
    pump: Pump,
    evan: Person,
    ann: Person,
    peer: Peer,
    zoe: String,
    key: Pair,
}

impl Scene {
    fn new() -> Scene {
        let pump = Pump::with(&["--federateLan=true"]);
        let [evan, ann] = pump.register_all(["evan", "ann"]);
        let peer = Peer::start();
        let zoe = peer.person("zoe");
        let key = peer.key(&pump, "webfinger", &zoe);
        Scene {
            pump,
            evan,
            ann,
            peer,
            zoe,
            key,
        }
    }

    /// A note of the stranger, as it comes to those who are on a list of hers.
    fn note(&self, name: &str) -> Value {
        let id = |kind: &str| format!("{}/api/{kind}/{name}", self.peer.base);
        json!({
            "verb": "post",
            "id": id("activity"),
            "actor": { "objectType": "person", "id": self.zoe, "displayName": "Zoe" },
            "object": { "objectType": "note", "id": id("note"), "content": name },
        })
    }

    fn verb(&self, name: &str, verb: &str, object: &Value) -> Value {
        let mut activity = self.note(name);
        activity["verb"] = verb.into();
        activity["object"] = object.clone();
        activity
    }

    #[track_caller]
    fn push(&self, to: &Person, activity: &Value) -> Answer {
        self.peer.push(&self.pump, &self.key, to, activity)
    }

    fn stranger(&self) -> Value {
        json!({ "objectType": "person", "id": self.zoe })
    }
}

fn requests(who: &Person) -> Vec<String> {
    let page = who.get(&who.path("inbox/requests")).ok();
    let items = items_of(&page);
    assert_eq!(page["totalItems"], items.len(), "{page}");
    let text = |item: &Value| item["object"]["content"].as_str().map(str::to_owned);
    items.iter().filter_map(text).collect()
}

/// The forms of a page by which somebody decides about requests.
fn decisions(page: &Page) -> Vec<Form> {
    let mut forms = page.forms();
    forms.retain(|form| form.action == "/main/requests");
    forms
}

/// A form as one of its buttons sends it.
fn decided(form: &Form, deed: &str) -> Form {
    let mut form = form.clone();
    form.fields.push(("deed".to_owned(), deed.to_owned()));
    form
}

/// An address with the id of a thing.
fn named(path: &str, thing: &Value) -> String {
    let id = thing["id"].as_str().unwrap_or_default();
    format!("{path}?id={}", crate::harness::http::encode(id))
}

/// pump-api.md §6.6, D16
#[test]
fn only_what_says_something_is_a_request_and_only_for_its_user() {
    let scene = Scene::new();
    let (evan, ann) = (&scene.evan, &scene.ann);
    let other = ann.post(note("Ann's").to(public()));
    let unknown =
        json!({ "objectType": "note", "id": format!("{}/api/note/none", scene.peer.base) });
    for (verb, object, status) in [
        ("favorite", &other["object"], 403),
        ("follow", &ann.reference(), 403),
        ("update", &unknown, 400),
        ("delete", &unknown, 400),
    ] {
        let activity = scene.verb(&format!("x-{verb}"), verb, object);
        scene.push(evan, &activity).refused(status);
    }
    assert!(requests(evan).is_empty());

    let pushed = scene.push(evan, &scene.note("hello")).ok();
    let path = evan.path("inbox/requests");
    ann.get(&path).refused(401);
    ann.get(&evan.path("blocked")).refused(401);
    scene.pump.client().get(&path).expect(400);
    scene.pump.nobody().get(&path).refused(401);
    ann.post_to(&path, &pushed).refused(401);
    ann.delete(&named(&path, &pushed)).refused(401);
    for wrong in [&other, &other["object"], &unknown] {
        evan.post_to(&path, wrong).refused(404);
        evan.delete(&named(&path, wrong)).refused(404);
    }
    evan.post_to(&path, &json!({})).refused(400);
    evan.delete(&path).refused(404);
    for (who, status) in [
        (json!({}), 400),
        (ann.reference(), 400),
        (json!({ "id": "acct:nobody@other.test" }), 404),
    ] {
        evan.post_to(&evan.path("blocked"), &who).refused(status);
    }
    let unheard = json!({ "id": "acct:nobody@other.test" });
    let path = named(&evan.path("blocked"), &unheard);
    evan.delete(&path).refused(404);
    assert_eq!(pushed["object"]["content"], "hello");
    assert_eq!(requests(evan), ["hello"]);
    assert!(requests(ann).is_empty());
}

/// pump-api.md §6.6
#[test]
fn a_request_waits_apart_and_goes_where_it_belongs_when_its_sender_is_let_in() {
    let mut scene = Scene::new();
    let evan = scene.evan.clone();
    let before = evan.inbox().total();
    for _ in 0..2 {
        scene.push(&evan, &scene.note("one")).ok();
    }
    let mut open = scene.note("two");
    open["to"] = json!([public()]);
    scene.push(&evan, &open).ok();
    assert_eq!(requests(&evan), ["two", "one"]);
    for stream in [evan.inbox(), evan.inbox().major(), evan.inbox().direct()] {
        assert!(!stream.says("one") && !stream.says("two"), "{stream:?}");
    }
    assert_eq!(evan.inbox().total(), before);
    // The one who may read it is the one to whom it came.
    let items = items_of(&evan.get(&evan.path("inbox/requests")).ok());
    let one = &items[1];
    let of_one = named("/api/note", &one["object"]);
    evan.get(&of_one).ok();
    scene.ann.get(&of_one).refused(403);
    assert!(one.get("bcc").is_none(), "{one}");

    let path = evan.path("inbox/requests");
    let accepted = evan.post_to(&path, one).ok();
    assert_eq!(accepted["object"]["content"], "one");
    evan.post_to(&path, one).refused(404);
    assert!(requests(&evan).is_empty());
    assert_eq!(evan.inbox().total(), before + 2);
    assert!(evan.inbox().major().first_is("two") && evan.inbox().major().says("one"));
    assert!(!evan.inbox().direct().says("one"));
    // And so does what comes later.
    scene.push(&evan, &scene.note("three")).ok();
    assert!(evan.inbox().major().first_is("three"));
    assert!(requests(&evan).is_empty());
    scene.pump.restart();
    assert!(evan.inbox().major().first_is("three"));
    scene.pump.is_sound();
}

#[test]
fn who_follows_lets_in_and_what_is_deleted_is_gone() {
    let scene = Scene::new();
    let (evan, ann) = (&scene.evan, &scene.ann);
    for name in ["one", "two", "three"] {
        scene.push(evan, &scene.note(name)).ok();
    }
    scene.push(ann, &scene.note("one")).ok();
    // By its author …
    let mut delete = scene.note("two");
    let object = std::mem::take(&mut delete["object"]);
    scene
        .push(evan, &scene.verb("gone", "delete", &object))
        .ok();
    // … and by the one to whom it came.
    let items = items_of(&evan.get(&evan.path("inbox/requests")).ok());
    let three = &items[0];
    assert_eq!(three["object"]["content"], "three");
    let path = named(&evan.path("inbox/requests"), three);
    evan.delete(&path).ok();
    evan.delete(&path).refused(404);
    evan.get(&named("/api/note", &three["object"])).refused(403);
    assert_eq!(requests(evan), ["one"]);
    // However often it is sent.
    for name in ["two", "three"] {
        scene.push(evan, &scene.note(name)).ok();
    }
    assert_eq!(requests(evan), ["one"]);
    evan.get(&named("/api/note", &three["object"])).refused(403);
    scene.push(ann, &scene.note("three")).ok();
    assert_eq!(requests(ann), ["three", "one"]);

    evan.does("follow", &scene.stranger());
    assert!(requests(evan).is_empty());
    assert!(evan.inbox().major().says("one"));
    assert!(!evan.inbox().says("two") && !evan.inbox().says("three"));
    assert_eq!(requests(ann), ["three", "one"]);
}

#[test]
fn whom_somebody_blocks_is_not_heard_and_the_neighbour_hears_on() {
    let scene = Scene::new();
    let (evan, ann) = (&scene.evan, &scene.ann);
    let follow = scene.verb("follow", "follow", &evan.reference());
    scene.push(evan, &follow).ok();
    assert_eq!(evan.followers().total(), 1);
    scene.push(evan, &scene.note("one")).ok();
    scene.push(ann, &scene.note("one")).ok();

    let blocked = evan.path("blocked");
    evan.post_to(&blocked, &scene.stranger()).ok();
    evan.post_to(&blocked, &scene.stranger()).ok();
    let page = evan.get(&blocked).ok();
    assert_eq!(page["totalItems"], 1);
    assert_eq!(page["items"][0]["id"], scene.zoe.as_str());
    assert!(requests(evan).is_empty());
    assert_eq!(evan.followers().total(), 0);
    scene.push(evan, &scene.note("two")).refused(403);
    let mut direct = scene.note("named");
    direct["to"] = json!([evan.reference()]);
    scene.push(evan, &direct).refused(403);
    scene.push(ann, &scene.note("two")).ok();
    assert_eq!(requests(ann), ["two", "one"]);

    let again = named(&blocked, &scene.stranger());
    evan.delete(&again).ok();
    evan.delete(&again).refused(404);
    scene.push(evan, &direct).ok();
    assert!(evan.inbox().direct().first_is("named"));
    evan.does("follow", &scene.stranger());
    evan.post_to(&blocked, &scene.stranger()).refused(409);
}

#[test]
fn one_sender_and_all_of_them_have_no_more_than_so_many() {
    let scene = Scene::new();
    for number in 0..25 {
        scene
            .push(&scene.evan, &scene.note(&format!("n{number}")))
            .ok();
    }
    let page = scene.evan.path("inbox/requests?count=200");
    let items = items_of(&scene.evan.get(&page).ok());
    assert_eq!(items.len(), 20);
    assert_eq!(items[19]["object"]["content"], "n5");
}

/// pump-api.md §6.6
#[test]
fn a_page_shows_who_asks_and_what_can_be_done() {
    let scene = Scene::new();
    let mut browser = scene.pump.browser_of("evan");
    let page = browser.open("/main/requests").expect(200);
    assert!(page.shows("None wait for you"), "{}", page.html());
    let name = |number: usize| format!("note number {number}");
    for number in 0..3 {
        scene.push(&scene.evan, &scene.note(&name(number))).ok();
    }
    let home = browser.open("/").expect(200);
    assert!(
        home.shows("Requests (3)") && !home.shows(&name(0)),
        "{}",
        home.html()
    );
    let page = browser.open("/main/requests").expect(200);
    assert!(page.shows("Zoe") && page.shows(&name(0)), "{}", page.html());
    let forms = decisions(&page);
    assert_eq!(forms.len(), 3);
    let after = browser.submit(&decided(&forms[0], "delete"));
    assert_eq!(after.at, "/main/requests");
    assert!(!after.shows(&name(2)) && after.shows(&name(1)));
    // A second tap.
    browser.submit(&decided(&forms[0], "delete")).expect(200);
    browser.submit(&decided(&forms[1], "dance")).expect(400);
    let after = browser.submit(&decided(&forms[1], "accept")).expect(200);
    assert!(after.shows("None wait for you"));
    assert!(browser.open("/").shows(&name(0)));

    // Somebody else asks, and is blocked.
    let yan = scene.peer.person("yan");
    let key = scene.peer.key(&scene.pump, "webfinger", &yan);
    let mut note = scene.note("Yan's");
    note["actor"] = json!({ "objectType": "person", "id": yan, "displayName": "Yan" });
    scene.peer.push(&scene.pump, &key, &scene.evan, &note).ok();
    let page = browser.open("/main/requests").expect(200);
    let after = browser.submit(&decided(&decisions(&page)[0], "block"));
    assert!(
        after.shows("Whom you block") && after.shows("Yan"),
        "{}",
        after.html()
    );
    let after = browser.submit(&decided(&decisions(&after)[0], "unblock"));
    assert!(!after.shows("Whom you block"), "{}", after.html());
    let mut nobody = scene.pump.browser();
    assert!(nobody.open("/main/requests").at.starts_with("/main/login"));
}
