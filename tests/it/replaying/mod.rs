//! Recorded conversations with real pump.io, sent to this server with fresh ids, tokens and signatures: every answer must
//! have the recorded status, content type and shape (which members are present, of which type, which lists are empty and
//! in which order things stand in them), apart from the differences that are meant.
//!
//! The recordings are in `tests/documents/pump.io`. In them an object that occurs several times stands in `shapes` and is
//! named `@number`; texts that no later request needs are empty.

mod meant;

use self::meant::{DESKTOP, EVERYWHERE, Meant, SCRIPT};
use crate::harness::browser::{Browser, Page};
use crate::harness::http::{Answer, Multipart, decode_form};
use crate::harness::oauth::{Pair, Signer};
use crate::harness::{Pump, Request, pictures};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

/// The length of the key of an activity or object (`pump-api.md §3.1`).
const KEY_LENGTH: usize = 22;

/// One conversation that is being held again.
struct Replay {
    pump: Pump,
    browser: Browser,
    page: Option<Page>,
    shapes: Vec<Value>,
    /// Keys, tokens, verifiers and paths of files: the recorded one and ours.
    ours: BTreeMap<String, String>,
    /// Clients and tokens by their recorded keys.
    pairs: HashMap<String, Pair>,
}

/// pump-api.md D10, Q11
#[test]
fn a_session_of_a_script_is_answered_as_recorded() {
    replay("client-session", SCRIPT);
}

/// pump-api.md D15, Q11
#[test]
fn a_session_of_pumpa_and_dianara_is_answered_as_recorded() {
    replay("pumpa-dianara", DESKTOP);
}

#[test]
fn a_session_of_pumpa_without_tls_is_answered_as_recorded() {
    replay("pumpa", &[]);
}

#[track_caller]
fn replay(name: &str, meant: &[Meant]) {
    let path = format!(
        "{}/tests/documents/pump.io/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = fs::read_to_string(path).expect("the recording is there");
    let recording: Value = serde_json::from_str(&text).expect("the recording is JSON");
    let pump = Pump::start();
    let mut replay = Replay {
        browser: pump.browser(),
        pump,
        page: None,
        shapes: list(&recording["shapes"]).to_vec(),
        ours: BTreeMap::new(),
        pairs: HashMap::new(),
    };
    let mut wrong: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut needed = BTreeSet::new();
    for exchange in list(&recording["exchanges"]) {
        let n = exchange["n"].as_u64().expect("exchanges have numbers");
        for difference in replay.hold(exchange) {
            let here = |(at, pattern, _): &&Meant| {
                (at.is_empty() || at.contains(&n)) && is_like(&difference, pattern)
            };
            match meant.iter().chain(EVERYWHERE).find(here) {
                Some((_, pattern, _)) => drop(needed.insert((n, *pattern))),
                None => wrong.entry(difference).or_default().push(n),
            }
        }
    }
    for (at, pattern, why) in meant {
        for n in at.iter().filter(|n| !needed.contains(&(**n, *pattern))) {
            let not_needed = format!("\"{pattern}\" ({why}) is no difference any more");
            wrong.entry(not_needed).or_default().push(*n);
        }
    }
    let wrong: Vec<String> = wrong
        .iter()
        .map(|(difference, at)| format!("{difference}    in {at:?}"))
        .collect();
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

impl Replay {
    /// Sends one recorded request, learns from the answer, and says how it differs.
    fn hold(&mut self, exchange: &Value) -> Vec<String> {
        let recorded = &exchange["answer"];
        let status = recorded["status"].as_u64().expect("answers have a status");
        let (got, kind) = if text_of(exchange, "target").starts_with("/oauth/authorize") {
            let page = self.browse(exchange);
            (
                page.answer.status,
                page.answer.header("content-type").to_owned(),
            )
        } else {
            let answer = self.send(exchange);
            let kind = answer.header("content-type").to_owned();
            let mut differences = BTreeSet::new();
            if answer.status == 200 {
                self.learn_pairs(&self.full(recorded), &answer);
                if let (Some(was), true) =
                    (recorded.get("json"), kind.starts_with("application/json"))
                {
                    let was = self.full(was);
                    let partial = recorded["partial"] == true;
                    let is = answer.json();
                    self.learn(&was, &is);
                    self.compare("", &was, &is, partial, &mut differences);
                }
            }
            if !differences.is_empty() {
                return differences.into_iter().collect();
            }
            (answer.status, kind)
        };
        let mut differences = Vec::new();
        if u64::from(got) != status {
            differences.push(format!("status {status} became {got}"));
        } else if let Some(was) = recorded["type"].as_str()
            && !kind.starts_with(was)
        {
            differences.push(format!("type {was} became {kind}"));
        }
        differences
    }

    /// The request with our ids, signed by our tokens.
    fn send(&self, exchange: &Value) -> Answer {
        let target = self.translated(text_of(exchange, "target"));
        let mut request = Request::new(text_of(exchange, "method"), &target);
        let kind = text_of(exchange, "type");
        if let Some(document) = exchange.get("json") {
            request = request.bytes(kind, self.translated(&document.to_string()).as_bytes());
        } else if let Some(size) = exchange["picture"].as_array() {
            let side =
                |at: usize| u16::try_from(size[at].as_u64().expect("a number")).expect("small");
            let picture = pictures::jpeg(side(0), side(1));
            request = if kind == "multipart/form-data" {
                let mut form = Multipart::new();
                form.file("file", "green.jpg", "image/jpeg", &picture);
                form.into_body_of(request)
            } else {
                request.bytes(kind, &picture)
            };
        } else if let Some(body) = exchange["body"].as_str() {
            request = request.bytes(kind, self.translated(body).as_bytes());
        } else if !kind.is_empty() && text_of(exchange, "method") == "GET" {
            request = request.header("Content-Type", kind);
        }
        if let Some(accept) = exchange["accept"].as_str() {
            request = request.header("Accept", accept);
        }
        self.pump.site.send(&self.signed(exchange, request))
    }

    /// Signed as the recorded request was, rightly or wrongly.
    fn signed(&self, exchange: &Value, request: Request) -> Request {
        let Some(client) = exchange["client"].as_str() else {
            return request;
        };
        let pair = |key: &str| {
            let known = self.pairs.get(key).cloned();
            known.unwrap_or_else(|| Pair::new(key, "unknown"))
        };
        let mut client = pair(client);
        if exchange["bad_signature"] == true {
            client.secret.push('x');
        }
        let token = exchange["token"].as_str().map(pair);
        let mut signer = Signer::new(&client, token.as_ref());
        for name in ["oauth_callback", "oauth_verifier"] {
            if let Some(value) = exchange[name].as_str() {
                signer = signer.with(name, &self.translated(value));
            }
        }
        signer.sign(&self.pump.site, request)
    }

    /// Plays the browser in which somebody authorises a client.
    fn browse(&mut self, exchange: &Value) -> &Page {
        let form: HashMap<String, String> =
            decode_form(text_of(exchange, "body")).into_iter().collect();
        let page = match (&self.page, form.get("username"), form.get("verifier")) {
            (Some(page), Some(name), _) => {
                let login = page.form("oauth-authentication");
                let login = login
                    .fill("username", name)
                    .fill("password", &form["password"]);
                self.browser.submit(&login)
            }
            (Some(page), None, Some(verifier)) => {
                let page = self.browser.submit(&page.form("authorize"));
                self.ours.insert(verifier.clone(), page.text_of("verifier"));
                page
            }
            _ => {
                self.browser = self.pump.browser();
                let target = self.translated(text_of(exchange, "target"));
                self.browser.open(&target)
            }
        };
        self.page.insert(page)
    }

    /// Keeps the secrets of clients and tokens that an answer gives out.
    fn learn_pairs(&mut self, recorded: &Value, answer: &Answer) {
        const NAMES: [(&str, &str); 3] = [
            ("client_id", "client_secret"),
            ("token", "secret"),
            ("oauth_token", "oauth_token_secret"),
        ];
        for (key, secret) in NAMES {
            let was = recorded["json"]
                .get(key)
                .or_else(|| recorded["form"].get(key));
            let Some(was) = was.and_then(Value::as_str).filter(|was| !was.is_empty()) else {
                continue;
            };
            let ours = if recorded["form"].is_object() {
                Pair::new(&answer.pair(key), &answer.pair(secret))
            } else {
                let document = answer.json();
                Pair::new(text_of(&document, key), text_of(&document, secret))
            };
            let was_secret = recorded["json"].get(secret).and_then(Value::as_str);
            if let Some(was_secret) = was_secret.filter(|secret| !secret.is_empty()) {
                self.ours.insert(was_secret.to_owned(), ours.secret.clone());
            }
            self.ours.insert(was.to_owned(), ours.key.clone());
            self.pairs.insert(was.to_owned(), ours);
        }
    }

    /// Learns our ids from the places in which the recorded answer has its own.
    fn learn(&mut self, was: &Value, is: &Value) {
        match (was, is) {
            (Value::Object(was), Value::Object(is)) => {
                for (name, value) in was {
                    // The order in lists is compared, so lists teach nothing.
                    if let Some(ours) = is.get(name).filter(|ours| !ours.is_array()) {
                        self.learn(value, ours);
                    }
                }
            }
            (Value::String(was), Value::String(is)) => {
                if let (Some(was), Some(is)) = (key_in(was), key_in(is)) {
                    self.ours.entry(was.to_owned()).or_insert(is.to_owned());
                }
                if let (Some((_, was)), Some((_, is))) =
                    (was.split_once("/uploads/"), is.split_once("/uploads/"))
                {
                    self.ours.insert(was.to_owned(), is.to_owned());
                }
            }
            _ => {}
        }
    }

    /// A text with our ids instead of the recorded ones.
    fn translated(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (was, is) in &self.ours {
            text = text.replace(was.as_str(), is);
        }
        text
    }

    /// The recorded document with every shape in its place.
    fn full(&self, value: &Value) -> Value {
        match value {
            Value::String(name) if name.starts_with('@') => {
                let number: usize = name.trim_start_matches('@').parse().expect("a number");
                self.full(&self.shapes[number])
            }
            Value::Array(items) => items.iter().map(|item| self.full(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.full(value)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// How one value differs in shape from the recorded one.
    fn compare(
        &self,
        at: &str,
        was: &Value,
        is: &Value,
        partial: bool,
        wrong: &mut BTreeSet<String>,
    ) {
        match (was, is) {
            (Value::Object(was), Value::Object(is)) => {
                for (name, value) in was {
                    let at = format!("{at}.{name}");
                    match is.get(name) {
                        Some(ours) => self.compare(&at, value, ours, partial, wrong),
                        None => drop(wrong.insert(format!("-{at}"))),
                    }
                }
                let more = is
                    .keys()
                    .filter(|name| !partial && !was.contains_key(*name));
                wrong.extend(more.map(|name| format!("+{at}.{name}")));
            }
            (Value::Array(was), Value::Array(is)) => {
                self.compare_lists(at, was, is, partial, wrong);
            }
            _ if kind(was) == kind(is) => {}
            _ => drop(wrong.insert(format!("{at}: {} became {}", kind(was), kind(is)))),
        }
    }

    /// How a list differs: in length, in order, and in each item. What pump.io has twice counts once (D15).
    fn compare_lists(
        &self,
        at: &str,
        was: &[Value],
        is: &[Value],
        partial: bool,
        wrong: &mut BTreeSet<String>,
    ) {
        let mut seen = BTreeSet::new();
        let once = |item: &&Value| {
            let id = text_of(item, "id");
            key_in(id).is_none() || seen.insert(id.to_owned())
        };
        let was: Vec<&Value> = was.iter().filter(once).collect();
        if was.len() != is.len() {
            wrong.insert(format!("{at}[]: {} items became {}", was.len(), is.len()));
        }
        for (was, is) in was.iter().zip(is) {
            let expected = self.translated(text_of(was, "id"));
            let known =
                key_in(&expected).is_some_and(|key| self.ours.values().any(|ours| ours == key));
            if known && expected != text_of(is, "id") {
                let got = text_of(is, "id");
                wrong.insert(format!("{at}[]: in another order: {expected} became {got}"));
                return;
            }
            self.compare(&format!("{at}[]"), was, is, partial, wrong);
        }
    }
}

/// Whether a text is like a pattern with at most one `*`.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
        None => text == pattern,
    }
}

/// A member that is a text, else nothing.
fn text_of<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

#[track_caller]
fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// What a value is, in a word.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "yes or no",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The only key in an id or address.
fn key_in(text: &str) -> Option<&str> {
    let is_of_key = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let mut keys = text
        .split(|letter| !is_of_key(letter))
        .filter(|part| part.len() == KEY_LENGTH);
    let key = keys.next()?;
    keys.next().is_none().then_some(key)
}
