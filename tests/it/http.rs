//! The manners of every address (`pump-api.md §1.1`).

use crate::harness::http::Site;
use crate::harness::people::link_self;
use crate::harness::{Pump, Request, note, public};
use std::io::Write as _;

#[test]
fn what_does_not_exist_is_refused_in_the_readers_language() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    evan.get("/api/nothing/of/this").refused(404);
    pump.nobody().get("/api/user/evan/nothing").refused(404);
    let page = pump
        .nobody()
        .send(Request::get("/no/such/page/at/all").header("Accept", "text/html"))
        .expect(404);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text().contains("id=\"error\""), "{}", page.text());
    assert!(page.text().contains("404"));
    let plain = pump
        .nobody()
        .send(Request::get("/no/such/page/at/all").header("Accept", "text/plain"))
        .expect(404);
    assert!(plain.header("content-type").starts_with("text/plain"));
    let scripted = Request::get("/no/such/page/at/all")
        .header("X-Requested-With", "XMLHttpRequest")
        .header("Accept", "text/html");
    pump.nobody().send(scripted).refused(404);
    let wrong = evan.delete("/api/user/evan/feed");
    assert!(matches!(wrong.status, 404 | 405), "{}", wrong.status);
    let wrong = pump.nobody().send(Request::new("PATCH", "/"));
    assert!(matches!(wrong.status, 404 | 405 | 501), "{}", wrong.status);
}

/// pump-api.md §1.1 [W]
#[test]
fn head_is_a_get_without_its_body() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for path in ["/api/user/evan", "/api/user/evan/feed", "/api/users"] {
        let get = evan.get(path).expect(200);
        let head = evan.send(Request::new("HEAD", path)).expect(200);
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
        let length = head.header("content-length");
        assert!(
            !length.is_empty() && length != "0",
            "{path}: {:?}",
            head.headers
        );
    }
    evan.send(Request::new("HEAD", "/api/user/nobody"))
        .expect(404);
}

#[test]
fn options_lists_the_methods() {
    let pump = Pump::start();
    for (path, methods) in [
        ("/api/user/evan/feed", vec!["GET", "HEAD", "POST"]),
        ("/api/user/evan", vec!["GET", "HEAD", "PUT", "DELETE"]),
        ("/api/whoami", vec!["GET", "HEAD"]),
        ("/oauth/authorize", vec!["GET", "HEAD", "POST"]),
    ] {
        let answer = pump
            .nobody()
            .send(Request::new("OPTIONS", path))
            .expect(200);
        let allow = answer.header("allow").to_owned();
        let listed: Vec<&str> = allow.split(',').map(str::trim).collect();
        for method in methods {
            assert!(
                listed.contains(&method),
                "{path}: {method} is not in {allow}"
            );
        }
        assert_eq!(answer.text().trim(), allow, "{path}");
    }
    pump.nobody()
        .send(Request::new("OPTIONS", "/no/such/page/at/all"))
        .expect(404);
}

/// pump-api.md §1.1 [W], Q1
#[test]
fn paths_match_without_regard_to_case_and_a_slash_at_the_end() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("hi").to(public()));
    for path in [
        "/api/user/evan/",
        "/API/USER/evan",
        "/Api/User/Evan/Feed/",
        "/api/user/evan/inbox/major/",
        "/api/USERS/",
    ] {
        let answer = evan.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    // Keys are not folded.
    let path = evan.site.path_of(link_self(&posted["object"])).to_owned();
    evan.get(&format!("{path}/")).ok();
    let key = path.rsplit('/').next().unwrap_or_default();
    let folded = path.replace(key, &key.to_ascii_lowercase());
    if folded != path {
        evan.get(&folded).refused(404);
    }
}

#[test]
fn every_answer_carries_the_protective_headers() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for path in [
        "/",
        "/oauth/authorize",
        "/api/user/evan",
        "/api/user/nobody",
        "/no/such/page",
    ] {
        let answer = evan.get(path);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("x-xss-protection", "1; mode=block"),
            ("x-download-options", "noopen"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-"), "{path}: {policy}");
        let server = answer.header("server");
        assert!(server.contains('/'), "{path}: {server}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
        assert_eq!(answer.header("x-powered-by"), "", "{path}");
    }
}

#[test]
fn strict_transport_only_where_it_is_configured() {
    let pump = Pump::with(&["--hsts", "true"]);
    let answer = pump.nobody().get("/api/users");
    assert_eq!(
        answer.header("strict-transport-security"),
        "max-age=15552000; includeSubDomains"
    );
}

/// pump-api.md §1.1 [W], Q2
#[test]
fn another_name_is_led_to_the_right_one() {
    let pump = Pump::with(&["--redirectToCanonical=true"]);
    let other = Request::get("/api/user/evan?count=3").header("Host", "other.example");
    let answer = pump.nobody().send(other).expect(301);
    assert_eq!(
        answer.header("location"),
        "http://pump.test/api/user/evan?count=3"
    );
    // PyPump asks so where it is, and stays there unless it is led away.
    let other = Request::new("HEAD", "/").header("Host", "www.pump.test");
    let answer = pump.nobody().send(other).expect(301);
    assert_eq!(answer.header("location"), "http://pump.test/");
    for host in ["pump.test", "PUMP.TEST", "pump.test:80"] {
        pump.nobody()
            .send(Request::new("OPTIONS", "/api/users").header("Host", host))
            .expect(200);
    }
    // Who asks the listener itself is served.
    let address = pump.site.address().to_string();
    pump.nobody()
        .send(Request::new("OPTIONS", "/api/users").header("Host", &address))
        .expect(200);
}

#[test]
fn whatever_host_is_asked_ids_stay() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    // Signed for the other name, as a client does that knows the server under it.
    let site = Site::new("http://other.example", pump.site.address());
    let stranger = crate::harness::Caller {
        site: std::sync::Arc::new(site),
        ..evan.caller.clone()
    };
    let profile = stranger.get("/api/user/evan/profile").ok();
    assert_eq!(profile["id"], "acct:evan@pump.test");
    assert_eq!(profile["url"], "http://pump.test/evan");
}

/// pump-api.md §3.1 [W]
#[test]
fn on_a_port_of_its_own_people_are_known_by_their_address() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let pump = Pump::on(directory, &["--urlPort", "8123"]);
    let site = Site::new("http://pump.test:8123", pump.site.address());
    let nobody = crate::harness::Caller {
        site: std::sync::Arc::new(site),
        ..pump.nobody()
    };
    let client = nobody
        .post_to(
            "/api/client/register",
            &serde_json::json!({ "type": "client_associate" }),
        )
        .ok();
    let client = crate::harness::Caller {
        client: Some(crate::harness::oauth::Pair::new(
            client["client_id"].as_str().unwrap_or_default(),
            client["client_secret"].as_str().unwrap_or_default(),
        )),
        ..nobody
    };
    let account =
        serde_json::json!({ "nickname": "evan", "password": crate::harness::people::PASSWORD });
    let user = client.post_to("/api/users", &account).ok();
    let profile = "http://pump.test:8123/api/user/evan/profile";
    assert_eq!(user["profile"]["id"], profile);
    assert_eq!(user["profile"]["links"]["self"]["href"], profile);
    assert_eq!(user["profile"]["url"], "http://pump.test:8123/evan");
}

#[test]
fn long_answers_are_compressed_for_those_who_can_read_it() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    evan.post(note(&"all work and no play ".repeat(500)));
    let packed = evan
        .send(Request::get(&evan.path("feed")).header("Accept-Encoding", "gzip"))
        .expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(
        packed
            .header("vary")
            .to_ascii_lowercase()
            .contains("accept-encoding")
    );
    assert!(packed.body.len() < 10_000, "{}", packed.body.len());
    let plain = evan.get(&evan.path("feed")).expect(200);
    assert_eq!(plain.header("content-encoding"), "");
    assert!(plain.body.len() > 10_000);

    let plain = Pump::with(&["--compress=false"]);
    let evan = plain.register("evan");
    evan.post(note(&"all work and no play ".repeat(500)));
    let answer = evan.send(Request::get(&evan.path("feed")).header("Accept-Encoding", "gzip"));
    assert_eq!(answer.expect(200).header("content-encoding"), "");
}

#[test]
fn one_connection_takes_many_requests() {
    let pump = Pump::start();
    let mut stream = pump.site.connect();
    let one = "OPTIONS /api/users HTTP/1.1\r\nHost: pump.test\r\n\r\n";
    let last = "OPTIONS /api/users HTTP/1.1\r\nHost: pump.test\r\nConnection: close\r\n\r\n";
    stream
        .write_all(format!("{one}{one}{last}").as_bytes())
        .expect("it listens");
    let text = crate::harness::http::read_all(&mut stream);
    assert_eq!(text.matches("HTTP/1.1 200").count(), 3, "{text}");
}
