//! The page of an error, in the dress of the site. It looks at no visitor: an error may come before anybody is known.

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
    let frame = Frame::bare(request);
    let heading = match status {
        401 => marked("Log in first"),
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
