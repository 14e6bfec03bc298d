//! `/main/reset`: the owner of the server makes a link for somebody who has forgotten the password, and hands it over. It
//! needs no mail.

use crate::auth::Visitor;
use crate::domain::mailing::recovering;
use crate::domain::people;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::Nickname;
use crate::web::forms::value;
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

#[derive(Template)]
#[template(path = "reset.html", config = "assets/askama.toml")]
struct Reset<'a> {
    frame: &'a Frame,
    nickname: String,
    hours: i64,
    /// The link that was made just now.
    made: Option<String>,
}

/// `GET /main/reset?nickname=`: what the link does, and the button. 403 for everybody but the owner.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let nickname = request.query("nickname").unwrap_or_default();
    answer(request, visitor, &nickname, false)
}

/// `POST /main/reset`: `nickname`. 200 with the link, which is not shown again; 403 for everybody but the owner, and for
/// somebody who is suspended.
pub fn make(request: &Request, visitor: &Visitor) -> Answer {
    let form = request.form();
    answer(request, visitor, value(&form, "nickname"), true)
}

fn answer(request: &Request, visitor: &Visitor, nickname: &str, makes: bool) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    let app = request.app();
    visitor.owner(&app.store)?;
    let nickname = Nickname::new(nickname).map_err(Error::Invalid)?;
    let (id, account) = people::find(app, &nickname)?;
    let made = makes.then(|| recovering::link(app, id, request.now));
    let page = Reset {
        frame: &frame,
        nickname: account.nickname.to_string(),
        hours: recovering::LINK_SECS / 3600,
        made: made.transpose()?,
    };
    show(visitor, &page)
}

/// The address of the page for somebody.
pub fn address(frame: &Frame, nickname: &str) -> String {
    format!("{}/main/reset?nickname={nickname}", frame.root)
}
