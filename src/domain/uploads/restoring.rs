//! Files that another program had at addresses of its own: they come to the objects that showed them, and those addresses stay good.

use super::address::{self, Address};
use super::upload_of;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::media::avatar::{self, Crop};
use crate::media::{Class, Spool, Variant, photo};
use crate::store::engine::{self, Read};
use crate::store::things::{self, Object};
use crate::store::{aliases, usage};
use crate::wire::draft::{members_of, members_text};

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

/// The object and the variant of its file that another program had at this address, below `uploads/`.
pub(super) fn kept_at(
    from: &dyn Read,
    path: &str,
) -> engine::Result<Option<(ThingId, Object, Variant)>> {
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
