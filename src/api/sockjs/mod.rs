//! Realtime for pump.io's web clients (`pump-api.md §7`) by SockJS 0.3: what is asked before a session (here), sessions by
//! single requests ([`polling`]), WebSockets ([`socket`]).
//!
//! Pages of any origin may connect: who a client is, it proves in its messages; cookies are not looked at. There is no
//! `htmlfile` and no `jsonp`, which only browsers need that cannot ask across origins. For the same reason the page for
//! frames loads no script: a script of another host on our origin could act as whoever is logged in.

pub mod polling;
pub mod socket;

use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::random_bytes;
use hyper::StatusCode;
use hyper::header::{self, HeaderName, HeaderValue};
use serde_json::json;

/// How often pages may ask for permission, in seconds: a year.
const YEAR_SECS: &str = "31536000";

const NOT_CACHED: &str = "no-store, no-cache, must-revalidate, max-age=0";

/// The page for frames; see above why it is empty.
const FRAME: &str = "<!DOCTYPE html>\n<html>\n<head>\n  <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />\n\
    </head>\n<body>\n  <h2>Don't panic!</h2>\n  <p>This is a SockJS hidden iframe. This server does without it.</p>\n</body>\n</html>\n";

/// `GET /main/realtime/sockjs`
pub fn greeting(request: &Request) -> Answer {
    enabled(request)?;
    Ok(Response::new(
        StatusCode::OK,
        "text/plain; charset=UTF-8",
        "Welcome to SockJS!\n",
    ))
}

/// `GET /main/realtime/sockjs/info`
pub fn info(request: &Request) -> Answer {
    enabled(request)?;
    let document = json!({
        "websocket": true,
        "origins": ["*:*"],
        "cookie_needed": false,
        "entropy": u32::from_be_bytes(random_bytes()),
    });
    let response = Response::new(
        StatusCode::OK,
        "application/json; charset=UTF-8",
        document.to_string(),
    );
    Ok(shared(request, response))
}

/// `GET /main/realtime/sockjs/iframe….html`
pub fn frame(request: &Request) -> Answer {
    enabled(request)?;
    let page = request.param("page");
    if !page.starts_with("iframe") || !page.ends_with(".html") {
        return Err(nothing());
    }
    let response = Response::new(StatusCode::OK, "text/html; charset=UTF-8", FRAME);
    Ok(response
        .with(header::CACHE_CONTROL, "public, max-age=31536000")
        .with(header::ETAG, "\"sockjs-frame-1\""))
}

/// `OPTIONS` of what is asked with `GET`.
pub fn permit_get(request: &Request) -> Answer {
    permit(request, "OPTIONS, GET")
}

/// `OPTIONS` of what is asked with `POST`.
pub fn permit_post(request: &Request) -> Answer {
    permit(request, "OPTIONS, POST")
}

fn permit(request: &Request, methods: &str) -> Answer {
    enabled(request)?;
    let response = Response::new(StatusCode::NO_CONTENT, "text/plain; charset=UTF-8", "");
    let mut response = shared(request, response)
        .with(header::CACHE_CONTROL, "public, max-age=31536000")
        .with(header::ACCESS_CONTROL_MAX_AGE, YEAR_SECS)
        .with(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    response.headers.remove(header::CONTENT_TYPE);
    Ok(response)
}

/// Refuses (404) where the option `sockjs` is off.
fn enabled(request: &Request) -> Result<(), Error> {
    if request.app().config.sockjs {
        Ok(())
    } else {
        Err(nothing())
    }
}

fn nothing() -> Error {
    Error::not_found("There is nothing at this address.")
}

/// An answer that pages of other origins may read, and nobody keeps.
fn shared(request: &Request, response: Response) -> Response {
    let origin = request.header(&header::ORIGIN);
    let origin = origin.filter(|origin| *origin != "null").unwrap_or("*");
    let mut response = response
        .with(header::CACHE_CONTROL, NOT_CACHED)
        .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)
        .with(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")
        .with(header::VARY, "Origin");
    const WANTED: HeaderName = header::ACCESS_CONTROL_REQUEST_HEADERS;
    if let Some(wanted) = request.headers.get(WANTED)
        && !wanted.is_empty()
    {
        let wanted: HeaderValue = wanted.clone();
        response
            .headers
            .insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
    }
    response
}
