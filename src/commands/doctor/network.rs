//! The server's address: does a running server answer at it, and how much memory does it take; can a stopped one have it.

use super::Findings;
use crate::cli::{Deed, Failure};
use crate::commands::control;
use crate::commands::datadir::Running;
use crate::commands::deeds::Outcome;
use crate::commands::size;
use crate::config::Config;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// How long the server may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Servers for which something waits that are told.
const TOLD_MAX: usize = 10;

/// What the allocator of the C library needs to be told on a small board.
const MALLOC_SETTING: &str = "MALLOC_ARENA_MAX=";

/// Memory of a machine, in bytes, below which the allocator's settings matter.
const SMALL_BYTES: u64 = 1200 * 1024 * 1024;

/// Asks a running server for an answer.
pub(super) fn check_server(server: &Running, findings: &mut Findings) -> Result<(), Failure> {
    let Running { process, url } = server;
    let Some((scheme, address)) = address_of(url) else {
        return findings.ok(
            "server: another process uses the data directory; it has not said at which address it listens.",
        );
    };
    match ask(scheme, address) {
        Ok(said) => findings.ok(format_args!("server: process {process} at {url} {said}."))?,
        Err(error) => findings.fail(format_args!(
            "server: process {process} should listen at {url}, but: {error}. Look into its log (`journalctl -u pumphouse`)."
        ))?,
    }
    memory(*process, findings)
}

/// What a running server says of that which waits for other servers.
pub(super) fn check_deliveries(config: &Config, findings: &mut Findings) -> Result<(), Failure> {
    if !control::is_answered(&config.datadir) {
        return Ok(());
    }
    let lines = match control::hand_over(&config.datadir, &Deed::DeliveryList, None)? {
        Outcome::Done(lines) => lines,
        Outcome::WantsPassword => Vec::new(),
    };
    if lines.is_empty() {
        return findings.ok("deliveries: nothing waits for other servers.");
    }
    let more = lines.len().saturating_sub(TOLD_MAX);
    for line in lines.iter().take(TOLD_MAX) {
        findings.warn(format_args!("deliveries: {line}"))?;
    }
    match more {
        0 => Ok(()),
        more => findings.warn(format_args!(
            "deliveries: and {more} more; `pumphouse delivery list` names them."
        )),
    }
}

/// What a running server says of how it stands: what its owner reads on every page.
pub(super) fn check_standing(config: &Config, findings: &mut Findings) -> Result<(), Failure> {
    let standing = control::standing(&config.datadir);
    let mut problems = standing.into_iter().flat_map(|standing| standing.problems);
    problems.try_for_each(|problem| findings.warn(format_args!("server: {problem}")))
}

/// Looks whether the address is free for a server.
pub(super) fn check_port(config: &Config, findings: &mut Findings) -> Result<(), Failure> {
    let (address, port) = (config.address.as_str(), config.port);
    let error = match TcpListener::bind((address, port)) {
        Ok(_) if port == 0 => {
            return findings.ok("server: it does not run; it will choose a free port.");
        }
        Ok(_) => {
            return findings.ok(format_args!(
                "server: it does not run; {address}, port {port} is free."
            ));
        }
        Err(error) => error,
    };
    match error.kind() {
        io::ErrorKind::AddrInUse => findings.fail(format_args!(
            "server: another program listens on port {port}. Stop it (`ss -ltnp` names it), or choose another --port."
        )),
        io::ErrorKind::PermissionDenied => findings.fail(format_args!(
            "server: you may not listen on port {port}. Ports below 1024 need the capability CAP_NET_BIND_SERVICE, which \
             the service has."
        )),
        _ => findings.fail(format_args!("server: cannot listen on {address}, port {port}: {error}.")),
    }
}

fn address_of(url: &str) -> Option<(&str, SocketAddr)> {
    let (scheme, rest) = url.split_once("://")?;
    Some((scheme, rest.trim_end_matches('/').parse().ok()?))
}

/// What the server did, as the end of a sentence.
fn ask(scheme: &str, address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_TIME)?;
    if scheme != "http" {
        return Ok("takes connections".to_owned());
    }
    stream.set_read_timeout(Some(ANSWER_TIME))?;
    stream.set_write_timeout(Some(ANSWER_TIME))?;
    let request =
        format!("GET /robots.txt HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    match start {
        [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            b'1',
            b' ',
            b'1'..=b'4',
            ..,
        ] => Ok("answers".to_owned()),
        _ => Err(io::Error::other(format!(
            "it answers `{}`",
            start.escape_ascii()
        ))),
    }
}

fn memory(process: u32, findings: &mut Findings) -> Result<(), Failure> {
    let kib = |path: &str, name: &str| {
        let text = fs::read_to_string(path).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let number: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(number * 1024)
    };
    let Some(taken) = kib(&format!("/proc/{process}/status"), "VmRSS:") else {
        return Ok(());
    };
    let all = kib("/proc/meminfo", "MemTotal:").unwrap_or(u64::MAX);
    let taken = size::bytes(taken);
    let environment = fs::read(format!("/proc/{process}/environ"));
    let is_told = environment.map_or(true, |environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|setting| setting.starts_with(MALLOC_SETTING.as_bytes()))
    });
    if all < SMALL_BYTES && !is_told {
        return findings.warn(format_args!(
            "memory: the server takes {taken}. On a board this small start it with MALLOC_ARENA_MAX=2 \
             MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072 in its environment, as its service does."
        ));
    }
    findings.ok(format_args!("memory: the server takes {taken}."))
}

#[cfg(test)]
mod tests {
    use super::{address_of, ask};
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    #[test]
    fn an_address_is_read_from_what_was_announced() {
        for bad in ["", "http://", "http://h.test/", "127.0.0.1:80"] {
            assert_eq!(address_of(bad), None, "{bad}");
        }
        let (scheme, address) = address_of("https://[::1]:8443/").expect("an address");
        assert_eq!((scheme, address.port()), ("https", 8443));
    }

    #[test]
    fn an_answer_is_told_from_a_bad_one_and_from_none() {
        for (answer, is_good) in [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 301 Moved\r\n\r\n", true),
            ("HTTP/1.1 503 Busy\r\n\r\n", false),
            ("SSH-2.0-OpenSSH\r\n", false),
            ("", false),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("an address");
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    let (mut stream, _) = listener.accept().expect("a caller");
                    // All of it: a socket that closes with something unread takes its answer along.
                    let mut request = BufReader::new(&stream).lines();
                    while request
                        .next()
                        .is_some_and(|line| !line.expect("a request").is_empty())
                    {
                    }
                    stream.write_all(answer.as_bytes()).expect("it listens");
                });
                assert_eq!(ask("http", address).is_ok(), is_good, "{answer}");
            });
        }
    }
}
