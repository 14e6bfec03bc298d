//! A real mail server, aiosmtpd, in a process of its own; the letters that it got, and how it behaves.

use super::{eventually, eventually_some, pump};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// The name under which servers with a certificate are reached.
pub(crate) const TLS_NAME: &str = "localhost";

/// What it wants as login where it wants one.
pub(crate) const LOGIN: (&str, &str) = ("pump", "sesame-7");

/// How a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    Plain,
    /// STARTTLS, and a login.
    StartTls,
    /// TLS from the start, and a login.
    Tls,
}

/// A mail server that runs.
pub(crate) struct MailServer {
    process: Child,
    input: ChildStdin,
    said: Arc<Mutex<Vec<Value>>>,
    pub(crate) port: u16,
    speech: Speech,
    directory: TempDir,
}

/// A letter as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Letter(pub(crate) Value);

impl MailServer {
    /// Starts one; nothing where its packages are missing.
    pub(crate) fn start(speech: Speech) -> Option<MailServer> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/venv/bin/python");
        if !python.exists() {
            eprintln!("skipped: tests/run makes the virtual environment with aiosmtpd");
            return None;
        }
        let directory = TempDir::new().expect("a directory");
        let mut options = json!({});
        if speech != Speech::Plain {
            let (certificate, key) = certificates(&directory);
            options = json!({ "certificate": certificate, "key": key, "login": true,
                "wrapped": speech == Speech::Tls });
        }
        let mut process = Command::new(python)
            // aiosmtpd warns of logins without TLS, of which there are none here.
            .args(["-W", "ignore"])
            .arg(root.join("tests/it/harness/mail_server.py"))
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("Python runs");
        let input = process.stdin.take().expect("it has an input");
        let output = process.stdout.take().expect("it has an output");
        let said: Arc<Mutex<Vec<Value>>> = Arc::default();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let said = serde_json::from_str(&line).expect("it speaks JSON");
                heard.lock().expect("nobody panics with it").push(said);
            }
        });
        let mut server = MailServer {
            process,
            input,
            said,
            port: 0,
            speech,
            directory,
        };
        let port = eventually_some(|| server.events("port").first()?["port"].as_u64());
        server.port = port.try_into().expect("a port");
        Some(server)
    }

    /// The options of a pump that sends its mail by this server.
    pub(crate) fn options(&self) -> Vec<String> {
        let mut options = vec![format!("--smtpport={}", self.port)];
        let mut set = |name: &str, value: &str| options.push(format!("--{name}={value}"));
        match self.speech {
            Speech::Plain => {
                set("smtpserver", "127.0.0.1");
                set("smtpusetls", "false");
            }
            Speech::StartTls | Speech::Tls => {
                set("smtpserver", TLS_NAME);
                set("smtpca", &self.authority());
                set("smtpuser", LOGIN.0);
                set("smtppass", LOGIN.1);
                if self.speech == Speech::Tls {
                    set("smtpusessl", "true");
                }
            }
        }
        options
    }

    /// The file with the certificate of the authority that vouches for this server.
    pub(crate) fn authority(&self) -> String {
        let path = self.directory.path().join("authority.pem");
        path.display().to_string()
    }

    /// From now on it does so: `accept`, `defer`, `refuse`, `no-sender`, `silent`, `break`, `down`, `up`.
    pub(crate) fn behave(&mut self, how: &str) {
        let before = self.events("behaves").len();
        writeln!(self.input, "{how}").expect("it listens");
        eventually(|| self.events("behaves").len() > before);
    }

    fn events(&self, name: &str) -> Vec<Value> {
        let said = self.said.lock().expect("nobody panics with it");
        let of_name = said.iter().filter(|said| said["event"] == name);
        of_name.cloned().collect()
    }

    /// Waits until it has done something (`defer`, `refuse`, `silent`) so many times.
    #[track_caller]
    pub(crate) fn has_done(&self, what: &str, times: usize) {
        eventually(|| self.events(what).len() >= times);
    }

    /// All letters so far.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.events("letter").into_iter().map(Letter).collect()
    }

    /// All letters to an address so far.
    pub(crate) fn letters_to(&self, address: &str) -> Vec<Letter> {
        let mut letters = self.letters();
        letters.retain(|letter| letter.0["to"] == json!([address]));
        letters
    }

    /// Waits for the letter to an address with this number, counted from one.
    #[track_caller]
    pub(crate) fn letter_to(&self, address: &str, number: usize) -> Letter {
        eventually_some(|| self.letters_to(address).into_iter().nth(number - 1))
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Letter {
    /// The value of a header.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = &self.0["headers"][name];
        value
            .as_str()
            .unwrap_or_else(|| panic!("no header {name}: {}", self.0))
    }

    pub(crate) fn subject(&self) -> &str {
        self.header("subject")
    }

    pub(crate) fn text(&self) -> &str {
        self.0["text"].as_str().expect("a letter has a text")
    }

    pub(crate) fn html(&self) -> &str {
        self.0["html"].as_str().expect("a letter has a page")
    }

    /// The path of the link in the text that begins so (`/main/confirm/`); the page must have it, too.
    #[track_caller]
    pub(crate) fn link(&self, start: &str) -> String {
        let base = format!("http://{}", pump::HOST);
        let address = self
            .text()
            .split_whitespace()
            .find(|word| word.starts_with(&format!("{base}{start}")))
            .unwrap_or_else(|| panic!("no link {start} in {}", self.text()));
        assert!(
            self.html().contains(address),
            "{address} in {}",
            self.html()
        );
        address.trim_start_matches(&base).to_owned()
    }
}

/// Writes a certificate of an authority, and one for [`TLS_NAME`] that it signed; answers the files of the latter.
fn certificates(directory: &TempDir) -> (String, String) {
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_certificate = authority
        .self_signed(&authority_key)
        .expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec![TLS_NAME.to_owned()])
        .expect("parameters")
        .signed_by(&key, &Issuer::from_params(&authority, &authority_key))
        .expect("a certificate");
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    write("authority.pem", &authority_certificate.pem());
    (
        write("certificate.pem", &certificate.pem()),
        write("key.pem", &key.serialize_pem()),
    )
}
