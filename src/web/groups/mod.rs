//! Groups: `/main/groups` with those of the user and a form for a new one. [`showing`] has the page of each, [`changing`] the forms
//! to make, join, leave and change it. What a group is decides `domain/circles.rs`.

pub mod changing;
pub mod showing;

use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::domain::documents::display_name;
use crate::domain::feeds::{self, Paging};
use crate::domain::{access, circles, names};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Identity, Object};
use crate::web::composer::{OwnList, own_lists};
use crate::web::forms::value;
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

/// Groups on the page of groups.
const GROUPS: usize = 100;

#[derive(Template)]
#[template(path = "groups.html", config = "assets/askama.toml")]
struct Groups<'a> {
    frame: &'a Frame,
    own: Vec<Row>,
    offered: Vec<Row>,
    lists: Vec<OwnList>,
    name: &'a str,
    about: &'a str,
    audience: &'a str,
    problem: Option<String>,
}

/// A group among others.
struct Row {
    key: String,
    name: String,
    /// How many are in it; nobody here knows of a group of another server.
    members: Option<u64>,
    /// The host of a group of another server.
    host: String,
}

impl Row {
    fn of(app: &App, frame: &Frame, id: ThingId, group: &Object) -> Result<Row, Error> {
        let members = streams::total(&app.store, Stream::of(id, StreamKind::Members))?;
        let host = match &group.identity {
            Identity::Remote(id) => names::domain(id).unwrap_or_default(),
            _ => "",
        };
        Ok(Row {
            key: group.key(id).to_string(),
            name: name_of(frame, group),
            members: group.is_local().then_some(members),
            host: host.to_owned(),
        })
    }
}

fn name_of(frame: &Frame, group: &Object) -> String {
    let name = display_name(group).filter(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| frame.say("A group").to_owned())
}

fn is_group(object: &Object) -> bool {
    object.object_type == "group" && object.deleted.is_none()
}

/// `GET /main/groups`
pub fn all(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    show(visitor, &page(request, &frame, user, &[], None)?)
}

fn page<'a>(
    request: &Request,
    frame: &'a Frame,
    user: &LocalUser,
    form: &'a [(String, String)],
    problem: Option<String>,
) -> Result<Groups<'a>, Error> {
    let app = request.app();
    let person = user.id().0;
    let mut own: Vec<(ThingId, Row)> = Vec::new();
    let mut offered: Vec<(ThingId, Row)> = Vec::new();
    // Joined, made, and told of.
    for kind in [
        StreamKind::OutboxMinor,
        StreamKind::OutboxMajor,
        StreamKind::InboxMajor,
    ] {
        for (id, group) in groups_in(app, visitor_of(user), Stream::of(person, kind))? {
            let is_known = own.iter().chain(&offered).any(|(known, _)| *known == id);
            if is_known || !access::may_read_object(&app.store, visitor_of(user), &group)? {
                continue;
            }
            let is_member = circles::is_member(&app.store, id, person)?;
            let row = (id, Row::of(app, frame, id, &group)?);
            if is_member || group.author == Some(person) {
                own.push(row);
            } else if kind == StreamKind::InboxMajor {
                offered.push(row);
            }
        }
    }
    let lists = own_lists(app, frame.words, person)?
        .into_iter()
        .map(|(_, list)| list);
    let rows = |all: Vec<(ThingId, Row)>| all.into_iter().map(|(_, row)| row).collect();
    Ok(Groups {
        frame,
        own: rows(own),
        offered: rows(offered),
        lists: lists.collect(),
        name: value(form, "name"),
        about: value(form, "about"),
        audience: value(form, "audience"),
        problem,
    })
}

fn visitor_of(user: &LocalUser) -> access::Viewer {
    access::Viewer::user(user.id())
}

/// The groups that activities of a stream are about, which somebody joined or made.
fn groups_in(
    app: &App,
    viewer: access::Viewer,
    stream: Stream,
) -> Result<Vec<(ThingId, Object)>, Error> {
    let store = &app.store;
    let fits = |activity: &Activity| {
        let is_about = matches!(activity.verb.as_str(), "join" | "post" | "create");
        Ok(is_about && things::object(store, activity.object)?.is_some_and(|o| is_group(&o)))
    };
    let newest = Paging {
        start: Start::Newest,
        count: GROUPS,
    };
    let page = feeds::activities_that(store, stream, newest, viewer, fits)?;
    let mut found = Vec::new();
    for (_, activity) in page.items {
        let group = things::object(store, activity.object)?;
        found.extend(group.map(|group| (activity.object, group)));
    }
    Ok(found)
}
