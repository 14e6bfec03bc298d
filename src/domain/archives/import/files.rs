//! The files of an archive: taken as uploads are, each with its checks and its copies.

use super::{Work, is_of_the_item};
use crate::clock::Timestamp;
use crate::domain::archives::Halt;
use crate::domain::archives::format::part;
use crate::domain::archives::given::given_id;
use crate::domain::archives::source::Source;
use crate::domain::uploads::{self, Texts, posters};
use crate::error::Error;
use crate::ids::ThingId;
use crate::media::Spool;
use crate::media::avatar::Crop;
use serde_json::{Value, json};
use std::io::Read;

/// Bytes that are copied at once.
const COPY_BYTES: usize = 128 * 1024;

/// Members of an upload that are looked at.
const UPLOAD: &[&str] = &[
    "id",
    "file",
    "poster",
    "image",
    "displayName",
    "content",
    "published",
    "mimeType",
    "avatar",
    "crop",
];

impl Work<'_> {
    pub(super) fn uploads(&mut self, source: &mut Source) -> Result<(), Halt> {
        let profile = source.value(part::PROFILE)?.unwrap_or_default();
        let shown = profile
            .pointer("/image/url")
            .and_then(Value::as_str)
            .map(str::to_owned);
        // The list of the files and the files are in one archive, which is read at one place at a time.
        let mut all = Vec::new();
        source.each(part::UPLOADS, &mut |mut item, _| {
            if let Some(members) = item.as_object_mut() {
                members.retain(|name, _| UPLOAD.contains(&name.as_str()));
            }
            all.push(item);
            Ok(())
        })?;
        for item in all {
            let id = match self.upload(source, &item) {
                Ok(id) => {
                    self.poster(source, &item, id)?;
                    id
                }
                Err(Halt::Failed(error)) if is_of_the_item(&error) => {
                    let name = item.get("file").and_then(Value::as_str).unwrap_or("a file");
                    self.left_out(name, &error);
                    None
                }
                Err(halt) => return Err(halt),
            };
            if shown.is_some()
                && item.pointer("/image/url").and_then(Value::as_str) == shown.as_deref()
            {
                self.picture = id;
            }
            self.importing.progress.step()?;
        }
        Ok(())
    }

    /// Takes one file, if it is not here; answers the object that shows it.
    fn upload(&mut self, source: &mut Source, item: &Value) -> Result<Option<ThingId>, Halt> {
        let app = self.app();
        let wrong = || Error::invalid("uploads.json does not say what this is.");
        let old = given_id(item).ok_or_else(wrong)?;
        let known = self.translator.brought(&app.store, old)?;
        if let Some((known, object)) = &known
            && object.file.is_some()
        {
            return Ok(Some(*known));
        }
        let file = item.get("file").and_then(Value::as_str);
        // What was lost there already is told of there.
        let Some(file) = file else {
            return Ok(None);
        };
        if !app.config.enable_uploads {
            return Err(Error::forbidden("Uploads are switched off on this server.").into());
        }
        let spool = app.blobs.spool(app.config.upload_bytes_max)?;
        let spool = match source.part(file)? {
            Some((_, part)) => copied(part, spool, file)?,
            None => return Err(Error::invalid("It is not in the archive.").into()),
        };
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        let texts = Texts {
            title: text("displayName"),
            description: text("content"),
            upstream: Some(old.to_owned()),
            // It was posted here when the file could not come.
            waiting: known.map(|(known, _)| known),
            begun: None,
            crop: item.get("crop").and_then(crop).unwrap_or_default(),
        };
        let at = text("published").and_then(|at| Timestamp::parse(&at));
        let at = at.unwrap_or(self.importing.now).min(self.importing.now);
        let (user, declared) = (self.importing.user, text("mimeType"));
        let id = if item.get("avatar") == Some(&json!(true)) {
            uploads::add_avatar(app, user, spool, declared.as_deref(), &texts, at)?
        } else {
            uploads::add(app, user, spool, declared.as_deref(), &texts, at)?
        };
        self.report.files += 1;
        self.write(|_, _| Ok(()))?;
        Ok(Some(id))
    }

    /// Takes the poster of a film. A film is whole without it.
    fn poster(
        &mut self,
        source: &mut Source,
        item: &Value,
        film: Option<ThingId>,
    ) -> Result<(), Halt> {
        let place = item.get("poster").and_then(Value::as_str);
        let (Some(film), Some(place)) = (film, place) else {
            return Ok(());
        };
        let app = self.app();
        let spool = app.blobs.spool(app.config.upload_bytes_max)?;
        let brought = match source.part(place)? {
            Some((_, part)) => copied(part, spool, place)
                .and_then(|picture| Ok(posters::bring(app, self.importing.user, film, &picture)?)),
            None => Err(Error::invalid("It is not in the archive.").into()),
        };
        match brought {
            Err(Halt::Failed(error)) if is_of_the_item(&error) => self.left_out(place, &error),
            brought => brought?,
        }
        Ok(())
    }
}

/// Which part of a profile picture stands for its owner.
fn crop(numbers: &Value) -> Option<Crop> {
    let [x, y, size] = serde_json::from_value(numbers.clone()).ok()?;
    Crop::of(x, y, size)
}

/// Copies a file of an archive, within the bound for uploads.
fn copied(mut part: impl Read, mut spool: Spool, name: &str) -> Result<Spool, Halt> {
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let read = part.read(&mut buffer).map_err(|error| {
            Error::Invalid(format!(
                "{name} in the archive cannot be read ({error}). Is the file damaged?"
            ))
        })?;
        match buffer.get(..read).filter(|piece| !piece.is_empty()) {
            Some(piece) => spool.write(piece)?,
            None => return Ok(spool),
        }
    }
}
