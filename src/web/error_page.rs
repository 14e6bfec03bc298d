//! The page of an error, in the dress of the site. It looks at no visitor: an error may come before anybody is known.

use crate::http::Request;
use crate::http::error_page::plain_page;
use crate::web::frame::Frame;
use crate::web::login;
use askama::Template;

#[derive(Template)]
#[template(path = "error.html", config = "assets/askama.toml")]
struct ErrorPage<'a> {
    frame: &'a Frame,
    status: u16,
    heading: &'static str,
    text: &'a str,
    login: Option<String>,
}

/// The page for a status and the sentence for the caller.
pub fn page(request: &Request, status: u16, text: &str) -> String {
    let frame = Frame::bare(request);
    let heading = match status {
        401 => "Log in first",
        403 => "Not for you",
        404 => "Not found",
        409 => "That is taken",
        410 => "Deleted",
        413 => "Too large",
        429 => "Too fast",
        502 => "The other server",
        503 => "Busy",
        507 => "The disk is full",
        500.. => "Something went wrong",
        _ => "That did not work",
    };
    let text = match (status, text) {
        (401, "Not logged in.") => {
            "You are not logged in, or not any more. Log in, and go back to what you typed."
        }
        (410, "Deleted") => "This was here, and was deleted.",
        (_, text) => text,
    };
    let page = ErrorPage {
        frame: &frame,
        status,
        heading,
        text,
        login: (status == 401 && !request.app().config.noweb).then(|| {
            match request.method == hyper::Method::GET {
                true => login::login_address(&frame),
                false => format!("{}/main/login", frame.root),
            }
        }),
    };
    page.render().unwrap_or_else(|_| plain_page(status, text))
}
