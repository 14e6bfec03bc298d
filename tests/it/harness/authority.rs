//! An authority that gives certificates by ACME: Debian's pebble, which looks at names at ports that a story chooses.

use super::eventually;
use super::pump::said;
use serde_json::json;
use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Where it listens, in a network of the story's own.
const LISTENS: &str = "127.0.0.1:14000";
const MANAGED: &str = "127.0.0.1:15000";

/// How long its certificates are valid, in seconds: six days.
pub(crate) const VALID_SECS: u32 = 6 * 24 * 3600;

/// A running authority.
pub(crate) struct Authority {
    process: Child,
    directory: TempDir,
}

impl Authority {
    /// Starts one that looks at names at a port of http, and is told more by its environment. Nothing, and a word about it,
    /// where pebble is not installed.
    #[track_caller]
    pub(crate) fn start(http_port: u16, environment: &[(&str, &str)]) -> Option<Authority> {
        let directory = TempDir::new().expect("a directory");
        let at = |name: &str| directory.path().join(name).display().to_string();
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ])
            .args([
                "-subj",
                "/CN=authority",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", &at("key.pem"), "-out", &at("cert.pem")])
            .output()
            .expect("openssl is installed");
        assert!(made.status.success(), "{}", said(&made));
        let config = json!({ "pebble": {
            "listenAddress": LISTENS, "managementListenAddress": MANAGED, "certificate": at("cert.pem"), "privateKey": at("key.pem"),
            "httpPort": http_port, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false,
            "domainBlocklist": ["blocked.test"], "certificateValidityPeriod": VALID_SECS,
        } });
        fs::write(at("config.json"), config.to_string()).expect("a file");
        let log = fs::File::create(at("log")).expect("a file");
        let started = Command::new("pebble")
            .args(["-config", &at("config.json")])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .env("PEBBLE_AUTHZREUSE", "0")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn();
        let Ok(process) = started else {
            eprintln!("pebble is not installed: this story is skipped");
            return None;
        };
        let authority = Authority { process, directory };
        eventually(|| TcpStream::connect(LISTENS).is_ok() && TcpStream::connect(MANAGED).is_ok());
        Some(authority)
    }

    /// The options of a server that asks it.
    pub(crate) fn options(&self) -> [String; 4] {
        let trusted = self.directory.path().join("cert.pem").display().to_string();
        let directory = format!("https://{LISTENS}/dir");
        [
            "--acmeServer".to_owned(),
            directory,
            "--acmeCa".to_owned(),
            trusted,
        ]
    }

    /// Everything that it said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).expect("readable")
    }

    /// The root of what it vouches for, as a file.
    #[track_caller]
    pub(crate) fn root(&self) -> PathBuf {
        let file = self.directory.path().join("root.pem");
        let got = Command::new("curl")
            .args(["-sSfk", &format!("https://{MANAGED}/roots/0"), "-o"])
            .arg(&file)
            .output()
            .expect("curl is installed");
        assert!(got.status.success(), "{}", said(&got));
        file
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("authority: {}", self.log());
        }
    }
}
