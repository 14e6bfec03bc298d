//! `POST /api/dialback`: another server asks whether it was this one that registered there (`pump-api.md §6.4`).

use crate::federation::dialback;
use crate::http::{Answer, Request, Response};
use hyper::StatusCode;

/// 200 `OK` if it was; 400 with what is wrong, 503 while the clock is.
pub fn confirm(request: &Request) -> Answer {
    if request.app().clock.doubt(request.now).is_some() {
        return Err(dialback::no_time());
    }
    Ok(
        match dialback::confirm(request.app(), &request.form(), request.now) {
            Ok(()) => Response::text("OK"),
            Err(why) => Response::text(why).with_status(StatusCode::BAD_REQUEST),
        },
    )
}
