//! The authority of the server's own, whose root a family's devices can trust. Whoever trusts it must not have to trust the
//! server with anything but itself, so it is bound twice:
//!
//! - The root and the authority below it may vouch only for the names of this server and for private addresses (RFC 5280
//!   §4.2.1.10). Some programs do not look at that in a root that was installed, all do below it.
//! - The key of the root is thrown away when it has signed the one authority. What is kept can sign nothing else, whoever
//!   steals it.
//!
//! The certificate that is shown is valid for 397 days at most, and for no longer than its authority, and is made anew by the
//! server itself.

use super::x509::Facts;
use super::{AUTHORITY, Pair, certificates, load};
use crate::clock::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType,
};
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::path::Path;
use time::OffsetDateTime;

/// How long the authority is good, in days: ten years.
const AUTHORITY_DAYS: i64 = 3650;

/// How long a certificate is good, in days: the most that devices take.
const DAYS: i64 = 397;

/// Below this part of its life, in hundredths, a certificate is made anew.
const PERCENT_LEFT_MIN: i64 = 33;

const DAY_SECS: i64 = 24 * 3600;

/// How far back a certificate is valid, in seconds, for devices whose clock stands behind: a day.
const BACK_SECS: i64 = DAY_SECS;

/// Networks in which nobody is reached from elsewhere (RFC 1918, RFC 3927, RFC 4193).
const PRIVATE: [([u8; 4], u8); 4] = [
    ([10, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
    ([169, 254, 0, 0], 16),
];

/// The same of IPv6: unique local addresses.
const PRIVATE_V6: (IpAddr, u8) = (
    IpAddr::V6(std::net::Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)),
    7,
);

/// A name that is nobody's (RFC 6761 §6.4). Without any name of a kind an authority would be free to vouch for all of them.
const NOBODY: &str = "invalid";

/// What a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Host names.
    pub hosts: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
}

/// The authority, ready to sign.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    root: CertificateDer<'static>,
    facts: Facts,
}

impl Authority {
    /// Makes an authority that may vouch for these names and private addresses. Its text is what is to be kept as [`AUTHORITY`].
    pub fn make(names: &Names, now: Timestamp) -> Result<(Authority, String), String> {
        let wrong = |error: rcgen::Error| format!("No authority can be made: {error}.");
        let label = names.hosts.first().map_or("home", String::as_str);
        let root_key = KeyPair::generate().map_err(wrong)?;
        let root = authority(&format!("Pumphouse {label}"), 1, names, now);
        let root_certificate = root.self_signed(&root_key).map_err(wrong)?;
        let key = KeyPair::generate().map_err(wrong)?;
        let below = authority(&format!("Pumphouse {label}, daily"), 0, names, now);
        let certificate = below
            .signed_by(&key, &Issuer::from_params(&root, &root_key))
            .map_err(wrong)?;
        let pem = key.serialize_pem() + &certificate.pem() + &root_certificate.pem();
        Ok((Authority::read(pem.as_bytes())?, pem))
    }

    /// The one that is kept, if there is one. The error is a sentence.
    pub fn load(datadir: &Path) -> Result<Option<Authority>, String> {
        let Some(pem) = load(datadir, AUTHORITY)? else {
            return Ok(None);
        };
        let path = super::directory(datadir).join(AUTHORITY);
        let read = Authority::read(&pem);
        let read = read.map_err(|why| format!("{} is damaged: {why}.", path.display()))?;
        Ok(Some(read))
    }

    fn read(pem: &[u8]) -> Result<Authority, String> {
        let text = std::str::from_utf8(pem).map_err(|_| "it is no text".to_owned())?;
        let key = KeyPair::from_pem(text)
            .map_err(|error| format!("no key can be read in it: {error}"))?;
        // That the key is the one of the certificate.
        Pair::read(pem)?;
        let mut all = certificates(pem)?.into_iter();
        let (Some(certificate), Some(root)) = (all.next(), all.next()) else {
            return Err("a certificate is missing".to_owned());
        };
        let facts = Facts::of(&certificate).ok_or("its certificate cannot be read")?;
        let mut params = CertificateParams::default();
        params.distinguished_name = subject_of(&certificate)?;
        params.key_usages = signing();
        Ok(Authority {
            issuer: Issuer::new(params, key),
            certificate,
            root,
            facts,
        })
    }

    /// What devices install (DER).
    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// SHA-256 of what devices install.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.root).into()
    }

    /// Until when it can vouch for anything.
    pub fn end(&self) -> Timestamp {
        self.facts.end
    }

    /// Whether it may vouch for a host name.
    pub fn may_vouch_for(&self, host: &str) -> bool {
        self.facts.permitted.iter().any(|permitted| {
            let before = host.strip_suffix(permitted.as_str());
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    }

    /// Makes a certificate for those of `names` for which it may vouch. Its text is what is to be kept as [`HOME`](super::HOME).
    pub fn vouch(&self, names: &Names, now: Timestamp) -> Result<(Pair, String), String> {
        let wrong = |error: rcgen::Error| format!("No certificate can be made: {error}.");
        let mut params = CertificateParams::default();
        params.not_before = date(Timestamp(now.0 - BACK_SECS));
        let end = Timestamp(now.0 - BACK_SECS + DAYS * DAY_SECS);
        params.not_after = date(end.min(self.facts.end));
        params.distinguished_name = named("Pumphouse at home");
        let hosts = names.hosts.iter().filter(|host| self.may_vouch_for(host));
        let hosts = hosts.map(|host| Ok(SanType::DnsName(host.as_str().try_into()?)));
        let hosts: Result<Vec<SanType>, rcgen::Error> = hosts.collect();
        params.subject_alt_names = hosts.map_err(wrong)?;
        let addresses = names.addresses.iter().copied().map(SanType::IpAddress);
        params.subject_alt_names.extend(addresses);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(wrong)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(wrong)?;
        let chain = [certificate.der(), &self.certificate].map(|der| pem_of(der));
        let pem = key.serialize_pem() + &chain.concat();
        Ok((Pair::read(pem.as_bytes())?, pem))
    }

    /// Whether a certificate is to be made anew: it is in the last third of its life, is of another authority, or lacks a name or
    /// an address that this one may vouch for.
    pub fn is_due(&self, certificate: &[u8], names: &Names, now: Timestamp) -> bool {
        let Some(facts) = Facts::of(certificate) else {
            return true;
        };
        let key = self.issuer.key();
        let known_as = CertificateParams::default().key_identifier(key);
        let mut hosts = names.hosts.iter().filter(|host| self.may_vouch_for(host));
        let mut addresses = names.addresses.iter();
        facts.percent_left(now) < PERCENT_LEFT_MIN
            || facts.begin > now
            || facts.authority_key.as_deref() != Some(&known_as)
            || hosts.any(|host| !facts.hosts.contains(host))
            || addresses.any(|address| !facts.addresses.contains(address))
    }
}

/// Whether an address is one of a home, for which any authority may vouch.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// A certificate as PEM.
pub fn pem_of(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + "-----END CERTIFICATE-----\n"
}

fn authority(name: &str, below: u8, names: &Names, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = date(Timestamp(now.0 - BACK_SECS));
    params.not_after = date(Timestamp(now.0 + AUTHORITY_DAYS * DAY_SECS));
    // The day tells one from its successor in the list of a device.
    params.distinguished_name = named(&format!("{name} ({})", now.day()));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages = signing();
    params.use_authority_key_identifier_extension = below == 0;
    params.name_constraints = Some(constraints(names));
    params
}

fn signing() -> Vec<KeyUsagePurpose> {
    vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]
}

fn constraints(names: &Names) -> NameConstraints {
    let hosts = names.hosts.iter().map(String::as_str);
    let hosts = hosts.chain(names.hosts.is_empty().then_some(NOBODY));
    let hosts = hosts.map(|host| GeneralSubtree::DnsName(host.to_owned()));
    let v4 = PRIVATE.map(|(address, bits)| CidrSubnet::from_v4_prefix(address, bits));
    let v6 = CidrSubnet::from_addr_prefix(PRIVATE_V6.0, PRIVATE_V6.1);
    // An address of its own that is no private one, such as that of this machine alone.
    let own = names.addresses.iter().filter(|one| !is_private(**one));
    let own =
        own.map(|one| CidrSubnet::from_addr_prefix(*one, if one.is_ipv4() { 32 } else { 128 }));
    let networks = v4.into_iter().chain([v6]).chain(own);
    NameConstraints {
        permitted_subtrees: hosts
            .chain(networks.map(GeneralSubtree::IpAddress))
            .collect(),
        excluded_subtrees: Vec::new(),
    }
}

/// The subject of one of our own certificates: what follows its validity begins with the name that we gave it.
fn subject_of(der: &[u8]) -> Result<DistinguishedName, String> {
    let name = super::x509::common_name(der).ok_or("its name cannot be read")?;
    Ok(named(&name))
}

/// Longest common name, in characters (RFC 5280, upper bounds).
const NAME_CHARS_MAX: usize = 64;

fn named(name: &str) -> DistinguishedName {
    let short: String = name.chars().take(NAME_CHARS_MAX).collect();
    let mut all = DistinguishedName::new();
    all.push(DnType::CommonName, short);
    all
}

fn date(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::super::keep;
    use super::{AUTHORITY, Authority, DAY_SECS, DAYS, Facts, Names};
    use crate::clock::Timestamp;
    use std::net::IpAddr;

    const NOW: Timestamp = Timestamp(1_795_217_900);

    fn names(hosts: &[&str], addresses: &[&str]) -> Names {
        let addresses = addresses.iter().map(|text| text.parse::<IpAddr>());
        Names {
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            addresses: addresses.collect::<Result<_, _>>().expect("addresses"),
        }
    }

    #[test]
    fn an_authority_vouches_for_its_own_names_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let datadir = directory.path();
        let home = names(&["pump.local"], &["192.168.1.9", "fd00::9"]);
        let (made, pem) = Authority::make(&home, NOW).expect("made");
        keep(datadir, &[(AUTHORITY, pem.as_bytes())]).expect("written");
        let kept = Authority::load(datadir).expect("readable").expect("kept");
        assert_eq!(kept.fingerprint(), made.fingerprint());
        assert!(kept.may_vouch_for("pump.local") && kept.may_vouch_for("a.pump.local"));
        for other in ["other.local", "bigpump.local", "local", "bank.example"] {
            assert!(!kept.may_vouch_for(other), "{other}");
        }
        let more = names(&["pump.local", "bank.example"], &["192.168.1.9"]);
        let (pair, _) = kept.vouch(&more, NOW).expect("made");
        let facts = Facts::of(pair.certificate()).expect("a certificate");
        assert_eq!(facts.hosts, ["pump.local"]);
        assert_eq!(facts.addresses, more.addresses);
        assert!(facts.end.secs_since(facts.begin) <= DAYS * DAY_SECS);
    }

    #[test]
    fn a_certificate_is_made_anew_in_time_and_when_addresses_change() {
        let home = names(&["pump.local"], &["192.168.1.9"]);
        let (authority, _) = Authority::make(&home, NOW).expect("made");
        let (pair, _) = authority.vouch(&home, NOW).expect("made");
        let later = |days: i64| Timestamp(NOW.0 + days * DAY_SECS);
        let is_due = |names: &Names, at| authority.is_due(pair.certificate(), names, at);
        for (days, expected) in [(0, false), (260, false), (270, true), (500, true)] {
            assert_eq!(is_due(&home, later(days)), expected, "{days}");
        }
        assert!(is_due(&home, later(-9)), "a clock that was ahead");
        let moved = names(&["pump.local"], &["192.168.1.10"]);
        assert!(is_due(&moved, NOW));
        let fewer = names(&["pump.local", "bank.example"], &[]);
        assert!(!is_due(&fewer, NOW), "nothing is missing");
        let (other, _) = Authority::make(&home, NOW).expect("made");
        assert!(other.is_due(pair.certificate(), &home, NOW));
    }
}
