//! The Wi-Fi of a box that nobody has given a network: what its unit (root) and its server tell each other, in two small files, and
//! what iwd and phones are told. The unit opens the Wi-Fi "Pump setup"; whoever joins it is led to a page of the server, which
//! leaves a [`Wish`]; the unit tries it and says in its [`State`] how that went.

use crate::appliance::disk;
use crate::appliance::handover::{Key, Wifi};
use crate::config::Secret;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// The name of the box's own Wi-Fi.
pub const NAME: &str = "Pump setup";

/// Its password, which `README-FIRST.txt` and the screen tell: iwd opens no Wi-Fi without one. It keeps nobody out.
pub const PASSWORD: &str = "pumpsetup";

/// The address of the box in it.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 80, 1);

/// Most networks that are shown.
const NETWORKS_MAX: usize = 32;

/// Most of a file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Longest request for a name that is answered, in bytes (RFC 1035 §4.2.1).
pub const QUERY_BYTES_MAX: usize = 512;

/// For how long phones may remember an answer, in seconds: the Wi-Fi is soon gone.
const ANSWER_SECS: u32 = 10;

/// What the unit tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whether the box's own Wi-Fi is there.
    pub is_open: bool,
    /// The networks that it sees, the strongest first.
    pub networks: Vec<Seen>,
    /// The network that it tries to join.
    pub joining: Option<String>,
    /// The network that was chosen last, if the box got into it.
    pub joined: Option<String>,
    /// What went wrong with the last one.
    pub problem: Option<String>,
}

/// A network that the box sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// Whether it has a password.
    pub has_password: bool,
}

/// What somebody chose.
#[derive(Clone, Serialize, Deserialize)]
pub struct Wish {
    name: String,
    password: String,
    is_hidden: bool,
}

impl Wish {
    /// A choice that can be tried; 400 for one that cannot.
    pub fn new(name: &str, password: &str, is_hidden: bool) -> Result<Wish, Error> {
        if name.is_empty() || name.len() > 32 {
            return Err(Error::invalid("Choose your Wi-Fi, or type its name."));
        }
        let is_right = password.is_empty()
            || ((8..=63).contains(&password.len()) && !password.chars().any(char::is_control));
        if !is_right {
            return Err(Error::invalid(
                "The password of a Wi-Fi has 8 to 63 characters.",
            ));
        }
        Ok(Wish {
            name: name.to_owned(),
            password: password.to_owned(),
            is_hidden,
        })
    }

    /// The name of the network.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The network as iwd keeps it.
    pub fn wifi(&self) -> Wifi {
        let key = match self.password.is_empty() {
            true => Key::Open,
            false => Key::Passphrase(Secret::new(self.password.clone())),
        };
        Wifi {
            ssid: self.name.clone().into_bytes(),
            key,
            is_hidden: self.is_hidden,
        }
    }

    /// Whether it does not say its name.
    pub fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    fn path(datadir: &Path) -> PathBuf {
        datadir.join("wifi.json")
    }

    /// Leaves it for the unit.
    pub fn leave(&self, datadir: &Path) -> io::Result<()> {
        disk::write(&Wish::path(datadir), &serde_json::to_vec(self)?, 0o600).map(drop)
    }

    /// Takes the one that was left, if one was.
    pub fn take(datadir: &Path) -> io::Result<Option<Wish>> {
        let path = Wish::path(datadir);
        let Some(text) = disk::read(&path, FILE_BYTES_MAX)? else {
            return Ok(None);
        };
        disk::remove(&path)?;
        let wish: Option<Wish> = serde_json::from_slice(&text).ok();
        // Root does not trust what an unprivileged server wrote.
        Ok(wish.and_then(|wish| Wish::new(&wish.name, &wish.password, wish.is_hidden).ok()))
    }
}

impl State {
    /// What the unit told last, in its directory.
    pub fn told(directory: &Path) -> State {
        let text = disk::read(&directory.join("state.json"), FILE_BYTES_MAX);
        let text = text.ok().flatten().unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Tells it.
    pub fn tell(&self, directory: &Path) -> io::Result<()> {
        std::fs::create_dir_all(directory)?;
        disk::write(
            &directory.join("state.json"),
            &serde_json::to_vec(self)?,
            0o644,
        )
        .map(drop)
    }
}

/// The profile of the box's own Wi-Fi (iwd.ap(5)).
pub fn profile() -> String {
    format!("[Security]\nPassphrase={PASSWORD}\n")
}

/// What is said of a network that the box sees and does not get into.
pub fn not_joined(name: &str) -> String {
    format!(
        "The pump could not join {name}. Look at the password, or move the box nearer to the router."
    )
}

/// What is said of a network that the box does not see.
pub fn not_seen(name: &str) -> String {
    format!(
        "The pump does not see the Wi-Fi {name}. Look at its name, and whether the router is on."
    )
}

/// A Wi-Fi card, as iwd tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its object.
    pub path: String,
    /// Its name in the system.
    pub name: String,
    /// The network that it is in.
    pub network: Option<String>,
}

/// The first Wi-Fi card that iwd knows, by the answer to `GetManagedObjects` as busctl writes it (`--json`).
pub fn card(objects: &Value) -> Option<Card> {
    let all = objects.pointer("/data/0")?.as_object()?;
    let mut cards = all
        .iter()
        .filter_map(|(path, its)| Some((path, its, its.get("net.connman.iwd.Device")?)));
    let (path, its, device) = cards.next()?;
    let connected = its
        .get("net.connman.iwd.Station")
        .filter(|station| text(station, "State") == Some("connected"))
        .and_then(|station| text(station, "ConnectedNetwork"));
    let network = connected.and_then(|path| all.get(path)?.get("net.connman.iwd.Network"));
    Some(Card {
        path: path.clone(),
        name: text(device, "Name")?.to_owned(),
        network: network.and_then(|its| text(its, "Name")).map(str::to_owned),
    })
}

/// The object of a network that a card sees.
pub fn network(objects: &Value, card: &Card, name: &str) -> Option<String> {
    let objects = objects.pointer("/data/0")?.as_object()?;
    let mut found = objects.iter().filter(|(_, its)| {
        its.get("net.connman.iwd.Network").is_some_and(|network| {
            text(network, "Name") == Some(name) && text(network, "Device") == Some(&card.path)
        })
    });
    found.next().map(|(path, _)| path.clone())
}

fn text<'a>(its: &'a Value, name: &str) -> Option<&'a str> {
    let value = its.get(name)?.get("data")?.as_str()?;
    Some(value).filter(|text| !text.is_empty())
}

/// The networks that a card sees, the strongest first: by all objects, and the answer to `GetOrderedNetworks`.
pub fn networks(objects: &Value, ordered: &Value) -> Vec<Seen> {
    let order = ordered.pointer("/data/0").and_then(Value::as_array);
    let mut seen: Vec<Seen> = Vec::new();
    for one in order.into_iter().flatten() {
        let path = one.get(0).and_then(Value::as_str).unwrap_or_default();
        let network = objects
            .pointer("/data/0")
            .and_then(|all| all.get(path))
            .and_then(|its| its.get("net.connman.iwd.Network"));
        let Some((network, name)) = network.and_then(|its| Some((its, text(its, "Name")?))) else {
            continue;
        };
        // What companies and schools have cannot be joined with a password.
        let kind = text(network, "Type").unwrap_or_default();
        if kind != "8021x" && seen.iter().all(|known| known.name != name) {
            seen.push(Seen {
                name: name.to_owned(),
                has_password: kind != "open",
            });
        }
    }
    seen.truncate(NETWORKS_MAX);
    seen
}

/// The answer to a question for a name: this box, whatever the name (RFC 1035 §4.1). Nothing for what is no question.
pub fn name_answer(query: &[u8], address: Ipv4Addr) -> Option<Vec<u8>> {
    let header = query.get(..12)?;
    let is_query = header[2] & 0xf8 == 0 && header[4..6] == [0, 1];
    if !is_query || query.len() > QUERY_BYTES_MAX {
        return None;
    }
    // The name is a row of labels, each with its length before it.
    let mut at = 12;
    loop {
        match *query.get(at)? {
            0 => break,
            length @ 1..=63 => at += usize::from(length) + 1,
            _ => return None,
        }
    }
    let question = query.get(12..at + 5)?;
    let asks_for_it = question.get(question.len() - 4..) == Some(&[0, 1, 0, 1]);
    let mut answer = Vec::with_capacity(query.len() + 16);
    answer.extend_from_slice(&header[..2]);
    // An answer, with authority; recursion as it was wished for.
    answer.extend([
        0x84 | header[2] & 1,
        0x80,
        0,
        1,
        0,
        u8::from(asks_for_it),
        0,
        0,
        0,
        0,
    ]);
    answer.extend_from_slice(question);
    if asks_for_it {
        answer.extend([0xc0, 12, 0, 1, 0, 1]);
        answer.extend(ANSWER_SECS.to_be_bytes());
        answer.extend([0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::{ADDRESS, Seen, Wish, card, name_answer, network as network_of, networks};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn networks_are_read_from_what_iwd_says() {
        let network = |name: &str, kind: &str| {
            let text = |text: &str| json!({ "type": "s", "data": text });
            json!({ "net.connman.iwd.Network": { "Name": text(name), "Type": text(kind), "Device": text("/net/connman/iwd/0/4") } })
        };
        let objects = json!({ "type": "a{oa{sa{sv}}}", "data": [{
            "/net/connman/iwd": {},
            "/net/connman/iwd/0": { "net.connman.iwd.Adapter": {} },
            "/net/connman/iwd/0/4": {
                "net.connman.iwd.Device": { "Name": { "type": "s", "data": "wlan0" } },
                "net.connman.iwd.Station": { "State": { "type": "s", "data": "connected" }, "ConnectedNetwork": { "type": "o", "data": "/b" } },
            },
            "/a": network("Zu Hause", "psk"), "/b": network("Cafe", "open"), "/c": network("Work", "8021x"), "/d": network("Zu Hause", "psk"),
        }] });
        let ordered = json!({ "type": "a(on)", "data": [[["/b", -4000], ["/a", -5000], ["/d", -5500], ["/c", -6000], ["/gone", -7000]]] });
        let found = card(&objects).expect("there is one");
        assert_eq!(
            (&*found.path, &*found.name, found.network.as_deref()),
            ("/net/connman/iwd/0/4", "wlan0", Some("Cafe"))
        );
        assert_eq!(network_of(&objects, &found, "Work").as_deref(), Some("/c"));
        assert_eq!(network_of(&objects, &found, "Garten"), None);
        let seen = |name: &str, has_password| Seen {
            name: name.to_owned(),
            has_password,
        };
        assert_eq!(
            networks(&objects, &ordered),
            [seen("Cafe", false), seen("Zu Hause", true)]
        );
        assert_eq!(card(&json!({})), None);
        assert!(networks(&json!(1), &json!([])).is_empty());
    }

    #[test]
    fn a_choice_is_checked_on_both_sides() {
        for (name, password) in [
            ("", "12345678"),
            ("x", "short"),
            ("x", "1234567\n8"),
            (&*"x".repeat(33), "12345678"),
        ] {
            assert!(
                Wish::new(name, password, false).is_err(),
                "{name} {password}"
            );
        }
        let directory = tempfile::tempdir().expect("a directory");
        let taken = || Wish::take(directory.path()).expect("readable");
        assert!(taken().is_none());
        let wish = Wish::new("Zu Hause", "sesame12", true).expect("right");
        wish.leave(directory.path()).expect("writable");
        assert_eq!(taken().expect("left").name(), "Zu Hause");
        assert!(taken().is_none());
        let bad = r#"{"name":"x","password":"a\nb=c","is_hidden":false}"#;
        std::fs::write(directory.path().join("wifi.json"), bad).expect("writable");
        assert!(taken().is_none());
    }

    #[test]
    fn every_name_is_this_box() {
        let mut query = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        query.extend(b"\x07captive\x05apple\x03com\x00\x00\x01\x00\x01");
        let answer = name_answer(&query, ADDRESS).expect("a question");
        assert_eq!(answer[..8], [0xab, 0xcd, 0x85, 0x80, 0, 1, 0, 1]);
        assert!(answer.ends_with(&[0, 4, 192, 168, 80, 1]));
        // No address of version 6, and no nonsense.
        let end = query.len() - 3;
        query[end] = 28;
        let answer = name_answer(&query, ADDRESS).expect("a question");
        assert_eq!(answer[6..8], [0, 0]);
        query[2] = 0x80;
        assert_eq!(name_answer(&query, ADDRESS), None);
    }

    proptest! {
        #[test]
        fn no_packet_stops_it(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Some(answer) = name_answer(&bytes, ADDRESS) {
                prop_assert!(answer.len() <= bytes.len() + 16);
            }
        }
    }
}
