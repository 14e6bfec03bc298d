//! `/main/box/shell`: who logs in to a ready-made box from afar (`appliance/shell.rs`). Elsewhere there is no such page (404).

use super::enter;
use crate::appliance::shell::Keys;
use crate::auth::{Visitor, sessions};
use crate::domain::lan;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::web::forms::{again, in_words, see_other, value};
use crate::web::frame::{Frame, show};
use askama::Template;

/// The address of the page.
pub const PATH: &str = "/main/box/shell";

#[derive(Template)]
#[template(path = "box/shell.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    nickname: String,
    /// Whether somebody can log in.
    is_on: bool,
    /// Whether a change is under way.
    is_waiting: bool,
    /// What is typed into a terminal.
    command: String,
    /// The keys, a line each.
    typed: String,
    problem: Option<String>,
}

impl<'a> Page<'a> {
    fn of(request: &Request, frame: &'a Frame) -> Result<Page<'a>, Error> {
        let app = request.app();
        let Some(directory) = &app.config.shell else {
            return Err(Error::not_found("There is nothing at this address."));
        };
        let keys = Keys::kept(directory);
        Ok(Page {
            nickname: frame.nickname().to_string(),
            is_on: keys.count() > 0,
            is_waiting: Keys::is_waiting(&app.config.datadir),
            command: format!("ssh root@{}", lan::new_host(app)),
            typed: keys.text(),
            problem: None,
            frame,
        })
    }
}

/// `GET /main/box/shell`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        show(visitor, &Page::of(request, frame)?)
    })
}

/// `POST /main/box/shell`: `keys`, a line each, or `off`; and `password`, the owner's, because whoever has a key may do everything. 303
/// back; 400, 401, 429 with the form.
pub fn change(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let page = Page::of(request, frame)?;
        let form = request.form();
        let typed = match value(&form, "off") {
            "" => value(&form, "keys"),
            _ => "",
        };
        let proved = sessions::prove_password(request, frame.nickname(), value(&form, "password"))
            .map_err(|error| in_words(error, "Your password is not right."));
        let left = proved.and_then(|_| Keys::parse(typed)).and_then(|keys| {
            log::warn!("the owner lets {} keys in over SSH", keys.count());
            keys.leave(&request.app().config.datadir)
                .map_err(Error::internal)
        });
        match left {
            Ok(()) => Ok(see_other(frame, PATH)),
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    problem: Some(problem),
                    typed: value(&form, "keys").to_owned(),
                    ..page
                })
            }),
        }
    })
}
