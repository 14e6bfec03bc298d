//! OAuth 1.0a (RFC 5849) as this server checks it: who signed a request, whether the signature is right, and whether
//! the request is new. What it does not know: routes, and what a caller may do.

mod base_string;
pub(in crate::auth) mod nonces;
mod parameters;
#[cfg(test)]
mod properties;
mod signature;
mod signing;

pub(in crate::auth) use parameters::Parameters;
pub use signing::Key;

use crate::error::Error;
use crate::http::Request;
use crate::store::{clients, engine, request_tokens, tokens};
use hyper::header;
use nonces::Refused;
use signature::{Address, Method, Secrets};

/// Why a request proves nothing.
#[derive(Debug)]
pub(in crate::auth) enum Failure {
    /// A parameter is missing.
    Missing,
    /// `oauth_version` is not `1.0`.
    Version,
    /// Nobody knows this way to sign, or it is not allowed on an open line.
    Method,
    /// There is no client of this id.
    UnknownClient,
    /// There is no such token.
    UnknownToken,
    /// The token belongs to another client, or its user is gone.
    ForeignToken,
    /// The signature is not what the secrets give.
    Signature,
    /// The request was here before, or its time stamp is out of the window.
    Nonce,
    /// Something else stands in the way.
    Other(Error),
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Failure {
        Failure::Other(error.into())
    }
}

impl Failure {
    /// What an API address answers (`pump-api.md §1.1.1`).
    pub(in crate::auth) fn at_api(self) -> Error {
        let (status, text) = match self {
            Failure::Missing => (400, "Missing required parameter"),
            Failure::Version => (400, "Invalid version"),
            Failure::Method => (400, "Invalid Signature Method"),
            Failure::UnknownToken => (400, "Invalid / expired Token"),
            Failure::Signature => (400, "Invalid signature"),
            Failure::UnknownClient | Failure::ForeignToken | Failure::Nonce => {
                (401, "Invalid / used nonce")
            }
            Failure::Other(error) => return error,
        };
        Error::OAuth { status, text }
    }

    /// What `/oauth/request_token` and `/oauth/access_token` answer (`pump-api.md §2.2, §2.4`).
    pub(in crate::auth) fn at_token(self) -> Error {
        let (status, text) = match self {
            Failure::UnknownClient => (400, "Invalid Consumer Key"),
            Failure::UnknownToken | Failure::ForeignToken => (401, "Invalid / expired Token"),
            Failure::Signature => (401, "Invalid signature"),
            other => return other.at_api(),
        };
        Error::OAuth { status, text }
    }
}

/// Who signed a request.
#[derive(Debug)]
pub(in crate::auth) struct Signed {
    /// The client.
    pub(in crate::auth) client: clients::Client,
    /// The user that the client speaks for; none for a request without a token.
    pub(in crate::auth) token: Option<tokens::AccessToken>,
}

/// Proves the client of a request, and the user if there is a token.
pub(in crate::auth) fn prove(request: &Request, asked: &Parameters<'_>) -> Result<Signed, Failure> {
    let stated = Stated::of(asked)?;
    let store = &request.app().store;
    let client = clients::get(store, stated.client)?.ok_or(Failure::UnknownClient)?;
    let token = match asked.get("oauth_token") {
        None => None,
        Some(token) => Some(tokens::get(store, token)?.ok_or(Failure::UnknownToken)?),
    };
    if token
        .as_ref()
        .is_some_and(|token| token.client != client.id)
    {
        return Err(Failure::ForeignToken);
    }
    // A removed user's token has no secret any more; it is refused as one that has ended (`pump-api.md §2.5`).
    if token.as_ref().is_some_and(|token| token.secret.is_empty()) {
        return Err(Failure::ForeignToken);
    }
    let token_secret = token.as_ref().map_or("", |token| &token.secret);
    stated.check(request, asked, &client.secret, token_secret)?;
    if let (Some(known), Some(text)) = (&token, asked.get("oauth_token"))
        && known.is_to_be_noted(request.now)
    {
        store.note(|tx| tokens::touch(tx, text, request.now))?;
    }
    Ok(Signed { client, token })
}

/// Proves the client of a request that carries a request token, alive and the client's own.
pub(in crate::auth) fn prove_exchange(
    request: &Request,
    asked: &Parameters<'_>,
) -> Result<(String, request_tokens::RequestToken), Failure> {
    let stated = Stated::of(asked)?;
    let store = &request.app().store;
    let client = clients::get(store, stated.client)?.ok_or(Failure::UnknownClient)?;
    let token = asked.get("oauth_token").ok_or(Failure::Missing)?;
    let known = request_tokens::get(store, token, request.now)?.ok_or(Failure::UnknownToken)?;
    if known.client != client.id {
        return Err(Failure::ForeignToken);
    }
    stated.check(request, asked, &client.secret, &known.secret)?;
    Ok((token.to_owned(), known))
}

/// What a request says of itself (RFC 5849 §3.1).
struct Stated<'a> {
    client: &'a str,
    method: Method,
    signature: &'a str,
    /// Stamp and nonce; `PLAINTEXT` may do without.
    once: Option<(i64, &'a str)>,
}

impl<'a> Stated<'a> {
    fn of(asked: &'a Parameters<'_>) -> Result<Stated<'a>, Failure> {
        let needed = |name| asked.get(name).ok_or(Failure::Missing);
        let client = needed("oauth_consumer_key")?;
        let method = needed("oauth_signature_method")?;
        let signature = needed("oauth_signature")?;
        let method = Method::named(method).ok_or(Failure::Method)?;
        if asked
            .get("oauth_version")
            .is_some_and(|version| version != "1.0")
        {
            return Err(Failure::Version);
        }
        let once = match (asked.get("oauth_timestamp"), asked.get("oauth_nonce")) {
            (Some(stamp), Some(nonce)) => Some((stamp.parse().map_err(|_| Failure::Nonce)?, nonce)),
            _ if method == Method::Plaintext => None,
            _ => return Err(Failure::Missing),
        };
        Ok(Stated {
            client,
            method,
            signature,
            once,
        })
    }

    /// The signature first, so that a stranger can neither use up nonces nor fill the memory with them.
    fn check(
        &self,
        request: &Request,
        asked: &Parameters<'_>,
        client_secret: &str,
        token_secret: &str,
    ) -> Result<(), Failure> {
        let base = request.app().base();
        let encrypted = request.tls || base.scheme() == "https";
        if self.method == Method::Plaintext && !encrypted {
            return Err(Failure::Method);
        }
        let address = Address {
            method: request.sent_method.as_str(),
            host: request.header(&header::HOST),
            path: &request.path,
            tls: request.tls,
            base,
        };
        let secrets = Secrets {
            client: client_secret,
            token: token_secret,
        };
        if !signature::is_genuine(self.method, self.signature, &address, asked, secrets) {
            return Err(Failure::Signature);
        }
        let Some((stamp, nonce)) = self.once else {
            return Ok(());
        };
        let token = asked.get("oauth_token").unwrap_or_default();
        let nonces = &request.guard.nonces;
        match nonces.accept(self.client, token, stamp, nonce, request.now) {
            Ok(()) => Ok(()),
            Err(Refused::Replay | Refused::OutOfWindow) => Err(Failure::Nonce),
            Err(Refused::TooMany) => Err(Failure::Other(Error::Busy(
                "More requests come than this server can tell apart. Try again later.".to_owned(),
            ))),
        }
    }
}
