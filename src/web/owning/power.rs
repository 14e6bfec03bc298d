//! `/main/box/power`: switches the machine off, or restarts it, where somebody does that for the server (`domain/power.rs`).

use super::enter;
use crate::auth::Visitor;
use crate::domain::power::{self, Wish};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::web::forms::value;
use crate::web::frame::{Frame, show};
use askama::Template;

#[derive(Template)]
#[template(path = "box/power.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    /// What is asked about, or done.
    wish: Option<Wish>,
    is_done: bool,
}

impl Page<'_> {
    fn is_off(&self) -> bool {
        self.wish == Some(Wish::Off)
    }
}

/// `GET /main/box/power`: the two ways, or with `?wish=` the question whether it is meant; 404 where there is none.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        if power::place(&request.app().config).is_none() {
            return Err(absent());
        }
        let wish = request.query("wish").as_deref().and_then(Wish::parse);
        let page = Page {
            frame,
            wish,
            is_done: false,
        };
        show(visitor, &page)
    })
}

/// `POST /main/box/power`: `wish`, `off` or `restart`. It begins at once; the page says what to wait for.
pub fn fulfil(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        let wish = Wish::parse(value(&form, "wish"));
        let wish =
            wish.ok_or_else(|| Error::invalid("Say whether to switch off or to restart."))?;
        power::ask(&request.app().config, wish)?;
        log::warn!(
            "the owner wants this machine to {}",
            match wish {
                Wish::Off => "switch off",
                Wish::Restart => "restart",
            }
        );
        let page = Page {
            frame,
            wish: Some(wish),
            is_done: true,
        };
        show(visitor, &page)
    })
}

fn absent() -> Error {
    Error::not_found("This machine cannot be switched off from here.")
}
