//! `/main/account/delete`: a page that says what goes and what remains, and the form on it that deletes the account.

use crate::app::App;
use crate::auth::{LocalUser, Visitor, sessions};
use crate::domain::people;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::Nickname;
use crate::store::keys::{Stream, StreamKind};
use crate::store::{streams, users};
use crate::web::forms::{again, in_words, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

#[derive(Template)]
#[template(path = "leaving.html", config = "assets/askama.toml")]
struct Leaving<'a> {
    frame: &'a Frame,
    nickname: &'a str,
    /// Whether this account administers the server and so cannot go.
    is_owner: bool,
    files: u64,
    typed: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "left.html", config = "assets/askama.toml")]
struct Left<'a> {
    frame: &'a Frame,
}

/// `GET /main/account/delete`
pub fn ask(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    match visitor.user() {
        Some(user) => show(visitor, &page(request.app(), &frame, user, "", None)?),
        None => login::first(&frame),
    }
}

/// `POST /main/account/delete`: `nickname`, typed again, and `password`. 200 with a farewell, also for a second tap; 400, 401,
/// 403 (the owner of the server), 429 with the form and a sentence.
pub fn leave(request: &Request, visitor: &Visitor) -> Answer {
    let mut frame = Frame::of(request, visitor)?;
    let app = request.app();
    let form = request.form();
    let typed = value(&form, "nickname").trim();
    let Some(user) = visitor.user() else {
        return match Nickname::new(typed).map(|nickname| people::find(app, &nickname)) {
            Ok(Err(Error::Gone)) => farewell(request, visitor, &frame),
            _ => login::first(&frame),
        };
    };
    let _turn = app.turns.of(user.id().0);
    let is_gone = users::get(&app.store, user.id())?.is_none();
    if !is_gone && let Err(error) = remove(request, user, typed, value(&form, "password")) {
        let error = in_words(error, "Your password is not right.");
        return again(visitor, error, |problem| {
            page(app, &frame, user, typed, Some(problem))
        });
    }
    frame.me = None;
    farewell(request, visitor, &frame)
}

fn farewell(request: &Request, visitor: &Visitor, frame: &Frame) -> Answer {
    let mut answer = show(visitor, &Left { frame })?;
    answer.set_cookie(&sessions::logout(request)?);
    Ok(answer)
}

fn remove(request: &Request, user: &LocalUser, typed: &str, password: &str) -> Result<(), Error> {
    let nickname = user.nickname().as_str();
    if !typed.eq_ignore_ascii_case(nickname) {
        return Err(Error::Invalid(format!(
            "Type your nickname, {nickname}, to say that you mean it. Nothing was deleted."
        )));
    }
    let proved = sessions::prove_password(request, nickname, password)?;
    people::remove(request.app(), proved.id(), request.now)
}

fn page<'a>(
    app: &App,
    frame: &'a Frame,
    user: &'a LocalUser,
    typed: &'a str,
    problem: Option<String>,
) -> Result<Leaving<'a>, Error> {
    Ok(Leaving {
        frame,
        nickname: user.nickname().as_str(),
        is_owner: users::owner(&app.store)? == Some(user.id()),
        files: streams::total(&app.store, Stream::of(user.id().0, StreamKind::Uploads))?,
        typed,
        problem,
    })
}
