//! Web Push: a browser is told of what comes, by a push service that is played here, in words that only the browser can read.

use crate::harness::{Browser, Pump, Request, comment, eventually, note, public};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as Verifying};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use sha2::Sha256;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

const SECRET: [u8; 16] = *b"sixteen of them!";

/// A message that came to the push service.
#[derive(Clone)]
struct Message {
    target: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

/// The push service.
struct Service {
    base: String,
    heard: Arc<Mutex<Vec<Message>>>,
    /// What it answers.
    status: Arc<AtomicU16>,
    /// After how many seconds one may ask again; 0 where it does not say.
    wait: Arc<AtomicU16>,
}

impl Service {
    fn start() -> Service {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("one");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let service = Service {
            base: format!("https://{}", listener.local_addr().expect("an address")),
            heard: Arc::default(),
            status: Arc::new(AtomicU16::new(201)),
            wait: Arc::default(),
        };
        let (heard, status) = (Arc::clone(&service.heard), Arc::clone(&service.status));
        let wait = Arc::clone(&service.wait);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let connection = ServerConnection::new(Arc::clone(&config)).expect("TLS");
                let mut reader = BufReader::new(StreamOwned::new(connection, stream));
                if let Some(message) = read(&mut reader) {
                    let status = status.load(Ordering::SeqCst);
                    let wait = match wait.load(Ordering::SeqCst) {
                        0 => String::new(),
                        secs => format!("Retry-After: {secs}\r\n"),
                    };
                    // What it answers is decided before a story hears of the message and says another thing.
                    heard.lock().expect("nobody panics").push(message);
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\n{wait}Content-Length: 0\r\nConnection: close\r\n\r\n"
                    );
                    let stream = reader.get_mut();
                    let _ = stream.write_all(answer.as_bytes());
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        service
    }

    fn says(&self, status: u16) {
        self.says_wait(status, 0);
    }

    fn says_wait(&self, status: u16, secs: u16) {
        self.wait.store(secs, Ordering::SeqCst);
        self.status.store(status, Ordering::SeqCst);
    }

    fn heard(&self, target: &str) -> Vec<Message> {
        let heard = self.heard.lock().expect("nobody panics");
        heard
            .iter()
            .filter(|one| one.target == target)
            .cloned()
            .collect()
    }
}

fn read(reader: &mut BufReader<StreamOwned<ServerConnection, TcpStream>>) -> Option<Message> {
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let target = first.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Message {
        target,
        headers,
        body,
    })
}

/// What a browser keeps to itself.
struct Keys {
    own: EphemeralPrivateKey,
    public: Vec<u8>,
}

impl Keys {
    fn new() -> Keys {
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key");
        let public = own
            .compute_public_key()
            .expect("its half")
            .as_ref()
            .to_vec();
        Keys { own, public }
    }

    /// Reads a message as RFC 8291 says it.
    fn read(self, body: &[u8]) -> Value {
        let (salt, rest) = body.split_at(16);
        let (server, text) = rest[5..].split_at(usize::from(rest[4]));
        let peer = UnparsedPublicKey::new(&ECDH_P256, server);
        let shared = agree_ephemeral(self.own, &peer, <[u8]>::to_vec).expect("agreed");
        let info = [b"WebPush: info\0", &self.public[..], server, &[1]].concat();
        let input = hmac(&hmac(&SECRET, &shared), &info);
        let derived = hmac(salt, &input);
        let key = hmac(&derived, b"Content-Encoding: aes128gcm\0\x01");
        let nonce = hmac(&derived, b"Content-Encoding: nonce\0\x01");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).expect("a key"));
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).expect("a nonce");
        let mut text = text.to_vec();
        let plain = key
            .open_in_place(nonce, Aad::empty(), &mut text)
            .expect("for this browser");
        let (last, json) = plain.split_last().expect("something");
        assert_eq!(*last, 2, "the last record");
        serde_json::from_slice(json).expect("JSON")
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn pump() -> Pump {
    Pump::named("localhost", &["--federateLan=true"])
}

fn token(browser: &mut Browser) -> String {
    let form = browser
        .open("/main/account")
        .expect(200)
        .form_to("/main/account");
    form.value("_csrf").to_owned()
}

fn send(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> u16 {
    let token = token(browser);
    let mut all = vec![("_csrf", token.as_str())];
    all.extend(fields);
    browser.ask(Request::post(path).form(&all)).status
}

/// Switches it on as the page's script does.
fn switch_on(browser: &mut Browser, endpoint: &str, public: &[u8]) -> u16 {
    let key = URL_SAFE_NO_PAD.encode(public);
    let secret = URL_SAFE_NO_PAD.encode(SECRET);
    let fields = [("endpoint", endpoint), ("key", &key), ("secret", &secret)];
    send(browser, "/main/push", &fields)
}

#[test]
fn what_is_no_browser_is_not_told() {
    let pump = pump();
    pump.register("ann");
    let mut ann = pump.browser_of("ann");
    let keys = Keys::new();
    for (endpoint, public, status) in [
        ("http://push.test/1", &keys.public[..], 400),
        ("nonsense", &keys.public, 400),
        ("https://push.test/1", b"short", 400),
        ("https://push.test/1", &[4; 65], 400),
    ] {
        assert_eq!(switch_on(&mut ann, endpoint, public), status, "{endpoint}");
    }
    assert_eq!(ann.ask(Request::post("/main/push")).status, 403);
    assert_eq!(
        send(
            &mut ann,
            "/main/push/test",
            &[("endpoint", "https://push.test/1")]
        ),
        404
    );
    let page = ann.open("/main/settings/notifications").expect(200);
    assert!(page.find_form("no-push").is_none() && page.html().contains("data-key="));
    for number in 0..12 {
        let endpoint = format!("https://push.test/{number}");
        assert_eq!(switch_on(&mut ann, &endpoint, &keys.public), 204);
    }
    let page = ann.open("/main/settings/notifications").expect(200);
    let told = page
        .forms()
        .into_iter()
        .filter(|form| form.action == "/main/push/remove");
    assert_eq!(told.count(), 10, "the oldest went");
}

#[test]
fn a_site_without_a_padlock_says_so() {
    let pump = Pump::start();
    pump.register("ann");
    let mut ann = pump.browser_of("ann");
    let page = ann.open("/main/settings/notifications").expect(200);
    assert!(page.text_of("no-push").contains("padlock"));
    assert_eq!(
        switch_on(&mut ann, "https://push.test/1", &Keys::new().public),
        409
    );
}

/// RFC 8030, RFC 8291, RFC 8292
#[test]
fn a_browser_is_told_of_what_comes_and_nobody_else_can_read_it() {
    let mut pump = pump();
    let [ann, ben] = pump.register_all(["ann", "ben"]);
    let service = Service::start();
    let mut browser = pump.browser_of("ann");
    let page = browser
        .open("/main/settings/notifications")
        .expect(200)
        .html();
    let (_, key) = page.split_once("data-key=\"").expect("the server's key");
    let key = key.split('"').next().expect("a key").to_owned();
    let [first, second, third] = [Keys::new(), Keys::new(), Keys::new()];
    let endpoints: Vec<String> = (0..3)
        .map(|number| format!("{}/{number}", service.base))
        .collect();

    // Nothing that one does oneself, and nothing that is only seen by the way.
    assert_eq!(switch_on(&mut browser, &endpoints[0], &first.public), 204);
    ann.post(note("my own").to(public()));
    ben.post(note("for everybody").to(public()));
    ben.post(note("Come over <b>tonight</b>").to(&ann));
    eventually(|| !service.heard("/0").is_empty());
    let [told] = &service.heard("/0")[..] else {
        panic!("one message");
    };
    assert_eq!(told.headers["content-encoding"], "aes128gcm");
    assert!(told.headers["ttl"].parse::<u32>().is_ok());
    let authorization = told.headers["authorization"]
        .strip_prefix("vapid t=")
        .expect("RFC 8292");
    let (token, known) = authorization.split_once(", k=").expect("a key");
    assert_eq!(known, key);
    let (text, signature) = token.rsplit_once('.').expect("three parts");
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
    Verifying::new(&ECDSA_P256_SHA256_FIXED, decode(&key))
        .verify(text.as_bytes(), &decode(signature))
        .expect("signed by this server");
    let claims = decode(text.split_once('.').expect("two parts").1);
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["aud"], service.base);
    let said = first.read(&told.body);
    assert!(
        said["body"].as_str().expect("words").contains("Come over"),
        "{said}"
    );
    assert!(
        said["url"]
            .as_str()
            .expect("an address")
            .starts_with("http://localhost"),
        "{said}"
    );

    // The test button, in another browser.
    assert_eq!(
        send(
            &mut browser,
            "/main/push/remove",
            &[("endpoint", &endpoints[0])]
        ),
        204
    );
    assert_eq!(switch_on(&mut browser, &endpoints[1], &second.public), 204);
    assert_eq!(
        send(
            &mut browser,
            "/main/push/test",
            &[("endpoint", &endpoints[1])]
        ),
        204
    );
    eventually(|| !service.heard("/1").is_empty());
    let said = second.read(&service.heard("/1")[0].body);
    assert!(
        said["body"]
            .as_str()
            .expect("words")
            .starts_with("It works"),
        "{said}"
    );

    // A service that knows the browser no more is left alone; what one that is full did not take waits.
    service.says(410);
    ben.post(note("gone").to(&ann));
    eventually(|| service.heard("/1").len() == 2);
    eventually(|| {
        !browser
            .open("/main/settings/notifications")
            .html()
            .contains("/main/push/remove")
    });
    // Whoever sits there after a logout hears nothing.
    assert_eq!(switch_on(&mut browser, &endpoints[2], &third.public), 204);
    let logout = browser.open("/").form_to("/main/logout");
    browser.submit(&logout).expect(200);
    ben.post(note("for ann alone").to(&ann));
    let mut browser = pump.browser_of("ann");
    eventually(|| {
        let page = browser.open("/main/settings/notifications");
        !page.html().contains("/main/push/remove")
    });
    assert!(service.heard("/2").is_empty());

    service.says(503);
    assert_eq!(switch_on(&mut browser, &endpoints[2], &third.public), 204);
    let posted = ann.post(note("what do you say?").to(public()));
    ben.post(comment("I say yes", &posted["object"]).to(&ann));
    eventually(|| !service.heard("/2").is_empty());
    pump.stop();
    pump.start_again();
    // It goes with the account.
    ann.delete("/api/user/ann").ok();
    pump.is_sound();
}

/// RFC 8030 §7.3, §8.4
#[test]
fn a_service_that_knows_no_such_browser_is_left_alone_and_one_that_is_busy_is_asked_when_it_says() {
    let pump = pump();
    let [ann, ben] = pump.register_all(["ann", "ben"]);
    let service = Service::start();
    let mut browser = pump.browser_of("ann");
    let keys = [Keys::new(), Keys::new(), Keys::new()];
    let is_told = |browser: &mut Browser| {
        let page = browser.open("/main/settings/notifications").expect(200);
        page.html().contains("/main/push/remove")
    };
    for (number, status) in [404, 410].into_iter().enumerate() {
        let endpoint = format!("{}/{number}", service.base);
        assert_eq!(
            switch_on(&mut browser, &endpoint, &keys[number].public),
            204
        );
        assert!(is_told(&mut browser));
        service.says(status);
        ben.post(note("Are you there?").to(&ann));
        eventually(|| !is_told(&mut browser));
        service.says(201);
        ben.post(note("And now?").to(&ann));
        assert_eq!(service.heard(&format!("/{number}")).len(), 1, "{status}");
    }

    // By itself it would be asked again after a minute.
    let wait = 2;
    service.says_wait(429, wait);
    let endpoint = format!("{}/2", service.base);
    assert_eq!(switch_on(&mut browser, &endpoint, &keys[2].public), 204);
    ben.post(note("Come over tonight").to(&ann));
    eventually(|| !service.heard("/2").is_empty());
    let asked = Instant::now();
    service.says(201);
    assert!(is_told(&mut browser), "a busy service is not forgotten");
    ben.post(note("And bring the dog").to(&ann));
    eventually(|| service.heard("/2").len() == 2);
    assert!(asked.elapsed().as_secs() + 1 >= u64::from(wait));
    let [_, _, key] = keys;
    let said = key.read(&service.heard("/2")[1].body);
    assert!(said["title"].as_str().expect("words").starts_with("2 new"));
}
