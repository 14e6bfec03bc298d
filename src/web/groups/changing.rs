//! The forms by which groups are made, joined, left and changed, and get documents.

use super::showing::{named, page_of};
use super::{page, visitor_of};
use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::domain::{access, activities, circles, names, people, uploads};
use crate::error::Error;
use crate::http::{Answer, Body, Request};
use crate::ids::ThingId;
use crate::store::things::{self, Object, Thing};
use crate::web::composer::{own_list, reference};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::Frame;
use crate::web::login;
use crate::web::text;
use crate::wire::draft::{ActivityDraft, Addresses, ObjectDraft};
use serde_json::json;

/// Longest name of a group, in characters.
pub(super) const NAME_CHARS_MAX: usize = 80;

/// Longest text about a group, in characters.
const ABOUT_CHARS_MAX: usize = 2000;

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
