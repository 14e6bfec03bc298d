//! Servers on the local network: with certificates that nobody vouches for, on ports of their own, under names that only the
//! machines there know.

use crate::harness::network;
use crate::harness::people::Person;
use crate::harness::pump::{Pump, said};
use crate::harness::{eventually, eventually_some, note, public};
use serde_json::Value;
use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use tempfile::TempDir;

/// What TLS begins with (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// The certificate of a server, in files.
struct Certificate {
    directory: TempDir,
}

impl Certificate {
    fn new() -> Certificate {
        let certificate = Certificate {
            directory: TempDir::new().expect("a directory"),
        };
        certificate.renew();
        certificate
    }

    /// Puts another one in its place.
    fn renew(&self) {
        let made = rcgen::generate_simple_self_signed(["pump.local".to_owned()]).expect("one");
        fs::write(self.file("cert.pem"), made.cert.pem()).expect("space");
        fs::write(self.file("key.pem"), made.signing_key.serialize_pem()).expect("space");
    }

    /// Key and certificate, as options name them.
    fn options(&self) -> [String; 2] {
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

/// RFC 6762 §5.1, §6.7
#[test]
fn names_of_the_local_network_are_asked_for_there() {
    network::inside(
        "lan::names_of_the_local_network_are_asked_for_there",
        || {
            if !network::is_inside() {
                eprintln!("names of the local network need a network of the story's own");
                return;
            }
            answer_for("Pump-L.local", Ipv4Addr::new(127, 0, 0, 9));
            let near = network::named("pump-l.local", "127.0.0.9");
            let a = network::server(0, &[]);
            let (alice, bob) = (a.register("alice"), near.register("bob"));
            assert_eq!(bob.id(), "acct:bob@pump-l.local");
            follow(&alice, &bob);
            bob.post(note("from next door").to(public()));
            eventually(|| alice.inbox().major().says("from next door"));
        },
    );
}

/// Answers for one name as the machine does that has it.
fn answer_for(name: &'static str, address: Ipv4Addr) {
    let socket = UdpSocket::bind("0.0.0.0:5353").expect("nobody else is here");
    let group = Ipv4Addr::new(224, 0, 0, 251);
    socket
        .join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)
        .expect("lo is up");
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            let query = &query[..length];
            let mut wanted = Vec::new();
            for label in name.to_ascii_lowercase().split('.') {
                wanted.push(u8::try_from(label.len()).expect("short"));
                wanted.extend_from_slice(label.as_bytes());
            }
            if !query.windows(wanted.len()).any(|part| part == wanted) {
                continue;
            }
            // The id of the question, one answer, no questions repeated.
            let mut answer = query[..2].to_vec();
            answer.extend_from_slice(&[0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
            answer.extend_from_slice(&wanted);
            answer.extend_from_slice(&[0, 0, 1, 0x80, 1, 0, 0, 0, 10, 0, 4]);
            answer.extend_from_slice(&address.octets());
            socket.send_to(&answer, from).expect("it listens");
        }
    });
}
