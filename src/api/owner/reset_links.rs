//! Links for new passwords (`domain/mailing/recovering.rs`), for users who have forgotten theirs and get no mail:
//! `{url, expires}`.

use crate::auth::Owner;
use crate::clock::Timestamp;
use crate::domain::mailing::recovering;
use crate::domain::people;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use hyper::StatusCode;
use serde_json::json;

/// `POST /api/owner/users/{nickname}/reset-link`: makes a link, which works once and is not shown again. 201 with it; 403
/// for somebody who is suspended, 404, 410 for nobody; 409 where there are no pages.
pub fn make(request: &Request, _: &Owner) -> Answer {
    let app = request.app();
    if app.config.noweb {
        let text = "The link leads to a page, and with noweb there are none. `pumphouse user password` sets a password.";
        return Err(Error::Conflict(text.to_owned()));
    }
    let (user, _) = people::find(app, &request.nickname()?)?;
    let url = recovering::link(app, user, request.now)?;
    let expires = Timestamp(request.now.0 + recovering::LINK_SECS);
    let answer = Response::json(&json!({ "url": url, "expires": expires.to_string() }));
    Ok(answer
        .with_status(StatusCode::CREATED)
        .with(hyper::header::CACHE_CONTROL, "no-store"))
}
