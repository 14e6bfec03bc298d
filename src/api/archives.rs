//! Everything that a user owns, in one file: asked for, looked after, fetched.

use crate::api::files::{self, Handed, Keep};
use crate::api::users;
use crate::auth::LocalUser;
use crate::domain::archives::desk;
use crate::error::Error;
use crate::http::{Answer, Body, Request, Response};
use crate::ids::UserId;
use crate::media::Spool;
use crate::store::archives::{State, Way};
use crate::wire::json;

/// The last part of the address of an archive.
const FILE_NAME: &str = "archive.zip";

/// `POST /api/user/{nickname}/export`: asks for an archive of everything that the user owns; 200 with how far it is.
pub fn ask(request: &Request, user: &LocalUser) -> Answer {
    own(request, user)?;
    desk::ask_for_export(request.app(), user.id(), request.now)?;
    state(request, user, Way::Out)
}

/// `GET /api/user/{nickname}/export`: 200 with `state`, which is `none`, `making`, `ready` or `failed`, and what belongs to it:
/// `done` of `total` steps; `url`, `bytes` and `expires`; `error`.
pub fn exported(request: &Request, user: &LocalUser) -> Answer {
    own(request, user)?;
    state(request, user, Way::Out)
}

/// `GET /api/user/{nickname}/export/archive.zip`: the archive; 404 if there is none. Answers `Range`.
pub fn fetch(request: &Request, user: &LocalUser) -> Answer {
    own(request, user)?;
    hand_out(request, user)
}

/// `POST /api/user/{nickname}/import`: brings an archive, or a collection of activities as JSON, into the account: the bytes as
/// the body, or one file of a multipart form. 200 with how far it is; 400 for a file that is not right, 409 while another one
/// is being read, 413, 507.
pub fn bring(request: &Request, user: &LocalUser) -> Answer {
    own(request, user)?;
    let file = received(request)?;
    desk::ask_for_import(request.app(), user.id(), file, request.now)?;
    state(request, user, Way::In)
}

/// `GET /api/user/{nickname}/import`: 200 with `state`, which is `none`, `taking`, `done` or `failed`, and what belongs to it:
/// `done` of `total` steps; `brought`, `known`, `files`, `leftOut`, `reasons`; `error`.
pub fn brought(request: &Request, user: &LocalUser) -> Answer {
    own(request, user)?;
    state(request, user, Way::In)
}

/// The one file of a request.
pub fn received(request: &Request) -> Result<Spool, Error> {
    let file = match &request.body {
        Body::Spooled(file) => file.take(),
        Body::Multipart { files, .. } => match files.as_slice() {
            [one] => one.file.take(),
            _ => None,
        },
        Body::Memory(_) => None,
    };
    file.ok_or_else(|| {
        Error::invalid("Send one file: an archive, or a collection of activities as JSON.")
    })
}

/// Answers with the archive of a user.
pub fn hand_out(request: &Request, user: &LocalUser) -> Answer {
    let blob = desk::open(request.app(), user.id())?;
    let day = blob.modified.day();
    let nickname = user.nickname();
    let handed = Handed {
        etag: format!("\"{}-{}\"", blob.modified.0, blob.bytes_len),
        mime: "application/zip".to_owned(),
        disposition: format!("attachment; filename=\"{nickname}-{day}.zip\""),
        keep: Keep::Nobody,
        blob,
    };
    files::answer(request, handed)
}

fn own(request: &Request, user: &LocalUser) -> Result<UserId, Error> {
    users::named(request)?;
    user.owning(&request.nickname()?)
}

/// How far the archive is that the user asked for, or sent, last.
fn state(request: &Request, user: &LocalUser, way: Way) -> Answer {
    let app = request.app();
    let archive = desk::state(app, user.id(), way)?;
    let doing = app.desk.progress(user.id(), way);
    let text = json::object(|out| {
        let Some(archive) = &archive else {
            out.plain("state", format_args!("none"));
            return;
        };
        out.plain("state", format_args!("{}", word(&archive.state, way)));
        out.plain("asked", format_args!("{}", archive.asked));
        match &archive.state {
            State::Waiting | State::Taking { .. } => {
                if let Some(doing) = doing {
                    out.number("done", doing.done);
                    out.number("total", doing.steps);
                }
            }
            State::Made { at, bytes } => {
                let (base, nickname) = (app.base().url(), user.nickname());
                let ends = desk::ends(*at);
                out.plain("made", format_args!("{at}"));
                out.plain("expires", format_args!("{ends}"));
                out.number("bytes", *bytes);
                let address = format_args!("{base}/api/user/{nickname}/export/{FILE_NAME}");
                out.plain("url", address);
            }
            State::Taken { at, report } => {
                out.plain("made", format_args!("{at}"));
                out.number("brought", report.brought);
                out.number("known", report.known);
                out.number("files", report.files);
                out.number("leftOut", report.left_out);
                let mut reasons = out.array("reasons");
                report
                    .reasons
                    .iter()
                    .for_each(|reason| reasons.text(reason));
            }
            State::Failed { why, .. } => out.text("error", why),
        }
    });
    Ok(Response::json_text(text))
}

fn word(state: &State, way: Way) -> &'static str {
    match (state, way) {
        (State::Waiting, Way::Out) => "making",
        (State::Waiting | State::Taking { .. }, _) => "taking",
        (State::Made { .. }, _) => "ready",
        (State::Taken { .. }, _) => "done",
        (State::Failed { .. }, _) => "failed",
    }
}
