//! Networks of addresses, as the option `trustProxy` names them: `192.0.2.7`, `10.0.0.0/8`, `fd00::/8`.

use super::given::Values;
use std::net::IpAddr;

/// Most hops that are read of what proxies say.
const HOPS_MAX: usize = 16;

/// One network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    /// How many bits of the address count.
    bits: u32,
}

/// The proxies in front of this server, whose word about who asks is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        (bits <= all).then_some(Network { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.leading_zeros() >= self.bits
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.leading_zeros() >= self.bits
            }
            _ => false,
        }
    }
}

impl TrustedProxies {
    /// The option; what is no network becomes a problem.
    pub(super) fn read(values: &mut Values) -> TrustedProxies {
        let mut networks = Vec::new();
        for text in values.texts("trustProxy") {
            match Network::parse(&text) {
                Some(network) => networks.push(network),
                None => values.problem(
                    "trustProxy",
                    "must be a list of addresses or networks, like [\"127.0.0.1\", \"10.0.0.0/8\"].",
                ),
            }
        }
        TrustedProxies(networks)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is a proxy's.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Who asks: whoever connects, or where that is a proxy the last address in `forwarded` that is none, which are the values of
    /// `X-Forwarded-For` in order. What a stranger wrote stands before that and does not count.
    pub fn caller<'a>(&self, peer: IpAddr, forwarded: impl Iterator<Item = &'a str>) -> IpAddr {
        if !self.contains(peer) {
            return peer;
        }
        let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
        let mut caller = peer;
        for hop in hops.into_iter().rev().take(HOPS_MAX) {
            let Some(address) = address_of(hop.trim()) else {
                break;
            };
            caller = address;
            if !self.contains(address) {
                break;
            }
        }
        caller
    }
}

/// The address in one part of the header, which some proxies write with a port or in brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    let plain: Option<IpAddr> = text.parse().ok();
    let with_port = || text.parse().ok().map(|at: std::net::SocketAddr| at.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = plain.or_else(with_port).or_else(in_brackets)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::{Network, TrustedProxies};
    use std::net::IpAddr;

    fn proxies(networks: &[&str]) -> TrustedProxies {
        let parsed = networks.iter().map(|text| Network::parse(text));
        TrustedProxies(parsed.collect::<Option<_>>().expect("networks"))
    }

    fn at(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in [
            "",
            "proxy.test",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0.0/",
            "10.0.0/8",
            "/8",
        ] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn networks_hold_their_addresses() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.9.8.7", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("0.0.0.0/0", "::1", false),
        ] {
            assert_eq!(
                proxies(&[network]).contains(at(address)),
                expected,
                "{network} {address}"
            );
        }
    }

    #[test]
    fn only_a_proxy_s_word_counts_and_only_what_it_added() {
        let both = proxies(&["127.0.0.1", "10.0.0.0/8"]);
        for (peer, forwarded, caller) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            (
                "127.0.0.1",
                "192.0.2.66, 198.51.100.1, 10.0.0.2",
                "198.51.100.1",
            ),
            ("127.0.0.1", "192.0.2.66,  unknown", "127.0.0.1"),
            ("127.0.0.1", "unknown, 198.51.100.1:5123", "198.51.100.1"),
            ("127.0.0.1", "[2001:db8::9]:443", "2001:db8::9"),
            ("127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "10.0.0.2", "10.0.0.2"),
        ] {
            let got = both.caller(at(peer), [forwarded].into_iter());
            assert_eq!(got, at(caller), "{peer} {forwarded}");
        }
        let none = TrustedProxies::default();
        assert_eq!(
            none.caller(at("127.0.0.1"), ["198.51.100.1"].into_iter()),
            at("127.0.0.1")
        );
    }
}
