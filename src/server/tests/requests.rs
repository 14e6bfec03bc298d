//! Methods, paths, errors, headers, validators, compression.

use super::world::{Reply, start, start_with};
use crate::ids::Base;
use flate2::read::GzDecoder;
use std::io::Read as _;

#[test]
fn what_is_not_there_is_told_in_the_callers_form() {
    let world = start();
    let api = world.get("/api/nothing/here/at/all");
    assert_eq!(
        (api.status, api.header("content-type")),
        (404, Some("application/json; charset=utf-8"))
    );
    assert_eq!(
        api.text(),
        r#"{"error":"There is nothing at this address."}"#
    );

    let ask = |accept| world.ask(&format!("GET /a/b/c HTTP/1.1\r\nHost: h\r\n{accept}\r\n"));
    let page = ask("Accept: text/html,*/*\r\n");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text().contains("<h1>Error 404</h1><p id=\"error\">"));
    assert!(page.header("x-content-security-policy").is_some());
    let script = ask("Accept: text/html\r\nX-Requested-With: XMLHttpRequest\r\n");
    assert!(script.text().starts_with("{\"error\""));
    let text = ask("");
    assert_eq!(text.text(), "There is nothing at this address.");
    assert_eq!(text.header("cache-control"), Some("no-store"));
}

#[test]
fn another_method_is_refused_with_the_list_and_options_tells_it() {
    let world = start();
    let wrong = world.ask("PUT /api/user/Ann HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        (wrong.status, wrong.header("allow")),
        (405, Some("GET,HEAD,POST,DELETE"))
    );
    let options = world.ask("OPTIONS /api/user/Ann/ HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(
        (options.status, options.header("allow")),
        (200, Some("GET,HEAD,POST,DELETE"))
    );
    assert_eq!(options.text(), "GET,HEAD,POST,DELETE");
    let nowhere = world.ask("OPTIONS /api/user HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(nowhere.status, 404);
}

#[test]
fn a_caller_without_proof_is_told_what_is_missing() {
    let world = start();
    let reading = world.get("/api/private");
    assert_eq!(reading.status, 401);
    assert_eq!(reading.text(), r#"{"error":"Not logged in."}"#);
    let writing = world.ask("POST /api/mine HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        (writing.status, writing.text()),
        (400, "Missing required parameter")
    );
    assert_eq!(
        writing.header("www-authenticate"),
        Some("OAuth realm=\"OAuth\"")
    );
    assert_eq!(
        writing.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
}

#[test]
fn a_panic_is_one_500_and_the_next_request_is_answered() {
    let world = start();
    let mut wire = world.connect();
    wire.send(
        b"GET /api/panic HTTP/1.1\r\nHost: h\r\n\r\nGET /api/user/a HTTP/1.1\r\nHost: h\r\n\r\n",
    );
    let failed = wire.reply().expect("an answer");
    assert_eq!(failed.status, 500);
    assert!(!failed.text().contains("bad document"));
    assert_eq!(wire.reply().expect("an answer").status, 200);
}

#[test]
fn case_slash_and_method_override_lead_to_the_same_route() {
    let world = start();
    assert_eq!(
        world.get("/API/User/AnnLee/?a=%20b").text(),
        "GET AnnLee /API/User/AnnLee/?a=%20b"
    );
    let over = |name| {
        world.ask(&format!(
            "POST /api/user/x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nX-HTTP-Method-Override: {name}\r\n\r\n"
        ))
    };
    assert_eq!(over("delete").text(), "DELETE x /api/user/x?");
    assert_eq!(over("PATCH").status, 405);
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let world = start();
    for path in ["/api/user/ann", "/api/long", "/file"] {
        let got = world.get(path);
        let mut wire = world.connect();
        wire.send(
            format!("HEAD {path} HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
                .as_bytes(),
        );
        let head = wire.head_reply().expect("an answer");
        assert_eq!(head.status, 200);
        assert_eq!(
            head.header("content-length"),
            got.header("content-length"),
            "{path}"
        );
        assert_eq!(head.names(), got.names());
        // The next answer on the connection follows at once, so there was no body.
        assert_eq!(wire.reply().expect("an answer").text(), "GET  /?");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let world = start();
    let mut wire = world.connect();
    let requests: String = (0..20)
        .map(|n| format!("GET /api/user/{n} HTTP/1.1\r\nHost: h\r\n\r\n"))
        .collect();
    wire.send(requests.as_bytes());
    for n in 0..20 {
        let reply = wire.reply().expect("an answer");
        assert_eq!(reply.text(), format!("GET {n} /api/user/{n}?"));
    }
}

#[test]
fn every_answer_carries_the_headers_of_the_site() {
    let world = start_with(|start| {
        start.base = Some(Base::new("pump.test", 443, ""));
        start.settings.redirect_to_canonical = false;
        start.settings.hsts = Some(crate::config::Hsts {
            max_age_secs: 100,
            include_sub_domains: true,
            preload: false,
        });
    });
    for reply in [
        world.get("/api/user/ann"),
        world.get("/nowhere/to/go"),
        world.get("/api/panic"),
    ] {
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.contains("connect-src 'self' wss://pump.test;"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("x-frame-options"), Some("DENY"));
        assert_eq!(reply.header("x-xss-protection"), Some("1; mode=block"));
        assert_eq!(reply.header("x-download-options"), Some("noopen"));
        assert_eq!(
            reply.header("strict-transport-security"),
            Some("max-age=100; includeSubDomains")
        );
        assert!(
            reply
                .header("server")
                .is_some_and(|name| name.starts_with("pumphouse/"))
        );
        assert!(reply.header("date").is_some());
    }
}

#[test]
fn other_names_of_the_site_lead_to_its_own() {
    let world = start_with(|start| {
        start.base = Some(Base::new("pump.test", 80, ""));
        start.settings.redirect_address_to_canonical = true;
    });
    let ask = |method: &str, host: &str| {
        let mut wire = world.connect();
        wire.send(
            format!("{method} /Ann?x=1 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n")
                .as_bytes(),
        );
        wire.head_reply().expect("an answer")
    };
    let moved = ask("GET", "other.test");
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), Some("http://pump.test/Ann?x=1"));
    for host in ["pump.test", "PUMP.test", "pump.test:80"] {
        assert_eq!(ask("GET", host).status, 404, "{host}");
    }
    assert_eq!(ask("HEAD", "other.test").status, 301);
    assert_eq!(ask("GET", &world.address.to_string()).status, 301);
}

#[test]
fn the_path_that_the_site_lives_under_belongs_to_its_own_name() {
    let world = start_with(|start| start.base = Some(Base::new("pump.test", 443, "/pump")));
    let moved = world.get("/Ann?x=1");
    assert_eq!(moved.status, 301);
    let place = moved.header("location");
    assert_eq!(place, Some("https://pump.test/pump/Ann?x=1"));
}

#[test]
fn the_address_itself_can_be_left_alone() {
    let world = start_with(|start| {
        start.base = Some(Base::new("pump.test", 80, ""));
        start.settings.redirect_address_to_canonical = false;
    });
    let by_address = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", world.address);
    assert_eq!(world.ask(&by_address).status, 200);
    assert_eq!(world.get("/").status, 301);
}

#[test]
fn before_the_setup_every_name_is_right() {
    let world = start();
    assert_eq!(world.get("/").status, 200);
}

#[test]
fn a_copy_that_is_still_right_is_not_sent_again() {
    let world = start();
    let first = world.get("/api/long");
    let tag = first.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with("W/\""));
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    let again = |tag: &str| {
        let mut wire = world.connect();
        wire.send(
            format!("GET /api/long HTTP/1.1\r\nHost: h\r\nIf-None-Match: {tag}\r\n\r\n").as_bytes(),
        );
        wire.head_reply().expect("an answer")
    };
    assert_eq!(again("\"other\"").status, 200);
    for same in [
        tag.as_str(),
        "\"x\", *",
        "*",
        &format!("\"x\", {tag}"),
        tag.trim_start_matches("W/"),
    ] {
        let reply = again(same);
        if same == "\"x\", *" {
            assert_eq!(reply.status, 200);
        } else {
            assert_eq!(
                (reply.status, reply.header("etag")),
                (304, Some(tag.as_str())),
                "{same}"
            );
            assert_eq!(reply.header("content-length"), None);
        }
    }
}

#[test]
fn long_answers_are_compressed_for_who_takes_it() {
    let world = start();
    let ask = |coding: &str, path: &str| -> Reply {
        world.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: h\r\nAccept-Encoding: {coding}\r\n\r\n"
        ))
    };
    let plain = ask("identity", "/api/long");
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("Accept-Encoding"));
    let packed = ask("gzip", "/api/long");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("etag"), plain.header("etag"));
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut unpacked)
        .expect("gzip");
    assert_eq!(unpacked, plain.body);
    assert_eq!(
        ask("gzip", "/api/user/ann").header("content-encoding"),
        None
    );
    assert_eq!(ask("gzip", "/file").header("content-encoding"), None);
}

#[test]
fn a_part_of_a_file_is_streamed_whole() {
    let world = start();
    let reply = world.get("/file");
    let expected: Vec<u8> = (1000..151_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    assert_eq!(reply.body, expected);
}
