//! Checks of single values, whatever file they stand in; what makes no sense becomes a sentence with the name of the file.

use super::tree::Node;
use super::{Addresses, Cidr, Key, Owner, Password, Wifi};
use crate::appliance::shell::{KEYS_MAX, is_key};
use crate::config::Secret;
use crate::ids::Nickname;
use crate::words::Language;
use std::net::IpAddr;

/// Longest name of a network, in bytes (IEEE 802.11).
const SSID_BYTES_MAX: usize = 32;

/// Longest name of a machine, in characters (RFC 1035 §2.3.4).
const HOST_CHARS_MAX: usize = 63;

/// Longest name of a site, in characters.
const SITE_CHARS_MAX: usize = 80;

/// Most addresses, gateways or servers of names.
const ADDRESSES_MAX: usize = 8;

/// Reads values of one file and collects what is wrong with it.
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) problems: &'a mut Vec<String>,
}

impl Reader<'_> {
    /// Notes what is wrong.
    pub(super) fn note(&mut self, sentence: &str) {
        let sentence = format!("{}: {sentence}", self.file);
        self.problems.push(sentence);
    }

    /// The text at a path of keys; an empty one counts as none.
    pub(super) fn text<'n>(&mut self, node: &'n Node, path: &[&str]) -> Option<&'n str> {
        let found = path.iter().try_fold(node, |node, key| node.get(key))?;
        match found.text() {
            Some(text) => Some(text).filter(|text| !text.is_empty()),
            None => {
                self.note(&format!("`{}` is not one text.", path.join(".")));
                None
            }
        }
    }

    /// Whether something is so; `false` where nothing is said.
    pub(super) fn flag(&mut self, node: &Node, path: &[&str]) -> bool {
        match self.text(node, path) {
            None => false,
            Some(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => true,
                "false" | "no" | "off" => false,
                _ => {
                    self.note(&format!("`{}` is neither true nor false.", path.join(".")));
                    false
                }
            },
        }
    }

    pub(super) fn country(&mut self, text: &str) -> Option<String> {
        let country = text.trim().to_ascii_uppercase();
        if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Some(country);
        }
        self.note("the country has two letters, like GB or DE. Wi-Fi uses what is allowed everywhere until it is right.");
        None
    }

    pub(super) fn hostname(&mut self, text: &str) -> Option<String> {
        let host = text.trim().to_ascii_lowercase();
        let host = host.strip_suffix(".local").unwrap_or(&host);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_one = !host.is_empty()
            && host.len() <= HOST_CHARS_MAX
            && host.chars().all(is_plain)
            && !host.starts_with('-')
            && !host.ends_with('-');
        if is_one && host != "localhost" {
            return Some(host.to_owned());
        }
        self.note("the name of the box (hostname) has letters, digits and hyphens, like pump; the box keeps the one that it has.");
        None
    }

    pub(super) fn time_zone(&mut self, text: &str) -> Option<String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-+/".contains(c);
        let is_one = !text.is_empty()
            && text.len() <= 64
            && text.chars().all(is_plain)
            && !text.starts_with('/');
        if is_one {
            return Some(text.to_owned());
        }
        self.note("the time zone is a name like Europe/Berlin.");
        None
    }

    pub(super) fn language(&mut self, text: &str) -> Option<String> {
        if let Some(language) = Language::of_code(text) {
            return Some(language.code().to_owned());
        }
        let known: Vec<_> = Language::ALL.iter().map(|known| known.code()).collect();
        self.note(&format!("the language is one of {}.", known.join(", ")));
        None
    }

    pub(super) fn site(&mut self, text: &str) -> Option<String> {
        let site = text.trim();
        if site.chars().count() <= SITE_CHARS_MAX && !site.chars().any(char::is_control) {
            return Some(site.to_owned());
        }
        self.note(&format!(
            "the name of the pump has at most {SITE_CHARS_MAX} characters."
        ));
        None
    }

    /// A network by its name, its password if there is one, and whether it says its name itself. Where the password is empty it was
    /// taken over before, and nothing is to be done.
    pub(super) fn wifi(
        &mut self,
        ssid: Vec<u8>,
        password: Option<&Node>,
        is_hidden: bool,
    ) -> Option<Wifi> {
        if ssid.is_empty() || ssid.len() > SSID_BYTES_MAX {
            self.note(&format!(
                "the name of a Wi-Fi (ssid) has 1 to {SSID_BYTES_MAX} bytes."
            ));
            return None;
        }
        let name = String::from_utf8_lossy(&ssid).into_owned();
        let key = match password {
            None => {
                self.note(&format!(
                    "the Wi-Fi \u{201c}{name}\u{201d} has no password, so it counts as an open one: whoever is near can read along."
                ));
                Key::Open
            }
            Some(password) => {
                let text = password.text().unwrap_or_default();
                if text.is_empty() {
                    return None;
                }
                let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                let is_typed =
                    (8..=63).contains(&text.len()) && !text.chars().any(char::is_control);
                if is_hex {
                    Key::Shared(Secret::new(text.to_ascii_lowercase()))
                } else if is_typed {
                    Key::Passphrase(Secret::new(text.to_owned()))
                } else {
                    self.note(&format!(
                        "the password of the Wi-Fi \u{201c}{name}\u{201d} cannot be right: it has 8 to 63 characters. The box does not join that Wi-Fi."
                    ));
                    return None;
                }
            }
        };
        Some(Wifi {
            ssid,
            key,
            is_hidden,
        })
    }

    /// The keys of a list, those that are none left out.
    pub(super) fn ssh_keys(&mut self, list: Option<&Node>) -> Vec<String> {
        let mut keys = Vec::new();
        for item in list.map(Node::items).unwrap_or_default() {
            let key = item.text().unwrap_or_default().trim();
            if key.is_empty() {
                continue;
            }
            if !is_key(key) {
                self.note("one of the keys for SSH is none: it begins like ssh-ed25519 AAAA… and stands on one line.");
            } else if keys.len() == KEYS_MAX {
                self.note(&format!(
                    "there are more than {KEYS_MAX} keys for SSH; the others are left out."
                ));
                break;
            } else {
                keys.push(key.to_owned());
            }
        }
        keys
    }

    /// The owner by name and password, which may be a hash; nothing where one is missing. An empty password was taken over before.
    pub(super) fn owner(
        &mut self,
        nickname: Option<&str>,
        password: Option<&Node>,
        is_hashed: bool,
    ) -> Option<Owner> {
        let text = password.map(|password| password.text().unwrap_or_default());
        let (nickname, password) = match (nickname, text) {
            (None, None) | (_, Some("")) => return None,
            (Some(nickname), Some(password)) => (nickname, password),
            (Some(_), None) => {
                self.note(
                    "there is no password for the owner, so the pump is set up with its code.",
                );
                return None;
            }
            (None, Some(_)) => {
                self.note("there is a password, but no name for the owner, so the pump is set up with its code.");
                return None;
            }
        };
        match Nickname::new(nickname) {
            Ok(nickname) => Some(Owner {
                nickname,
                password: match is_hashed {
                    true => Password::Hashed(Secret::new(password.to_owned())),
                    false => Password::Plain(Secret::new(password.to_owned())),
                },
            }),
            Err(sentence) => {
                self.note(&format!(
                    "{sentence} Until then the pump is set up with its code."
                ));
                None
            }
        }
    }

    /// Addresses in the network of a card; nothing where nothing sensible is said.
    pub(super) fn addresses(
        &mut self,
        own: Option<&Node>,
        gateways: &[&str],
        name_servers: Option<&Node>,
        is_asked: bool,
    ) -> Option<Addresses> {
        let texts = |list: Option<&Node>| {
            let items = list.map(Node::items).unwrap_or_default();
            let texts = items.iter().map(|item| item.text().unwrap_or_default());
            texts
                .take(ADDRESSES_MAX)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let mut addresses = Addresses {
            is_asked,
            ..Addresses::default()
        };
        for text in texts(own) {
            match text.parse::<Cidr>() {
                Ok(cidr) => addresses.own.push(cidr),
                Err(()) => self.note(&format!(
                    "`{text}` is no address with the length of its network, like 192.168.1.20/24."
                )),
            }
        }
        let mut read = |text: &str| {
            let address = text.parse::<IpAddr>().ok();
            if address.is_none() {
                self.note(&format!("`{text}` is no address, like 192.168.1.1."));
            }
            address
        };
        addresses.gateways = gateways.iter().filter_map(|text| read(text)).collect();
        addresses.name_servers = texts(name_servers)
            .iter()
            .filter_map(|text| read(text))
            .collect();
        if addresses.own.is_empty() {
            if !is_asked {
                self.note("there is no address to use, so the network is asked for one.");
            }
            addresses = Addresses {
                is_asked: true,
                ..Addresses::default()
            };
        }
        Some(addresses)
    }
}
