//! `pump.toml`: our own file, of which `README-FIRST.txt` on the card tells.

use super::checks::Reader;
use super::tree::Node;
use super::{Card, Wishes};

pub(super) const FILE: &str = "pump.toml";

/// What there is to say, by section. What is said of the whole may stand at the beginning, too.
const KNOWN: &[(&str, &[&str])] = &[
    ("", WHOLE),
    ("system", WHOLE),
    ("owner", &["nickname", "password"]),
    ("wlan", NETWORK),
    ("wifi", NETWORK),
    ("ethernet", &["address", "gateway", "dns"]),
    ("ssh", &["authorized_keys"]),
];

const WHOLE: &[&str] = &["name", "hostname", "timezone", "language"];

const NETWORK: &[&str] = &["ssid", "password", "hidden", "country"];

pub(super) fn read(root: &Node, reader: &mut Reader) -> Wishes {
    refuse_unknown(root, reader);
    let whole = |reader: &mut Reader, key: &str| {
        let inside = reader.text(root, &["system", key]).map(str::to_owned);
        inside.or_else(|| reader.text(root, &[key]).map(str::to_owned))
    };
    let mut wishes = Wishes {
        site: whole(reader, "name").and_then(|text| reader.site(&text)),
        hostname: whole(reader, "hostname").and_then(|text| reader.hostname(&text)),
        time_zone: whole(reader, "timezone").and_then(|text| reader.time_zone(&text)),
        language: whole(reader, "language").and_then(|text| reader.language(&text)),
        ..Wishes::default()
    };
    let nickname = reader.text(root, &["owner", "nickname"]);
    let password = root.get("owner").and_then(|owner| owner.get("password"));
    wishes.owner = reader.owner(nickname, password, false);
    let networks = ["wlan", "wifi"].iter().filter_map(|key| root.get(key));
    for network in networks.flat_map(Node::items) {
        if let Some(country) = reader.text(network, &["country"]) {
            wishes.country = reader.country(country);
        }
        let Some(ssid) = reader.text(network, &["ssid"]) else {
            continue;
        };
        let password = network.get("password");
        let is_hidden = reader.flag(network, &["hidden"]);
        let ssid = ssid.as_bytes().to_vec();
        wishes.wifi.extend(reader.wifi(ssid, password, is_hidden));
    }
    if let Some(ethernet) = root.get("ethernet").filter(|node| node.is_map()) {
        let gateway: Vec<&str> = reader.text(ethernet, &["gateway"]).into_iter().collect();
        let own = ethernet.get("address");
        let addresses = reader.addresses(own, &gateway, ethernet.get("dns"), own.is_none());
        wishes
            .addresses
            .extend(addresses.map(|addresses| (Card::Ethernet, addresses)));
    }
    let keys = root.get("ssh").and_then(|ssh| ssh.get("authorized_keys"));
    wishes.ssh_keys = reader.ssh_keys(keys);
    wishes.wants_ssh = keys.is_some();
    wishes
}

/// A word with a mistake in it must not be passed over in silence.
fn refuse_unknown(root: &Node, reader: &mut Reader) {
    let sections: Vec<&str> = KNOWN.iter().map(|(section, _)| *section).collect();
    let keys_of = |section: &str| {
        let known = KNOWN.iter().find(|(name, _)| *name == section);
        known.map_or(&[] as &[&str], |(_, keys)| keys)
    };
    for (key, node) in root.members() {
        let is_section = !key.is_empty() && sections.contains(&key);
        if !is_section && !keys_of("").contains(&key) {
            reader.note(&format!(
                "there is nothing called `{key}`, only {}, and the sections {}.",
                keys_of("").join(", "),
                sections
                    .iter()
                    .skip(1)
                    .map(|name| format!("[{name}]"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        if !is_section {
            continue;
        }
        for part in node.items() {
            if !part.is_map() {
                reader.note(&format!("`{key}` is a section: write [{key}]."));
            }
            for (inner, _) in part.members() {
                if !keys_of(key).contains(&inner) {
                    reader.note(&format!(
                        "there is nothing called `{inner}` in [{key}], only {}.",
                        keys_of(key).join(", ")
                    ));
                }
            }
        }
    }
}
