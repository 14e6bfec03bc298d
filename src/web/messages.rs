//! `/main/messages`: what was posted to the user directly; and `/main/news`: how much is new, for pages that are open.

use crate::auth::Visitor;
use crate::domain::access::Viewer;
use crate::domain::feeds::{self, Paging};
use crate::domain::noticing::{self, Kind};
use crate::domain::quiet::Quiet;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::store::preferences;
use crate::web::cards::{Card, Cards};
use crate::web::frame::{Frame, counted, show};
use crate::web::home::{self, POSTS, Pager};
use crate::web::login;
use crate::web::profile::older_only;
use askama::Template;
use hyper::header;
use serde_json::json;

#[derive(Template)]
#[template(path = "messages.html", config = "assets/askama.toml")]
struct Messages<'a> {
    frame: &'a Frame,
    cards: Vec<Card<'a>>,
    pager: Pager,
}

/// `GET /main/messages`: the first page counts as seen.
pub fn messages(request: &Request, visitor: &Visitor) -> Answer {
    let mut frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let viewer = Viewer::user(user.id());
    let seen = Kind::Messages.seen(&preferences::get(&app.store, user.id())?);
    let paging = Paging {
        start: home::start(request)?,
        count: POSTS + 1,
    };
    let quiet = Quiet::of(&app.store, user.id())?;
    let stream = Kind::Messages.stream(user.id());
    let mut page = feeds::activities_that(&app.store, stream, paging, viewer, |activity| {
        Ok(activity.actor != user.id().0 && !quiet.hides(activity.object)?)
    })?;
    let pager = older_only(&frame, &mut page.items, POSTS, |(id, activity)| {
        activity.key(*id).to_string()
    });
    if pager.is_first {
        noticing::see(app, user.id(), Kind::Messages)?;
        frame.messages = 0;
    }
    let maker = Cards {
        app,
        frame: &frame,
        viewer,
        now: request.now,
    };
    let mut cards: Vec<Card<'_>> = Vec::new();
    for (id, activity) in &page.items {
        if let Some(mut card) = maker.of_activity(*id, activity)?
            && !cards.iter().any(|known| known.id == card.id)
        {
            card.is_new = pager.is_first && seen.is_none_or(|seen| *id > seen);
            cards.push(card);
        }
    }
    let page = Messages {
        frame: &frame,
        cards,
        pager,
    };
    show(visitor, &page)
}

/// `GET /main/news`: what is new, as badges show it (`message`, `bell`, `title`), and where `posts` is in the query, how many posts
/// came since the one that `since` names, with the filter of the home page. 401 for who is not logged in.
pub fn news(request: &Request, visitor: &Visitor) -> Answer {
    let Some(user) = visitor.user() else {
        return Err(Error::Unauthorized("Not logged in.".to_owned()));
    };
    let store = &request.app().store;
    let chosen = preferences::get(store, user.id())?;
    let new = |kind| noticing::count(store, user.id(), &chosen, kind);
    let (messages, notices) = (new(Kind::Messages)?, new(Kind::Notices)?);
    let badge = |new| match new {
        0 => String::new(),
        new => counted(new),
    };
    let posts = match request.query("posts") {
        Some(_) => home::new_posts(request, user)?,
        None => 0,
    };
    let answer = json!({
        "message": badge(messages),
        "bell": badge(notices),
        "title": badge(messages + notices),
        "posts": posts,
    });
    Ok(Response::json(&answer).with(header::CACHE_CONTROL, "no-store"))
}
