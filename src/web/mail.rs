//! The part of `/main/account` about mail: to which address it goes; and the link in a letter that ends letters about what came,
//! without a login (RFC 8058).

use crate::auth::{LocalUser, Visitor, sessions};
use crate::domain::mailing::{confirming, no_mail, notices};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::mailbox::MailAddress;
use crate::store::mail_codes;
use crate::store::users::{self, MailNotices};
use crate::web::account::Account;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::words::marked;
use askama::Template;

/// What the page of an account shows of mail.
#[derive(Debug)]
pub struct MailPart {
    /// Whether this site sends mail at all.
    pub sends_mail: bool,
    /// Whether everybody must have an address.
    pub needs_email: bool,
    /// The confirmed address.
    pub address: Option<String>,
    /// The address that waits for its link to be followed.
    pub wanted: Option<String>,
    /// What stands in the form.
    pub typed: String,
    /// What was done just now.
    pub done: Option<&'static str>,
    /// What went wrong just now.
    pub problem: Option<String>,
}

impl MailPart {
    /// What a user has set.
    pub fn of(request: &Request, user: &LocalUser) -> Result<MailPart, Error> {
        let app = request.app();
        let account = users::get(&app.store, user.id())?.ok_or(Error::Gone)?;
        let wanted = mail_codes::wanted_address(&app.store, user.id())?;
        Ok(MailPart {
            sends_mail: app.mail().is_some(),
            needs_email: app.config.require_email,
            typed: wanted.clone().unwrap_or_default(),
            address: account.email,
            wanted,
            done: match request.query("mail").as_deref() {
                Some("sent") => Some(marked(
                    "A letter with a link is on its way to the new address. Follow the link to confirm it.",
                )),
                Some("removed") => Some(marked(
                    "Your address is removed. You get no mail from here any more.",
                )),
                Some("kept") => Some(marked("That is your address already.")),
                _ => None,
            },
            problem: None,
        })
    }
}

/// `POST /main/account/email`: `current` (the password) and `email`, or `remove`. 303 back; 400, 401, 404 (no mail here), 429
/// with the page and a sentence.
pub fn address(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let field = |name: &str| value(&form, name);
    let nickname = user.nickname().as_str();
    let changed = sessions::prove_password(request, nickname, field("current"))
        .map_err(|error| match error {
            Error::Unauthorized(_) => Error::invalid("Your password is not right."),
            other => other,
        })
        .and_then(|user| match field("remove") {
            "" => change(request, &user, field("email")),
            _ => remove(request, &user),
        });
    match changed {
        Ok(done) => Ok(back(&frame, done)),
        Err(error) => again(visitor, error, |problem| {
            let mut page = page(request, &frame, user, problem)?;
            field("email").clone_into(&mut page.mail.typed);
            Ok(page)
        }),
    }
}

fn change(request: &Request, user: &LocalUser, typed: &str) -> Result<&'static str, Error> {
    let app = request.app();
    if app.mail().is_none() {
        return Err(no_mail());
    }
    let address = MailAddress::parse(typed).map_err(Error::Invalid)?;
    let account = users::get(&app.store, user.id())?.ok_or(Error::Gone)?;
    if account.email.as_deref() == Some(address.as_str()) {
        app.store
            .write(|tx| confirming::forget_wanted(tx, user.id()))?;
        return Ok("kept");
    }
    request.guard.admit_letter(request, address.as_str())?;
    confirming::change(app, user.id(), &address, request.now)?;
    Ok("sent")
}

fn remove(request: &Request, user: &LocalUser) -> Result<&'static str, Error> {
    let app = request.app();
    app.store
        .write(|tx| confirming::remove_in(app, tx, user.id(), request.now))?;
    app.wake();
    Ok("removed")
}

fn back(frame: &Frame, done: &str) -> Response {
    see_other(frame, &format!("/main/account?mail={done}#mail"))
}

/// The page of the account, with what went wrong about mail.
fn page<'a>(
    request: &Request,
    frame: &'a Frame,
    user: &'a LocalUser,
    problem: String,
) -> Result<Account<'a>, Error> {
    let mut page = Account::of(request, frame, user)?;
    page.mail.problem = Some(problem);
    Ok(page)
}

#[derive(Template)]
#[template(path = "unsubscribe.html", config = "assets/askama.toml")]
struct Unsubscribe<'a> {
    frame: &'a Frame,
    nickname: String,
    /// Where the form goes.
    action: String,
    is_done: bool,
}

/// `GET /main/unsubscribe/{code}`: what the link does, and the button. 404 for a link that is none.
pub fn unsubscribe_form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    show(visitor, &unsubscribe_page(request, &frame, false)?)
}

/// `POST /main/unsubscribe/{code}`: ends notices. From the form, or from a mail program at one click of its user, which knows
/// neither cookies nor our forms; the link is the proof. 200, however often it is done.
pub fn unsubscribe(request: &Request) -> Answer {
    let frame = Frame::bare(request);
    let page = unsubscribe_page(request, &frame, true)?;
    let html = page.render().map_err(Error::internal)?;
    Ok(Response::html(html).with(hyper::header::CACHE_CONTROL, "private, no-store"))
}

fn unsubscribe_page<'a>(
    request: &Request,
    frame: &'a Frame,
    is_done: bool,
) -> Result<Unsubscribe<'a>, Error> {
    let app = request.app();
    let find = || notices::find(&app.store, request.param("code"));
    let user = request.guard.try_secret(request, find)?;
    let account = users::get(&app.store, user)?.ok_or(Error::Gone)?;
    if is_done && account.mail != MailNotices::Off {
        notices::set(app, user, MailNotices::Off, request.now)?;
    }
    Ok(Unsubscribe {
        frame,
        nickname: account.nickname.to_string(),
        action: format!("{}{}", frame.root, request.path),
        is_done,
    })
}
