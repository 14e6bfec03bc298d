//! Browsers: who is logged in, logging in and out, and the proof that a form was sent from one of our own pages.
//!
//! A browser has one cookie, `session`: 32 random bytes. The store knows a fingerprint of those that are logged in. A
//! cookie that the store does not know is a visitor's, and still good to bind a form to: the token of a form is
//! another fingerprint of the cookie, which no other site can know. Logging in always makes a new cookie. People of other
//! servers have the same cookie, see [`visits`].

use super::{LocalUser, Means, Visitor, crypt, language, may_act, must_confirm, passwords, visits};
use crate::domain::standing::Standing;
use crate::error::Error;
use crate::http::Request;
use crate::ids::{Base, Nickname, UserId, random_text};
use crate::store::engine::{self, Tx};
use crate::store::pushes;
use crate::store::sessions::{self, Fingerprint, SESSION_SECS, TOUCH_SECS};
use crate::store::users::{self, User};
use crate::store::visits as stays;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::{Cookie, SameSite};
use hyper::header;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use subtle::ConstantTimeEq;

/// The name of the cookie.
pub const COOKIE: &str = "session";

/// The field of a form that carries the CSRF token.
pub const CSRF_FIELD: &str = "_csrf";

/// The header in which scripts send the CSRF token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Characters of a cookie's value: 32 bytes in base64.
const COOKIE_CHARS: usize = 43;

/// The user of the request's session; nobody without one. A user who may not act now is refused (403).
pub fn user(request: &Request) -> Result<Option<LocalUser>, Error> {
    let Some((id, account)) = known(request)? else {
        return Ok(None);
    };
    may_act(request, &account)?;
    Ok(Some(by_session(id, account)))
}

/// The session that a request came with.
pub(super) fn standing(request: &Request) -> Option<Standing> {
    cookie_of(request).map(|cookie| Standing::Session(fingerprint(cookie)))
}

/// Who looks at a page; a user who may not act now is nobody there. A visitor without a cookie gets a fresh one, for the
/// forms of the page.
pub(super) fn visitor(request: &Request) -> Result<Visitor, Error> {
    match cookie_of(request) {
        Some(cookie) => {
            let known = known(request)?;
            let remote = match known {
                Some(_) => None,
                None => visits::of(request)?,
            };
            Ok(Visitor {
                remote,
                ..visitor_of(request, known, cookie, None)
            })
        }
        None => {
            let cookie = random_text::<32>();
            let built = built(request, cookie.clone());
            Ok(visitor_of(request, None, &cookie, Some(built)))
        }
    }
}

pub(super) fn visitor_of(
    request: &Request,
    known: Option<(UserId, User)>,
    cookie: &str,
    built: Option<Cookie<'static>>,
) -> Visitor {
    let words = language::words_of(request, known.as_ref().map(|(id, _)| *id));
    let (user, unconfirmed) = match known {
        Some((_, account)) if account.suspended.is_some() => (None, None),
        Some((id, account)) if must_confirm(request, &account) => (None, Some(id)),
        Some((id, account)) => (Some(by_session(id, account)), None),
        None => (None, None),
    };
    Visitor {
        is_needed: Cell::new(built.is_some() && (user.is_some() || unconfirmed.is_some())),
        user,
        remote: None,
        unconfirmed,
        words,
        language: language::chosen(request),
        csrf: csrf_of(cookie),
        cookie: built,
    }
}

/// Who sends a form. Refuses (403) what another site's page sent and what does not carry the visitor's token.
pub(super) fn visitor_sending(request: &Request) -> Result<Visitor, Error> {
    if !is_own_page(request) {
        return Err(Error::forbidden(
            "This form was sent from a page of another site.",
        ));
    }
    let visitor = visitor(request)?;
    let sent = sent_csrf(request).unwrap_or_default();
    if bool::from(sent.as_bytes().ct_eq(visitor.csrf.as_bytes())) {
        Ok(visitor)
    } else {
        Err(Error::forbidden(
            "This form is too old. Go back, load the page again and send it again.",
        ))
    }
}

/// The user whose device hands something over. There is no token in what it sends, so the browser must say itself that no page of
/// another site sent it (403 otherwise; Fetch Metadata). 401 where nobody is logged in.
pub(super) fn visitor_sharing(request: &Request) -> Result<Visitor, Error> {
    let from = request.headers.get("sec-fetch-site");
    if !from.is_some_and(|from| from == "none" || from == "same-origin") {
        return Err(Error::forbidden(
            "Only your own device can share something here. Open this site and post it there.",
        ));
    }
    let visitor = visitor(request)?;
    match visitor.user {
        Some(_) => Ok(visitor),
        None => Err(Error::Unauthorized(
            "Nothing was shared, because you are not logged in here. Log in, then share it again."
                .to_owned(),
        )),
    }
}

/// Checks a nickname and a password. A wrong one is 401, the same for a wrong password and an unknown name; too many wrong
/// ones are 429; the right one of a suspended user is 403. Takes as long as a password hash.
pub fn prove_password(
    request: &Request,
    nickname: &str,
    password: &str,
) -> Result<LocalUser, Error> {
    let wrong = || Error::Unauthorized("Incorrect username or password".to_owned());
    let nickname = Nickname::new(nickname).map_err(|_| wrong())?;
    let guard = &request.guard;
    let this = guard.throttle.admit(&nickname, request.peer, request.now)?;
    let known = users::by_nickname(&request.app().store, &nickname)?;
    let kept = known.as_ref().map(|(_, account)| account.password.as_str());
    if !passwords::is_right(guard, kept, password)? {
        return Err(wrong());
    }
    let (id, account) = known.ok_or_else(wrong)?;
    guard.throttle.was_right(&this);
    account.check_not_suspended()?;
    if crypt::is_known(&account.password) {
        let own = passwords::hash_unchecked(guard, password)?;
        let store = &request.app().store;
        store.write(|tx| users::renew_hash(tx, id, &account.password, own.as_str()))?;
    }
    Ok(by_session(id, account))
}

/// Logs a user in whose password was proved: checks it and begins a session (see [`begin`]). A user who may not act now is
/// refused (403).
pub fn login(request: &Request, nickname: &str, password: &str) -> Result<Visitor, Error> {
    let user = prove_password(request, nickname, password)?;
    if let Some(account) = users::get(&request.app().store, user.id)? {
        may_act(request, &account)?;
    }
    begin(request, user.id)
}

/// Begins a session for a user who has just proved to be one (login, registration, setup, a link in a letter), and ends the
/// one that the request came with. Until the mail address of the account is confirmed where that is asked for, the user is
/// only [`Visitor::unconfirmed`]. The answer must go through [`Visitor::introduce`].
pub fn begin(request: &Request, user: UserId) -> Result<Visitor, Error> {
    let store = &request.app().store;
    let account =
        users::get(store, user)?.ok_or_else(|| Error::not_found("There is no such user here."))?;
    let cookie = random_text::<32>();
    let browser = request.header(&header::USER_AGENT).unwrap_or_default();
    store.write(|tx| {
        end_earlier(tx, request)?;
        let after = fingerprint(&cookie);
        if let Some(before) = this(request) {
            pushes::follow(tx, user, &before, &after)?;
        }
        sessions::begin(tx, &after, user, browser, request.now)
    })?;
    let built = built(request, cookie.clone());
    Ok(visitor_of(
        request,
        Some((user, account)),
        &cookie,
        Some(built),
    ))
}

/// Ends the request's session. The answer must carry the cookie, which tells the browser to forget.
pub fn logout(request: &Request) -> Result<Cookie<'static>, Error> {
    if let Some(cookie) = cookie_of(request).map(fingerprint) {
        let (store, now) = (&request.app().store, request.now);
        if sessions::get(store, &cookie, now)?.is_some()
            || stays::get(store, &cookie, now)?.is_some()
        {
            store.write(|tx| end_earlier(tx, request))?;
        }
    }
    let mut gone = built(request, String::new());
    gone.set_max_age(cookie::time::Duration::ZERO);
    Ok(gone)
}

/// The session of a request, by its fingerprint.
pub fn this(request: &Request) -> Option<Fingerprint> {
    cookie_of(request).map(fingerprint)
}

/// Ends the session, or the visit, that a request came with.
pub(super) fn end_earlier(tx: &mut dyn Tx, request: &Request) -> engine::Result<()> {
    let Some(cookie) = cookie_of(request).map(fingerprint) else {
        return Ok(());
    };
    if let Some(known) = sessions::get(tx, &cookie, request.now)? {
        sessions::end(tx, &cookie, known.user);
    }
    stays::end(tx, &cookie);
    Ok(())
}

/// The account of the request's session; notes that the session is used, now and then.
fn known(request: &Request) -> Result<Option<(UserId, User)>, Error> {
    let Some(cookie) = cookie_of(request).map(fingerprint) else {
        return Ok(None);
    };
    let store = &request.app().store;
    let Some(session) = sessions::get(store, &cookie, request.now)? else {
        return Ok(None);
    };
    let Some(account) = users::get(store, session.user)? else {
        return Ok(None);
    };
    if request.now.secs_since(session.last_seen) >= TOUCH_SECS {
        store.write_soon(|tx| sessions::touch(tx, &cookie, request.now))?;
    }
    Ok(Some((session.user, account)))
}

fn by_session(id: UserId, account: User) -> LocalUser {
    LocalUser {
        id,
        nickname: account.nickname,
        means: Means::Session,
    }
}

/// The value of the request's cookie, if it has the form that we give.
pub(super) fn cookie_of(request: &Request) -> Option<&str> {
    let mut values = request.cookies(COOKIE);
    values.find(|value| value.len() == COOKIE_CHARS)
}

pub(super) fn built(request: &Request, value: String) -> Cookie<'static> {
    let base = request.app().known_base();
    let secure = base.is_some_and(|base| base.scheme() == "https");
    Cookie::build((COOKIE, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(cookie::time::Duration::seconds(SESSION_SECS))
        .build()
}

pub(super) fn fingerprint(cookie: &str) -> Fingerprint {
    Sha256::digest(cookie).into()
}

/// The token of a visitor's forms: bound to the cookie, and no way back to it.
fn csrf_of(cookie: &str) -> String {
    let hash = Sha256::new()
        .chain_update("form of ")
        .chain_update(cookie)
        .finalize();
    URL_SAFE_NO_PAD.encode(hash)
}

/// The token that came with a form: in the header of a script, or in a field.
fn sent_csrf(request: &Request) -> Option<String> {
    if let Some(value) = request.headers.get(CSRF_HEADER) {
        return value.to_str().ok().map(str::to_owned);
    }
    let mut fields = request.form().into_iter();
    fields
        .find(|(name, _)| name == CSRF_FIELD)
        .map(|(_, value)| value)
}

/// Whether the browser says that the page which sent the form is ours, or says nothing (Fetch Metadata; RFC 6454).
fn is_own_page(request: &Request) -> bool {
    let text = |name: &str| request.headers.get(name).map(|value| value.to_str());
    match text("sec-fetch-site") {
        Some(Ok("same-origin" | "none")) => return true,
        Some(_) => return false,
        None => {}
    }
    match text("origin") {
        None | Some(Ok("null")) => true,
        Some(Ok(origin)) => {
            let sent_to = request.header(&header::HOST);
            let from = origin.split_once("://").map(|(_, authority)| authority);
            from.is_some_and(|from| {
                let public = request.app().known_base().map(Base::authority);
                let same = |host: &str| host.eq_ignore_ascii_case(from);
                public.is_some_and(same) || sent_to.is_some_and(same)
            })
        }
        Some(Err(_)) => false,
    }
}
