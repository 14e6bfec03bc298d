//! TLS to other servers. Public authorities vouch for them; on the local network, where the owner lets other servers be, the
//! certificate that a server had at first does as well (`pins`).

use super::pins::Pins;
use super::reach::is_public;
use crate::clock::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
};
use std::fmt;
use std::sync::{Arc, OnceLock};
use ureq::http::Uri;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

/// Makes connections secure where the address says https.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    authorities: Arc<WebPkiServerVerifier>,
    config: Arc<ClientConfig>,
    /// What counts on the local network; nothing where no server may be there.
    pins: Option<Arc<Pins>>,
}

/// A certificate that does not count.
#[derive(Debug)]
pub(super) struct Untrusted(pub(super) String);

impl Tls {
    pub(super) fn new(pins: Option<Arc<Pins>>) -> Tls {
        Tls {
            pins,
            ..Tls::trusting(&[])
        }
    }

    /// That trusts these authorities, too.
    pub(super) fn trusting(more: &[CertificateDer<'static>]) -> Tls {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        roots.add_parsable_certificates(more.iter().cloned());
        let authorities =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .expect("the public authorities are some");
        Tls {
            config: Arc::new(config(&provider, Arc::clone(&authorities) as _)),
            provider,
            authorities,
            pins: None,
        }
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, Secured>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Either<In, Secured>>, ureq::Error> {
        let Some(plain) = chained else {
            return Ok(None);
        };
        if !details.needs_tls() {
            return Ok(Some(Either::A(plain)));
        }
        let host = details.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| ureq::Error::Tls("the host has no name that a certificate can have"))?;
        let why_not = Arc::new(OnceLock::new());
        let is_near = details.addrs.iter().all(|at| !is_public(at.ip()));
        let config = match self.pins.as_ref().filter(|_| is_near) {
            None => Arc::clone(&self.config),
            Some(pins) => {
                let near = Near {
                    authorities: Arc::clone(&self.authorities),
                    provider: Arc::clone(&self.provider),
                    pins: Arc::clone(pins),
                    host: pinned_name(details.uri),
                    why_not: Arc::clone(&why_not),
                };
                let mut config = config(&self.provider, Arc::new(near));
                config.resumption = Resumption::disabled();
                Arc::new(config)
            }
        };
        let mut conn = ClientConnection::new(config, name)
            .map_err(|error| ureq::Error::Other(Box::new(error)))?;
        let mut sock = TransportAdapter::new(plain.boxed(), Arc::clone(&details.current_time));
        sock.set_timeout(details.timeout);
        conn.complete_io(&mut sock)
            .map_err(|error| match why_not.get() {
                Some(why) => ureq::Error::Other(Box::new(Untrusted(String::clone(why)))),
                None => error.into(),
            })?;
        let config = details.config;
        Ok(Some(Either::B(Secured {
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            stream: StreamOwned::new(conn, sock),
        })))
    }
}

/// Under which name the certificate of an address is kept: the host, with the port where that is not 443.
pub(super) fn pinned_name(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default().trim_end_matches('.');
    match uri.port_u16() {
        None | Some(443) => host.to_ascii_lowercase(),
        Some(port) => format!("{}:{port}", host.to_ascii_lowercase()),
    }
}

fn config(provider: &Arc<CryptoProvider>, verifier: Arc<dyn ServerCertVerifier>) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth()
}

/// Judges the certificate of a server on the local network: authorities first, then what is kept of it.
struct Near {
    authorities: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
    pins: Arc<Pins>,
    host: String,
    why_not: Arc<OnceLock<String>>,
}

impl ServerCertVerifier for Near {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let vouched = self
            .authorities
            .verify_server_cert(certificate, chain, name, ocsp, now);
        if vouched.is_ok() {
            return vouched;
        }
        let now = Timestamp(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        match self.pins.judge(&self.host, certificate, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(why) => {
                let _ = self.why_not.set(why.clone());
                Err(rustls::Error::General(why))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// A connection with TLS.
pub(super) struct Secured {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for Secured {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        use std::io::Write as _;
        self.stream.sock.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        use std::io::Read as _;
        self.stream.sock.set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Untrusted {}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl fmt::Debug for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Near").field("host", &self.host).finish()
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::pinned_name;

    #[test]
    fn a_port_that_is_not_443_is_part_of_the_name() {
        for (url, expected) in [
            ("https://B.local/x", "b.local"),
            ("https://b.local.:443/", "b.local"),
            ("https://b.local:8443/", "b.local:8443"),
            ("https://[::1]:8443/", "[::1]:8443"),
        ] {
            assert_eq!(pinned_name(&url.parse().expect("a URI")), expected);
        }
    }
}
