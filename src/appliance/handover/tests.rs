//! The files as Raspberry Pi Imager and people write them, and as nobody should.

use super::{Card, FILES, Key, Owner, Password, Read, Wishes, read};
use crate::appliance::{iwd, networkd};
use proptest::prelude::*;

const PMK: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const HASH: &str = "$y$j9T$4nD4McKclDHBj2c8Ia86p1$NhaTzfHeEIaDZpZBL/7nTdx8L7IA2HEDpa8tsc7Ga58";
const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample ann@laptop";

fn fine(file: &str, text: &str) -> Read {
    let read = read(file, text.as_bytes());
    assert_eq!(read.problems, Vec::<String>::new(), "{text}");
    read
}

fn secrets<'t>(read: &Read, text: &'t str) -> Vec<&'t str> {
    let secrets = read.secrets.iter();
    secrets
        .map(|span| text.get(span.clone()).expect("in the text"))
        .collect()
}

fn owner(wishes: &Wishes) -> (&str, &str, bool) {
    let Some(Owner { nickname, password }) = &wishes.owner else {
        panic!("no owner");
    };
    match password {
        Password::Plain(secret) => (nickname.as_str(), secret.reveal(), false),
        Password::Hashed(secret) => (nickname.as_str(), secret.reveal(), true),
    }
}

#[test]
fn our_own_file_says_everything() {
    let text = format!(
        "\u{feff}name = \"Prodromou\"\r\nhostname = \"Attic.local\"\r\ntimezone = \"Europe/Berlin\"\r\nlanguage = \"de-AT\"\r\n\
         [owner]\r\nnickname = \"ann\"\r\npassword = \"alice*secret1\"\r\n\
         [[wifi]]\r\nssid = \"Zu Hause\"\r\npassword = 'se same\\12'\r\ncountry = \"de\"\r\nhidden = true\r\n\
         [[wifi]]\r\nssid = \"Garten\"\r\npassword = 12345678\r\n\
         [ethernet]\r\naddress = \"192.168.1.20/24\"\r\ngateway = \"192.168.1.1\"\r\ndns = [\"192.168.1.1\", \"fd00::1\"]\r\n\
         [ssh]\r\nauthorized_keys = [\"{SSH}\"]\r\n"
    );
    let read = fine("pump.toml", &text);
    let wishes = &read.wishes;
    assert_eq!(wishes.site.as_deref(), Some("Prodromou"));
    assert_eq!(wishes.hostname.as_deref(), Some("attic"));
    assert_eq!(wishes.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(wishes.language.as_deref(), Some("de"));
    assert_eq!(wishes.country.as_deref(), Some("DE"));
    assert_eq!(owner(wishes), ("ann", "alice*secret1", false));
    assert_eq!(wishes.ssh_keys, [SSH]);
    let files: Vec<String> = wishes.wifi.iter().map(iwd::file).collect();
    assert!(files[0].contains("Passphrase=se same\\\\12\n") && files[0].contains("Hidden=true"));
    assert!(files[1].contains("Passphrase=12345678\n"), "{}", files[1]);
    let [(Card::Ethernet, addresses)] = wishes.addresses.as_slice() else {
        panic!("{:?}", wishes.addresses)
    };
    let file = networkd::file(Card::Ethernet, addresses).expect("its own address");
    let lines =
        "DHCP=no\nAddress=192.168.1.20/24\nGateway=192.168.1.1\nDNS=192.168.1.1\nDNS=fd00::1\n";
    assert!(file.contains(lines), "{file}");
    let found = secrets(&read, &text);
    assert_eq!(
        found,
        ["\"alice*secret1\"", "'se same\\12'", "12345678"],
        "with their quotes"
    );
}

#[test]
fn the_example_on_the_card_is_understood() {
    let text = format!(
        "[wlan]\nssid = \"Zu Hause\"\npassword = \"sesame12\"\ncountry = \"DE\"\nhidden = false\n[owner]\nnickname = \"ann\"\n\
         password = \"alice*secret1\"\n[system]\nhostname = \"pump\"\ntimezone = \"Europe/Berlin\"\nlanguage = \"de\"\n\
         [ssh]\nauthorized_keys = [\"{SSH}\"]\n"
    );
    let wishes = fine("pump.toml", &text).wishes;
    assert_eq!(wishes.hostname.as_deref(), Some("pump"));
    assert_eq!(wishes.language.as_deref(), Some("de"));
    assert_eq!(wishes.wifi[0].name(), "Zu Hause");
    assert_eq!(wishes.ssh_keys, [SSH]);
}

#[test]
fn imagers_toml_is_understood() {
    let text = format!(
        "config_version = \"1.0\"\n\n[system]\nhostname = \"attic\"\n\n[user]\nname = \"ann\"\npassword = \"{HASH}\"\n\
         password_encrypted = true\ngroups = [\"sudo\"]\n\n[ssh]\nenabled = true\npassword_authentication = false\n\
         authorized_keys = [\n  \"{SSH}\",\n]\n\n[wlan]\nssid = \"My \\\"Net\\\"\"\npassword = \"{PMK}\"\npassword_encrypted = true\n\
         hidden = false\ncountry = \"GB\"\n\n[locale]\nkeymap = \"gb\"\ntimezone = \"Europe/London\"\n\n\
         [connect]\nenabled = true\nmode = \"token\"\ntoken = \"rpuak_secret\"\n"
    );
    let read = fine("rpi-preseed.toml", &text);
    let wishes = &read.wishes;
    assert_eq!(wishes.hostname.as_deref(), Some("attic"));
    assert_eq!(wishes.country.as_deref(), Some("GB"));
    assert_eq!(wishes.time_zone.as_deref(), Some("Europe/London"));
    assert_eq!(owner(wishes), ("ann", HASH, true));
    assert_eq!(wishes.ssh_keys, [SSH]);
    assert_eq!(wishes.wifi[0].name(), "My \"Net\"");
    assert!(iwd::file(&wishes.wifi[0]).contains(&format!("PreSharedKey={PMK}\n")));
    let found = secrets(&read, &text);
    assert_eq!(found.len(), 3, "{found:?}");
    let bytes = "config_version = \"1.1\"\n[wlan]\nssid_hex = \"ff00\"\npassword = \"12345678\"\n[ethernet]\nmethod = \"static\"\n\
                 address = \"10.0.0.2/8\"\ngateway = \"10.0.0.1\"\ndns = [\"10.0.0.1\"]\n";
    let wishes = fine("rpi-preseed.toml", bytes).wishes;
    assert_eq!(wishes.wifi[0].ssid, [0xff, 0]);
    assert_eq!(wishes.addresses[0].1.own[0].to_string(), "10.0.0.2/8");
}

#[test]
fn imagers_cloud_init_is_understood() {
    let network = format!(
        "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n      dhcp6: true\n      optional: true\n  wifis:\n    wlan0:\n\
         \x20     dhcp4: true\n      regulatory-domain: \"GB\"\n      access-points:\n        \"Grüße \\\"x\\\"\":\n          hidden: true\n\
         \x20         password: \"{PMK}\"\n      optional: true\n"
    );
    let read = fine("network-config", &network);
    let wishes = &read.wishes;
    assert_eq!(wishes.country.as_deref(), Some("GB"));
    assert_eq!(wishes.wifi[0].name(), "Grüße \"x\"");
    assert!(wishes.wifi[0].is_hidden);
    assert!(matches!(&wishes.wifi[0].key, Key::Shared(key) if key.reveal() == PMK));
    let asked = wishes.addresses.iter();
    assert!(
        asked
            .clone()
            .all(|(card, one)| networkd::file(*card, one).is_none())
    );
    assert_eq!(secrets(&read, &network), [format!("\"{PMK}\"")]);

    let user = format!(
        "#cloud-config\nmanage_resolv_conf: false\n\nhostname: attic\nmanage_etc_hosts: true\npackages:\n- avahi-daemon\n\napt:\n  conf: |\n\
         \x20   Acquire {{\n      Check-Date \"false\";\n    }};\n\ntimezone: Europe/London\nkeyboard:\n  model: pc105\n  layout: \"gb\"\n\
         enable_ssh: true\nusers:\n- name: ann\n  groups: users,adm\n  shell: /bin/bash\n  lock_passwd: false\n  passwd: {HASH}\n\
         \x20 ssh_authorized_keys:\n    - {SSH}\n  sudo: ALL=(ALL) NOPASSWD:ALL\n"
    );
    let read = fine("user-data", &user);
    let wishes = &read.wishes;
    assert_eq!(wishes.hostname.as_deref(), Some("attic"));
    assert_eq!(wishes.time_zone.as_deref(), Some("Europe/London"));
    assert_eq!(owner(wishes), ("ann", HASH, true));
    assert_eq!(wishes.ssh_keys, [SSH]);
    assert_eq!(secrets(&read, &user), [HASH]);
}

#[test]
fn addresses_of_netplan_become_those_of_networkd() {
    let text = "network:\n  ethernets:\n    eth0:\n      addresses: [192.168.1.20/24]\n      routes:\n        - to: default\n          via: 192.168.1.1\n\
                \x20     nameservers:\n        addresses: [9.9.9.9]\n  wifis:\n    wlan0:\n      dhcp4: true\n      access-points:\n        \"Cafe\":\n\
                \x20         auth:\n            key-management: none\n";
    let read = read("network-config", text.as_bytes());
    let [open] = read.problems.as_slice() else {
        panic!("{:?}", read.problems)
    };
    assert!(open.contains("open one"), "{open}");
    let (card, addresses) = &read.wishes.addresses[0];
    let file = networkd::file(*card, addresses).expect("its own address");
    assert!(
        file.contains("Address=192.168.1.20/24\nGateway=192.168.1.1\nDNS=9.9.9.9\n"),
        "{file}"
    );
}

#[test]
fn nonsense_is_told_and_the_rest_counts() {
    let text = "hostname = \"-x-\"\ntimezone = \"Mars Base\"\nlanguage = \"xx\"\ncolour = \"red\"\n[owner]\nnickname = \"main\"\npassword = \"alice*secret1\"\n\
                [wifi]\nssid = \"Zu Hause\"\npassword = \"kurz\"\ncountry = \"Germany\"\nchannel = 6\n[ethernet]\naddress = \"192.168.1.20\"\n\
                [ssh]\nauthorized_keys = [\"not a key\"]\n";
    let read_one = read("pump.toml", text.as_bytes());
    let all = read_one.problems.join("\n");
    for part in [
        "`colour`",
        "`channel`",
        "hostname",
        "time zone",
        "language",
        "two letters",
        "8 to 63",
        "reserved",
        "192.168.1.20/24",
        "keys for SSH",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(
        !all.contains("alice*secret1") && !all.contains("kurz"),
        "{all}"
    );
    assert!(read_one.wishes.wifi.is_empty() && read_one.wishes.owner.is_none());
    let only = read("pump.toml", b"nmae = \"x\"\nname = \"y\"");
    assert_eq!(only.wishes.site.as_deref(), Some("y"));

    let deep = format!("a: {}1{}", "[".repeat(40), "]".repeat(40));
    let deep_toml = format!("a = {}1{}", "[".repeat(40), "]".repeat(40));
    let long = "- 1\n".repeat(20_000);
    for (file, text, why) in [
        ("pump.toml", "[wifi\nssid = 1", "line 1"),
        ("pump.toml", "password = \"secret", "line 1"),
        ("pump.toml", deep_toml.as_str(), "too deeply"),
        ("rpi-preseed.toml", "\u{0}", "TOML"),
        ("network-config", deep.as_str(), "too deeply"),
        ("network-config", "a: &x 1\nb: *x", "refers"),
        ("user-data", long.as_str(), "too long"),
        ("user-data", "a: [1, 2\nb: \"", "YAML"),
    ] {
        let read = read(file, text.as_bytes());
        let [problem] = read.problems.as_slice() else {
            panic!("{file}: {:?}", read.problems)
        };
        assert!(problem.contains(why), "{why}: {problem}");
        assert!(!problem.contains("secret\""), "{problem}");
    }
    let read = read("pump.toml", &[0xff, 0xfe, b'a', 0]);
    assert!(read.problems[0].contains("UTF-8"), "{:?}", read.problems);
}

#[test]
fn what_was_taken_over_before_is_no_wish() {
    let text = "[owner]\nnickname = \"ann\"\npassword = \"\"\n[wifi]\nssid = \"Zu Hause\"\npassword = \"\"\n";
    let read = fine("pump.toml", text);
    assert!(read.wishes.owner.is_none() && read.wishes.wifi.is_empty() && read.secrets.is_empty());
}

proptest! {
    #[test]
    fn nothing_that_stands_in_a_file_stops_the_start(bytes in proptest::collection::vec(any::<u8>(), 0..400), which in 0usize..4) {
        let read = read(FILES[which], &bytes);
        prop_assert!(read.secrets.iter().all(|span| span.start <= span.end && span.end <= bytes.len()));
    }

    #[test]
    fn no_text_of_the_right_letters_stops_the_start(text in "[\\[\\]{}:=\"'a-c\\- \n#&*|>?!\\\\]{0,200}", which in 0usize..4) {
        let read = read(FILES[which], text.as_bytes());
        prop_assert!(read.secrets.iter().all(|span| span.start <= span.end && span.end <= text.len()));
    }

    #[test]
    fn every_password_leaves_the_file(password in "[ -~äß€]{8,40}", is_yaml: bool) {
        let quoted = serde_json::to_string(&password).expect("text");
        let (file, text) = match is_yaml {
            true => ("network-config", format!("wifis:\n  w:\n    access-points:\n      x:\n        password: {quoted}\n        hidden: true\n")),
            false => ("pump.toml", format!("[wifi]\nssid = \"x\"\npassword = {quoted}\nhidden = true\n")),
        };
        let read = read(file, text.as_bytes());
        prop_assert_eq!(secrets(&read, &text), vec![quoted.as_str()]);
    }
}
