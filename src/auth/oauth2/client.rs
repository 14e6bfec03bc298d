//! Which client calls the token address (RFC 6749 §2.3): by HTTP Basic or by fields of the form, by its id alone if it is
//! one that can keep no secret. Wrong tries from one address are slowed down as those of logins are.

use super::Failure;
use super::fields::Fields;
use crate::http::Request;
use crate::store::clients::{self, Client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header;
use subtle::ConstantTimeEq;

/// Proves the client.
pub(super) fn prove(request: &Request, form: &Fields) -> Result<Client, Failure> {
    let (id, secret) = match (basic(request), form.get("client_id")) {
        (Some(_), _) if form.get("client_secret").is_some() => {
            return Err(Failure::request("Send the secret in one place only."));
        }
        (Some((id, _)), Some(other)) if other != id => {
            return Err(Failure::request("Two different clients are named."));
        }
        (Some((id, secret)), _) => (id, Some(secret).filter(|secret| !secret.is_empty())),
        (None, Some(id)) => (id.to_owned(), form.get("client_secret").map(str::to_owned)),
        (None, None) => return Err(unknown("Say which client you are.")),
    };
    let throttle = &request.guard.throttle;
    let this = throttle.admit_address(request.peer, request.now)?;
    let client = clients::get(&request.app().store, &id)?
        .ok_or_else(|| unknown("There is no such client, or its secret is another one."))?;
    let is_proved = match &secret {
        Some(secret) => {
            !client.is_public && bool::from(client.secret.as_bytes().ct_eq(secret.as_bytes()))
        }
        None => client.is_public,
    };
    if !is_proved {
        return Err(unknown(
            "There is no such client, or its secret is another one.",
        ));
    }
    throttle.was_right(&this);
    Ok(client)
}

fn unknown(text: &str) -> Failure {
    Failure::of("invalid_client", text)
}

/// Id and secret of HTTP Basic, each form-encoded before (RFC 6749 §2.3.1).
fn basic(request: &Request) -> Option<(String, String)> {
    let value = request.header(&header::AUTHORIZATION)?;
    let (scheme, rest) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let pair = STANDARD.decode(rest.trim()).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((decoded(id), decoded(secret)))
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8_lossy()
        .into_owned()
}
