//! Groups: `/main/groups` with those of the user and a form for a new one, the page of each (`/main/group/{key}`,
//! `/{nickname}/group/{key}`) with its posts, members and documents, and the forms to join, leave and change it. What a group is
//! decides `domain/circles.rs`.

use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::domain::documents::display_name;
use crate::domain::feeds::{self, Paging};
use crate::domain::{access, activities, blocks, circles, names, people, uploads};
use crate::error::Error;
use crate::html;
use crate::http::{Answer, Body, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Address, Identity, Object, Thing};
use crate::web::cards::{Card, Cards};
use crate::web::composer::{OwnList, own_list, own_lists, reference};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::{self, POSTS, Pager, refused};
use crate::web::login;
use crate::web::profile::older_only;
use crate::web::text;
use crate::web::things::viewer;
use crate::wire::draft::{ActivityDraft, Addresses, ObjectDraft, members_of};
use askama::Template;
use serde_json::{Value, json};

/// Groups on the page of groups.
const GROUPS: usize = 100;

/// Members and documents on the page of a group.
const SHOWN: usize = 100;

/// Longest name of a group, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Longest text about a group, in characters.
const ABOUT_CHARS_MAX: usize = 2000;

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

#[derive(Template)]
#[template(path = "group.html", config = "assets/askama.toml")]
struct Group<'a> {
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

/// A group among others.
struct Row {
    key: String,
    name: String,
    /// How many are in it; nobody here knows of a group of another server.
    members: Option<u64>,
    /// The host of a group of another server.
    host: String,
}

/// Something that members have put into a group.
struct Document {
    key: String,
    name: String,
    link: String,
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
pub fn groups(request: &Request, visitor: &Visitor) -> Answer {
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

/// `POST /main/groups`: `name`, `about`, `audience` (`public`, `followers` or `list:` and a key). 303 to the new group, in which
/// its maker is; 400 with the page and a sentence.
pub fn create(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    match created(request, &frame, user, &form) {
        Ok(key) => Ok(see_other(&frame, &format!("/main/group/{key}"))),
        Err(error) => again(visitor, error, |problem| {
            page(request, &frame, user, &form, Some(problem))
        }),
    }
}

fn created(
    request: &Request,
    frame: &Frame,
    user: &LocalUser,
    form: &[(String, String)],
) -> Result<String, Error> {
    let app = request.app();
    let mut group = ObjectDraft {
        object_type: Some("group".to_owned()),
        ..ObjectDraft::default()
    };
    describe(frame, &mut group, form)?;
    let mut draft = ActivityDraft::of("create", group);
    draft.addresses = addresses(app, frame, user, value(form, "audience"))?;
    let done = activities::post(app, user.id(), None, &draft, request.now)?;
    let id = things::activity(&app.store, done)?
        .ok_or(Error::Gone)?
        .object;
    let group = things::object(&app.store, id)?.ok_or(Error::Gone)?;
    // Nobody else need hear that who makes a group is in it.
    let mut join = ActivityDraft::of("join", reference(app, id, &group));
    join.addresses.to = vec![reference(app, id, &group)];
    activities::post(app, user.id(), None, &join, request.now)?;
    Ok(group.key(id).to_string())
}

fn describe(
    frame: &Frame,
    group: &mut ObjectDraft,
    form: &[(String, String)],
) -> Result<(), Error> {
    let (name, about) = (value(form, "name").trim(), value(form, "about"));
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(Error::invalid(
            frame.say("Give the group a name of at most 80 characters."),
        ));
    }
    if about.chars().count() > ABOUT_CHARS_MAX {
        return Err(Error::invalid(
            frame.say("The text about a group can have at most 2000 characters."),
        ));
    }
    group.members.insert("displayName".to_owned(), json!(name));
    group
        .members
        .insert("summary".to_owned(), json!(text::to_html(about)));
    Ok(())
}

fn addresses(
    app: &App,
    frame: &Frame,
    user: &LocalUser,
    audience: &str,
) -> Result<Addresses<Vec<ObjectDraft>>, Error> {
    let unknown = || Error::invalid(frame.say("Choose who may see and join the group."));
    let for_whom = match audience {
        "public" => ObjectDraft::reference(names::PUBLIC, "collection"),
        "followers" => people::followers(app, user.nickname().as_str()),
        other => {
            let key = other.strip_prefix("list:").ok_or_else(unknown)?;
            let (id, list) = own_list(app, user, key)?.ok_or_else(unknown)?;
            reference(app, id, &list)
        }
    };
    Ok(Addresses {
        cc: vec![for_whom],
        ..Addresses::default()
    })
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

fn named(request: &Request, key: &str) -> Result<(ThingId, Object), Error> {
    let store = &request.app().store;
    match names::by_key(store, key)? {
        Some((_, Thing::Object(group))) if group.deleted.is_some() => Err(Error::Gone),
        Some((id, Thing::Object(group))) if is_group(&group) && !blocks::hides(store, &group)? => {
            Ok((id, group))
        }
        _ => Err(Error::not_found("There is no such group.")),
    }
}

fn page_of<'a>(
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

/// `POST /main/groups/join`: `group` (a key). 303 to the group; 400, 403 with the page and a sentence.
pub fn join(request: &Request, visitor: &Visitor) -> Answer {
    act(request, visitor, |request, user, (id, group), _| {
        belong(request, user, (id, group), true)
    })
}

/// `POST /main/groups/leave`: the same the other way.
pub fn leave(request: &Request, visitor: &Visitor) -> Answer {
    act(request, visitor, |request, user, (id, group), _| {
        belong(request, user, (id, group), false)
    })
}

fn belong(
    request: &Request,
    user: &LocalUser,
    (id, group): (ThingId, &Object),
    is_in: bool,
) -> Result<(), Error> {
    let app = request.app();
    if circles::is_member(&app.store, id, user.id().0)? == is_in {
        return Ok(());
    }
    let verb = if is_in { "join" } else { "leave" };
    let mut draft = ActivityDraft::of(verb, reference(app, id, group));
    draft.addresses.to = vec![reference(app, id, group)];
    activities::post(app, user.id(), None, &draft, request.now).map(drop)
}

/// `POST /main/groups/change`: `group`, `name`, `about`, by its maker. 303 to the group; 400, 403 with the page and a sentence.
pub fn change(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    act(request, visitor, |request, user, (id, group), form| {
        let mut draft = reference(request.app(), id, group);
        describe(&frame, &mut draft, form)?;
        let draft = ActivityDraft::of("update", draft);
        activities::post(request.app(), user.id(), None, &draft, request.now).map(drop)
    })
}

/// `POST /main/groups/document`: `group` and a file `file`, which becomes one of its documents; or `remove` (the key of one). For
/// members. 303 to the group; 400, 413 with the page and a sentence.
pub fn document(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    act(request, visitor, |request, user, (id, group), form| {
        let app = request.app();
        let target = reference(app, id, group);
        let mut draft = match value(form, "remove") {
            "" => ActivityDraft::of("post", file(request, &frame, user, id)?),
            key => {
                let found = names::by_key(&app.store, key)?;
                let Some((document, Thing::Object(object))) = found else {
                    return Err(Error::not_found("There is no such document."));
                };
                ActivityDraft::of("remove", reference(app, document, &object))
            }
        };
        draft.target = Some(target.clone());
        draft.addresses.to = vec![target];
        activities::post(app, user.id(), None, &draft, request.now).map(drop)
    })
}

/// Keeps the file of the form, with its name as title.
fn file(
    request: &Request,
    frame: &Frame,
    user: &LocalUser,
    group: ThingId,
) -> Result<ObjectDraft, Error> {
    let app = request.app();
    let none = || Error::invalid(frame.say("Choose a file first."));
    if !circles::is_member(&app.store, group, user.id().0)? {
        return Err(Error::forbidden(
            frame.say("Only members put documents into a group."),
        ));
    }
    if !app.config.enable_uploads {
        return Err(Error::invalid("Files are switched off on this server."));
    }
    let Body::Multipart { files, .. } = &request.body else {
        return Err(none());
    };
    let part = files.iter().find(|part| part.field == "file");
    let part = part.ok_or_else(none)?;
    let spool = part.file.take().ok_or_else(none)?;
    let declared = Some(part.content_type.as_str()).filter(|kind| !kind.is_empty());
    let texts = uploads::Texts {
        title: Some(part.file_name.clone()).filter(|name| !name.is_empty()),
        ..uploads::Texts::default()
    };
    let id = uploads::add(app, user.id(), spool, declared, &texts, request.now)?;
    let object = things::object(&app.store, id)?;
    let object = object.ok_or_else(|| Error::internal("an upload is gone"))?;
    Ok(reference(app, id, &object))
}

/// Does something to the group of a form that the user may see.
fn act(
    request: &Request,
    visitor: &Visitor,
    deed: impl Fn(&Request, &LocalUser, (ThingId, &Object), &[(String, String)]) -> Result<(), Error>,
) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (id, group) = named(request, value(&form, "group"))?;
    if group.is_local() && !access::may_read_object(&request.app().store, visitor_of(user), &group)?
    {
        return Err(Error::forbidden("This group is not for you."));
    }
    match deed(request, user, (id, &group), &form) {
        Ok(()) => Ok(see_other(&frame, &format!("/main/group/{}", group.key(id)))),
        Err(error) => again(visitor, error, |problem| {
            page_of(request, visitor, &frame, (id, &group), Some(problem))
        }),
    }
}
