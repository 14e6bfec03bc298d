//! What is on other servers, by this one: who gets it, as whom it is asked for, what is passed on and kept, where documents
//! name it, and that pages load nothing from elsewhere. The other server is played by the test, or is a real one.

use crate::harness::documents::{activity, note, public};
use crate::harness::http::encode;
use crate::harness::network;
use crate::harness::peer::{Peer, Said};
use crate::harness::people::{Person, Stream};
use crate::harness::{Pump, Request, eventually, eventually_some, pictures};
use serde_json::{Value, json};
use std::fs::File;
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

const LAN: &str = "--federateLan=true";

/// An answer of the other server.
fn said(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Said {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Said {
        status,
        headers: headers.collect(),
        body: body.to_vec(),
    }
}

fn png() -> Said {
    let headers = [("Content-Type", "image/png"), ("ETag", "\"one\"")];
    said(200, &headers, &pictures::png(4, 3))
}

/// An image there, with a picture at `/x.png` and feeds.
fn image(peer: &Peer) -> Value {
    let at = |path: &str| format!("{}{path}", peer.base);
    let id = peer.person("mallory");
    let author = json!({
        "objectType": "person", "id": id, "displayName": "Mallory", "preferredUsername": "mallory",
        "url": at("/mallory"), "image": { "url": at("/face.png") },
        "links": { "self": { "href": at("/api/user/mallory/profile") } },
        "followers": { "url": at("/api/user/mallory/followers") },
        "favorites": { "url": at("/api/user/mallory/favorites") },
    });
    peer.json("/api/user/mallory/profile", &author);
    json!({
        "objectType": "image", "id": at("/api/image/1"), "url": at("/mallory/image/1"),
        "links": { "self": { "href": at("/api/image/1") } },
        "image": { "url": at("/x.png"), "width": 4, "height": 3 },
        "fullImage": { "url": at("/full.png") },
        "content": format!("<p>See <img src=\"{}\" alt=\"inside\"></p>", at("/inside.png")),
        "likes": { "url": at("/api/image/1/likes") },
        "replies": { "url": at("/api/image/1/replies") },
        "shares": { "url": at("/api/image/1/shares") },
        "author": author,
    })
}

/// The same, told by somebody here under names that belong to no server: nobody else is asked for it.
fn named_by_us(peer: &Peer) -> Value {
    let mut image = image(peer);
    let name = |what: &str| format!("tag:127.0.0.1,2026:{what}:{}", peer.base);
    image["id"] = name("image").into();
    image["author"]["id"] = name("mallory").into();
    image
}

/// The address by which somebody gets what `pointer` leads to in the newest major activity of a person's feed.
#[track_caller]
fn proxied(reader: &Person, of: &Person, pointer: &str) -> String {
    let item = reader.feed_of(of).major().items()[0].clone();
    let url = item["object"]
        .pointer(pointer)
        .and_then(|at| at["pump_io"]["proxyURL"].as_str());
    url.unwrap_or_else(|| panic!("{pointer} has no address here: {item}"))
        .to_owned()
}

/// A pump where evan shared an image of another server.
fn shared(options: &[&str]) -> (Pump, Person, Peer) {
    let pump = Pump::with(options);
    let evan = pump.register("evan");
    let peer = Peer::start();
    evan.post(activity("share", &named_by_us(&peer)).to(public()));
    (pump, evan, peer)
}

/// pump-api.md §6.9, Q20
#[test]
fn only_users_get_what_is_elsewhere_and_only_what_was_named_to_them() {
    let (pump, evan, peer) = shared(&[LAN]);
    peer.says("/x.png", png());
    let url = proxied(&evan, &evan, "/image");
    assert!(url.starts_with("http://pump.test/api/proxy/"), "{url}");
    pump.nobody().get(&url).refused(401);
    pump.client().get(&url).expect(400);
    pump.browser().ask(Request::get(&url)).expect(401);
    evan.post_to(&url, &json!({})).expect(405);
    let key = url.rsplit('/').next().expect("a key");
    for wrong in ["x", "AAAAAAAAAAAAAAAAAAAAAA", &format!("{key}A")] {
        evan.get(&format!("/api/proxy/{wrong}")).refused(404);
    }
    let other = Pump::with(&[LAN]);
    other.register("ann").get(&url).refused(404);
    assert!(peer.heard("/x.png").is_empty());

    let answer = evan.get(&url).expect(200);
    assert_eq!(answer.body, pictures::png(4, 3));
    let answer = pump.browser_of("evan").ask(Request::get(&url)).expect(200);
    assert_eq!(answer.header("content-type"), "image/png");
    // It is the same for everybody, for ever.
    let ann = pump.register("ann");
    assert_eq!(proxied(&ann, &evan, "/image"), url);
}

/// pump-api.md §6.9, D18, D37
#[test]
fn what_could_run_is_too_large_or_leads_astray_is_not_passed_on() {
    let (mut pump, evan, peer) = shared(&[LAN]);
    let url = proxied(&evan, &evan, "/image");
    let html = b"<script>alert(1)</script>";
    for (status, headers, body) in [
        (200, vec![("Content-Type", "text/html")], &html[..]),
        (200, vec![("Content-Type", "image/svg+xml")], b"<svg/>"),
        (200, vec![("Content-Type", "application/xhtml+xml")], html),
        (
            200,
            vec![("Content-Type", "application/octet-stream")],
            b"x",
        ),
        (200, vec![], b"x"),
        (
            200,
            vec![("Content-Type", "image/png"), ("Content-Encoding", "gzip")],
            b"x",
        ),
        (404, vec![("Content-Type", "image/png")], b"x"),
        (500, vec![("Content-Type", "image/png")], b"x"),
        (302, vec![("Location", "/x.png")], b""),
        (302, vec![("Location", "http://127.0.0.1:22/")], b""),
        (302, vec![("Location", "file:///etc/passwd")], b""),
    ] {
        peer.says("/x.png", said(status, &headers, body));
        let text = evan.get(&url).refused(502);
        assert!(!text.contains("script"), "{text}");
    }
    assert!(peer.heard("/x.png").len() < 20);
    let document = proxied(&evan, &evan, "/replies");
    let huge = vec![b' '; 6 * 1024 * 1024];
    let json_type = [("Content-Type", "application/json")];
    peer.says("/api/image/1/replies", said(200, &json_type, &huge));
    let text = evan.get(&document).refused(502);
    assert!(text.contains("5 MiB"), "{text}");

    // What is passed on acts as nothing of this site.
    let lying = [("Content-Type", "image/png"), ("Set-Cookie", "a=b")];
    peer.says("/x.png", said(200, &lying, html));
    let answer = evan.get(&url).expect(200);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert_eq!(policy, "default-src 'none'; sandbox");
    assert_eq!(answer.header("set-cookie"), "");

    // A blocked server is not asked, whatever is kept of it.
    pump.give_to("evan");
    let heard = peer.heard("/").len();
    evan.post_to("/api/owner/blocks", &json!({ "id": "127.0.0.1" }))
        .expect(201);
    evan.get(&url).refused(403);
    assert_eq!(peer.heard("/").len(), heard);
    pump.is_sound();
}

/// pump-api.md §6.9, D18
#[test]
fn without_leave_no_file_of_the_own_network_is_asked_for() {
    let (_pump, evan, peer) = shared(&[]);
    peer.says("/x.png", png());
    evan.get(&proxied(&evan, &evan, "/image")).refused(502);
    evan.get(&proxied(&evan, &evan, "/replies")).refused(502);
    assert!(peer.heard("/").is_empty(), "{:?}", peer.heard("/"));
}

/// pump-api.md §6.9
#[test]
fn documents_are_asked_for_as_the_reader_and_come_as_they_are() {
    let (pump, evan, peer) = shared(&[LAN]);
    let ann = pump.register("ann");
    let url = proxied(&evan, &evan, "/replies");
    let body = "{ \"items\" : [ ],\n \"totalItems\":0 }";
    let target = "/api/image/1/replies";
    let headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("ETag", "W/\"two\""),
        ("Last-Modified", "Fri, 20 Nov 2026 23:30:11 GMT"),
        ("Expires", "Fri, 20 Nov 2026 23:30:12 GMT"),
        ("Cache-Control", "public, max-age=0"),
    ];
    peer.says_with(
        "authorization",
        target,
        said(200, &headers, body.as_bytes()),
    );
    let answer = evan.get(&format!("{url}?before=x")).expect(200);
    assert_eq!(answer.text(), body);
    for (name, value) in headers {
        // What one reader gets is for no cache on the way.
        let value = value.replace("public", "private");
        assert_eq!(answer.header(name), value);
    }
    ann.get(&url).expect(200);
    let registered = peer.heard("/api/client/register");
    let [first, second] = &registered[..] else {
        panic!("both register: {registered:?}");
    };
    assert!(first.headers["authorization"].contains("webfinger=\"evan@pump.test\""));
    assert!(second.headers["authorization"].contains("webfinger=\"ann@pump.test\""));
    let asked = peer.heard(target);
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|one| one.target == target));
    assert!(asked[0].headers["authorization"].starts_with("OAuth oauth_consumer_key="));

    // Conditions are passed on, and their answer is passed back.
    let same = said(304, &[("ETag", "W/\"two\"")], b"");
    peer.says_with("authorization", target, same);
    let since = "Fri, 20 Nov 2026 23:30:11 GMT";
    let request = Request::get(&url)
        .header("If-None-Match", "W/\"two\"")
        .header("If-Modified-Since", since);
    let answer = evan.send(request).expect(304);
    assert_eq!(answer.header("etag"), "W/\"two\"");
    let asked = peer.heard(target).pop().expect("it was asked");
    assert_eq!(asked.headers["if-none-match"], "W/\"two\"");
    assert_eq!(asked.headers["if-modified-since"], since);
}

/// Makes all kept files look older than they may be without asking.
fn age(pump: &Pump) {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let files = std::fs::read_dir(pump.directory().join("uploads/cache")).expect("a directory");
    for file in files {
        let file = File::open(file.expect("a file").path()).expect("a file");
        file.set_modified(long_ago).expect("a time");
    }
}

/// pump-api.md §6.9
#[test]
fn public_pictures_are_asked_for_once_as_nobody() {
    let (mut pump, evan, peer) = shared(&[LAN]);
    let ann = pump.register("ann");
    peer.says("/x.png", png());
    peer.says_with("if-none-match", "/x.png", said(304, &[], b""));
    let url = proxied(&evan, &evan, "/image");
    let answer = evan.get(&url).expect(200);
    assert_eq!(answer.header("etag"), "\"one\"");
    assert_eq!(ann.get(&url).expect(200).body, pictures::png(4, 3));
    let known = Request::get(&url).header("If-None-Match", "\"one\"");
    evan.send(known).expect(304);
    let whole = pictures::png(4, 3);
    let part = evan.send(Request::get(&url).header("Range", "bytes=2-5"));
    assert_eq!(part.expect(206).body, whole[2..6]);
    let head = evan.send(Request::new("HEAD", &url)).expect(200);
    assert_eq!(head.header("content-length"), whole.len().to_string());
    pump.restart();
    assert_eq!(ann.get(&url).expect(200).body, whole);
    let asked = peer.heard("/x.png");
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(!asked[0].headers.contains_key("authorization"));

    // After a while it is asked whether it is still the same.
    age(&pump);
    assert_eq!(ann.get(&url).expect(200).body, whole);
    assert_eq!(evan.get(&url).expect(200).body, whole);
    let asked = peer.heard("/x.png");
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[1].headers["if-none-match"], "\"one\"");
    // What is known is shown while the other server cannot answer, and not when it has it no more.
    age(&pump);
    peer.says_with("if-none-match", "/x.png", said(503, &[], b""));
    assert_eq!(evan.get(&url).expect(200).body, whole);
    peer.says_with("if-none-match", "/x.png", said(404, &[], b""));
    evan.get(&url).refused(502);
    // After a crash nobody knows which files are whole.
    pump.kill();
    pump.start_again();
    let left = std::fs::read_dir(pump.directory().join("uploads/cache"));
    assert!(left.is_err());
    assert_eq!(evan.get(&url).expect(200).body, whole);
    pump.is_sound();
}

/// pump-api.md §6.9
#[test]
fn a_picture_that_only_a_reader_sees_is_for_that_reader_alone() {
    let (pump, evan, peer) = shared(&[LAN]);
    let ann = pump.register("ann");
    peer.says("/x.png", said(403, &[], b""));
    let url = proxied(&evan, &evan, "/image");
    evan.get(&url).refused(502);
    peer.says_with("authorization", "/x.png", png());
    evan.get(&url).expect(200);
    let signed = || {
        let asked = peer.heard("/x.png").into_iter();
        asked
            .filter(|one| one.headers.contains_key("authorization"))
            .count()
    };
    assert_eq!(signed(), 2);
    evan.get(&url).expect(200);
    assert_eq!(signed(), 2);
    // Another one is shown what the other server says to that one.
    peer.says_with("authorization", "/x.png", said(403, &[], b""));
    ann.get(&url).refused(502);
    assert_eq!(signed(), 3);
    let kept = peer.heard("/x.png").len();
    evan.get(&url).expect(200);
    assert_eq!(peer.heard("/x.png").len(), kept);
}

/// pump-api.md §6.9
#[test]
fn a_server_that_is_away_is_left_alone_for_a_while() {
    let pump = Pump::with(&[LAN]);
    let evan = pump.register("evan");
    let away = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it has an address")
    };
    let picture = |name: &str| json!({ "objectType": "image", "id": format!("tag:away.example,2026:{name}"), "image": { "url": format!("http://{away}/{name}.png") } });
    evan.post(activity("share", &picture("one")).to(public()));
    let text = evan.get(&proxied(&evan, &evan, "/image")).refused(502);
    assert!(!text.contains("a moment ago"), "{text}");
    evan.post(activity("share", &picture("two")).to(public()));
    let text = evan.get(&proxied(&evan, &evan, "/image")).refused(502);
    assert!(text.contains("a moment ago"), "{text}");
}

/// What people look at elsewhere holds no place that other servers need to bring something.
#[test]
fn inboxes_stay_open_while_pictures_are_waited_for() {
    let pump = Pump::with(&[LAN]);
    let evan = pump.register("evan");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("it has one");
    let peer = Peer::start();
    let mut image = named_by_us(&peer);
    image["image"]["url"] = format!("http://{address}/x.png").into();
    evan.post(activity("share", &image).to(public()));
    let url = proxied(&evan, &evan, "/image");
    let mallory = peer.person("mallory");
    let key = peer.key(&pump, "webfinger", &mallory);
    let pushed = json!({
        "verb": "post", "id": format!("{}/api/activity/1", peer.base),
        "actor": { "objectType": "person", "id": mallory },
        "object": { "objectType": "note", "id": format!("{}/api/note/1", peer.base), "content": "Hi" },
        "to": [evan.reference()],
    });
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| evan.get(&url));
        }
        // They hang on a server that takes calls and says nothing.
        let held: Vec<_> = (0..4).map(|_| silent.accept().expect("a call")).collect();
        peer.push(&pump, &key, &evan, &pushed).ok();
        assert!(evan.inbox().major().first_is("Hi"));
        drop(held);
        drop(silent);
    });
}

/// Where a document has `proxyURL`, by the members on the way, without the numbers of lists.
fn places(document: &Value) -> Vec<String> {
    fn look(value: &Value, way: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if members.contains_key("proxyURL") {
                    found.push(way.trim_end_matches(".pump_io").to_owned());
                }
                for (name, value) in members {
                    look(value, &format!("{way}.{name}"), found);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| look(value, way, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    look(document, "", &mut found);
    found.sort();
    found.dedup();
    found
}

/// pump-api.md §3.7 [W], Q20, Q21
#[test]
fn documents_name_the_addresses_here_where_clients_look_for_them() {
    let pump = Pump::with(&[LAN]);
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let peer = Peer::start();
    let far = image(&peer);
    let mallory = far["author"].clone();
    let key = peer.key(&pump, "webfinger", mallory["id"].as_str().expect("an id"));
    evan.does("follow", &mallory);
    let mut own = far.clone();
    own.as_object_mut().expect("an object").remove("author");
    // What its home tells others of its own.
    for name in ["image", "fullImage", "likes"] {
        own[name]["pump_io"] = json!({ "proxyURL": format!("{}/api/proxy/x", peer.base) });
    }
    let posted = json!({
        "verb": "post", "id": format!("{}/api/activity/1", peer.base), "actor": mallory, "object": own,
        "to": [evan.reference()], "cc": [{
            "objectType": "collection", "id": format!("{}/api/user/mallory/followers", peer.base),
            "links": { "self": { "href": format!("{}/api/user/mallory/followers", peer.base) } },
            "members": { "url": format!("{}/api/user/mallory/followers", peer.base) },
        }],
        "provider": {
            "objectType": "service", "id": format!("{}/", peer.base),
            "links": { "self": { "href": format!("{}/", peer.base) } },
        },
    });
    let answer = peer.push(&pump, &key, &evan, &posted).ok();
    assert_eq!(places(&answer), [""; 0], "another server is told nothing");

    let object = ["", ".fullImage", ".image", ".likes", ".replies", ".shares"];
    let object: Vec<String> = object.map(|name| format!(".object{name}")).into();
    let others = [
        ".actor",
        ".actor.followers",
        ".actor.image",
        ".cc",
        ".cc.members",
        ".provider",
    ];
    let mut all: Vec<String> = others.map(str::to_owned).into();
    all.extend(object);
    all.sort();
    let inbox = evan.inbox();
    for stream in [
        inbox.clone(),
        inbox.major(),
        inbox.direct(),
        inbox.direct().major(),
    ] {
        let item = &stream.items()[0];
        assert_eq!(places(item), all, "{} {item}", stream.path);
        assert!(item["object"]["author"].is_null());
        assert_eq!(item["object"]["image"]["url"], far["image"]["url"]);
        assert!(item["actor"]["favorites"]["pump_io"].is_null());
    }
    let item = &inbox.major().items()[0];
    assert_eq!(item["object"]["liked"], false);
    assert_eq!(item["object"]["pump_io"]["shared"], false);
    assert_ne!(
        item["object"]["pump_io"]["proxyURL"],
        item["object"]["replies"]["pump_io"]["proxyURL"]
    );

    let object = &item["object"];
    evan.does("like", object);
    let told = evan.does("share", object);
    let as2 = |path: &str| {
        let request = Request::get(path).header("Accept", "application/activity+json");
        evan.send(request).expect(200).text()
    };
    for (what, document) in [
        ("the answer to a post", told.clone()),
        ("the activity", evan.read(&told).ok()),
        ("following", evan.following().page()),
        ("his own profile", evan.get(&evan.path("profile")).ok()),
    ] {
        assert_eq!(places(&document), [""; 0], "{what}: {document}");
    }
    assert!(!as2(&inbox.path).contains("/api/proxy/"));
    let path = format!(
        "/api/image?id={}",
        encode(object["id"].as_str().expect("an id"))
    );
    let alone = evan.get(&path).expect(200).text();
    assert!(!alone.contains("/api/proxy/"), "{alone}");
    let favorites = evan.favorites().items();
    assert_eq!(
        places(&favorites[0]),
        ["", ".fullImage", ".image", ".likes", ".replies", ".shares"]
    );
    // Whoever is no user here is not told.
    let third = Peer::start();
    evan.post(activity("share", &named_by_us(&third)).to(public()));
    assert!(
        ann.feed_of(&evan)
            .page()
            .to_string()
            .contains("/api/proxy/")
    );
    let seen = pump.client().feed_of(&evan).page().to_string();
    assert!(
        seen.contains("/x.png") && !seen.contains("/api/proxy/"),
        "{seen}"
    );
    // What was made here names nothing of the kind.
    evan.post(note("at home").to(public()));
    assert_eq!(places(&evan.feed().items()[0]), [""; 0]);
}

/// pump-api.md §3.7 [W]
#[test]
fn hosts_of_the_whitelist_are_named_and_shown_as_they_are() {
    let (pump, evan, peer) = shared(&[LAN, "--proxyWhitelist=[\"127.0.0.1\"]"]);
    let page = evan.feed().page();
    assert_eq!(places(&page), [""; 0], "{page}");
    let page = pump.browser_of("evan").open("/evan").expect(200);
    assert!(
        page.all("img", "src")
            .contains(&format!("{}/x.png", peer.base))
    );
}

/// pump-api.md §8.3
#[test]
fn pages_load_nothing_from_other_servers() {
    let (pump, _evan, peer) = shared(&[LAN]);
    for (file, size) in [("/x.png", 4), ("/face.png", 5), ("/inside.png", 6)] {
        let headers = [("Content-Type", "image/png")];
        peer.says(file, said(200, &headers, &pictures::png(size, 3)));
    }
    let loaded = |page: &crate::harness::browser::Page| {
        let mut all = Vec::new();
        for (element, attribute) in [
            ("img", "src"),
            ("img", "srcset"),
            ("audio", "src"),
            ("video", "src"),
            ("video", "poster"),
            ("source", "src"),
            ("link", "href"),
            ("script", "src"),
        ] {
            all.extend(page.all(element, attribute));
        }
        all
    };
    let mut browser = pump.browser_of("evan");
    for path in ["/", "/evan"] {
        let page = browser.open(path).expect(200);
        let all = loaded(&page);
        assert!(
            all.iter().all(|url| url.starts_with('/')),
            "{path}: {all:?}"
        );
        let proxied: Vec<_> = all
            .iter()
            .filter(|url| url.starts_with("/api/proxy/"))
            .collect();
        assert_eq!(proxied.len(), 3, "{path}: {all:?}");
        for url in proxied {
            let answer = browser.ask(Request::get(url)).expect(200);
            assert_eq!(answer.header("content-type"), "image/png");
        }
    }
    for file in ["/x.png", "/face.png", "/inside.png"] {
        let asked = peer.heard(file);
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(!asked[0].headers.contains_key("authorization"));
    }
    // Who has no account here gets no picture of another server, and a way to it.
    let page = pump.browser().open("/evan").expect(200);
    let all = loaded(&page);
    assert!(
        all.iter()
            .all(|url| url.starts_with('/') && !url.contains("/api/proxy/")),
        "{all:?}"
    );
    assert!(
        page.all("a", "href")
            .contains(&format!("{}/full.png", peer.base))
    );
}

/// pump-api.md §8.2
#[test]
fn the_card_of_somebody_elsewhere_leads_home() {
    let (pump, evan, peer) = shared(&[LAN]);
    let mallory = image(&peer)["author"].clone();
    evan.does("follow", &mallory);
    let mut browser = pump.browser_of("evan");
    let page = browser.open("/evan/following").expect(200);
    assert!(page.shows("Mallory") && page.shows("mallory@127.0.0.1"));
    let page = browser.submit(&page.form_to("/main/unfollow")).expect(200);
    assert!(!page.shows("Mallory"));
    assert_eq!(evan.following().total(), 0);
    evan.does("follow", &mallory);
    let page = browser.open("/evan/following").expect(200);
    let wrong = page.form_to("/main/unfollow").without("key");
    browser.submit(&wrong.clone()).expect(404);
    // The name leads to what is known here, and from there to the page at home.
    let links = page.all("a", "href");
    let here = links.iter().find(|link| link.contains("/main/person?key="));
    let page = browser.open(here.expect("a page here")).expect(200);
    let links = page.all("a", "href");
    assert!(
        links.contains(&format!("{}/mallory", peer.base)),
        "{links:?}"
    );
}

/// The first item of a stream that fits, as soon as it is there.
fn item(stream: &Stream, fits: impl Fn(&Value) -> bool) -> Value {
    eventually_some(|| stream.items().into_iter().find(|item| fits(item)))
}

/// pump-api.md §6.9, §11
#[test]
fn pictures_and_comments_of_another_server_are_seen_here() {
    network::inside(
        "proxying::pictures_and_comments_of_another_server_are_seen_here",
        || {
            let [a, b] = [0, 1].map(|number| network::server(number, &[]));
            let [alice, carol] = a.register_all(["alice", "carol"]);
            let bob = b.register("bob");
            for follower in [&alice, &carol] {
                follower.follow(&bob);
            }
            eventually(|| bob.followers().total() == 2);

            let photo = pictures::photo(640, 480, 1);
            let upload = bob.upload("image/jpeg", &photo);
            let posted = bob.post(activity("post", &upload).to(public()));
            let got = item(&alice.inbox().major(), |item| item["id"] == posted["id"]);
            let at = |object: &Value, pointer: &str| {
                let found = object
                    .pointer(pointer)
                    .unwrap_or_else(|| panic!("{object}"));
                found["pump_io"]["proxyURL"]
                    .as_str()
                    .expect("an address here")
                    .to_owned()
            };
            let shown = alice.get(&at(&got["object"], "/image")).expect(200);
            assert_eq!(pictures::size_of(&shown.body), (320, 240));
            assert_eq!(shown.header("content-type"), "image/jpeg");
            let own = bob.get(got["object"]["image"]["url"].as_str().expect("an address"));
            assert_eq!(shown.body, own.expect(200).body);

            // To one of them only, who alone sees the picture.
            let upload = bob.upload("image/jpeg", &photo);
            let direct = bob.post(activity("post", &upload).to(alice.reference()));
            let got = item(&alice.inbox().major(), |item| item["id"] == direct["id"]);
            let url = at(&got["object"], "/image");
            alice.get(&url).expect(200);
            carol.get(&url).refused(502);

            // The comments that its home knows, and only what the reader may see of them.
            let object = json!({ "objectType": "image", "id": direct["object"]["id"] });
            let comment =
                json!({ "objectType": "comment", "content": "Nice", "inReplyTo": object });
            bob.post(activity("post", &comment).to(alice.reference()));
            let url = at(&got["object"], "/replies");
            let page = alice.get(&url).ok();
            assert_eq!(page["items"][0]["content"], "Nice", "{page}");
            carol.get(&url).refused(502);
            let own = alice.get(&at(&got, "/object")).ok();
            assert_eq!(own["id"], direct["object"]["id"]);
        },
    );
}
