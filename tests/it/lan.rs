//! Servers on the local network: with certificates that nobody vouches for, on ports of their own, under names that only the
//! machines there know.

use crate::harness::network;
use crate::harness::people::Person;
use crate::harness::pump::{Pump, said};
use crate::harness::{eventually, eventually_some, note, public};
use serde_json::Value;
use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use tempfile::TempDir;

/// What TLS begins with (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// The certificate of a server, in files.
pub(crate) struct Certificate {
    directory: TempDir,
}

impl Certificate {
    pub(crate) fn new() -> Certificate {
        let certificate = Certificate {
            directory: TempDir::new().expect("a directory"),
        };
        certificate.renew();
        certificate
    }

    /// Puts another one in its place.
    pub(crate) fn renew(&self) {
        let made = rcgen::generate_simple_self_signed(["pump.local".to_owned()]).expect("one");
        fs::write(self.file("cert.pem"), made.cert.pem()).expect("space");
        fs::write(self.file("key.pem"), made.signing_key.serialize_pem()).expect("space");
    }

    /// Key and certificate, as options name them.
    pub(crate) fn options(&self) -> [String; 2] {
        ["key.pem", "cert.pem"].map(|name| self.file(name).display().to_string())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// Starts the server of this number with a certificate of its own.
fn secure(number: usize, certificate: &Certificate) -> Pump {
    let [key, cert] = certificate.options();
    network::near(number, &["--key", &key, "--cert", &cert])
}

/// Follows somebody and waits until both sides know.
fn follow(who: &Person, whom: &Person) {
    who.follow(whom);
    let id = who.id();
    eventually(|| whom.followers().page().to_string().contains(&id));
}

/// The one server whose certificate is kept.
fn pin(owner: &Person) -> Value {
    let list = owner.get("/api/owner/pins").ok();
    assert_eq!(list["totalItems"], 1, "{list}");
    list["items"][0].clone()
}

/// pump-api.md §6.4
#[test]
fn the_first_certificate_of_a_server_counts_and_another_does_not() {
    let (ours, theirs) = (Certificate::new(), Certificate::new());
    let a = secure(0, &ours);
    let mut b = secure(1, &theirs);
    let (alice, bob) = (a.register("alice"), b.register("bob"));
    a.give_to("alice");
    let other = a.register("other");
    other.get("/api/owner/pins").refused(403);
    alice.delete("/api/owner/pins/pump.local").refused(404);
    assert_eq!(a.runs(&["pin", "list"], ""), "");
    assert!(
        alice.id().starts_with("https://127.0.0.2:"),
        "{}",
        alice.id()
    );

    follow(&bob, &alice);
    alice.post(note("one").to(public()));
    eventually(|| bob.inbox().major().says("one"));
    let known = pin(&alice);
    let host = known["host"].as_str().expect("a host").to_owned();
    assert!(host.starts_with("127.0.0.3:"), "{known}");
    assert_eq!(known["fingerprint"].as_str().map(str::len), Some(95));
    assert_eq!(known.get("refused"), None);

    theirs.renew();
    b.kill();
    b.start_again();
    alice.post(note("two").to(public()));
    let refused = eventually_some(|| {
        let known = pin(&alice);
        known.get("refused").cloned()
    });
    assert_ne!(refused["fingerprint"], known["fingerprint"]);
    eventually(|| said(&a.command(&["delivery", "list"], "")).contains("pin forget"));
    assert!(a.runs(&["pin", "list"], "").contains("refused"));
    let page = a.browser_of("alice").open("/").expect(200);
    assert!(page.shows(&format!("Nothing is sent to {host}")));
    assert!(!bob.inbox().major().says("two"));

    let said = a.runs(&["pin", "forget", &host], "");
    assert!(said.contains(&host), "{said}");
    eventually(|| bob.inbox().major().says("two"));
    assert_eq!(pin(&alice)["fingerprint"], refused["fingerprint"]);
    alice.delete(&format!("/api/owner/pins/{host}")).ok();
}

/// pump-api.md §6.4
#[test]
fn who_is_known_by_a_certificate_is_not_asked_without() {
    let (ours, theirs) = (Certificate::new(), Certificate::new());
    let mut a = secure(0, &ours);
    let mut b = secure(1, &theirs);
    let (alice, bob) = (a.register("alice"), b.register("bob"));
    a.give_to("alice");
    follow(&bob, &alice);
    alice.post(note("one").to(public()));
    eventually(|| bob.inbox().major().says("one"));

    // Somebody else takes the place, who speaks http to everybody.
    let place = b.site.address();
    b.kill();
    let listener = TcpListener::bind(place).expect("it is free");
    let (sender, starts) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut start = [0];
            if stream.read_exact(&mut start).is_ok() {
                let _ = sender.send(start[0]);
            }
        }
    });
    let has_failed = |times| {
        let list = alice.get("/api/owner/deliveries").ok();
        list["items"][0]["failures"].as_u64() >= Some(times)
    };
    alice.post(note("two").to(public()));
    eventually(|| has_failed(1));
    // What was found of the other server is forgotten with the run.
    a.restart();
    eventually(|| has_failed(2));
    let starts: Vec<u8> = starts.try_iter().collect();
    assert!(!starts.is_empty());
    assert!(starts.iter().all(|start| *start == HANDSHAKE), "{starts:?}");
}

/// pump-api.md §6.3
#[test]
fn certificates_that_nobody_vouches_for_do_on_the_usual_port_too() {
    let test = "lan::certificates_that_nobody_vouches_for_do_on_the_usual_port_too";
    network::inside(test, || {
        let certificates = [Certificate::new(), Certificate::new()];
        let [a, b] = [0, 1].map(|number| {
            let [key, cert] = certificates[number].options();
            network::server(number, &["--key", &key, "--cert", &cert])
        });
        let (alice, bob) = (a.register("alice"), b.register("bob"));
        a.give_to("alice");
        follow(&alice, &bob);
        bob.post(note("over there").to(public()));
        eventually(|| alice.inbox().major().says("over there"));
        let host = bob.url_of("/");
        let host = host.trim_start_matches("https://").trim_end_matches('/');
        assert_eq!(pin(&alice)["host"], host);
    });
}
