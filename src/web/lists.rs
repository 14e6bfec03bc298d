//! Lists of people: `/{nickname}/lists`, `/{nickname}/list/{key}`, and their owner's forms. What is done to a list is told
//! to nobody: who stands on which list is its owner's business.

use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::domain::activities::lists::member_type;
use crate::domain::documents::display_name;
use crate::domain::feeds::{self, Paging};
use crate::domain::people::FIRST_LISTS;
use crate::domain::{access, activities, circles, names};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object, Thing};
use crate::web::albums;
use crate::web::composer::{OwnList, myself, own_list, own_lists, reference};
use crate::web::deeds;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Face, Frame, show};
use crate::web::home::refused;
use crate::web::login;
use crate::web::people::named_in;
use crate::web::profile;
use crate::web::things::viewer;
use crate::wire::draft::{ActivityDraft, ObjectDraft};
use crate::words::Words;
use askama::Template;
use serde_json::json;

/// Members of a list on its page.
const MEMBERS: usize = 500;

/// People who are offered for a list.
const OFFERED: usize = 20;

/// Longest name of a list, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Longest name that is searched for, in characters.
const SEARCH_CHARS_MAX: usize = 100;

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
    /// What stands in the field for another name.
    typed: String,
    owner: Face,
    total: u64,
    members: Vec<Face>,
    /// What is searched for among those who could be put on the list.
    q: String,
    offered: Vec<Face>,
    is_own: bool,
    problem: Option<String>,
}

/// `GET /{nickname}/lists`: the lists that the visitor may see.
pub fn lists(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let owner = profile::named(request)?;
    show(visitor, &page(request, visitor, &frame, owner, "", None)?)
}

fn page<'a>(
    request: &Request,
    visitor: &Visitor,
    frame: &'a Frame,
    owner: ThingId,
    name: &'a str,
    problem: Option<String>,
) -> Result<Lists<'a>, Error> {
    let app = request.app();
    let viewer = viewer(visitor);
    let mut lists = Vec::new();
    for (id, list) in own_lists(app, frame.words, owner)? {
        if let Some(stored) = things::object(&app.store, id)?
            && access::may_read_object(&app.store, viewer, &stored)?
        {
            lists.push(list);
        }
    }
    Ok(Lists {
        frame,
        person: frame.face(app, owner)?.ok_or(Error::Gone)?,
        lists,
        is_own: frame.is_me(owner),
        name,
        problem,
    })
}

/// `GET /{nickname}/list/{key}`: its members; `?q=NAME` searches for people to put on it.
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let missing = || Error::not_found("There is no such list.");
    let app = request.app();
    let owner = profile::named(request)?;
    let Some((id, Thing::Object(list))) = names::by_key(&app.store, request.param("key"))? else {
        return Err(missing());
    };
    if !list.is_collection() || list.author != Some(owner) {
        return Err(missing());
    }
    if !access::may_fetch(&app.store, viewer(visitor), &list)? {
        return refused(&frame);
    }
    if list.deleted.is_some() {
        return Err(Error::Gone);
    }
    if member_type(&list).as_deref() == Some("image") {
        return albums::album(request, visitor, &frame, (id, &list));
    }
    show(visitor, &page_of_list(request, &frame, owner, (id, &list))?)
}

fn page_of_list<'a>(
    request: &Request,
    frame: &'a Frame,
    owner: ThingId,
    (id, list): (ThingId, &Object),
) -> Result<List<'a>, Error> {
    let app = request.app();
    let is_own = frame.is_me(owner);
    let stream = Stream::of(id, StreamKind::Members);
    let q: String = request.query("q").unwrap_or_default();
    let q: String = q.trim().chars().take(SEARCH_CHARS_MAX).collect();
    let (mut members, mut offered) = (Vec::new(), Vec::new());
    // pump-api.md §10.3, D35: whom somebody counts among which people is theirs to know.
    if is_own {
        let whole = Paging {
            start: Start::Newest,
            count: MEMBERS,
        };
        let found = feeds::people(&app.store, stream, whole, None)?;
        let there = found.items.iter();
        let there = there.filter(|(_, member)| member.is_person() && member.deleted.is_none());
        members.extend(there.map(|(id, member)| frame.face_of(*id, member)));
        offered = offered_for(app, frame, (owner, id), &q)?;
    }
    let name = name_of_list(frame.words, list);
    Ok(List {
        frame,
        key: list.key(id).to_string(),
        typed: name.clone(),
        name,
        owner: frame.face(app, owner)?.ok_or(Error::Gone)?,
        total: streams::total(&app.store, stream)?,
        members,
        q,
        offered,
        is_own,
        problem: None,
    })
}

/// People whom the owner follows, who follow the owner, or who are of this server, with `q` in their names, and not on the
/// list yet.
fn offered_for(
    app: &App,
    frame: &Frame,
    (owner, list): (ThingId, ThingId),
    q: &str,
) -> Result<Vec<Face>, Error> {
    let near = [
        Stream::of(owner, StreamKind::Following),
        Stream::of(owner, StreamKind::Followers),
        Stream::of(SITE, StreamKind::Users),
    ];
    let mut offered: Vec<Face> = Vec::new();
    for stream in near {
        // Those who are on the list already do not count.
        for id in named_in(app, stream, q, OFFERED + MEMBERS)? {
            let is_new = id != owner
                && offered.len() < OFFERED
                && !offered.iter().any(|face| face.id == id)
                && !circles::is_member(&app.store, list, id)?;
            if is_new {
                offered.extend(frame.face(app, id)?);
            }
        }
    }
    offered.sort_by_key(|face| face.name.to_lowercase());
    Ok(offered)
}

/// `POST /main/lists`: `name`. 303 to the new list; a taken or missing name is 400 with a sentence.
pub fn create(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let name = value(&form, "name").trim();
    let app = request.app();
    let created = check_name(&frame, name).and_then(|()| {
        let mut list = ObjectDraft {
            object_type: Some("collection".to_owned()),
            ..ObjectDraft::default()
        };
        list.members.insert("displayName".to_owned(), json!(name));
        list.members
            .insert("objectTypes".to_owned(), json!(["person"]));
        let done = quietly(request, user, ActivityDraft::of("create", list))?;
        let activity = things::activity(&app.store, done)?.ok_or(Error::Gone)?;
        let list = things::object(&app.store, activity.object)?.ok_or(Error::Gone)?;
        Ok(list.key(activity.object).to_string())
    });
    match created {
        Ok(key) => Ok(see_other(
            &frame,
            &format!("/{}/list/{key}", user.nickname()),
        )),
        Err(error) => again(visitor, error, |problem| {
            page(request, visitor, &frame, user.id().0, name, Some(problem))
        }),
    }
}

/// What a list is called: those that everybody has from the start are called so in the reader's language, until their owner renames
/// them.
pub fn name_of_list(words: Words, list: &Object) -> String {
    match display_name(list) {
        Some(name) if FIRST_LISTS.contains(&name.as_str()) => words.say(&name).to_owned(),
        Some(name) => name,
        None => words.say("A list").to_owned(),
    }
}

/// `POST /main/lists/rename`: `list` (a key), `name`. 303 to the list; a taken or missing name is 400 with a sentence.
pub fn rename(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (id, list) = listed(request.app(), user, value(&form, "list"))?;
    let name = value(&form, "name").trim();
    let renamed = check_name(&frame, name).and_then(|()| {
        if name == name_of_list(frame.words, &list) {
            return Ok(());
        }
        let mut draft = reference(request.app(), id, &list);
        draft.members.insert("displayName".to_owned(), json!(name));
        quietly(request, user, ActivityDraft::of("update", draft)).map(drop)
    });
    match renamed {
        Ok(_) => {
            let page = format!("/{}/list/{}", user.nickname(), list.key(id));
            Ok(see_other(&frame, &page))
        }
        Err(error) => again(visitor, error, |problem| {
            Ok(List {
                typed: name.to_owned(),
                problem: Some(problem),
                ..page_of_list(request, &frame, user.id().0, (id, &list))?
            })
        }),
    }
}

fn check_name(frame: &Frame, name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::invalid(frame.say("Give the list a name.")));
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(Error::invalid(
            frame.say("This name is too long for a list."),
        ));
    }
    Ok(())
}

/// `POST /main/lists/add`: `list` (a key), and `person` (a nickname) or `key`. 303 to the list.
pub fn add(request: &Request, visitor: &Visitor) -> Answer {
    change(request, visitor, true)
}

/// `POST /main/lists/remove`
pub fn remove(request: &Request, visitor: &Visitor) -> Answer {
    change(request, visitor, false)
}

fn change(request: &Request, visitor: &Visitor, is_on: bool) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let list = listed(request.app(), user, value(&form, "list"))?;
    let (person, person_id, _) = deeds::meant(request, &form)?;
    let page = format!("/{}/list/{}", user.nickname(), list.1.key(list.0));
    put(request, user, &list, (person, &person_id), is_on)?;
    Ok(see_other(&frame, &page))
}

/// `POST /main/lists/person`: `person` (a nickname) or `key`, and each `list` (a key) on which they stand from now on; from
/// the user's other lists they are taken off. 303 to `back`.
pub fn person(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (person, person_id, place) = deeds::meant(request, &form)?;
    let wanted = |key: &str| {
        form.iter()
            .any(|(name, value)| name == "list" && value == key)
    };
    let app = request.app();
    for (id, own) in own_lists(app, frame.words, user.id().0)? {
        let list = things::object(&app.store, id)?.ok_or(Error::Gone)?;
        let person = (person, person_id.as_str());
        put(request, user, &(id, list), person, wanted(&own.key))?;
    }
    Ok(deeds::back(&frame, &form, &place))
}

/// Puts somebody on a list or takes them off, unless it is so already.
fn put(
    request: &Request,
    user: &LocalUser,
    (id, list): &(ThingId, Object),
    (person, person_id): (ThingId, &str),
    is_on: bool,
) -> Result<(), Error> {
    let app = request.app();
    if circles::is_member(&app.store, *id, person)? == is_on {
        return Ok(());
    }
    let verb = if is_on { "add" } else { "remove" };
    let mut draft = ActivityDraft::of(verb, ObjectDraft::reference(person_id, "person"));
    draft.target = Some(reference(app, *id, list));
    quietly(request, user, draft).map(drop)
}

fn listed(app: &App, user: &LocalUser, key: &str) -> Result<(ThingId, Object), Error> {
    let list = own_list(app, user, key)?;
    list.ok_or_else(|| Error::not_found("There is no such list."))
}

/// Does something that nobody else hears of.
pub(super) fn quietly(
    request: &Request,
    user: &LocalUser,
    mut draft: ActivityDraft,
) -> Result<ThingId, Error> {
    let app = request.app();
    draft.addresses.to = vec![myself(app, user)];
    activities::post(app, user.id(), None, &draft, request.now)
}
