//! Everything that somebody owns, in one file: asked for on the page of the account, fetched there, and brought in there.

use crate::api::archives;
use crate::auth::Visitor;
use crate::domain::archives::desk;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::UserId;
use crate::store::archives::{Archive, Report, State, Way};
use crate::web::account::Account;
use crate::web::forms::{again, see_other};
use crate::web::frame::Frame;
use crate::web::login;

/// How far an archive is, in words.
pub struct Told {
    /// Whether it waits or is being worked on.
    pub is_waiting: bool,
    /// Hundredths that are done, once the work has begun.
    pub percent: Option<u64>,
    /// Until when it can be fetched, and how large it is.
    pub ready: Option<(String, String)>,
    /// What was brought in.
    pub taken: Option<Report>,
    /// Why nothing came of it.
    pub problem: Option<String>,
}

impl Told {
    /// What there is to say of the archive that a user asked for.
    pub fn of(request: &Request, user: UserId, way: Way) -> Result<Told, Error> {
        let app = request.app();
        let state = desk::state(app, user, way)?.map(|Archive { state, .. }| state);
        let doing = app.desk.progress(user, way);
        let percent = doing.and_then(|doing| (doing.done * 100).checked_div(doing.steps));
        let mut told = Told {
            is_waiting: state.as_ref().is_some_and(State::is_pending),
            percent: percent.map(|percent| percent.min(100)),
            ready: None,
            taken: None,
            problem: None,
        };
        match state {
            Some(State::Made { at, bytes }) => {
                told.ready = Some((desk::ends(at).day(), size(bytes)));
            }
            Some(State::Taken { report, .. }) => told.taken = Some(report),
            Some(State::Failed { why, .. }) => told.problem = Some(why),
            _ => {}
        }
        Ok(told)
    }
}

/// `POST /main/export`: asks for an archive; 303 to the page of the account.
pub fn ask(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    desk::ask_for_export(request.app(), user.id(), request.now)?;
    Ok(see_other(&frame, "/main/account#export"))
}

/// `GET /main/export/archive.zip`: the archive; 404 if there is none.
pub fn fetch(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    match visitor.user() {
        Some(user) => archives::hand_out(request, user),
        None => login::first(&frame),
    }
}

/// `POST /main/import`: brings the `file` into the account; 303 to the page of the account; 400, 409, 413, 507 with that page.
pub fn bring(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let asked = archives::received(request)
        .and_then(|file| desk::ask_for_import(request.app(), user.id(), file, request.now));
    match asked {
        Ok(()) => Ok(see_other(&frame, "/main/account#import")),
        Err(error) => again(visitor, error, |problem| {
            let mut page = Account::of(request, &frame, user)?;
            page.file_problem = Some(problem);
            Ok(page)
        }),
    }
}

/// A length as people say it.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    match bytes {
        0..MIB => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(MIB)),
    }
}
