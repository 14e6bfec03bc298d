//! What the forms of all pages have in common: reading a field, the page that follows a form that was done, and the form
//! again with a sentence after one that was not.

use crate::auth::Visitor;
use crate::error::Error;
use crate::http::{Answer, Response};
use crate::web::frame::{Frame, show};
use askama::Template;
use hyper::{StatusCode, header};

/// The first value of a field; empty if the form does not have it.
pub fn value<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    let found = form.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value)
}

/// Refuses a password that was typed differently the second time; a form may leave the second time out.
pub fn check_repeated(password: &str, again: &str) -> Result<(), Error> {
    if again.is_empty() || password == again {
        Ok(())
    } else {
        Err(Error::invalid(
            "The two passwords are not the same. Type them again.",
        ))
    }
}

/// The same error, with a sentence of the page for a nickname or a password that is not right (401).
pub fn in_words(error: Error, wrong: &str) -> Error {
    match error {
        Error::Unauthorized(_) => Error::Unauthorized(wrong.to_owned()),
        other => other,
    }
}

/// 303 to the page that follows a form that was done; `path` is its address within the site, with the slash.
pub fn see_other(frame: &Frame, path: &str) -> Response {
    Response::redirect(StatusCode::SEE_OTHER, &format!("{}{path}", frame.root))
}

/// The form again, with the status of what went wrong and its sentence, which `page` gets. What nobody who fills in a form
/// can do anything about stays the error that it is; a server that is busy or full (503, 507), or waits for another one in vain
/// (502), does not lose what was typed.
pub fn again<T: Template>(
    visitor: &Visitor,
    error: Error,
    page: impl FnOnce(String) -> Result<T, Error>,
) -> Answer {
    let keeps_form = matches!(error, Error::Busy(_) | Error::Full | Error::Remote(_));
    if error.status() >= 500 && !keeps_form {
        return Err(error);
    }
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer =
        show(visitor, &page(visitor.words().told(&error.public()))?)?.with_status(status);
    if let Some(secs) = error.retry_after_secs() {
        answer.set(header::RETRY_AFTER, &secs.to_string());
    }
    Ok(answer)
}

/// What went wrong as a script of a page reads it, in the reader's language. What nobody can do anything about stays the error
/// that it is.
pub fn for_script(visitor: &Visitor, error: Error) -> Answer {
    if matches!(error, Error::Internal(_)) {
        return Err(error);
    }
    let words = visitor.words().told(&error.public());
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Ok(Response::json(&serde_json::json!({ "error": words })).with_status(status))
}
