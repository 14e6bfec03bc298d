//! What there is to tell about a box: how its server stands, its addresses, its disk.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Most addresses that are told.
const ADDRESSES_MAX: usize = 8;

/// How a running server stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The version of the program.
    pub version: String,
    /// Where it is opened; nothing before the setup.
    pub url: Option<String>,
    /// What people call it.
    pub site: String,
    /// Whether it has an owner.
    pub is_claimed: bool,
    /// Whether it speaks TLS.
    pub is_secure: bool,
    /// The port it listens on.
    pub port: u16,
    /// The name under which the local network finds it, if it is another one than it should have.
    pub renamed: Option<String>,
    /// What its owner should know.
    pub problems: Vec<String>,
}

/// A network card and an address of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardAddress {
    /// The card.
    pub card: String,
    /// Its address.
    pub address: IpAddr,
}

/// The addresses at which others can reach this machine, those of version 4 first.
pub fn addresses() -> Vec<CardAddress> {
    let mut found: Vec<CardAddress> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .filter(|one| !one.is_loopback() && !one.is_link_local())
        .map(|one| CardAddress {
            address: one.ip(),
            card: one.name,
        })
        .collect();
    found.sort_by_key(|one| (one.address.is_ipv6(), one.card.clone(), one.address));
    found.truncate(ADDRESSES_MAX);
    found
}

/// The root of a server of http or https, without the port that is usual.
pub fn root_url(host: &str, is_secure: bool, port: u16) -> String {
    let (scheme, usual) = if is_secure {
        ("https", 443)
    } else {
        ("http", 80)
    };
    match port == usual {
        true => format!("{scheme}://{host}/"),
        false => format!("{scheme}://{host}:{port}/"),
    }
}

impl Standing {
    /// Where the server is opened by its name: as set up, or as every pump is called before.
    pub fn name_url(&self) -> String {
        match (&self.url, &self.renamed) {
            (_, Some(host)) => self.url_of(host),
            (Some(url), None) => format!("{}/", url.trim_end_matches('/')),
            (None, None) => self.url_of("pump.local"),
        }
    }

    /// Where it is opened by an address.
    pub fn address_url(&self, address: IpAddr) -> String {
        match address {
            IpAddr::V4(address) => self.url_of(&address.to_string()),
            IpAddr::V6(address) => self.url_of(&format!("[{address}]")),
        }
    }

    fn url_of(&self, host: &str) -> String {
        root_url(host, self.is_secure, self.port)
    }
}
