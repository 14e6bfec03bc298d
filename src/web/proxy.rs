//! `/main/proxy`: what people of other servers do on the pages here is posted by their own servers, in their names
//! (`pump-api.md §6.10`). What the server says to have posted is taken here at once, so that they see what they did.

use crate::app::App;
use crate::auth::{Remote, Visitor, visits};
use crate::domain::access::Viewer;
use crate::domain::names;
use crate::error::Error;
use crate::federation::{receiving, visiting};
use crate::http::{Answer, Request};
use crate::ids::{ThingId, UserId};
use crate::store::things::{self, Address, Object};
use crate::web::deeds::{self, Deed};
use crate::web::forms::value;
use crate::web::frame::{Frame, show};
use crate::web::{text, things as pages};
use crate::wire::draft;
use crate::words::Words;
use askama::Template;
use serde_json::{Value, json};

/// Longest reason of another server that is shown, in characters.
const REASON_CHARS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "sent.html", config = "assets/askama.toml")]
struct Sent<'a> {
    frame: &'a Frame,
    host: &'a str,
    back: &'a str,
}

/// `POST /main/proxy?deed=`: `like`, `unlike`, `share`, `unshare` or `comment` with the fields of these forms (`object`,
/// `content`, `back`), `follow` or `unfollow` with `person`. 303; 200 with a page where nothing of it can be seen here yet; 401
/// for everybody but people of other servers, and for those whom their server does not let act here any more; 502 for what
/// that server refuses.
pub fn forward(request: &Request, visitor: &Visitor) -> Answer {
    let Some(remote) = visitor.remote() else {
        return Err(Error::Unauthorized(match visitor.user() {
            Some(_) => "This is for people of other servers.".to_owned(),
            None => "Not logged in.".to_owned(),
        }));
    };
    request
        .guard
        .admit_elsewhere(request, Some(remote.person()))?;
    let _turn = request.app().turns.of(remote.person());
    let name = request.query("deed").unwrap_or_default();
    match Deed::named(&name) {
        _ if name == "comment" => comment(request, visitor, remote),
        Some(deed) if deed.is_on_people() => on_person(request, visitor, remote, deed),
        Some(deed) => on_object(request, visitor, remote, deed),
        None => Err(Error::not_found("There is no such deed.")),
    }
}

fn on_person(request: &Request, visitor: &Visitor, remote: &Remote, deed: &Deed) -> Answer {
    let form = request.form();
    let (person, nickname) = deeds::named(request, &form)?;
    let (app, place) = (request.app(), nickname.folded());
    if deed.is_done(app, person.0, remote.person())? {
        return Ok(deeds::back(&Frame::of(request, visitor)?, &form, &place));
    }
    let object = json!({ "objectType": "person", "id": app.base().person_id(&nickname) });
    let activity = json!({ "verb": deed.verb, "object": object });
    let is_here = send(request, remote, &activity, Some(person))?;
    done(request, visitor, remote, &form, &place, is_here)
}

fn on_object(request: &Request, visitor: &Visitor, remote: &Remote, deed: &Deed) -> Answer {
    let form = request.form();
    let place = value(&form, "object");
    let (id, object) = deeds::readable(request, pages::viewer(visitor), place)?;
    let app = request.app();
    if deed.is_done(app, id, remote.person())? {
        return Ok(deeds::back(&Frame::of(request, visitor)?, &form, place));
    }
    let mut activity = json!({ "verb": deed.verb, "object": reference(app, id, &object)? });
    address(app, remote, &object, deed.verb, &mut activity)?;
    let is_here = send(request, remote, &activity, reader(app, &object)?)?;
    done(request, visitor, remote, &form, place, is_here)
}

fn comment(request: &Request, visitor: &Visitor, remote: &Remote) -> Answer {
    let form = request.form();
    let viewer = pages::viewer(visitor);
    let (id, object) = deeds::readable(request, viewer, value(&form, "object"))?;
    let typed = value(&form, "content");
    match post_comment(request, remote, viewer, (id, object.clone()), typed) {
        Ok((post, is_here)) => done(request, visitor, remote, &form, &post, is_here),
        // What was typed is not lost.
        Err(problem @ (Error::Invalid(_) | Error::TooLarge(_) | Error::Remote(_))) => {
            let mut frame = Frame::of(request, visitor)?;
            frame.here = text::local_path(value(&form, "back"), &frame.root);
            pages::with_problem(request, visitor, &frame, (id, &object), typed, &problem)
        }
        Err(error) => Err(error),
    }
}

/// Answers the key of the post under which the comment stands, and whether it can be seen there.
fn post_comment(
    request: &Request,
    remote: &Remote,
    viewer: Viewer,
    (id, object): (ThingId, Object),
    typed: &str,
) -> Result<(String, bool), Error> {
    let content = deeds::comment_html(typed)?;
    let (post, object) = deeds::top(request, id, object)?;
    let key = object.key(post).to_string();
    if deeds::is_second_tap(request, remote.person(), post, &content)? {
        return Ok((key, true));
    }
    let (_, object) = deeds::readable(request, viewer, &key)?;
    let app = request.app();
    let comment = json!({
        "objectType": "comment",
        "content": content,
        "inReplyTo": reference(app, post, &object)?,
    });
    let mut activity = json!({ "verb": "post", "object": comment });
    address(app, remote, &object, "post", &mut activity)?;
    let is_here = send(request, remote, &activity, reader(app, &object)?)?;
    Ok((key, is_here))
}

/// Has the visitor's server post an activity, and takes what it has posted into the inbox of `reader`; answers whether it did.
fn send(
    request: &Request,
    remote: &Remote,
    activity: &Value,
    reader: Option<UserId>,
) -> Result<bool, Error> {
    let (app, visit) = (request.app(), remote.visit());
    let said = visiting::act(app, visit, activity)
        .map_err(|failure| visiting::in_words(&visit.host, &failure))?;
    let text = String::from_utf8_lossy(&said.body);
    if said.status == 401 || (said.status == 400 && text.contains("expired Token")) {
        visits::end(request)?;
        return Err(Error::Unauthorized(format!(
            "{} does not let this site act for you any more. Log in there once more.",
            visit.host
        )));
    }
    let document: Value = serde_json::from_slice(&said.body).unwrap_or_default();
    if !said.is_success() {
        let reason = document.get("error").and_then(Value::as_str);
        let reason: String = reason
            .unwrap_or_default()
            .chars()
            .take(REASON_CHARS_MAX)
            .collect();
        return Err(Error::Remote(Words::default().fill(
            "{0} did not do it: {1} {2}",
            (&visit.host, said.status, reason),
        )));
    }
    let Some(reader) = reader else {
        return Ok(false);
    };
    let taken = receiving::receive_of(app, &visit.id, reader, document, request.now);
    if let Err(error) = &taken {
        log::info!(
            "{} comes when {} brings it: {error}",
            activity["verb"],
            visit.host
        );
    }
    Ok(taken.is_ok())
}

/// The user here who is told of what is done on an object: its author, or who wrote what it answers.
fn reader(app: &App, object: &Object) -> Result<Option<UserId>, Error> {
    let parent = match object.in_reply_to {
        Some(parent) => things::object(&app.store, parent)?,
        None => None,
    };
    let authors = [object.author, parent.and_then(|parent| parent.author)];
    for author in authors.into_iter().flatten() {
        if things::object(&app.store, author)?.is_some_and(|author| author.nickname().is_some()) {
            return Ok(Some(UserId(author)));
        }
    }
    Ok(None)
}

fn done(
    request: &Request,
    visitor: &Visitor,
    remote: &Remote,
    form: &[(String, String)],
    place: &str,
    is_here: bool,
) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if is_here {
        return Ok(deeds::back(&frame, form, place));
    }
    let back = text::local_path(value(form, "back"), &frame.root);
    let page = Sent {
        frame: &frame,
        host: &remote.visit().host,
        back: &back,
    };
    show(visitor, &page)
}

/// An object as the visitor's server is told of it: it asks for the rest.
fn reference(app: &App, id: ThingId, object: &Object) -> Result<Value, Error> {
    let mut reference = json!({
        "objectType": object.object_type,
        "id": names::object_id(app.base(), id, object).to_string(),
    });
    if let Some(author) = object.author {
        reference["author"] = person(app, author)?;
    }
    Ok(reference)
}

fn person(app: &App, id: ThingId) -> Result<Value, Error> {
    let person = things::object(&app.store, id)?.ok_or(Error::Gone)?;
    let id = names::object_id(app.base(), id, &person).to_string();
    Ok(json!({ "objectType": person.object_type, "id": id }))
}

/// Addresses what is done on an object: its author, and then the visitor's followers for shares, else those who are named with
/// the object, and everybody if it is for everybody.
fn address(
    app: &App,
    remote: &Remote,
    object: &Object,
    verb: &str,
    activity: &mut Value,
) -> Result<(), Error> {
    let me = remote.person();
    let mut to = Vec::new();
    if let Some(author) = object.author.filter(|author| *author != me) {
        to.push(person(app, author)?);
    }
    let mut cc = Vec::new();
    if verb.ends_with("share") {
        cc.extend(followers(app, me)?);
    } else if let Some(post) = object.post
        && let Some(post) = things::activity(&app.store, post)?
    {
        for address in post.addresses.to.iter().chain(&post.addresses.cc) {
            match *address {
                Address::Public => {
                    cc.push(json!({ "objectType": "collection", "id": names::PUBLIC }));
                }
                Address::Thing(id) if id != me && Some(id) != object.author => {
                    let named = things::object(&app.store, id)?;
                    if named.is_some_and(|named| named.is_person()) {
                        cc.push(person(app, id)?);
                    }
                }
                _ => {}
            }
        }
    }
    activity["to"] = to.into();
    activity["cc"] = cc.into();
    Ok(())
}

/// The collection of a visitor's followers.
fn followers(app: &App, me: ThingId) -> Result<Option<Value>, Error> {
    let person = things::object(&app.store, me)?.ok_or(Error::Gone)?;
    let members = draft::members_of(&person.members);
    let url = members.get("followers").and_then(|feed| feed.get("url"));
    Ok(url
        .and_then(Value::as_str)
        .map(|url| json!({ "objectType": "collection", "id": url })))
}
