//! `/main/settings/privacy`: whom a new post is for at first, and who sees what in any case.

use super::audience::Chosen;
use super::choices::{Choice, Choices};
use crate::auth::{LocalUser, Visitor};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::store::preferences;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

/// The value of the choice that nothing is fixed.
const AS_LAST_TIME: &str = "last";

#[derive(Template)]
#[template(path = "settings/privacy.html", config = "assets/askama.toml")]
struct Privacy<'a> {
    frame: &'a Frame,
    /// The audiences, of which one may be chosen.
    circles: Vec<Choice>,
    is_saved: bool,
    problem: Option<String>,
}

impl Privacy<'_> {
    fn is_as_last_time(&self) -> bool {
        !self.circles.iter().any(|choice| choice.is_chosen)
    }
}

/// `GET /main/settings/privacy`
pub fn privacy_form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let mut page = page(request, &frame, user)?;
    page.is_saved = request.query("saved").is_some();
    show(visitor, &page)
}

/// `POST /main/settings/privacy`: `audience`, as the box to post names it, or `last` for what was chosen for the post before. 303
/// back; 400 with the form.
pub fn privacy(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    match keep(request, user, value(&form, "audience")) {
        Ok(()) => Ok(see_other(&frame, "/main/settings/privacy?saved=1")),
        Err(error) => again(visitor, error, |problem| {
            let mut page = page(request, &frame, user)?;
            page.problem = Some(problem);
            Ok(page)
        }),
    }
}

fn keep(request: &Request, user: &LocalUser, circle: &str) -> Result<(), Error> {
    let fixed = match circle {
        AS_LAST_TIME => None,
        "people" => return Err(Error::invalid("Choose who can see this.")),
        circle => {
            let chosen = Chosen {
                circle: circle.to_owned(),
                ..Chosen::default()
            };
            Some(chosen.addresses(request.app(), user)?.1)
        }
    };
    let change = |kept: &mut preferences::Preferences| {
        kept.is_audience_fixed = fixed.is_some();
        if let Some(fixed) = &fixed {
            kept.audience.clone_from(fixed);
        }
    };
    let store = &request.app().store;
    Ok(store.write(|tx| preferences::change(tx, user.id(), change))?)
}

fn page<'a>(request: &Request, frame: &'a Frame, user: &LocalUser) -> Result<Privacy<'a>, Error> {
    let app = request.app();
    let kept = preferences::get(&app.store, user.id())?;
    let fixed = Some(kept.audience).filter(|_| kept.is_audience_fixed);
    let chosen = fixed.and_then(|kept| Chosen::of_text(&kept));
    let mut choices = Choices::of(app, frame, user, &chosen.unwrap_or_default())?;
    choices.circles.retain(|choice| choice.value != "people");
    Ok(Privacy {
        frame,
        circles: choices.circles,
        is_saved: false,
        problem: None,
    })
}
