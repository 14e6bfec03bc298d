//! What belongs to a person: profile, followers, following, favorites, lists, uploads (`pump-api.md §1.3`).

use crate::api::{feeds, pages, representation, uploads, users};
use crate::auth::{LocalUser, Reader};
use crate::domain::access::Viewer;
use crate::domain::activities::lists;
use crate::domain::documents::Finish;
use crate::domain::feeds::{self as streams, Paging};
use crate::domain::names;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::{ThingId, UserId};
use crate::store::keys::{Stream, StreamKind};
use crate::store::things::Object;
use crate::wire::draft::{ActivityDraft, ObjectDraft};

/// `GET /api/user/{nickname}/profile`: the person.
pub fn profile(request: &Request, reader: &Reader) -> Answer {
    let (id, person) = owner(request)?;
    representation::object(request, feeds::viewer(reader), id, &person)
}

/// `PUT /api/user/{nickname}/profile`: changes the own person, as by an `update` activity; 200 with the person.
pub fn update_profile(request: &Request, user: &LocalUser) -> Answer {
    users::named(request)?;
    let owner = user.owning(&request.nickname()?)?;
    let mut draft = ObjectDraft::parse(request.json()?)?;
    let own_id = request.app().base().person_id(user.nickname());
    if let Some(given) = &draft.id
        && names::find_thing(request.app().base(), &request.app().store, given)? != Some(owner.0)
    {
        return Err(Error::invalid("The id of a person cannot change."));
    }
    draft.id = Some(own_id);
    let activity = feeds::post_draft(request, user, &ActivityDraft::of("update", draft))?;
    crate::api::objects::object_of(request, user, activity)
}

/// `GET /api/user/{nickname}/followers`
pub fn followers(request: &Request, reader: &Reader) -> Answer {
    people(
        request,
        reader,
        StreamKind::Followers,
        "followers",
        "Followers for",
    )
}

/// `GET /api/user/{nickname}/following`
pub fn following(request: &Request, reader: &Reader) -> Answer {
    people(
        request,
        reader,
        StreamKind::Following,
        "following",
        "Following for",
    )
}

/// `POST /api/user/{nickname}/following`: follows a person, as by a `follow` activity; 200 with the person.
pub fn follow(request: &Request, user: &LocalUser) -> Answer {
    shortcut(request, user, "follow")
}

/// `POST /api/user/{nickname}/favorites`: likes an object, as by a `favorite` activity; 200 with the object.
pub fn favorite(request: &Request, user: &LocalUser) -> Answer {
    shortcut(request, user, "favorite")
}

/// `GET /api/user/{nickname}/favorites`: what the person likes, as the reader may see it.
pub fn favorites(request: &Request, reader: &Reader) -> Answer {
    let (owner, person) = owner(request)?;
    let viewer = feeds::viewer(reader);
    let app = request.app();
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let page = streams::favorites(&app.store, owner, paging, viewer)?;
    let title = format!("Things that {} has favorited", pages::name_of(&person));
    let heading = heading(request, owner, &person, title, "favorites", None);
    pages::objects(request, viewer, &heading, &page, Finish::MAJOR)
}

/// `GET /api/user/{nickname}/lists/{type}`: the lists with members of this type.
pub fn lists(request: &Request, reader: &Reader) -> Answer {
    let (owner, person) = owner(request)?;
    let viewer = feeds::viewer(reader);
    let app = request.app();
    let member_type = request.param("type").to_ascii_lowercase();
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let stream = lists::index(owner, &member_type);
    let page = match stream.kind {
        StreamKind::OtherLists => {
            streams::objects_that(&app.store, stream, paging, viewer, |list| {
                lists::member_type(list).as_deref() == Some(member_type.as_str())
            })?
        }
        _ => streams::objects(&app.store, stream, paging, viewer, !viewer.is(owner))?,
    };
    let title = format!(
        "Collections of {member_type}s for {}",
        pages::name_of(&person)
    );
    let path = format!("lists/{member_type}");
    let heading = heading(request, owner, &person, title, &path, Some("collection"));
    pages::objects(request, viewer, &heading, &page, Finish::PLAIN)
}

/// `GET /api/user/{nickname}/uploads`: what the user uploaded, posted or not; only for the user.
pub fn uploads(request: &Request, user: &LocalUser) -> Answer {
    uploads::enabled(request)?;
    let (owner, person) = owner(request)?;
    user.owning(&request.nickname()?)?;
    let app = request.app();
    let viewer = Viewer::user(user.id());
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let page = streams::objects(
        &app.store,
        Stream::of(owner, StreamKind::Uploads),
        paging,
        viewer,
        false,
    )?;
    let title = format!("Uploads by {}", pages::name_of(&person));
    let heading = heading(request, owner, &person, title, "uploads", None);
    pages::objects(request, viewer, &heading, &page, Finish::PLAIN)
}

fn people(request: &Request, reader: &Reader, kind: StreamKind, path: &str, title: &str) -> Answer {
    let (owner, person) = owner(request)?;
    let viewer = feeds::viewer(reader);
    let app = request.app();
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let q = request.query("q").filter(|q| !q.is_empty());
    let page = streams::people(&app.store, Stream::of(owner, kind), paging, q.as_deref())?;
    let title = format!("{title} {}", pages::name_of(&person));
    let mut heading = heading(request, owner, &person, title, path, Some("person"));
    if let Some(q) = &q {
        heading.more = format!("&q={}", names::encode(q));
    }
    let finish = if viewer.person.is_some() {
        Finish::PERSON
    } else {
        Finish::PLAIN
    };
    pages::objects(request, viewer, &heading, &page, finish)
}

/// Posts an activity with the body as its object and answers with that object.
fn shortcut(request: &Request, user: &LocalUser, verb: &str) -> Answer {
    users::named(request)?;
    user.owning(&request.nickname()?)?;
    let draft = ActivityDraft::of(verb, ObjectDraft::parse(request.json()?)?);
    let activity = feeds::post_draft(request, user, &draft)?;
    crate::api::objects::object_of(request, user, activity)
}

fn owner(request: &Request) -> Result<(ThingId, Object), Error> {
    let (UserId(id), _) = users::named(request)?;
    Ok((id, pages::person(request, id)?))
}

fn heading<'a>(
    request: &Request,
    owner: ThingId,
    person: &'a Object,
    display_name: String,
    path: &str,
    object_types: Option<&'static str>,
) -> pages::Heading<'a> {
    let nickname = person.nickname().unwrap_or_default();
    pages::Heading {
        display_name,
        url: format!("{}/api/user/{nickname}/{path}", request.app().base().url()),
        has_id: false,
        object_types,
        author: Some((owner, person)),
        more: String::new(),
    }
}
