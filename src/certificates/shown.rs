//! Which certificate who connects is shown: the public one at the public name, the one of the server's own everywhere else, and to
//! an authority that asks whether the name is ours its proof (RFC 8737 §3). Certificates are exchanged while handshakes go on.

use super::Pair;
use crate::clock::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What an authority speaks that asks for a proof (RFC 8737 §4).
pub const PROOF_PROTOCOL: &[u8] = b"acme-tls/1";

/// HTTP/2 in ALPN (RFC 9113 §3.1).
pub const H2_PROTOCOL: &[u8] = b"h2";

/// The certificates.
#[derive(Default)]
pub struct Shown(RwLock<State>);

#[derive(Default)]
struct State {
    home: Option<Pair>,
    public: Option<Public>,
    /// For a name, the proof that it is ours.
    proof: Option<(String, Pair)>,
}

/// The public certificate.
#[derive(Clone, Debug)]
pub struct Public {
    /// The name or address that it is for.
    pub name: String,
    /// The certificate.
    pub pair: Pair,
    /// Until when it is valid.
    pub end: Timestamp,
}

impl Shown {
    /// The one of the server's own.
    pub fn home(&self) -> Option<Pair> {
        self.read().home.clone()
    }

    /// Shows one of the server's own from now on, or none.
    pub fn set_home(&self, pair: Option<Pair>) {
        self.write().home = pair;
    }

    /// The public one.
    pub fn public(&self) -> Option<Public> {
        self.read().public.clone()
    }

    /// Shows a public one from now on, or none.
    pub fn set_public(&self, public: Option<Public>) {
        self.write().public = public;
    }

    /// Shows a proof for a name, or none any more.
    pub fn set_proof(&self, proof: Option<(String, Pair)>) {
        self.write().proof = proof;
    }

    /// How handshakes are made with these certificates. The error is a sentence.
    pub fn handshakes(self: &Arc<Shown>) -> Result<ServerConfig, String> {
        let unusable = |error| format!("No encrypted connection can be made: {error}.");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as _);
        let mut config = tuned(config).map_err(unusable)?;
        config.alpn_protocols.push(PROOF_PROTOCOL.to_vec());
        Ok(config)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all handshakes of this server have in common.
pub fn tuned(mut config: ServerConfig) -> Result<ServerConfig, rustls::Error> {
    config.alpn_protocols = vec![H2_PROTOCOL.to_vec(), b"http/1.1".to_vec()];
    // Resumption costs the server no memory this way: the caller keeps the ticket.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = ring::Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(config)
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut protocols = hello.alpn().into_iter().flatten();
        let wants_proof = protocols.any(|protocol| protocol == PROOF_PROTOCOL);
        let pair = self.read().choose(hello.server_name(), wants_proof)?;
        Some(pair.ready)
    }
}

impl State {
    fn choose(&self, asked: Option<&str>, wants_proof: bool) -> Option<Pair> {
        let asked = asked.map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        if wants_proof {
            let (name, pair) = self.proof.as_ref()?;
            return (asked? == proof_name(name)).then(|| pair.clone());
        }
        let public = self.public.as_ref();
        // Who asks for an address names none.
        let is_public = |public: &&Public| match &asked {
            Some(asked) => *asked == public.name,
            None => public.name.parse::<IpAddr>().is_ok(),
        };
        let public = public.filter(is_public).map(|public| &public.pair);
        public.or(self.home.as_ref()).cloned()
    }
}

/// How an authority names what it wants a proof of: an address as the DNS has it backwards (RFC 8738 §6).
fn proof_name(name: &str) -> String {
    match name.parse() {
        Ok(IpAddr::V4(address)) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Ok(IpAddr::V6(address)) => {
            let bytes = address.octets();
            let digits = bytes.iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            let digits: String = digits.map(|digit| format!("{digit:x}.")).collect();
            format!("{digits}ip6.arpa")
        }
        Err(_) => name.to_owned(),
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::own::{Authority, Names};
    use super::{Public, Shown, proof_name};
    use crate::clock::Timestamp;

    #[test]
    fn each_name_has_its_certificate() {
        let names = Names {
            hosts: vec!["pump.local".to_owned()],
            addresses: Vec::new(),
        };
        let now = Timestamp(1_795_217_900);
        let (authority, _) = Authority::make(&names, now).expect("made");
        let pair = || authority.vouch(&names, now).expect("made").0;
        let (home, public, proof) = (pair(), pair(), pair());
        let shown = Shown::default();
        let choose = |name: Option<&str>, wants_proof| {
            let pair = shown.read().choose(name, wants_proof)?;
            Some(pair.certificate().clone())
        };
        assert_eq!(choose(Some("pump.local"), false), None);
        shown.set_home(Some(home.clone()));
        let own = Some(home.certificate().clone());
        assert_eq!(choose(None, false), own);
        assert_eq!(choose(Some("pump.example"), false), own);
        assert_eq!(choose(Some("pump.example"), true), None);
        let mut known = Public {
            name: "pump.example".to_owned(),
            pair: public.clone(),
            end: now,
        };
        shown.set_public(Some(known.clone()));
        let theirs = Some(public.certificate().clone());
        assert_eq!(choose(Some("Pump.Example."), false), theirs);
        assert_eq!(choose(Some("pump.local"), false), own);
        assert_eq!(choose(None, false), own);
        known.name = "93.184.215.14".to_owned();
        shown.set_public(Some(known));
        assert_eq!(choose(None, false), theirs);
        shown.set_proof(Some(("pump.example".to_owned(), proof.clone())));
        let proven = Some(proof.certificate().clone());
        assert_eq!(choose(Some("pump.example"), true), proven);
        assert_eq!(choose(Some("other.example"), true), None);
        assert_eq!(choose(None, true), None);
    }

    #[test]
    fn addresses_are_proved_backwards() {
        assert_eq!(proof_name("pump.example"), "pump.example");
        assert_eq!(proof_name("192.0.2.7"), "7.2.0.192.in-addr.arpa");
        let v6 = proof_name("2001:db8::1");
        assert!(v6.starts_with("1.0.0.0.") && v6.ends_with("8.b.d.0.1.0.0.2.ip6.arpa"));
    }
}
