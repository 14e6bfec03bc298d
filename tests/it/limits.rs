//! What the world throws at a server, and a broken start (`pump-api.md §5.6`): each gets a clear error and harms nobody else.

use crate::harness::http::read_all;
use crate::harness::pump::{command_line, said};
use crate::harness::{Pump, Request, eventually, note};
use std::io::Write as _;
use std::net::TcpListener;

fn status_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

#[test]
fn what_is_no_http_is_refused() {
    let pump = Pump::start();
    for bytes in [
        "\r\n\r\n",
        "hello there\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: pump.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : pump.test\r\n\r\n",
        "\0\0\0\0\0\0\0\0\0\0\r\n\r\n",
    ] {
        let answer = pump.site.raw(bytes.as_bytes());
        let line = status_line(&answer);
        assert!(line.is_empty() || line.contains(" 4"), "{bytes:?}: {line}");
    }
    assert!(pump.is_well());
}

#[test]
fn headers_have_a_bound() {
    let pump = Pump::start();
    let long = "x".repeat(512 * 1024);
    let mut stream = pump.site.connect();
    let request = format!("GET / HTTP/1.1\r\nHost: pump.test\r\nX-Long: {long}\r\n\r\n");
    // The server may close before all of it is sent.
    let _ = stream.write_all(request.as_bytes());
    let answer = read_all(&mut stream);
    let line = status_line(&answer);
    assert!(
        line.is_empty() || line.contains(" 431") || line.contains(" 400"),
        "{line}"
    );
    let many: String = (0..5000)
        .map(|number| format!("X-{number}: y\r\n"))
        .collect();
    let mut stream = pump.site.connect();
    let _ = stream.write_all(format!("GET / HTTP/1.1\r\nHost: pump.test\r\n{many}\r\n").as_bytes());
    let answer = read_all(&mut stream);
    let line = status_line(&answer);
    assert!(
        line.is_empty() || line.contains(" 431") || line.contains(" 400"),
        "{line}"
    );
    assert!(pump.is_well());
}

#[test]
fn a_body_that_never_ends_is_cut_off() {
    let pump = Pump::start();
    let mut stream = pump.site.connect();
    let head = "POST /api/client/register HTTP/1.1\r\nHost: pump.test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("it listens");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut sent = 0_usize;
    // Endless for us: the server has to stop it.
    while sent < 512 * 1024 * 1024 {
        match stream.write_all(chunk.as_bytes()) {
            Ok(()) => sent += chunk.len(),
            Err(_) => break,
        }
    }
    assert!(sent < 64 * 1024 * 1024, "{sent} bytes were taken");
    assert!(pump.is_well());
}

#[test]
fn a_body_that_says_it_is_too_long_is_refused_at_once() {
    let pump = Pump::start();
    let answer = pump.site.raw(
        b"POST /api/client/register HTTP/1.1\r\nHost: pump.test\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n",
    );
    assert!(status_line(&answer).contains(" 413"), "{answer}");
    assert!(answer.contains("{\"error\":"), "{answer}");
    assert!(answer.contains("at most 1 MB"), "{answer}");
    assert!(pump.is_well());
}

#[test]
fn clients_that_hang_up_leave_nothing_behind() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for _ in 0..20 {
        let mut stream = pump.site.connect();
        let head = "POST /api/user/evan/feed HTTP/1.1\r\nHost: pump.test\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"verb\":";
        stream.write_all(head.as_bytes()).expect("it listens");
    }
    let before = evan.feed().total();
    evan.post(note("after the crowd"));
    assert_eq!(evan.feed().total(), before + 1);
}

#[test]
fn slow_senders_do_not_keep_others_waiting() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let slow: Vec<_> = (0..64)
        .map(|_| {
            let mut stream = pump.site.connect();
            stream
                .write_all(b"POST /api/user/evan/feed HTTP/1.1\r\nHost: pump.test\r\nContent-Length: 50\r\n\r\n{")
                .expect("it listens");
            stream
        })
        .collect();
    evan.post(note("quick"));
    assert!(evan.feed().major().first_is("quick"));
    drop(slow);
}

#[test]
fn many_readers_at_once_are_served() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    evan.post(note("popular"));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..5 {
                    evan.feed().items();
                    evan.inbox().major().items();
                }
            });
        }
    });
}

#[test]
fn a_port_in_use_is_said_clearly() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken
        .local_addr()
        .expect("it has an address")
        .port()
        .to_string();
    let directory = tempfile::TempDir::new().expect("a directory");
    let output = command_line(
        &[
            "--hostname",
            "pump.test",
            "--address",
            "127.0.0.1",
            "--port",
            &port,
            "--datadir",
            &directory.path().display().to_string(),
        ],
        "",
    );
    assert!(!output.status.success());
    let said = said(&output);
    assert!(
        said.contains(&port) && said.contains("Cannot listen"),
        "{said}"
    );
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_data_directory_has_one_server() {
    let pump = Pump::start();
    let output = command_line(
        &[
            "--hostname",
            "pump.test",
            "--address",
            "127.0.0.1",
            "--port",
            "0",
            "--datadir",
            &pump.directory().display().to_string(),
        ],
        "",
    );
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains(&pump.directory().display().to_string()));
    assert!(pump.is_well());
}

#[test]
fn a_data_directory_that_cannot_be_is_said_clearly() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let file = directory.path().join("a-file");
    std::fs::write(&file, "no directory").expect("a file");
    let output = command_line(
        &[
            "--hostname",
            "pump.test",
            "--address",
            "127.0.0.1",
            "--port",
            "0",
            "--datadir",
            &file.join("below").display().to_string(),
        ],
        "",
    );
    assert!(!output.status.success());
    let said = said(&output);
    assert!(
        said.contains("a-file") && !said.contains("panicked"),
        "{said}"
    );
}

#[test]
fn a_damaged_store_does_not_start_and_says_so() {
    let mut pump = Pump::start();
    pump.register("evan");
    assert!(pump.stop().success());
    for file in std::fs::read_dir(pump.directory().join("store")).expect("a store") {
        let path = file.expect("a store can be read").path();
        if path.is_file() {
            let length = std::fs::metadata(&path).expect("a file").len();
            let noise: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
            std::fs::write(&path, noise).expect("a file can be written");
        }
    }
    let output = command_line(
        &[
            "--hostname",
            "pump.test",
            "--address",
            "127.0.0.1",
            "--port",
            "0",
            "--datadir",
            &pump.directory().display().to_string(),
        ],
        "",
    );
    assert!(!output.status.success());
    let said = said(&output);
    assert!(said.contains("store"), "{said}");
    assert!(!said.contains("stack backtrace"), "{said}");
}

#[test]
fn the_log_names_requests_and_keeps_secrets() {
    let pump = Pump::with(&["--logLevel", "debug"]);
    let evan = pump.register("evan");
    evan.get(&evan.path("inbox")).ok();
    evan.send(Request::get("/api/user/nobody")).refused(404);
    eventually(|| pump.log().contains("/api/user/nobody"));
    let log = pump.log();
    assert!(
        log.contains("GET") && log.contains("/api/user/evan/inbox"),
        "{log}"
    );
    assert!(log.contains("404"), "{log}");
    for secret in [
        crate::harness::people::PASSWORD,
        &evan.client_pair().secret,
        &evan.token_pair().secret,
        "oauth_signature",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_page_of_long_posts_is_short_and_leads_to_the_next() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let long = "x".repeat(900_000);
    let mut posted = Vec::new();
    for number in 0..8 {
        let long = note(&format!("post {number}")).object_with("more", long.clone());
        posted.push(evan.post(long)["id"].clone());
    }
    posted.reverse();
    let first = evan.feed().major().ask("count=20").expect(200);
    assert!(first.body.len() < 6 * 1024 * 1024, "{}", first.body.len());
    let seen: Vec<_> = evan
        .feed()
        .major()
        .all(20)
        .iter()
        .map(|item| item["id"].clone())
        .collect();
    assert_eq!(seen, posted);
}
