//! `/main/box/update`: later versions of the program, on a ready-made box. Elsewhere there is no such page (404).

use super::enter;
use crate::appliance::versions::Became;
use crate::auth::Visitor;
use crate::domain::updates;
use crate::error::Error;
use crate::http::{Answer, Body, Request};
use crate::web::cards::Time;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use askama::Template;

#[derive(Template)]
#[template(path = "box/update.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    version: &'static str,
    is_busy: bool,
    /// What the last update came to, and whether that is good.
    outcome: Option<(String, bool)>,
    /// The version that waits, and whether it is older than what runs.
    offer: Option<(String, bool)>,
    /// The address that is looked at.
    url: Option<&'a str>,
    /// When it was looked at last.
    looked: Option<Time>,
    /// What went wrong then.
    looked_problem: Option<String>,
    problem: Option<String>,
}

impl<'a> Page<'a> {
    fn of(request: &'a Request, frame: &'a Frame) -> Result<Page<'a>, Error> {
        let config = &request.app().config;
        let state = updates::state(config)?;
        let words = frame.words;
        let outcome = state.outcome.map(|outcome| match &outcome.what {
            Became::Installed => (
                words.fill("Version {0} was installed.", [&outcome.version]),
                true,
            ),
            Became::WentBack => (
                words.fill(
                    "Version {0} did not come up, so the version before it runs again. Nothing was lost.",
                    [&outcome.version],
                ),
                false,
            ),
            Became::Refused(why) => (
                format!("{} {}", words.say("Nothing was installed."), words.told(why)),
                false,
            ),
        });
        Ok(Page {
            version: env!("CARGO_PKG_VERSION"),
            is_busy: state.is_busy,
            outcome,
            offer: state.offer.map(|offer| (offer.version, offer.is_older)),
            url: config.update_url.as_deref(),
            looked: state.looked.at.map(|at| Time::of(words, at, request.now)),
            looked_problem: state.looked.problem.map(|problem| words.told(&problem)),
            problem: None,
            frame,
        })
    }
}

/// `GET /main/box/update`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        show(visitor, &Page::of(request, frame)?)
    })
}

/// `POST /main/box/update`: the `file` of a package, which then waits; `older` lets an older version in. 303 back; 400, 404, 409, 413,
/// 507 with the page.
pub fn bring(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let may_be_older = !value(&request.form(), "older").is_empty();
        let brought = received(request).and_then(|file| {
            let file = file.reader().map_err(Error::internal)?;
            updates::offer(request.app(), file, may_be_older)
        });
        answer(request, visitor, frame, brought.map(drop))
    })
}

/// `POST /main/box/update/deed`: `deed` is `install`, which installs the version that waits, or `look`, which looks at the address. 303
/// back; 404, 409 with the page.
pub fn act(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        let app = request.app();
        let acted = match value(&form, "deed") {
            "install" => updates::install(app),
            "look" => updates::state(&app.config).map(|_| updates::want(app)),
            _ => Err(Error::invalid("There is no such deed.")),
        };
        answer(request, visitor, frame, acted)
    })
}

fn answer(request: &Request, visitor: &Visitor, frame: &Frame, done: Result<(), Error>) -> Answer {
    match done {
        Ok(()) => Ok(see_other(frame, "/main/box/update")),
        Err(error) => again(visitor, error, |problem| {
            Ok(Page {
                problem: Some(problem),
                ..Page::of(request, frame)?
            })
        }),
    }
}

fn received(request: &Request) -> Result<crate::media::Spool, Error> {
    let file = match &request.body {
        Body::Multipart { files, .. } => files.first().and_then(|part| part.file.take()),
        _ => None,
    };
    file.ok_or_else(|| Error::invalid("Choose the file of a package first."))
}
