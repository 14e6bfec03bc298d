//! `/main/invitations`: the owner's page for bringing people in: who can register, a new invitation link, and the links that
//! were made, with who came by each.

use crate::auth::{Owner, Visitor};
use crate::domain::invitations::{self, DAYS_DEFAULT, DAYS_MAX, NOTE_CHARS_MAX, USES_MAX, Wanted};
use crate::domain::registration;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::store::invitations::State;
use crate::store::meta::Registration;
use crate::web::cards::Time;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

#[derive(Template)]
#[template(path = "invitations.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    modes: Vec<Mode>,
    /// Whether the configuration has closed the registration.
    is_fixed: bool,
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
struct Mode {
    name: &'static str,
    words: &'static str,
    is_chosen: bool,
}

/// One invitation.
struct Row {
    code: String,
    link: String,
    note: String,
    is_open: bool,
    /// Whether it works, in words.
    state: String,
    made: Time,
    came: Vec<String>,
}

/// What stands in the form.
struct Typed<'a> {
    uses: &'a str,
    days: &'a str,
    note: &'a str,
}

/// `GET /main/invitations`: for the owner; 403 for everybody else.
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    visitor.owner(&request.app().store)?;
    let days = DAYS_DEFAULT.to_string();
    let typed = Typed {
        uses: "1",
        days: &days,
        note: "",
    };
    show(visitor, &page(request, &frame, typed, None)?)
}

/// `POST /main/invitations`: `uses`, `days`, `note` for a new invitation; `revoke` (a code); or `registration`. 303 back; 400,
/// 409 with the page and a sentence.
pub fn change(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    let owner = visitor.owner(&request.app().store)?;
    let form = request.form();
    match done(request, &owner, &form) {
        Ok(rest) => Ok(see_other(&frame, &format!("/main/invitations{rest}"))),
        Err(error) => again(visitor, error, |problem| {
            let typed = Typed {
                uses: value(&form, "uses"),
                days: value(&form, "days"),
                note: value(&form, "note"),
            };
            page(request, &frame, typed, Some(problem))
        }),
    }
}

/// Does what the form says; answers what follows the address of the page.
fn done(request: &Request, owner: &Owner, form: &[(String, String)]) -> Result<String, Error> {
    let field = |name: &str| value(form, name);
    let app = request.app();
    if !field("registration").is_empty() {
        let wanted = Registration::parse(field("registration"));
        let wanted = wanted.ok_or_else(|| Error::invalid("Choose who can register."))?;
        registration::set(app, wanted)?;
        return Ok(String::new());
    }
    if !field("revoke").is_empty() {
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
    let code = invitations::make(app, owner.id(), &wanted, request.now)?;
    Ok(format!("?made={code}"))
}

fn page<'a>(
    request: &Request,
    frame: &'a Frame,
    typed: Typed<'a>,
    problem: Option<String>,
) -> Result<Page<'a>, Error> {
    let app = request.app();
    let chosen = registration::mode(app, &app.store)?;
    let modes = Registration::ALL.map(|mode| Mode {
        name: mode.name(),
        words: match mode {
            Registration::Open => "everybody who finds this server",
            Registration::Invite => "whoever has an invitation link",
            Registration::Closed => "nobody; only you make accounts",
        },
        is_chosen: mode == chosen,
    });
    let made = request.query("made");
    let mut rows: Vec<Row> = Vec::new();
    for shown in invitations::list(app, request.now)? {
        let kept = &shown.invitation;
        let left = u64::from(kept.uses_max).saturating_sub(kept.came.len() as u64);
        rows.push(Row {
            state: match (shown.state, kept.ends) {
                (State::Open, Some(ends)) => match left {
                    1 => format!("for one person, until {}", ends.day()),
                    left => format!("for {left} people, until {}", ends.day()),
                },
                (State::Open, None) => format!("for {left} people"),
                (State::UsedUp, _) => "used".to_owned(),
                (State::Ended, _) => "ended".to_owned(),
                (State::Revoked, _) => "taken back".to_owned(),
            },
            is_open: shown.state == State::Open,
            note: kept.note.clone(),
            made: Time::of(frame.words, kept.created, request.now),
            came: shown.came,
            code: shown.code,
            link: shown.link,
        });
    }
    let place = made.and_then(|made| rows.iter().position(|row| row.is_open && row.code == made));
    Ok(Page {
        frame,
        modes: modes.into(),
        is_fixed: app.config.disable_registration,
        made: place.map(|place| rows.remove(place)),
        rows,
        typed,
        uses_max: USES_MAX,
        days_max: DAYS_MAX,
        note_chars_max: NOTE_CHARS_MAX,
        problem,
    })
}
