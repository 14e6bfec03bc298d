//! Posters of films: a still picture that the sender's browser took out of a film that it sends, because the server decodes no films. A
//! film without one is shown by a drawing.

use super::address::{self, Address};
use super::pieces;
use crate::app::App;
use crate::error::Error;
use crate::ids::{Key, ThingId, UserId};
use crate::media::{Class, Photo, Spool, photo};
use crate::store::engine::{self, Read};
use crate::store::things::{self, Object, Upload, UploadCopy};
use crate::wire::draft::{members_of, members_text};

/// Largest picture that is taken, in bytes.
pub const POSTER_BYTES_MAX: u64 = 1 << 20;

/// Keeps a picture as the poster of a film that waits to be posted; a film that has one keeps that. 400 for what is no picture, 404
/// where no such upload is whole, 409 for what is no film, 413 for a picture that is too large.
pub fn keep(app: &App, user: UserId, key: Key, picture: &Spool) -> Result<(), Error> {
    let _turn = app.turns.of(key.id);
    let waiting = |from: &dyn Read| pieces::whole(from, user, key);
    let (_, film) =
        waiting(&app.store)?.ok_or_else(|| Error::not_found("There is no such upload."))?;
    if film.object_type != "video" {
        return Err(Error::Conflict(
            "Only videos have such a picture.".to_owned(),
        ));
    }
    if picture.bytes_len() > POSTER_BYTES_MAX {
        let mib = POSTER_BYTES_MAX >> 20;
        return Err(Error::TooLarge(format!(
            "The picture of a video can have {mib} MiB."
        )));
    }
    put(app, user, picture, &waiting)
}

/// Gives a film of somebody the poster that it had in an archive; a film that has one keeps that. 400 for what is no picture.
pub fn bring(app: &App, user: UserId, id: ThingId, picture: &Spool) -> Result<(), Error> {
    put(app, user, picture, &|from| {
        let film = things::object(from, id)?;
        let is_theirs = |film: &Object| film.author == Some(user.0) && film.deleted.is_none();
        Ok(film.filter(is_theirs).map(|film| (id, film)))
    })
}

/// The largest copy of the poster of a film; nothing for everything else.
pub fn largest(upload: &Upload) -> Option<&UploadCopy> {
    address::large(&upload.copies).filter(|_| !upload.is_picture())
}

/// Finds a film; nothing where it is gone.
type Find<'a> = &'a dyn Fn(&dyn Read) -> engine::Result<Option<(ThingId, Object)>>;

/// Makes the copies of a poster, and puts them beside a film that has none.
fn put(app: &App, user: UserId, picture: &Spool, find: Find<'_>) -> Result<(), Error> {
    let film =
        find(&app.store)?.and_then(|(_, film)| film.file.filter(|_| film.object_type == "video"));
    let Some(upload) = film.filter(|upload| upload.copies.is_empty()) else {
        return Ok(());
    };
    let kind = picture.kind(None)?;
    if kind.class != Class::Image {
        return Err(Error::invalid(
            "The picture of a video must be a JPEG, PNG or WebP picture.",
        ));
    }
    let shown = photo::show(picture.file(), kind)?;
    // They go when the film does, also where the write fails.
    app.blobs.keep_beside(upload.blob, &shown.renditions)?;
    Ok(note(app, user, find, &shown)?)
}

fn note(app: &App, user: UserId, find: Find<'_>, shown: &Photo) -> engine::Result<()> {
    let copies: Vec<UploadCopy> = shown.renditions.iter().map(UploadCopy::of).collect();
    app.store.write(|tx| {
        let author = things::object(tx, user.0)?;
        let nickname = author.as_ref().and_then(Object::nickname);
        // It was posted or given up meanwhile: then it stays as it is.
        let (Some((id, mut film)), Some(nickname)) = (find(tx)?, nickname) else {
            return Ok(());
        };
        let (Some(upload), Some(published)) = (&mut film.file, film.published) else {
            return Ok(());
        };
        upload.copies.clone_from(&copies);
        let address = Address {
            app,
            nickname,
            key: film.key(id),
            now: published,
        };
        let mut members = members_of(&film.members);
        members.extend(address.pictures(&copies, Some(shown)));
        film.members = members_text(&members);
        things::put_object(tx, id, film);
        Ok(())
    })
}
