//! Discovery: what others find out about this host, its people and its objects (`pump-api.md §6.1`, `§6.2`).

use crate::harness::documents::each;
use crate::harness::http::{Answer, Request, encode};
use crate::harness::{Pump, activity, note, public};
use serde_json::{Value, json};

const HOST_META: &str = "/.well-known/host-meta";

fn asked(pump: &Pump, path: &str, accept: &str) -> Answer {
    let mut request = Request::get(path);
    if !accept.is_empty() {
        request = request.header("accept", accept);
    }
    pump.nobody().send(request)
}

fn webfinger(pump: &Pump, resource: &str) -> Answer {
    let path = format!("/.well-known/webfinger?resource={}", encode(resource));
    asked(pump, &path, "")
}

fn link<'v>(descriptor: &'v Value, rel: &str) -> &'v str {
    let links = descriptor["links"].as_array().expect("there are links");
    let link = links.iter().find(|link| link["rel"] == rel);
    link.and_then(|link| link["href"].as_str())
        .unwrap_or_else(|| panic!("no {rel} in {descriptor}"))
}

/// pump-api.md D25
#[test]
fn what_is_not_of_this_host_or_not_there_is_not_found() {
    let pump = Pump::start();
    let ann = pump.register("ann");
    let posted = ann.post(note("gone soon"));
    let gone = posted["object"]["id"].as_str().expect("an id").to_owned();
    ann.delete(&gone).ok();
    for path in ["/.well-known/webfinger", "/api/lrdd"] {
        asked(&pump, path, "").expect(400);
        asked(&pump, &format!("{path}?resource="), "").expect(400);
    }
    for resource in [
        "acct:nobody@pump.test",
        "acct:ann@elsewhere.test",
        "ann@elsewhere.test",
        "ann",
        "acct:",
        "http://pump.test/",
        "http://pump.test/nobody",
        "http://elsewhere.test/ann",
        "http://pump.test/api/user/ann/followers",
        "http://pump.test/api/note/AAAAAAAAAAAAAAAAAAAAAA",
        "tag:pump.test,2026:x",
        "urn:uuid:1",
        "javascript:alert(1)",
        "ftp://pump.test/ann",
        &gone,
    ] {
        webfinger(&pump, resource).expect(404);
        asked(
            &pump,
            &format!("/api/lrdd?resource={}", encode(resource)),
            "",
        )
        .refused(404);
    }
}

/// pump-api.md §6.1 [W]
#[test]
fn a_host_says_where_its_endpoints_are() {
    let pump = Pump::start();
    let json = asked(&pump, "/.well-known/host-meta.json", "").ok();
    let links = json["links"].as_array().expect("links");
    assert_eq!(
        each(links, "rel"),
        [
            "lrdd",
            "lrdd",
            "registration_endpoint",
            "http://apinamespace.org/oauth/request_token",
            "http://apinamespace.org/oauth/authorize",
            "http://apinamespace.org/oauth/access_token",
            "dialback",
            "http://apinamespace.org/activitypub/whoami",
        ]
    );
    assert_eq!(
        links[1],
        json!({
            "rel": "lrdd",
            "type": "application/json",
            "template": "http://pump.test/.well-known/webfinger?resource={uri}",
        })
    );
    assert_eq!(
        link(&json, "registration_endpoint"),
        "http://pump.test/api/client/register"
    );
    for accept in [
        "application/json",
        "*/*",
        "application/json, application/xrd+xml; q=0.5",
    ] {
        assert_eq!(asked(&pump, HOST_META, accept).ok(), json, "{accept}");
    }
    for accept in [
        "application/xrd+xml",
        "text/html",
        "application/json;q=0.1, application/xrd+xml",
    ] {
        let answer = asked(&pump, HOST_META, accept).expect(200);
        assert_eq!(
            answer.header("content-type"),
            "application/xrd+xml",
            "{accept}"
        );
        let text = answer.text();
        assert!(
            text.contains(
                r#"<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd""#
            ),
            "{text}"
        );
        assert!(
            text.contains(r#"template="http://pump.test/api/lrdd?resource={uri}""#),
            "{text}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let silent =
        "GET /.well-known/host-meta HTTP/1.1\r\nHost: pump.test\r\nConnection: close\r\n\r\n";
    let answer = pump.site.raw(silent.as_bytes());
    assert!(answer.contains("application/xrd+xml"), "{answer}");
}

/// pump-api.md §6.2 [W], Q12, Q27
#[test]
fn an_account_is_found_by_every_name_that_it_has() {
    let pump = Pump::start();
    let ann = pump.register("Ann");
    let found = webfinger(&pump, "acct:Ann@pump.test").ok();
    assert_eq!(found["subject"], "acct:Ann@pump.test");
    assert_eq!(
        found["aliases"],
        json!([
            "http://pump.test/Ann",
            "http://pump.test/api/user/Ann/profile"
        ])
    );
    assert_eq!(
        found["links"][0],
        json!({
            "rel": "http://webfinger.net/rel/profile-page",
            "type": "text/html",
            "href": "http://pump.test/Ann",
        })
    );
    for (rel, path) in [
        ("self", "profile"),
        ("activity-inbox", "inbox"),
        ("activity-outbox", "feed"),
        ("followers", "followers"),
        ("following", "following"),
        ("favorites", "favorites"),
        ("lists", "lists/person"),
    ] {
        assert_eq!(
            link(&found, rel),
            format!("http://pump.test/api/user/Ann/{path}")
        );
        ann.get(link(&found, rel)).expect(200);
    }
    for name in [
        "Ann@pump.test",
        "acct:ann@PUMP.test",
        "acct:Ann@pump.test:8080",
        "ann@pump.test:31337",
        "http://pump.test/Ann",
        "https://pump.test/ann",
        "http://pump.test:8080/api/user/ann/profile",
        "http://pump.test/api/user/ann",
    ] {
        assert_eq!(webfinger(&pump, name).ok(), found, "{name}");
    }
    let path = "/.well-known/webfinger?resource=Ann@pump.test";
    pump.nobody().send(Request::new("HEAD", path)).expect(200);
    let one = asked(&pump, &format!("{path}&rel=self&rel=other"), "").ok();
    assert_eq!(
        each(one["links"].as_array().expect("links"), "rel"),
        ["self"]
    );
    let jrd = asked(&pump, path, "application/jrd+json").expect(200);
    assert_eq!(jrd.header("content-type"), "application/jrd+json");
    let lrdd = "/api/lrdd?resource=acct:ann@pump.test";
    assert_eq!(asked(&pump, lrdd, "application/json").ok(), found);
    let text = asked(&pump, lrdd, "application/xrd+xml").expect(200).text();
    assert!(
        text.contains("<Subject>acct:Ann@pump.test</Subject>"),
        "{text}"
    );
    assert!(
        text.contains(r#"<Link rel="self" href="http://pump.test/api/user/Ann/profile"/>"#),
        "{text}"
    );
}

#[test]
fn objects_are_found_by_their_ids_and_say_only_where_they_are() {
    let pump = Pump::start();
    let [ann, ben] = pump.register_all(["ann", "ben"]);
    let secret = ann.post(note("a secret").to(&ben));
    let object = &secret["object"];
    let id = object["id"].as_str().expect("an id");
    let answer = webfinger(&pump, id).expect(200);
    assert!(!answer.text().contains("secret"), "{}", answer.text());
    let found = answer.json();
    assert_eq!(found["subject"], id);
    assert_eq!(found["aliases"], json!([object["url"]]));
    assert_eq!(link(&found, "self"), object["links"]["self"]["href"]);
    for feed in ["likes", "replies", "shares"] {
        assert_eq!(link(&found, feed), object[feed]["url"]);
    }
    let given = json!({ "objectType": "note", "id": "tag:pump.test,2026:mine", "content": "hi" });
    ann.try_post(json!({ "object": given })).refused(400);
    let list = ann.lists().items()[0].clone();
    let found = webfinger(&pump, list["id"].as_str().expect("an id")).ok();
    assert_eq!(link(&found, "members"), list["members"]["url"]);
    let found = webfinger(&pump, secret["id"].as_str().expect("an id")).ok();
    assert_eq!(link(&found, "self"), secret["links"]["self"]["href"]);
}

#[test]
fn a_host_behind_a_front_end_tells_its_public_addresses() {
    let pump = Pump::with(&["--urlPort", "443", "--urlPath", "social"]);
    let json = asked(&pump, "/.well-known/host-meta.json", "").ok();
    assert_eq!(
        link(&json, "registration_endpoint"),
        "https://pump.test/social/api/client/register"
    );
}

#[test]
fn a_list_is_found_with_its_page() {
    let pump = Pump::start();
    let ann = pump.register("ann");
    let list =
        json!({ "objectType": "collection", "displayName": "Band", "objectTypes": ["person"] });
    let list = ann.post(activity("create", &list).to(public()))["object"].clone();
    let found = webfinger(&pump, list["id"].as_str().expect("an id")).ok();
    assert_eq!(found["aliases"], json!([list["url"]]));
    let page = list["url"].as_str().expect("a page");
    let path = pump.site.path_of(page);
    pump.nobody().get(path).expect(200);
}
