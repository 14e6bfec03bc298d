//! `rpi-preseed.toml`: what Raspberry Pi Imager writes from 2.0.11 on (rpi-preseed.toml(5)). What concerns a desktop or a machine
//! to program on is passed over.

use super::checks::Reader;
use super::tree::Node;
use super::{Card, Wishes};

pub(super) const FILE: &str = "rpi-preseed.toml";

/// The first part of the version that is understood.
const MAJOR: &str = "1";

pub(super) fn read(root: &Node, reader: &mut Reader) -> Wishes {
    let version = reader.text(root, &["config_version"]).unwrap_or_default();
    if version.split('.').next() != Some(MAJOR) {
        reader.note("it is of a version (config_version) that this pump does not know; what it understands counts.");
    }
    let mut wishes = Wishes {
        hostname: reader
            .text(root, &["system", "hostname"])
            .and_then(|text| reader.hostname(text)),
        time_zone: reader
            .text(root, &["locale", "timezone"])
            .and_then(|text| reader.time_zone(text)),
        ..Wishes::default()
    };
    let nickname = reader.text(root, &["user", "name"]);
    let is_hashed = reader.flag(root, &["user", "password_encrypted"]);
    let password = root.get("user").and_then(|user| user.get("password"));
    wishes.owner = reader.owner(nickname, password, is_hashed);
    if let Some(country) = reader.text(root, &["wlan", "country"]) {
        wishes.country = reader.country(country);
    }
    if let Some(ssid) = ssid(root, reader) {
        let password = root.get("wlan").and_then(|wlan| wlan.get("password"));
        let is_hidden = reader.flag(root, &["wlan", "hidden"]);
        wishes.wifi.extend(reader.wifi(ssid, password, is_hidden));
    }
    if reader.text(root, &["wlan", "key_mgmt"]) == Some("sae")
        && reader.flag(root, &["wlan", "password_encrypted"])
    {
        reader.note(
            "a Wi-Fi with WPA3 alone needs its password as it is typed; write it into pump.toml.",
        );
    }
    if let Some(ethernet) = root.get("ethernet") {
        let is_static = reader.text(ethernet, &["method"]) == Some("static");
        let gateway: Vec<&str> = reader.text(ethernet, &["gateway"]).into_iter().collect();
        let own = ethernet.get("address").filter(|_| is_static);
        let addresses = reader.addresses(own, &gateway, ethernet.get("dns"), !is_static);
        wishes
            .addresses
            .extend(addresses.map(|addresses| (Card::Ethernet, addresses)));
    }
    wishes.wants_ssh = reader.flag(root, &["ssh", "enabled"]);
    let keys = root.get("ssh").and_then(|ssh| ssh.get("authorized_keys"));
    wishes.ssh_keys = reader.ssh_keys(keys);
    wishes
}

/// The name of the network: as text, or its bytes in hexadecimal digits where they are none.
fn ssid(root: &Node, reader: &mut Reader) -> Option<Vec<u8>> {
    let Some(hex) = reader.text(root, &["wlan", "ssid_hex"]) else {
        let ssid = reader.text(root, &["wlan", "ssid"])?;
        return Some(ssid.as_bytes().to_vec());
    };
    let pairs = hex.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    if bytes.is_none() {
        reader.note("`wlan.ssid_hex` has an odd number of digits, or something else among them.");
    }
    bytes
}
