//! What comes in requests: headers, documents, forms, pictures, questions.

use super::{Target, run};
use crate::harness::http::{Body, Multipart, encode, encode_form};
use crate::harness::oauth::Signer;
use crate::harness::realtime::SOCKJS;
use crate::harness::{Pump, Request, note, pictures, public};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};

/// A header value that HTTP can carry.
fn header_text(input: &[u8]) -> Option<&str> {
    let text = str::from_utf8(input).ok()?;
    let fits = |c: char| c == '\t' || (' '..='~').contains(&c);
    (text.len() < 4000 && text.chars().all(fits)).then_some(text)
}

#[test]
fn authorization_headers() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let signed = |signer: Signer| {
        let request = signer.sign(&pump.site, Request::get("/api/user/evan/inbox"));
        request.headers[0].1.clone().into_bytes()
    };
    let new = || Signer::new(evan.client_pair(), evan.token.as_ref());
    let mut samples: Vec<Vec<u8>> = ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"]
        .into_iter()
        .map(|method| signed(Signer { method, ..new() }))
        .collect();
    samples.extend(
        [
            "Bearer abc",
            "Basic YTpi",
            "OAuth",
            "Dialback host=\"a\", token=\"b\"",
            "Digest x=\"\\\"\"",
        ]
        .map(|text| text.as_bytes().to_vec()),
    );
    let target = Target {
        name: "authorization",
        samples,
        words: &[
            "OAuth ",
            "Bearer ",
            "Dialback ",
            "oauth_token",
            "oauth_nonce",
            "oauth_signature",
            "oauth_timestamp",
            "oauth_version",
            "realm",
            "=",
            "\"",
            "\\\"",
            ", ",
            ",",
            "%",
            "%00",
            "%FF",
            "%zz",
            "+",
            "&",
            "1.0",
            "18446744073709551616",
            "-1",
        ],
        shape: |_, input| {
            let text = header_text(input)?;
            Some(Request::get("/api/user/evan/inbox").header("Authorization", text))
        },
        wanted: &[],
    };
    run(&pump, &evan, &target);
}

#[test]
fn activities_in_json() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let seen = evan.post(note("seen <b>by</b> all").to(public()));
    let object = &seen["object"];
    let list = evan.lists().items()[0].clone();
    let samples = [
        seen.clone(),
        json!({ "verb": "favorite", "object": { "objectType": "note", "id": object["id"] } }),
        json!({ "verb": "post", "object": { "objectType": "comment", "content": "x<script>", "inReplyTo": object } }),
        json!({ "verb": "create", "object": { "objectType": "collection", "objectTypes": ["person"], "displayName": "L" } }),
        json!({ "verb": "add", "object": evan.reference(), "target": list }),
        json!({ "verb": "update", "object": object, "to": [public()], "bcc": [evan.reference()] }),
        json!({ "verb": "follow", "object": { "objectType": "person", "id": "acct:x@example.invalid" } }),
        json!({ "verb": "play", "object": { "objectType": "video", "url": "https://h.test/x", "attachments": [object],
            "upstreamDuplicates": { "0": "x" }, "tags": [{}], "location": { "displayName": "é\u{202e}" } } }),
    ];
    let target = Target {
        name: "activity",
        samples: samples.map(|sample| sample.to_string().into_bytes()).into(),
        words: &[
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"",
            "\\u0000",
            "\\ud800",
            "null",
            "true",
            "1e999",
            "-0",
            "9007199254740993",
            "{\"\":",
            "\"object\":",
            "\"id\":",
            "\"objectType\":",
            "\"verb\":",
            "\"to\":",
            "\"inReplyTo\":",
            "\"content\":",
            "\"published\":",
            "\"delete\"",
            "\"update\"",
            "\"share\"",
            "\"unshare\"",
            "\"person\"",
            "\"group\"",
            "acct:",
            "http://pump.test/api/",
            "tag:",
            "[[[[[[[[[[[[[[[[",
            "<svg><p>",
        ],
        shape: |evan, input| {
            Some(evan.signed(Request::post("/api/user/evan/feed").bytes("application/json", input)))
        },
        wanted: &[],
    };
    run(&pump, &evan, &target);
}

#[test]
fn forms_of_many_parts() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut form = Multipart::new();
    form.text("title", "a title");
    form.file("file", "a.png", "image/png", &pictures::png(3, 3));
    let Body::Bytes(sample) = form.into_body_of(Request::post("/")).body else {
        panic!("a form has a body");
    };
    let target = Target {
        name: "multipart",
        samples: vec![sample, b"--x--\r\n".to_vec()],
        words: &[
            "\r\n",
            "\n",
            "--",
            "------storyboundary7MA4YWxk",
            "------storyboundary7MA4YWxk--",
            "Content-Disposition: ",
            "form-data; ",
            "name=\"",
            "filename=\"",
            "filename*=utf-8''%ff",
            "Content-Type: ",
            "text/html",
            "../../x",
            "Content-Transfer-Encoding: base64\r\n",
            ";",
            "\"",
            "\0",
            ": ",
        ],
        shape: |evan, input| {
            let kind = "multipart/form-data; boundary=----storyboundary7MA4YWxk";
            Some(evan.signed(Request::post("/api/user/evan/uploads").bytes(kind, input)))
        },
        wanted: &[],
    };
    run(&pump, &evan, &target);
}

/// pump-api.md D33
#[test]
fn heads_of_pictures() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let target = Target {
        name: "picture",
        samples: vec![
            pictures::photo(40, 30, 6),
            pictures::jpeg(400, 20),
            pictures::png(20, 30),
            pictures::transparent_png(9, 9),
            pictures::moving_gif(12, 8),
            pictures::webp(16, 16),
            b"BM".to_vec(),
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
        ],
        words: &[
            "\u{0}\u{0}",
            "\u{7f}",
            "IHDR",
            "IDAT",
            "IEND",
            "PLTE",
            "tRNS",
            "acTL",
            "fdAT",
            "eXIf",
            "iCCP",
            "GIF89a",
            "RIFF",
            "WEBP",
            "VP8 ",
            "VP8L",
            "VP8X",
            "ANMF",
            "ALPH",
            "Exif\u{0}\u{0}",
            "II*\u{0}",
            "MM\u{0}*",
            "JFIF",
            "Adobe",
            "ICC_PROFILE",
        ],
        shape: |evan, input| {
            Some(evan.signed(Request::post("/api/user/evan/uploads").bytes("image/jpeg", input)))
        },
        wanted: &[],
    };
    run(&pump, &evan, &target);
}

#[test]
fn resources_of_webfinger() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let target = Target {
        name: "webfinger",
        samples: [
            "acct:evan@pump.test",
            "evan@pump.test",
            "http://pump.test/api/note/AAAAAAAAAAAAAAAAAAAAAA",
            "https://pump.test:80/evan",
            "acct:evan@pump.test:80",
            "mailto:x@y",
            "tag:pump.test,2026:x",
            "urn:uuid:x",
            "http://[::1]/",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        words: &[
            "acct:",
            "@",
            "pump.test",
            ":",
            "//",
            "/api/",
            "/api/user/evan/profile",
            "%00",
            "%",
            "?",
            "#",
            "[",
            "]",
            "é",
            "&rel=self",
            "\0",
        ],
        shape: |evan, input| {
            let resource: String = input.iter().map(|byte| format!("%{byte:02x}")).collect();
            let path = match input.len() % 3 {
                0 => "/api/lrdd",
                1 => "/.well-known/webfinger",
                _ => "/api/person",
            };
            let name = if path == "/api/person" {
                "id"
            } else {
                "resource"
            };
            (input.len() < 2000)
                .then(|| evan.signed(Request::get(&format!("{path}?{name}={resource}"))))
        },
        wanted: &[],
    };
    run(&pump, &evan, &target);
}

/// How many messages a session of SockJS gets.
const MESSAGES_OF_SESSION: u64 = 8;

#[test]
fn frames_of_sockjs() {
    static SENT: AtomicU64 = AtomicU64::new(0);
    let pump = Pump::start();
    let evan = pump.register("evan");
    let message =
        |message: serde_json::Value| json!([message.to_string()]).to_string().into_bytes();
    let target = Target {
        name: "sockjs",
        samples: vec![
            message(json!({ "cmd": "follow", "url": "http://pump.test/api/user/evan/feed" })),
            message(json!({ "cmd": "unfollow", "url": "http://pump.test/api/user/evan/feed" })),
            message(json!({ "cmd": "request" })),
            message(
                json!({ "cmd": "rise", "message": { "action": "http://pump.test/main/realtime/sockjs/x", "method": "GET",
                "parameters": [["oauth_token", "x"], ["oauth_nonce", "y"]] } }),
            ),
            b"[\"a\",\"b\"]".to_vec(),
        ],
        words: &[
            "[",
            "]",
            "\"",
            "\\\"",
            "{",
            "}",
            "cmd",
            "follow",
            "rise",
            "message",
            "parameters",
            "null",
            "\\u0000",
            "\\ud800",
            "0",
            ",",
        ],
        shape: |_, input| {
            // A session that proves itself wrongly has ended, so each is used for a while only.
            let number = SENT.fetch_add(1, Ordering::Relaxed);
            let session = format!("{SOCKJS}/000/s{}", number / MESSAGES_OF_SESSION);
            if number.is_multiple_of(MESSAGES_OF_SESSION) {
                return Some(Request::post(&format!("{session}/xhr")));
            }
            let path = format!("{session}/xhr_send");
            Some(Request::post(&path).bytes("text/plain", input))
        },
        wanted: &["Payload expected.", "Broken JSON encoding."],
    };
    run(&pump, &evan, &target);
}

#[test]
fn requests_for_tokens() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let registration = json!({
        "type": "client_associate", "application_type": "web", "application_name": "Fuzz",
        "redirect_uris": "http://localhost:1/",
    });
    let client = pump
        .nobody()
        .post_to("/api/client/register", &registration)
        .ok();
    let member = |name: &str| client[name].as_str().expect("a text").to_owned();
    let (id, secret) = (member("client_id"), member("client_secret"));
    let form = |pairs: &[(&str, &str)]| encode_form(pairs).into_bytes();
    let keys = [
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let with = |pairs: &[(&str, &str)]| form(&[&keys, pairs].concat());
    let target = Target {
        name: "token",
        samples: vec![
            with(&[("grant_type", "client_credentials"), ("scope", "read")]),
            with(&[("grant_type", "refresh_token"), ("refresh_token", "x")]),
            with(&[
                ("grant_type", "authorization_code"),
                ("code", "x"),
                ("redirect_uri", "http://localhost:1/"),
                ("code_verifier", &"a".repeat(43)),
            ]),
            form(&[("token", "x"), ("token_type_hint", "access_token")]),
        ],
        words: &[
            "&",
            "=",
            "%",
            "%00",
            "%ff",
            "+",
            "grant_type=",
            "client_id=",
            "scope=",
            "read",
            "writeown",
            "writeall",
            "code=",
            "code_verifier=",
            "redirect_uri=",
            "refresh_token=",
            "token=",
            "http://",
            "\0",
        ],
        shape: |_, input| {
            let path = ["/oauth2/token", "/oauth2/token", "/oauth2/revoke"][input.len() % 3];
            if input.len() % 5 == 4 {
                let query: String = String::from_utf8_lossy(input)
                    .split('&')
                    .map(encode)
                    .collect();
                return Some(Request::get(&format!(
                    "/oauth2/authz?response_type=code&{}",
                    query.replace("%3D", "=")
                )));
            }
            Some(Request::post(path).bytes("application/x-www-form-urlencoded", input))
        },
        wanted: &[],
    };
    run(&pump, &evan, &target);
}
