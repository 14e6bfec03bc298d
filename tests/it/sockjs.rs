//! Realtime by SockJS: the protocol of its transports, and the talk of pump.io's web clients (`pump-api.md §7`).

use crate::harness::oauth::Signer;
use crate::harness::realtime::{
    SOCKJS, Talker, challenge_of, messages_of, risen, signed, signed_by,
};
use crate::harness::{Answer, Person, Pump, Request, eventually_some, note, public, unix_secs};
use crate::pages::log_in;
use serde_json::{Value, json};

fn get(pump: &Pump, path: &str) -> Answer {
    pump.nobody().get(&format!("{SOCKJS}{path}"))
}

fn post(pump: &Pump, path: &str, body: &str) -> Answer {
    let request = Request::post(&format!("{SOCKJS}{path}"));
    pump.site
        .send(&request.bytes("text/plain", body.as_bytes()))
}

/// The canonical address of a feed.
fn feed_url(person: &Person, name: &str) -> String {
    person.url_of(&person.path(name))
}

#[test]
fn it_can_be_switched_off() {
    let pump = Pump::with(&["--sockjs=false"]);
    for path in ["", "/info", "/iframe.html", "/websocket", "/0/0/websocket"] {
        assert_eq!(get(&pump, path).status, 404, "{path}");
    }
    for path in ["/0/0/xhr", "/0/0/xhr_streaming", "/0/0/xhr_send"] {
        assert_eq!(post(&pump, path, "[]").status, 404, "{path}");
    }
}

#[test]
fn what_is_no_sockjs_is_refused() {
    let pump = Pump::start();
    for path in [
        "/a",
        "/a.html",
        "/a/a",
        "/iframe",
        "/iframe.HTML",
        "/0/0/htmlfile",
        "/a./a/eventsource",
    ] {
        assert_eq!(get(&pump, path).status, 404, "{path}");
    }
    assert_eq!(post(&pump, "/a/a./xhr", "").status, 404);
    assert_eq!(post(&pump, "/0/0/websocket", "").status, 405);
    let upgrade = |lines: &[(&str, &str)]| {
        let mut request = Request::get(&format!("{SOCKJS}/0/0/websocket"));
        for (name, value) in lines {
            request = request.header(name, value);
        }
        pump.site.send(&request).expect(400).text()
    };
    assert!(upgrade(&[]).contains("Can"));
    let websocket = ("Upgrade", "WebSocket");
    assert!(upgrade(&[websocket, ("Connection", "close")]).contains("Connection"));
    let connection = ("Connection", "keep-alive, Upgrade");
    assert!(upgrade(&[websocket, connection]).contains("version"));
    let version = ("Sec-WebSocket-Version", "13");
    assert!(upgrade(&[websocket, connection, version]).contains("Key"));
    let key = ("Sec-WebSocket-Key", "short");
    assert!(upgrade(&[websocket, connection, version, key]).contains("Key"));
}

#[test]
fn a_page_of_any_origin_learns_what_is_there() {
    let pump = Pump::start();
    for path in ["", "/"] {
        let greeting = get(&pump, path).expect(200);
        assert_eq!(greeting.text(), "Welcome to SockJS!\n");
    }
    let info = get(&pump, "/info").ok();
    assert_eq!(info["websocket"], true);
    assert_eq!(info["cookie_needed"], false);
    assert_eq!(info["origins"], json!(["*:*"]));
    assert_ne!(info["entropy"], get(&pump, "/info").ok()["entropy"]);
    for (origin, allowed) in [("null", "*"), ("http://x.test", "http://x.test")] {
        for path in ["/info", "/a/a/xhr", "/a/a/xhr_send", "/a/a/xhr_streaming"] {
            let request = Request::new("OPTIONS", &format!("{SOCKJS}{path}"));
            let request = request.header("Origin", origin);
            let asked = request.header("Access-Control-Request-Headers", "a, b");
            let answer = pump.site.send(&asked).expect(204);
            assert_eq!(answer.header("access-control-allow-origin"), allowed);
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
            assert_eq!(answer.header("access-control-allow-headers"), "a, b");
            assert!(answer.header("cache-control").contains("public"));
        }
    }
    for path in ["/iframe.html", "/iframe-0.1.2.html?t=1"] {
        let frame = get(&pump, path).expect(200);
        assert!(!frame.text().contains("<script"), "no foreign script");
        let known = Request::get(&format!("{SOCKJS}{path}"));
        let known = known.header("If-None-Match", frame.header("etag"));
        assert!(pump.site.send(&known).expect(304).body.is_empty());
    }
}

/// pump-api.md §7
#[test]
fn a_challenge_must_be_signed_rightly_once_and_now() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let ended = |answer: &dyn Fn(&str) -> Value| {
        let mut talker = Talker::framed(&pump);
        let challenge = talker.challenge();
        talker.say(&answer(&challenge));
        assert_eq!(talker.end(), ["c[3000,\"Not authenticated\"]"]);
    };
    ended(&|challenge| {
        let other = challenge.replace("/challenge", "x/challenge");
        risen(&other, &signed(&evan, &other))
    });
    ended(&|challenge| risen(challenge, &signed(&evan, challenge)[1..]));
    ended(&|challenge| {
        let mut parameters = signed(&evan, challenge);
        for (name, value) in &mut parameters {
            if name == "oauth_signature" {
                value.replace_range(0..2, "AA");
            }
        }
        risen(challenge, &parameters)
    });
    ended(&|challenge| {
        let mut old = Signer::new(evan.client_pair(), evan.token.as_ref());
        old.timestamp = unix_secs() - 3600;
        risen(challenge, &signed_by(old, &evan, challenge))
    });
    let mut talker = Talker::framed(&pump);
    let challenge = talker.challenge();
    let proof = signed(&evan, &challenge);
    talker.say(&risen(&challenge, &proof));
    assert_eq!(
        talker.next(),
        json!({ "cmd": "authenticated", "user": "evan" })
    );
    talker.say(&risen(&challenge, &proof));
    assert_eq!(talker.end(), ["c[3000,\"Not authenticated\"]"]);
}

/// pump-api.md §7, D10, D32
#[test]
fn followers_of_feeds_get_what_they_may_see() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let (feed, inbox) = (feed_url(&evan, "feed"), feed_url(&ann, "inbox/major"));
    // Nobody, before any proof; a client; ann; evan.
    let mut nobody = Talker::raw(&pump);
    let mut client = Talker::framed(&pump);
    let mut anns = Talker::framed(&pump);
    let mut own = Talker::raw(&pump);
    nobody.challenge();
    nobody.follow(&inbox);
    nobody.follow("http://elsewhere.test/api/user/evan/feed");
    nobody.follow(&format!("{feed}?count=1"));
    nobody.say(&json!({ "cmd": "dance" }));
    nobody.follow(&feed);
    assert_eq!(
        client.rise(&pump.client()),
        json!({ "cmd": "authenticated" })
    );
    client.follow(&feed);
    anns.follow(&feed);
    anns.follow(&inbox);
    assert_eq!(anns.rise(&ann)["user"], "ann");
    own.follow(&feed);
    assert_eq!(own.rise(&evan)["user"], "evan");
    for talker in [&mut nobody, &mut client, &mut anns, &mut own] {
        // What was said before this has been heard when the answer comes.
        talker.say(&json!({ "cmd": "request" }));
        talker.challenge();
    }
    let secret = evan.post(note("for ann").to(&ann).bcc(&evan));
    let open = evan.post(note("for all").to(public()));
    for talker in [&mut nobody, &mut client] {
        let update = talker.next();
        assert_eq!(update["cmd"], "update");
        assert_eq!(update["url"], feed.as_str());
        assert_eq!(update["activity"]["id"], open["id"]);
        assert!(update["activity"]["object"].get("liked").is_none());
    }
    for (posted, url) in [(&secret, &feed), (&secret, &inbox), (&open, &feed)] {
        let update = anns.next();
        assert_eq!(update["url"], url.as_str());
        assert_eq!(update["activity"]["id"], posted["id"]);
        assert!(update["activity"].get("bcc").is_none());
        let object = &update["activity"]["object"];
        assert_eq!(object["liked"], false);
        assert_eq!(object["pump_io"]["shared"], false);
        assert_eq!(object["replies"]["totalItems"], 0);
    }
    assert_eq!(own.next()["activity"]["bcc"][0]["id"], evan.id());
    anns.next();
    anns.say(&json!({ "cmd": "unfollow", "url": feed }));
    anns.say(&json!({ "cmd": "request" }));
    anns.challenge();
    let last = evan.post(note("last").to(public()));
    let update = anns.next();
    assert_eq!(
        (&update["url"], &update["activity"]["id"]),
        (&json!(inbox), &last["id"])
    );
}

#[test]
fn a_session_of_a_browser_proves_nothing_here() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser();
    log_in(&mut browser, "evan");
    let path = format!("{SOCKJS}/0/cookie/");
    let ask = |browser: &mut crate::harness::Browser| {
        browser
            .ask(Request::post(&format!("{path}xhr")))
            .expect(200)
            .text()
    };
    assert_eq!(ask(&mut browser), "o\n");
    let follow = json!({ "cmd": "follow", "url": feed_url(&evan, "inbox") }).to_string();
    let frame = json!([
        follow,
        json!({ "cmd": "follow", "url": feed_url(&evan, "feed") }).to_string()
    ]);
    let send = Request::post(&format!("{path}xhr_send")).json(&frame);
    browser.ask(send).expect(204);
    assert!(ask(&mut browser).starts_with("a[\"{\\\"cmd\\\":\\\"challenge"));
    evan.post(note("secret"));
    evan.post(note("open").to(public()));
    let messages = messages_of(ask(&mut browser).trim_end());
    assert_eq!(messages.len(), 1);
    assert!(messages[0].contains("open") && messages[0].contains("/feed"));
}

#[test]
fn sessions_by_single_requests_keep_to_the_protocol() {
    let pump = Pump::start();
    assert_eq!(post(&pump, "/0/unknown/xhr_send", "[\"a\"]").status, 404);
    assert_eq!(post(&pump, "/000/a/xhr", "").expect(200).text(), "o\n");
    assert_eq!(
        post(&pump, "/000/a/xhr_send", "").expect(500).text(),
        "Payload expected."
    );
    let broken = post(&pump, "/000/a/xhr_send", "[\"a").expect(500);
    assert_eq!(broken.text(), "Broken JSON encoding.");
    let request = json!([json!({ "cmd": "request" }).to_string()]).to_string();
    let sent = post(&pump, "/999/a/xhr_send", &request).expect(204);
    assert_eq!(sent.header("access-control-allow-origin"), "*");
    let answer = post(&pump, "/111/a/xhr", "").expect(200);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/javascript")
    );
    let messages = messages_of(answer.text().trim_end());
    assert_eq!(messages.len(), 2, "the first challenge and another one");
    let message: Value = serde_json::from_str(&messages[1]).expect("JSON");
    let challenge = challenge_of(&message);
    // Only one request may wait.
    let evan = pump.register("evan");
    let mut waiting = pump.site.connect();
    let text = format!("POST {SOCKJS}/0/a/xhr HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    std::io::Write::write_all(&mut waiting, text.as_bytes()).expect("sent");
    // The head of the answer says that it waits.
    let mut head = [0; 8];
    std::io::Read::read_exact(&mut waiting, &mut head).expect("a head");
    let second = post(&pump, "/0/a/xhr", "").expect(200).text();
    assert_eq!(second, "c[2010,\"Another connection still open\"]\n");
    // Who was waiting is gone: messages may be lost, so the session is over.
    drop(waiting);
    eventually_some(|| {
        let after = post(&pump, "/0/a/xhr", "").expect(200).text();
        (after == "c[1002,\"Connection interrupted\"]\n").then_some(())
    });
    // A wrong proof ends a session, and that is told again and again.
    assert_eq!(post(&pump, "/0/b/xhr", "").expect(200).text(), "o\n");
    let wrong = json!([risen(&challenge, &signed(&evan, &challenge)).to_string()]);
    post(&pump, "/0/b/xhr_send", &wrong.to_string()).expect(204);
    post(&pump, "/0/b/xhr", "").expect(200);
    for _ in 0..2 {
        let answer = post(&pump, "/0/b/xhr", "").expect(200).text();
        assert_eq!(answer, "c[3000,\"Not authenticated\"]\n");
    }
    let streaming = post(&pump, "/0/b/xhr_streaming", "").expect(200).text();
    let prelude = "h".repeat(2048);
    assert_eq!(
        streaming,
        format!("{prelude}\nc[3000,\"Not authenticated\"]\n")
    );
    let events = get(&pump, "/0/b/eventsource").expect(200).text();
    assert_eq!(events, "\r\ndata: c[3000,\"Not authenticated\"]\r\n\r\n");
}

#[test]
fn nonsense_on_a_socket_ends_it() {
    let pump = Pump::start();
    let mut talker = Talker::framed(&pump);
    talker.challenge();
    talker.send("");
    talker.send("[\"not JSON\",\"{}\",\"{\\\"cmd\\\":7}\"]");
    talker.say(&json!({ "cmd": "request" }));
    talker.challenge();
    talker.send("[\"a");
    assert!(talker.end().is_empty());
    let mut talker = Talker::raw(&pump);
    talker.challenge();
    talker.send(&"x".repeat(1_000_000));
    assert!(talker.end().is_empty());
    assert!(pump.is_well());
}

#[test]
fn who_is_removed_or_too_late_is_sent_away() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let mut talker = Talker::framed(&pump);
    talker.follow(&feed_url(&evan, "feed"));
    assert_eq!(talker.rise(&evan)["user"], "evan");
    let mut other = Talker::framed(&pump);
    other.challenge();
    evan.delete("/api/user/evan").ok();
    let ann = pump.register("ann");
    talker.follow(&feed_url(&ann, "feed"));
    talker.say(&json!({ "cmd": "request" }));
    talker.challenge();
    ann.post(note("hello").to(public()));
    assert_eq!(talker.end(), ["c[3000,\"Not authenticated any more\"]"]);
    other.follow(&feed_url(&ann, "feed"));
    other.say(&json!({ "cmd": "request" }));
    other.challenge();
    pump.signal("TERM");
    assert_eq!(other.end(), ["c[3000,\"The server ends\"]"]);
    assert!(pump.ended().success());
}
