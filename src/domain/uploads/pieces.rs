//! Uploads that come in pieces, so that a lost network or a restart costs no more than one piece: begun, added to, and kept as
//! an upload when all is here. What is then not posted goes after a week, and so does what never became whole.

use super::Texts;
use super::serving::is_profile_picture;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::{activities, quotas};
use crate::error::Error;
use crate::ids::{Key, Nonce, ThingId, UserId};
use crate::media::{Class, Spool};
use crate::store::engine::{self, Read, Tx};
use crate::store::jobs::{self, Job};
use crate::store::pieces::{self, Begun};
use crate::store::things::{self, Object};
use std::collections::HashSet;

/// Most uploads of one user that are begun and not posted.
pub const BEGUN_MAX: usize = 60;

/// How long an upload is waited for, and then for its post, in seconds.
pub const KEPT_SECS: i64 = 7 * 24 * 3600;

/// Largest piece, in bytes.
pub const PIECE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Longest name of a file that is kept, in characters.
const NAME_CHARS_MAX: usize = 200;

/// Types of pictures of which a sender counts on being shown.
const SHOWN: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// What a sender says of a file.
#[derive(Clone, Debug)]
pub struct Said {
    /// How many bytes it has.
    pub bytes: u64,
    /// Its name; may be empty.
    pub name: String,
    /// Its media type; may be empty.
    pub mime: String,
}

/// How far an upload is.
#[derive(Debug)]
pub struct Progress {
    /// Its key.
    pub key: Key,
    /// What was said of it.
    pub begun: Begun,
    /// How many bytes are here.
    pub offset: u64,
    /// The object that shows it, once all of it is here.
    pub object: Option<(ThingId, Object)>,
}

/// Begins an upload. 400 for an empty file, 409 for one too many, 413 for one that is too large or over the quota, 507 where
/// the disk has no room for it.
pub fn begin(app: &App, user: UserId, said: &Said, now: Timestamp) -> Result<Key, Error> {
    if said.bytes == 0 {
        return Err(Error::invalid("The file is empty."));
    }
    let bytes_max = app.config.upload_bytes_max;
    if said.bytes > bytes_max {
        return Err(Error::TooLarge(format!(
            "This file is too large: {}. A file can have {} here.",
            quotas::in_words(said.bytes),
            quotas::in_words(bytes_max)
        )));
    }
    if app.blobs.room_bytes()? < said.bytes {
        return Err(Error::Full);
    }
    let blob = app.blobs.pieces().begin()?;
    let begun = Begun {
        nonce: Nonce::random(),
        blob,
        bytes: said.bytes,
        name: said.name.chars().take(NAME_CHARS_MAX).collect(),
        mime: said.mime.chars().take(NAME_CHARS_MAX).collect(),
        at: now,
        object: None,
    };
    let noted = note(app, user, &begun, now);
    if noted.is_err() {
        app.blobs.pieces().remove(blob)?;
    }
    noted
}

/// An upload that came in at once, as one of pieces that are all here. As [`begin`] and [`add`].
pub fn take(
    app: &App,
    user: UserId,
    said: &Said,
    spool: &Spool,
    now: Timestamp,
) -> Result<Key, Error> {
    let key = begin(app, user, said, now)?;
    let _turn = app.turns.of(key.id);
    let taken = add_to(app, user, key, 0, spool, now);
    if taken.is_err() {
        cancel_at_once(app, user, key, now)?;
    }
    taken.map(|_| key)
}

fn note(app: &App, user: UserId, begun: &Begun, now: Timestamp) -> Result<Key, Error> {
    let id = app.store.fresh_id();
    let job = Job::DropUpload {
        person: user.0,
        upload: id,
    };
    app.store.write(|tx| {
        let others = pieces::of_user(tx, user, BEGUN_MAX)?;
        if others.len() >= BEGUN_MAX {
            return Err(Error::Conflict(format!(
                "You have {BEGUN_MAX} uploads that are not posted yet. Post or remove some of them first."
            ))
            .into());
        }
        let unfinished = others.iter().filter(|(_, other)| other.object.is_none());
        let coming: u64 = unfinished.map(|(_, other)| other.bytes).sum();
        quotas::check(app, tx, user, coming.saturating_add(begun.bytes))?;
        pieces::put(tx, user, id, begun);
        jobs::add(tx, id, Timestamp(now.0 + KEPT_SECS), &job)
    })?;
    app.wake();
    Ok(Key {
        id,
        nonce: begun.nonce,
    })
}

/// How far an upload of a user is. 404 where there is none: it was never begun, is somebody else's, was posted or dropped.
pub fn progress(app: &App, user: UserId, key: Key) -> Result<Progress, Error> {
    let missing = || Error::not_found("There is no such upload.");
    let begun = pieces::get(&app.store, user, key.id)?;
    let begun = begun
        .filter(|begun| begun.nonce == key.nonce)
        .ok_or_else(missing)?;
    let (offset, object) = match begun.object {
        Some(id) => {
            let object = things::object(&app.store, id)?.filter(is_unposted);
            (begun.bytes, Some((id, object.ok_or_else(missing)?)))
        }
        None => {
            let here = app.blobs.pieces().bytes_len(begun.blob)?;
            (here.ok_or_else(missing)?, None)
        }
    };
    Ok(Progress {
        key,
        begun,
        offset,
        object,
    })
}

/// Adds a piece that begins at `offset`; the last one makes the upload whole. An empty piece at the end tries that again, if
/// it could not be done before. 409 for another offset than that where the upload ends; 413 for more than was announced; as
/// [`super::add`] for what the file is.
pub fn add(
    app: &App,
    user: UserId,
    key: Key,
    offset: u64,
    piece: &Spool,
    now: Timestamp,
) -> Result<Progress, Error> {
    let _turn = app.turns.of(key.id);
    let added = add_to(app, user, key, offset, piece, now);
    // What cannot be taken as it is cannot be taken later.
    if matches!(added, Err(Error::Invalid(_)))
        && progress(app, user, key).is_ok_and(|now| now.offset == now.begun.bytes)
    {
        cancel_at_once(app, user, key, now)?;
    }
    added
}

fn add_to(
    app: &App,
    user: UserId,
    key: Key,
    offset: u64,
    piece: &Spool,
    now: Timestamp,
) -> Result<Progress, Error> {
    let before = progress(app, user, key)?;
    if before.offset != offset {
        return Err(Error::Conflict(format!(
            "{} bytes of this upload are here, so the next piece begins there.",
            before.offset
        )));
    }
    if before.object.is_some() {
        return Ok(before);
    }
    let end = offset.saturating_add(piece.bytes_len());
    if end > before.begun.bytes {
        return Err(Error::TooLarge(
            "This is more than the upload was announced to have.".to_owned(),
        ));
    }
    if piece.bytes_len() > 0 {
        app.blobs.pieces().add(before.begun.blob, offset, piece)?;
    }
    if end == before.begun.bytes {
        finish(app, user, key, &before.begun, now)?;
    }
    progress(app, user, key)
}

/// Keeps what is whole as an upload.
fn finish(app: &App, user: UserId, key: Key, begun: &Begun, now: Timestamp) -> Result<(), Error> {
    let spool = app.blobs.pieces().whole(begun.blob)?;
    let mut declared = Some(begun.mime.as_str()).filter(|mime| !mime.is_empty());
    let class = spool.kind(declared)?.class;
    // A picture of a kind that cannot be shown here is still a file.
    if class != Class::Image && !declared.is_some_and(|mime| SHOWN.contains(&mime)) {
        declared = declared.filter(|mime| !mime.starts_with("image/"));
    }
    let class = spool.kind(declared)?.class;
    let is_named = matches!(class, Class::File | Class::Audio) && !begun.name.is_empty();
    let texts = Texts {
        title: is_named.then(|| begun.name.clone()),
        begun: Some(key.id),
        ..Texts::default()
    };
    super::add(app, user, spool, declared, &texts, now)?;
    Ok(())
}

/// Notes, in the write that makes an object, that it shows an upload.
pub(super) fn finished(
    tx: &mut dyn Tx,
    user: UserId,
    id: ThingId,
    object: ThingId,
) -> engine::Result<()> {
    let begun = pieces::get(tx, user, id)?;
    let Some(mut begun) = begun.filter(|begun| begun.object.is_none()) else {
        return Err(Error::not_found("There is no such upload.").into());
    };
    begun.object = Some(object);
    pieces::put(tx, user, id, &begun);
    Ok(())
}

/// Forgets, in the write that posts an upload, that it waited.
pub fn posted(tx: &mut dyn Tx, user: UserId, id: ThingId) {
    pieces::remove(tx, user, id);
}

/// Gives an upload up: what came of it goes, if nobody was shown it. One that is gone already is no error.
pub fn cancel(app: &App, user: UserId, key: Key, now: Timestamp) -> Result<(), Error> {
    let _turn = app.turns.of(key.id);
    cancel_at_once(app, user, key, now)
}

fn cancel_at_once(app: &App, user: UserId, key: Key, now: Timestamp) -> Result<(), Error> {
    match pieces::get(&app.store, user, key.id)? {
        Some(begun) if begun.nonce == key.nonce => drop_one(app, user, key.id, &begun, now),
        _ => Ok(()),
    }
}

/// The job: gives up an upload that was not posted in time.
pub fn drop_old(app: &App, person: ThingId, upload: ThingId, now: Timestamp) -> Result<(), Error> {
    let user = UserId(person);
    match pieces::get(&app.store, user, upload)? {
        Some(begun) => drop_one(app, user, upload, &begun, now),
        None => Ok(()),
    }
}

/// Gives up all uploads of a user who goes.
pub fn drop_all(app: &App, user: UserId, now: Timestamp) -> Result<(), Error> {
    for (id, begun) in pieces::of_user(&app.store, user, BEGUN_MAX)? {
        drop_one(app, user, id, &begun, now)?;
    }
    Ok(())
}

fn drop_one(
    app: &App,
    user: UserId,
    id: ThingId,
    begun: &Begun,
    now: Timestamp,
) -> Result<(), Error> {
    let shown = match begun.object {
        Some(object) => things::object(&app.store, object)?.map(|stored| (object, stored)),
        None => None,
    };
    let is_kept = match &shown {
        Some((object, stored)) => is_profile_picture(app, *object, stored)?,
        None => false,
    };
    let freed = app.store.write(|tx| {
        let mut freed = Vec::new();
        pieces::remove(tx, user, id);
        let object = begun.object.filter(|_| !is_kept);
        if let Some(object) = object
            && let Some(stored) = things::object(tx, object)?.filter(is_unposted)
        {
            activities::bury(tx, object, stored, now, &mut freed)?;
        }
        Ok(freed)
    })?;
    app.forget_files(freed);
    app.blobs.pieces().remove(begun.blob)?;
    Ok(())
}

/// Removes what an earlier run left: files of which no record tells.
pub fn tidy(app: &App) -> Result<(), Error> {
    let names = app.blobs.pieces().names()?;
    if names.is_empty() {
        return Ok(());
    }
    let all = pieces::all(&app.store)?;
    let known: HashSet<_> = all.iter().map(|(_, _, begun)| begun.blob).collect();
    for name in names.iter().filter(|name| !known.contains(name)) {
        app.blobs.pieces().remove(*name)?;
    }
    Ok(())
}

/// Those of a user that are whole and wait for their post, by what key they are called.
pub fn whole(from: &dyn Read, user: UserId, key: Key) -> engine::Result<Option<(ThingId, Object)>> {
    let begun = pieces::get(from, user, key.id)?.filter(|begun| begun.nonce == key.nonce);
    let Some(id) = begun.and_then(|begun| begun.object) else {
        return Ok(None);
    };
    let object = things::object(from, id)?.filter(is_unposted);
    Ok(object.map(|object| (id, object)))
}

fn is_unposted(object: &Object) -> bool {
    object.post.is_none() && object.deleted.is_none()
}

#[cfg(test)]
mod tests {
    use super::{KEPT_SECS, Said, add, begin, drop_old, progress, take, tidy, whole};
    use crate::clock::Timestamp;
    use crate::domain::testing::{NOW, Pump};
    use crate::ids::{Key, UserId};
    use crate::media::Spool;
    use crate::store::jobs::{self, Job};
    use crate::store::things;
    use serde_json::json;

    const WORDS: &str = "a file in two pieces";

    fn said() -> Said {
        Said {
            bytes: WORDS.len() as u64,
            name: "words.txt".to_owned(),
            mime: "text/plain".to_owned(),
        }
    }

    fn spool(pump: &Pump, words: &str) -> Spool {
        let mut spool = pump.app.blobs.spool(99).expect("a spool");
        spool.write(words.as_bytes()).expect("written");
        spool
    }

    fn taken(pump: &Pump, user: UserId) -> Key {
        take(&pump.app, user, &said(), &spool(pump, WORDS), NOW).expect("taken")
    }

    #[test]
    fn what_is_not_posted_in_time_goes_and_what_is_posted_stays() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let half = begin(&pump.app, ann, &said(), NOW).expect("begun");
        add(&pump.app, ann, half, 0, &spool(&pump, "a file"), NOW).expect("added");
        let [kept, left] = [taken(&pump, ann), taken(&pump, ann)];
        let found = |key| whole(&pump.app.store, ann, key).expect("reads");
        let (object, shown) = found(kept).expect("whole");
        let key = shown.key(object);
        let id = format!("http://pump.test/api/file/{key}");
        pump.post(ann, json!({"object": {"objectType": "file", "id": id}}))
            .expect("posted");
        let (gone, _) = found(left).expect("whole");
        let mut due = jobs::next(&pump.app.store, 9).expect("reads");
        due.retain(|queued| matches!(queued.job, Job::DropUpload { .. }));
        assert!(
            due.iter()
                .all(|job| job.due == Timestamp(NOW.0 + KEPT_SECS))
        );
        for key in [half, kept, left] {
            drop_old(&pump.app, ann.0, key.id, NOW).expect("dropped");
            assert!(progress(&pump.app, ann, key).is_err());
        }
        let object = |id| things::object(&pump.app.store, id).expect("reads");
        assert!(object(key.id).is_some_and(|file| file.deleted.is_none()));
        assert!(object(gone).is_some_and(|file| file.deleted.is_some()));
        assert_eq!(pump.app.blobs.pieces().names().expect("looks"), []);
    }

    #[test]
    fn files_of_which_no_record_tells_go() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let known = begin(&pump.app, ann, &said(), NOW).expect("begun");
        pump.app.blobs.pieces().begin().expect("a file");
        tidy(&pump.app).expect("tidied");
        let left = pump.app.blobs.pieces().names().expect("looks");
        let begun = progress(&pump.app, ann, known).expect("there").begun;
        assert_eq!(left, [begun.blob]);
    }
}
