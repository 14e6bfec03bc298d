//! The page of a group: `/main/group/{key}`, `/{nickname}/group/{key}`, with its posts, members and documents.

use super::changing::NAME_CHARS_MAX;
use super::{Row, is_group};
use crate::auth::Visitor;
use crate::domain::documents::display_name;
use crate::domain::feeds::{self, Paging};
use crate::domain::{access, blocks, circles, names};
use crate::error::Error;
use crate::html;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::Start;
use crate::store::things::{self, Activity, Address, Object, Thing};
use crate::web::cards::{Card, Cards};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::{self, POSTS, Pager, refused};
use crate::web::profile::older_only;
use crate::web::text;
use crate::web::things::viewer;
use crate::wire::draft::members_of;
use askama::Template;
use serde_json::Value;

/// Members and documents on the page of a group.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "group.html", config = "assets/askama.toml")]
pub(super) struct Group<'a> {
    frame: &'a Frame,
    row: Row,
    /// What its maker tells of it, as clean HTML, and as it is typed.
    about: String,
    typed: String,
    maker: Option<Face>,
    /// Who may see and join it, in words; nothing for a group of another server.
    audience: String,
    is_member: bool,
    is_own: bool,
    /// Where a group of another server is at home.
    home: Option<String>,
    /// The address by which people of other servers find it.
    address: String,
    members: Vec<Face>,
    documents: Vec<Document>,
    takes_files: bool,
    cards: Vec<Card<'a>>,
    pager: Pager,
    problem: Option<String>,
}

/// Something that members have put into a group.
struct Document {
    key: String,
    name: String,
    link: String,
}

/// `GET /main/group/{key}`, `GET /{nickname}/group/{key}`: a group; who may not see it logs in (302) or is refused (403), 404,
/// 410. Groups of other servers are for users.
pub fn group(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let (id, group) = named(request, request.param("key"))?;
    let is_seen = match group.is_local() {
        true => access::may_read_object(&request.app().store, viewer(visitor), &group)?,
        false => visitor.user().is_some(),
    };
    match is_seen {
        true => show(
            visitor,
            &page_of(request, visitor, &frame, (id, &group), None)?,
        ),
        false => refused(&frame),
    }
}

/// The group of a key; 404, 410.
pub(super) fn named(request: &Request, key: &str) -> Result<(ThingId, Object), Error> {
    let store = &request.app().store;
    match names::by_key(store, key)? {
        Some((_, Thing::Object(group))) if group.deleted.is_some() => Err(Error::Gone),
        Some((id, Thing::Object(group))) if is_group(&group) && !blocks::hides(store, &group)? => {
            Ok((id, group))
        }
        _ => Err(Error::not_found("There is no such group.")),
    }
}

/// The page of a group, with what went wrong.
pub(super) fn page_of<'a>(
    request: &'a Request,
    visitor: &Visitor,
    frame: &'a Frame,
    (id, group): (ThingId, &Object),
    problem: Option<String>,
) -> Result<Group<'a>, Error> {
    let app = request.app();
    let cards = Cards {
        app,
        frame,
        viewer: viewer(visitor),
        now: request.now,
    };
    let is_here = group.is_local();
    let member = visitor.person();
    let (posts, pager) = posts(request, &cards, (id, group))?;
    let audience = match group.post {
        Some(post) if is_here => things::activity(&app.store, post)?
            .map(|post| cards.audience(&post))
            .transpose()?
            .map(|audience| audience.words),
        _ => None,
    };
    let members = members_of(&group.members);
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let address = names::object_id(app.base(), id, group).to_string();
    let about = text("summary").or_else(|| text("content"));
    Ok(Group {
        row: Row::of(app, frame, id, group)?,
        about: frame.files.html(about.unwrap_or_default()),
        typed: html::plain(about.unwrap_or_default()),
        maker: match group.author {
            Some(author) => frame.face(app, author)?,
            None => None,
        },
        audience: audience.unwrap_or_default(),
        is_member: match member {
            Some(member) => circles::is_member(&app.store, id, member)?,
            None => false,
        },
        is_own: is_here && group.author.is_some() && group.author == member,
        home: text("url")
            .or(Some(address.as_str()).filter(|_| !is_here))
            .filter(|url| !is_here && names::is_web_address(url))
            .map(str::to_owned),
        address,
        members: match is_here {
            true => members_shown(&cards, id)?,
            false => Vec::new(),
        },
        documents: match is_here {
            true => documents(&cards, id)?,
            false => Vec::new(),
        },
        takes_files: app.config.enable_uploads,
        cards: posts,
        pager,
        frame,
        problem,
    })
}

/// What was posted to the group; of a group of another server what of it reached the user.
fn posts<'a>(
    request: &Request,
    cards: &Cards<'a>,
    (id, group): (ThingId, &Object),
) -> Result<(Vec<Card<'a>>, Pager), Error> {
    let stream = match (group.is_local(), cards.viewer.person) {
        (true, _) => Stream::of(id, StreamKind::Inbox),
        (false, Some(user)) => Stream::of(user, StreamKind::InboxMajor),
        (false, None) => return Ok((Vec::new(), Pager::default())),
    };
    let is_its = |activity: &Activity| {
        let mut addressed = activity.addresses.each().into_iter().flatten();
        let is_post = matches!(activity.verb.as_str(), "post" | "create" | "share");
        Ok(is_post && activity.object != id && addressed.any(|to| *to == Address::Thing(id)))
    };
    let paging = Paging {
        start: home::start(request)?,
        count: POSTS + 1,
    };
    let store = &request.app().store;
    let mut page = feeds::activities_that(store, stream, paging, cards.viewer, is_its)?;
    let pager = older_only(cards.frame, &mut page.items, POSTS, |(id, activity)| {
        activity.key(*id).to_string()
    });
    let mut shown = cards.of_page(&page)?;
    // Comments stand under what they answer.
    shown.retain(|card| card.answers.is_none());
    Ok((shown, pager))
}

fn members_shown(cards: &Cards<'_>, id: ThingId) -> Result<Vec<Face>, Error> {
    let first = Paging {
        start: Start::Newest,
        count: SHOWN,
    };
    let stream = Stream::of(id, StreamKind::Members);
    let page = feeds::people(&cards.app.store, stream, first, None)?;
    let there = page
        .items
        .iter()
        .filter(|(_, person)| person.deleted.is_none());
    Ok(there
        .map(|(id, person)| cards.frame.face_of(*id, person))
        .collect())
}

fn documents(cards: &Cards<'_>, id: ThingId) -> Result<Vec<Document>, Error> {
    let first = Paging {
        start: Start::Newest,
        count: SHOWN,
    };
    let stream = Stream::of(id, StreamKind::Documents);
    let page = feeds::objects(&cards.app.store, stream, first, cards.viewer, true)?;
    let mut documents = Vec::new();
    for (id, object) in &page.items {
        let author = match object.author {
            Some(author) => cards.frame.face(cards.app, author)?,
            None => None,
        };
        let members = members_of(&object.members);
        let content = members.get("content").and_then(Value::as_str);
        let name = text::summary(display_name(object).as_deref(), content, NAME_CHARS_MAX);
        documents.extend(author.map(|author| {
            Document {
                key: object.key(*id).to_string(),
                name: match name.is_empty() {
                    true => cards
                        .frame
                        .fill("A document of {0}", [author.name.as_str()]),
                    false => name,
                },
                link: cards.link(*id, object, &author),
            }
        }));
    }
    Ok(documents)
}
