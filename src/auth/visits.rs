//! People of other servers who log in at home to look at pages here (`pump-api.md §6.10`): on the way there and back, and
//! here. The way is bound to the browser in which it began, so that nobody is logged in as somebody else unawares. What is
//! asked of their servers is `federation/visiting.rs`.

use super::sessions::{built, cookie_of, end_earlier, fingerprint, visitor_of};
use super::{Remote, Visitor};
use crate::domain::blocks;
use crate::error::Error;
use crate::http::Request;
use crate::ids::random_text;
use crate::store::sessions::TOUCH_SECS;
use crate::store::visits::{self, Journey, Visit};

/// Somebody of another server whose session the request has; nobody who is blocked. Notes now and then that they are here.
pub(super) fn of(request: &Request) -> Result<Option<Remote>, Error> {
    let Some(cookie) = cookie_of(request).map(fingerprint) else {
        return Ok(None);
    };
    let store = &request.app().store;
    let Some(visit) = visits::get(store, &cookie, request.now)? else {
        return Ok(None);
    };
    if blocks::is_blocked(store, &visit.id)? {
        return Ok(None);
    }
    if request.now.secs_since(visit.last_seen) >= TOUCH_SECS {
        store.note(|tx| visits::touch(tx, &cookie, request.now))?;
    }
    Ok(Some(Remote { visit }))
}

/// Notes that the browser which sends this form goes to log in elsewhere.
pub fn set_out(request: &Request, journey: &Journey) -> Result<(), Error> {
    let cookie = cookie_of(request).ok_or_else(|| Error::internal("a form without a cookie"))?;
    let cookie = fingerprint(cookie);
    let store = &request.app().store;
    Ok(store.write(|tx| visits::set_out(tx, &cookie, journey))?)
}

/// The login at `host` with this request token, if it began in this browser; once.
pub fn arrive(request: &Request, host: &str, token: &str) -> Result<Option<Journey>, Error> {
    let Some(cookie) = cookie_of(request).map(fingerprint) else {
        return Ok(None);
    };
    let store = &request.app().store;
    let journey = visits::journey(store, &cookie, request.now)?
        .filter(|journey| journey.host == host && journey.pass.token == token);
    if journey.is_some() {
        store.write(|tx| {
            visits::arrive(tx, &cookie);
            Ok(())
        })?;
    }
    Ok(journey)
}

/// Ends the visit of a request: the visitor's server does not let this one act for the visitor any more.
pub fn end(request: &Request) -> Result<(), Error> {
    Ok(request.app().store.write(|tx| end_earlier(tx, request))?)
}

/// Begins the visit of somebody whose own server has just said who it is, and ends the session that the request came with.
/// The answer must go through [`Visitor::introduce`].
pub fn begin(request: &Request, visit: Visit) -> Result<Visitor, Error> {
    let cookie = random_text::<32>();
    let store = &request.app().store;
    store.write(|tx| {
        end_earlier(tx, request)?;
        visits::begin(tx, &fingerprint(&cookie), &visit)
    })?;
    let built = built(request, cookie.clone());
    let visitor = visitor_of(request, None, &cookie, Some(built));
    visitor.is_needed.set(true);
    Ok(Visitor {
        remote: Some(Remote { visit }),
        ..visitor
    })
}
