//! `/main/account`: the password, mail (`web/mail.rs`), and the ways to what else becomes of an account.

use crate::auth::{LocalUser, Visitor, accounts, sessions};
use crate::domain::quotas;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::UserId;
use crate::store::archives::Way;
use crate::web::archives::Told;
use crate::web::forms::{again, check_repeated, in_words, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::web::mail::MailPart;
use askama::Template;

/// The page of an account.
#[derive(Template)]
#[template(path = "account.html", config = "assets/askama.toml")]
pub struct Account<'a> {
    frame: &'a Frame,
    nickname: &'a str,
    is_saved: bool,
    /// What is wrong with the new password.
    problem: Option<String>,
    export: Told,
    import: Told,
    /// The part about mail.
    pub mail: MailPart,
    /// What uploads take, and what they may take, in words; nothing where uploads are switched off.
    room: Option<(String, String)>,
    /// What is wrong with a file that was to be brought in.
    pub file_problem: Option<String>,
}

impl<'a> Account<'a> {
    /// As the account is now, with nothing that went wrong.
    pub fn of(
        request: &Request,
        frame: &'a Frame,
        user: &'a LocalUser,
    ) -> Result<Account<'a>, Error> {
        Ok(Account {
            frame,
            nickname: user.nickname().as_str(),
            is_saved: false,
            problem: None,
            export: Told::of(request, user.id(), Way::Out)?,
            import: Told::of(request, user.id(), Way::In)?,
            mail: MailPart::of(request, user)?,
            room: room(request, user.id())?,
            file_problem: None,
        })
    }
}

/// `GET /main/account`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let page = Account {
        is_saved: request.query("saved").is_some(),
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

fn room(request: &Request, user: UserId) -> Result<Option<(String, String)>, Error> {
    let app = request.app();
    if !app.config.enable_uploads {
        return Ok(None);
    }
    let room = quotas::room(app, &app.store, user)?;
    let words = |bytes| quotas::in_words(bytes);
    Ok(Some((words(room.used_bytes), words(room.quota_bytes))))
}
