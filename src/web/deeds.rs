//! What one tap does: like, share, follow, and their opposites, and comments. Each is a form that leads back to the page
//! it was on; a second tap finds everything done and is no error.

use crate::auth::{LocalUser, Visitor};
use crate::domain::access::{self, Viewer};
use crate::domain::{activities, names, people};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{Nickname, ThingId};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object, Thing};
use crate::web::composer::{SECOND_TAP_SECS, reference, says};
use crate::web::forms::value;
use crate::web::frame::Frame;
use crate::web::login;
use crate::web::{text, things as pages};
use crate::wire::draft::{ActivityDraft, ObjectDraft};
use hyper::StatusCode;

/// Longest comment, in bytes.
const COMMENT_BYTES_MAX: usize = 16 * 1024;

/// How many comments are climbed to find the post under which they stand.
const CLIMB_MAX: usize = 8;

/// A deed that is done or not done, and how one sees which.
struct Deed {
    verb: &'static str,
    /// The stream of the object that holds the user when it is done.
    holds: StreamKind,
    /// Whether the deed puts the user into the stream, or takes the user out.
    adds: bool,
}

/// `POST /main/like`: `object` (a key), `back`. 303.
pub fn like(request: &Request, visitor: &Visitor) -> Answer {
    let deed = Deed {
        verb: "favorite",
        holds: StreamKind::Likes,
        adds: true,
    };
    on_object(request, visitor, &deed)
}

/// `POST /main/unlike`
pub fn unlike(request: &Request, visitor: &Visitor) -> Answer {
    let deed = Deed {
        verb: "unfavorite",
        holds: StreamKind::Likes,
        adds: false,
    };
    on_object(request, visitor, &deed)
}

/// `POST /main/share`
pub fn share(request: &Request, visitor: &Visitor) -> Answer {
    let deed = Deed {
        verb: "share",
        holds: StreamKind::Shares,
        adds: true,
    };
    on_object(request, visitor, &deed)
}

/// `POST /main/unshare`
pub fn unshare(request: &Request, visitor: &Visitor) -> Answer {
    let deed = Deed {
        verb: "unshare",
        holds: StreamKind::Shares,
        adds: false,
    };
    on_object(request, visitor, &deed)
}

/// `POST /main/follow`: `person` (a nickname), `back`. 303.
pub fn follow(request: &Request, visitor: &Visitor) -> Answer {
    let deed = Deed {
        verb: "follow",
        holds: StreamKind::Followers,
        adds: true,
    };
    on_person(request, visitor, &deed)
}

/// `POST /main/unfollow`
pub fn unfollow(request: &Request, visitor: &Visitor) -> Answer {
    let deed = Deed {
        verb: "stop-following",
        holds: StreamKind::Followers,
        adds: false,
    };
    on_person(request, visitor, &deed)
}

/// `POST /main/comment`: `object` (a key), `content`, `back`. 303; an empty comment is 400 with the post and a sentence.
pub fn comment(request: &Request, visitor: &Visitor) -> Answer {
    let mut frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (id, object) = readable(request, user, value(&form, "object"))?;
    let typed = value(&form, "content");
    let content = text::to_html(typed);
    let problem = if content.is_empty() {
        Some(Error::invalid("Write something first."))
    } else if typed.len() > COMMENT_BYTES_MAX {
        Some(Error::TooLarge("This comment is too long.".to_owned()))
    } else {
        None
    };
    if let Some(problem) = problem {
        frame.here = text::local_path(value(&form, "back"), &frame.root);
        return pages::with_problem(request, visitor, &frame, (id, &object), typed, &problem);
    }
    let app = request.app();
    let (post, object) = top(request, id, object)?;
    let done = back(&frame, &form, &object.key(post).to_string());
    let _turn = app.turn_of(user.id());
    if is_second_tap(request, user, post, &content)? {
        return Ok(done);
    }
    let mut comment = ObjectDraft {
        object_type: Some("comment".to_owned()),
        in_reply_to: Some(Box::new(reference(app, post, &object))),
        ..ObjectDraft::default()
    };
    comment.members.insert("content".to_owned(), content.into());
    let draft = ActivityDraft::of("post", comment);
    activities::post(app, user.id(), None, &draft, request.now)?;
    Ok(done)
}

/// Whether the newest reply is what this form sends again: a button was tapped twice.
fn is_second_tap(
    request: &Request,
    user: &LocalUser,
    post: ThingId,
    content: &str,
) -> Result<bool, Error> {
    let store = &request.app().store;
    let newest = streams::page(
        store,
        Stream::of(post, StreamKind::Replies),
        Start::Newest,
        1,
    )?;
    let Some(newest) = newest.unwrap_or_default().first().copied() else {
        return Ok(false);
    };
    let reply = things::object(store, newest)?.filter(|reply| reply.author == Some(user.id().0));
    Ok(reply.is_some_and(|reply| {
        request.now.secs_since(reply.updated) < SECOND_TAP_SECS && says(&reply, content)
    }))
}

fn on_object(request: &Request, visitor: &Visitor, deed: &Deed) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let key = value(&form, "object");
    let (id, object) = readable(request, user, key)?;
    done(
        request,
        user,
        deed,
        id,
        reference(request.app(), id, &object),
    )?;
    Ok(back(&frame, &form, key))
}

fn on_person(request: &Request, visitor: &Visitor, deed: &Deed) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let nobody = |_| Error::not_found("There is no such user here.");
    let nickname = Nickname::new(value(&form, "person")).map_err(nobody)?;
    let app = request.app();
    let (person, _) = people::find(app, &nickname)?;
    let draft = ObjectDraft::reference(&app.base().person_id(&nickname), "person");
    done(request, user, deed, person.0, draft)?;
    Ok(back(&frame, &form, &nickname.folded()))
}

/// Does the deed unless it is done.
fn done(
    request: &Request,
    user: &LocalUser,
    deed: &Deed,
    id: ThingId,
    object: ObjectDraft,
) -> Result<(), Error> {
    let app = request.app();
    let is_done = || {
        let is_in = streams::contains(&app.store, Stream::of(id, deed.holds), user.id().0)?;
        Ok::<bool, Error>(is_in == deed.adds)
    };
    if is_done()? {
        return Ok(());
    }
    let draft = ActivityDraft::of(deed.verb, object);
    match activities::post(app, user.id(), None, &draft, request.now) {
        // The same tap came twice at once, and the other one was first.
        Err(Error::Invalid(_)) if is_done()? => Ok(()),
        done => done.map(drop),
    }
}

/// The object of a key, if the user may read it.
fn readable(request: &Request, user: &LocalUser, key: &str) -> Result<(ThingId, Object), Error> {
    let store = &request.app().store;
    match names::by_key(store, key)? {
        Some((_, Thing::Object(object))) if object.deleted.is_some() => Err(Error::Gone),
        Some((id, Thing::Object(object))) => {
            match access::may_read_object(store, Viewer::user(user.id()), &object)? {
                true => Ok((id, object)),
                false => Err(Error::forbidden("This was not posted to you.")),
            }
        }
        _ => Err(Error::not_found("There is no such post.")),
    }
}

/// The post under which a comment stands.
fn top(request: &Request, id: ThingId, object: Object) -> Result<(ThingId, Object), Error> {
    let (mut id, mut object) = (id, object);
    for _ in 0..CLIMB_MAX {
        let parent = object
            .in_reply_to
            .filter(|_| object.object_type == "comment");
        let Some(parent) = parent else { break };
        let Some(above) = things::object(&request.app().store, parent)? else {
            break;
        };
        (id, object) = (parent, above);
    }
    Ok((id, object))
}

/// The way back to the page of the form, at the place where it was.
fn back(frame: &Frame, form: &[(String, String)], place: &str) -> Response {
    let path = text::local_path(value(form, "back"), &frame.root);
    let path = path.split('#').next().unwrap_or_default();
    Response::redirect(StatusCode::SEE_OTHER, &format!("{path}#{place}"))
}
