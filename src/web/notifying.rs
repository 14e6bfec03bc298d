//! `/main/settings/notifications`: what somebody is told when something comes, in browsers (`web/pushing.rs`) and by mail.

use crate::auth::{LocalUser, Visitor};
use crate::domain::mailing::notices;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::store::users::{self, MailNotices};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::web::pushing::PushPart;
use crate::words::marked;
use askama::Template;

#[derive(Template)]
#[template(path = "settings/notifications.html", config = "assets/askama.toml")]
struct Notifications<'a> {
    frame: &'a Frame,
    /// Whether this site sends mail at all.
    sends_mail: bool,
    has_address: bool,
    /// The choices of what is told by mail: value, words, whether it is the present one.
    choices: Vec<(&'static str, &'static str, bool)>,
    /// In browsers.
    push: PushPart,
    is_saved: bool,
    problem: Option<String>,
}

impl<'a> Notifications<'a> {
    fn of(
        request: &Request,
        frame: &'a Frame,
        user: &LocalUser,
    ) -> Result<Notifications<'a>, Error> {
        let app = request.app();
        let account = users::get(&app.store, user.id())?.ok_or(Error::Gone)?;
        let words = |notices| match notices {
            MailNotices::Off => marked("nothing"),
            MailNotices::Direct => marked("what is sent to me directly"),
            MailNotices::All => marked("everything that comes into my inbox"),
        };
        let choices = MailNotices::ALL
            .map(|notices| (notices.name(), words(notices), notices == account.mail));
        Ok(Notifications {
            frame,
            sends_mail: app.mail().is_some(),
            has_address: account.email.is_some(),
            choices: choices.to_vec(),
            push: PushPart::of(request, frame, user.id())?,
            is_saved: false,
            problem: None,
        })
    }
}

/// `GET /main/settings/notifications`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let page = Notifications {
        is_saved: request.query("saved").is_some(),
        ..Notifications::of(request, &frame, user)?
    };
    show(visitor, &page)
}

/// `POST /main/account/notices`: `notices` (`off`, `direct`, `all`), what mail tells. 303 back; 400 with the page and a sentence.
pub fn by_mail(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let saved = MailNotices::parse(value(&form, "notices"))
        .ok_or_else(|| Error::invalid("Choose one of the three."))
        .and_then(|wanted| notices::set(request.app(), user.id(), wanted, request.now));
    match saved {
        Ok(()) => Ok(see_other(&frame, "/main/settings/notifications?saved=mail")),
        Err(error) => again(visitor, error, |problem| {
            Ok(Notifications {
                problem: Some(problem),
                ..Notifications::of(request, &frame, user)?
            })
        }),
    }
}
