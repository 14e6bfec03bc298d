//! Another server, played by the test: it answers what it is told to, remembers what it was asked, and speaks for whom it
//! likes. Its people are known by their addresses, since it has a port of its own.

use super::http::{Answer, Request, encode};
use super::oauth::{Pair, Signer};
use super::people::Person;
use super::pump::Pump;
use super::unix_secs;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

/// What is answered at an address.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The other server.
pub(crate) struct Peer {
    pub(crate) base: String,
    pages: Arc<Mutex<HashMap<String, Said>>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Peer {
    /// Starts one that answers as a pump does: it has endpoints, and confirms every registration.
    pub(crate) fn start() -> Peer {
        Peer::at("127.0.0.1:0")
    }

    /// Starts one at an address.
    pub(crate) fn at(address: &str) -> Peer {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        Peer::of(listener, format!("http://{address}"))
    }

    /// Starts one at port 80 of an address, known by a name.
    pub(crate) fn named(name: &str, address: &str) -> Peer {
        let listener = TcpListener::bind((address, 80)).expect("port 80 is free");
        Peer::of(listener, format!("http://{name}"))
    }

    /// Starts one that begins each answer so and never ends it; answers its base.
    pub(crate) fn endless(beginning: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || {
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
                    let mut sent = stream.write_all(head.as_bytes());
                    let mut text = beginning;
                    while sent.is_ok() {
                        sent = stream.write_all(text.as_bytes());
                        text = "          ";
                    }
                });
            }
        });
        format!("http://{address}")
    }

    fn of(listener: TcpListener, base: String) -> Peer {
        let peer = Peer {
            base,
            pages: Arc::default(),
            heard: Arc::default(),
        };
        let base = &peer.base;
        let at = |rel: &str, path: &str| json!({ "rel": rel, "href": format!("{base}{path}") });
        let oauth = "http://apinamespace.org/oauth";
        peer.json(
            "/.well-known/host-meta.json",
            &json!({ "links": [
                { "rel": "lrdd", "type": "application/json", "template": format!("{base}/.well-known/webfinger?resource={{uri}}") },
                at("registration_endpoint", "/api/client/register"),
                at(&format!("{oauth}/request_token"), "/oauth/request_token"),
                at(&format!("{oauth}/authorize"), "/oauth/authorize"),
                at(&format!("{oauth}/access_token"), "/oauth/access_token"),
                at("dialback", "/api/dialback"),
                at("http://apinamespace.org/activitypub/whoami", "/api/whoami"),
            ] }),
        );
        peer.json("/api/dialback", &json!("OK"));
        peer.json(
            "/api/client/register",
            &json!({ "client_id": "key", "client_secret": "secret", "expires_at": 0 }),
        );
        let (pages, heard) = (Arc::clone(&peer.pages), Arc::clone(&peer.heard));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (pages, heard) = (Arc::clone(&pages), Arc::clone(&heard));
                std::thread::spawn(move || answer(&stream, &pages, &heard));
            }
        });
        peer
    }

    /// The id of somebody there, who is found there.
    pub(crate) fn person(&self, nickname: &str) -> String {
        let at = |path: &str| format!("{}/api/user/{nickname}{path}", self.base);
        let id = at("/profile");
        self.knows(
            &id,
            &[
                ("self", &id),
                ("activity-inbox", &at("/inbox")),
                ("dialback", &format!("{}/api/dialback", self.base)),
            ],
        );
        let profile = json!({
            "objectType": "person", "id": id, "displayName": nickname,
            "followers": { "url": at("/followers") },
        });
        self.json(&format!("/api/user/{nickname}/profile"), &profile);
        self.json(&format!("/api/user/{nickname}/inbox"), &json!({}));
        id
    }

    /// Lets an id be found, with these links.
    pub(crate) fn knows(&self, id: &str, links: &[(&str, &str)]) {
        let links: Vec<Value> = links
            .iter()
            .map(|(rel, href)| json!({ "rel": rel, "href": href }))
            .collect();
        let path = format!("/.well-known/webfinger?resource={}", encode(id));
        self.json(&path, &json!({ "links": links }));
    }

    /// Answers an address with JSON.
    pub(crate) fn json(&self, target: &str, document: &Value) {
        self.says(
            target,
            Said {
                status: 200,
                headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
                body: document.to_string().into_bytes(),
            },
        );
    }

    /// Answers an address in any way.
    pub(crate) fn says(&self, target: &str, said: Said) {
        let mut pages = self.pages.lock().expect("nobody panics with it");
        pages.insert(target.to_owned(), said);
    }

    /// What is answered at an address now.
    pub(crate) fn answer_at(&self, target: &str) -> Said {
        let pages = self.pages.lock().expect("nobody panics with it");
        pages.get(target).cloned().expect("there is an answer")
    }

    /// Answers those who send a header in another way.
    pub(crate) fn says_with(&self, header: &str, target: &str, said: Said) {
        self.says(&format!("{header} {target}"), said);
    }

    /// What was asked so far at addresses that begin like this.
    pub(crate) fn heard(&self, start: &str) -> Vec<Heard> {
        let heard = self.heard.lock().expect("nobody panics with it");
        let all = heard.iter().filter(|heard| heard.target.starts_with(start));
        all.cloned().collect()
    }

    /// Registers with a pump as a person or a host: `webfinger` or `host`, and the name.
    pub(crate) fn registers(&self, pump: &Pump, kind: &str, name: &str) -> Answer {
        let token = format!("token-{}-{}", unix_secs(), self.heard("/").len());
        self.claims(
            pump,
            &format!("{kind}=\"{name}\", token=\"{token}\""),
            &http_date(0),
        )
    }

    /// Registers with these fields of dialback and this date.
    pub(crate) fn claims(&self, pump: &Pump, fields: &str, date: &str) -> Answer {
        pump.site.send(
            &Request::post("/api/client/register")
                .header("Authorization", &format!("Dialback {fields}"))
                .header("Date", date)
                .form(&[("type", "client_associate"), ("application_type", "web")]),
        )
    }

    /// The key of somebody there at a pump.
    #[track_caller]
    pub(crate) fn key(&self, pump: &Pump, kind: &str, name: &str) -> Pair {
        let given = self.registers(pump, kind, name).ok();
        let text = |name: &str| given[name].as_str().expect("a text").to_owned();
        Pair::new(&text("client_id"), &text("client_secret"))
    }

    /// Pushes an activity into somebody's inbox.
    pub(crate) fn push(&self, pump: &Pump, key: &Pair, to: &Person, activity: &Value) -> Answer {
        self.push_to(pump, key, &to.path("inbox"), activity)
    }

    /// Pushes an activity to an address.
    pub(crate) fn push_to(&self, pump: &Pump, key: &Pair, to: &str, activity: &Value) -> Answer {
        let request = Request::post(to).json(activity);
        pump.site
            .send(&Signer::new(key, None).sign(&pump.site, request))
    }
}

/// A time as `Date` has it, so many seconds from now.
pub(crate) fn http_date(from_now: i64) -> String {
    let now = i64::try_from(unix_secs()).expect("a time");
    let at = jiff::Timestamp::from_second(now + from_now).expect("a time");
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .expect("a time")
}

fn answer(mut stream: &TcpStream, pages: &Mutex<HashMap<String, Said>>, heard: &Mutex<Vec<Heard>>) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let mut words = first.split(' ');
    let Some(target) = words.nth(1) else {
        return;
    };
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(_) if line.trim().is_empty() => break,
            Ok(_) => {}
            Err(_) => return,
        }
        if let Some((name, value)) = line.trim().split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers
        .get("content-length")
        .and_then(|text| text.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let said = {
        let pages = pages.lock().expect("nobody panics with it");
        let mut special = headers.keys().map(|name| format!("{name} {target}"));
        let found = special.find_map(|name| pages.get(&name).cloned());
        found.or_else(|| pages.get(target).cloned())
    };
    heard.lock().expect("nobody panics with it").push(Heard {
        target: target.to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let said = said.unwrap_or(Said {
        status: 404,
        headers: Vec::new(),
        body: Vec::new(),
    });
    let mut head = format!(
        "HTTP/1.1 {} -\r\nContent-Length: {}\r\nConnection: close\r\n",
        said.status,
        said.body.len()
    );
    for (name, value) in &said.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
    let _ = stream.write_all(&said.body);
}
