//! Bearer tokens (RFC 6750), in the `Authorization` header only: a token in an address would be written to logs. A token
//! of a user speaks for the user as far as its scope goes; one that a client has for itself is as good as a request that
//! the client signed with its key.

use super::{LocalUser, Means, may_act};
use crate::error::Error;
use crate::http::Request;
use crate::scope::Scope;
use crate::store::bearer::{self, Holder, Located, Owner, TOUCH_SECS};
use crate::store::{clients, users};
use hyper::header;

/// Who came with a token.
#[derive(Debug)]
pub(super) struct Bearer {
    /// The client that holds the token; none for a token that a user made.
    pub(super) client: Option<String>,
    /// The user that the token speaks for; none for a token that a client has for itself.
    pub(super) user: Option<LocalUser>,
}

/// What follows `Bearer` in the request's header, whatever it is; nothing for another scheme.
pub(super) fn of(request: &Request) -> Option<&str> {
    let value = request.header(&header::AUTHORIZATION)?;
    let (scheme, rest) = value.split_at_checked("Bearer".len())?;
    let ends = rest.bytes().next().is_none_or(|byte| byte == b' ');
    (scheme.eq_ignore_ascii_case("Bearer") && ends).then(|| rest.trim())
}

/// Proves who holds a token, which must allow what `needed` does.
pub(super) fn prove(request: &Request, token: &str, needed: Scope) -> Result<Bearer, Error> {
    let store = &request.app().store;
    let located = locate(request, token)?;
    let (family, scope) = bearer::alive(store, &located, request.now)?.ok_or_else(invalid)?;
    if !scope.allows(needed) {
        let needed = needed.names();
        return Err(Error::Bearer {
            status: 403,
            code: "insufficient_scope",
            text: format!(
                "This token does not allow that: it needs the scope \u{201c}{needed}\u{201d}."
            ),
            scope: Some(needed),
        });
    }
    let last_used = family.last_used.unwrap_or(family.created);
    let is_noted = family.last_used.is_some() && request.now.secs_since(last_used) < TOUCH_SECS;
    if !is_noted {
        store.note(|tx| bearer::touch(tx, located.owner, located.family, request.now))?;
    }
    let (client, means) = match family.holder {
        Holder::Client(client) => {
            clients::get(store, &client)?.ok_or_else(invalid)?;
            (Some(client.clone()), Means::Client(client))
        }
        Holder::Personal(name) => {
            let id = located.family.text();
            (None, Means::Token { id, name })
        }
    };
    let user = match located.owner {
        Owner::Client => None,
        Owner::User(id) => {
            let account = users::get(store, id)?.ok_or_else(invalid)?;
            may_act(request, &account)?;
            Some(LocalUser {
                id,
                nickname: account.nickname,
                means,
            })
        }
    };
    Ok(Bearer { client, user })
}

/// As [`prove`], for what only a user can do.
pub(super) fn prove_user(
    request: &Request,
    token: &str,
    needed: Scope,
) -> Result<LocalUser, Error> {
    prove(request, token, needed)?
        .user
        .ok_or_else(|| Error::Bearer {
            status: 403,
            code: "insufficient_scope",
            text: "This token speaks for an application and for no user.".to_owned(),
            scope: None,
        })
}

/// Where a token is kept; refused if it is none.
pub(super) fn locate(request: &Request, token: &str) -> Result<Located, Error> {
    if token.is_empty() {
        return Err(Error::Bearer {
            status: 400,
            code: "invalid_request",
            text: "There is no token behind \u{201c}Bearer\u{201d}.".to_owned(),
            scope: None,
        });
    }
    bearer::find(&request.app().store, token)?.ok_or_else(invalid)
}

fn invalid() -> Error {
    Error::Bearer {
        status: 401,
        code: "invalid_token",
        text: "This token is not known here, was taken back, or has ended.".to_owned(),
        scope: None,
    }
}
