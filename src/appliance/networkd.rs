//! Addresses as systemd-networkd reads them (systemd.network(5)).

use crate::appliance::handover::{Addresses, Card};
use std::fmt::Write as _;

/// The name of the file for the cards of a kind. It counts before those of the image.
pub fn file_name(card: Card) -> &'static str {
    match card {
        Card::Ethernet => "10-pump-ethernet.network",
        Card::Wifi => "10-pump-wifi.network",
    }
}

/// What stands in it; nothing where the network gives the address, as it does without a file.
pub fn file(card: Card, addresses: &Addresses) -> Option<String> {
    if addresses.own.is_empty() {
        return None;
    }
    let kind = match card {
        Card::Ethernet => "ether\nKind=!*",
        Card::Wifi => "wlan\nWLANInterfaceType=station",
    };
    let mut out = format!("[Match]\nType={kind}\n\n[Network]\n");
    // What is asked for besides, such as names of time servers, harms nothing; without it the address is the only one.
    let dhcp = if addresses.is_asked { "yes" } else { "no" };
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        writeln!(out, "{name}={value}").expect("a String takes all");
    };
    line("DHCP", &dhcp);
    for own in &addresses.own {
        line("Address", own);
    }
    for gateway in &addresses.gateways {
        line("Gateway", gateway);
    }
    for server in &addresses.name_servers {
        line("DNS", server);
    }
    out.push_str("\n[DHCPv4]\nClientIdentifier=mac\n");
    Some(out)
}
