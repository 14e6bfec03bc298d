//! PKCE (RFC 7636): who exchanges a code must be who asked for it. Only `S256`: a plain challenge could be read on its way.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Whether a text can be a challenge: 32 bytes in base64.
pub(super) fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a verifier is what the challenge was made of.
pub(super) fn is_right(challenge: &str, verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_verifier = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
    let made = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    is_verifier && bool::from(made.as_bytes().ct_eq(challenge.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{is_challenge, is_right};

    #[test]
    fn the_example_of_rfc_7636_is_right() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_challenge(challenge));
        assert!(is_right(challenge, verifier));
        assert!(!is_right(challenge, challenge));
        assert!(!is_right(challenge, ""));
        for wrong in ["", "short", &format!("{challenge}="), &"A".repeat(64)] {
            assert!(!is_challenge(wrong), "{wrong}");
        }
    }
}
