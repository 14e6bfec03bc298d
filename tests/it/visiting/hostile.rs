//! Servers that answer a login with anything but the truth, addresses that are none, and forms of other sites: everybody stays
//! a stranger, and reads why. The other server is played by the test.

use super::{Form, Page, deed};
use crate::harness::documents::{note, public};
use crate::harness::http::encode;
use crate::harness::peer::{Peer, Said};
use crate::harness::{Browser, Person, Pump, Request};
use serde_json::{Value, json};

/// A server, and another one with somebody who wants in.
struct Scene {
    pump: Pump,
    evan: Person,
    peer: Peer,
    mallory: String,
    browser: Browser,
}

impl Scene {
    fn new() -> Scene {
        let pump = Pump::with(&["--federateLan=true"]);
        let evan = pump.register("evan");
        evan.post(note("Come all").to(public()));
        let browser = pump.browser();
        let peer = Peer::start();
        let mallory = peer.person("mallory");
        let scene = Scene {
            pump,
            evan,
            peer,
            mallory,
            browser,
        };
        scene.gives("/oauth/request_token", "rt");
        scene.gives("/oauth/access_token", "at");
        scene.leads("/api/whoami", "/api/user/mallory/profile");
        scene.is(&json!({}));
        scene
    }

    fn says(&self, target: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let said = Said {
            status,
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        };
        self.peer.says(target, said);
    }

    /// Gives a token.
    fn gives(&self, target: &str, token: &str) {
        let body =
            format!("oauth_token={token}&oauth_token_secret=s&oauth_callback_confirmed=true");
        self.says(target, 200, &[], &body);
    }

    fn leads(&self, target: &str, location: &str) {
        self.says(target, 302, &[("Location", location)], "");
    }

    /// Says who logged in, with these members instead of the right ones.
    fn is(&self, other: &Value) {
        let mut profile = json!({
            "objectType": "person",
            "id": self.mallory,
            "displayName": "Mallory",
            "links": { "activity-outbox": { "href": format!("{}/api/user/mallory/feed", self.peer.base) } },
            "followers": { "url": format!("{}/api/user/mallory/followers", self.peer.base) },
        });
        for (name, value) in other.as_object().expect("members") {
            profile[name] = value.clone();
        }
        self.peer.json("/api/user/mallory/profile", &profile);
    }

    fn host(&self) -> &str {
        self.peer.base.trim_start_matches("http://")
    }

    #[track_caller]
    fn form(&mut self) -> Form {
        let page = self.browser.open("/main/remote?continueTo=%2Fevan");
        let form = page.expect(200).form("remote");
        let address = format!("mallory@{}", self.host());
        form.fill("webfinger", &address)
    }

    fn callback(&self) -> String {
        let host = self.host();
        format!("/main/authorized/{host}?oauth_token=rt&oauth_verifier=v")
    }

    /// Goes all the way; answers what is there in the end.
    #[track_caller]
    fn log_in(&mut self) -> Page {
        let form = self.form();
        self.browser.submit_once(&form).expect(302);
        let callback = self.callback();
        self.browser.open(&callback)
    }

    /// Whether the browser is somebody's.
    fn is_in(&mut self) -> bool {
        self.browser.open("/evan").expect(200).shows("Log out")
    }
}

/// pump-api.md D18
#[test]
fn addresses_that_are_none_and_servers_that_are_not_there_are_told() {
    let mut scene = Scene::new();
    let form = scene.form();
    let nobody = format!("mallory@127.0.0.1:{}", closed_port());
    for (typed, status, words) in [
        ("", 400, "no address"),
        ("mallory", 400, "no address"),
        ("mallory@", 400, "no address"),
        ("javascript:alert(1)", 400, "no address"),
        ("<b>@x.test/y", 400, "no address"),
        ("evan@pump.test", 400, "this very site"),
        ("mallory@example.com", 502, "no server"),
        ("mallory@127.0.0.1:22", 502, "no server"),
        (&nobody, 502, "was not reached"),
    ] {
        let page = scene.browser.submit(&form.clone().fill("webfinger", typed));
        let page = page.expect(status);
        assert!(
            page.text_of("error").contains(words),
            "{typed}: {}",
            page.html()
        );
        let again = page.form("remote");
        assert_eq!(again.value("webfinger"), typed);
        assert_eq!(again.value("continueTo"), "/evan");
    }
    let forged = form.clone().without("_csrf");
    assert_eq!(scene.browser.submit_once(&forged).status, 403);
    assert!(scene.peer.heard("/").is_empty());

    let block = scene.host().split(':').next().expect("a host").to_owned();
    scene.pump.runs(&["block", "add", &block], "");
    scene.browser.submit(&form).expect(403);
    scene.pump.runs(&["block", "remove", &block], "");
    assert!(scene.peer.heard("/").is_empty());

    // Nobody has other hosts asked as often as they like.
    let nobody = form.fill("webfinger", &nobody);
    let answers = (0..=100).map(|_| scene.browser.submit_once(&nobody));
    let last = answers.into_iter().find(|answer| answer.status != 502);
    let last = last.expect("an end").expect(429);
    assert!(!last.header("retry-after").is_empty());
}

#[test]
fn a_server_that_does_not_answer_as_one_leads_nowhere() {
    let mut scene = Scene::new();
    let meta = "/.well-known/host-meta.json";
    let base = scene.peer.base.clone();
    let links = |change: &dyn Fn(&str, String) -> Option<String>| {
        let oauth = "http://apinamespace.org/oauth";
        let all = [
            ("registration_endpoint".to_owned(), "/api/client/register"),
            (format!("{oauth}/request_token"), "/oauth/request_token"),
            (format!("{oauth}/authorize"), "/oauth/authorize"),
            (format!("{oauth}/access_token"), "/oauth/access_token"),
            (
                "http://apinamespace.org/activitypub/whoami".to_owned(),
                "/api/whoami",
            ),
        ];
        let links = all.into_iter().filter_map(|(rel, path)| {
            let href = change(path, format!("{base}{path}"))?;
            Some(json!({ "rel": rel, "href": href }))
        });
        json!({ "links": links.collect::<Vec<Value>>() })
    };
    for path in [
        "/oauth/request_token",
        "/oauth/authorize",
        "/oauth/access_token",
        "/api/whoami",
    ] {
        let without = links(&|known, href| (known != path).then_some(href));
        let mut others = vec![without];
        for foreign in [
            "https://evil.test",
            "javascript:alert(1)//",
            "http://pump.test",
        ] {
            let change = |known: &str, href| match known == path {
                true => Some(format!("{foreign}{path}")),
                false => Some(href),
            };
            others.push(links(&change));
        }
        for document in others {
            scene.peer.json(meta, &document);
            let form = scene.form();
            let page = scene.browser.submit(&form).expect(502);
            assert!(
                page.text_of("error")
                    .contains("does not answer as a server")
            );
        }
    }
    scene.peer.json(meta, &links(&|_, href| Some(href)));

    for (status, body) in [
        (400, "Invalid Consumer Key"),
        (500, ""),
        (200, ""),
        (200, "oauth_token=rt"),
        (200, "oauth_token=&oauth_token_secret=s"),
    ] {
        scene.says("/oauth/request_token", status, &[], body);
        let form = scene.form();
        scene.browser.submit(&form).expect(502);
    }
    // A key that is not known there any more was replaced, once.
    scene.gives("/oauth/request_token", "rt");
    let known = scene.peer.heard("/api/client/register").len();
    let form = scene.form();
    let answer = scene.browser.submit_once(&form).expect(302);
    assert_eq!(
        answer.header("location"),
        format!("{base}/oauth/authorize?oauth_token=rt")
    );
    assert_eq!(scene.peer.heard("/api/client/register").len(), known);
    let asked = scene
        .peer
        .heard("/oauth/request_token")
        .pop()
        .expect("it was asked");
    let callback = format!("http://pump.test/main/authorized/{}", scene.host());
    let proof = &asked.headers["authorization"];
    assert!(
        proof.contains(&format!("oauth_callback=\"{}\"", encode(&callback))),
        "{proof}"
    );
    assert!(!scene.is_in());
}

/// pump-api.md D19
#[test]
fn a_callback_that_did_not_begin_in_this_browser_lets_nobody_in() {
    let mut scene = Scene::new();
    let callback = scene.callback();
    scene.browser.open(&callback).expect(400);
    let form = scene.form();
    scene.browser.submit_once(&form).expect(302);
    let host = scene.host().to_owned();
    for wrong in [
        format!("/main/authorized/{host}"),
        format!("/main/authorized/{host}?oauth_token=other&oauth_verifier=v"),
        "/main/authorized/evil.test?oauth_token=rt&oauth_verifier=v".to_owned(),
    ] {
        let page = scene.browser.open(&wrong).expect(400);
        assert!(page.text_of("error").contains("did not begin here"));
    }
    scene.pump.browser().open(&callback).expect(400);
    assert!(scene.peer.heard("/oauth/access_token").is_empty());

    let page = scene.browser.open(&callback).expect(200);
    assert!(page.shows("Mallory"), "{}", page.html());
    let asked = scene.peer.heard("/api/whoami").pop().expect("it was asked");
    assert!(asked.headers["authorization"].contains("oauth_token=\"at\""));
    // It was asked what a server of pump.io's kind asks, in its order, and in its form.
    let mut order: Vec<String> = Vec::new();
    for heard in scene.peer.heard("/") {
        assert!(heard.body.is_empty() || heard.target == "/api/client/register");
        if order.last() != Some(&heard.target) {
            order.push(heard.target);
        }
    }
    let expected = [
        "/.well-known/host-meta.json",
        "/api/client/register",
        "/oauth/request_token",
        "/oauth/access_token",
        "/api/whoami",
        "/api/user/mallory/profile",
    ];
    assert_eq!(order, expected);
    let exchange = scene.peer.heard("/oauth/access_token").remove(0);
    assert_eq!(
        exchange.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    let fields = exchange.headers["authorization"]
        .trim_start_matches("OAuth ")
        .split(',');
    let names: Vec<&str> = fields.filter_map(|field| field.split('=').next()).collect();
    let expected = [
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_token",
        "oauth_verifier",
        "oauth_version",
        "oauth_signature",
    ];
    assert_eq!(names, expected);
    // Nobody else comes in by the same way, and local paths only lead on.
    scene.pump.browser().open(&callback).expect(400);
    for evil in ["//evil.test/", "https://evil.test/", "/\\evil.test", "evil"] {
        let mut browser = scene.pump.browser();
        let target = format!("/main/remote?continueTo={}", encode(evil));
        let form = browser.open(&target).expect(200).form("remote");
        assert_eq!(form.value("continueTo"), "/");
        let form = form
            .fill("webfinger", &format!("m@{host}"))
            .fill("continueTo", evil);
        browser.submit_once(&form).expect(302);
        let answer = browser.ask(Request::get(&callback)).expect(302);
        assert_eq!(answer.header("location"), "/");
    }
}

#[test]
fn a_server_is_believed_about_its_own_people_only() {
    let mut scene = Scene::new();
    let other = Peer::start();
    let victim = other.person("victim");
    for (wrong, words) in [
        (json!({ "id": victim }), "not believed"),
        (json!({ "id": "acct:evan@pump.test" }), "not believed"),
        (json!({ "id": scene.evan.id() }), "not believed"),
        (json!({ "id": "" }), "not believed"),
        (json!({ "id": "urn:uuid:1" }), "not believed"),
        (json!({ "objectType": "service" }), "not believed"),
        (json!({ "links": {} }), "where you post"),
        (
            json!({ "links": { "activity-outbox": { "href": format!("{}/x", other.base) } } }),
            "where you post",
        ),
    ] {
        scene.is(&wrong);
        let page = scene.log_in().expect(502);
        assert!(
            page.text_of("error").contains(words),
            "{wrong}: {}",
            page.html()
        );
        page.form("remote");
        assert!(!scene.is_in(), "{wrong}");
    }
    scene.is(&json!({}));
    for (target, location) in [
        (
            "/api/whoami",
            format!("{}/api/user/victim/profile", other.base),
        ),
        (
            "/api/whoami",
            "http://pump.test/api/user/evan/profile".to_owned(),
        ),
        ("/api/whoami", "/api/whoami".to_owned()),
    ] {
        scene.leads(target, &location);
        scene.log_in().expect(502);
        assert!(!scene.is_in(), "{location}");
    }
    scene.says("/api/whoami", 200, &[], "no JSON");
    scene.log_in().expect(502);
    scene.leads("/api/whoami", "/api/user/mallory/profile");
    for (status, body) in [(401, "Invalid / expired Token"), (200, "oauth_token=at")] {
        scene.says("/oauth/access_token", status, &[], body);
        scene.log_in().expect(502);
        assert!(!scene.is_in());
    }
    assert!(other.heard("/").is_empty(), "{:?}", other.heard("/"));
    scene.gives("/oauth/access_token", "at");
    scene.log_in().expect(200);
    assert!(scene.is_in());
    // Nothing of what was claimed has stuck to anybody.
    assert_eq!(
        scene.evan.get(&scene.evan.path("profile")).ok()["displayName"],
        "evan"
    );
    scene.pump.is_sound();
}

/// pump-api.md D17
#[test]
fn what_a_server_refuses_is_told_and_what_it_makes_up_is_not_taken() {
    let mut scene = Scene::new();
    let page = scene.log_in().expect(200);
    let feed = "/api/user/mallory/feed";
    let like = deed(&page, "like");
    assert_eq!(
        scene
            .browser
            .submit_once(&like.clone().without("_csrf"))
            .status,
        403
    );
    let mut stranger = scene.pump.browser();
    let login = stranger.open("/main/login").form("login");
    let token = login.value("_csrf").to_owned();
    stranger
        .submit(&like.clone().fill("_csrf", &token))
        .expect(401);
    let mut evan = scene.pump.browser_of("evan");
    let token = evan
        .open("/")
        .form_to("/main/logout")
        .value("_csrf")
        .to_owned();
    evan.submit(&like.clone().fill("_csrf", &token)).expect(401);
    let mut unknown = like.clone();
    unknown.action = "/main/proxy?deed=nothing".to_owned();
    scene.browser.submit(&unknown).expect(404);
    assert!(scene.peer.heard(feed).is_empty());

    scene.says(feed, 400, &[], "{\"error\": \"Not <b>you</b>\"}");
    let page = scene.browser.submit(&like).expect(502);
    assert!(
        page.text_of("error").contains("Not <b>you</b>"),
        "{}",
        page.html()
    );
    let sent = scene.peer.heard(feed).pop().expect("it was sent");
    assert!(sent.headers["authorization"].contains("oauth_token=\"at\""));
    let sent: Value = serde_json::from_str(&sent.body).expect("an activity");
    assert_eq!(sent["verb"], "favorite");
    assert_eq!(sent["to"][0]["id"], scene.evan.id());
    assert_eq!(sent["cc"][0]["id"], crate::harness::documents::PUBLIC);

    // What it says to have posted must be its own, and of the visitor.
    let id = |name: &str| format!("{}/api/activity/{name}", scene.peer.base);
    let object = sent["object"].clone();
    let right = json!({
        "id": id("1"), "verb": "favorite", "actor": { "objectType": "person", "id": scene.mallory },
        "object": object,
    });
    let changed = |name: &str, value: Value| {
        let mut made_up = right.clone();
        made_up[name] = value;
        made_up
    };
    for made_up in [
        Value::Null,
        changed("id", json!("http://pump.test/api/activity/1")),
        changed("actor", scene.evan.reference()),
        changed(
            "actor",
            json!({ "objectType": "person", "id": "acct:other@evil.test" }),
        ),
    ] {
        scene.peer.json(feed, &made_up);
        let page = scene.browser.submit(&like).expect(200);
        assert!(page.shows("Your server has it"), "{}", page.html());
        assert!(!scene.browser.open("/evan").shows("You like this"));
    }
    scene.peer.json(feed, &right);
    let page = scene.browser.submit(&like).expect(200);
    assert!(page.shows("You like this"), "{}", page.html());
    // Done is done: nothing is sent again.
    let sent = scene.peer.heard(feed).len();
    scene.browser.submit(&like).expect(200);
    assert_eq!(scene.peer.heard(feed).len(), sent);

    scene.says(feed, 401, &[], "Invalid / used nonce");
    let page = scene.browser.submit(&deed(&page, "share")).expect(401);
    assert!(page.shows("Log in there once more"));
    assert!(!scene.is_in());
}

/// A port at which nobody listens.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
