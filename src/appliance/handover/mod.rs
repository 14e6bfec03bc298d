//! What the owner hands over on the boot partition: our own `pump.toml`, or what Raspberry Pi Imager writes (`rpi-preseed.toml`,
//! cloud-init's `network-config` and `user-data`). Each is read into the same [`Wishes`]; what makes no sense becomes a sentence
//! for the owner, and the rest counts all the same.
//!
//! Sources: `appliance.md §1.1, §B6`; rpi-preseed.toml(5); the generator of Imager 2.0.11; netplan's reference; iwd.network(5).

mod checks;
mod cloud_init;
mod firstrun;
mod preseed;
mod pump_toml;
mod record;
mod tree;
mod wiping;

pub use firstrun::{cleaned_cmdline, without_secrets as firstrun_without_secrets};
pub use record::{Record, Report};
pub use wiping::{Wiped, digest};

use crate::config::Secret;
use crate::ids::Nickname;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Most of a file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The script of older Imagers, which is not run.
pub const FIRSTRUN: &str = "firstrun.sh";

/// The command line of the kernel, in which such an Imager names it.
pub const CMDLINE: &str = "cmdline.txt";

/// The files, those first that count where two say something else.
pub const FILES: [&str; 4] = [
    pump_toml::FILE,
    preseed::FILE,
    cloud_init::NETWORK_FILE,
    cloud_init::USER_FILE,
];

/// What the owner wants.
#[derive(Default)]
pub struct Wishes {
    /// Networks to join.
    pub wifi: Vec<Wifi>,
    /// Where the box is, for the rules of radio: two capital letters (ISO 3166).
    pub country: Option<String>,
    /// Addresses by kind of card, where the network does not give them.
    pub addresses: Vec<(Card, Addresses)>,
    /// What the box is called in its network, without `.local`.
    pub hostname: Option<String>,
    /// A name of the time zone database.
    pub time_zone: Option<String>,
    /// The code of the site's language.
    pub language: Option<String>,
    /// The name of the site.
    pub site: Option<String>,
    /// Whether somebody wants to log in from afar.
    pub wants_ssh: bool,
    /// The keys with which that is possible.
    pub ssh_keys: Vec<String>,
    /// Whose the server is.
    pub owner: Option<Owner>,
}

/// A network to join.
pub struct Wifi {
    /// Its name: 1 to 32 bytes.
    pub ssid: Vec<u8>,
    /// How it is entered.
    pub key: Key,
    /// Whether it does not say its name.
    pub is_hidden: bool,
}

impl Wifi {
    /// Its name for people.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.ssid).into_owned()
    }
}

/// How a network is entered.
pub enum Key {
    /// By everybody.
    Open,
    /// With a password of 8 to 63 characters.
    Passphrase(Secret),
    /// With what is computed from it: 64 hexadecimal digits.
    Shared(Secret),
}

/// The owner as handed over.
pub struct Owner {
    /// The account's name.
    pub nickname: Nickname,
    /// The password.
    pub password: Password,
}

/// A password as handed over.
pub enum Password {
    /// As it is typed.
    Plain(Secret),
    /// The hash of one (crypt(5)).
    Hashed(Secret),
}

/// A kind of network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// With a cable.
    Ethernet,
    /// Without.
    Wifi,
}

/// Addresses of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Whether the network is asked for one (DHCP), too.
    pub is_asked: bool,
    /// Its own.
    pub own: Vec<Cidr>,
    /// Through whom others are reached.
    pub gateways: Vec<IpAddr>,
    /// Who knows names.
    pub name_servers: Vec<IpAddr>,
}

/// An address and the length of its network: `192.168.1.20/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr(IpAddr, u8);

impl FromStr for Cidr {
    type Err = ();

    fn from_str(text: &str) -> Result<Cidr, ()> {
        let (address, bits) = text.split_once('/').ok_or(())?;
        let address = address.parse().map_err(|_| ())?;
        let bits: u8 = bits.parse().map_err(|_| ())?;
        let most = if matches!(address, IpAddr::V4(_)) {
            32
        } else {
            128
        };
        match bits {
            1.. if bits <= most => Ok(Cidr(address, bits)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

/// What was read from one file.
pub struct Read {
    /// What it wants.
    pub wishes: Wishes,
    /// What is wrong with it, in sentences.
    pub problems: Vec<String>,
    /// Where its secrets are, in bytes, in order.
    pub secrets: Vec<std::ops::Range<usize>>,
}

/// Reads one of [`FILES`].
pub fn read(file: &str, bytes: &[u8]) -> Read {
    let mut problems = Vec::new();
    let tree = match tree::read(file, bytes) {
        Ok(tree) => tree,
        Err(problem) => {
            let advice =
                "Nothing of it was used; mend it with a text editor and start the box again.";
            return Read {
                wishes: Wishes::default(),
                problems: vec![format!("{file} cannot be understood: {problem} {advice}")],
                secrets: Vec::new(),
            };
        }
    };
    let mut reader = checks::Reader {
        file,
        problems: &mut problems,
    };
    let wishes = match file {
        pump_toml::FILE => pump_toml::read(&tree, &mut reader),
        preseed::FILE => preseed::read(&tree, &mut reader),
        cloud_init::NETWORK_FILE => cloud_init::read_network(&tree, &mut reader),
        _ => cloud_init::read_user(&tree, &mut reader),
    };
    Read {
        secrets: tree.secrets(),
        wishes,
        problems,
    }
}

impl Wishes {
    /// Takes from `other`, which counts less, what is not said here.
    pub fn or(&mut self, other: Wishes) {
        if self.wifi.is_empty() {
            self.wifi = other.wifi;
        }
        if self.ssh_keys.is_empty() {
            self.ssh_keys = other.ssh_keys;
        }
        self.wants_ssh |= other.wants_ssh;
        for (card, addresses) in other.addresses {
            if self.addresses.iter().all(|(known, _)| *known != card) {
                self.addresses.push((card, addresses));
            }
        }
        self.country = self.country.take().or(other.country);
        self.hostname = self.hostname.take().or(other.hostname);
        self.time_zone = self.time_zone.take().or(other.time_zone);
        self.language = self.language.take().or(other.language);
        self.site = self.site.take().or(other.site);
        self.owner = self.owner.take().or(other.owner);
    }
}

#[cfg(test)]
mod tests;
