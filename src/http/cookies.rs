//! The cookies of the site: for all of its paths, for no script, and not sent along by pages of other sites.
//!
//! By https they are sent by https alone. Where the server provides that beside http, they have names of their own there
//! (RFC 6265bis §4.1.3.2): a browser lets http neither see nor replace a cookie of https, so that under one name nobody who was
//! logged in by https could log in by http any more.

use super::Request;
use cookie::{Cookie, SameSite};
use std::borrow::Cow;

/// Under which name a browser keeps a cookie.
pub(super) fn name<'a>(request: &Request, name: &'a str) -> Cow<'a, str> {
    match request.is_by_padlock() {
        true => Cow::Owned(format!("__Host-{name}")),
        false => Cow::Borrowed(name),
    }
}

/// A cookie that a browser keeps for so many seconds; with 0 it forgets it.
pub fn built(request: &Request, plain: &str, value: String, kept_secs: i64) -> Cookie<'static> {
    Cookie::build((name(request, plain).into_owned(), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(request.is_secure())
        .max_age(cookie::time::Duration::seconds(kept_secs))
        .build()
}
