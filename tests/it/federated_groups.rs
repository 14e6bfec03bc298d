//! Groups with members on several servers (`pump-api.md §4.11`, `§6.6`).

use crate::harness::documents::{note, public, reference};
use crate::harness::http::encode;
use crate::harness::peer::Peer;
use crate::harness::people::{Person, Stream, link_self};
use crate::harness::{Activity, Pump, activity, comment, eventually, eventually_some, network};
use serde_json::{Value, json};

fn new_group(maker: &Person) -> Value {
    let group = json!({ "objectType": "group", "displayName": "Choir" });
    maker.post(activity("create", &group).to(public()))["object"].clone()
}

fn got(stream: &Stream, activity: &Value) -> Value {
    eventually_some(|| {
        let items = stream.items();
        items.into_iter().find(|item| item["id"] == activity["id"])
    })
}

fn inbox_of(group: &Value, reader: &Person) -> Stream {
    let url = group["links"]["activity-inbox"]["href"].as_str();
    reader.stream(url.expect("a group has an inbox"))
}

fn members(group: &Value, reader: &Person) -> u64 {
    reader.stream_of(group, "members").total()
}

/// pump-api.md §4.11, §6.6, D34
#[test]
fn a_group_has_members_on_three_servers() {
    network::inside(
        "federated_groups::a_group_has_members_on_three_servers",
        || {
            let [mut a, b, c] = [0, 1, 2].map(|number| network::server(number, &[]));
            let [ann, abe] = a.register_all(["ann", "abe"]);
            let [bob, bea] = b.register_all(["bob", "bea"]);
            let cyd = c.register("cyd");
            let group = new_group(&ann);
            let there = reference(&group);
            abe.does("join", &there);
            for (number, who) in [&bob, &bea, &cyd].into_iter().enumerate() {
                who.does("join", &there);
                eventually(|| members(&group, &ann) == 2 + number as u64);
            }
            // What somebody of the group's own server says.
            let said = ann.post(note("we sing at eight").to(there.clone()));
            for who in [&bob, &bea, &cyd] {
                let got = got(&who.inbox().major(), &said);
                assert_eq!(got["object"]["content"], "we sing at eight");
                assert_eq!(got["to"][0]["displayName"], "Choir");
            }
            let answer = cyd.post(comment(
                "where?",
                &got(&cyd.inbox().major(), &said)["object"],
            ));
            got(&inbox_of(&group, &abe), &answer);

            // What somebody elsewhere says for everybody goes on to the third.
            let open = bob.post(note("and I bring cake").to(there.clone()).cc(public()));
            got(&inbox_of(&group, &ann), &open);
            for who in [&abe, &bea, &cyd] {
                let got = got(&who.inbox().major(), &open);
                assert_eq!(got["object"]["content"], "and I bring cake");
                assert_eq!(got["actor"]["id"], bob.id());
            }
            let id = open["object"]["id"].as_str().expect("an id");
            let path = format!("/api/note?id={}", encode(id));
            assert_eq!(cyd.get(&path).ok()["content"], "and I bring cake");
            // What is for the group alone its author's server shows to those who got it in the group, and to nobody else.
            let closed = bob.post(note("for us").to(there.clone()));
            got(&inbox_of(&group, &abe), &closed);
            for who in [&abe, &bea, &cyd] {
                let got = got(&who.inbox().major(), &closed);
                assert_eq!(got["object"]["content"], "for us");
                assert_eq!(got["actor"]["id"], bob.id());
            }
            let path = b.site.path_of(link_self(&closed)).to_owned();
            b.client().get(&path).refused(403);
            let answer = cyd.post(comment(
                "me too",
                &got(&cyd.inbox().major(), &closed)["object"],
            ));
            for who in [&abe, &bob, &bea] {
                got(&who.inbox().minor(), &answer);
            }
            // It changes, and goes, for them too.
            bob.put_to(
                link_self(&closed["object"]),
                &json!({ "content": "for all of us" }),
            )
            .ok();
            eventually(|| {
                let got = got(&cyd.inbox().major(), &closed);
                got["object"]["content"] == "for all of us"
            });
            bob.delete(link_self(&closed["object"])).ok();
            eventually(|| !cyd.inbox().major().says("for all of us"));

            bob.does("leave", &there);
            eventually(|| members(&group, &ann) == 3);
            let late = bob.post(note("still here?").to(there.clone()));
            let last = ann.post(note("goodbye").to(there.clone()));
            got(&cyd.inbox().major(), &last);
            assert!(!cyd.inbox().has(&late));
            assert!(!inbox_of(&group, &ann).has(&late));
            assert!(!bob.inbox().has(&last));

            // The members hear of what becomes of the group.
            ann.put_to(link_self(&group), &json!({ "displayName": "Loud choir" }))
                .ok();
            eventually(|| {
                let got = got(&cyd.inbox().major(), &last);
                got["to"][0]["displayName"] == "Loud choir"
            });
            a.is_sound();
        },
    );
}

/// A server with a group, and another one with somebody who speaks here.
struct Scene {
    pump: Pump,
    evan: Person,
    group: Value,
    peer: Peer,
    zoe: String,
}

impl Scene {
    fn new() -> Scene {
        let pump = Pump::with(&["--federateLan=true"]);
        let evan = pump.register("evan");
        let group = new_group(&evan);
        let peer = Peer::start();
        let zoe = peer.person("zoe");
        Scene {
            pump,
            evan,
            group,
            peer,
            zoe,
        }
    }

    /// What somebody of the other server does.
    fn act(&self, name: &str, verb: &str, object: &Value, to: &Value) -> Value {
        json!({
            "verb": verb, "id": format!("{}/api/activity/{name}", self.peer.base),
            "actor": { "objectType": "person", "id": self.zoe, "displayName": "zoe" },
            "object": object, "to": [to],
        })
    }

    fn note(&self, name: &str) -> Value {
        json!({ "objectType": "note", "id": format!("{}/api/note/{name}", self.peer.base), "content": name })
    }
}

/// pump-api.md §6.6, §4.11 [+]
#[test]
fn who_is_no_member_is_not_heard_in_a_group() {
    let scene = Scene::new();
    let (pump, group) = (&scene.pump, reference(&scene.group));
    let inbox = format!("{}/inbox", link_self(&scene.group));
    let inbox = pump.site.path_of(&inbox).to_owned();
    let by_id = format!(
        "/api/group/inbox?id={}",
        encode(group["id"].as_str().expect("an id"))
    );
    let key = scene.peer.key(pump, "webfinger", &scene.zoe);
    let push = |to: &str, activity: &Value| scene.peer.push_to(pump, &key, to, activity);
    let said = scene.act("1", "post", &scene.note("hello"), &group);
    let plain = pump.new_client("Plain");
    scene.peer.push_to(pump, &plain, &inbox, &said).refused(401);
    let nowhere = "/api/group/AAAAAAAAAAAAAAAAAAAAAA/inbox";
    push(nowhere, &said).refused(404);
    push("/api/group/inbox?id=tag:x", &said).refused(404);
    push("/api/group/inbox", &said).refused(400);
    push(&inbox, &said).refused(403);
    let beside = scene.act("2", "post", &scene.note("beside"), &scene.evan.reference());
    push(&inbox, &beside).refused(400);
    let as_evan = {
        let mut join = scene.act("3", "join", &group, &group);
        join["actor"] = scene.evan.reference();
        join
    };
    push(&inbox, &as_evan).refused(400);
    let joined = scene.evan.does("join", &group);

    let join = scene.act("4", "join", &group, &group);
    push(&inbox, &join).ok();
    push(&inbox, &join).ok();
    push(&inbox, &scene.act("5", "join", &group, &group)).refused(400);
    assert_eq!(members(&scene.group, &scene.evan), 2);
    push(&by_id, &said).ok();
    push(&inbox, &said).ok();
    let heard = inbox_of(&scene.group, &scene.evan).items();
    let ids: Vec<&Value> = heard.iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&said["id"], &join["id"], &joined["id"]]);
    push(&inbox, &scene.act("6", "leave", &group, &group)).ok();
    let late = scene.act("7", "post", &scene.note("late"), &group);
    push(&inbox, &late).refused(403);
    // A group that was closed from the beginning lets nobody in who was not asked.
    let closed = json!({ "objectType": "group", "displayName": "Family" });
    let closed = activity("create", &closed).to(&scene.evan);
    let closed = scene.evan.post(closed)["object"].clone();
    let path = format!("{}/inbox", pump.site.path_of(link_self(&closed)));
    let closed = reference(&closed);
    push(&path, &scene.act("8", "join", &closed, &closed)).refused(400);
    scene.evan.delete(link_self(&scene.group)).ok();
    push(&inbox, &said).refused(410);
}

/// pump-api.md D34
#[test]
fn what_is_said_in_a_group_elsewhere_is_shown_by_its_own_key_alone() {
    let scene = Scene::new();
    let (pump, evan) = (&scene.pump, &scene.evan);
    let home = Peer::start();
    let group = format!("{}/api/group/1", home.base);
    let inbox = "/api/group/1/inbox";
    home.knows(
        &group,
        &[
            ("self", &group),
            ("activity-inbox", &format!("{group}/inbox")),
        ],
    );
    let there = json!({ "objectType": "group", "id": group });
    home.json("/api/group/1", &there);
    home.json(inbox, &json!({}));
    let said = [
        evan.post(note("one").to(there.clone())),
        evan.post(note("two").to(there.clone())),
        evan.post(note("open").to(there.clone()).cc(public())),
    ];
    eventually(|| home.heard(inbox).len() == 3);
    let heard = home.heard(inbox);
    let keys = heard.iter().map(|heard| {
        let activity: Value = serde_json::from_str(&heard.body).expect("JSON");
        activity["relayKey"].as_str().map(str::to_owned)
    });
    let keys: Vec<Option<String>> = keys.collect();
    assert_eq!(keys[2], None);
    let [one, two] = [0, 1].map(|number| keys[number].clone().expect("a key"));
    assert_ne!(one, two);
    let path = pump.site.path_of(link_self(&said[0])).to_owned();
    let reader = pump.client();
    for wrong in ["", "x", &two, &format!("{one}A")] {
        reader.get(&format!("{path}?relay={wrong}")).refused(403);
    }
    reader.get(&path).refused(403);
    let shown = reader.get(&format!("{path}?relay={one}")).ok();
    assert_eq!(shown["object"]["content"], "one");
    assert!(shown.get("relayKey").is_none() && evan.read(&said[0]).ok().get("relayKey").is_none());
    reader
        .put_to(&format!("{path}?relay={one}"), &shown)
        .expect(400);
    let object = pump.site.path_of(link_self(&said[0]["object"]));
    reader.get(&format!("{object}?relay={one}")).refused(403);
}

/// pump-api.md D34
#[test]
fn what_a_group_passes_on_is_believed_as_its_author_shows_it() {
    let scene = Scene::new();
    let (pump, evan) = (&scene.pump, &scene.evan);
    let home = Peer::start();
    let group = format!("{}/api/group/1", home.base);
    home.knows(
        &group,
        &[
            ("self", &group),
            ("activity-inbox", &format!("{group}/inbox")),
        ],
    );
    home.json("/api/group/1/inbox", &json!({}));
    let group = json!({ "objectType": "group", "id": group });
    let host = home.base.trim_start_matches("http://").to_owned();
    let relay = home.key(pump, "host", &host);
    let open = |name: &str, object: &Value| {
        let mut said = scene.act(name, "post", object, &group);
        said["cc"] = json!([public()]);
        said
    };
    let path = evan.path("inbox");
    let push = |activity: &Value| scene.peer.push_to(pump, &relay, &path, activity);
    let said = open("1", &scene.note("as I said"));
    let shown = "/api/activity/1";
    scene.peer.json(shown, &said);
    push(&said).refused(400);
    assert!(scene.peer.heard(shown).is_empty(), "evan is no member");

    evan.post(Activity(json!({ "verb": "join", "object": group })));
    eventually(|| !home.heard("/api/group/1/inbox").is_empty());
    let hidden = open("2", &scene.note("not shown"));
    push(&hidden).refused(403);
    let mut lie = said.clone();
    lie["object"]["content"] = "forged".into();
    let taken = push(&lie).ok();
    assert_eq!(taken["object"]["content"], "as I said");
    assert!(evan.inbox().major().first_is("as I said"));
    push(&lie).ok();
    assert_eq!(evan.inbox().major().items()[0]["id"], said["id"]);

    // Neither somebody else's, nor of somebody else, nor what is not said in the group.
    let other = Peer::start();
    let yan = json!({ "objectType": "person", "id": other.person("yan") });
    let mut wrong = said.clone();
    wrong["actor"] = yan.clone();
    push(&wrong).refused(400);
    wrong["id"] = format!("{}/api/activity/1", other.base).into();
    other.json("/api/activity/1", &said);
    push(&wrong).refused(403);
    let mut stolen = wrong.clone();
    stolen["actor"] = said["actor"].clone();
    other.json("/api/activity/1", &stolen);
    push(&wrong).refused(400);
    let mut beside = open("3", &scene.note("beside"));
    scene.peer.json("/api/activity/3", &beside);
    beside["to"] = json!([public()]);
    push(&beside).refused(400);
    let mut bent = open("4", &scene.note("bent"));
    bent["to"] = json!([public()]);
    scene.peer.json("/api/activity/4", &bent);
    bent["to"] = json!([group]);
    push(&bent).refused(403);
    assert_eq!(evan.inbox().major().items()[0]["id"], said["id"]);
}
