//! What an authority is asked with that gives public certificates: a key, a request for it (RFC 2986), and the certificate that
//! proves that a name is ours (RFC 8737 §3).

use super::Pair;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};

/// A new key, as PEM.
pub fn new_key() -> Result<String, String> {
    Ok(KeyPair::generate()
        .map_err(|error| wrong(&error))?
        .serialize_pem())
}

/// The request for a certificate of a name or an address, with a key (DER).
pub fn request(key: &str, name: &str) -> Result<Vec<u8>, String> {
    let key = KeyPair::from_pem(key).map_err(|error| wrong(&error))?;
    let request = params(name)?
        .serialize_request(&key)
        .map_err(|error| wrong(&error))?;
    Ok(request.der().to_vec())
}

/// A certificate for a name or an address that has a digest in it.
pub fn proof(name: &str, digest: &[u8]) -> Result<Pair, String> {
    let key = KeyPair::generate().map_err(|error| wrong(&error))?;
    let mut params = params(name)?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key).map_err(|error| wrong(&error))?;
    Pair::made(certificate.der().clone(), key.serialize_der())
}

fn params(name: &str) -> Result<CertificateParams, String> {
    let mut params =
        CertificateParams::new(vec![name.to_owned()]).map_err(|error| wrong(&error))?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params)
}

fn wrong(error: &rcgen::Error) -> String {
    format!("No certificate can be asked for: {error}.")
}
