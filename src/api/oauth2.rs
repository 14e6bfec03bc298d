//! The addresses of OAuth 2 that clients call themselves (`pump-api.md §2.6`), and the description by which they find
//! them. The pages where the user agrees are `web/oauth2.rs`; the rules are `auth/oauth2/`.

use super::client_metadata::{GRANT_TYPES, PROOFS};
use crate::auth::oauth2::{self, Failure};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::scope::Scope;
use crate::store::bearer::ACCESS_SECS;
use hyper::StatusCode;
use hyper::header;
use serde_json::{Value, json};

/// `POST /oauth2/token`: a form with `grant_type` and what belongs to it; the client by HTTP Basic or in the form. 200 with
/// the tokens; 400 and 401 with the errors of RFC 6749 §5.2; 429.
pub fn token(request: &Request) -> Answer {
    let issued = match oauth2::exchange(request) {
        Ok(issued) => issued,
        Err(failure) => return refusal(failure),
    };
    let mut body = json!({
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECS,
        "scope": issued.scope.names(),
    });
    if let Some(refresh) = issued.refresh {
        body["refresh_token"] = refresh.into();
    }
    Ok(unkept(Response::json(&body)))
}

/// `POST /oauth2/revoke` (RFC 7009): a form with `token`; the client as at the token address. 200, also for a token that is
/// not known; 400, 401, 429.
pub fn revoke(request: &Request) -> Answer {
    match oauth2::revoke(request) {
        Ok(()) => Ok(unkept(Response::json(&json!({})))),
        Err(failure) => refusal(failure),
    }
}

/// `GET /.well-known/oauth-authorization-server` (RFC 8414); with a path prefix also below the same address followed by
/// the prefix (§3.1), which a proxy must pass on.
pub fn metadata(request: &Request) -> Answer {
    let base = request.app().base();
    let path = request.param("path");
    if !path.is_empty() && path != base.prefix() {
        return Err(Error::not_found("There is no such issuer here."));
    }
    let at = |path: &str| Value::String(format!("{}{path}", base.url()));
    Ok(Response::json(&json!({
        "issuer": base.url(),
        "authorization_endpoint": at("/oauth2/authz"),
        "token_endpoint": at("/oauth2/token"),
        "revocation_endpoint": at("/oauth2/revoke"),
        "registration_endpoint": at("/api/client/register"),
        "scopes_supported": Scope::ALL_NAMES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANT_TYPES,
        "token_endpoint_auth_methods_supported": PROOFS,
        "revocation_endpoint_auth_methods_supported": PROOFS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    })))
}

fn refusal(failure: Failure) -> Answer {
    let (status, code, text, retry) = match failure {
        Failure::Refused { code, text } => {
            let status = match code {
                "invalid_client" => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, code, text, None)
        }
        Failure::Other(error @ Error::TooMany { retry_after_secs }) => (
            StatusCode::TOO_MANY_REQUESTS,
            "temporarily_unavailable",
            error.public(),
            Some(retry_after_secs),
        ),
        Failure::Other(error) => return Err(error),
    };
    let body = json!({ "error": code, "error_description": text });
    let mut answer = unkept(Response::json(&body)).with_status(status);
    if status == StatusCode::UNAUTHORIZED {
        answer.set(header::WWW_AUTHENTICATE, "Basic realm=\"pump\"");
    }
    if let Some(secs) = retry {
        answer.set(header::RETRY_AFTER, &secs.to_string());
    }
    Ok(answer)
}

/// No cache keeps it (RFC 6749 §5.1).
fn unkept(answer: Response) -> Response {
    answer
        .with(header::CACHE_CONTROL, "no-store")
        .with(header::PRAGMA, "no-cache")
}
