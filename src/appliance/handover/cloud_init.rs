//! `network-config` (netplan, version 2) and `user-data` (cloud-init): what Raspberry Pi Imager writes from 2.0.0 on. What installs
//! packages or runs commands is not done here.

use super::checks::Reader;
use super::tree::Node;
use super::{Card, Wishes};

pub(super) const NETWORK_FILE: &str = "network-config";

pub(super) const USER_FILE: &str = "user-data";

pub(super) fn read_network(root: &Node, reader: &mut Reader) -> Wishes {
    // The outer name may be left out.
    let network = root.get("network").unwrap_or(root);
    let mut wishes = Wishes::default();
    if let Some((_, card)) = network
        .get("ethernets")
        .and_then(|cards| cards.members().next())
    {
        wishes
            .addresses
            .extend(addresses(card, Card::Ethernet, reader));
    }
    let cards = network.get("wifis").into_iter().flat_map(Node::members);
    for (_, card) in cards {
        if let Some(country) = reader.text(card, &["regulatory-domain"]) {
            wishes.country = reader.country(country);
        }
        wishes.addresses.extend(addresses(card, Card::Wifi, reader));
        let networks = card
            .get("access-points")
            .into_iter()
            .flat_map(Node::members);
        for (ssid, network) in networks {
            let inner = || network.get("auth").and_then(|auth| auth.get("password"));
            let password = network.get("password").or_else(inner);
            if matches!(
                reader.text(network, &["auth", "key-management"]),
                Some("eap" | "802.1x")
            ) {
                reader.note("a Wi-Fi of a company or a school (802.1X) cannot be joined.");
                continue;
            }
            let is_hidden = reader.flag(network, &["hidden"]);
            let ssid = ssid.as_bytes().to_vec();
            wishes.wifi.extend(reader.wifi(ssid, password, is_hidden));
        }
    }
    wishes.addresses.dedup_by_key(|(card, _)| *card);
    wishes
}

fn addresses(card: &Node, kind: Card, reader: &mut Reader) -> Option<(Card, super::Addresses)> {
    let is_asked = reader.flag(card, &["dhcp4"]) || reader.flag(card, &["dhcp6"]);
    let own = card.get("addresses");
    let mut gateways: Vec<&str> = Vec::new();
    gateways.extend(reader.text(card, &["gateway4"]));
    gateways.extend(reader.text(card, &["gateway6"]));
    for route in card.get("routes").map(Node::items).unwrap_or_default() {
        let to = reader.text(route, &["to"]);
        if matches!(to, Some("default" | "0.0.0.0/0" | "::/0")) {
            gateways.extend(reader.text(route, &["via"]));
        }
    }
    let servers = card
        .get("nameservers")
        .and_then(|node| node.get("addresses"));
    let addresses = reader.addresses(own, &gateways, servers, is_asked || own.is_none())?;
    Some((kind, addresses))
}

pub(super) fn read_user(root: &Node, reader: &mut Reader) -> Wishes {
    let mut wishes = Wishes {
        hostname: reader
            .text(root, &["hostname"])
            .and_then(|text| reader.hostname(text)),
        time_zone: reader
            .text(root, &["timezone"])
            .and_then(|text| reader.time_zone(text)),
        language: reader
            .text(root, &["locale"])
            .and_then(|text| reader.language(text)),
        ..Wishes::default()
    };
    let users = root.get("users").map(Node::items).unwrap_or_default();
    if let Some(user) = users.iter().find(|user| user.is_map()) {
        let nickname = reader.text(user, &["name"]);
        let hashed = user.get("passwd").or_else(|| user.get("hashed_passwd"));
        let password = hashed.or_else(|| user.get("plain_text_passwd"));
        // An account with a key alone is for logging in from afar.
        if password.is_some() {
            wishes.owner = reader.owner(nickname, password, hashed.is_some());
        }
        wishes.ssh_keys = reader.ssh_keys(user.get("ssh_authorized_keys"));
    }
    if wishes.ssh_keys.is_empty() {
        wishes.ssh_keys = reader.ssh_keys(root.get("ssh_authorized_keys"));
    }
    wishes.wants_ssh = !wishes.ssh_keys.is_empty()
        || reader.flag(root, &["enable_ssh"])
        || reader.flag(root, &["ssh_pwauth"]);
    if root.get("write_files").is_some() || root.get("bootcmd").is_some() {
        reader.note("it wants files written or commands run, which this box does not do.");
    }
    wishes
}
