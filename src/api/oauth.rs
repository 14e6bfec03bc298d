//! The two addresses of OAuth 1 that clients call themselves (`pump-api.md §2.2, §2.4`). The page between them, where the
//! user agrees, is `web/oauth.rs`; the proofs and rules are `auth/grants.rs`.

use crate::auth::grants;
use crate::http::{Answer, Request, Response};

/// `GET` and `POST /oauth/request_token`: a request token for a client. 200 with a form-encoded body; 400 and 401 in plain
/// text.
pub fn request_token(request: &Request) -> Answer {
    let pair = grants::begin(request)?;
    Ok(Response::form(&[
        ("oauth_token", &pair.token),
        ("oauth_token_secret", &pair.secret),
        ("oauth_callback_confirmed", "true"),
    ]))
}

/// `GET` and `POST /oauth/access_token`: the access token for a request token that a user agreed to. 200 with a
/// form-encoded body; 400 and 401 in plain text.
pub fn access_token(request: &Request) -> Answer {
    let pair = grants::exchange(request)?;
    Ok(Response::form(&[
        ("oauth_token", &pair.token),
        ("oauth_token_secret", &pair.secret),
    ]))
}
