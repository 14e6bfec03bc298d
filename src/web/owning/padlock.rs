//! `/main/box/padlock`: https of the server's own, on and off.

use super::enter;
use crate::auth::Visitor;
use crate::domain::padlock;
use crate::http::{Answer, Request};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::padlock::in_groups;
use askama::Template;

#[derive(Template)]
#[template(path = "box/padlock.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    /// Whether the configuration leaves it to this page.
    is_possible: bool,
    is_on: bool,
    /// The https address.
    url: Option<String>,
    own: Option<Own>,
    /// The site's address, which stays.
    address: String,
    /// What is wrong with what was made earlier.
    damage: Option<String>,
    /// What was done: `on`, `off`, `anew`.
    done: String,
    problem: Option<String>,
}

/// The server's own certificates.
struct Own {
    fingerprint: String,
    root_end: String,
    /// For what the certificate is, and until when.
    names: String,
    end: String,
}

impl<'a> Page<'a> {
    fn of(request: &Request, frame: &'a Frame) -> Page<'a> {
        let app = request.app();
        let own = padlock::own(app).map(|own| {
            let facts = own.shown;
            let names = facts.iter().flat_map(|facts| {
                let addresses = facts.addresses.iter().map(ToString::to_string);
                facts.hosts.iter().cloned().chain(addresses)
            });
            Own {
                fingerprint: in_groups(&own.fingerprint),
                root_end: frame.words.date(own.root_end),
                names: names.collect::<Vec<_>>().join(", "),
                end: facts.map_or_else(String::new, |facts| frame.words.date(facts.end)),
            }
        });
        Page {
            is_possible: padlock::is_possible(&app.config),
            is_on: padlock::is_on(app),
            url: padlock::url(app),
            own,
            address: app.base().url().to_owned(),
            damage: padlock::damage(app).map(|problem| frame.words.told(&problem)),
            done: request.query("done").unwrap_or_default(),
            problem: None,
            frame,
        }
    }
}

/// `GET /main/box/padlock`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        show(visitor, &Page::of(request, frame))
    })
}

/// `POST /main/box/padlock`: `deed`: `on`, `off`, `anew` (another root in place of the one there is). 303 back; 409 with the page.
pub fn turn(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        let deed = value(&form, "deed");
        let app = request.app();
        let turned = match deed {
            "on" => padlock::turn_on(app, request.now),
            "off" => padlock::turn_off(app),
            "anew" => padlock::start_over(app, request.now),
            _ => return Ok(see_other(frame, "/main/box/padlock")),
        };
        match turned {
            Ok(()) => Ok(see_other(frame, &format!("/main/box/padlock?done={deed}"))),
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    problem: Some(problem),
                    ..Page::of(request, frame)
                })
            }),
        }
    })
}
