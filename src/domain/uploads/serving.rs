//! Files handed out to whoever may read the object that shows them (`pump-api.md §4.9.6`).

use super::address::parse_name;
use super::restoring;
use crate::app::App;
use crate::domain::access::{self, Viewer};
use crate::domain::guests::Opened;
use crate::domain::{names, relays};
use crate::error::Error;
use crate::ids::ThingId;
use crate::media::{Blob, Variant};
use crate::store::things::{self, Object, Thing, Upload};
use crate::wire::draft::members_of;
use serde_json::Value;

/// A file that somebody may read.
#[derive(Debug)]
pub struct Served {
    /// Open for reading.
    pub blob: Blob,
    /// Its media type.
    pub mime: String,
    /// Whether a browser may show it; everything else is a download.
    pub is_inline: bool,
    /// Whether everybody may read it, so that caches on the way may keep it.
    pub is_public: bool,
    /// Names the content: it never changes under one name.
    pub etag: String,
}

/// Finds a file by what follows `uploads/` in its address (the last part of that is enough for what was uploaded here) and opens it, if the viewer or whoever shows the key of a group may read it:
/// 403 if not, 404 if there is none. What others see of a picture is a copy without metadata; the original is its author's.
pub fn open(
    app: &App,
    viewer: Viewer,
    relay_key: Option<&str>,
    path: &str,
) -> Result<Served, Error> {
    let (id, object, variant) = match restoring::kept_at(&app.store, path)? {
        Some(kept) => kept,
        None => named(app, path.rsplit('/').next().unwrap_or(path))?,
    };
    let nobody = may_see(app, Viewer::NOBODY, id, &object, variant)?;
    let group = match relay_key {
        Some(key) => relays::viewer(app, id, &object, key)?,
        None => Viewer::NOBODY,
    };
    if !nobody
        && !may_see(app, viewer, id, &object, variant)?
        && !may_see(app, group, id, &object, variant)?
    {
        return Err(Error::forbidden("This file was not posted to you."));
    }
    served(app, &object, variant, nobody)
}

/// As [`open`], for whoever comes by a link for guests: 404 for everything that it does not show.
pub fn open_for_guest(app: &App, link: &Opened, file_name: &str) -> Result<Served, Error> {
    let (id, object, variant) = named(app, file_name)?;
    match link.shows_file(app, id, &object, variant)? {
        true => served(app, &object, variant, false),
        false => Err(missing()),
    }
}

fn missing() -> Error {
    Error::not_found("There is no such file.")
}

/// The object and the variant of its file that the last part of an address names.
fn named(app: &App, file_name: &str) -> Result<(ThingId, Object, Variant), Error> {
    let (key, variant) = parse_name(file_name).ok_or_else(missing)?;
    match names::by_key(&app.store, key)? {
        Some((id, Thing::Object(object))) if object.file.is_some() => Ok((id, object, variant)),
        _ => Err(missing()),
    }
}

fn served(app: &App, object: &Object, variant: Variant, is_public: bool) -> Result<Served, Error> {
    let upload = object.file.as_ref().ok_or_else(missing)?;
    let mime = match variant {
        Variant::Original => upload.mime.clone(),
        _ => upload
            .copies
            .iter()
            .find(|copy| copy.variant == variant)
            .ok_or_else(missing)?
            .mime
            .clone(),
    };
    let blob = app
        .blobs
        .open_blob(upload.blob, variant)?
        .ok_or_else(missing)?;
    let is_inline = ["image/", "audio/", "video/"]
        .iter()
        .any(|start| mime.starts_with(start));
    Ok(Served {
        blob,
        mime,
        is_inline,
        is_public,
        etag: format!("\"{}{}\"", upload.blob, variant.suffix()),
    })
}

fn may_see(
    app: &App,
    viewer: Viewer,
    id: ThingId,
    object: &Object,
    variant: Variant,
) -> Result<bool, Error> {
    let is_author = object.author.is_some_and(|author| viewer.is(author));
    let is_picture = object.file.as_ref().is_some_and(Upload::is_picture);
    if is_author || (variant == Variant::Original && is_picture) {
        return Ok(is_author);
    }
    if object.post.is_some() && access::may_read_object(&app.store, viewer, object)? {
        return Ok(true);
    }
    is_profile_picture(app, id, object)
}

/// Whether a picture is shown in the profile of its author now: such pictures are public (`pump-api.md §8.4`).
pub(super) fn is_profile_picture(app: &App, id: ThingId, object: &Object) -> Result<bool, Error> {
    let Some(author) = object.author else {
        return Ok(false);
    };
    let Some(person) = things::object(&app.store, author)? else {
        return Ok(false);
    };
    let members = members_of(&person.members);
    let key = object.key(id).to_string();
    let shows = |picture: Option<&Value>| {
        picture
            .and_then(|picture| picture.get("url"))
            .and_then(Value::as_str)
            .is_some_and(|url| url.contains(&key))
    };
    Ok(shows(members.get("image"))
        || shows(members.get("coverImage"))
        || shows(
            members
                .get("pump_io")
                .and_then(|more| more.get("fullImage")),
        ))
}
