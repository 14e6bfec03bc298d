//! How people get an account through a client, and what a form of a page and a client have in common there
//! (`pump-api.md §4.1`).

use crate::api::users;
use crate::auth::{Client, grants, passwords};
use crate::domain::registration::{self, Admission};
use crate::domain::{invitations, people};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{Nickname, UserId};
use crate::mailbox::MailAddress;
use crate::store::clients;
use crate::store::users::{self as accounts, User};
use crate::wire::draft::Members;
use serde_json::Value;

/// What somebody wants to register as.
pub struct Wanted {
    /// The nickname.
    pub nickname: String,
    /// The password.
    pub password: String,
    /// The mail address; empty without one.
    pub email: String,
    /// An invitation, as a client sends it.
    pub invitation: Option<String>,
}

impl Wanted {
    fn read(request: &Request) -> Result<Wanted, Error> {
        let members: Members = if request.content_type() == "application/x-www-form-urlencoded" {
            request
                .form()
                .into_iter()
                .map(|(name, value)| (name, Value::String(value)))
                .collect()
        } else {
            request.json()?
        };
        let perhaps = |name: &str| match members.get(name) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            None | Some(Value::Null) => Ok(None),
            Some(_) => Err(Error::Invalid(format!("The {name} must be a text."))),
        };
        let text = |name: &str| {
            perhaps(name)?.ok_or_else(|| Error::Invalid(format!("No {name} was sent.")))
        };
        Ok(Wanted {
            nickname: text("nickname")?,
            password: text("password")?,
            email: perhaps("email")?.unwrap_or_default(),
            invitation: perhaps("invitation")?.filter(|code| !code.trim().is_empty()),
        })
    }
}

/// `POST /api/users`: registers a user with `{nickname, password, email}`, and `invitation` (a code or a link) where one is
/// needed; JSON or form. 200 with the user, a token and its secret; 400 for a bad nickname or password, or without a mail
/// address where one is asked for, 403 when registration is closed or the invitation works no more, 404 for an unknown
/// invitation, 409 when the nickname is taken, 429 for too many letters to one address or too many accounts of one.
pub fn register(request: &Request, client: &Client) -> Answer {
    by_client(request, client).map(|(_, answer)| answer)
}

/// As [`register`]; says who came, too.
pub fn by_client(request: &Request, client: &Client) -> Result<(UserId, Response), Error> {
    let wanted = Wanted::read(request)?;
    let admission = match &wanted.invitation {
        Some(code) => Admission::Invited(invitations::code_of(code)),
        None => Admission::Anybody,
    };
    let user = new_user(request, &wanted, admission)?;
    let app = request.app();
    let generator = clients::get(&app.store, client.id())?.map(|client| client.generator());
    let id = people::register(app, &user, admission, generator.as_ref(), request.now)?;
    let token = grants::further_token(request, client, id)?;
    Ok((id, users::with_token(request, id, Some(&token))?))
}

/// The account that somebody asks for, if registration takes them, the nickname is free and the password good. A mail address
/// is still to be confirmed; where the site sends no mail it is of no use and not kept.
pub fn new_user(
    request: &Request,
    wanted: &Wanted,
    admission: Admission<'_>,
) -> Result<User, Error> {
    let app = request.app();
    registration::admit(app, &app.store, admission, request.now)?;
    let nickname = Nickname::new(&wanted.nickname).map_err(Error::Invalid)?;
    passwords::check(&wanted.password)?;
    let email = match wanted.email.trim() {
        _ if app.mail().is_none() => None,
        "" if app.config.require_email => {
            let text =
                "A mail address is needed. You get a letter with a link by which you confirm it.";
            return Err(Error::invalid(text));
        }
        "" => None,
        text => Some(MailAddress::parse(text).map_err(Error::Invalid)?),
    };
    // Whether a nickname is taken is also told so often only. An invitation has bounds of its own.
    if matches!(admission, Admission::Anybody) {
        request.guard.admit_account(request)?;
    }
    // Asked before the password is hashed, which takes long; the registration itself decides.
    if accounts::is_taken(&app.store, &nickname)? {
        return Err(accounts::taken(&nickname));
    }
    if let Some(email) = &email {
        request.guard.admit_letter(request, email.as_str())?;
    }
    let password = passwords::hash(&request.guard, &wanted.password)?;
    Ok(User {
        unconfirmed_email: email.map(|email| email.to_string()),
        ..User::new(nickname, password.as_str(), request.now)
    })
}
