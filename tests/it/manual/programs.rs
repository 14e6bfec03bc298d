//! The two whole programs of the manual, run as they stand on the page.

use super::{Ended, Reader, examples, page_of};
use crate::harness::people::PASSWORD;
use crate::harness::{Pump, note};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long a program may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// Waits for a line that begins so.
#[track_caller]
fn line(lines: &Receiver<String>, start: &str) -> String {
    loop {
        match lines.recv_timeout(SILENCE) {
            Ok(line) if line.starts_with(start) => return line,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => panic!("it does not say {start:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("it ended without saying {start:?}"),
        }
    }
}

/// Runs one of the programs for a person who agrees, until it has posted, read, and heard what came in.
#[track_caller]
pub(super) fn person_agrees_to_the_program(pump: &Pump, interpreter: &str, manual: &str) {
    let evan = pump.register("evan");
    let bea = pump.register("bea");
    let page = page_of(pump, manual);
    let found = examples::on(&page)
        .into_iter()
        .find(|example| example.program.as_deref() == Some(interpreter));
    let program = found.expect("it is on the page");
    let reader = Reader::of(pump);
    let file = reader.directory.path().join("program");
    std::fs::write(&file, program.code).expect("a file");
    for word in ["posted", "posted before:"] {
        let mut command = reader.command(interpreter);
        let mut child = Ended(
            command
                .arg(&file)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("the interpreter is there"),
        );
        let output = child.0.stdout.take().expect("it is piped");
        let (told, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    break;
                }
            }
        });
        let question = line(&lines, "http://pump.test/oauth2/authz?");
        let mut browser = pump.browser();
        let form = browser
            .open(&question)
            .expect(200)
            .form("oauth2-authentication");
        let form = form
            .fill("nickname", "evan")
            .fill("password", PASSWORD)
            .press("login");
        let form = browser
            .submit(&form)
            .expect(200)
            .form("oauth2-authorization");
        let answer = browser.submit_once(&form.press("allow")).expect(303);
        come_back(&mut child, answer.header("location"));
        assert!(line(&lines, "posted").starts_with(word));
        assert!(line(&lines, "read: ").contains("posted"));
        line(&lines, "listening");
        // It may not have begun to listen yet, so it is told until it hears.
        let heard = loop {
            bea.post(note("rain tomorrow").to(&evan));
            match lines.recv_timeout(Duration::from_millis(500)) {
                Ok(line) => break line,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("it ended"),
            }
        };
        assert_eq!(heard, "heard: rain tomorrow");
    }
}

/// The browser comes back to the program: its address is opened, and pasted where the program asks for it.
fn come_back(child: &mut Ended, address: &str) {
    let rest = address.strip_prefix("http://").expect("a loopback address");
    let (host, _) = rest.split_once('/').expect("a path");
    if let Ok(mut socket) = TcpStream::connect(host) {
        let path = rest.strip_prefix(host).expect("it begins so");
        write!(socket, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("sent");
        let mut thanks = String::new();
        socket.read_to_string(&mut thanks).expect("answered");
        assert!(thanks.contains("You can close this window"), "{thanks}");
    }
    let input = child.0.stdin.as_mut().expect("it is piped");
    drop(writeln!(input, "{address}"));
}

#[test]
fn the_program_in_python_runs_as_it_stands_on_the_page() {
    person_agrees_to_the_program(&Pump::start(), "python3", "/main/api");
}

#[test]
fn the_program_in_shell_runs_as_it_stands_on_the_page() {
    person_agrees_to_the_program(&Pump::start(), "sh", "/main/api");
}
