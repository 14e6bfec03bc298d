//! The page of an error, in the dress of the site. Whoever is logged in keeps the ways to other pages, where it is not the server
//! that fails.

use crate::auth::{self, sessions::FORM_TOO_OLD};
use crate::http::Request;
use crate::http::error_page::plain_page;
use crate::web::frame::Frame;
use crate::web::login;
use crate::words::marked;
use askama::Template;

#[derive(Template)]
#[template(path = "error.html", config = "assets/askama.toml")]
struct ErrorPage<'a> {
    frame: &'a Frame,
    status: u16,
    heading: &'a str,
    text: String,
    login: Option<String>,
}

/// The page for a status and the sentence for the caller.
pub fn page(request: &Request, status: u16, text: &str) -> String {
    let frame = known(request, status).unwrap_or_else(|| Frame::bare(request));
    let heading = match status {
        401 => marked("Log in first"),
        403 if text == FORM_TOO_OLD => marked("That did not work"),
        403 => marked("Not for you"),
        404 => marked("Not found"),
        409 => marked("That is taken"),
        410 => marked("Deleted"),
        413 => marked("Too large"),
        429 => marked("Too fast"),
        502 => marked("The other server"),
        503 => marked("Busy"),
        507 => marked("The disk is full"),
        500.. => marked("Something went wrong"),
        _ => marked("That did not work"),
    };
    let said = match (status, text) {
        (401, "Not logged in.") => {
            marked("You are not logged in, or not any more. Log in, and go back to what you typed.")
        }
        (410, "Deleted") => marked("This was here, and was deleted."),
        (405, _) => marked(
            "This is where a form goes, and no page. Go back to the form, or begin at the start.",
        ),
        (500, _) => marked(
            "Something went wrong on this server. It was written to its log. Try again; if it stays so, tell the owner.",
        ),
        (_, text) => text,
    };
    let page = ErrorPage {
        frame: &frame,
        status,
        heading: frame.say(heading),
        text: frame.words.told(said),
        login: (status == 401 && !request.app().config.noweb).then(|| {
            match request.method == hyper::Method::GET {
                true => login::login_address(&frame),
                false => format!("{}/main/login", frame.root),
            }
        }),
    };
    page.render().unwrap_or_else(|_| plain_page(status, text))
}

/// The frame of a user to whom something was refused.
fn known(request: &Request, status: u16) -> Option<Frame> {
    if !matches!(status, 400..500) || matches!(status, 401 | 429) {
        return None;
    }
    let visitor = auth::visitor(request).ok()?;
    visitor.user()?;
    Frame::of(request, &visitor).ok()
}
