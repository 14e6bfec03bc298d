//! Lists of people: `/{nickname}/lists`, `/{nickname}/list/{key}`, and their owner's forms. What is done to a list is told
//! to nobody: who stands on which list is its owner's business.

use crate::auth::{LocalUser, Visitor};
use crate::domain::activities::lists::member_type;
use crate::domain::documents::display_name;
use crate::domain::feeds::{self, Paging};
use crate::domain::{access, activities, names, people};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::{Nickname, ThingId};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{Object, Thing};
use crate::web::albums;
use crate::web::composer::{OwnList, myself, own_list, own_lists, reference};
use crate::web::forms::{see_other, value};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::refused;
use crate::web::login;
use crate::web::profile;
use crate::web::things::viewer;
use crate::wire::draft::{ActivityDraft, ObjectDraft};
use askama::Template;
use hyper::StatusCode;
use serde_json::json;

/// Members of a list on its page.
const MEMBERS: usize = 200;

/// People to choose from for a list.
const CANDIDATES: usize = 200;

/// Longest name of a list, in characters.
const NAME_CHARS_MAX: usize = 80;

#[derive(Template)]
#[template(path = "lists.html", config = "assets/askama.toml")]
struct Lists<'a> {
    frame: &'a Frame,
    person: Face,
    lists: Vec<OwnList>,
    is_own: bool,
    name: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "list.html", config = "assets/askama.toml")]
struct List<'a> {
    frame: &'a Frame,
    key: String,
    name: String,
    owner: Face,
    members: Vec<Face>,
    candidates: Vec<Face>,
    is_own: bool,
}

/// `GET /{nickname}/lists`: the lists that the visitor may see.
pub fn lists(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let owner = profile::named(request)?;
    page(request, visitor, &frame, owner, "", None)
}

fn page(
    request: &Request,
    visitor: &Visitor,
    frame: &Frame,
    owner: ThingId,
    name: &str,
    problem: Option<String>,
) -> Answer {
    let app = request.app();
    let viewer = viewer(visitor);
    let mut lists = Vec::new();
    for (id, list) in own_lists(app, owner)? {
        let stored = crate::store::things::object(&app.store, id)?;
        if let Some(stored) = stored
            && access::may_read_object(&app.store, viewer, &stored)?
        {
            lists.push(list);
        }
    }
    let page = Lists {
        frame,
        person: frame.face(app, owner)?.ok_or(Error::Gone)?,
        lists,
        is_own: frame.is_me(owner),
        name,
        problem,
    };
    show(visitor, &page)
}

/// `GET /{nickname}/list/{key}`: its members.
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let missing = || Error::not_found("There is no such list.");
    let app = request.app();
    let viewer = viewer(visitor);
    let owner = profile::named(request)?;
    let Some((id, Thing::Object(list))) = names::by_key(&app.store, request.param("key"))? else {
        return Err(missing());
    };
    if !list.is_collection() || list.author != Some(owner) {
        return Err(missing());
    }
    if !access::may_fetch(&app.store, viewer, &list)? {
        return refused(&frame);
    }
    if list.deleted.is_some() {
        return Err(Error::Gone);
    }
    if member_type(&list).as_deref() == Some("image") {
        return albums::album(request, visitor, &frame, (id, &list));
    }
    let is_own = frame.is_me(owner);
    let whole = Paging {
        start: Start::Newest,
        count: MEMBERS,
    };
    let stream = Stream::of(id, StreamKind::Members);
    let mut members: Vec<Face> = Vec::new();
    // pump-api.md §10.3, D35: whom somebody counts among which people is theirs to know.
    if is_own {
        let found = feeds::objects(&app.store, stream, whole, viewer, true)?;
        let people = found.items.iter().filter(|(_, member)| member.is_person());
        members.extend(people.map(|(id, member)| frame.face_of(*id, member)));
    }
    let mut candidates = Vec::new();
    if is_own {
        let following = Stream::of(owner, StreamKind::Following);
        for candidate in
            streams::page(&app.store, following, Start::Newest, CANDIDATES)?.unwrap_or_default()
        {
            if !streams::contains(&app.store, stream, candidate)? {
                candidates.extend(
                    frame
                        .face(app, candidate)?
                        .filter(|face| !face.nickname.is_empty()),
                );
            }
        }
        candidates.sort_by_key(|face| face.name.to_lowercase());
    }
    let page = List {
        key: list.key(id).to_string(),
        name: display_name(&list).unwrap_or_else(|| "A list".to_owned()),
        owner: frame.face(app, owner)?.ok_or(Error::Gone)?,
        members,
        candidates,
        is_own,
        frame: &frame,
    };
    show(visitor, &page)
}

/// `POST /main/lists`: `name`. 303 to the lists; a taken or missing name is 400 with a sentence.
pub fn create(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let name = value(&form, "name").trim();
    let created = if name.chars().count() > NAME_CHARS_MAX {
        Err(Error::invalid("This name is too long for a list."))
    } else {
        let mut list = ObjectDraft {
            object_type: Some("collection".to_owned()),
            ..ObjectDraft::default()
        };
        list.members.insert("displayName".to_owned(), json!(name));
        list.members
            .insert("objectTypes".to_owned(), json!(["person"]));
        quietly(request, user, ActivityDraft::of("create", list))
    };
    match created {
        Ok(()) => {
            let lists = format!("/{}/lists", user.nickname());
            Ok(see_other(&frame, &lists))
        }
        Err(Error::Invalid(problem)) => {
            let problem = match name.is_empty() {
                true => "Give the list a name.".to_owned(),
                false => problem,
            };
            let page = page(request, visitor, &frame, user.id().0, name, Some(problem))?;
            Ok(page.with_status(StatusCode::BAD_REQUEST))
        }
        Err(other) => Err(other),
    }
}

/// `POST /main/lists/add`: `list` (a key), `person` (a nickname). 303 to the list.
pub fn add(request: &Request, visitor: &Visitor) -> Answer {
    change(request, visitor, "add")
}

/// `POST /main/lists/remove`
pub fn remove(request: &Request, visitor: &Visitor) -> Answer {
    change(request, visitor, "remove")
}

fn change(request: &Request, visitor: &Visitor, verb: &str) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let app = request.app();
    let key = value(&form, "list");
    let missing = || Error::not_found("There is no such list.");
    let (id, list): (ThingId, Object) = own_list(app, user, key)?.ok_or_else(missing)?;
    let nobody = |_| Error::not_found("There is no such user here.");
    let nickname = Nickname::new(value(&form, "person")).map_err(nobody)?;
    let (person, _) = people::find(app, &nickname)?;
    let is_in = streams::contains(&app.store, Stream::of(id, StreamKind::Members), person.0)?;
    if is_in != (verb == "add") {
        let member = ObjectDraft::reference(&app.base().person_id(&nickname), "person");
        let mut draft = ActivityDraft::of(verb, member);
        draft.target = Some(reference(app, id, &list));
        quietly(request, user, draft)?;
    }
    let page = format!("/{}/list/{key}", user.nickname());
    Ok(see_other(&frame, &page))
}

/// Does something that nobody else hears of.
pub(super) fn quietly(
    request: &Request,
    user: &LocalUser,
    mut draft: ActivityDraft,
) -> Result<(), Error> {
    let app = request.app();
    draft.addresses.to = vec![myself(app, user)];
    activities::post(app, user.id(), None, &draft, request.now).map(drop)
}
