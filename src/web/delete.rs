//! `/main/delete`: a page that asks once more, and the form on it that deletes.

use crate::auth::{LocalUser, Visitor};
use crate::domain::{activities, names};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::things::{Object, Thing};
use crate::web::cards::kind_in_words;
use crate::web::composer::reference;
use crate::web::forms::{see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::web::text;
use crate::wire::draft::{ActivityDraft, members_of};
use askama::Template;
use serde_json::Value;

/// Characters of the post that are shown again.
const WORDS_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "delete.html", config = "assets/askama.toml")]
struct Delete<'a> {
    frame: &'a Frame,
    key: &'a str,
    kind: &'a str,
    words: String,
    replies: u32,
}

/// `GET /main/delete?object=KEY`
pub fn ask(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let key = request.query("object").unwrap_or_default();
    let (_, object) = own(request, user, &key)?;
    let members = members_of(&object.members);
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let page = Delete {
        frame: &frame,
        key: &key,
        kind: kind_in_words(&object.object_type),
        words: text::summary(text("displayName"), text("content"), WORDS_SHOWN),
        replies: object.replies,
    };
    show(visitor, &page)
}

/// `POST /main/delete`: `object` (a key). 303 to the home page, or to one's lists.
pub fn delete(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let app = request.app();
    let mut onward = "/".to_owned();
    match own(request, user, value(&form, "object")) {
        Ok((id, object)) => {
            if object.is_collection() {
                onward = format!("/{}/lists", user.nickname());
            }
            let mut draft = ActivityDraft::of("delete", reference(app, id, &object));
            if object.post.is_none() {
                draft.addresses.to = vec![super::composer::myself(app, user)];
            }
            activities::post(app, user.id(), None, &draft, request.now)?;
        }
        // A second tap: it is gone already.
        Err(Error::Gone) => {}
        Err(other) => return Err(other),
    }
    Ok(see_other(&frame, &onward))
}

fn own(request: &Request, user: &LocalUser, key: &str) -> Result<(ThingId, Object), Error> {
    match names::by_key(&request.app().store, key)? {
        Some((_, Thing::Object(object))) if object.author != Some(user.id().0) => {
            Err(Error::forbidden("Only its author can delete this."))
        }
        Some((_, Thing::Object(object))) if object.deleted.is_some() => Err(Error::Gone),
        Some((id, Thing::Object(object))) if !object.is_person() => Ok((id, object)),
        _ => Err(Error::not_found("There is no such post.")),
    }
}
