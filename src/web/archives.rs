//! `/main/settings/data`: everything that somebody owns, in one file: asked for there, fetched there, and brought in there; and how
//! much room it takes.

use crate::api::archives;
use crate::auth::Visitor;
use crate::domain::archives::desk;
use crate::domain::quotas;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::UserId;
use crate::store::archives::{Archive, Report, State, Way};
use crate::web::forms::{again, see_other};
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

#[derive(Template)]
#[template(path = "settings/data.html", config = "assets/askama.toml")]
struct Data<'a> {
    frame: &'a Frame,
    export: Told,
    import: Told,
    /// What uploads take, and what they may take, in words; nothing where uploads are switched off.
    room: Option<(String, String)>,
    /// What is wrong with a file that was to be brought in.
    file_problem: Option<String>,
}

impl<'a> Data<'a> {
    fn of(request: &Request, frame: &'a Frame, user: UserId) -> Result<Data<'a>, Error> {
        Ok(Data {
            frame,
            export: Told::of(request, frame, user, Way::Out)?,
            import: Told::of(request, frame, user, Way::In)?,
            room: room(request, frame, user)?,
            file_problem: None,
        })
    }
}

/// How far an archive is, in words.
struct Told {
    /// Whether it waits or is being worked on.
    is_waiting: bool,
    /// Hundredths that are done, once the work has begun.
    percent: Option<u64>,
    /// Until when it can be fetched, and how large it is.
    ready: Option<(String, String)>,
    /// What was brought in.
    taken: Option<Report>,
    /// Why nothing came of it.
    problem: Option<String>,
}

impl Told {
    /// What there is to say of the archive that a user asked for.
    fn of(request: &Request, frame: &Frame, user: UserId, way: Way) -> Result<Told, Error> {
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
                told.ready = Some((desk::ends(at).day(), frame.words.size(bytes)));
            }
            Some(State::Taken { report, .. }) => told.taken = Some(report),
            Some(State::Failed { why, .. }) => told.problem = Some(why),
            _ => {}
        }
        Ok(told)
    }
}

/// `GET /main/settings/data`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    match visitor.user() {
        Some(user) => show(visitor, &Data::of(request, &frame, user.id())?),
        None => login::first(&frame),
    }
}

/// `POST /main/export`: asks for an archive; 303 to the page.
pub fn ask(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    desk::ask_for_export(request.app(), user.id(), request.now)?;
    Ok(see_other(&frame, "/main/settings/data#export"))
}

/// `GET /main/export/archive.zip`: the archive; 404 if there is none.
pub fn fetch(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    match visitor.user() {
        Some(user) => archives::hand_out(request, user),
        None => login::first(&frame),
    }
}

/// `POST /main/import`: brings the `file` into the account; 303 to the page; 400, 409, 413, 507 with that page.
pub fn bring(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let asked = archives::received(request)
        .and_then(|file| desk::ask_for_import(request.app(), user.id(), file, request.now));
    match asked {
        Ok(()) => Ok(see_other(&frame, "/main/settings/data#import")),
        Err(error) => again(visitor, error, |problem| {
            Ok(Data {
                file_problem: Some(problem),
                ..Data::of(request, &frame, user.id())?
            })
        }),
    }
}

fn room(request: &Request, frame: &Frame, user: UserId) -> Result<Option<(String, String)>, Error> {
    let app = request.app();
    if !app.config.enable_uploads {
        return Ok(None);
    }
    let room = quotas::room(app, &app.store, user)?;
    let words = |bytes| frame.words.size(bytes);
    Ok(Some((words(room.used_bytes), words(room.quota_bytes))))
}
