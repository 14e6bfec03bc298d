//! Signs requests to other servers (RFC 5849 §3.4.2, §3.5.1), in the form of pump.io's: HMAC-SHA1, parameters in the header.

use super::base_string::{authority, base_string, encode, parameters};
use super::parameters::{Pair, form_pairs};
use crate::clock::Timestamp;
use crate::ids::random_text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// With what a request to another server is signed.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The id that the other server gave us.
    pub client: &'a str,
    /// The secret that belongs to it.
    pub secret: &'a str,
    /// A token for one of its users, with its secret.
    pub token: Option<(&'a str, &'a str)>,
}

impl Key<'_> {
    /// The `Authorization` header of a request to `url`; `more` are further parameters of OAuth, such as a verifier.
    pub fn sign(self, method: &str, url: &str, more: &[(&str, &str)], now: Timestamp) -> String {
        self.sign_with(method, url, more, now, &random_text::<24>())
    }

    fn sign_with(
        self,
        method: &str,
        url: &str,
        more: &[(&str, &str)],
        now: Timestamp,
        nonce: &str,
    ) -> String {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let rest = rest.split('#').next().unwrap_or_default();
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let at = address.find('/').unwrap_or(address.len());
        let (host, path) = address.split_at(at);
        let path = if path.is_empty() { "/" } else { path };
        let timestamp = now.0.to_string();
        let mut own = vec![
            ("oauth_consumer_key", self.client),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", timestamp.as_str()),
            ("oauth_version", "1.0"),
        ];
        own.extend(self.token.map(|(token, _)| ("oauth_token", token)));
        own.extend(more);
        own.sort_unstable();
        let mut all: Vec<Pair<'_>> = Vec::with_capacity(own.len() + 4);
        all.extend(own.iter().map(|(name, value)| -> Pair<'_> {
            (name.as_bytes().into(), value.as_bytes().into())
        }));
        all.extend(form_pairs(query.as_bytes()));
        let text = base_string(
            method,
            scheme,
            &authority(host, scheme),
            path,
            &parameters(all.iter()),
        );
        let token_secret = self.token.map_or("", |(_, secret)| secret);
        let secrets = [self.secret, token_secret].map(|secret| encode(secret.as_bytes()));
        let mut mac = Hmac::<Sha1>::new_from_slice(secrets.join("&").as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        own.push(("oauth_signature", &signature));
        let fields: Vec<String> = own
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", encode(value.as_bytes())))
            .collect();
        format!("OAuth {}", fields.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::Key;
    use crate::clock::Timestamp;

    /// Two requests of a real pump.io server to another.
    #[test]
    fn signatures_are_those_of_pump_io() {
        let key = Key {
            client: "9kSwtIqGhIhZDD9cJ72Hnw",
            secret: "_Pw_Mqp-8-5AD7-MuMir3waoQ1tW5KmC_VG_uWZfNfA",
            token: None,
        };
        let header = key.sign_with(
            "GET",
            "http://pump-b.test/api/user/bob/profile",
            &[],
            Timestamp(1_795_217_368),
            "ekFiy2ow8gRPKMnNMXcDZKyWa338AJjZ",
        );
        assert_eq!(
            header,
            "OAuth oauth_consumer_key=\"9kSwtIqGhIhZDD9cJ72Hnw\",oauth_nonce=\"ekFiy2ow8gRPKMnNMXcDZKyWa338AJjZ\",\
             oauth_signature_method=\"HMAC-SHA1\",oauth_timestamp=\"1795217368\",oauth_version=\"1.0\",\
             oauth_signature=\"uvrNf6lLo6CBa5MWbqZU8XPCAVc%3D\""
        );
        let user = Key {
            token: Some((
                "huLPvxMiNyAVoguwtYC80Q",
                "ocMLxFH-WmCpc_f_6ABW0mr9ZUNOASIE-33HneKBRJs",
            )),
            ..key
        };
        let header = user.sign_with(
            "GET",
            "http://pump-b.test/api/whoami",
            &[],
            Timestamp(1_795_217_433),
            "7Pt4UkTLjZxtk5QDwcc6qgMcbbdDU6J6",
        );
        assert!(
            header.ends_with(
                "oauth_token=\"huLPvxMiNyAVoguwtYC80Q\",oauth_version=\"1.0\",\
                 oauth_signature=\"tXfGGJu1DXX8BRC0lXHlU6KEh94%3D\""
            ),
            "{header}"
        );
    }
}
