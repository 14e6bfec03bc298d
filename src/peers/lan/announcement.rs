//! Says on the local network that this server is there: under one host name, as a web site for every program that looks for some,
//! and as a pump for other pumps (`_pumpio._tcp`), with what these want to know (RFC 6763 §6).

use super::{Lan, Place, is_of_containers, lock};
use crate::store::pins::Fingerprint;
use mdns_sd::{DaemonEvent, IfKind, IfPredicate, RRType, ServiceDaemon, ServiceInfo};
use std::net::IpAddr;

/// The service that only pumps are.
pub(super) const PUMPS: &str = "_pumpio._tcp.local.";

/// The service that every web site is.
const SITES: &str = "_http._tcp.local.";

/// The same, encrypted.
const SECURE_SITES: &str = "_https._tcp.local.";

/// Version of what the text record says.
const TEXT_VERSION: &str = "1";

/// Longest name of an instance, in bytes (RFC 6763 §4.1.1), with some room for a number.
const INSTANCE_BYTES_MAX: usize = 56;

/// Longest name of a site in the text record, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// What is said of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// What tells this server from others, whatever their names.
    pub id: String,
    /// The name of the site.
    pub name: String,
    /// Its host name, which ends in `.local`.
    pub host: String,
    /// Its base URL; nothing before the setup.
    pub url: Option<String>,
    /// The port at which it is found.
    pub port: u16,
    /// Whether it is found by https.
    pub is_secure: bool,
    /// Whether nobody has set it up yet.
    pub needs_setup: bool,
    /// Where it is.
    pub place: Place,
}

/// What was said of this server.
pub(super) struct Announced {
    pub(super) what: Announcement,
    services: Vec<String>,
    /// The host name that it got because another machine had its own.
    renamed: Option<String>,
}

impl Lan {
    /// Says what this server is from now on; nothing withdraws it. What has been said already is not said again.
    pub fn announce(&self, what: Option<Announcement>) {
        let Some(daemon) = self.daemon.get() else {
            return;
        };
        let mut announced = lock(&self.announced);
        if announced.as_ref().map(|known| &known.what) == what.as_ref() {
            return;
        }
        let services = match what.as_ref().map(services).transpose() {
            Ok(services) => services.unwrap_or_default(),
            Err(error) => return log::warn!("this server cannot be announced: {error}"),
        };
        if let Some(before) = announced.take() {
            for name in &before.services {
                let withdrawn = daemon.unregister(name);
                if let Ok(done) = withdrawn {
                    let _ = done.recv_timeout(super::LEAVING_TIME);
                }
            }
        }
        let names = services
            .iter()
            .map(|service| service.get_fullname().to_owned());
        *announced = what.map(|what| {
            log::info!("the local network finds this server as {}", what.host);
            Announced {
                what,
                services: names.collect(),
                renamed: None,
            }
        });
        drop(announced);
        for service in services {
            register(daemon, service);
        }
    }

    /// Under which host name this server wanted to be found, and under which it is because another machine has that.
    pub fn renamed(&self) -> Option<(String, String)> {
        let announced = lock(&self.announced);
        let known = announced.as_ref()?;
        Some((known.what.host.clone(), known.renamed.clone()?))
    }

    /// Under which host name this server is found there; nothing where it is not announced.
    pub fn name(&self) -> Option<String> {
        let announced = lock(&self.announced);
        let known = announced.as_ref()?;
        Some(known.renamed.as_ref().unwrap_or(&known.what.host).clone())
    }

    pub(super) fn note_event(&self, event: DaemonEvent) {
        let change = match event {
            DaemonEvent::NameChange(change) => change,
            DaemonEvent::Error(error) => return log::warn!("on the local network: {error}"),
            _ => return,
        };
        if !matches!(change.rr_type, RRType::A | RRType::AAAA) {
            return;
        }
        let mut announced = lock(&self.announced);
        let Some(known) = announced.as_mut() else {
            return;
        };
        let name = change.new_name.trim_end_matches('.').to_owned();
        if known.renamed.as_ref() != Some(&name) {
            log::warn!(
                "another machine of the local network is called {}: this server is found there as {name}",
                known.what.host
            );
            known.renamed = Some(name);
        }
    }
}

fn register(daemon: &ServiceDaemon, service: ServiceInfo) {
    if let Err(error) = daemon.register(service) {
        log::warn!("this server is not announced: {error}");
    }
}

/// The services that this server is: each with its own text, all at one host name.
fn services(what: &Announcement) -> mdns_sd::Result<Vec<ServiceInfo>> {
    let site = match what.is_secure {
        true => SECURE_SITES,
        false => SITES,
    };
    let path = ("path".to_owned(), "/".to_owned());
    let mut all = vec![
        (site, what.port, vec![path.clone()]),
        (PUMPS, what.port, text(what)),
    ];
    if let Some(padlock) = what.place.padlock.as_ref().filter(|_| !what.is_secure) {
        let certificate = ("fp".to_owned(), words(&padlock.fingerprint));
        let root = ("ca".to_owned(), words(&padlock.root));
        all.push((SECURE_SITES, padlock.port, vec![path, certificate, root]));
    }
    all.into_iter()
        .map(|(kind, port, text)| {
            let host = format!("{}.", what.host);
            let text = text.as_slice();
            let mut service =
                ServiceInfo::new(kind, &instance(what), &host, (), port, text)?.enable_addr_auto();
            let listens = what.place.at.ip();
            let there = IfPredicate::new(move |at| {
                !at.is_loopback() && !is_of_containers(&at.name) && answers(listens, at.ip())
            });
            service.set_interfaces(vec![IfKind::Predicate(there)]);
            Ok(service)
        })
        .collect()
}

/// Whether a server that listens somewhere answers at an address. At a loopback address somebody stands before it.
pub(super) fn answers(listens: IpAddr, address: IpAddr) -> bool {
    match listens {
        _ if listens.is_loopback() => true,
        IpAddr::V4(all) if all.is_unspecified() => address.is_ipv4(),
        IpAddr::V6(all) if all.is_unspecified() => true,
        one => one == address,
    }
}

/// The name of the instance, which people read in lists: the site, and the host, so that two of one name are told apart.
fn instance(what: &Announcement) -> String {
    let host = what.host.trim_end_matches(".local");
    let plain = |text: &str| text.replace(['.', '\\'], " ");
    let end = format!(" on {}", plain(shortened(host, INSTANCE_BYTES_MAX / 2)));
    let room = INSTANCE_BYTES_MAX - end.len();
    plain(shortened(&what.name, room)) + &end
}

fn text(what: &Announcement) -> Vec<(String, String)> {
    let fingerprint = what.place.fingerprint.as_ref().map(words);
    let setup = if what.needs_setup { "1" } else { "0" };
    let all = [
        ("txtvers", Some(TEXT_VERSION)),
        ("id", Some(what.id.as_str())),
        ("name", Some(shortened(&what.name, NAME_BYTES_MAX))),
        ("version", Some(env!("CARGO_PKG_VERSION"))),
        ("url", what.url.as_deref()),
        ("fp", fingerprint.as_deref()),
        ("setup", Some(setup)),
    ];
    all.into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
        .collect()
}

/// A fingerprint as the text record holds it: 64 hexadecimal digits.
fn words(fingerprint: &Fingerprint) -> String {
    fingerprint
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The start of a text, at most so many bytes.
fn shortened(text: &str, bytes_max: usize) -> &str {
    let end = text.floor_char_boundary(bytes_max);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Announcement, INSTANCE_BYTES_MAX, Place, answers, instance, services};
    use crate::peers::lan::Secured;

    fn pump() -> Announcement {
        Announcement {
            id: "7".to_owned(),
            name: "St. Mary's".to_owned(),
            host: "pump.local".to_owned(),
            url: Some("http://pump.local".to_owned()),
            port: 80,
            is_secure: false,
            needs_setup: false,
            place: Place {
                at: ([0, 0, 0, 0], 80).into(),
                fingerprint: Some([0xab; 32]),
                padlock: None,
            },
        }
    }

    #[test]
    fn a_pump_is_a_site_and_a_pump() {
        let services = services(&pump()).expect("they can be said");
        let names: Vec<&str> = services.iter().map(|one| one.get_fullname()).collect();
        let expected = [
            "St  Mary's on pump._http._tcp.local.",
            "St  Mary's on pump._pumpio._tcp.local.",
        ];
        assert_eq!(names, expected);
        let text = |key| services[1].get_property_val_str(key);
        assert_eq!(text("url"), Some("http://pump.local"));
        assert_eq!(text("fp").map(str::len), Some(64));
        assert_eq!((text("txtvers"), text("setup")), (Some("1"), Some("0")));
    }

    #[test]
    fn https_beside_http_is_another_site_of_the_same_host() {
        let mut secured = pump();
        secured.place.padlock = Some(Secured {
            port: 443,
            fingerprint: [1; 32],
            root: [2; 32],
        });
        let services = services(&secured).expect("they can be said");
        let [site, _, https] = services.as_slice() else {
            panic!("three services")
        };
        assert_eq!(
            https.get_fullname(),
            "St  Mary's on pump._https._tcp.local."
        );
        assert_eq!((site.get_port(), https.get_port()), (80, 443));
        assert_eq!(https.get_hostname(), site.get_hostname());
        let text = |key| https.get_property_val_str(key).map(str::to_owned);
        assert_eq!(text("fp"), Some("01".repeat(32)));
        assert_eq!(text("ca"), Some("02".repeat(32)));
    }

    #[test]
    fn long_names_are_shortened_between_letters() {
        for length in 1..100 {
            let long = Announcement {
                name: "ö".repeat(length),
                host: format!("{}.local", "h".repeat(length.min(63))),
                ..pump()
            };
            assert!(instance(&long).len() <= INSTANCE_BYTES_MAX);
            services(&long).expect("they can be said");
        }
    }

    #[test]
    fn only_addresses_that_answer_are_told() {
        for (listens, address, expected) in [
            ("0.0.0.0", "10.0.0.1", true),
            ("0.0.0.0", "fd00::1", false),
            ("::", "10.0.0.1", true),
            ("::", "fe80::1", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("127.0.0.1", "10.0.0.1", true),
        ] {
            let [listens, address] = [listens, address].map(|text| text.parse().expect("one"));
            assert_eq!(answers(listens, address), expected, "{listens} {address}");
        }
    }
}
