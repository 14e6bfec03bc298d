//! A message that only one browser can read (RFC 8291, one record of RFC 8188), and the proof of who sends it (RFC 8292).

use crate::clock::Timestamp;
use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

/// Longest message, in bytes: push services take 4096 in all (RFC 8030 §7.2).
pub(super) const PLAIN_BYTES_MAX: usize = 3000;

/// The length of a record that is named in the head: larger than any message.
const RECORD_BYTES: u32 = 4096;

/// What ends the last record (RFC 8188 §2).
const LAST: u8 = 2;

/// How long a proof counts, in seconds: at most a day (RFC 8292 §2).
const PROOF_SECS: i64 = 12 * 3600;

/// The length of something that is derived.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Seals a message for a browser by its public key and the secret that it shares.
pub(super) fn seal(plain: &[u8], browser: &[u8], secret: &[u8; 16]) -> Result<Vec<u8>, Error> {
    let broken = |_| Error::internal("the system gives no random numbers");
    let random = SystemRandom::new();
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(broken)?;
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(broken)?;
    let public = own.compute_public_key().map_err(broken)?;
    let public = public.as_ref().to_vec();
    let peer = UnparsedPublicKey::new(&ECDH_P256, browser);
    let unusable = |_| Error::invalid("The key of this browser is none.");
    let shared = agree_ephemeral(own, &peer, <[u8]>::to_vec).map_err(unusable)?;

    // RFC 8291 §3.4.
    let info = [b"WebPush: info\0", browser, &public].concat();
    let input = derived(secret, &shared, &info, 32)?;
    let key = derived(&salt, &input, b"Content-Encoding: aes128gcm\0", 16)?;
    let nonce = derived(&salt, &input, b"Content-Encoding: nonce\0", 12)?;

    let mut text = [plain, &[LAST]].concat();
    let impossible = |_| Error::internal("the lengths of keys are fixed");
    let key = UnboundKey::new(&AES_128_GCM, &key).map_err(impossible)?;
    let nonce = Nonce::try_assume_unique_for_key(&nonce).map_err(impossible)?;
    LessSafeKey::new(key)
        .seal_in_place_append_tag(nonce, Aad::empty(), &mut text)
        .map_err(impossible)?;

    let mut sealed = salt.to_vec();
    sealed.extend(RECORD_BYTES.to_be_bytes());
    sealed.push(u8::try_from(public.len()).unwrap_or(u8::MAX));
    sealed.extend(public);
    sealed.extend(text);
    Ok(sealed)
}

fn derived(salt: &[u8], input: &[u8], info: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    let broken = |_| Error::internal("the lengths of keys are fixed");
    let secret = Salt::new(HKDF_SHA256, salt).extract(input);
    let info = [info];
    let expanded = secret.expand(&info, Length(length)).map_err(broken)?;
    let mut out = vec![0; length];
    expanded.fill(&mut out).map_err(broken)?;
    Ok(out)
}

/// A new pair of keys for this server, as PKCS #8.
pub(super) fn new_pair() -> Result<Vec<u8>, Error> {
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let pair = pair.map_err(|_| Error::internal("the system gives no random numbers"))?;
    Ok(pair.as_ref().to_vec())
}

/// The public half of such a pair, as browsers take it.
pub(super) fn public(pair: &[u8]) -> Result<String, Error> {
    Ok(URL_SAFE_NO_PAD.encode(opened(pair)?.public_key()))
}

/// What is sent as `Authorization` to a push service: who sends (`subject`, an address), to whom (`audience`, an origin).
pub(super) fn proof(
    pair: &[u8],
    audience: &str,
    subject: &str,
    now: Timestamp,
) -> Result<String, Error> {
    let head = json!({ "typ": "JWT", "alg": "ES256" }).to_string();
    let claims = json!({ "aud": audience, "exp": now.0 + PROOF_SECS, "sub": subject }).to_string();
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(head),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let opened = opened(pair)?;
    let signature = opened.sign(&SystemRandom::new(), text.as_bytes());
    let signature = signature.map_err(|_| Error::internal("the system gives no random numbers"))?;
    let signature = URL_SAFE_NO_PAD.encode(signature);
    let public = URL_SAFE_NO_PAD.encode(opened.public_key());
    Ok(format!("vapid t={text}.{signature}, k={public}"))
}

fn opened(pair: &[u8]) -> Result<EcdsaKeyPair, Error> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair, &SystemRandom::new())
        .map_err(|_| Error::internal("the key for push services is damaged"))
}

#[cfg(test)]
mod tests {
    use super::{LAST, new_pair, proof, public, seal};
    use crate::clock::Timestamp;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as Verifying};
    use sha2::Sha256;

    fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    }

    /// As RFC 8291 §3.4 writes it, with HMAC alone.
    #[test]
    fn the_browser_reads_what_was_sealed_for_it() {
        let random = SystemRandom::new();
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &random).expect("a key");
        let browser = own
            .compute_public_key()
            .expect("its half")
            .as_ref()
            .to_vec();
        let secret = [9; 16];
        let sealed = seal(b"Hello \xe2\x98\x83", &browser, &secret).expect("sealed");
        let (salt, rest) = sealed.split_at(16);
        assert_eq!(rest[..5], [0, 0, 16, 0, 65]);
        let (server, text) = rest[5..].split_at(65);
        let peer = UnparsedPublicKey::new(&ECDH_P256, server);
        let shared = agree_ephemeral(own, &peer, <[u8]>::to_vec).expect("agreed");
        let info = [b"WebPush: info\0", &browser[..], server, &[1]].concat();
        let input = hmac(&hmac(&secret, &shared), &info);
        let prk = hmac(salt, &input);
        let key = hmac(&prk, b"Content-Encoding: aes128gcm\0\x01");
        let nonce = hmac(&prk, b"Content-Encoding: nonce\0\x01");
        let key = UnboundKey::new(&AES_128_GCM, &key[..16]).expect("a key");
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).expect("a nonce");
        let mut text = text.to_vec();
        let plain = LessSafeKey::new(key).open_in_place(nonce, Aad::empty(), &mut text);
        let expected = [&b"Hello \xe2\x98\x83"[..], &[LAST]].concat();
        assert_eq!(plain.expect("readable"), expected);
        assert!(
            seal(b"x", &[4; 65], &secret).is_err(),
            "a point off the curve"
        );
    }

    #[test]
    fn a_push_service_can_check_who_sends() {
        let pair = new_pair().expect("a pair");
        let now = Timestamp(1_795_217_902);
        let said = proof(&pair, "https://push.test", "https://pump.test", now).expect("a proof");
        let (token, key) = said
            .strip_prefix("vapid t=")
            .and_then(|rest| rest.split_once(", k="))
            .expect("RFC 8292 §3");
        assert_eq!(key, public(&pair).expect("its half"));
        let (text, signature) = token.rsplit_once('.').expect("three parts");
        let key = URL_SAFE_NO_PAD.decode(key).expect("base64");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        Verifying::new(&ECDSA_P256_SHA256_FIXED, key)
            .verify(text.as_bytes(), &signature)
            .expect("signed by it");
        let claims = text.split_once('.').expect("two parts").1;
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(claims["aud"], "https://push.test");
        assert!(claims["exp"].as_i64() < Some(now.0 + 86_400));
    }
}
