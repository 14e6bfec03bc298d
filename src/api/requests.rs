//! What strangers elsewhere sent to a user, and whom the user refuses (`domain/requests.rs`).

use crate::api::{pages, users};
use crate::auth::LocalUser;
use crate::domain::access::Viewer;
use crate::domain::documents::{Documents, Finish};
use crate::domain::feeds::{self as streams, Paging};
use crate::domain::{names, requests};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{ThingId, UserId};
use crate::store::keys::{Stream, StreamKind};
use crate::store::things::{self, Activity, Object};
use serde::Deserialize;

/// What somebody names.
#[derive(Deserialize)]
struct Wanted {
    id: String,
}

/// `GET /api/user/{nickname}/inbox/requests`: what strangers elsewhere sent to the user and the user has not let in yet; only
/// the user reads it.
pub fn all(request: &Request, user: &LocalUser) -> Answer {
    let owner = own(request, user)?;
    let app = request.app();
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let page = requests::page(&app.store, owner, paging)?;
    let person = pages::person(request, owner.0)?;
    let heading = heading(
        request,
        owner,
        &person,
        "Requests to",
        "inbox/requests",
        "activity",
    );
    pages::activities(request, Viewer::user(owner), &heading, &page, Finish::MAJOR)
}

/// `POST /api/user/{nickname}/inbox/requests`: `{id}`, that of an activity: lets its sender in: this request and all others of
/// the sender go to the inbox, and so does what comes later. 200 with the activity; 400, 404.
pub fn accept(request: &Request, user: &LocalUser) -> Answer {
    let owner = own(request, user)?;
    let wanted: Wanted = request.json()?;
    let (id, activity) = named(request, &wanted.id)?;
    let app = request.app();
    requests::accept(app, owner, id, request.now)?;
    let documents = Documents::for_viewer(app, Viewer::user(owner));
    let text = documents.activity_text(id, &activity, Finish::FULL)?;
    Ok(Response::json_text(text))
}

/// `DELETE /api/user/{nickname}/inbox/requests?id=`: takes the request away; 200 with the JSON string `"Deleted"`, 404.
pub fn delete(request: &Request, user: &LocalUser) -> Answer {
    let owner = own(request, user)?;
    let (id, _) = named(request, &request.query("id").unwrap_or_default())?;
    requests::delete(request.app(), owner, id)?;
    Ok(Response::json(&"Deleted"))
}

/// `GET /api/user/{nickname}/blocked`: the people of other servers of whom the user wants to hear nothing; only the user
/// reads it.
pub fn blocked(request: &Request, user: &LocalUser) -> Answer {
    let owner = own(request, user)?;
    let app = request.app();
    let paging = Paging::parse(app.base(), &app.store, request.query_pairs())?;
    let refused = Stream::of(owner.0, StreamKind::Refused);
    let page = streams::people(&app.store, refused, paging, None)?;
    let person = pages::person(request, owner.0)?;
    let heading = heading(request, owner, &person, "Blocked by", "blocked", "person");
    pages::objects(
        request,
        Viewer::user(owner),
        &heading,
        &page,
        Finish::PERSON,
    )
}

/// `POST /api/user/{nickname}/blocked`: `{id}`, that of a person of another server; 200 with the person; 400 for people of
/// this server, 404 for whom nobody here has heard of, 409 for whom the user follows.
pub fn block(request: &Request, user: &LocalUser) -> Answer {
    let owner = own(request, user)?;
    let wanted: Wanted = request.json()?;
    let app = request.app();
    let person = requests::stranger(app, &wanted.id)?;
    requests::refuse(app, owner, person)?;
    let found = things::object(&app.store, person)?.ok_or(Error::Gone)?;
    let documents = Documents::for_viewer(app, Viewer::user(owner));
    let text = documents.object_text(person, &found, Finish::PERSON)?;
    Ok(Response::json_text(text))
}

/// `DELETE /api/user/{nickname}/blocked?id=`: hears of a person again; 200 with the JSON string `"Deleted"`, 404.
pub fn unblock(request: &Request, user: &LocalUser) -> Answer {
    let owner = own(request, user)?;
    let app = request.app();
    let person = requests::stranger(app, &request.query("id").unwrap_or_default())?;
    match requests::pardon(app, owner, person)? {
        true => Ok(Response::json(&"Deleted")),
        false => Err(Error::not_found("You do not block them.")),
    }
}

fn own(request: &Request, user: &LocalUser) -> Result<UserId, Error> {
    users::named(request)?;
    user.owning(&request.nickname()?)
}

fn named(request: &Request, id: &str) -> Result<(ThingId, Activity), Error> {
    let app = request.app();
    let missing = || Error::not_found("You have no such request.");
    let id = names::find_thing(app.base(), &app.store, id)?.ok_or_else(missing)?;
    let activity = things::activity(&app.store, id)?.ok_or_else(missing)?;
    Ok((id, activity))
}

fn heading<'a>(
    request: &Request,
    owner: UserId,
    person: &'a Object,
    title: &str,
    path: &str,
    object_type: &'static str,
) -> pages::Heading<'a> {
    let nickname = person.nickname().unwrap_or_default();
    pages::Heading {
        display_name: format!("{title} {}", pages::name_of(person)),
        url: format!("{}/api/user/{nickname}/{path}", request.app().base().url()),
        has_id: false,
        object_types: Some(object_type),
        author: Some((owner.0, person)),
        more: String::new(),
    }
}
