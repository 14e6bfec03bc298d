//! Other servers push activities into the inboxes of people and groups here (`pump-api.md §6.6`).

use crate::api::groups;
use crate::auth::Client;
use crate::domain::access::Viewer;
use crate::domain::activities::Inbox;
use crate::domain::documents::{Documents, Finish};
use crate::error::Error;
use crate::federation::receiving;
use crate::http::{Answer, Request, Response};
use crate::peers::authority;
use crate::store::{clients, things, users};
use hyper::StatusCode;

/// `POST /api/user/{nickname}/inbox`: 200 with the activity; 400 for what is not the sender's to say, 401 for whoever is no
/// server, 403 for what has nothing to do with the user, 404 for nobody, 429 for more than one server may send. 202 for what the
/// server of a group passes on, if the server of its actor is away: it will be asked later.
pub fn inbox(request: &Request, client: &Client) -> Answer {
    let nobody = || Error::not_found("There is nobody of that name here.");
    let nickname = request.nickname()?;
    let (user, _) = users::by_nickname(&request.app().store, &nickname)?.ok_or_else(nobody)?;
    receive(request, client, Inbox::User(user))
}

/// `POST /api/group/{key}/inbox` and `POST /api/group/inbox?id=`: 200 with the activity; 400 for what is not the sender's to say
/// or does not name the group, 401 for whoever is no server, 403 for whoever is no member, 404, 410, 429.
pub fn group_inbox(request: &Request, client: &Client) -> Answer {
    let group = groups::here(request)?;
    receive(request, client, Inbox::Group(group))
}

fn receive(request: &Request, client: &Client, inbox: Inbox) -> Answer {
    let app = request.app();
    let client = clients::get(&app.store, client.id())?
        .ok_or_else(|| Error::Unauthorized("This client is gone.".to_owned()))?;
    let sender = receiving::sender(&client)?;
    let host = authority(&sender).unwrap_or(&sender);
    let place = request.guard.admit_push(request, host)?;
    let received = request
        .json()
        .and_then(|pushed| receiving::receive(app, &client, inbox, pushed, request.now));
    if let Err(error) = &received
        && error.status() < 500
    {
        place.note_refusal(error, request.now);
    }
    let Some(id) = received? else {
        let mut answer = Response::json(&"Accepted");
        answer.status = StatusCode::ACCEPTED;
        return Ok(answer);
    };
    let activity = things::activity(&app.store, id)?.ok_or(Error::Gone)?;
    let viewer = Viewer {
        person: Some(activity.actor),
    };
    let documents = Documents::for_viewer(app, viewer);
    Ok(Response::json_text(documents.activity_text(
        id,
        &activity,
        Finish::PLAIN,
    )?))
}
