//! The token address (RFC 6749 §3.2): a code, a refresh token or a client's own key is exchanged for tokens.

use super::Failure;
use super::client;
use super::fields::Fields;
use super::pkce;
use crate::http::Request;
use crate::scope::Scope;
use crate::store::bearer::{self, FamilyId, Issued, Owner, Refreshed};
use crate::store::clients::Client;
use crate::store::codes::{self, Code};
use crate::store::engine::{self, Tx};
use crate::store::users;
use subtle::ConstantTimeEq;

/// Proves the client and exchanges what it has.
pub fn exchange(request: &Request) -> Result<Issued, Failure> {
    let form = Fields::of(request)?;
    let grant_type = form.needed("grant_type")?;
    let client = client::prove(request, &form)?;
    match grant_type {
        "authorization_code" => code(request, &form, &client),
        "refresh_token" => refresh(request, &form, &client),
        "client_credentials" => credentials(request, &form, &client),
        _ => Err(Failure::of(
            "unsupported_grant_type",
            "The grant types are authorization_code, refresh_token and client_credentials.",
        )),
    }
}

/// RFC 6749 §4.1.3. A code that was exchanged before ends what came of it (§4.1.2).
fn code(request: &Request, form: &Fields, client: &Client) -> Result<Issued, Failure> {
    let text = form.needed("code")?;
    let redirect_uri = form.needed("redirect_uri")?;
    let verifier = form.get("code_verifier");
    let family = FamilyId::random();
    let now = request.now;
    let issued = request.app().store.write(|tx| {
        let code = codes::get(tx, text)?.filter(|code| code.client == client.id);
        let Some(mut code) = code else {
            return Ok(Err("There is no such code."));
        };
        if let Some(family) = code.family {
            bearer::end(tx, Owner::User(code.user), family);
            return Ok(Err("This code was used before. What it gave has ended."));
        }
        if !code.is_fresh(now) {
            return Ok(Err("This code is too old."));
        }
        if let Some(wrong) = mismatch(&code, redirect_uri, verifier) {
            return Ok(Err(wrong));
        }
        if !may_speak(tx, &code)? {
            return Ok(Err("The user may not use this server any more."));
        }
        code.family = Some(family);
        codes::put(tx, text, &code, now)?;
        bearer::begin(tx, code.user, family, &client.id, code.scope, now).map(Ok)
    })?;
    issued.map_err(Failure::grant)
}

/// What does not fit between a code and who brings it.
fn mismatch(code: &Code, redirect_uri: &str, verifier: Option<&str>) -> Option<&'static str> {
    if !bool::from(code.redirect_uri.as_bytes().ct_eq(redirect_uri.as_bytes())) {
        return Some("The redirect_uri is not the one that the code was sent to.");
    }
    match (&code.challenge, verifier) {
        (None, None) => None,
        (Some(challenge), Some(verifier)) if pkce::is_right(challenge, verifier) => None,
        (Some(_), Some(_)) => Some("The code_verifier is wrong."),
        (Some(_), None) => Some("The code_verifier is missing."),
        // Somebody has taken the challenge out on its way (RFC 9700 §4.8).
        (None, Some(_)) => Some("There was no code_challenge, so there can be no code_verifier."),
    }
}

fn may_speak(tx: &mut dyn Tx, code: &Code) -> engine::Result<bool> {
    let account = users::get(tx, code.user)?;
    Ok(account.is_some_and(|account| account.suspended.is_none()))
}

/// RFC 6749 §6, RFC 9700 §4.14.2.
fn refresh(request: &Request, form: &Fields, client: &Client) -> Result<Issued, Failure> {
    let unknown = || Failure::grant("There is no such refresh token, or it has ended.");
    let token = bearer::locate(form.needed("refresh_token")?).ok_or_else(unknown)?;
    let wanted = scope(form)?;
    let store = &request.app().store;
    let refreshed =
        store.write(|tx| bearer::refresh(tx, &token, &client.id, wanted, request.now))?;
    match refreshed {
        Refreshed::Pair(issued) => Ok(issued),
        Refreshed::Unknown => Err(unknown()),
        Refreshed::TooMuch => Err(Failure::of(
            "invalid_scope",
            "The user did not agree to that much.",
        )),
        Refreshed::Reused => Err(Failure::grant(
            "This refresh token was used before. For safety the user's consent has ended; ask again.",
        )),
    }
}

/// RFC 6749 §4.4: only for a client that can keep a secret.
fn credentials(request: &Request, form: &Fields, client: &Client) -> Result<Issued, Failure> {
    if client.is_public {
        return Err(Failure::of(
            "unauthorized_client",
            "A client without a secret cannot speak for itself.",
        ));
    }
    let scope = scope(form)?.unwrap_or(Scope::READ);
    let store = &request.app().store;
    let issued = store.write(|tx| bearer::issue_to_client(tx, &client.id, scope, request.now))?;
    Ok(issued)
}

fn scope(form: &Fields) -> Result<Option<Scope>, Failure> {
    let unknown = || {
        Failure::of(
            "invalid_scope",
            "The scopes are read, writeown and writeall.",
        )
    };
    let names = form.get("scope");
    names
        .map(|names| Scope::parse(names).ok_or_else(unknown))
        .transpose()
}
