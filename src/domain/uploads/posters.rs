//! Posters of films: a still picture that the sender's browser took out of a film that it sends, because the server decodes no films. A
//! film without one is shown by a drawing.

use super::address::Address;
use super::pieces;
use crate::app::App;
use crate::error::Error;
use crate::ids::{Key, ThingId, UserId};
use crate::media::{Class, Photo, Spool, photo};
use crate::store::engine::Result;
use crate::store::things::{self, Object, UploadCopy};
use crate::wire::draft::{members_of, members_text};

/// Largest picture that is taken, in bytes.
pub const POSTER_BYTES_MAX: u64 = 1 << 20;

/// Keeps a picture as the poster of a film that waits to be posted; a film that has one keeps that. 400 for what is no picture, 404
/// where no such upload is whole, 409 for what is no film, 413 for a picture that is too large.
pub fn keep(app: &App, user: UserId, key: Key, picture: &Spool) -> std::result::Result<(), Error> {
    let _turn = app.turns.of(key.id);
    let whole = pieces::whole(&app.store, user, key)?;
    let (id, film) = whole.ok_or_else(|| Error::not_found("There is no such upload."))?;
    let upload = film.file.as_ref().filter(|_| film.object_type == "video");
    let upload =
        upload.ok_or_else(|| Error::Conflict("Only videos have such a picture.".to_owned()))?;
    if !upload.copies.is_empty() {
        return Ok(());
    }
    if picture.bytes_len() > POSTER_BYTES_MAX {
        let mib = POSTER_BYTES_MAX >> 20;
        return Err(Error::TooLarge(format!(
            "The picture of a video can have {mib} MiB."
        )));
    }
    let kind = picture.kind(None)?;
    if kind.class != Class::Image {
        return Err(Error::invalid(
            "The picture of a video must be a JPEG, PNG or WebP picture.",
        ));
    }
    let shown = photo::show(picture.file(), kind)?;
    // They go when the film does, also where the write fails.
    app.blobs.keep_beside(upload.blob, &shown.renditions)?;
    note(app, user, key, id, &shown)?;
    Ok(())
}

fn note(app: &App, user: UserId, key: Key, id: ThingId, shown: &Photo) -> Result<()> {
    let copies: Vec<UploadCopy> = shown.renditions.iter().map(UploadCopy::of).collect();
    app.store.write(|tx| {
        let waits = pieces::whole(tx, user, key)?;
        let author = things::object(tx, user.0)?;
        let nickname = author.as_ref().and_then(Object::nickname);
        // It was posted or given up meanwhile: then it stays as it is.
        let (Some((_, mut film)), Some(nickname)) = (waits, nickname) else {
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
