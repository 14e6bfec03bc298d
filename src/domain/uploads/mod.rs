//! Uploads: a file on disk becomes an object that its author may post, and files are handed out to whoever may read the
//! object that shows them (`pump-api.md §3.8`, `§4.9.6`).

mod address;
pub mod pieces;
pub mod posters;

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::guests::Opened;
use crate::domain::{names, quotas, relays};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::media::avatar::{self, Crop};
use crate::media::{Blob, BlobName, Class, Kind, Photo, Spool, Variant, photo};
use crate::store::aliases;
use crate::store::engine::{self, Read};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Identity, Object, Thing, Upload, UploadCopy};
use crate::store::usage;
use crate::wire::draft::{members_of, members_text};
use address::{Address, parse_name};
use serde_json::{Value, json};

/// What somebody says about a file while sending it.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Plain text.
    pub title: Option<String>,
    /// HTML, not cleaned yet.
    pub description: Option<String>,
    /// The id that its object had on the server from which its author brings it along.
    pub upstream: Option<String>,
    /// The object of its author's that waits for this file, because it was brought along without it.
    pub waiting: Option<ThingId>,
    /// The upload in pieces that becomes whole by it ([`pieces`]).
    pub begun: Option<ThingId>,
    /// Which square of a profile picture stands for its owner.
    pub crop: Crop,
}

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

/// Whether a picture is made for posts or for its owner's profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Post,
    Avatar,
}

/// Keeps a file and makes its object, seen by its author until it is posted. `declared` is the sender's content type.
/// 400 for a picture that cannot be read, 413 for one that is too large or over the quota, 507 for a full disk.
pub fn add(
    app: &App,
    user: UserId,
    spool: Spool,
    declared: Option<&str>,
    texts: &Texts,
    now: Timestamp,
) -> Result<ThingId, Error> {
    keep(app, user, spool, declared, texts, Use::Post, now)
}

/// Keeps a picture for the profile: its `image` is a square of 96 pixels, the one that the texts tell.
pub fn add_avatar(
    app: &App,
    user: UserId,
    spool: Spool,
    declared: Option<&str>,
    texts: &Texts,
    now: Timestamp,
) -> Result<ThingId, Error> {
    keep(app, user, spool, declared, texts, Use::Avatar, now)
}

/// Finds a file by what follows `uploads/` in its address (the last part of that is enough for what was uploaded here) and opens it, if the viewer or whoever shows the key of a group may read it:
/// 403 if not, 404 if there is none. What others see of a picture is a copy without metadata; the original is its author's.
pub fn open(
    app: &App,
    viewer: Viewer,
    relay_key: Option<&str>,
    path: &str,
) -> Result<Served, Error> {
    let (id, object, variant) = match kept_at(&app.store, path)? {
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

/// The object and the variant of its file that another program had at this address, below `uploads/`.
fn kept_at(from: &dyn Read, path: &str) -> engine::Result<Option<(ThingId, Object, Variant)>> {
    let Some((id, object)) = at(from, path)? else {
        return Ok(None);
    };
    let Some(upload) = &object.file else {
        return Ok(None);
    };
    // What pump.io called so is what an object shows as its `image`; the other one is what others see of the whole.
    let is_small = path
        .rsplit_once('.')
        .is_some_and(|(name, _)| name.ends_with("_thumb"));
    let shown = match is_small {
        _ if !upload.is_picture() => None,
        true => address::small(&upload.copies),
        false => address::large(&upload.copies),
    };
    let variant = shown.map_or(Variant::Original, |copy| copy.variant);
    Ok(Some((id, object, variant)))
}

/// The object that shows the file which another program had at this address, below `uploads/`.
pub fn at(from: &dyn Read, path: &str) -> engine::Result<Option<(ThingId, Object)>> {
    let Some(id) = aliases::find(from, &kept_path(path))? else {
        return Ok(None);
    };
    Ok(things::object(from, id)?.map(|object| (id, object)))
}

/// The name of such an address. The space keeps it apart from every id.
fn kept_path(path: &str) -> String {
    format!("file {path}")
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

fn keep(
    app: &App,
    user: UserId,
    spool: Spool,
    declared: Option<&str>,
    texts: &Texts,
    wanted: Use,
    now: Timestamp,
) -> Result<ThingId, Error> {
    if spool.bytes_len() == 0 {
        return Err(Error::invalid("The file is empty."));
    }
    let bytes = spool.bytes_len();
    // Before the work on a picture; the write decides.
    quotas::check(app, &app.store, user, bytes)?;
    let kind = spool.kind(declared)?;
    if kind.class != Class::Image && declared.is_some_and(promises_picture) {
        return Err(Error::invalid(
            "The file was sent as a picture and is none.",
        ));
    }
    let shown = match (kind.class, wanted) {
        (Class::Image, Use::Post) => Some(photo::show(spool.file(), kind)?),
        (Class::Image, Use::Avatar) => Some(avatar::show(spool.file(), kind, texts.crop)?),
        (_, Use::Avatar) => {
            return Err(Error::invalid(
                "A profile picture must be a JPEG, PNG, GIF or WebP picture.",
            ));
        }
        _ => None,
    };
    let renditions = shown.as_ref().map_or(&[][..], |shown| &shown.renditions);
    let blob = app.blobs.keep(spool, renditions)?;
    let kept = record(app, user, blob, kind, bytes, shown.as_ref(), texts, now);
    if kept.is_err() {
        app.forget_file(blob);
    }
    kept
}

/// Whether a sender's content type is that of a picture made of pixels. Whoever sends one counts on an object that shows it.
fn promises_picture(declared: &str) -> bool {
    let declared = declared.trim().to_ascii_lowercase();
    declared.starts_with("image/") && !declared.starts_with("image/svg")
}

/// A copy of a picture with its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Which one.
    pub variant: Variant,
    /// Where it is.
    pub url: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// The copies of an uploaded picture, or of the poster of a film, smallest first; none for everything else.
pub fn copies(app: &App, id: ThingId, object: &Object) -> Result<Vec<Copy>, Error> {
    let (Some(upload), Some(author), Some(now)) = (&object.file, object.author, object.published)
    else {
        return Ok(Vec::new());
    };
    let author = things::object(&app.store, author)?;
    let Some(nickname) = author.as_ref().and_then(Object::nickname) else {
        return Ok(Vec::new());
    };
    let key = object.key(id);
    let address = Address {
        app,
        nickname,
        key,
        now,
    };
    let copies = upload.copies.iter().map(|copy| Copy {
        variant: copy.variant,
        url: address.url(copy.variant, &copy.extension),
        width: copy.width,
        height: copy.height,
    });
    Ok(copies.collect())
}

/// Where the file of an object is as it was uploaded.
pub fn original(app: &App, id: ThingId, object: &Object) -> Result<Option<String>, Error> {
    let (Some(upload), Some(author), Some(now)) = (&object.file, object.author, object.published)
    else {
        return Ok(None);
    };
    let author = things::object(&app.store, author)?;
    let nickname = author.as_ref().and_then(Object::nickname);
    Ok(nickname.map(|nickname| {
        let key = object.key(id);
        let address = Address {
            app,
            nickname,
            key,
            now,
        };
        address.url(Variant::Original, &upload.extension)
    }))
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call; a struct would only repeat the names"
)]
fn record(
    app: &App,
    user: UserId,
    blob: BlobName,
    kind: Kind,
    bytes: u64,
    shown: Option<&Photo>,
    texts: &Texts,
    now: Timestamp,
) -> Result<ThingId, Error> {
    let person = things::object(&app.store, user.0)?;
    let nickname = person
        .as_ref()
        .and_then(Object::nickname)
        .ok_or(Error::Gone)?;
    let object_type = match kind.class {
        Class::Image => "image",
        Class::Audio => "audio",
        Class::Video => "video",
        Class::File => "file",
    };
    let (id, object) = match texts.waiting {
        Some(id) => (id, waiting(&app.store, user, id, object_type)?),
        None => {
            let mut object = Object::new(Identity::Made, object_type, now);
            object.author = Some(user.0);
            (app.store.fresh_id(), object)
        }
    };
    let upload = upload_of(blob, kind, bytes, shown);
    let address = Address {
        app,
        nickname,
        key: object.key(id),
        now,
    };
    let mut members = address.members(kind, &upload, shown);
    if let Some(title) = &texts.title {
        members.insert("displayName".to_owned(), json!(title));
    }
    if let Some(description) = &texts.description {
        members.insert("content".to_owned(), json!(crate::html::clean(description)));
    }
    if texts.crop != Crop::default() {
        // So that an archive of the account brings it along.
        members.insert("crop".to_owned(), json!(texts.crop.numbers()));
    }
    if let Some(old) = &texts.upstream {
        members.insert("upstreamDuplicates".to_owned(), json!([old]));
    }
    app.store.write(|tx| {
        // The account may have been removed while the file came in.
        if things::object(tx, user.0)?.is_none_or(|person| person.deleted.is_some()) {
            return Err(Error::Gone.into());
        }
        // What happened meanwhile to an object that waits stays.
        let mut object = match texts.waiting {
            Some(id) => waiting(tx, user, id, object_type)?,
            None => object.clone(),
        };
        let mut all = members_of(&object.members);
        all.extend(members.clone());
        object.members = members_text(&all);
        object.file = Some(upload.clone());
        quotas::take(app, tx, user, bytes)?;
        if let Some(begun) = texts.begun {
            pieces::finished(tx, user, begun, id)?;
        }
        if let Some(old) = &texts.upstream {
            aliases::set(tx, &names::upstream(user.0, old), id);
        }
        streams::append(tx, Stream::of(user.0, StreamKind::Uploads), id)?;
        things::put_object(tx, id, object);
        Ok(())
    })?;
    Ok(id)
}

/// What is kept of a file and its copies.
fn upload_of(blob: BlobName, kind: Kind, bytes: u64, shown: Option<&Photo>) -> Upload {
    let copies = shown
        .map_or(&[][..], |shown| &shown.renditions)
        .iter()
        .map(UploadCopy::of);
    Upload {
        blob,
        mime: kind.mime.to_owned(),
        extension: kind.extension.to_owned(),
        bytes,
        copies: copies.collect(),
    }
}

/// What another program said of a file.
#[derive(Debug)]
pub struct Restored<'a> {
    /// Where it had the file and its copies, below `uploads/`.
    pub paths: &'a [String],
    /// Its media type.
    pub declared: Option<&'a str>,
    /// Whether it is shown as the picture of its author.
    pub is_avatar: bool,
}

/// Gives an object of somebody here the file that it showed in another program, which had it at other addresses. They stay good.
/// Counts what it takes, but refuses nothing over the quota: it was there. 400 for a file that is not what the object shows.
pub fn restore(
    app: &App,
    id: ThingId,
    spool: Spool,
    restored: &Restored<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let bytes = spool.bytes_len();
    if bytes == 0 {
        return Err(Error::invalid("The file is empty."));
    }
    let object = things::object(&app.store, id)?.ok_or(Error::Gone)?;
    let author = object.author.ok_or(Error::Gone)?;
    let person = things::object(&app.store, author)?;
    let nickname = person.as_ref().and_then(Object::nickname);
    let nickname = nickname.ok_or(Error::Gone)?;
    let kind = spool.kind(restored.declared)?;
    let shown = match (kind.class, restored.is_avatar) {
        (Class::Image, true) => Some(avatar::show(spool.file(), kind, Crop::default())?),
        (Class::Image, false) => Some(photo::show(spool.file(), kind)?),
        _ if object.object_type == "image" => {
            return Err(Error::invalid(
                "The file was sent as a picture and is none.",
            ));
        }
        _ => None,
    };
    let renditions = shown.as_ref().map_or(&[][..], |shown| &shown.renditions);
    let blob = app.blobs.keep(spool, renditions)?;
    let upload = upload_of(blob, kind, bytes, shown.as_ref());
    let address = Address {
        app,
        nickname,
        key: object.key(id),
        now: object.published.unwrap_or(now),
    };
    let members = address.members(kind, &upload, shown.as_ref());
    let kept = app.store.write(|tx| {
        let mut object = things::object(tx, id)?.ok_or(Error::Gone)?;
        // Their addresses in the document are those of this server.
        object.published.get_or_insert(now);
        let mut all = members_of(&object.members);
        for name in ["image", "fullImage", "stream", "fileUrl"] {
            all.remove(name);
        }
        all.extend(members.clone());
        object.members = members_text(&all);
        object.file = Some(upload.clone());
        usage::add(tx, UserId(author), bytes)?;
        for path in restored.paths {
            aliases::set(tx, &kept_path(path), id);
        }
        things::put_object(tx, id, object);
        Ok(())
    });
    if kept.is_err() {
        app.forget_file(blob);
    }
    Ok(kept?)
}

/// The object that waits for a file of this type. 409 if it is another one.
fn waiting(
    from: &dyn Read,
    user: UserId,
    id: ThingId,
    object_type: &str,
) -> Result<Object, engine::Error> {
    let object = things::object(from, id)?.filter(|object| {
        object.author == Some(user.0)
            && object.object_type == object_type
            && object.file.is_none()
            && object.deleted.is_none()
    });
    object.ok_or_else(|| {
        Error::Conflict("Something else stands in the place of this file.".to_owned()).into()
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
fn is_profile_picture(app: &App, id: ThingId, object: &Object) -> Result<bool, Error> {
    let Some(author) = object.author else {
        return Ok(false);
    };
    let Some(person) = things::object(&app.store, author)? else {
        return Ok(false);
    };
    let members = crate::wire::draft::members_of(&person.members);
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
