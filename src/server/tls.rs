//! TLS with rustls and ring: the key and the certificate chain from two PEM files, read again when they change, so that a
//! renewed certificate needs no restart. Broken new files leave the old ones in use.

use crate::certificates::shown;
use crate::config::TlsFiles;
use crate::store::pins::Fingerprint;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

/// The certificate in use.
pub(super) struct Tls {
    files: TlsFiles,
    look_every: Duration,
    state: Mutex<State>,
}

struct State {
    config: Arc<ServerConfig>,
    stamp: Stamp,
    looked: Instant,
}

/// What changes when a file does: length and time of each.
type Stamp = [Option<(u64, std::time::SystemTime)>; 2];

impl Tls {
    /// Reads the files, and looks every so often whether they changed; the error is a sentence for the person who starts
    /// the server.
    pub(super) fn open(files: TlsFiles, look_every: Duration) -> Result<Tls, String> {
        let stamp = stamp(&files);
        let config = read(&files)?;
        Ok(Tls {
            files,
            look_every,
            state: Mutex::new(State {
                config,
                stamp,
                looked: Instant::now(),
            }),
        })
    }

    /// What makes the next handshake.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= self.look_every {
            state.looked = Instant::now();
            let stamp = stamp(&self.files);
            if stamp != state.stamp {
                state.stamp = stamp;
                match read(&self.files) {
                    Ok(config) => {
                        log::info!("the certificate changed and is in use");
                        state.config = config;
                    }
                    Err(sentence) => log::error!("{sentence} The old certificate stays in use."),
                }
            }
        }
        TlsAcceptor::from(Arc::clone(&state.config))
    }
}

/// Reads key and certificate as a server does, and gives the server's own certificate (DER); the error is a sentence.
pub fn check(files: &TlsFiles) -> Result<CertificateDer<'static>, String> {
    read(files)?;
    CertificateDer::from_pem_file(&files.cert)
        .map_err(|error| unreadable("certificate", &files.cert, error))
}

fn stamp(files: &TlsFiles) -> Stamp {
    [&files.key, &files.cert].map(|path| {
        let facts = fs::metadata(path).ok()?;
        Some((facts.len(), facts.modified().ok()?))
    })
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, String> {
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unreadable("key", &files.key, error))?;
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("certificate", &files.cert, error))?;
    if chain.is_empty() {
        return Err(unreadable(
            "certificate",
            &files.cert,
            "no certificate is in it",
        ));
    }
    let unusable = |error| {
        format!(
            "The certificate in {} and the key in {} cannot be used: {error}.",
            files.cert.display(),
            files.key.display()
        )
    };
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    Ok(Arc::new(shown::tuned(config).map_err(unusable)?))
}

/// SHA-256 of the server's own certificate (DER); nothing where it cannot be read.
pub fn fingerprint(files: &TlsFiles) -> Option<Fingerprint> {
    let certificate = CertificateDer::from_pem_file(&files.cert).ok()?;
    Some(Sha256::digest(&certificate).into())
}

fn unreadable(what: &str, path: &Path, error: impl std::fmt::Display) -> String {
    format!("The {what} in {} cannot be read: {error}.", path.display())
}
