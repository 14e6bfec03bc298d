//! What other servers may push into inboxes here, and what they may not: the other server is played by the test.

use crate::harness::documents::{note, public};
use crate::harness::oauth::Pair;
use crate::harness::peer::{Peer, Said, http_date};
use crate::harness::{Person, Pump, eventually};
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};

/// A server with one user, and another one with somebody who speaks here.
struct Scene {
    pump: Pump,
    evan: Person,
    peer: Peer,
    mallory: String,
    key: Pair,
}

impl Scene {
    fn new() -> Scene {
        let pump = Pump::with(&["--federateLan=true"]);
        let evan = pump.register("evan");
        let peer = Peer::start();
        let mallory = peer.person("mallory");
        let key = peer.key(&pump, "webfinger", &mallory);
        Scene {
            pump,
            evan,
            peer,
            mallory,
            key,
        }
    }

    /// An id on the other server.
    fn id(&self, path: &str) -> String {
        format!("{}/api/{path}", self.peer.base)
    }

    fn actor(&self) -> Value {
        json!({ "objectType": "person", "id": self.mallory, "displayName": "mallory" })
    }

    /// A note that the other server posts to the user here.
    fn post(&self, name: &str) -> Value {
        json!({
            "verb": "post",
            "id": self.id(&format!("activity/{name}")),
            "actor": self.actor(),
            "object": { "objectType": "note", "id": self.id(&format!("note/{name}")), "content": name },
            "to": [self.evan.reference()],
        })
    }

    #[track_caller]
    fn push(&self, activity: &Value) -> crate::harness::Answer {
        self.peer.push(&self.pump, &self.key, &self.evan, activity)
    }

    fn inbox(&self) -> Vec<Value> {
        let page = self.evan.inbox().page();
        page["items"].as_array().expect("a page has items").clone()
    }
}

/// pump-api.md §6.4 [W], D3
#[test]
fn nobody_registers_for_somebody_else() {
    let pump = Pump::with(&["--federateLan=true"]);
    let peer = Peer::start();
    let mallory = peer.person("mallory");
    let host = peer.base.trim_start_matches("http://").to_owned();
    for (fields, date) in [
        (String::new(), http_date(0)),
        (format!("webfinger=\"{mallory}\""), http_date(0)),
        ("token=\"x\"".to_owned(), http_date(0)),
        (
            format!("webfinger=\"{mallory}\", token=\"x\""),
            "soon".to_owned(),
        ),
        (
            format!("webfinger=\"{mallory}\", token=\"x\""),
            http_date(-400),
        ),
        (
            format!("webfinger=\"{mallory}\", token=\"x\""),
            http_date(400),
        ),
        (
            format!("host=\"{host}\", webfinger=\"{mallory}\", token=\"x\""),
            http_date(0),
        ),
        (
            "webfinger=\"evan@pump.test\", token=\"x\"".to_owned(),
            http_date(0),
        ),
        ("host=\"pump.test\", token=\"x\"".to_owned(), http_date(0)),
        ("host=\"a/b\", token=\"x\"".to_owned(), http_date(0)),
        (
            "host=\"other.invalid\", token=\"x\"".to_owned(),
            http_date(0),
        ),
    ] {
        let answer = peer.claims(&pump, &fields, &date).expect(401);
        assert_eq!(answer.header("www-authentication"), "Dialback", "{fields}");
    }
    assert!(peer.heard("/api/dialback").is_empty());

    let fields = format!("webfinger=\"{mallory}\", token=\"once\"");
    let date = http_date(0);
    peer.claims(&pump, &fields, &date).expect(200);
    let asked = peer
        .heard("/api/dialback")
        .pop()
        .expect("it was asked back");
    let pairs = crate::harness::http::decode_form(&asked.body);
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["webfinger", "token", "url", "date"]);
    assert_eq!(pairs[2].1, "http://pump.test/api/client/register");
    assert_eq!(pairs[3].1, date);
    peer.claims(&pump, &fields, &date).expect(401);

    peer.says(
        "/api/dialback",
        Said {
            status: 400,
            headers: Vec::new(),
            body: b"Not my token".to_vec(),
        },
    );
    peer.registers(&pump, "host", &host).expect(401);
}

/// A host that takes connections and says nothing.
struct Silent(TcpListener);

impl Silent {
    fn start() -> Silent {
        Silent(TcpListener::bind("127.0.0.3:0").expect("a free port"))
    }

    fn authority(&self) -> String {
        let address = self.0.local_addr().expect("it has an address");
        address.to_string()
    }

    /// Waits for so many connections, and holds them.
    fn hold(&self, number: usize) -> Vec<TcpStream> {
        let accept = |_| self.0.accept().expect("a connection").0;
        (0..number).map(accept).collect()
    }
}

/// Most pushes, and most registrations, of one host that are in work at once.
const AT_ONCE: usize = 3;

/// pump-api.md §6.6
#[test]
fn one_server_that_makes_us_wait_for_others_leaves_places_to_the_rest() {
    let scene = Scene::new();
    let silent = Silent::start();
    let other = Peer::at("127.0.0.2:0");
    let ned = other.person("ned");
    let key = other.key(&scene.pump, "webfinger", &ned);
    let post = json!({
        "verb": "post",
        "id": format!("{}/api/activity/1", other.base),
        "actor": { "objectType": "person", "id": ned },
        "object": { "objectType": "note", "id": format!("{}/api/note/1", other.base), "content": "hi" },
        "to": [scene.evan.reference()],
    });
    let share = |number: usize| {
        let mut share = scene.post(&format!("share-{number}"));
        let id = format!("http://{}/api/note/{number}", silent.authority());
        share["verb"] = json!("share");
        share["object"] = json!({ "objectType": "note", "id": id });
        share
    };
    let shares: Vec<Value> = (0..AT_ONCE).map(share).collect();
    std::thread::scope(|scope| {
        for share in &shares {
            scope.spawn(|| scene.push(share));
        }
        let held = silent.hold(AT_ONCE);
        let refused = scene.push(&scene.post("late"));
        assert!(!refused.header("retry-after").is_empty());
        refused.refused(429);
        other.push(&scene.pump, &key, &scene.evan, &post).ok();
        scene.peer.key(&scene.pump, "webfinger", &scene.mallory);
        drop((held, silent));
    });
    scene.push(&scene.post("late")).ok();
}

/// pump-api.md §6.4
#[test]
fn so_many_registrations_for_one_host_are_asked_back_at_once() {
    let pump = Pump::with(&["--federateLan=true"]);
    let peer = Peer::start();
    let mallory = peer.person("mallory");
    let silent = Silent::start();
    let host = silent.authority();
    let claim = |number: usize| {
        let fields = format!("host=\"{host}\", token=\"{number}\"");
        peer.claims(&pump, &fields, &http_date(0))
    };
    std::thread::scope(|scope| {
        for number in 0..AT_ONCE {
            let claim = &claim;
            scope.spawn(move || claim(number).expect(401));
        }
        let held = silent.hold(AT_ONCE);
        let refused = claim(AT_ONCE);
        assert!(!refused.header("retry-after").is_empty());
        refused.refused(429);
        peer.registers(&pump, "webfinger", &mallory).ok();
        drop((held, silent));
    });
    claim(AT_ONCE + 1).expect(401);
}

/// pump-api.md §6.4
#[test]
fn what_we_did_not_register_is_not_ours() {
    let pump = Pump::start();
    let asked = |pairs: &[(&str, &str)]| {
        let request = crate::harness::Request::post("/api/dialback").form(pairs);
        pump.site.send(&request).expect(400).text()
    };
    let date = http_date(0);
    let url = "http://other.test/api/client/register";
    for (pairs, text) in [
        (
            vec![("token", "x"), ("url", url), ("date", date.as_str())],
            "No identity",
        ),
        (
            vec![("host", "other.test"), ("token", "x"), ("date", &date)],
            "Incorrect host",
        ),
        (
            vec![
                ("webfinger", "a@other.test"),
                ("token", "x"),
                ("date", &date),
            ],
            "Incorrect host",
        ),
        (
            vec![("host", "pump.test"), ("url", url), ("date", &date)],
            "No token",
        ),
        (
            vec![("host", "pump.test"), ("token", "x"), ("url", url)],
            "No date",
        ),
        (
            vec![
                ("host", "pump.test"),
                ("token", "x"),
                ("url", url),
                ("date", "soon"),
            ],
            "Invalid date",
        ),
        (
            vec![
                ("host", "pump.test"),
                ("token", "x"),
                ("url", url),
                ("date", &date),
            ],
            "Not my token",
        ),
    ] {
        assert_eq!(asked(&pairs), text, "{pairs:?}");
    }
}

/// pump-api.md §6.6, D1, D6, D7, D16
#[test]
fn nobody_speaks_for_others_or_of_what_is_others() {
    let scene = Scene::new();
    let evan = &scene.evan;
    let mine = evan.post(note("Mine").to(public()));
    let change = |name: &str, value: Value| {
        let mut activity = scene.post("x");
        activity[name] = value;
        activity
    };
    let verb = |verb: &str, object: Value| {
        let mut activity = change("object", object);
        activity["verb"] = verb.into();
        activity
    };
    let stranger = json!({ "objectType": "person", "id": scene.peer.person("eve") });
    for (activity, status) in [
        (json!({}), 400),
        (change("actor", Value::Null), 400),
        (change("actor", stranger.clone()), 400),
        (change("actor", evan.reference()), 400),
        (change("id", Value::Null), 400),
        (change("id", json!("http://pump.test/api/activity/x")), 400),
        (change("id", json!("http://other.test/api/activity/x")), 400),
        (change("id", mine["id"].clone()), 400),
        (
            change(
                "object",
                json!({ "objectType": "note", "content": "no id" }),
            ),
            400,
        ),
        (
            change(
                "object",
                json!({ "objectType": "note", "id": mine["object"]["id"] }),
            ),
            400,
        ),
        (
            change(
                "object",
                json!({ "objectType": "note", "id": "http://pump.test/api/note/new" }),
            ),
            400,
        ),
        (
            change(
                "object",
                json!({ "objectType": "note", "id": "http://other.test/note/1" }),
            ),
            400,
        ),
        (
            change(
                "object",
                json!({ "objectType": "note", "id": scene.id("note/y"), "author": evan.reference() }),
            ),
            400,
        ),
        (
            verb(
                "update",
                json!({ "objectType": "note", "id": mine["object"]["id"], "content": "!" }),
            ),
            400,
        ),
        (
            verb(
                "delete",
                json!({ "objectType": "note", "id": mine["object"]["id"] }),
            ),
            400,
        ),
        (verb("update", stranger.clone()), 400),
    ] {
        scene.push(&activity).refused(status);
    }
    // Keys that speak for nobody, and for a whole host.
    let plain = scene.pump.new_client("Plain");
    let pushed = scene.peer.push(&scene.pump, &plain, evan, &scene.post("y"));
    pushed.refused(401);
    let host = scene.peer.base.trim_start_matches("http://").to_owned();
    let key = scene.peer.key(&scene.pump, "host", &host);
    scene
        .peer
        .push(&scene.pump, &key, evan, &scene.post("y"))
        .refused(400);
    assert_eq!(evan.read(&mine["object"]).ok()["content"], "Mine");
    assert!(
        scene
            .inbox()
            .iter()
            .all(|item| item["actor"]["id"] != scene.mallory.as_str())
    );
}

/// pump-api.md §6.6, D11
#[test]
fn an_activity_counts_once_however_often_it_comes() {
    let scene = Scene::new();
    let before = scene.inbox().len();
    for _ in 0..3 {
        let answer = scene.push(&scene.post("hello")).ok();
        assert_eq!(answer["id"], scene.id("activity/hello"));
    }
    let inbox = scene.inbox();
    assert_eq!(inbox.len(), before + 1);
    assert_eq!(inbox[0]["object"]["content"], "hello");
    assert!(inbox[0]["received"].is_string());
    let mut follow = scene.post("follow");
    follow["verb"] = "follow".into();
    follow["object"] = scene.evan.reference();
    scene.push(&follow).ok();
    scene.push(&follow).ok();
    assert_eq!(scene.evan.followers().page()["totalItems"], 1);
    follow["id"] = scene.id("activity/again").into();
    scene.push(&follow).refused(400);
}

/// pump-api.md §6.6 [W], §6.7, D7
#[test]
fn of_what_lives_elsewhere_its_home_is_asked() {
    let scene = Scene::new();
    let third = Peer::start();
    let zoe = third.person("zoe");
    let note = format!("{}/api/note/1", third.base);
    third.knows(&note, &[("self", &note)]);
    third.json(
        "/api/note/1",
        &json!({ "objectType": "note", "id": note, "content": "As I wrote it", "author": { "objectType": "person", "id": zoe } }),
    );
    let share = |name: &str, id: &str| {
        let mut share = scene.post(name);
        share["verb"] = "share".into();
        share["object"] = json!({
            "objectType": "note", "id": id, "content": "Forged",
            "author": { "objectType": "person", "id": zoe, "displayName": "Forged" },
        });
        share
    };
    let shared = scene.push(&share("share", &note)).ok();
    assert_eq!(shared["object"]["content"], "As I wrote it");
    assert_eq!(shared["object"]["author"]["id"], zoe.as_str());
    let asked = third.heard("/api/note/1").pop().expect("it was asked");
    assert!(
        asked.headers["authorization"].starts_with("OAuth "),
        "{asked:?}"
    );
    let registered = third.heard("/api/client/register").pop().expect("it was");
    assert!(registered.headers["authorization"].starts_with("Dialback host=\"pump.test\""));

    // What its home does not tell is kept by name only.
    let hidden = format!("{}/api/note/2", third.base);
    let shared = scene.push(&share("hidden", &hidden)).ok();
    assert_eq!(shared["object"]["id"], hidden.as_str());
    assert!(shared["object"].get("content").is_none(), "{shared}");
    // And what is known does not change by what others say of it.
    let mut again = share("again", &note);
    again["actor"] = scene.actor();
    let shared = scene.push(&again);
    assert!(!shared.text().contains("Forged"));
}

#[test]
fn what_one_server_may_not_say_is_told_in_the_log_once() {
    let scene = Scene::new();
    for number in 0..4 {
        let mut forged = scene.post("Forged");
        forged["id"] = format!("http://other.test/api/activity/{number}").into();
        assert_eq!(scene.push(&forged).status, 400);
    }
    let log = scene.pump.log();
    let told = log.matches("pushes activities, and is refused: ").count();
    assert_eq!(told, 1, "{log}");
    assert_eq!(scene.push(&scene.post("Well meant")).status, 200);
}

/// pump-api.md D18
#[test]
fn without_leave_nothing_of_the_own_network_is_asked() {
    let pump = Pump::start();
    let peer = Peer::start();
    let mallory = peer.person("mallory");
    peer.registers(&pump, "webfinger", &mallory).expect(401);
    let evan = pump.register("evan");
    evan.post(note("Hello").to(json!({ "objectType": "person", "id": mallory })));
    eventually(|| {
        pump.log().contains("a delivery to 127.0.0.1") || pump.log().contains("takes nothing")
    });
    assert!(peer.heard("/").is_empty(), "{:?}", peer.heard("/"));
}

#[test]
fn endless_and_wrong_answers_do_no_harm() {
    let pump = Pump::with(&["--federateLan=true"]);
    let peer = Peer::start();
    let say = |target: &str, status: u16, headers: &[(&str, &str)], body: Vec<u8>| {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        peer.says(
            target,
            Said {
                status,
                headers: headers.collect(),
                body,
            },
        );
    };
    let json_type = ("Content-Type", "application/json");
    for (name, status, headers, body) in [
        (
            "html",
            200,
            vec![("Content-Type", "text/html")],
            b"<html>".to_vec(),
        ),
        ("no-json", 200, vec![json_type], b"{".to_vec()),
        (
            "wrong",
            200,
            vec![json_type],
            b"{\"links\": {\"rel\": 7}}".to_vec(),
        ),
        ("huge", 200, vec![json_type], vec![b' '; 3 * 1024 * 1024]),
        ("error", 500, vec![json_type], b"{}".to_vec()),
        ("nothing", 200, vec![json_type], b"{\"links\": []}".to_vec()),
    ] {
        let id = format!("{}/api/user/{name}/profile", peer.base);
        let target = format!(
            "/.well-known/webfinger?resource={}",
            crate::harness::http::encode(&id)
        );
        say(&target, status, &headers, body);
        peer.registers(&pump, "webfinger", &id).expect(401);
    }
    let id = format!("{}/api/user/loop/profile", peer.base);
    let target = format!(
        "/.well-known/webfinger?resource={}",
        crate::harness::http::encode(&id)
    );
    say(
        &target,
        302,
        &[("Location", &format!("{}{target}", peer.base))],
        Vec::new(),
    );
    peer.registers(&pump, "webfinger", &id).expect(401);
    assert!(peer.heard(&target).len() < 10);
    let endless = Peer::endless(r#"{"links":["#);
    let id = format!("{endless}/api/user/eve/profile");
    peer.registers(&pump, "webfinger", &id).expect(401);
    let id = format!("{}/api/user/inner/profile", peer.base);
    let target = format!(
        "/.well-known/webfinger?resource={}",
        crate::harness::http::encode(&id)
    );
    say(
        &target,
        302,
        &[("Location", "http://127.0.0.1:22/")],
        Vec::new(),
    );
    peer.registers(&pump, "webfinger", &id).expect(401);
    assert!(pump.is_well());
}
