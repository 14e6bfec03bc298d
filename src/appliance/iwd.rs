//! Networks as iwd keeps them (iwd.network(5)): one file for each, named after it.

use crate::appliance::handover::{Key, Wifi};
use std::fmt::Write as _;

/// The name of the file of a network.
pub fn file_name(wifi: &Wifi) -> String {
    let kind = match wifi.key {
        Key::Open => "open",
        Key::Passphrase(_) | Key::Shared(_) => "psk",
    };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" _-".contains(byte);
    match std::str::from_utf8(&wifi.ssid) {
        Ok(name) if wifi.ssid.iter().all(is_plain) => format!("{name}.{kind}"),
        _ => {
            let hex = wifi.ssid.iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").expect("a String takes all");
                hex
            });
            format!("={hex}.{kind}")
        }
    }
}

/// The name of the network that a file is of; nothing for another kind of file.
pub fn name_of(file: &str) -> Option<String> {
    let (name, kind) = file.rsplit_once('.')?;
    if !matches!(kind, "open" | "psk") {
        return None;
    }
    let Some(hex) = name.strip_prefix('=') else {
        return Some(name.to_owned());
    };
    let pairs = hex.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let bytes: Option<Vec<u8>> = bytes.collect();
    Some(String::from_utf8_lossy(&bytes?).into_owned())
}

/// What stands in it.
pub fn file(wifi: &Wifi) -> String {
    let mut out = String::new();
    match &wifi.key {
        Key::Open => {}
        Key::Passphrase(secret) => {
            let escaped = escaped(secret.reveal());
            writeln!(out, "[Security]\nPassphrase={escaped}\n").expect("a String takes all");
        }
        Key::Shared(secret) => {
            let hex = secret.reveal();
            writeln!(out, "[Security]\nPreSharedKey={hex}\n").expect("a String takes all");
        }
    }
    out.push_str("[Settings]\nAutoConnect=true\n");
    if wifi.is_hidden {
        out.push_str("Hidden=true\n");
    }
    out
}

/// A value as iwd reads it back: spaces at its ends would be dropped, and a backslash begins an escape.
fn escaped(value: &str) -> String {
    let spaces = value.len() - value.trim_start_matches(' ').len();
    let inner = value.get(spaces..).unwrap_or_default();
    let after = inner.len() - inner.trim_end_matches(' ').len();
    let inner = inner.trim_end_matches(' ').replace('\\', "\\\\");
    format!("{}{inner}{}", "\\s".repeat(spaces), "\\s".repeat(after))
}

#[cfg(test)]
mod tests {
    use super::{escaped, file, file_name, name_of};
    use crate::appliance::handover::{Key, Wifi};
    use crate::config::Secret;

    fn wifi(ssid: &[u8], key: Key) -> Wifi {
        Wifi {
            ssid: ssid.to_vec(),
            key,
            is_hidden: false,
        }
    }

    #[test]
    fn names_of_networks_become_names_of_files() {
        let psk = || Key::Passphrase(Secret::new("12345678".to_owned()));
        assert_eq!(file_name(&wifi(b"My Home_5-G", psk())), "My Home_5-G.psk");
        assert_eq!(file_name(&wifi(b"Cafe", Key::Open)), "Cafe.open");
        assert_eq!(
            file_name(&wifi("Grüße".as_bytes(), psk())),
            "=4772c3bcc39f65.psk"
        );
        assert_eq!(file_name(&wifi(b"../x", psk())), "=2e2e2f78.psk");
        assert_eq!(file_name(&wifi(&[0xff, 0x00], Key::Open)), "=ff00.open");
        assert_eq!(name_of("My Home_5-G.psk").as_deref(), Some("My Home_5-G"));
        assert_eq!(name_of("=4772c3bcc39f65.psk").as_deref(), Some("Grüße"));
        for none in ["hotspot.8021x", "=47zz.psk", ".known_network.freq", "psk"] {
            assert_eq!(name_of(none), None, "{none}");
        }
    }

    #[test]
    fn passwords_come_back_as_they_are() {
        assert_eq!(escaped("  a \\ b "), "\\s\\sa \\\\ b\\s");
        let hidden = Wifi {
            is_hidden: true,
            ..wifi(b"x", Key::Shared(Secret::new("ab".repeat(32))))
        };
        let text = file(&hidden);
        let key = format!("[Security]\nPreSharedKey={}\n", "ab".repeat(32));
        assert!(text.starts_with(&key), "{text}");
        assert!(text.ends_with("Hidden=true\n"), "{text}");
        assert_eq!(
            file(&wifi(b"x", Key::Open)),
            "[Settings]\nAutoConnect=true\n"
        );
    }
}
