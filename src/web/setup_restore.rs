//! `/setup/restore`: instead of the setup, a backup of an earlier server. Guarded by the setup code, and gone with it.

use crate::auth::Visitor;
use crate::domain::setup::{self, Restoring};
use crate::error::Error;
use crate::http::{Answer, Body, Request};
use crate::media::Spool;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use askama::Template;

#[derive(Template)]
#[template(path = "setup-restore.html", config = "assets/askama.toml")]
struct Restore<'a> {
    frame: &'a Frame,
    code: &'a str,
    is_working: bool,
    problem: Option<String>,
}

/// `GET /setup/restore`: the form, or that the work is being done; 403 for who is not near, 404 once there is an owner.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    super::setup::check(request)?;
    let frame = frame(request, visitor);
    let state = request.app().setup.restoring();
    let page = Restore {
        code: &request.query("code").unwrap_or_default(),
        is_working: state == Restoring::Working,
        problem: match state {
            Restoring::Failed(why) => Some(frame.words.told(&why)),
            _ => None,
        },
        frame: &frame,
    };
    show(visitor, &page)
}

/// `POST /setup/restore`: `code`, `passphrase` if there is one, and the `file`. 303 to the page that waits; 400, 403 (code), 409,
/// 413, 429, 507 with the form; 404 once there is an owner.
pub fn begin(request: &Request, visitor: &Visitor) -> Answer {
    super::setup::check(request)?;
    let frame = frame(request, visitor);
    let form = request.form();
    let code = value(&form, "code").trim();
    let begun = setup::check_code(request.app(), code, request.now)
        .and_then(|()| received(request))
        .and_then(|file| setup::begin_restoring(&request.app, file, value(&form, "passphrase")));
    match begun {
        Ok(()) => Ok(see_other(&frame, "/setup/restore")),
        Err(error @ Error::NotFound(_)) => Err(error),
        Err(error) => again(visitor, error, |problem| {
            Ok(Restore {
                frame: &frame,
                code,
                is_working: false,
                problem: Some(problem),
            })
        }),
    }
}

fn received(request: &Request) -> Result<Spool, Error> {
    let file = match &request.body {
        Body::Multipart { files, .. } => files.first().and_then(|part| part.file.take()),
        _ => None,
    };
    file.ok_or_else(|| Error::invalid("Choose the file of a backup first."))
}

fn frame(request: &Request, visitor: &Visitor) -> Frame {
    let mut frame = Frame::bare(request);
    visitor.csrf().clone_into(&mut frame.csrf);
    frame
}
