//! `/main/edit`: one's own post or comment with other words. Who can see it stays as it is.

use crate::auth::{LocalUser, Visitor};
use crate::domain::activities;
use crate::domain::documents::display_name;
use crate::domain::names;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::things::{Object, Thing};
use crate::web::cards::Cards;
use crate::web::composer::posting::TEXT_BYTES_MAX;
use crate::web::composer::reference;
use crate::web::forms::{again, value};
use crate::web::frame::{Frame, show};
use crate::web::things::viewer;
use crate::web::{login, text};
use crate::wire::draft::{ActivityDraft, Members, members_of};
use askama::Template;
use hyper::StatusCode;
use serde_json::{Value, json};

/// Longest title, place or description of a picture, in characters.
const LINE_CHARS_MAX: usize = 1_000;

#[derive(Template)]
#[template(path = "edit.html", config = "assets/askama.toml")]
struct Edit<'a> {
    frame: &'a Frame,
    key: &'a str,
    /// Where one goes when it is done, or when nothing is to be done.
    back: String,
    fields: Fields,
    problem: Option<String>,
}

/// What can be changed, as it was typed or is to be typed.
#[derive(Clone, PartialEq, Eq)]
struct Fields {
    title: String,
    content: String,
    alt: String,
    place: String,
    is_comment: bool,
    is_picture: bool,
}

impl Fields {
    fn of(object: &Object) -> Fields {
        let members = members_of(&object.members);
        let said = |name: &str| members.get(name).and_then(Value::as_str);
        Fields {
            title: display_name(object).unwrap_or_default(),
            content: text::typed(said("content").unwrap_or_default()),
            alt: said("alt").unwrap_or_default().to_owned(),
            place: place_of(&members).unwrap_or_default(),
            is_comment: object.object_type == "comment",
            is_picture: object.object_type == "image",
        }
    }

    /// What a form says; what it does not ask for stays.
    fn typed(form: &[(String, String)], before: &Fields) -> Fields {
        let line = |name: &str| value(form, name).trim().to_owned();
        let mut typed = before.clone();
        typed.content = value(form, "content").replace("\r\n", "\n");
        if !before.is_comment {
            typed.title = line("title");
            typed.place = line("place");
        }
        if before.is_picture {
            typed.alt = line("alt");
        }
        typed
    }

    fn check(&self) -> Result<(), Error> {
        let lines = [&self.title, &self.alt, &self.place];
        let is_long = lines
            .iter()
            .any(|line| line.chars().count() > LINE_CHARS_MAX);
        if self.content.len() > TEXT_BYTES_MAX || is_long {
            return Err(Error::TooLarge("This text is too long.".to_owned()));
        }
        let shows = self.is_picture || !self.title.is_empty();
        if self.content.trim().is_empty() && !shows {
            return Err(Error::invalid("Write something first, or delete it."));
        }
        Ok(())
    }

    /// The members that are to change.
    fn changes(&self, before: &Fields) -> Members {
        let mut changes = Members::new();
        if self.content != before.content {
            // The same words keep their form.
            changes.insert("content".to_owned(), text::to_html(&self.content).into());
        }
        for (name, old, new) in [
            ("displayName", &before.title, &self.title),
            ("alt", &before.alt, &self.alt),
        ] {
            if old != new {
                changes.insert(name.to_owned(), new.as_str().into());
            }
        }
        if self.place != before.place {
            let place = match self.place.is_empty() {
                true => Value::Null,
                false => json!({"objectType": "place", "displayName": self.place}),
            };
            changes.insert("location".to_owned(), place);
        }
        changes
    }
}

/// What the place of a post is called.
pub(super) fn place_of(members: &Members) -> Option<String> {
    let name = members.get("location")?.get("displayName")?.as_str()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// `GET /main/edit?object=KEY`: 403, 404, 410 for what is not the user's.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let key = request.query("object").unwrap_or_default();
    let (id, object) = own(request, user, &key)?;
    let page = Edit {
        frame: &frame,
        key: &key,
        back: link(request, visitor, &frame, id, &object)?,
        fields: Fields::of(&object),
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /main/edit`: `object` (a key), `content`, and for posts `title`, `place`, for pictures `alt`. 303 to the post; 400 and 413 with
/// the form.
pub fn edit(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let app = request.app();
    let key = value(&form, "object");
    let (id, object) = own(request, user, key)?;
    let before = Fields::of(&object);
    let typed = Fields::typed(&form, &before);
    let back = link(request, visitor, &frame, id, &object)?;
    let changed = typed.check().and_then(|()| {
        let changes = typed.changes(&before);
        if changes.is_empty() {
            return Ok(());
        }
        let mut draft = ActivityDraft::of("update", reference(app, id, &object));
        draft.object.members.extend(changes);
        activities::post(app, user.id(), None, &draft, request.now).map(drop)
    });
    match changed {
        Ok(()) => Ok(crate::http::Response::redirect(
            StatusCode::SEE_OTHER,
            &back,
        )),
        Err(error) => again(visitor, error, |problem| {
            Ok(Edit {
                frame: &frame,
                key,
                back,
                fields: typed,
                problem: Some(problem),
            })
        }),
    }
}

/// The page on which it stands: a comment's is that of its post.
fn link(
    request: &Request,
    visitor: &Visitor,
    frame: &Frame,
    id: ThingId,
    object: &Object,
) -> Result<String, Error> {
    let key = object.key(id);
    let (id, object) = super::deeds::top(request, id, object.clone())?;
    let author = object
        .author
        .map(|author| frame.face(request.app(), author));
    let cards = Cards {
        app: request.app(),
        frame,
        viewer: viewer(visitor),
        now: request.now,
    };
    Ok(match author.transpose()?.flatten() {
        Some(author) if object.is_local() => {
            format!("{}#{key}", cards.link(id, &object, &author))
        }
        _ => frame.at("/"),
    })
}

fn own(request: &Request, user: &LocalUser, key: &str) -> Result<(ThingId, Object), Error> {
    match names::by_key(&request.app().store, key)? {
        Some((_, Thing::Object(object))) if object.author != Some(user.id().0) => {
            Err(Error::forbidden("Only its author can change this."))
        }
        Some((_, Thing::Object(object))) if object.deleted.is_some() => Err(Error::Gone),
        Some((id, Thing::Object(object)))
            if !object.is_person()
                && !object.is_collection()
                && object.object_type != "group"
                && object.post.is_some() =>
        {
            Ok((id, object))
        }
        _ => Err(Error::not_found("There is no such post.")),
    }
}
