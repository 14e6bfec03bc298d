//! Every refusal of `pump-api.md §1.1.1` and the common ones of `§1.3` as tables: who asks what, and in which status, form
//! and words the answer says no.

use crate::harness::http::Answer;
use crate::harness::oauth::{Pair, Signer};
use crate::harness::{Caller, Person, Pump, Request, activity, note, public};
use serde_json::json;

/// Who is there, and what.
struct Scene {
    pump: Pump,
    evan: Person,
    ann: Person,
    /// The path of a note of Evan that everybody sees.
    seen: String,
    /// The path of a note that only Evan sees.
    private: String,
    /// The path of a note that Evan deleted.
    deleted: String,
}

/// How an answer says no.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// `{"error": "…"}`.
    Json,
    /// Plain text with the challenge of OAuth.
    OAuth,
}

/// Status, form and words; no words where they are free.
type Refusal = (u16, Form, &'static str);

impl Scene {
    fn new() -> Scene {
        let pump = Pump::start();
        let [evan, ann] = pump.register_all(["evan", "ann"]);
        let path = |posted: &serde_json::Value| {
            let url = posted["object"]["links"]["self"]["href"].as_str();
            evan.site
                .path_of(url.expect("a note has a link"))
                .to_owned()
        };
        let seen = path(&evan.post(note("seen").to(public())));
        let private = path(&evan.post(note("private").to(evan.reference())));
        let gone = evan.post(note("gone").to(public()));
        let deleted = path(&gone);
        evan.does("delete", &gone["object"]);
        Scene {
            pump,
            evan,
            ann,
            seen,
            private,
            deleted,
        }
    }

    fn with(&self, client: &Pair, token: Option<&Pair>) -> Caller {
        Caller {
            client: Some(client.clone()),
            token: token.cloned(),
            ..self.pump.nobody()
        }
    }

    /// Evan's request for his inbox with another signature.
    fn bent(&self, bend: impl FnOnce(&mut Signer)) -> Answer {
        let mut signer = Signer::new(self.evan.client_pair(), self.evan.token.as_ref());
        bend(&mut signer);
        let request = Request::get(&self.evan.path("inbox"));
        self.pump.site.send(&signer.sign(&self.pump.site, request))
    }
}

#[track_caller]
fn check(what: &str, answer: Answer, (status, form, words): Refusal) {
    let text = match form {
        Form::Json => answer.refused(status),
        Form::OAuth => {
            assert_eq!(
                answer.header("www-authenticate"),
                "OAuth realm=\"OAuth\"",
                "{what}"
            );
            let kind = answer.header("content-type");
            assert!(kind.starts_with("text/plain"), "{what}: {kind}");
            answer.expect(status).text()
        }
    };
    assert!(!text.is_empty(), "{what} says nothing");
    assert!(words.is_empty() || text == words, "{what}: {text}");
}

/// pump-api.md §1.1.1 [W], Q5, Q35, D3
#[test]
fn failed_proofs_are_refused_as_the_table_says() {
    let scene = Scene::new();
    let (pump, evan, ann) = (&scene.pump, &scene.evan, &scene.ann);
    let (client, token) = (evan.client_pair(), evan.token_pair());
    let unknown = Pair::new("AAAAAAAAAAAAAAAAAAAAAA", "secret");
    let other = pump.new_client("Other");
    let (feed, inbox) = (evan.path("feed"), evan.path("inbox"));
    let post = note("hi").into();
    let nonce = (401, Form::OAuth, "Invalid / used nonce");
    let missing = (400, Form::OAuth, "Missing required parameter");

    for (path, words) in [
        (&feed, "Not logged in."),
        (&inbox, "Not logged in."),
        (&scene.seen, "Not logged in."),
    ] {
        check(path, pump.nobody().get(path), (401, Form::Json, words));
    }
    check("no proof", pump.nobody().post_to(&feed, &post), missing);
    check("no token", pump.client().post_to(&feed, &post), missing);
    check("no token, reading", pump.client().get(&inbox), missing);
    let account = json!({ "nickname": "kim", "password": "correct-horse-7" });
    check(
        "no client",
        pump.nobody().post_to("/api/users", &account),
        missing,
    );
    let strangers = [
        scene.with(&unknown, Some(token)),
        scene.with(&unknown, None),
    ];
    for stranger in &strangers {
        check("unknown client", stranger.get(&feed), nonce);
        check(
            "unknown client",
            stranger.post_to("/api/users", &account),
            nonce,
        );
    }
    check("unknown client", strangers[0].post_to(&feed, &post), nonce);
    check(
        "token of another",
        scene.with(&other, Some(token)).get(&inbox),
        nonce,
    );
    let once = evan.signed(Request::get(&inbox));
    pump.site.send(&once).ok();
    check("twice", pump.site.send(&once), nonce);
    check(
        "too old",
        scene.bent(|signer| signer.timestamp -= 86_400),
        nonce,
    );
    check(
        "too new",
        scene.bent(|signer| signer.timestamp += 86_400),
        nonce,
    );
    let nowhere = Pair::new("unknown", "secret");
    let expired = (400, Form::OAuth, "Invalid / expired Token");
    check(
        "unknown token",
        scene.with(client, Some(&nowhere)).get(&inbox),
        expired,
    );
    let wrong = (400, Form::OAuth, "Invalid signature");
    let mut forged = token.clone();
    forged.secret.push('x');
    check(
        "wrong secret",
        scene.with(client, Some(&forged)).get(&inbox),
        wrong,
    );
    let method = (400, Form::OAuth, "Invalid Signature Method");
    check(
        "method",
        scene.bent(|signer| signer.method = "RSA-SHA1"),
        method,
    );
    let not_yours = (401, Form::Json, "Not authorized");
    check("inbox of another", ann.get(&inbox), not_yours);
    check("feed of another", ann.post_to(&feed, &post), not_yours);
    check(
        "account of another",
        ann.delete("/api/user/evan"),
        not_yours,
    );
}

/// pump-api.md §1.1.1 [W], §4.4 [W], §1.3, §4.9.2, Q6, Q36, D14
#[test]
fn what_cannot_be_had_is_refused_as_the_table_says() {
    let scene = Scene::new();
    let (evan, ann) = (&scene.evan, &scene.ann);
    let no = |status| (status, Form::Json, "");
    let below = |path: &str, rest: &str| format!("{path}/{rest}");

    for path in [
        "/api/user/nobody",
        "/api/user/nobody/profile",
        "/api/user/nobody/feed",
        "/api/user/nobody/followers",
        "/api/user/nobody/following",
        "/api/user/nobody/favorites",
        "/api/user/nobody/lists/person",
        "/api/note/AAAAAAAAAAAAAAAAAAAAAA",
        "/api/note/AAAAAAAAAAAAAAAAAAAAAA/likes",
        "/api/note/short",
        "/api/nonsense/AAAAAAAAAAAAAAAAAAAAAA",
        "/api/activity/AAAAAAAAAAAAAAAAAAAAAA",
        "/api/collection/AAAAAAAAAAAAAAAAAAAAAA/members",
        "/api/note?id=tag%3Aexample.com%2C2026%3Anothing",
        "/api/nothing/of/this/kind",
    ] {
        check(path, ann.get(path), no(404));
    }
    for rest in ["likes", "replies", "shares"] {
        let deleted = (410, Form::Json, "Deleted");
        check(rest, ann.get(&below(&scene.deleted, rest)), deleted);
        check(rest, ann.get(&below(&scene.private, rest)), no(403));
    }
    check(
        "deleted",
        ann.get(&scene.deleted),
        (410, Form::Json, "Deleted"),
    );
    check("private", ann.get(&scene.private), no(403));
    let change = json!({ "content": "mine now" });
    check("changing", ann.put_to(&scene.seen, &change), no(403));
    check("deleting", ann.delete(&scene.seen), no(403));
    check("no id", ann.get("/api/note"), no(400));
    for arguments in [
        "count=-1",
        "count=201",
        "count=x",
        "offset=-1",
        "before=",
        "since=x",
    ] {
        let path = format!("{}?{arguments}", evan.path("feed"));
        check(&path, evan.get(&path), no(400));
    }
    for body in ["", "{", "[]", "7", "{\"foo\":1}"] {
        let post = Request::post(&evan.path("feed")).bytes("application/json", body.as_bytes());
        check(body, evan.send(post), no(400));
    }
    let twice = activity("follow", &evan.reference());
    ann.post(twice.clone());
    check("following twice", ann.try_post(twice), no(400));
    let taken = json!({ "nickname": "EVAN", "password": "correct-horse-7" });
    check(
        "taken",
        scene.pump.client().post_to("/api/users", &taken),
        no(409),
    );
}

/// pump-api.md §1.1.1 [W]: below `/api/` always JSON; elsewhere JSON for scripts, a page for browsers, else plain text. A failed
/// proof of OAuth is plain text everywhere.
#[test]
fn a_refusal_is_written_for_whoever_reads_it() {
    let scene = Scene::new();
    let script = ("X-Requested-With", "XMLHttpRequest");
    let forms = [
        (("Accept", "text/html,*/*;q=0.1"), "text/html"),
        (("Accept", "application/json"), "text/plain"),
        (("Accept", "image/png"), "text/plain"),
        (script, "application/json"),
    ];
    for ((name, value), kind) in forms {
        for path in ["/nobody-of-this-name", "/no/such/page/anywhere"] {
            let request = Request::get(path).header(name, value);
            let answer = scene.pump.nobody().send(request).expect(404);
            let got = answer.header("content-type").to_owned();
            assert!(got.starts_with(kind), "{path}, {name}: {value}: {got}");
            let text = answer.text();
            match kind {
                "text/html" => assert!(
                    text.contains("Error 404") && text.contains("id=\"error\""),
                    "{text}"
                ),
                "text/plain" => assert!(!text.contains('<') && !text.contains('{'), "{text}"),
                _ => drop(answer.refused(404)),
            }
        }
        let request = Request::get("/api/user/nobody").header(name, value);
        scene.ann.send(request).refused(404);
        let signer = Signer::new(&Pair::new("unknown", "secret"), None);
        for path in ["/api/users", "/oauth/request_token"] {
            let request = Request::get(path).header(name, value);
            let answer = scene
                .pump
                .site
                .send(&signer.sign(&scene.pump.site, request));
            let got = answer.header("content-type");
            assert!(
                got.starts_with("text/plain"),
                "{path}, {name}: {value}: {got}"
            );
            assert_eq!(answer.header("www-authenticate"), "OAuth realm=\"OAuth\"");
        }
    }
}
