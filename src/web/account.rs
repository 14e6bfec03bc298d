//! `/main/account`: the password, the mail address (`web/mail.rs`), and the browsers in which somebody is logged in.

use crate::auth::{LocalUser, Visitor, accounts, sessions};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::store::sessions::{self as kept, Fingerprint};
use crate::web::browsers;
use crate::web::cards::Time;
use crate::web::forms::{again, check_repeated, in_words, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::web::mail::MailPart;
use crate::words::marked;
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The page of an account.
#[derive(Template)]
#[template(path = "settings/account.html", config = "assets/askama.toml")]
pub struct Account<'a> {
    frame: &'a Frame,
    nickname: &'a str,
    /// What was done just now.
    done: Option<&'static str>,
    /// What is wrong with the new password.
    problem: Option<String>,
    sessions: Vec<Session>,
    /// The part about mail.
    pub mail: MailPart,
}

/// A browser in which somebody is logged in.
struct Session {
    id: String,
    /// "Firefox on Android"
    words: String,
    since: Time,
    last_seen: Time,
    is_this: bool,
}

impl<'a> Account<'a> {
    /// As the account is now, with nothing that went wrong.
    pub fn of(
        request: &Request,
        frame: &'a Frame,
        user: &'a LocalUser,
    ) -> Result<Account<'a>, Error> {
        let this = sessions::this(request);
        let all = kept::list(&request.app().store, user.id(), request.now)?;
        let session = |(cookie, session): (Fingerprint, kept::Session)| Session {
            id: URL_SAFE_NO_PAD.encode(cookie),
            words: browsers::in_words(frame.words, &session.browser),
            since: Time::of(frame.words, session.created, request.now),
            last_seen: Time::of(frame.words, session.last_seen, request.now),
            is_this: this == Some(cookie),
        };
        Ok(Account {
            frame,
            nickname: user.nickname().as_str(),
            done: None,
            problem: None,
            sessions: all.into_iter().map(session).collect(),
            mail: MailPart::of(request, user)?,
        })
    }
}

/// `GET /main/account`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let done = match request.query("saved").as_deref() {
        Some("sessions") => Some(marked("Logged out there.")),
        Some(_) => Some(marked(
            "Your password is changed. Other browsers are logged out.",
        )),
        None => None,
    };
    let page = Account {
        done,
        ..Account::of(request, &frame, user)?
    };
    show(visitor, &page)
}

/// `POST /main/account`: `current`, `password`, `again`. Ends all other sessions; applications and tokens keep their access.
/// 303 back; 400, 401, 429 with the form.
pub fn change(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let field = |name: &str| value(&form, name);
    let nickname = user.nickname().as_str();
    let changed = check_repeated(field("password"), field("again"))
        .and_then(|()| sessions::prove_password(request, nickname, field("current")))
        .and_then(|user| accounts::set_password(request, user.id(), field("password")));
    match changed {
        Ok(()) => {
            let now = sessions::begin(request, user.id())?;
            Ok(now.introduce(see_other(&frame, "/main/account?saved=1")))
        }
        Err(error) => {
            let error = in_words(error, "Your current password is not right.");
            again(visitor, error, |problem| {
                Ok(Account {
                    problem: Some(problem),
                    ..Account::of(request, &frame, user)?
                })
            })
        }
    }
}

/// `POST /main/account/sessions`: `session`, one of them, or `all` but this one. Logs out there; 303 back, also for one that has
/// ended already.
pub fn log_out(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (wanted, is_all) = (value(&form, "session"), !value(&form, "all").is_empty());
    let this = sessions::this(request);
    request.app().store.write(|tx| {
        for (cookie, _) in kept::list(tx, user.id(), request.now)? {
            let is_meant = is_all || URL_SAFE_NO_PAD.encode(cookie) == wanted;
            if is_meant && this != Some(cookie) {
                kept::end(tx, &cookie, user.id());
            }
        }
        Ok(())
    })?;
    Ok(see_other(&frame, "/main/account?saved=sessions#sessions"))
}
