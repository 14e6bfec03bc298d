//! Uploads: a file on disk becomes an object that its author may post (`serving.rs` hands it out to whoever may read that object,
//! `pump-api.md §3.8`).

mod address;
pub mod pieces;
pub mod posters;
mod restoring;
mod serving;

pub use restoring::{Restored, at, restore};
pub use serving::{Served, open, open_for_guest};

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::{names, quotas};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::media::avatar::{self, Crop};
use crate::media::{BlobName, Class, Kind, Photo, Spool, Variant, photo};
use crate::store::aliases;
use crate::store::engine::{self, Read};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Identity, Object, Upload, UploadCopy};
use crate::wire::draft::{members_of, members_text};
use address::Address;
use serde_json::json;

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
