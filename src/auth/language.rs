//! In which language somebody reads pages: the one that they chose; else the one that was chosen in their browser, or that
//! it asks for; else the site's.

use super::sessions::{cookie_of, fingerprint};
use crate::http::{Request, cookies};
use crate::ids::UserId;
use crate::store::preferences;
use crate::store::sessions;
use crate::words::{Language, Words};
use cookie::Cookie;
use hyper::header;

/// The name in the query of a page by which its reader chooses a language for the browser.
pub const ASKED: &str = "language";

/// The cookie in which a browser keeps what was chosen in it.
const COOKIE: &str = "language";

/// How long it keeps that, in seconds: a year.
const COOKIE_SECS: i64 = 365 * 24 * 3600;

/// The words of whoever sends a request, for pages that know no visitor. What cannot be read now counts as not chosen.
pub fn words(request: &Request) -> Words {
    let store = &request.app().store;
    let session = cookie_of(request)
        .and_then(|cookie| sessions::get(store, &fingerprint(cookie), request.now).ok());
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
    let language = chosen.or_else(|| asked_by_link(request)).or_else(kept);
    let language = language.or_else(asked);
    Words::of(language.unwrap_or_else(|| app.language()))
}

/// What the browser keeps after a link by which a language was chosen; nothing after others.
pub(super) fn chosen(request: &Request) -> Option<Cookie<'static>> {
    let language = asked_by_link(request)?;
    let code = language.code().to_owned();
    Some(cookies::built(request, COOKIE, code, COOKIE_SECS))
}

fn asked_by_link(request: &Request) -> Option<Language> {
    let asked = request.query(ASKED)?;
    Language::of_code(&asked)
}
