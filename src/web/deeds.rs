//! What one tap does: like, share, follow, and their opposites, and comments. Each is a form that leads back to the page
//! it was on; a second tap finds everything done and is no error.

use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::domain::access::{self, Viewer};
use crate::domain::{activities, names, people};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{Nickname, ThingId, UserId};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object, Thing};
use crate::web::composer::posting::content;
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
pub(super) struct Deed {
    /// What the activity says.
    pub(super) verb: &'static str,
    /// The stream of the object that holds the person when it is done.
    holds: StreamKind,
    /// Whether the deed puts the person into the stream, or takes the person out.
    adds: bool,
}

impl Deed {
    /// The deed by the name that forms have for it.
    pub(super) fn named(name: &str) -> Option<&'static Deed> {
        Some(match name {
            "like" => &LIKE,
            "unlike" => &UNLIKE,
            "share" => &SHARE,
            "unshare" => &UNSHARE,
            "follow" => &FOLLOW,
            "unfollow" => &UNFOLLOW,
            _ => return None,
        })
    }

    /// Whether it is a deed on a person, rather than a post.
    pub(super) fn is_on_people(&self) -> bool {
        self.holds == StreamKind::Followers
    }

    /// Whether somebody has done it on a thing.
    pub(super) fn is_done(&self, app: &App, id: ThingId, person: ThingId) -> Result<bool, Error> {
        let is_in = streams::contains(&app.store, Stream::of(id, self.holds), person)?;
        Ok(is_in == self.adds)
    }
}

const LIKE: Deed = deed("favorite", StreamKind::Likes, true);
const UNLIKE: Deed = deed("unfavorite", StreamKind::Likes, false);
const SHARE: Deed = deed("share", StreamKind::Shares, true);
const UNSHARE: Deed = deed("unshare", StreamKind::Shares, false);
const FOLLOW: Deed = deed("follow", StreamKind::Followers, true);
const UNFOLLOW: Deed = deed("stop-following", StreamKind::Followers, false);

const fn deed(verb: &'static str, holds: StreamKind, adds: bool) -> Deed {
    Deed { verb, holds, adds }
}

/// `POST /main/like`: `object` (a key), `back`. 303.
pub fn like(request: &Request, visitor: &Visitor) -> Answer {
    on_object(request, visitor, &LIKE)
}

/// `POST /main/unlike`
pub fn unlike(request: &Request, visitor: &Visitor) -> Answer {
    on_object(request, visitor, &UNLIKE)
}

/// `POST /main/share`
pub fn share(request: &Request, visitor: &Visitor) -> Answer {
    on_object(request, visitor, &SHARE)
}

/// `POST /main/unshare`
pub fn unshare(request: &Request, visitor: &Visitor) -> Answer {
    on_object(request, visitor, &UNSHARE)
}

/// `POST /main/follow`: `person` (a nickname) or `key` (of somebody of another server), `back`. 303.
pub fn follow(request: &Request, visitor: &Visitor) -> Answer {
    on_person(request, visitor, &FOLLOW)
}

/// `POST /main/unfollow`
pub fn unfollow(request: &Request, visitor: &Visitor) -> Answer {
    on_person(request, visitor, &UNFOLLOW)
}

/// `POST /main/comment`: `object` (a key), `content`, `back`. 303; an empty comment is 400 with the post and a sentence.
pub fn comment(request: &Request, visitor: &Visitor) -> Answer {
    let mut frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (id, object) = readable(request, Viewer::user(user.id()), value(&form, "object"))?;
    let typed = value(&form, "content");
    let content = match comment_html(typed) {
        Ok(content) => content,
        Err(problem) => {
            frame.here = text::local_path(value(&form, "back"), &frame.root);
            if request.is_for_part() {
                let (post, object) = top(request, id, object)?;
                return pages::foot(request, visitor, &frame, (post, &object), |card| {
                    typed.clone_into(&mut card.typed);
                    card.problem = Some(frame.words.told(&problem.public()));
                });
            }
            return pages::with_problem(request, visitor, &frame, (id, &object), typed, &problem);
        }
    };
    let app = request.app();
    let (post, object) = top(request, id, object)?;
    let place = object.key(post).to_string();
    let turn = app.turns.of(user.id().0);
    if is_second_tap(request, user.id().0, post, &content)? {
        return answer(request, visitor, frame, &form, &place);
    }
    let mut comment = ObjectDraft {
        object_type: Some("comment".to_owned()),
        in_reply_to: Some(Box::new(reference(app, post, &object))),
        ..ObjectDraft::default()
    };
    comment.members.insert("content".to_owned(), content.into());
    let draft = ActivityDraft::of("post", comment);
    activities::post(app, user.id(), None, &draft, request.now)?;
    drop(turn);
    answer(request, visitor, frame, &form, &place)
}

/// The HTML of a comment, typed as posts are. 400 for one without words, 413 for one that is too long.
pub(super) fn comment_html(typed: &str) -> Result<String, Error> {
    let too_long = || Error::TooLarge("This comment is too long.".to_owned());
    if typed.len() > COMMENT_BYTES_MAX {
        return Err(too_long());
    }
    let content = content(typed).map_err(|_| too_long())?;
    match content.is_empty() {
        true => Err(Error::invalid("Write something first.")),
        false => Ok(content),
    }
}

/// Whether the newest reply is what this form of somebody sends again: a button was tapped twice.
pub(super) fn is_second_tap(
    request: &Request,
    person: ThingId,
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
    let reply = things::object(store, newest)?.filter(|reply| reply.author == Some(person));
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
    let (id, object) = readable(request, Viewer::user(user.id()), key)?;
    let draft = reference(request.app(), id, &object);
    done(request, user, deed, id, draft)?;
    answer(request, visitor, frame, &form, key)
}

fn on_person(request: &Request, visitor: &Visitor, deed: &Deed) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (person, id, place) = meant(request, &form)?;
    let draft = ObjectDraft::reference(&id, "person");
    done(request, user, deed, person, draft)?;
    Ok(back(&frame, &form, &place))
}

/// The person whom a form names by `person` (a nickname) or `key` (of somebody of another server), with the id, and with the
/// mark at which a page shows them.
pub(super) fn meant(
    request: &Request,
    form: &[(String, String)],
) -> Result<(ThingId, String, String), Error> {
    match value(form, "key") {
        "" => {
            let (person, nickname) = named(request, form)?;
            let id = request.app().base().person_id(&nickname);
            Ok((person.0, id, nickname.folded()))
        }
        key => {
            let (person, id) = stranger(request, key)?;
            Ok((person, id, key.to_owned()))
        }
    }
}

/// The person of another server who has this key here, with the id.
fn stranger(request: &Request, key: &str) -> Result<(ThingId, String), Error> {
    let app = request.app();
    match names::by_key(&app.store, key)? {
        Some((id, Thing::Object(person))) if person.is_person() && !person.is_local() => {
            let name = names::object_id(app.base(), id, &person).to_string();
            Ok((id, name))
        }
        _ => Err(Error::not_found("There is no such person here.")),
    }
}

/// The user whom a form names.
pub(super) fn named(
    request: &Request,
    form: &[(String, String)],
) -> Result<(UserId, Nickname), Error> {
    let nobody = |_| Error::not_found("There is no such user here.");
    let nickname = Nickname::new(value(form, "person")).map_err(nobody)?;
    let (person, _) = people::find(request.app(), &nickname)?;
    Ok((person, nickname))
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
    let is_done = || deed.is_done(app, id, user.id().0);
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

/// The object of a key, if the viewer may read it.
pub(super) fn readable(
    request: &Request,
    viewer: Viewer,
    key: &str,
) -> Result<(ThingId, Object), Error> {
    let store = &request.app().store;
    match names::by_key(store, key)? {
        Some((_, Thing::Object(object))) if object.deleted.is_some() => Err(Error::Gone),
        Some((id, Thing::Object(object))) => {
            // What came from elsewhere without its post activity is for those alone to whom it came (`pump-api.md §4.9.2`).
            let is_open = viewer.person.is_some() || access::may_fetch(store, viewer, &object)?;
            match is_open && access::may_read_object(store, viewer, &object)? {
                true => Ok((id, object)),
                false => Err(Error::forbidden("This was not posted to you.")),
            }
        }
        _ => Err(Error::not_found("There is no such post.")),
    }
}

/// The post under which a comment stands.
pub(super) fn top(
    request: &Request,
    id: ThingId,
    object: Object,
) -> Result<(ThingId, Object), Error> {
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

/// What follows a deed on a post or a comment: the foot of the post where a page wants only that, else the way back.
fn answer(
    request: &Request,
    visitor: &Visitor,
    mut frame: Frame,
    form: &[(String, String)],
    key: &str,
) -> Answer {
    if !request.is_for_part() {
        return Ok(back(&frame, form, key));
    }
    frame.here = text::local_path(value(form, "back"), &frame.root);
    let (id, object) = readable(request, pages::viewer(visitor), key)?;
    let (post, object) = top(request, id, object)?;
    pages::foot(request, visitor, &frame, (post, &object), |_| {})
}

/// The way back to the page of the form, at the place where it was.
pub(super) fn back(frame: &Frame, form: &[(String, String)], place: &str) -> Response {
    let path = text::local_path(value(form, "back"), &frame.root);
    let path = path.split('#').next().unwrap_or_default();
    Response::redirect(StatusCode::SEE_OTHER, &format!("{path}#{place}"))
}
