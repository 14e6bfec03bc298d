//! `/main/push`: a browser is told of what comes, or is not told any more. The button stands on the page of notifications
//! (`web/notifying.rs`); a script asks the browser (`assets/scripts/push.js`).

use crate::auth::{Visitor, sessions};
use crate::domain::pushing;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::UserId;
use crate::store::pushes::{self, PushId, Subscription};
use crate::web::browsers;
use crate::web::cards::Time;
use crate::web::forms::{see_other, value};
use crate::web::frame::Frame;
use crate::web::login;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::{StatusCode, header};

/// What the page of notifications shows of it.
pub struct PushPart {
    /// The public key of this server; nothing where no browser could be told.
    pub key: Option<String>,
    /// The browsers that are told.
    pub told: Vec<Told>,
}

/// A browser that is told.
pub struct Told {
    /// Its id, in base64.
    pub id: String,
    /// "Firefox on Android"
    pub words: String,
    /// Since when.
    pub since: Time,
}

impl PushPart {
    /// What a user has switched on.
    pub fn of(request: &Request, frame: &Frame, user: UserId) -> Result<PushPart, Error> {
        let app = request.app();
        let key = match pushing::is_possible(app) {
            true => Some(pushing::public_key(app)?),
            false => None,
        };
        let all = pushes::list(&app.store, user)?.into_iter();
        let told = all.map(|(id, subscription)| Told {
            id: URL_SAFE_NO_PAD.encode(id),
            words: browsers::in_words(frame.words, &subscription.browser),
            since: Time::of(frame.words, subscription.created, request.now),
        });
        Ok(PushPart {
            key,
            told: told.collect(),
        })
    }
}

/// `POST /main/push`: `endpoint`, `key`, `secret`, as the browser gives them. 204; 400 for what is none, 409 where it is not
/// possible.
pub fn subscribe(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let keys = [value(&form, "key"), value(&form, "secret")];
    let browser = request.header(&header::USER_AGENT).unwrap_or_default();
    let app = request.app();
    let endpoint = value(&form, "endpoint");
    let session =
        sessions::this(request).ok_or_else(|| Error::internal("a form without a cookie"))?;
    pushing::subscribe(
        app,
        user.id(),
        endpoint,
        keys,
        session,
        browser,
        request.now,
    )?;
    Ok(nothing())
}

/// `POST /main/push/remove`: `browser`, its id, or `endpoint`. Is told no more; 303 to the page, 204 for a script; also where it
/// was not told.
pub fn unsubscribe(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    if let Some(id) = wanted(&form) {
        let store = &request.app().store;
        store.write(|tx| pushes::remove(tx, user.id(), &id))?;
    }
    Ok(match value(&form, "endpoint") {
        "" => see_other(&frame, "/main/settings/notifications"),
        _ => nothing(),
    })
}

/// `POST /main/push/test`: `endpoint`: a message is sent there. 204; 404 for a browser that is not told.
pub fn try_out(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let id = wanted(&form).ok_or_else(|| Error::invalid("Say which browser."))?;
    pushing::try_out(request.app(), user.id(), &id, request.now)?;
    Ok(nothing())
}

fn wanted(form: &[(String, String)]) -> Option<PushId> {
    match value(form, "endpoint") {
        "" => URL_SAFE_NO_PAD
            .decode(value(form, "browser"))
            .ok()?
            .try_into()
            .ok(),
        endpoint => Some(Subscription::id(endpoint)),
    }
}

fn nothing() -> Response {
    Response::new(StatusCode::NO_CONTENT, "text/plain", "")
}
