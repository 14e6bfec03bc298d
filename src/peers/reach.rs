//! Which hosts and addresses this server asks anything of (`pump-api.md §6.3`): a name that a stranger wrote must not lead to
//! the machines of the household, unless the owner has allowed that.

use super::Failure;
use super::lan::{Lan, is_local};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::sync::Arc;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Hosts that stand in examples and ids, and are nobody's.
const NEVER_ASKED: &[&str] = &[
    "activityschema.org",
    "example.com",
    "example.net",
    "example.org",
];

/// Top-level domains that are nobody's (RFC 2606 §2).
const NEVER_ASKED_BELOW: &[&str] = &["example", "invalid"];

/// Lowest port that may be named in an address, besides those of http and https: below are services that are none of ours.
const PORT_MIN: u16 = 1024;

/// Most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// What may be asked.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Whether addresses of the local network and of this machine are allowed.
    pub lan: bool,
}

impl Reach {
    /// Refuses an address that is none of another server's.
    pub(super) fn check(self, uri: &Uri) -> Result<(), Failure> {
        let refused = |why: &str| Err(Failure::Refused(format!("{uri} is not asked: {why}")));
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return refused("it is neither http nor https");
        }
        let Some(authority) = uri.authority() else {
            return refused("it names no host");
        };
        if authority.as_str().contains('@') {
            return refused("it names a user");
        }
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        let is_below = |name: &&str| {
            host == **name
                || host
                    .strip_suffix(*name)
                    .is_some_and(|rest| rest.ends_with('.'))
        };
        if NEVER_ASKED.iter().chain(NEVER_ASKED_BELOW).any(is_below) {
            return refused("its host is an example");
        }
        match authority.port_u16() {
            None | Some(80 | 443 | PORT_MIN..) => Ok(()),
            Some(_) => refused("its port is one of another service"),
        }
    }

    /// Whether an address may be connected to.
    fn reaches(self, address: IpAddr) -> bool {
        self.lan || is_public(address)
    }
}

/// Looks names up and drops the addresses that are out of reach, so that no name can lead there, however it changes.
#[derive(Debug)]
pub(super) struct WithinReach {
    pub(super) reach: Reach,
    pub(super) lan: Arc<Lan>,
}

impl Resolver for WithinReach {
    fn resolve(
        &self,
        uri: &Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        });
        let mut found = self.empty();
        let mut known = Vec::new();
        if self.reach.lan && is_local(host) {
            known = self.lan.addresses(host, port);
        }
        if known.is_empty() {
            known.extend((host, port).to_socket_addrs()?);
        }
        let within = known.into_iter().filter(|at| self.reach.reaches(at.ip()));
        for address in within.take(ADDRESSES_MAX) {
            found.push(address);
        }
        if found.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(found)
    }
}

/// Whether an address is one of the public Internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        // Between a provider and its customers (RFC 6598).
        || (a == 100 && b & 0xc0 == 64)
        // Protocol assignments (RFC 6890) and benchmarks (RFC 2544).
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18)
        // Multicast, reserved, broadcast.
        || a >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // IPv4 in other clothes: mapped, translated (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            inner(high, low)
        }
        [0x2002, high, low, ..] => inner(high, low),
        // Documentation (RFC 3849), Teredo and other assignments of protocols (RFC 2928).
        [0x2001, 0xdb8, ..] => false,
        [0x2001, second, ..] if second < 0x200 => false,
        // What is global is below 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::{Reach, is_public};

    #[test]
    fn only_public_addresses_are_within_reach() {
        for (address, expected) in [
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("192.0.2.7", false),
            ("224.0.0.251", false),
            ("255.255.255.255", false),
            ("198.18.0.1", false),
            ("93.184.215.14", true),
            ("::1", false),
            ("::", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::fb", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:93.184.215.14", true),
            ("64:ff9b::a00:1", false),
            ("2002:7f00:1::", false),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("2a00:1450:4001:82a::200e", true),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(is_public(address), expected, "{address}");
            assert!(Reach { lan: true }.reaches(address));
        }
    }

    #[test]
    fn addresses_that_are_no_server_s_are_refused() {
        let refused = |text: &str| {
            let uri = text.parse().expect("a URI");
            Reach { lan: true }.check(&uri).is_err()
        };
        for wrong in [
            "ftp://h.test/",
            "/path",
            "http://user@h.test/",
            "http://example.com/",
            "http://www.Example.com./",
            "http://some.invalid/",
            "http://h.test:22/",
            "http://h.test:25/",
        ] {
            assert!(refused(wrong), "{wrong}");
        }
        for right in [
            "http://h.test/",
            "https://h.test:8443/x",
            "http://notexample.com/",
        ] {
            assert!(!refused(right), "{right}");
        }
    }
}
