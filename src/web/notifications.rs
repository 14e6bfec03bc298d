//! `/main/notifications`: who commented on, liked or shared what the user made, who follows, who wrote; several who did the same to one
//! thing are one sentence.

use crate::auth::Visitor;
use crate::domain::access::Viewer;
use crate::domain::feeds::{self, Paging};
use crate::domain::noticing::{self, Deed, Kind, Line};
use crate::error::Error;
use crate::html::escape;
use crate::http::{Answer, Request};
use crate::ids::{ThingId, UserId};
use crate::store::preferences;
use crate::store::things::{self, Activity};
use crate::web::cards::{Cards, Time};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::{self, Pager};
use crate::web::profile::older_only;
use crate::web::sentences;
use crate::web::{login, text};
use crate::wire::draft::members_of;
use crate::words::marked;
use askama::Template;
use serde_json::Value;

/// Notices of one page, before those that say the same are put together.
const NOTICES: usize = 60;

/// People whose faces and names stand in one sentence.
const PEOPLE: usize = 3;

/// Characters of a comment that are shown.
const WORDS_SHOWN: usize = 140;

#[derive(Template)]
#[template(path = "notifications.html", config = "assets/askama.toml")]
struct Notifications<'a> {
    frame: &'a Frame,
    notices: Vec<Notice>,
    pager: Pager,
}

/// One sentence.
struct Notice {
    icon: &'static str,
    faces: Vec<Face>,
    /// In HTML.
    sentence: String,
    /// What was written.
    words: String,
    /// Where it is.
    link: Option<String>,
    time: Time,
    is_new: bool,
}

/// What several people did to one thing.
struct Group {
    line: Line,
    /// The newest activity.
    id: ThingId,
    newest: Activity,
    people: Vec<ThingId>,
}

fn icon(deed: Deed) -> &'static str {
    match deed {
        Deed::Like => "heart-full",
        Deed::Share => "share",
        Deed::Follow => "person",
        Deed::Join => "group",
        Deed::Comment | Deed::Word => "comment",
    }
}

/// The sentence for one and for several.
fn sentence(deed: Deed) -> [&'static str; 2] {
    match deed {
        Deed::Like => [marked("{0} likes {1}"), marked("{0} like {1}")],
        Deed::Share => [marked("{0} shared {1}"); 2],
        Deed::Follow => [marked("{0} follows you"), marked("{0} follow you")],
        Deed::Join => [marked("{0} joined {1}"); 2],
        Deed::Comment => [marked("{0} commented on {1}"); 2],
        Deed::Word => [marked("{0} wrote to you under {1}"); 2],
    }
}

/// `GET /main/notifications`: the first page counts as seen.
pub fn notifications(request: &Request, visitor: &Visitor) -> Answer {
    let mut frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let seen = Kind::Notices.seen(&preferences::get(&app.store, user.id())?);
    let paging = Paging {
        start: home::start(request)?,
        count: NOTICES + 1,
    };
    let stream = Kind::Notices.stream(user.id());
    let viewer = Viewer::user(user.id());
    let mut page = feeds::activities(&app.store, stream, paging, viewer, false)?;
    let pager = older_only(&frame, &mut page.items, NOTICES, |(id, activity)| {
        activity.key(*id).to_string()
    });
    if pager.is_first {
        noticing::see(app, user.id(), Kind::Notices)?;
        frame.notices = 0;
    }
    let cards = Cards {
        app,
        frame: &frame,
        viewer,
        now: request.now,
    };
    let mut groups: Vec<Group> = Vec::new();
    for (id, activity) in page.items {
        add(&cards, user.id(), &mut groups, id, activity)?;
    }
    let mut notices = Vec::new();
    for group in groups {
        let is_new = pager.is_first && seen.is_none_or(|seen| group.id > seen);
        notices.push(notice(&cards, &group, is_new)?);
    }
    let page = Notifications {
        frame: &frame,
        notices,
        pager,
    };
    show(visitor, &page)
}

/// Adds an activity to those that say the same; what was taken back since is left out.
fn add(
    cards: &Cards<'_>,
    user: UserId,
    groups: &mut Vec<Group>,
    id: ThingId,
    activity: Activity,
) -> Result<(), Error> {
    let Some(line) = noticing::line(&cards.app.store, user, &activity)? else {
        return Ok(());
    };
    let actor = activity.actor;
    match groups.iter_mut().find(|group| group.line == line) {
        Some(group) if group.people.contains(&actor) => {}
        Some(group) => group.people.push(actor),
        None => groups.push(Group {
            line,
            id,
            newest: activity,
            people: vec![actor],
        }),
    }
    Ok(())
}

fn notice(cards: &Cards<'_>, group: &Group, is_new: bool) -> Result<Notice, Error> {
    let words = cards.frame.words;
    let mut faces = Vec::new();
    for person in group.people.iter().take(PEOPLE) {
        faces.extend(cards.frame.face(cards.app, *person)?);
    }
    let others = group.people.len().saturating_sub(faces.len()) as u64;
    let shown = faces
        .iter()
        .map(|face| sentences::link(&face.url, &face.short_name()));
    let names = match faces.is_empty() {
        true => escape(words.say("somebody")).into_owned(),
        false => sentences::names(words, shown.collect(), others),
    };
    let [one, many] = sentence(group.line.deed);
    let sentence = if group.people.len() == 1 { one } else { many };
    let about = cards.thing(group.line.subject, None)?;
    let (said, link) = said(cards, group)?;
    Ok(Notice {
        icon: icon(group.line.deed),
        faces,
        sentence: words.fill(sentence, (names, about)),
        words: said,
        link,
        time: Time::of(words, group.newest.published, cards.now),
        is_new,
    })
}

/// What a comment says, and where it is.
fn said(cards: &Cards<'_>, group: &Group) -> Result<(String, Option<String>), Error> {
    if !matches!(group.line.deed, Deed::Comment | Deed::Word) {
        return Ok((String::new(), None));
    }
    let store = &cards.app.store;
    let Some(comment) = things::object(store, group.newest.object)? else {
        return Ok((String::new(), None));
    };
    let members = members_of(&comment.members);
    let content = members.get("content").and_then(Value::as_str);
    let said = text::summary(None, content, WORDS_SHOWN);
    let place = comment.key(group.newest.object);
    let link = match things::object(store, group.line.subject)? {
        Some(about) => match about.author {
            Some(author) => cards.frame.face(cards.app, author)?.map(|face| {
                let page = cards.link(group.line.subject, &about, &face);
                format!("{page}#{place}")
            }),
            None => None,
        },
        None => None,
    };
    Ok((said, link))
}
