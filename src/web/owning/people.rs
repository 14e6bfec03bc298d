//! `/main/box/people`: all accounts, and a page for each on which the owner helps, suspends, gives room, hands the server over or
//! deletes.

use super::enter;
use crate::app::App;
use crate::auth::{Visitor, sessions};
use crate::clock::Timestamp;
use crate::domain::administration::{self, Account};
use crate::domain::{invitations, machine, people, quotas};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::{Nickname, UserId};
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams;
use crate::store::users::{self, User};
use crate::web::cards::Time;
use crate::web::forms::{again, in_words, see_other, value};
use crate::web::frame::{Face, Frame, show};
use crate::web::resetting;
use crate::words::marked;
use askama::Template;

/// Accounts on a page.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "box/people.html", config = "assets/askama.toml")]
struct List<'a> {
    frame: &'a Frame,
    rows: Vec<Row>,
    total: u64,
    /// The address of the next page.
    next: Option<String>,
}

/// An account in the list.
struct Row {
    face: Option<Face>,
    nickname: String,
    is_owner: bool,
    is_suspended: bool,
    used: String,
    posts: u64,
    seen: Option<Time>,
}

#[derive(Template)]
#[template(path = "box/person.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    row: Row,
    quota: String,
    has_own_quota: bool,
    /// How full the room is, in hundredths.
    percent: u64,
    since: Time,
    email: Option<String>,
    invited_by: Option<String>,
    reset: String,
    takes_photos: bool,
    done: Option<&'static str>,
    problem: Option<String>,
}

/// `GET /main/box/people?after=`
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let app = request.app();
        let after = match request.query("after") {
            Some(nickname) => Some(find(app, &nickname)?.0),
            None => None,
        };
        let page = users::list(&app.store, after, SHOWN)?;
        let next = page.last().filter(|_| page.len() == SHOWN);
        let next =
            next.map(|(_, user)| frame.at(&format!("/main/box/people?after={}", user.nickname)));
        let mut rows = Vec::new();
        for (id, user) in page {
            let account = administration::account(app, id, user)?;
            rows.push(row(app, frame, &account, request.now)?);
        }
        let page = List {
            frame,
            rows,
            total: streams::total(&app.store, Stream::of(SITE, StreamKind::Users))?,
            next,
        };
        show(visitor, &page)
    })
}

/// `GET /main/box/people/{nickname}`: 404, 410 for nobody.
pub fn one(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let mut page = page(request, frame)?;
        page.done = match request.query("done").as_deref() {
            Some("suspend") => Some(marked("Suspended. Nobody can log in to this account now.")),
            Some("admit") => Some(marked("Let in again.")),
            Some("quota") => Some(marked("Saved.")),
            _ => None,
        };
        show(visitor, &page)
    })
}

/// `POST /main/box/people/{nickname}`: `deed`: `suspend`, `admit`, `quota` (with `quota`, or an empty one for what everybody has),
/// `owner` (with `password`), `delete` (with the nickname as `typed`). 303 back, or to the list; 400, 403 with the page.
pub fn change(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let (id, user) = find(request.app(), request.param("nickname"))?;
        let form = request.form();
        let deed = value(&form, "deed");
        match perform(request, visitor, &form, id, &user) {
            Ok(()) => {
                let nickname = &user.nickname;
                Ok(see_other(
                    frame,
                    &match deed {
                        "delete" => "/main/box/people".to_owned(),
                        "owner" => "/".to_owned(),
                        _ => format!("/main/box/people/{nickname}?done={deed}"),
                    },
                ))
            }
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    problem: Some(problem),
                    ..page(request, frame)?
                })
            }),
        }
    })
}

fn perform(
    request: &Request,
    visitor: &Visitor,
    form: &[(String, String)],
    id: UserId,
    user: &User,
) -> Result<(), Error> {
    let (app, now) = (request.app(), request.now);
    match value(form, "deed") {
        "suspend" => administration::suspend(app, id, true, now),
        "admit" => administration::suspend(app, id, false, now),
        "quota" => {
            let typed = value(form, "quota").trim();
            let bytes = match typed {
                "" => None,
                typed => Some(quotas::parse_bytes(typed).ok_or_else(|| {
                    Error::invalid("Type how much room, like 500 MB or 20 GB, or nothing for what everybody has.")
                })?),
            };
            administration::set_quota(app, id, bytes, now)
        }
        "owner" => {
            let me = visitor.owner(&app.store)?;
            let nickname = me.user().nickname().as_str();
            sessions::prove_password(request, nickname, value(form, "password"))
                .map_err(|error| in_words(error, "Your password is not right."))?;
            administration::hand_over(app, id, now)
        }
        "delete" => {
            let nickname = user.nickname.as_str();
            if !value(form, "typed").trim().eq_ignore_ascii_case(nickname) {
                return Err(Error::Invalid(format!(
                    "Type the nickname, {nickname}, to say that you mean it. Nothing was deleted."
                )));
            }
            people::remove(app, id, now)
        }
        _ => Err(Error::invalid("Choose what to do.")),
    }
}

fn find(app: &App, nickname: &str) -> Result<(UserId, User), Error> {
    let nickname =
        Nickname::new(nickname).map_err(|_| Error::not_found("There is no such user here."))?;
    people::find(app, &nickname)
}

fn row(app: &App, frame: &Frame, account: &Account, now: Timestamp) -> Result<Row, Error> {
    let seen = machine::last_seen(&app.store, account.id, now)?;
    Ok(Row {
        face: frame.face(app, account.id.0)?,
        nickname: account.user.nickname.to_string(),
        is_owner: account.user.owner,
        is_suspended: account.user.suspended.is_some(),
        used: frame.words.size(account.room.used_bytes),
        posts: account.posts,
        seen: seen.map(|at| Time::of(frame.words, at, now)),
    })
}

fn page<'a>(request: &Request, frame: &'a Frame) -> Result<Page<'a>, Error> {
    let app = request.app();
    let (id, user) = find(app, request.param("nickname"))?;
    let account = administration::account(app, id, user)?;
    let room = account.room;
    let percent = (room.used_bytes.saturating_mul(100)).checked_div(room.quota_bytes);
    Ok(Page {
        quota: frame.words.size(room.quota_bytes),
        has_own_quota: room.is_own,
        percent: percent.unwrap_or(100).min(100),
        since: Time::of(frame.words, account.user.created, request.now),
        email: account.user.email.clone(),
        invited_by: invitations::inviter(&app.store, id)?,
        reset: resetting::address(frame, account.user.nickname.as_str()),
        takes_photos: app.config.enable_uploads,
        row: row(app, frame, &account, request.now)?,
        done: None,
        problem: None,
        frame,
    })
}
