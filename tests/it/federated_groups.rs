//! Groups with members on several servers (`pump-api.md §4.11`, `§6.6`).

use crate::harness::documents::{note, public, reference};
use crate::harness::http::encode;
use crate::harness::peer::{Peer, Said};
use crate::harness::people::{Person, Stream, link_self};
use crate::harness::{
    Activity, Pump, Request, activity, comment, eventually, eventually_some, network, pictures,
};
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
            bob.does("leave", &there);
            eventually(|| members(&group, &ann) == 3);
            let late = bob.post(note("still here?").to(there.clone()));
            let last = ann.post(note("goodbye").to(there.clone()));
            got(&cyd.inbox().major(), &last);
            // Whoever left takes back what was said before.
            bob.delete(link_self(&open["object"])).ok();
            eventually(|| !cyd.inbox().major().says("and I bring cake"));
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

/// pump-api.md §4.11, D34
#[test]
fn what_is_said_in_a_group_alone_reaches_its_members_on_three_servers() {
    network::inside(
        "federated_groups::what_is_said_in_a_group_alone_reaches_its_members_on_three_servers",
        || {
            let [a, b, c] = [0, 1, 2].map(|number| network::server(number, &[]));
            let [ann, abe] = a.register_all(["ann", "abe"]);
            let [bob, bea] = b.register_all(["bob", "bea"]);
            let [cyd, eve] = c.register_all(["cyd", "eve"]);
            let group = new_group(&ann);
            let there = reference(&group);
            abe.does("join", &there);
            for (number, who) in [&bob, &bea, &cyd].into_iter().enumerate() {
                who.does("join", &there);
                eventually(|| members(&group, &ann) == 2 + number as u64);
            }
            let said = bob.post(note("for us").to(there.clone()));
            let others = [&abe, &bea, &cyd];
            for who in others {
                let got = got(&who.inbox().major(), &said);
                assert_eq!(got["object"]["content"], "for us");
                assert_eq!(got["actor"]["id"], bob.id());
            }
            assert!(inbox_of(&group, &abe).has(&said));
            for who in [&abe, &bea, &cyd, &bob] {
                assert!(!who.inbox().page().to_string().contains("relayKey"));
            }
            let page = inbox_of(&group, &abe).page().to_string();
            assert!(!page.contains("relayKey"), "{page}");
            let path = b.site.path_of(link_self(&said)).to_owned();
            b.client().get(&path).refused(403);

            // They answer it, and like it, and all hear of that; strangers of the same servers do not.
            let at_home = got(&cyd.inbox().major(), &said)["object"].clone();
            let answer = cyd.post(comment("me too", &at_home));
            let like = cyd.does("favorite", &at_home);
            for who in [&abe, &bob, &bea] {
                got(&who.inbox().minor(), &answer);
                got(&who.inbox().minor(), &like);
            }
            eventually(|| bob.read(&said["object"]).ok()["likes"]["totalItems"] == 1);
            let replies = bob.stream_of(&said["object"], "replies").items();
            assert_eq!(replies.len(), 1, "{replies:?}");
            assert_eq!(replies[0]["content"], "me too");
            assert_eq!(replies[0]["author"]["id"], cyd.id());
            let back = bob.post(comment("so four", &said["object"]));
            for who in others {
                got(&who.inbox().minor(), &back);
            }

            // Its pictures are seen where it is.
            eve.follow(&bob);
            eventually(|| bob.followers().total() == 1);
            let photo = pictures::photo(640, 480, 1);
            let upload = bob.upload("image/jpeg", &photo);
            let image = bob.post(activity("post", &upload).to(there.clone()));
            // Whoever follows the author gets one more copy, and first.
            let mut album = json!({ "objectType": "note", "content": "two of them" });
            album["attachments"] = json!([bob.upload("image/jpeg", &photo)]);
            let followers = bob.path("followers");
            let followers = json!({ "objectType": "collection", "id": bob.url_of(&followers) });
            let album = activity("post", &album).to(there.clone()).cc(followers);
            let album = bob.post(album);
            eventually(|| eve.inbox().major().has(&album));
            for who in [&abe, &cyd] {
                let got = [&image, &album].map(|posted| got(&who.inbox().major(), posted));
                let shown = &got[0]["object"]["image"];
                let proxy = shown["pump_io"]["proxyURL"].as_str().expect("a proxy");
                let shown = who.get(proxy).expect(200);
                assert_eq!(pictures::size_of(&shown.body), (320, 240));
                let part = &got[1]["object"]["attachments"][0]["image"]["url"];
                let part = part.as_str().unwrap_or_else(|| panic!("{}", got[1]));
                let keyed = Request::get(b.site.path_of(part));
                b.site.send(&keyed).expect(200);
                let (bare, _) = part.split_once('?').expect("a key");
                let bare = Request::get(b.site.path_of(bare));
                b.site.send(&bare).expect(403);
            }
            assert!(!eve.inbox().has(&image));

            // It changes, and goes, for them too, and then its key opens nothing more.
            let shown = got(&cyd.inbox().major(), &image)["object"]["image"]["url"].clone();
            let shown = shown.as_str().expect("an address");
            bob.put_to(
                link_self(&said["object"]),
                &json!({ "content": "for all of us" }),
            )
            .ok();
            for who in [&abe, &cyd] {
                eventually(|| who.inbox().major().says("for all of us"));
            }
            bob.does("leave", &there);
            eventually(|| members(&group, &ann) == 3);
            for gone in [&said, &image] {
                bob.delete(link_self(&gone["object"])).ok();
            }
            for who in [&abe, &cyd] {
                eventually(|| !who.inbox().major().says("for all of us"));
                eventually(|| {
                    let kept = got(&who.inbox().major(), &image);
                    kept["object"].get("deleted").is_some()
                });
            }
            let keyed = Request::get(b.site.path_of(shown));
            b.site.send(&keyed).expect(404);
        },
    );
}

/// A group of another server.
fn group_of(home: &Peer) -> Value {
    let id = format!("{}/api/group/1", home.base);
    let inbox = format!("{id}/inbox");
    home.knows(&id, &[("self", &id), ("activity-inbox", &inbox)]);
    let group = json!({ "objectType": "group", "id": id });
    home.json("/api/group/1", &group);
    home.json("/api/group/1/inbox", &json!({}));
    group
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
    let (there, inbox) = (group_of(&home), "/api/group/1/inbox");
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
    assert_eq!(evan.read(&said[0]).ok().get("relayKey"), None);
    reader
        .put_to(&format!("{path}?relay={one}"), &shown)
        .expect(400);
    let object = pump.site.path_of(link_self(&said[0]["object"]));
    reader.get(&format!("{object}?relay={one}")).refused(403);
    evan.delete(link_self(&said[0])).ok();
    reader.get(&format!("{path}?relay={one}")).refused(410);
}

/// pump-api.md D34
#[test]
fn what_a_group_passes_on_is_believed_as_its_author_shows_it() {
    let scene = Scene::new();
    let (pump, evan) = (&scene.pump, &scene.evan);
    let home = Peer::start();
    let group = group_of(&home);
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

/// pump-api.md D34
#[test]
fn what_a_group_passes_on_comes_later_where_the_server_of_its_author_is_away() {
    let mut scene = Scene::new();
    let evan = scene.evan.clone();
    let home = Peer::start();
    let group = group_of(&home);
    let host = home.base.trim_start_matches("http://").to_owned();
    let relay = home.key(&scene.pump, "host", &host);
    evan.post(Activity(json!({ "verb": "join", "object": group })));
    eventually(|| !home.heard("/api/group/1/inbox").is_empty());
    let said = scene.act("1", "post", &scene.note("better late"), &group);
    let shown = "/api/activity/1?relay=k%2B";
    let away = Said {
        status: 503,
        headers: vec![("Retry-After".to_owned(), "1".to_owned())],
        body: Vec::new(),
    };
    scene.peer.says(shown, away);
    let mut passed = said.clone();
    passed["relayKey"] = "k+".into();
    let path = evan.path("inbox");
    for _ in 0..2 {
        let pushed = scene.peer.push_to(&scene.pump, &relay, &path, &passed);
        pushed.expect(202);
    }
    assert!(!evan.inbox().has(&said));
    scene.pump.restart();
    scene.peer.json(shown, &said);
    eventually(|| evan.inbox().major().first_is("better late"));
    let pushed = scene.peer.push_to(&scene.pump, &relay, &path, &passed);
    assert_eq!(pushed.ok()["id"], said["id"]);
    let items = evan.inbox().items();
    let all = items.iter().filter(|item| item["id"] == said["id"]);
    assert_eq!(all.count(), 1);
    scene.pump.is_sound();
}
