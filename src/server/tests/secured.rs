//! TLS: versions of HTTP, plain speech on the port, certificates that change while the server runs.

use super::http2;
use super::world::{DEADLINE, Wire, World, start_in};
use crate::config::TlsFiles;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Makes a certificate and its key in a directory.
fn certify(dir: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(dir.join("cert.pem"), made.cert.pem()).expect("space");
    fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).expect("space");
    made.cert.der().clone()
}

fn files(dir: &Path) -> TlsFiles {
    TlsFiles {
        key: dir.join("key.pem"),
        cert: dir.join("cert.pem"),
    }
}

type Secure = Wire<StreamOwned<ClientConnection, TcpStream>>;

/// Connects, trusting one certificate only; nothing if the server shows another.
fn connect(
    world: &World,
    trusted: &CertificateDer<'static>,
    protocols: &[&[u8]],
) -> Option<Secure> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let provider = Arc::new(crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let name = "localhost".try_into().expect("a name");
    let mut connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let mut socket = TcpStream::connect(world.address).expect("a connection");
    socket
        .set_read_timeout(Some(DEADLINE))
        .expect("a time limit");
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).ok()?;
    }
    Some(Wire::over(StreamOwned::new(connection, socket)))
}

fn secured() -> (World, CertificateDer<'static>) {
    let dir = tempfile::tempdir().expect("a directory");
    let certificate = certify(dir.path());
    let tls = files(dir.path());
    let world = start_in(dir, |start| {
        start.settings.tls = Some(tls);
        start.bounds.tls_look_every = Duration::ZERO;
    });
    (world, certificate)
}

#[test]
fn without_a_usable_certificate_there_is_no_server() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = || crate::server::tls::Tls::open(files(dir.path()), Duration::ZERO);
    let told = |result: Result<_, String>| result.err().expect("no server");
    assert!(told(open()).contains("key.pem cannot be read"));
    certify(dir.path());
    let key = fs::read(dir.path().join("key.pem")).expect("a key");
    certify(dir.path());
    assert!(open().is_ok());
    fs::write(dir.path().join("key.pem"), key).expect("space");
    assert!(told(open()).contains("cannot be used"));
}

#[test]
fn plain_speech_is_not_answered_on_a_secured_port() {
    let (world, _) = secured();
    let mut wire = world.connect();
    wire.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(wire.reply().is_none());
}

#[test]
fn both_versions_of_http_are_spoken_over_tls() {
    let (world, certificate) = secured();
    for protocols in [&[][..], &[b"http/1.1".as_slice()]] {
        let mut wire = connect(&world, &certificate, protocols).expect("trust");
        for _ in 0..2 {
            wire.send(b"GET /api/user/ann HTTP/1.1\r\nHost: h\r\n\r\n");
            assert_eq!(wire.reply().expect("an answer").status, 200);
        }
    }
    let mut wire = connect(&world, &certificate, &[b"h2", b"http/1.1"]).expect("trust");
    wire.send(&http2::opening("/api/user/ann"));
    assert_eq!(http2::answer(&mut wire).0, 0x88);
}

#[test]
fn a_new_certificate_is_used_and_a_broken_one_is_not() {
    let (world, old) = secured();
    assert!(connect(&world, &old, &[]).is_some());
    fs::write(world.dir.path().join("cert.pem"), "broken").expect("space");
    assert!(connect(&world, &old, &[]).is_some());
    let new = certify(world.dir.path());
    let deadline = Instant::now() + DEADLINE;
    while connect(&world, &new, &[]).is_none() {
        assert!(Instant::now() < deadline);
    }
    assert!(connect(&world, &old, &[]).is_none());
}

#[test]
fn a_handshake_that_does_not_come_does_not_hold_the_servers_end() {
    let (mut world, _) = secured();
    let mut silent = world.connect();
    world.ask_to_end();
    assert!(silent.is_closed());
    assert!(world.wait_for_end());
}
