//! In which language somebody reads pages: the one that they chose; else the one that was chosen in their browser, or that
//! it asks for; else the site's.

use super::sessions::{cookie_of, fingerprint};
use crate::http::Request;
use crate::ids::UserId;
use crate::store::preferences;
use crate::store::sessions;
use crate::words::{Language, Words};
use hyper::header;

/// The cookie in which a browser keeps what was chosen in it.
pub const COOKIE: &str = "language";

/// The words of whoever sends a request, for pages that know no visitor. What cannot be read now counts as not chosen.
pub fn words(request: &Request) -> Words {
    let session = cookie_of(request).and_then(|cookie| {
        sessions::get(&request.app().store, &fingerprint(cookie), request.now).ok()
    });
    words_of(request, session.flatten().map(|session| session.user))
}

/// The words of a user, or of nobody.
pub(super) fn words_of(request: &Request, user: Option<UserId>) -> Words {
    let app = request.app();
    let chosen = user.and_then(|user| preferences::get(&app.store, user).ok());
    let chosen = chosen.and_then(|chosen| Language::of_code(&chosen.language));
    let kept = || request.cookies(COOKIE).find_map(Language::of_code);
    let asked = || {
        let asked = request.header(&header::ACCEPT_LANGUAGE);
        asked.and_then(Language::accepted)
    };
    Words::of(
        chosen
            .or_else(kept)
            .or_else(asked)
            .unwrap_or_else(|| app.language()),
    )
}
