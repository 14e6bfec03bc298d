//! Single objects and their likes, replies, shares and members (`pump-api.md §1.3`). An object is named by its key in the
//! path, or by `?id=` where its id was made elsewhere or given by a client.

use crate::api::{feeds, pages, representation};
use crate::auth::{LocalUser, Reader};
use crate::domain::access::{self, Viewer};
use crate::domain::activities::lists;
use crate::domain::documents::{Documents, Finish};
use crate::domain::feeds::{self as streams, Paging};
use crate::domain::names;
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::things::{self, Object, Thing};
use crate::wire::draft::{ActivityDraft, ObjectDraft};
use serde_json::Value;

/// `GET /api/{type}/{key}` and `GET /api/{type}?id=`: 200 with the object, 403 for whom it was not posted to, 404, 410.
pub fn one(request: &Request, reader: &Reader) -> Answer {
    let (id, object) = readable(request, reader, request.param("type"))?;
    representation::object(request, feeds::viewer(reader), id, &object)
}

/// `PUT /api/{type}/{key}` and `PUT /api/{type}?id=`: the author changes the object, as by an `update` activity; 200 with the object.
pub fn update(request: &Request, user: &LocalUser) -> Answer {
    let (id, object) = own(request, user, request.param("type"))?;
    let mut draft = ObjectDraft::parse(request.json()?)?;
    draft.id = Some(names::object_id(request.app().base(), id, &object).to_string());
    feeds::post_draft(request, user, &ActivityDraft::of("update", draft))?;
    let changed = things::object(&request.app().store, id)?.ok_or(Error::Gone)?;
    let documents = Documents::for_viewer(request.app(), Viewer::user(user.id()));
    Ok(Response::json_text(documents.object_text(
        id,
        &changed,
        Finish::PLAIN,
    )?))
}

/// `DELETE /api/{type}/{key}` and `DELETE /api/{type}?id=`: the author deletes the object, as by a `delete` activity; 200 with the JSON string `"Deleted"`.
pub fn delete(request: &Request, user: &LocalUser) -> Answer {
    let (id, object) = own(request, user, request.param("type"))?;
    let id = names::object_id(request.app().base(), id, &object).to_string();
    let draft = ObjectDraft::reference(&id, &object.object_type);
    feeds::post_draft(request, user, &ActivityDraft::of("delete", draft))?;
    Ok(Response::json(&"Deleted"))
}

/// `GET …/likes`: who likes the object.
pub fn likes(request: &Request, reader: &Reader) -> Answer {
    let heading = |name: String| format!("People who like {name}");
    feed(
        request,
        reader,
        StreamKind::Likes,
        "likes",
        Some("person"),
        heading,
    )
}

/// `GET …/shares`: who shared the object.
pub fn shares(request: &Request, reader: &Reader) -> Answer {
    feed(
        request,
        reader,
        StreamKind::Shares,
        "shares",
        None,
        |name| format!("Shares of {name}"),
    )
}

/// `GET …/replies`: what answers the object, as the reader may see it.
pub fn replies(request: &Request, reader: &Reader) -> Answer {
    feed(
        request,
        reader,
        StreamKind::Replies,
        "replies",
        None,
        |name| format!("Replies to {name}"),
    )
}

/// `GET /api/collection/{key}/members`: the members of a list.
pub fn members(request: &Request, reader: &Reader) -> Answer {
    let (id, list) = readable(request, reader, "collection")?;
    if !list.is_collection() {
        return Err(Error::not_found("Only lists have members."));
    }
    let viewer = feeds::viewer(reader);
    let member_type = lists::member_type(&list);
    let of_images = member_type.as_deref() == Some("image");
    if !of_images && !list.author.is_some_and(|owner| viewer.is(owner)) {
        // pump-api.md §10.3, D35: whom somebody counts among which people is theirs to know.
        return Err(Error::forbidden("Only its owner sees who is in a list."));
    }
    let app = request.app();
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let page = streams::objects(
        &app.store,
        Stream::of(id, StreamKind::Members),
        paging,
        viewer,
        true,
    )?;
    let author = match list.author {
        Some(author) => things::object(&app.store, author)?.map(|person| (author, person)),
        None => None,
    };
    let owner = author
        .as_ref()
        .map(|(_, person)| pages::name_of(person))
        .unwrap_or_default();
    let heading = pages::Heading {
        display_name: format!("Members of {} by {owner}", pages::name_of(&list)),
        url: names::object_feed(app.base(), id, &list, "members").to_string(),
        has_id: false,
        object_types: None,
        author: author.as_ref().map(|(id, person)| (*id, person)),
        more: format!("&type={}", member_type.as_deref().unwrap_or("person")),
    };
    pages::objects(request, viewer, &heading, &page, Finish::MEMBER)
}

/// `POST /api/collection/{key}/members` and `POST /api/collection/members?id=`: the owner adds a member, as by an `add` activity; 200 with the member.
pub fn add_member(request: &Request, user: &LocalUser) -> Answer {
    let (id, list) = own(request, user, "collection")?;
    let member: Value = request.json()?;
    let mut draft = ActivityDraft::of("add", ObjectDraft::parse(member)?);
    let list_id = names::object_id(request.app().base(), id, &list).to_string();
    draft.target = Some(ObjectDraft::reference(&list_id, "collection"));
    let activity = feeds::post_draft(request, user, &draft)?;
    object_of(request, user, activity)
}

/// Answers with the object of an activity that was just posted.
pub fn object_of(request: &Request, user: &LocalUser, activity: ThingId) -> Answer {
    let store = &request.app().store;
    let gone = || Error::internal("a posted activity is gone");
    let activity = things::activity(store, activity)?.ok_or_else(gone)?;
    let object = things::object(store, activity.object)?.ok_or_else(gone)?;
    let documents = Documents::for_viewer(request.app(), Viewer::user(user.id()));
    Ok(Response::json_text(documents.object_text(
        activity.object,
        &object,
        Finish::PLAIN,
    )?))
}

fn feed(
    request: &Request,
    reader: &Reader,
    kind: StreamKind,
    path: &'static str,
    object_types: Option<&'static str>,
    heading: impl Fn(String) -> String,
) -> Answer {
    let (id, object) = readable(request, reader, request.param("type"))?;
    let app = request.app();
    let viewer = feeds::viewer(reader);
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let page = streams::objects(&app.store, Stream::of(id, kind), paging, viewer, true)?;
    let heading = pages::Heading {
        display_name: heading(pages::name_or_id(app.base(), id, &object)),
        url: names::object_feed(app.base(), id, &object, path).to_string(),
        has_id: false,
        object_types,
        author: None,
        more: String::new(),
    };
    if kind == StreamKind::Replies {
        return pages::replies(request, viewer, &heading, &page);
    }
    pages::objects(request, viewer, &heading, &page, Finish::PLAIN)
}

/// The object of this type that the request names, if the reader may see it.
pub fn readable(
    request: &Request,
    reader: &Reader,
    object_type: &str,
) -> Result<(ThingId, Object), Error> {
    let (id, object) = named(request, object_type)?;
    if !access::may_fetch(&request.app().store, feeds::viewer(reader), &object)? {
        return Err(Error::forbidden("This was not posted to you."));
    }
    if object.deleted.is_some() {
        Err(Error::Gone)
    } else {
        Ok((id, object))
    }
}

/// The object of this type that the request names, if it is the user's.
fn own(request: &Request, user: &LocalUser, object_type: &str) -> Result<(ThingId, Object), Error> {
    let (id, object) = named(request, object_type)?;
    if object.author != Some(user.id().0) {
        return Err(Error::forbidden("Only its author can change this."));
    }
    if object.deleted.is_some() {
        Err(Error::Gone)
    } else {
        Ok((id, object))
    }
}

/// The object of this type that the request names, whoever may see it.
pub fn named(request: &Request, object_type: &str) -> Result<(ThingId, Object), Error> {
    let app = request.app();
    let object_type = object_type.to_ascii_lowercase();
    if object_type != "other" && !names::TYPES.contains(&object_type.as_str()) {
        return Err(Error::NotFound(format!("Unknown type: {object_type}")));
    }
    let missing = || Error::NotFound(format!("There is no such {object_type}."));
    let found = match request.param("key") {
        "" => {
            let id = request.query("id").filter(|id| !id.is_empty());
            let id =
                id.ok_or_else(|| Error::invalid("Name the object with \u{201c}?id=\u{201d}."))?;
            let thing = names::find_thing(app.base(), &app.store, &id)?.ok_or_else(missing)?;
            things::get(&app.store, thing)?.map(|stored| (thing, stored))
        }
        key => names::by_key(&app.store, key)?,
    };
    match found {
        Some((id, Thing::Object(object)))
            if names::route_type(&object.object_type) == object_type =>
        {
            Ok((id, object))
        }
        _ => Err(missing()),
    }
}
