//! ActivityStreams 2 (`pump-api.md §3.11`): the same for the same people, in the words of the newer vocabulary.

mod vocabulary;

use crate::harness::documents::{followers_of, reference};
use crate::harness::people::{Caller, link_self};
use crate::harness::{
    Activity, Answer, Person, Pump, Request, activity, comment, eventually, note, pictures, public,
};
use serde_json::{Value, json};

/// The type as it is sent.
const AS2: &str = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";

const EVERYBODY: &str = "https://www.w3.org/ns/activitystreams#Public";

#[track_caller]
fn ask(caller: &Caller, target: &str) -> Answer {
    caller.send(Request::get(target).header("Accept", "application/activity+json"))
}

/// The document at an address, which is ActivityStreams 2 on every level.
#[track_caller]
fn read(caller: &Caller, target: &str) -> Value {
    let answer = ask(caller, target).expect(200);
    assert_eq!(answer.header("content-type"), AS2, "{target}");
    let vary = answer.header("vary");
    assert!(
        vary.split(", ").any(|name| name == "Accept"),
        "{target}: {vary}"
    );
    let document: Value = serde_json::from_slice(&answer.body).expect("JSON");
    vocabulary::holds(&document);
    document
}

/// The items of the first page of a feed.
#[track_caller]
fn items(caller: &Caller, target: &str) -> Vec<Value> {
    let feed = read(caller, target);
    assert_eq!(feed["type"], "OrderedCollection", "{target}");
    feed["first"]["orderedItems"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn new_list(name: &str) -> Activity {
    let list =
        json!({ "objectType": "collection", "displayName": name, "objectTypes": ["person"] });
    activity("create", &list)
}

/// pump-api.md §3.11 [W]
#[test]
fn who_may_not_read_may_not_read_it_in_other_words() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("between us").to(&evan));
    let (activity, object) = (link_self(&posted), link_self(&posted["object"]));
    for target in [
        activity,
        object,
        "/api/users",
        "/api/user/evan",
        "/api/user/evan/feed",
        "/api/user/evan/profile",
    ] {
        let text = ask(&pump.nobody(), target).refused(401);
        assert_eq!(text, "Not logged in.", "{target}");
    }
    for target in [
        activity,
        object,
        &format!("{object}/likes"),
        &format!("{object}/replies"),
    ] {
        ask(&ann, target).refused(403);
    }
    for target in ["inbox", "inbox/major", "inbox/direct/minor", "uploads"] {
        ask(&ann, &evan.path(target)).refused(401);
    }
    ask(&ann, "/api/user/nobody/feed").refused(404);
    ask(&ann, "/api/note/AAAAAAAAAAAAAAAAAAAAAA").refused(404);
    ask(&ann, "/api/note").refused(400);
    ask(&ann, &evan.path("feed?count=x")).refused(400);
    ask(&ann, &evan.path("feed?before=http://elsewhere.test/")).refused(400);
    evan.delete(object).ok();
    assert_eq!(ask(&evan, object).refused(410), "Deleted");
    // A client without a user sees what is public.
    assert!(
        items(&pump.client(), &evan.path("feed"))
            .iter()
            .all(|item| item["to"][0] == EVERYBODY || item["cc"][0] == EVERYBODY)
    );
}

/// pump-api.md §3.11 [W], D5, D8, D10
#[test]
fn nothing_private_leaves_in_other_words() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let secret = evan.post(note("the secret word").to(&ann).bcc(&evan));
    let object = &secret["object"];
    // Ann speaks in public about what was told to her alone.
    let like = json!({ "verb": "like", "object": reference(object), "to": [public()] });
    let like = ann.post(Activity(like));
    let reply = ann.post(comment("what a word", object).to(public()));
    for target in [
        link_self(&like),
        link_self(&reply),
        &ann.path("feed"),
        &ann.path("favorites"),
    ] {
        let text = read(&bea, target).to_string();
        assert!(!text.contains("the secret word"), "{text}");
    }
    let shrunk = read(&bea, link_self(&like));
    assert_eq!(shrunk["type"], "Like");
    assert_eq!(
        shrunk["object"],
        json!({ "type": "Note", "id": object["id"] })
    );
    assert_eq!(
        read(&ann, link_self(&like))["object"]["content"],
        "the secret word"
    );
    assert_eq!(
        read(&bea, link_self(&reply))["object"]["inReplyTo"],
        json!({ "type": "Note", "id": object["id"] })
    );
    // Hidden addresses are hidden from all.
    let copied = evan.post(note("with copies").to(public()).bto(&ann).bcc(&bea));
    for reader in [&evan, &ann, &bea] {
        let document = read(reader, link_self(&copied));
        assert_eq!(document["to"], json!([EVERYBODY]));
        assert!(document["bto"].is_null() && document["bcc"].is_null());
        let text = items(reader, &evan.path("feed"))
            .iter()
            .map(Value::to_string)
            .collect::<String>();
        assert!(!text.contains("\"bto\"") && !text.contains("\"bcc\""));
        assert_eq!(text.contains("the secret word"), reader.nickname != "bea");
    }
    evan.put_to("/api/user/evan", &json!({ "nickname": "evan", "password": crate::harness::people::PASSWORD, "settings": { "theme": "night" }, "mood": "fine" })).ok();
    for (reader, target) in [
        (&evan, "/api/user/evan"),
        (&ann, "/api/user/evan"),
        (&ann, "/api/users"),
    ] {
        let text = read(reader, target).to_string();
        assert!(
            !text.contains("night") && !text.contains("argon2") && !text.contains("\"_"),
            "{text}"
        );
    }
}

/// Evan's small world: everything that has an address.
struct World {
    _pump: Pump,
    evan: Person,
    ann: Person,
    note: Value,
    photo: Value,
    list: Value,
    given: Value,
}

fn world() -> World {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    evan.follow(&ann);
    let posted = evan.post(
        note("<b>come</b> & see").to(public()).cc(followers_of(&evan)).object_with("displayName", "Fair").object_with(
            "attachments",
            json!([{ "objectType": "image", "image": { "url": "http://elsewhere.test/a.png", "width": 8, "height": 6 } }]),
        ).object_with("location", json!({ "displayName": "Town", "position": { "latitude": 52.5, "longitude": 13 } })),
    );
    let note = posted["object"].clone();
    ann.does("like", &note);
    ann.does("share", &note);
    ann.post(comment("coming", &note));
    let upload = evan.upload("image/jpeg", &pictures::photo(800, 600, 1));
    let photo = evan.post(activity("post", &upload).to(public()))["object"].clone();
    evan.does("favorite", &photo);
    let list = evan.post(new_list("Band"))["object"].clone();
    evan.post(activity("add", &ann.reference()).with("target", reference(&list)));
    let given = activity(
        "post",
        &json!({ "objectType": "http://example.org/kite", "id": "tag:example.org,2026:k", "content": "flies" }),
    );
    let given = evan.post(given.to(public()))["object"].clone();
    ann.does("like", &given);
    evan.does("like", &given);
    evan.does("unlike", &given);
    evan.does("stop-following", &ann.reference());
    World {
        _pump: pump,
        evan,
        ann,
        note,
        photo,
        list,
        given,
    }
}

/// pump-api.md §3.11 [W]
#[test]
fn every_address_has_it_in_the_vocabulary() {
    let world = world();
    let (evan, ann) = (&world.evan, &world.ann);
    for feed in [
        "feed",
        "feed/major",
        "feed/minor",
        "inbox",
        "inbox/major",
        "inbox/minor",
        "inbox/direct",
        "inbox/direct/major",
        "inbox/direct/minor",
        "followers",
        "following",
        "favorites",
        "lists/person",
        "lists/image",
        "uploads",
    ] {
        let target = evan.path(feed);
        let document = read(evan, &target);
        assert_eq!(document["id"], evan.url_of(&target));
        assert_eq!(document["attributedTo"], evan.url_of("/evan"));
        let page = evan.get(&target).ok();
        assert_eq!(document["totalItems"], page["totalItems"], "{target}");
        let shown = document["first"]["orderedItems"]
            .as_array()
            .map_or(0, Vec::len);
        assert_eq!(
            shown,
            page["items"].as_array().map_or(0, Vec::len),
            "{target}"
        );
        assert_eq!(document["first"].is_null(), shown == 0, "{target}");
    }
    let users = items(ann, "/api/users");
    assert_eq!(
        users.iter().map(|user| &user["name"]).collect::<Vec<_>>(),
        ["ann", "evan"]
    );
    assert_eq!(users[1]["id"], evan.url_of("/evan"));
    for thing in [&world.note, &world.photo, &world.list, &world.given] {
        let document = read(evan, link_self(thing));
        assert_eq!(document["id"], link_self(thing));
        assert_eq!(document["attributedTo"]["id"], evan.url_of("/evan"));
        for feed in ["likes", "replies", "shares"] {
            let url = thing[feed]["url"].as_str().expect("an address");
            assert_eq!(document[feed]["id"], url);
            let read = read(evan, url);
            assert_eq!(
                (&read["type"], &read["id"]),
                (&json!("OrderedCollection"), &json!(url))
            );
            assert_eq!(read["totalItems"], document[feed]["totalItems"]);
        }
    }
    let list = read(evan, link_self(&world.list));
    assert_eq!(
        (&list["type"], &list["totalItems"]),
        (&json!("Collection"), &json!(1))
    );
    let members = read(evan, list["first"].as_str().expect("the members"));
    assert_eq!(members["orderedItems"][0]["id"], evan.url_of("/ann"));
    ask(ann, list["first"].as_str().expect("the members")).refused(403);
}

/// pump-api.md §3.11 [W]
#[test]
fn a_group_is_an_actor_with_followers() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let group = activity(
        "create",
        &json!({ "objectType": "group", "displayName": "Choir" }),
    );
    let group = evan.post(group.to(&ann))["object"].clone();
    ann.does("join", &group);
    ann.post(note("sing").to(reference(&group)));
    let song = json!({ "objectType": "note", "displayName": "Song" });
    let song = ann.post(activity("post", &song).to(reference(&group)))["object"].clone();
    ann.post(activity("add", &reference(&song)).with("target", reference(&group)));
    let own = link_self(&group);
    for target in [
        own,
        &format!("{own}/members"),
        &format!("{own}/inbox"),
        &format!("{own}/documents"),
    ] {
        ask(&bea, target).refused(403);
        assert_eq!(ask(&pump.nobody(), target).refused(401), "Not logged in.");
    }
    let document = read(&ann, own);
    assert_eq!(
        (&document["type"], &document["name"]),
        (&json!("Group"), &json!("Choir"))
    );
    let members = items(&ann, document["followers"].as_str().expect("the members"));
    assert!(
        members
            .iter()
            .any(|member| member["id"] == ann.url_of("/ann"))
    );
    eventually(|| {
        let inbox = items(&ann, document["inbox"].as_str().expect("an inbox"));
        inbox.iter().any(|item| item["object"]["content"] == "sing")
    });
    let documents = items(&ann, &format!("{own}/documents"));
    assert_eq!(
        (&documents[0]["type"], &documents[0]["id"]),
        (&json!("Note"), &song["id"])
    );
}

/// pump-api.md §3.11 [W]
#[test]
fn things_keep_what_they_say() {
    let world = world();
    let evan = &world.evan;
    let note = read(evan, link_self(&world.note));
    assert_eq!(
        (&note["type"], &note["name"]),
        (&json!("Note"), &json!("Fair"))
    );
    assert_eq!(note["content"], world.note["content"]);
    assert_eq!(note["published"], world.note["published"]);
    assert_eq!(
        note["url"],
        json!({ "type": "Link", "href": world.note["url"], "mediaType": "text/html" })
    );
    assert_eq!(
        note["attachment"][0]["url"],
        json!({ "type": "Link", "href": "http://elsewhere.test/a.png", "mediaType": "image/png", "width": 8, "height": 6 })
    );
    assert_eq!(note["location"]["latitude"], 52.5);
    for (feed, total) in [("likes", 1), ("replies", 1), ("shares", 1)] {
        assert_eq!(note[feed]["totalItems"], total, "{feed}");
    }
    let reply = &items(
        evan,
        world.note["replies"]["url"].as_str().expect("an address"),
    )[0];
    let reply = read(evan, reply["id"].as_str().expect("an id"));
    assert_eq!(
        (&reply["type"], &reply["inReplyTo"]["id"]),
        (&json!("Note"), &note["id"])
    );
    let photo = read(evan, link_self(&world.photo));
    assert_eq!(photo["type"], "Image");
    let file = &photo["url"][1];
    assert_eq!(
        (&file["mediaType"], &file["width"], &file["height"]),
        (&json!("image/jpeg"), &json!(800), &json!(600))
    );
    evan.get(file["href"].as_str().expect("an address"))
        .expect(200);
    assert_eq!(read(evan, link_self(&world.given))["type"], "Object");
    let types: Vec<String> = items(evan, &evan.path("feed"))
        .iter()
        .map(|item| item["type"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        types[..10],
        [
            "Undo", "Undo", "Like", "Create", "Add", "Create", "Like", "Create", "Create", "Follow"
        ]
    );
    assert_eq!(types.last().map(String::as_str), Some("Join"));
    let feed = items(evan, &evan.path("feed"));
    assert_eq!(
        (
            &feed[0]["object"]["type"],
            &feed[0]["object"]["object"]["id"]
        ),
        (&json!("Follow"), &json!(evan.url_of("/ann")))
    );
    assert_eq!(feed[1]["object"]["type"], "Like");
    let posted = &feed[8];
    assert_eq!(posted["object"]["id"], note["id"]);
    assert_eq!(posted["object"]["attributedTo"], evan.url_of("/evan"));
    assert_eq!(
        (&posted["to"], &posted["cc"]),
        (
            &json!([EVERYBODY]),
            &json!([evan.url_of(&evan.path("followers"))])
        )
    );
    assert!(
        posted["summary"]
            .as_str()
            .is_some_and(|text| text.contains(" posted ")),
        "{posted}"
    );
    assert_eq!(
        read(evan, posted["id"].as_str().expect("an id"))["type"],
        "Create"
    );
}

/// pump-api.md §3.11 [W]
#[test]
fn pages_lead_to_pages() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let things: Vec<Value> = (0..7)
        .map(|n| evan.post(note(&format!("note {n}")).to(public())))
        .collect();
    let given = evan.post(
        activity(
            "post",
            &json!({ "objectType": "note", "id": "tag:example.org,2026:n", "content": "given" }),
        )
        .to(public()),
    );
    for n in 0..3 {
        evan.post(comment(&format!("reply {n}"), &given["object"]).to(public()));
    }
    let walk = |target: &str| {
        let feed = read(&evan, target);
        let mut page = feed["first"].clone();
        let alone = read(&evan, page["id"].as_str().expect("an id"));
        assert_eq!(alone["orderedItems"], page["orderedItems"]);
        assert_eq!(
            (&alone["type"], &alone["id"]),
            (&json!("OrderedCollectionPage"), &page["id"])
        );
        let mut found = Vec::new();
        loop {
            assert_eq!(page["partOf"], feed["id"]);
            let shown = page["orderedItems"].as_array().expect("items").clone();
            found.extend(shown.iter().map(|item| item["id"].clone()));
            match page["next"].as_str() {
                Some(next) if !shown.is_empty() => page = read(&evan, &format!("{next}&count=2")),
                _ => return found,
            }
        }
    };
    let expected = |target: &str| -> Vec<Value> {
        let all = evan.stream(target).all(50);
        all.iter().map(|item| item["id"].clone()).collect()
    };
    let feed = evan.path("feed");
    assert_eq!(walk(&format!("{feed}?count=3")), expected(&feed));
    let replies = given["object"]["replies"]["url"]
        .as_str()
        .expect("an address");
    assert_eq!(walk(&format!("{replies}&count=1")), expected(replies));
    let newer = read(
        &evan,
        &format!(
            "{feed}?since={}",
            crate::harness::http::encode(things[5]["id"].as_str().expect("an id"))
        ),
    );
    assert_eq!(newer["type"], "OrderedCollectionPage");
    assert_eq!(newer["orderedItems"][4]["id"], things[6]["id"]);
    let none = read(&evan, &format!("{feed}?count=0"));
    assert!(none["first"].is_null() && none["totalItems"].as_u64() > Some(7));
    let beyond = read(&evan, &format!("{feed}?offset=100"));
    assert_eq!(beyond["orderedItems"], json!([]));
    // A proof in the address is not part of the address.
    let found = read(
        &evan,
        &format!("{}?q=nobody&oauth_hint=x", evan.path("followers")),
    );
    assert_eq!(
        found["id"],
        evan.url_of(&format!("{}?offset=0&q=nobody", evan.path("followers")))
    );
}

/// pump-api.md §3.11 [W], Q40, D12
#[test]
fn each_form_has_its_own_validator_and_changes_are_answered_as_ever() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("twice").to(public()));
    for target in [
        link_self(&posted),
        link_self(&posted["object"]),
        "/api/user/evan/feed",
        "/api/user/evan",
        "/evan",
    ] {
        let newer = ask(&evan, target).expect(200);
        let tag = newer.header("etag").to_owned();
        assert!(!tag.is_empty(), "{target}");
        let older = evan.get(target).expect(200);
        assert_ne!(older.header("etag"), tag, "{target}");
        assert!(older.header("vary").contains("Accept"), "{target}");
        let again = |accept: &str| {
            let request = Request::get(target)
                .header("Accept", accept)
                .header("If-None-Match", &tag);
            evan.send(request)
        };
        let same = again("application/activity+json").expect(304);
        assert!(same.header("vary").contains("Accept"), "{target}");
        again("*/*").expect(200);
        let head = Request::new("HEAD", target).header("Accept", AS2);
        let head = evan.send(head).expect(200);
        assert_eq!((head.header("content-type"), head.body.len()), (AS2, 0));
    }
    let packed = Request::get("/api/user/evan/feed")
        .header("Accept", AS2)
        .header("Accept-Encoding", "gzip");
    let packed = evan.send(packed).expect(200);
    assert_eq!(packed.header("vary"), "Accept, Accept-Encoding");
    // Only reading is negotiated: clients read an answer to a change as what they sent.
    let post = Request::post(&evan.path("feed"))
        .json(&note("once more").into())
        .header("Accept", AS2);
    assert_eq!(evan.send(post).ok()["verb"], "post");
    let accept = "application/activity+json;q=0.4, application/json;q=0.5";
    let feed = Request::get("/api/user/evan/feed").header("Accept", accept);
    assert_eq!(evan.send(feed).ok()["objectTypes"], json!(["activity"]));
}

/// pump-api.md D12
#[test]
fn a_person_is_found_at_the_address_that_is_the_id() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let nobody = pump.nobody();
    let accepting =
        |target: &str, accept: &str| nobody.send(Request::get(target).header("Accept", accept));
    for accept in ["application/json", "image/png", "application/ld+json"] {
        let refused = accepting("/evan", accept).expect(406);
        assert!(
            refused.text().contains("application/activity+json"),
            "{accept}"
        );
    }
    accepting("/nosuch", AS2).expect(404);
    for accept in [
        "*/*",
        "text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ] {
        let page = accepting("/evan", accept).expect(200);
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{accept}"
        );
        assert!(page.header("vary").contains("Accept"), "{accept}");
        assert!(
            page.text()
                .contains("rel=\"alternate\" type=\"application/activity+json\"")
        );
    }
    let person = read(&nobody, "/evan");
    assert_eq!(person["id"], evan.url_of("/evan"));
    assert_eq!(
        (&person["type"], &person["preferredUsername"]),
        (&json!("Person"), &json!("evan"))
    );
    assert_eq!(person["outbox"], evan.url_of(&evan.path("feed")));
    assert_eq!(person["liked"], evan.url_of(&evan.path("favorites")));
    assert!(ask(&nobody, "/evan").header("set-cookie").is_empty());
    assert_eq!(read(&evan, &evan.path("profile")), person);
    assert_eq!(read(&evan, "/api/user/evan"), person);
}

/// pump-api.md D12
#[test]
fn without_pages_a_person_is_the_profile_of_the_api() {
    let pump = Pump::with(&["--noweb"]);
    let evan = pump.register("evan");
    for accept in ["*/*", "text/html", AS2] {
        let request = Request::get("/evan").header("Accept", accept);
        pump.nobody().send(request).expect(401);
    }
    for accept in ["*/*", "text/html", "application/json"] {
        let person = evan
            .send(Request::get("/evan").header("Accept", accept))
            .ok();
        assert_eq!(
            (&person["objectType"], &person["id"]),
            (&json!("person"), &json!(evan.id())),
            "{accept}"
        );
    }
    assert_eq!(read(&evan, "/evan")["type"], "Person");
}
