//! Finds the addresses of names that end in `.local`: asks the machines of the local network themselves (RFC 6762 §5.1, one-shot
//! queries; §6.7, their answers). Nobody else knows such names.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::{Duration, Instant};

/// Where everybody who has a name of the local network listens.
const GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);

/// How long an answer is waited for, and how often it is asked meanwhile: a question can get lost.
const ASKING_TIME: Duration = Duration::from_millis(1500);
const ASKING_EVERY: Duration = Duration::from_millis(500);

/// Longest answer, in bytes (RFC 6762 §17).
const ANSWER_BYTES_MAX: usize = 9000;

/// Most addresses of one name.
const ADDRESSES_MAX: usize = 8;

/// Types and class of records (RFC 1035 §3.2, RFC 3596 §2.1); the highest bit of the class has another meaning here.
const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;
const CLASS_IN: u16 = 1;
const CLASS_BITS: u16 = 0x7fff;

/// Whether a name is one of the local network.
pub(super) fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let end = host.rsplit_once('.').map_or("", |(_, end)| end);
    end.eq_ignore_ascii_case("local")
}

/// The addresses of such a name; none if nobody answers in time.
pub(super) fn addresses(name: &str) -> io::Result<Vec<IpAddr>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    ask(&socket, name, &mut |query| send_everywhere(&socket, query))
}

/// Sends on every network that the machine is in.
fn send_everywhere(socket: &UdpSocket, query: &[u8]) {
    let networks = fs::read_dir("/sys/class/net").into_iter().flatten();
    let number = |network: fs::DirEntry| {
        let text = fs::read_to_string(network.path().join("ifindex")).ok()?;
        text.trim().parse().ok()
    };
    let (group, none) = (GROUP.0, Ipv4Addr::UNSPECIFIED);
    for index in networks.flatten().filter_map(number) {
        // Networks without IPv4 or without multicast refuse, which is no harm.
        let chosen =
            rustix::net::sockopt::set_ip_multicast_if_with_ifindex(socket, &group, &none, index);
        if chosen.is_ok() {
            let _ = socket.send_to(query, GROUP);
        }
    }
}

fn ask(socket: &UdpSocket, name: &str, send: &mut dyn FnMut(&[u8])) -> io::Result<Vec<IpAddr>> {
    let [high, low] = crate::ids::random_bytes::<2>();
    let id = u16::from_be_bytes([high, low]);
    let Some(query) = query(id, name) else {
        return Ok(Vec::new());
    };
    let begun = Instant::now();
    let mut asked = 0;
    let mut answer = vec![0; ANSWER_BYTES_MAX];
    loop {
        let elapsed = begun.elapsed();
        if elapsed >= ASKING_TIME {
            return Ok(Vec::new());
        }
        if elapsed >= ASKING_EVERY * asked {
            asked += 1;
            send(&query);
        }
        let next = (ASKING_EVERY * asked).min(ASKING_TIME);
        let rest = next.saturating_sub(elapsed);
        socket.set_read_timeout(Some(rest.max(Duration::from_millis(1))))?;
        let length = match socket.recv_from(&mut answer) {
            Ok((length, _)) => length,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                continue;
            }
            Err(error) => return Err(error),
        };
        let found = answer
            .get(..length)
            .and_then(|answer| read(id, name, answer));
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            return Ok(found);
        }
    }
}

/// Asks for both kinds of addresses (RFC 1035 §4.1); nothing for what is no name.
fn query(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    // The question's flags are none; two questions, no records.
    for number in [id, 0, 2, 0, 0, 0] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    for kind in [TYPE_A, TYPE_AAAA] {
        for label in name.trim_end_matches('.').split('.') {
            let length = u8::try_from(label.len()).ok();
            out.push(length.filter(|length| (1..64).contains(length))?);
            out.extend_from_slice(label.as_bytes());
        }
        out.push(0);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&CLASS_IN.to_be_bytes());
    }
    Some(out)
}

/// The addresses of `name` in an answer; nothing for what is no answer to the question.
fn read(id: u16, name: &str, message: &[u8]) -> Option<Vec<IpAddr>> {
    let mut reader = Reader { message, at: 0 };
    let (theirs, flags) = (reader.number()?, reader.number()?);
    let is_answer = flags & 0x8000 != 0 && flags & 0x000f == 0;
    if theirs != id || !is_answer {
        return None;
    }
    let questions = reader.number()?;
    let mut records = 0;
    for _ in 0..3 {
        records += usize::from(reader.number()?);
    }
    for _ in 0..questions {
        reader.name()?;
        reader.take(4)?;
    }
    let mut found = Vec::new();
    for _ in 0..records {
        let whose = reader.name()?;
        let (kind, class) = (reader.number()?, reader.number()? & CLASS_BITS);
        reader.take(4)?;
        let length = usize::from(reader.number()?);
        let data = reader.take(length)?;
        if class != CLASS_IN || !whose.eq_ignore_ascii_case(name.trim_end_matches('.')) {
            continue;
        }
        let address = match kind {
            TYPE_A => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
            TYPE_AAAA => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
            _ => None,
        };
        // A link-local address says nothing without its network.
        let is_whole = |address: &IpAddr| match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(address) => !Ipv6Addr::is_unicast_link_local(address),
        };
        found.extend(address.filter(is_whole));
    }
    // The old kind first: every network has it.
    found.sort_by_key(IpAddr::is_ipv6);
    found.truncate(ADDRESSES_MAX);
    Some(found)
}

/// Reads a message from its start.
struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.message.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        let bytes = self.take(2)?.try_into().ok()?;
        Some(u16::from_be_bytes(bytes))
    }

    /// A name, whose end may stand further ahead in the message (RFC 1035 §4.1.4): each step leads backwards, so it ends.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut at = self.at;
        let mut is_elsewhere = false;
        loop {
            let length = usize::from(*self.message.get(at)?);
            let next = match length {
                0 => at + 1,
                1..64 => {
                    let label = self.message.get(at + 1..at + 1 + length)?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&String::from_utf8_lossy(label));
                    at + 1 + length
                }
                192.. => {
                    let low = usize::from(*self.message.get(at + 1)?);
                    let there = (length & 63) * 256 + low;
                    if there >= at {
                        return None;
                    }
                    if !is_elsewhere {
                        self.at = at + 2;
                    }
                    is_elsewhere = true;
                    at = there;
                    continue;
                }
                _ => return None,
            };
            if !is_elsewhere {
                self.at = next;
            }
            if length == 0 {
                return Some(name);
            }
            if name.len() > 255 {
                return None;
            }
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES_MAX, ask, is_local, query, read};
    use proptest::prelude::*;
    use std::net::{IpAddr, UdpSocket};

    /// An answer that names the host of the question by pointing to it.
    fn answer(query: &[u8], records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut out = query.to_vec();
        out[2] = 0x84;
        out[7] = u8::try_from(records.len()).expect("few");
        for (kind, data) in records {
            out.extend_from_slice(&[192, 12]);
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&[0x80, 1, 0, 0, 0, 10]);
            let length = u16::try_from(data.len()).expect("short");
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(data);
        }
        out
    }

    #[test]
    fn names_of_the_local_network_are_told_by_their_end() {
        for name in ["pump.local", "a.b.LOCAL", "pump.local."] {
            assert!(is_local(name), "{name}");
        }
        for name in ["local", "pump.local.test", "notlocal", "10.0.0.1", ""] {
            assert!(!is_local(name), "{name}");
        }
    }

    #[test]
    fn addresses_are_read_from_the_answer_to_the_question() {
        let asked = query(7, "pump.local").expect("a name");
        let global = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
        let near = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
        let said = answer(
            &asked,
            &[
                (28, &near),
                (28, &global),
                (1, &[192, 168, 1, 7]),
                (16, b"text"),
            ],
        );
        let found = read(7, "Pump.local.", &said).expect("an answer");
        let expected: Vec<IpAddr> = ["192.168.1.7", "fd00::9"]
            .map(|text| text.parse().expect("an address"))
            .into();
        assert_eq!(found, expected);
        assert_eq!(read(8, "pump.local", &said), None, "another question's");
        assert_eq!(read(7, "pump.local", &asked), None, "a question");
        assert_eq!(read(7, "other.local", &said), Some(Vec::new()));
        let many: Vec<(u16, &[u8])> = vec![(1, &[10, 0, 0, 1]); 50];
        let found = read(7, "pump.local", &answer(&asked, &many)).expect("an answer");
        assert_eq!(found.len(), ADDRESSES_MAX);
        for cut in 0..said.len() {
            let _ = read(7, "pump.local", &said[..cut]);
        }
    }

    #[test]
    fn what_is_no_name_is_not_asked_for() {
        assert_eq!(query(7, "a..local"), None);
        assert_eq!(query(7, &format!("{}.local", "x".repeat(64))), None);
        let itself = [0, 7, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 192, 12];
        assert_eq!(read(7, "pump.local", &itself), None, "a name within itself");
    }

    proptest! {
        #[test]
        fn whatever_comes_does_no_harm(message in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut message = message;
            for (place, byte) in message.iter_mut().zip([0, 7, 0x84, 0, 0, 0, 0]) {
                *place = byte;
            }
            let _ = read(7, "pump.local", &message);
        }
    }

    #[test]
    fn a_lost_question_is_asked_again_and_silence_ends() {
        let host = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let to = host.local_addr().expect("an address");
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let mut times = 0;
        let found = ask(&socket, "pump.local", &mut |query| {
            times += 1;
            if times == 2 {
                let me = socket.local_addr().expect("an address");
                let said = answer(query, &[(1, &[10, 1, 2, 3])]);
                host.send_to(b"nonsense", me).expect("sent");
                host.send_to(&said, me).expect("sent");
            }
        });
        let expected: IpAddr = "10.1.2.3".parse().expect("an address");
        assert_eq!((found.expect("asked"), times), (vec![expected], 2));
        let found = ask(&socket, "pump.local", &mut |query| {
            socket.send_to(query, to).expect("sent");
        });
        assert_eq!(found.expect("asked"), Vec::<IpAddr>::new());
    }
}
