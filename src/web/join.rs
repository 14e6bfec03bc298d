//! `/main/join/CODE`: what an invitation link leads to. It says who invites, and has the form for an account; of an
//! invitation that works no more it says why.

use crate::auth::{self, Visitor};
use crate::domain::registration::{self, Admission};
use crate::domain::{family, invitations, people};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::web::forms::again;
use crate::web::frame::{Frame, show};
use crate::web::login::{NewAccount, new_account};
use askama::Template;

#[derive(Template)]
#[template(path = "join.html", config = "assets/askama.toml")]
struct Join<'a> {
    frame: &'a Frame,
    code: &'a str,
    inviter: String,
    /// Whether somebody can come by the invitation.
    is_good: bool,
    /// Whether they belong to the family then.
    is_family: bool,
    /// Who is in the family, at least the first of them.
    family: String,
    account: NewAccount,
    problem: Option<String>,
}

/// `GET /main/join/{code}`: 200 with the form; 403, 404 with a sentence.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    answer(request, visitor, &frame, &[], None)
}

/// `POST /main/join/{code}`: `nickname`, `password`, `again`, `email`. 303 to the home page with a session; 400, 409 with the form and a
/// sentence, 403, 404 for an invitation that works no more.
pub fn join(request: &Request) -> Answer {
    let visitor = auth::visitor_sending(request)?;
    let frame = Frame::of(request, &visitor)?;
    let form = request.form();
    let admission = Admission::Invited(request.param("code"));
    match new_account(request, &frame, &form, admission) {
        Ok(answer) => Ok(answer),
        Err(error) => answer(request, &visitor, &frame, &form, Some(error)),
    }
}

/// The page, as the invitation is now.
fn answer(
    request: &Request,
    visitor: &Visitor,
    frame: &Frame,
    form: &[(String, String)],
    problem: Option<Error>,
) -> Answer {
    let app = request.app();
    let code = request.param("code");
    let admitted = registration::admit(app, &app.store, Admission::Invited(code), request.now)
        .and_then(|()| invitations::working(app, &app.store, code, request.now));
    let (inviter, is_family, refusal) = match admitted.map_err(Error::from) {
        Ok(invitation) => {
            let inviter = people::name_of(&app.store, invitation.by)?;
            (inviter, invitation.is_family, None)
        }
        Err(error) if error.status() >= 500 => return Err(error),
        Err(error) => (String::new(), false, Some(error)),
    };
    let family = match is_family {
        true => family::names(&app.store, None)?.join(", "),
        false => String::new(),
    };
    let is_good = refusal.is_none();
    let page = |problem| Join {
        frame,
        code,
        inviter,
        is_good,
        is_family,
        family: family.clone(),
        account: NewAccount::of(request, form),
        problem,
    };
    match refusal.or(problem) {
        Some(error) => again(visitor, error, |problem| Ok(page(Some(problem)))),
        None => show(visitor, &page(None)),
    }
}
