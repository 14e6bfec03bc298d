//! What a caller reads when something went wrong: JSON, a page or plain text (`pump-api.md §1.1.1`).
//! The page here is plain; `web/` gives the server a dressed one with the same shape.

use crate::error::Error;
use crate::html;
use crate::http::{Request, Response};
use hyper::StatusCode;
use hyper::header::{self, HeaderName};

/// Makes the HTML page of an error from its status and sentence: `h1` "Error 404" and a paragraph with the id `error`.
/// Runs in the Quick lane.
pub type ErrorPage = fn(&Request, u16, &str) -> String;

/// In which of its three forms a caller reads an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// `{"error": "…"}`.
    Json,
    /// A page.
    Html,
    /// The sentence.
    Text,
}

impl ErrorForm {
    /// The form that this caller wants.
    pub fn of(request: &Request) -> ErrorForm {
        if request.wants_json_errors() {
            ErrorForm::Json
        } else if request.accepts_html() {
            ErrorForm::Html
        } else {
            ErrorForm::Text
        }
    }

    /// The answer that an error is; `page` makes the page where one is wanted.
    pub fn answer(self, error: &Error, page: impl FnOnce(u16, &str) -> String) -> Response {
        let (status, text) = (error.status(), error.public());
        let form = match error {
            Error::OAuth { .. } => ErrorForm::Text,
            _ => self,
        };
        let mut response = match form {
            ErrorForm::Json => Response::json(&serde_json::json!({ "error": text })),
            ErrorForm::Html => Response::html(page(status, &text)),
            ErrorForm::Text => Response::text(text),
        };
        response.status =
            StatusCode::from_u16(status).expect("the statuses of our errors are statuses");
        if let Some((name, value)) = own_headers(error) {
            response.set(name, &value);
        }
        response
    }
}

fn own_headers(error: &Error) -> Option<(HeaderName, String)> {
    match error {
        Error::OAuth { .. } => Some((header::WWW_AUTHENTICATE, "OAuth realm=\"OAuth\"".to_owned())),
        Error::Bearer {
            code, text, scope, ..
        } => Some((header::WWW_AUTHENTICATE, challenge(code, text, scope))),
        Error::MethodNotAllowed(allow) => Some((header::ALLOW, allow.clone())),
        other => {
            let secs = other.retry_after_secs()?;
            Some((header::RETRY_AFTER, secs.to_string()))
        }
    }
}

/// The challenge of RFC 6750 §3: quoted texts of plain characters.
fn challenge(code: &str, text: &str, scope: &Option<String>) -> String {
    let plain = |c: char| match c {
        '\u{201c}' | '\u{201d}' | '"' | '\\' => '\'',
        ' '..='~' => c,
        _ => '?',
    };
    let text: String = text.chars().map(plain).collect();
    let mut value =
        format!("Bearer realm=\"pump\", error=\"{code}\", error_description=\"{text}\"");
    if let Some(scope) = scope {
        value.push_str(&format!(", scope=\"{scope}\""));
    }
    value
}

/// The page without any dress: readable on its own.
pub fn plain_page(status: u16, text: &str) -> String {
    let escaped = html::escape(text);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Error {status}</title></head>\
         <body><main><h1>Error {status}</h1><p id=\"error\">{escaped}</p></main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{ErrorForm, plain_page};
    use crate::error::Error;
    use hyper::header;

    #[test]
    fn a_failed_oauth_proof_is_plain_text_with_a_challenge_whatever_is_accepted() {
        let error = Error::OAuth {
            status: 401,
            text: "Invalid / used nonce",
        };
        for form in [ErrorForm::Json, ErrorForm::Html, ErrorForm::Text] {
            let answer = form.answer(&error, plain_page);
            assert_eq!(answer.status, 401);
            assert_eq!(
                answer.headers[header::CONTENT_TYPE],
                "text/plain; charset=utf-8"
            );
            assert_eq!(
                answer.headers[header::WWW_AUTHENTICATE],
                "OAuth realm=\"OAuth\""
            );
        }
    }

    #[test]
    fn the_page_escapes_what_it_says() {
        let page = plain_page(400, "no <script> & \"quotes\"");
        assert!(page.contains("<h1>Error 400</h1>"));
        assert!(page.contains("<p id=\"error\">no &lt;script&gt; &amp; &quot;quotes&quot;</p>"));
    }
}
