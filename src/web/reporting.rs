//! `/main/report`: the form by which anybody tells the owner of the server what is wrong with a post or a person; and
//! `/main/reports`, where the owner reads what was told and does something about it.

use crate::auth::Visitor;
use crate::domain::access::{self, Viewer};
use crate::domain::people;
use crate::domain::reports::{self, REASON_CHARS_MAX};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::{ThingId, UserId};
use crate::store::reports::{Part, Report, Resolution};
use crate::store::things::Object;
use crate::web::cards::{Cards, Time, kind_in_words};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Face, Frame, show};
use crate::web::login;
use crate::web::text;
use crate::wire::draft::members_of;
use crate::words::marked;
use askama::Template;
use serde_json::Value;

/// Characters of a post that are shown.
const WORDS_SHOWN: usize = 400;

#[derive(Template)]
#[template(path = "report.html", config = "assets/askama.toml")]
struct Form<'a> {
    frame: &'a Frame,
    id: &'a str,
    what: String,
    words: String,
    reason: &'a str,
    reason_chars_max: usize,
    is_sent: bool,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "reports.html", config = "assets/askama.toml")]
struct List<'a> {
    frame: &'a Frame,
    open: Vec<Row>,
    done: Vec<Row>,
    problem: Option<String>,
}

/// One report.
struct Row {
    id: u64,
    reason: String,
    by: Option<Face>,
    at: Time,
    /// `a note by Ann`, `the person Ann`.
    what: String,
    link: Option<String>,
    words: String,
    is_person: bool,
    /// Whether the author has an account here.
    is_local: bool,
    is_there: bool,
    /// What was done.
    done: &'static str,
}

/// `GET /main/report?id=`: a key, an id, or a nickname behind `@`.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let id = request.query("id").unwrap_or_default();
    let app = request.app();
    let thing = reports::find(app, &id)?;
    let object = reports::check(&app.store, user.id(), thing)?;
    let is_sent = request.query("sent").is_some();
    let page = page(request, &frame, &id, &object, "", is_sent)?;
    show(visitor, &page)
}

/// `POST /main/report`: `id`, `reason`. 303 to the same page, which says that it was sent; 400, 429 with the form.
pub fn send(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let sent = request.form();
    let (id, reason) = (value(&sent, "id"), value(&sent, "reason"));
    let app = request.app();
    let thing = reports::find(app, id)?;
    let object = reports::check(&app.store, user.id(), thing)?;
    match reports::report(app, user.id(), thing, reason, request.now) {
        Ok(_) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("id", id).append_pair("sent", "1");
            let page = format!("/main/report?{}", query.finish());
            Ok(see_other(&frame, &page))
        }
        Err(error) => again(visitor, error, |problem| {
            Ok(Form {
                problem: Some(problem),
                ..page(request, &frame, id, &object, reason, false)?
            })
        }),
    }
}

/// `GET /main/reports`: for the owner; 403 for everybody else.
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    visitor.owner(&request.app().store)?;
    show(visitor, &listed(request, &frame, None)?)
}

/// `POST /main/reports`: `report` (its number), `resolution`. 303 back; 400, 403, 409 with the page and a sentence.
pub fn resolve(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    visitor.owner(&request.app().store)?;
    let form = request.form();
    let wanted = value(&form, "report").parse().map(ThingId).ok();
    let wanted = wanted.zip(Resolution::parse(value(&form, "resolution")));
    let resolved = match wanted {
        Some((id, how)) => reports::resolve(request.app(), id, how, request.now),
        None => Err(Error::invalid("Choose what to do about the report.")),
    };
    match resolved {
        // A second tap: it is done already.
        Ok(_) | Err(Error::Conflict(_)) => Ok(see_other(&frame, "/main/reports")),
        Err(error) => again(visitor, error, |problem| {
            listed(request, &frame, Some(problem))
        }),
    }
}

fn page<'a>(
    request: &Request,
    frame: &'a Frame,
    id: &'a str,
    object: &Object,
    reason: &'a str,
    is_sent: bool,
) -> Result<Form<'a>, Error> {
    Ok(Form {
        frame,
        id,
        what: what(request, frame, object)?,
        words: words(object),
        reason,
        reason_chars_max: REASON_CHARS_MAX,
        is_sent,
        problem: None,
    })
}

fn listed<'a>(
    request: &Request,
    frame: &'a Frame,
    problem: Option<String>,
) -> Result<List<'a>, Error> {
    let rows = |part| -> Result<Vec<Row>, Error> {
        let all = reports::list(&request.app().store, part)?;
        all.iter()
            .map(|(id, report)| row(request, frame, *id, report))
            .collect()
    };
    Ok(List {
        frame,
        open: rows(Part::Open)?,
        done: rows(Part::Done)?,
        problem,
    })
}

fn row(request: &Request, frame: &Frame, id: ThingId, report: &Report) -> Result<Row, Error> {
    let app = request.app();
    let store = &app.store;
    let found = reports::object_of(store, report)?;
    let reporter = Viewer::user(report.by);
    let mut row = Row {
        id: id.0,
        reason: report.reason.clone(),
        by: frame.face(app, report.by.0)?,
        at: Time::of(frame.words, report.at, request.now),
        what: frame.say("something that is gone").to_owned(),
        link: None,
        words: String::new(),
        is_person: false,
        is_local: false,
        is_there: false,
        done: match report.done.map(|done| done.how) {
            Some(Resolution::Dismiss) => marked("dismissed"),
            Some(Resolution::Delete) => marked("deleted"),
            Some(Resolution::Suspend) => marked("author suspended"),
            None => "",
        },
    };
    let Some((thing, object)) = found.filter(|(_, object)| object.deleted.is_none()) else {
        return Ok(row);
    };
    row.is_there = true;
    row.is_person = object.is_person();
    row.what = what(request, frame, &object)?;
    // The owner sees what the reporter may read.
    if access::may_read_object(store, reporter, &object)? {
        row.words = words(&object);
    }
    let author = if row.is_person {
        Some(thing)
    } else {
        object.author
    };
    if let Some(face) = author
        .map(|author| frame.face(app, author))
        .transpose()?
        .flatten()
    {
        row.is_local = !face.nickname.is_empty();
        let cards = Cards {
            app,
            frame,
            viewer: reporter,
            now: request.now,
        };
        row.link = Some(match row.is_person {
            true => face.url,
            false => cards.link(thing, &object, &face),
        });
    }
    Ok(row)
}

/// What is reported, in words.
fn what(request: &Request, frame: &Frame, object: &Object) -> Result<String, Error> {
    let store = &request.app().store;
    if object.is_person() {
        return Ok(frame.face_of(ThingId(0), object).name);
    }
    let kind = frame.say(kind_in_words(&object.object_type));
    Ok(match object.author {
        Some(author) => {
            let name = people::name_of(store, UserId(author))?;
            frame.fill("a {0} by {1}", (kind, &name))
        }
        None => kind.to_owned(),
    })
}

fn words(object: &Object) -> String {
    let members = members_of(&object.members);
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if object.is_person() {
        return text::summary(text("summary"), None, WORDS_SHOWN);
    }
    let title = text("displayName").map(str::to_owned);
    let content = text::summary(None, text("content"), WORDS_SHOWN);
    match title {
        Some(title) if !content.is_empty() => format!("{title}: {content}"),
        Some(title) => title,
        None => content,
    }
}
