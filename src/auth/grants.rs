//! How a client comes to speak for a user (`pump-api.md §2.2–2.4`): it asks for a request token, the user agrees in the
//! browser, and the client exchanges the request token for an access token. The pages are in `web/oauth.rs`.

use super::addresses::{self, http_origin};
use super::oauth1::{self, Failure, Parameters};
use super::{Client, LocalUser, Visitor};
use crate::error::Error;
use crate::http::Request;
use crate::ids::{UserId, random_text};
use crate::store::request_tokens::{self, Consent, RequestToken};
use crate::store::tokens::{self, Pair};
use crate::store::{clients, users};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The callback of clients that have no address: the user carries the verifier over.
pub const OUT_OF_BAND: &str = "oob";

/// Longest callback, in bytes.
const CALLBACK_BYTES_MAX: usize = 2000;

/// An authorisation that waits for the user's word.
#[derive(Debug)]
pub struct Pending {
    /// The request token.
    pub token: String,
    /// The client that asks.
    pub client: clients::Client,
    /// What is kept of the request token.
    record: RequestToken,
}

/// An authorisation that the user agreed to.
#[derive(Debug)]
pub struct Agreed {
    /// The request token.
    pub token: String,
    /// What the client must show for the access token.
    pub verifier: String,
    /// Where the user goes now: the client's address with token and verifier; none for out of band.
    pub location: Option<String>,
}

/// Answers `/oauth/request_token`: proves the client, wants `oauth_callback`, and makes a request token. Failures are 400
/// and 401 as `pump-api.md §2.2` says.
pub fn begin(request: &Request) -> Result<Pair, Error> {
    let asked = Parameters::of(request).ok_or_else(|| Failure::Missing.at_token())?;
    let signed = oauth1::prove(request, &asked).map_err(Failure::at_token)?;
    let callback = asked
        .get("oauth_callback")
        .ok_or_else(|| Failure::Missing.at_token())?;
    let is_address = http_origin(callback).is_some() && callback.len() <= CALLBACK_BYTES_MAX;
    if callback != OUT_OF_BAND && !is_address {
        return Err(Error::OAuth {
            status: 400,
            text: "Invalid callback URL",
        });
    }
    let pair = Pair {
        token: request_tokens::random(request.now),
        secret: random_text::<32>(),
    };
    let record = RequestToken {
        secret: pair.secret.clone(),
        client: signed.client.id,
        callback: callback.to_owned(),
        created: request.now,
        consent: None,
    };
    let store = &request.app().store;
    store.write(|tx| request_tokens::add(tx, &pair.token, &record))?;
    Ok(pair)
}

/// The authorisation of a request token that is alive; 400 for any other.
pub fn pending(request: &Request, token: &str) -> Result<Pending, Error> {
    let store = &request.app().store;
    let record = request_tokens::get(store, token, request.now)?.ok_or_else(too_old)?;
    let client = clients::get(store, &record.client)?.ok_or_else(too_old)?;
    Ok(Pending {
        token: token.to_owned(),
        client,
        record,
    })
}

impl Pending {
    /// Where the user will be sent: scheme and authority of the callback; none for out of band.
    pub fn origin(&self) -> Option<&str> {
        http_origin(&self.record.callback)
    }

    /// Whether the user need not be asked: the client has a token for the user, and the user has agreed to be sent to
    /// this very place before.
    pub fn is_known(&self, request: &Request, user: &LocalUser) -> Result<bool, Error> {
        let grant = tokens::granted(&request.app().store, user.id, &self.client.id)?;
        let place = self.origin().unwrap_or(OUT_OF_BAND);
        Ok(grant.is_some_and(|grant| grant.origins.iter().any(|origin| origin == place)))
    }

    /// Refuses (400) a request token that another user agreed to.
    pub fn check_free_for(&self, user: &LocalUser) -> Result<(), Error> {
        match &self.record.consent {
            Some(consent) if consent.user != user.id => Err(too_old()),
            _ => Ok(()),
        }
    }

    /// What the consent form carries in its field `verifier`: proof that the page with the question about this very request
    /// token was shown in this session. It is not the verifier, which does not exist yet.
    pub fn ticket(&self, visitor: &Visitor) -> String {
        let hash = Sha256::new()
            .chain_update("consent to ")
            .chain_update(&self.token)
            .chain_update(&visitor.csrf)
            .finalize();
        URL_SAFE_NO_PAD.encode(hash)
    }

    /// Refuses (400) a ticket that is not of this request token's page.
    pub fn check_ticket(&self, visitor: &Visitor, ticket: &str) -> Result<(), Error> {
        let right = self.ticket(visitor);
        if bool::from(right.as_bytes().ct_eq(ticket.as_bytes())) {
            Ok(())
        } else {
            Err(too_old())
        }
    }

    /// Notes that the user agrees; only now there is a verifier. A request token that another user agreed to is 400.
    pub fn agree(&self, request: &Request, user: &LocalUser) -> Result<Agreed, Error> {
        let consent = Consent {
            user: user.id,
            verifier: random_text::<16>(),
        };
        let store = &request.app().store;
        let agreed =
            store.write(|tx| request_tokens::agree(tx, &self.token, &consent, request.now))?;
        let verifier = agreed
            .and_then(|record| record.consent)
            .ok_or_else(too_old)?
            .verifier;
        let location = self.location(&[
            ("oauth_token", self.token.as_str()),
            ("oauth_verifier", verifier.as_str()),
        ]);
        Ok(Agreed {
            token: self.token.clone(),
            verifier,
            location,
        })
    }

    /// Notes that the user refuses: the request token ends. Answers where the user goes; none for out of band.
    pub fn refuse(&self, request: &Request) -> Result<Option<String>, Error> {
        let store = &request.app().store;
        store.write(|tx| {
            request_tokens::remove(tx, &self.token);
            Ok(())
        })?;
        Ok(self.location(&[
            ("oauth_token", self.token.as_str()),
            ("oauth_problem", "permission_denied"),
        ]))
    }

    /// The callback with more in its query.
    fn location(&self, pairs: &[(&str, &str)]) -> Option<String> {
        self.origin()?;
        Some(addresses::with_query(&self.record.callback, pairs))
    }
}

/// Answers `/oauth/access_token`: proves the client and its request token, compares the verifier, and gives the client's
/// one access token for the user. A request token that was exchanged, is too old or has no consent is 401.
pub fn exchange(request: &Request) -> Result<Pair, Error> {
    let asked = Parameters::of(request).ok_or_else(|| Failure::Missing.at_token())?;
    let (token, _) = oauth1::prove_exchange(request, &asked).map_err(Failure::at_token)?;
    let shown = asked
        .get("oauth_verifier")
        .ok_or_else(|| Failure::Missing.at_token())?;
    let fresh = Pair::random();
    let pair = request.app().store.write(|tx| {
        let refused = || Failure::UnknownToken.at_token();
        let record = request_tokens::get(tx, &token, request.now)?.ok_or_else(refused)?;
        let consent = record.consent.ok_or_else(refused)?;
        if !bool::from(shown.as_bytes().ct_eq(consent.verifier.as_bytes()))
            || users::get(tx, consent.user)?.is_none()
        {
            return Err(refused().into());
        }
        request_tokens::remove(tx, &token);
        let origin = http_origin(&record.callback).unwrap_or(OUT_OF_BAND);
        tokens::authorise(
            tx,
            consent.user,
            &record.client,
            origin,
            &fresh,
            request.now,
        )
    })?;
    Ok(pair)
}

/// A further token pair for a user who has just registered or logged in through a client (`pump-api.md §2.4`).
pub fn further_token(request: &Request, client: &Client, user: UserId) -> Result<Pair, Error> {
    let pair = Pair::random();
    let store = &request.app().store;
    store.write(|tx| tokens::add(tx, user, client.id(), &pair, request.now))?;
    Ok(pair)
}

fn too_old() -> Error {
    Error::invalid(
        "This request of the application is not known here, or it is older than ten minutes. Go back to the application \
         and start again.",
    )
}
