//! `/main/invitations`: bringing people in: a new invitation link with its code to photograph, and the links that were made, with
//! who came by each. For the owner of the server, who also decides who can register; and where the owner allows it for everybody
//! who has an account, each with their own.

use crate::auth::{LocalUser, Visitor};
use crate::domain::invitations::{
    self, DAYS_DEFAULT, DAYS_MAX, NOTE_CHARS_MAX, Shown, USES_MAX, Wanted,
};
use crate::domain::{family, registration};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::store::invitations::State;
use crate::store::meta::{self, Registration};
use crate::web::cards::Time;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::{login, qr};
use crate::words::marked;
use askama::Template;
use hyper::{StatusCode, header};

#[derive(Template)]
#[template(path = "invitations.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    modes: Vec<Mode<'a>>,
    /// Whether the configuration has closed the registration.
    is_fixed: bool,
    /// Whether nobody can come by an invitation now.
    is_closed: bool,
    /// Whether everybody who has an account may invite.
    everybody_invites: bool,
    /// Whether the user belongs to the family, and may invite to it.
    is_of_family: bool,
    /// The invitation that was made just now.
    made: Option<Row>,
    rows: Vec<Row>,
    typed: Typed<'a>,
    uses_max: u32,
    days_max: u32,
    note_chars_max: usize,
    problem: Option<String>,
}

/// One way of registering.
struct Mode<'a> {
    name: &'static str,
    words: &'a str,
    is_chosen: bool,
}

/// One invitation.
struct Row {
    code: String,
    link: String,
    note: String,
    is_open: bool,
    is_family: bool,
    /// Whether its link fits into a code to photograph.
    has_code: bool,
    /// Whether it works, in words.
    state: String,
    made: Time,
    /// The nickname of who made it; none for one's own.
    by: Option<String>,
    came: Vec<String>,
}

/// What stands in the form.
struct Typed<'a> {
    uses: &'a str,
    days: &'a str,
    note: &'a str,
    is_family: bool,
}

/// `GET /main/invitations`: for whoever may invite; 403 for everybody else.
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let store = &request.app().store;
    invitations::check_inviter(store, user.id())?;
    let days = DAYS_DEFAULT.to_string();
    let typed = Typed {
        uses: "1",
        days: &days,
        note: "",
        is_family: family::is_of(store, user.id())?,
    };
    show(visitor, &page(request, &frame, user, typed, None)?)
}

/// `POST /main/invitations`: `uses`, `days`, `note`, `family` for a new invitation; `revoke` (a code); for the owner also
/// `registration`, or `who` with `inviting`. 303 back; 400, 403, 409 with the page and a sentence.
pub fn change(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    invitations::check_inviter(&request.app().store, user.id())?;
    let form = request.form();
    match done(request, visitor, user, &form) {
        Ok(rest) => Ok(see_other(&frame, &format!("/main/invitations{rest}"))),
        Err(error) => again(visitor, error, |problem| {
            let typed = Typed {
                uses: value(&form, "uses"),
                days: value(&form, "days"),
                note: value(&form, "note"),
                is_family: !value(&form, "family").is_empty(),
            };
            page(request, &frame, user, typed, Some(problem))
        }),
    }
}

/// `GET /main/invitations/{code}/qr.svg`: the link of an invitation as a code to photograph. 403 for whose it is not, 404.
pub fn code(request: &Request, visitor: &Visitor) -> Answer {
    let missing = || Error::not_found("There is no such invitation.");
    let user = visitor.user().ok_or_else(missing)?;
    let app = request.app();
    let shown = invitations::one(app, request.param("code"), request.now)?;
    check_own(request, user, &shown)?;
    let drawing = qr::svg(&shown.link).ok_or_else(missing)?;
    let answer = Response::new(StatusCode::OK, "image/svg+xml", drawing);
    Ok(answer.with(header::CACHE_CONTROL, "private, no-store"))
}

/// Refuses whose invitation it is not; the owner sees all of them.
fn check_own(request: &Request, user: &LocalUser, shown: &Shown) -> Result<(), Error> {
    let is_owner = crate::store::users::owner(&request.app().store)? == Some(user.id());
    match is_owner || shown.invitation.by == user.id() {
        true => Ok(()),
        false => Err(Error::forbidden("This is somebody else’s invitation.")),
    }
}

/// Does what the form says; answers what follows the address of the page.
fn done(
    request: &Request,
    visitor: &Visitor,
    user: &LocalUser,
    form: &[(String, String)],
) -> Result<String, Error> {
    let field = |name: &str| value(form, name);
    let app = request.app();
    if !field("registration").is_empty() {
        visitor.owner(&app.store)?;
        let wanted = Registration::parse(field("registration"));
        let wanted = wanted.ok_or_else(|| Error::invalid("Choose who can register."))?;
        registration::set(app, wanted)?;
        return Ok("#who".to_owned());
    }
    if !field("who").is_empty() {
        visitor.owner(&app.store)?;
        let is_everybody = field("inviting") == "everybody";
        app.store.write(|tx| {
            meta::put_everybody_invites(tx, is_everybody);
            Ok(())
        })?;
        return Ok("#who".to_owned());
    }
    if !field("revoke").is_empty() {
        let shown = invitations::one(app, field("revoke"), request.now)?;
        check_own(request, user, &shown)?;
        invitations::revoke(app, field("revoke"), request.now)?;
        return Ok("#links".to_owned());
    }
    let number = |name: &str, sentence: &str| {
        let typed = field(name).trim();
        typed.parse::<u32>().map_err(|_| Error::invalid(sentence))
    };
    let uses = number("uses", "Say for how many people the invitation is.")?;
    let days = number("days", "Say for how many days the invitation is good.")?;
    let wanted = Wanted::new(Some(uses), Some(days), field("note"))?;
    let wanted = wanted.to_family(!field("family").is_empty());
    let code = invitations::make(app, user.id(), &wanted, request.now)?;
    Ok(format!("?made={code}"))
}

fn page<'a>(
    request: &Request,
    frame: &'a Frame,
    user: &LocalUser,
    typed: Typed<'a>,
    problem: Option<String>,
) -> Result<Page<'a>, Error> {
    let app = request.app();
    let chosen = registration::mode(app, &app.store)?;
    let modes = Registration::ALL.map(|mode| Mode {
        name: mode.name(),
        words: frame.say(match mode {
            Registration::Open => marked("everybody who finds this server"),
            Registration::Invite => marked("whoever has an invitation link"),
            Registration::Closed => marked("nobody; only you make accounts"),
        }),
        is_chosen: mode == chosen,
    });
    let made = request.query("made");
    let mut rows: Vec<Row> = Vec::new();
    for shown in invitations::list(app, request.now)? {
        let is_own = shown.invitation.by == user.id();
        if is_own || frame.is_owner {
            rows.push(row(request, frame, shown, is_own));
        }
    }
    let place = made.and_then(|made| rows.iter().position(|row| row.is_open && row.code == made));
    Ok(Page {
        frame,
        modes: modes.into(),
        is_fixed: app.config.disable_registration,
        is_closed: chosen == Registration::Closed,
        everybody_invites: meta::everybody_invites(&app.store)?,
        is_of_family: family::is_of(&app.store, user.id())?,
        made: place.map(|place| rows.remove(place)),
        rows,
        typed,
        uses_max: USES_MAX,
        days_max: DAYS_MAX,
        note_chars_max: NOTE_CHARS_MAX,
        problem,
    })
}

fn row(request: &Request, frame: &Frame, shown: Shown, is_own: bool) -> Row {
    let kept = &shown.invitation;
    let left = u64::from(kept.uses_max).saturating_sub(kept.came.len() as u64);
    let state = match (shown.state, kept.ends) {
        (State::Open, ends) => {
            let people = frame.count("for 1 person", "for {0} people", left);
            match ends {
                Some(ends) => frame.fill("{0}, until {1}", (people, frame.words.date(ends))),
                None => people,
            }
        }
        (State::UsedUp, _) => frame.say("used").to_owned(),
        (State::Ended, _) => frame.say("ended").to_owned(),
        (State::Revoked, _) => frame.say("taken back").to_owned(),
    };
    Row {
        state,
        is_open: shown.state == State::Open,
        is_family: kept.is_family,
        has_code: shown.link.len() <= qr::TEXT_BYTES_MAX,
        note: kept.note.clone(),
        made: Time::of(frame.words, kept.created, request.now),
        by: (!is_own).then_some(shown.by),
        came: shown.came,
        code: shown.code,
        link: shown.link,
    }
}
