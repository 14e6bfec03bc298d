//! `/main/post`: what becomes of the form of the box to post. Files that came with it wait like those that came before it, so
//! that what was wrong with the rest costs nobody their photos.

use super::audience::Chosen;
use super::{Compose, FILES_MAX, albums, reference};
use crate::auth::sessions::CSRF_FIELD;
use crate::auth::{LocalUser, Visitor};
use crate::clock::Timestamp;
use crate::domain::uploads::pieces::{self, Said};
use crate::domain::{activities, names};
use crate::error::Error;
use crate::html;
use crate::http::{Answer, Body, Request, Response, SpooledPart};
use crate::ids::{Key, ThingId};
use crate::store::engine::Tx;
use crate::store::preferences::{self, LastPost};
use crate::store::things::{self, Object};
use crate::web::forms::{again, for_script, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::{login, markdown};
use crate::wire::draft::{ActivityDraft, ObjectDraft, members_of};
use hyper::{StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Longest text of a post, in bytes.
pub(in crate::web) const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Longest title, name of a place and description of a photo, in characters.
const LINE_CHARS_MAX: usize = 300;
const ALT_CHARS_MAX: usize = 2000;

/// Earliest year of something that is told.
const YEAR_MIN: i32 = 1000;

type Form = Vec<(String, String)>;

/// `POST /main/post`: `content`, `title`, `audience` with `also`, `names` and `notify`, `place`, `date`; files in `photo` and
/// `file` with `alt`, one line each, or uploads by their keys in `upload` with `alt.KEY`; `album` is the key of one of the user's into
/// which the photos come; `once` tells a second tap. 303 to the album or the home page, for a script 201 with the address of the post
/// and that page; what is wrong is said above the form, with what was typed.
pub fn post(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let is_scripted = request.wants_json_errors();
    let Some(user) = visitor.user() else {
        return match is_scripted {
            true => Err(Error::Unauthorized("Not logged in.".to_owned())),
            false => login::first(&frame),
        };
    };
    let mut form = request.form();
    match done(request, visitor, user, &frame, &mut form) {
        Err(error) if !is_scripted => again(visitor, error, |problem| {
            let compose = Compose::of(request, user, &frame, &form)?;
            Ok(Compose {
                problem: Some(problem),
                ..compose
            })
        }),
        Ok(Done::Posted(post)) => {
            let onward = onward(request, user, &form)?;
            match is_scripted {
                true => told(request, user, &frame, post, &onward),
                false => Ok(see_other(&frame, &onward)),
            }
        }
        Ok(Done::Shown(answer)) => Ok(answer),
        Err(error) => for_script(visitor, error),
    }
}

/// What was done with a form.
enum Done {
    /// It became a post: its activity.
    Posted(ThingId),
    /// It was shown as it would look.
    Shown(Response),
}

fn done(
    request: &Request,
    visitor: &Visitor,
    user: &LocalUser,
    frame: &Frame,
    form: &mut Form,
) -> Result<Done, Error> {
    let app = request.app();
    let mark = mark_of(request, form);
    // Forms of one person wait for each other, so a second tap finds what the first did.
    let _turn = app.turns.of(user.id().0);
    if let Some(last) = preferences::get(&app.store, user.id())?.last_post
        && last.mark == mark
    {
        return Ok(Done::Posted(last.activity));
    }
    take_files(request, user, form)?;
    if value(form, "preview").is_empty() {
        return posted(request, user, form, mark).map(Done::Posted);
    }
    let html = content(value(form, "content"))?;
    let compose = Compose {
        preview: Some(frame.files.html(&html)),
        ..Compose::of(request, user, frame, form)?
    };
    show(visitor, &compose).map(Done::Shown)
}

/// Tells forms apart that mean different posts.
fn mark_of(request: &Request, form: &[(String, String)]) -> [u8; 16] {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    for (name, value) in form.iter().filter(|(name, _)| name != CSRF_FIELD) {
        add(name);
        add(value);
    }
    if let Body::Multipart { files, .. } = &request.body {
        for part in files {
            add(&part.file_name);
            add(&part.file.bytes().to_string());
        }
    }
    let hash: [u8; 32] = hash.finalize().into();
    let mut mark = [0; 16];
    mark.copy_from_slice(&hash[..16]);
    mark
}

/// The HTML of a text. 413 for one that is too long.
pub(in crate::web) fn content(typed: &str) -> Result<String, Error> {
    let too_long = || Error::TooLarge("This text is too long for one post.".to_owned());
    if typed.len() > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    let content = markdown::to_html(typed);
    match html::fits(&content) {
        true => Ok(html::clean(&content)),
        false => Err(too_long()),
    }
}

/// Lets the files that came with the form wait, and names them in it as those that came before. What is wrong with one of them
/// costs nobody the others.
pub(super) fn take_files(
    request: &Request,
    user: &LocalUser,
    form: &mut Form,
) -> Result<(), Error> {
    let Body::Multipart { files, .. } = &request.body else {
        return Ok(());
    };
    let is_ours = |part: &&SpooledPart| matches!(part.field.as_str(), "photo" | "file");
    let given: Vec<&SpooledPart> = files.iter().filter(is_ours).collect();
    if given.is_empty() {
        return Ok(());
    }
    let app = request.app();
    if !app.config.enable_uploads {
        return Err(Error::invalid("Photos are switched off on this server."));
    }
    if given.len() + keys(form).len() > FILES_MAX {
        return Err(too_many());
    }
    let alt = value(form, "alt").to_owned();
    let mut lines = alt.lines().map(str::trim);
    let is_one = given.len() == 1;
    let mut taken = Ok(());
    for part in given {
        let Some(spool) = part.file.take() else {
            continue;
        };
        let said = Said {
            bytes: part.file.bytes(),
            name: part.file_name.clone(),
            mime: part.content_type.clone(),
        };
        let words = match is_one {
            true => alt.trim(),
            false => lines.next().unwrap_or_default(),
        };
        match pieces::take(app, user.id(), &said, &spool, request.now) {
            Ok(key) => {
                form.push((format!("alt.{key}"), words.to_owned()));
                form.push(("upload".to_owned(), key.to_string()));
            }
            Err(error) => taken = taken.and(Err(error)),
        }
    }
    form.retain(|(name, _)| name != "alt");
    taken
}

fn too_many() -> Error {
    Error::Invalid(format!(
        "A post can show at most {FILES_MAX} photos and other files. Choose fewer, or make two posts."
    ))
}

/// The keys of the uploads that a form names.
fn keys(form: &[(String, String)]) -> Vec<&str> {
    let uploads = form.iter().filter(|(name, _)| name == "upload");
    uploads.map(|(_, key)| key.as_str()).collect()
}

/// Posts what a form says; answers the activity.
fn posted(
    request: &Request,
    user: &LocalUser,
    form: &[(String, String)],
    mark: [u8; 16],
) -> Result<ThingId, Error> {
    let app = request.app();
    let (addresses, audience) = Chosen::of_form(form).addresses(app, user)?;
    let published = published(value(form, "date").trim(), request.now)?;
    let album = match value(form, "album") {
        "" => None,
        key => Some(albums::own_album(app, user, key)?.ok_or_else(albums::gone)?),
    };
    let files = files(request, user, form)?;
    let keys: Vec<Key> = files.iter().map(|file| file.key).collect();
    let pictures = files
        .iter()
        .filter(|file| file.object.object_type == "image");
    let pictures: Vec<(ThingId, Object)> = pictures
        .map(|file| (file.id, file.object.clone()))
        .collect();
    if album.is_some() && pictures.is_empty() {
        return Err(Error::invalid(
            "Choose a photo that comes into the album, or no album.",
        ));
    }
    let mut object = shown(request, files, published);
    let content = content(value(form, "content"))?;
    let title = line(form, "title");
    if content.is_empty() && title.is_empty() && keys.is_empty() {
        return Err(Error::invalid("Write something, or choose a photo."));
    }
    let mut say = |name: &str, value: Value| object.members.insert(name.to_owned(), value);
    if !content.is_empty() {
        say("content", content.into());
    }
    if !title.is_empty() {
        say("displayName", title.into());
    }
    if let Some(place) = place(form) {
        say("location", place);
    }
    object.published = published;
    let mut draft = ActivityDraft::of("post", object);
    draft.published = published;
    draft.addresses = addresses;
    let also = |tx: &mut dyn Tx, activity: ThingId| {
        for key in &keys {
            pieces::posted(tx, user.id(), key.id);
        }
        let mut chosen = preferences::get(tx, user.id())?;
        // What is said in a group or put into an album is no habit.
        if !chosen.is_audience_fixed && !audience.starts_with("group:") && album.is_none() {
            chosen.audience.clone_from(&audience);
        }
        chosen.last_post = Some(LastPost { mark, activity });
        preferences::put(tx, user.id(), &chosen);
        match &album {
            Some((id, album)) => albums::fill(request, tx, user, (*id, album), &pictures),
            None => Ok(()),
        }
    };
    activities::post_with(app, user.id(), None, &draft, request.now, also)
}

/// A file of a form.
struct File {
    key: Key,
    id: ThingId,
    object: Object,
    alt: String,
}

/// The files that a form names, in its order. 400 for one that is not there.
fn files(
    request: &Request,
    user: &LocalUser,
    form: &[(String, String)],
) -> Result<Vec<File>, Error> {
    let mut files: Vec<File> = Vec::new();
    for name in keys(form) {
        let missing = || {
            Error::invalid(
                "One of the photos or files is not here: it was removed, or not all of it came. Add it again.",
            )
        };
        let key = Key::parse(name).ok_or_else(missing)?;
        if files.iter().any(|file| file.key == key) {
            continue;
        }
        let found = pieces::whole(&request.app().store, user.id(), key)?;
        let (id, object) = found.ok_or_else(missing)?;
        let alt = value(form, &format!("alt.{name}")).trim();
        files.push(File {
            key,
            id,
            object,
            alt: alt.chars().take(ALT_CHARS_MAX).collect(),
        });
    }
    match files.len() > FILES_MAX {
        true => Err(too_many()),
        false => Ok(files),
    }
}

/// The object that shows some files: nothing but words is a note, one file is posted itself, several are parts of a note.
fn shown(request: &Request, files: Vec<File>, published: Option<Timestamp>) -> ObjectDraft {
    let app = request.app();
    let note = ObjectDraft {
        object_type: Some("note".to_owned()),
        ..ObjectDraft::default()
    };
    let mut parts = Vec::new();
    let is_one = files.len() == 1;
    let mut first = None;
    for file in files {
        let mut draft = reference(app, file.id, &file.object);
        if !file.alt.is_empty() {
            draft.members.insert("alt".to_owned(), file.alt.into());
        }
        if is_one {
            return draft;
        }
        let picture = members_of(&file.object.members).remove("image");
        first = first.or(picture);
        let mut part = draft.members;
        part.insert("id".to_owned(), draft.id.into());
        part.insert("objectType".to_owned(), draft.object_type.into());
        if let Some(at) = published {
            part.insert("published".to_owned(), at.to_string().into());
        }
        parts.push(Value::Object(part));
    }
    let mut note = note;
    if !parts.is_empty() {
        note.members.insert("attachments".to_owned(), parts.into());
    }
    // Applications that know nothing of parts show this one.
    if let Some(first) = first {
        note.members.insert("image".to_owned(), first);
    }
    note
}

/// A line of text in a form.
pub(super) fn line(form: &[(String, String)], name: &str) -> String {
    let words: Vec<&str> = value(form, name).split_whitespace().collect();
    words.join(" ").chars().take(LINE_CHARS_MAX).collect()
}

/// Where it was: a name is enough.
fn place(form: &[(String, String)]) -> Option<Value> {
    let name = line(form, "place");
    if name.is_empty() {
        return None;
    }
    let mut place = json!({"objectType": "place", "displayName": name});
    let number = |name: &str, most: f64| {
        let number = value(form, name).parse::<f64>().ok();
        number.filter(|number| number.abs() <= most)
    };
    if let Some((latitude, longitude)) = number("latitude", 90.0).zip(number("longitude", 180.0)) {
        place["position"] = json!({"latitude": latitude, "longitude": longitude});
    }
    Some(place)
}

/// When it was, if not now: noon of a day that is over.
fn published(day: &str, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    if day.is_empty() {
        return Ok(None);
    }
    let is_day = day.len() == 10 && day.bytes().filter(u8::is_ascii_digit).count() == 8;
    let noon = Timestamp::parse(&format!("{day}T12:00:00Z")).filter(|_| is_day);
    let noon = noon.ok_or_else(|| Error::invalid("Say the day as in 2024-12-24."))?;
    let year = day.get(..4).and_then(|year| year.parse::<i32>().ok());
    if year.is_none_or(|year| year < YEAR_MIN) {
        return Err(Error::invalid("This day is too long ago."));
    }
    // It is tomorrow already where somebody may be.
    const HALF_A_DAY_SECS: i64 = 12 * 3600;
    if noon.secs_since(now) > 2 * HALF_A_DAY_SECS {
        return Err(Error::invalid("This day is still to come."));
    }
    let is_over = now.secs_since(noon) > HALF_A_DAY_SECS;
    Ok(is_over.then_some(noon))
}

/// The page that follows: the album into which the photos came, else home.
fn onward(request: &Request, user: &LocalUser, form: &[(String, String)]) -> Result<String, Error> {
    let key = value(form, "album");
    let album = albums::own_album(request.app(), user, key)?;
    Ok(match album {
        Some(_) => format!("/{}/list/{key}", user.nickname()),
        None => "/".to_owned(),
    })
}

/// What a script learns of the post.
fn told(request: &Request, user: &LocalUser, frame: &Frame, post: ThingId, onward: &str) -> Answer {
    let store = &request.app().store;
    let activity = things::activity(store, post)?.ok_or(Error::Gone)?;
    let object = things::object(store, activity.object)?.ok_or(Error::Gone)?;
    let (kind, key) = (names::page_type(&object), object.key(activity.object));
    let url = frame.at(&format!("/{}/{kind}/{key}", user.nickname()));
    let answer = Response::json(&json!({ "url": url, "onward": frame.at(onward) }))
        .with_status(StatusCode::CREATED);
    Ok(answer.with(header::LOCATION, &url))
}

#[cfg(test)]
mod tests {
    use super::published;
    use crate::clock::Timestamp;

    #[test]
    fn days_that_are_over_are_told_and_no_others() {
        let now = Timestamp::parse("2026-11-20T18:00:00Z").expect("a time");
        let day = |day: &str| published(day, now).map(|at| at.map(|at| at.to_string()));
        assert_eq!(day("").ok(), Some(None));
        assert_eq!(day("2026-11-20").ok(), Some(None));
        assert_eq!(day("2026-11-21").ok(), Some(None));
        let past = "1974-06-02T12:00:00Z".to_owned();
        assert_eq!(day("1974-06-02").ok(), Some(Some(past)));
        for wrong in [
            "2026-11-22",
            "0001-01-01",
            "2026-02-30",
            "yesterday",
            "2026-1-2T00",
        ] {
            assert_eq!(day(wrong).expect_err(wrong).status(), 400);
        }
    }
}
