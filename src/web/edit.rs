//! `/main/edit`: one's own post or comment with other words. Who can see it stays as it is.

use crate::auth::{LocalUser, Visitor};
use crate::domain::activities::{self, parts::attached};
use crate::domain::documents::display_name;
use crate::domain::names;
use crate::domain::uploads;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::things::{Object, Thing};
use crate::web::cards::Cards;
use crate::web::composer::posting::{TEXT_BYTES_MAX, content};
use crate::web::composer::reference;
use crate::web::forms::{again, value};
use crate::web::frame::{Frame, show};
use crate::web::things::viewer;
use crate::web::{login, markdown};
use crate::wire::draft::{ActivityDraft, Members, members_of};
use askama::Template;
use hyper::StatusCode;
use serde_json::{Value, json};

/// Longest title, place or description of a picture, in characters.
const LINE_CHARS_MAX: usize = 2_000;

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
    /// The pictures of a post that shows several things.
    parts: Vec<Part>,
}

/// A picture of a post, and what it shows.
#[derive(Clone, PartialEq, Eq)]
struct Part {
    key: String,
    id: String,
    source: String,
    alt: String,
}

impl Fields {
    fn of(cards: &Cards<'_>, object: &Object) -> Result<Fields, Error> {
        let members = members_of(&object.members);
        let said = |name: &str| members.get(name).and_then(Value::as_str);
        Ok(Fields {
            title: display_name(object).unwrap_or_default(),
            content: markdown::typed(said("content").unwrap_or_default()),
            alt: said("alt").unwrap_or_default().to_owned(),
            place: place_of(&members).unwrap_or_default(),
            is_comment: object.object_type == "comment",
            is_picture: object.object_type == "image",
            parts: parts(cards, object)?,
        })
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
        for part in &mut typed.parts {
            let name = format!("alt-{}", part.key);
            if form.iter().any(|(field, _)| *field == name) {
                part.alt = line(&name);
            }
        }
        typed
    }

    fn check(&self) -> Result<(), Error> {
        let alts = self.parts.iter().map(|part| &part.alt);
        let lines = [&self.title, &self.alt, &self.place];
        let is_long = lines
            .into_iter()
            .chain(alts)
            .any(|line| line.chars().count() > LINE_CHARS_MAX);
        if self.content.len() > TEXT_BYTES_MAX || is_long {
            return Err(Error::TooLarge("This text is too long.".to_owned()));
        }
        let shows = self.is_picture || !self.parts.is_empty() || !self.title.is_empty();
        if self.content.trim().is_empty() && !shows {
            return Err(Error::invalid("Write something first, or delete it."));
        }
        Ok(())
    }

    /// The members that are to change.
    fn changes(&self, before: &Fields, object: &Object) -> Result<Members, Error> {
        let mut changes = Members::new();
        if self.content != before.content {
            // The same words keep their form.
            changes.insert("content".to_owned(), content(&self.content)?.into());
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
        if self.parts != before.parts
            && let Some(mut attachments) = members_of(&object.members).remove("attachments")
        {
            // What is attached stays, in its order; the descriptions come along.
            for value in attachments.as_array_mut().into_iter().flatten() {
                let part = self.parts.iter().find(|part| value["id"] == part.id);
                if let Some(part) = part {
                    value["alt"] = part.alt.as_str().into();
                }
            }
            changes.insert("attachments".to_owned(), attachments);
        }
        Ok(changes)
    }
}

/// The pictures that came with a post.
fn parts(cards: &Cards<'_>, object: &Object) -> Result<Vec<Part>, Error> {
    let (app, store) = (cards.app, &cards.app.store);
    let mut found = Vec::new();
    for (id, part) in attached(app.base(), store, object)? {
        if part.object_type != "image" || part.post != object.post {
            continue;
        }
        let copies = uploads::copies(app, id, &part)?;
        let members = members_of(&part.members);
        let alt = members.get("alt").and_then(Value::as_str);
        found.push(Part {
            key: part.key(id).to_string(),
            id: names::object_id(app.base(), id, &part).to_string(),
            source: copies
                .first()
                .map(|copy| cards.frame.local(&copy.url))
                .unwrap_or_default(),
            alt: alt.unwrap_or_default().to_owned(),
        });
    }
    Ok(found)
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
        fields: Fields::of(&cards(request, visitor, &frame), &object)?,
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /main/edit`: `object` (a key), `content`, and for posts `title`, `place`, for pictures `alt`, for each
/// of several `alt-KEY`. 303 to the post; 400 and 413 with
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
    let before = Fields::of(&cards(request, visitor, &frame), &object)?;
    let typed = Fields::typed(&form, &before);
    let back = link(request, visitor, &frame, id, &object)?;
    let changed = typed.check().and_then(|()| {
        let changes = typed.changes(&before, &object)?;
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

fn cards<'a>(request: &'a Request, visitor: &Visitor, frame: &'a Frame) -> Cards<'a> {
    Cards {
        app: request.app(),
        frame,
        viewer: viewer(visitor),
        now: request.now,
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
    let cards = cards(request, visitor, frame);
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
