//! Writes the archive of a user: a ZIP file with Activity Streams 1.0 collections and the files as they were uploaded. What
//! it holds at a time is one item and some bytes for each entry of a stream and each file, however large the files are.

mod writing;

use super::format::{self, Label, part};
use super::{Halt, Progress};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::documents::{Documents, Finish};
use crate::domain::names;
use crate::domain::uploads::posters::{self, POSTER_BYTES_MAX};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::media::Variant;
use crate::store::engine::Result as Read;
use crate::store::keys::{Stream, StreamKind};
use crate::store::things::{self, Object};
use crate::store::users::User;
use crate::store::{streams, users};
use crate::wire::draft::Members;
use crate::wire::json;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{self, Seek, Write};
use zip::ZipWriter;

/// Room that the collections may need beside the files, in bytes for each activity.
const BYTES_PER_ACTIVITY: u64 = 1024;

/// Writes the archive and hands back where it was written. `Full` before anything is written if it will not fit into
/// `room_bytes`.
pub fn write<W: Write + Seek>(
    app: &App,
    user: UserId,
    out: W,
    room_bytes: u64,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<W, Halt> {
    let account = users::get(&app.store, user)?.ok_or(Error::Gone)?;
    let person = things::object(&app.store, user.0)?.ok_or(Error::Gone)?;
    let entries = |kind| streams::entries(&app.store, Stream::of(user.0, kind));
    let (activities, uploads) = (
        ascending(entries(StreamKind::Outbox)?),
        entries(StreamKind::Uploads)?,
    );
    let mut exporting = Exporting {
        app,
        user,
        zip: ZipWriter::new(out),
        now,
        progress,
    };
    exporting.check_room(&uploads, activities.len() as u64, room_bytes)?;
    progress.begin((activities.len() + uploads.len()) as u64);

    exporting.text(part::README, format::README)?;
    exporting.label(&account, &person)?;
    exporting.profile(&account, &person)?;
    exporting.feed(&activities)?;
    exporting.uploads(&ascending(uploads))?;
    exporting.lists()?;
    for (part, kind, name, object_type) in [
        (
            part::FOLLOWERS,
            StreamKind::Followers,
            "Followers",
            "person",
        ),
        (
            part::FOLLOWING,
            StreamKind::Following,
            "Following",
            "person",
        ),
        (part::FAVORITES, StreamKind::Favorites, "Favorites", ""),
    ] {
        let entries = streams::entries(&app.store, Stream::of(user.0, kind))?;
        exporting.objects(part, name, object_type, &entries)?;
    }
    let messages = ascending(streams::entries(
        &app.store,
        Stream::of(user.0, StreamKind::InboxDirect),
    )?);
    exporting.messages(&messages)?;
    Ok(exporting.zip.finish().map_err(io::Error::from)?)
}

/// Ids in the order of time.
fn ascending(mut entries: Vec<ThingId>) -> Vec<ThingId> {
    entries.sort_unstable();
    entries
}

/// An archive that is being written.
struct Exporting<'a, W: Write + Seek> {
    app: &'a App,
    user: UserId,
    zip: ZipWriter<W>,
    now: Timestamp,
    progress: &'a dyn Progress,
}

impl<W: Write + Seek> Exporting<'_, W> {
    fn viewer(&self) -> Viewer {
        Viewer::user(self.user)
    }

    fn check_room(&self, uploads: &[ThingId], activities: u64, room: u64) -> Result<(), Halt> {
        let mut needed = activities * BYTES_PER_ACTIVITY;
        for id in uploads {
            let object = things::object(&self.app.store, *id)?;
            let file = object.and_then(|object| object.file);
            needed += file.map_or(0, |file| {
                file.bytes + posters::largest(&file).map_or(0, |_| POSTER_BYTES_MAX)
            });
        }
        if needed > room {
            return Err(Error::Full.into());
        }
        Ok(())
    }

    fn label(&mut self, account: &User, person: &Object) -> Result<(), Halt> {
        let base = self.app.base();
        let label = Label {
            format: format::FORMAT.to_owned(),
            version: format::VERSION,
            site: base.url().to_owned(),
            person: names::object_id(base, self.user.0, person).to_string(),
            nickname: account.nickname.to_string(),
            made: self.now.to_string(),
        };
        self.value(part::LABEL, &json!(label))
    }

    fn profile(&mut self, account: &User, person: &Object) -> Result<(), Halt> {
        let documents = Documents::for_viewer(self.app, self.viewer());
        let mut text = documents.object_text(self.user.0, person, Finish::PLAIN)?;
        text.push('\n');
        self.text(part::PROFILE, &text)?;
        let user = json::object(|out| {
            out.text("nickname", account.nickname.as_str());
            out.plain("published", format_args!("{}", account.created));
            out.plain("updated", format_args!("{}", account.updated));
            if let Some(email) = &account.email {
                out.text("email", email);
            }
            out.members(&account.extra);
        });
        self.text(part::USER, &format!("{user}\n"))
    }

    /// What the user did, as far as something of it is left.
    fn feed(&mut self, entries: &[ThingId]) -> Result<(), Halt> {
        let store = &self.app.store;
        let name = format!("Activities of {}", self.name()?);
        self.collection(
            part::FEED,
            &name,
            "activity",
            entries,
            true,
            |documents, id, out| {
                let Some(activity) = things::activity(store, id)? else {
                    return Ok(());
                };
                let object = things::object(store, activity.object)?;
                if activity.deleted.is_none()
                    && object.is_some_and(|object| object.deleted.is_none())
                {
                    out.push_str(&documents.activity_text(id, &activity, Finish::PLAIN)?);
                }
                Ok(())
            },
        )
    }

    fn messages(&mut self, entries: &[ThingId]) -> Result<(), Halt> {
        let (store, person) = (&self.app.store, self.user.0);
        let name = format!("Activities directly for {}", self.name()?);
        self.collection(
            part::MESSAGES,
            &name,
            "activity",
            entries,
            false,
            |documents, id, out| {
                let activity = things::activity(store, id)?;
                if let Some(activity) = activity
                    && activity.deleted.is_none()
                    && activity.actor != person
                {
                    out.push_str(&documents.activity_text(id, &activity, Finish::PLAIN)?);
                }
                Ok(())
            },
        )
    }

    /// Objects and people, as far as the user may read them.
    fn objects(
        &mut self,
        part: &str,
        name: &str,
        object_type: &str,
        entries: &[ThingId],
    ) -> Result<(), Halt> {
        let (store, viewer) = (&self.app.store, self.viewer());
        let name = format!("{name} of {}", self.name()?);
        self.collection(
            part,
            &name,
            object_type,
            entries,
            false,
            |documents, id, out| {
                if let Some(object) = things::object(store, id)?
                    && object.deleted.is_none()
                    && access::may_read_object(store, viewer, &object)?
                {
                    out.push_str(&documents.object_text(id, &object, Finish::PLAIN)?);
                }
                Ok(())
            },
        )
    }

    /// The lists with everybody on them.
    fn lists(&mut self) -> Result<(), Halt> {
        let (store, base, person) = (&self.app.store, self.app.base(), self.user.0);
        let mut entries = Vec::new();
        for kind in [
            StreamKind::PersonLists,
            StreamKind::ImageLists,
            StreamKind::OtherLists,
        ] {
            entries.extend(streams::entries(store, Stream::of(person, kind))?);
        }
        let entries = ascending(entries);
        let name = format!("Lists of {}", self.name()?);
        self.collection(
            part::LISTS,
            &name,
            "collection",
            &entries,
            false,
            |documents, id, out| {
                let Some(list) = things::object(store, id)? else {
                    return Ok(());
                };
                let text = documents.object_text(id, &list, Finish::PLAIN)?;
                let mut document = members_of(&text);
                let mut members = Vec::new();
                for member in streams::entries(store, Stream::of(id, StreamKind::Members))? {
                    if let Some(object) = things::object(store, member)? {
                        members.push(json!({
                            "objectType": object.object_type,
                            "id": names::object_id(base, member, &object).to_string(),
                        }));
                    }
                }
                let members = json!({ "totalItems": members.len(), "items": members });
                document.insert("members".to_owned(), members);
                out.push_str(&Value::Object(document).to_string());
                Ok(())
            },
        )
    }

    /// The files, and the collection that says which is which.
    fn uploads(&mut self, entries: &[ThingId]) -> Result<(), Halt> {
        // Of each the file, and the poster of a film.
        let mut places: HashMap<ThingId, [Option<String>; 2]> = HashMap::new();
        for id in entries {
            if let Some(object) = things::object(&self.app.store, *id)?
                && let Some(upload) = &object.file
            {
                let file = self.file(*id, &object, upload)?;
                let poster = self.poster(*id, &object, upload)?;
                places.insert(*id, [file, poster]);
            }
            self.progress.step()?;
        }
        let store = &self.app.store;
        let name = format!("Uploads by {}", self.name()?);
        self.collection(
            part::UPLOADS,
            &name,
            "",
            entries,
            false,
            |documents, id, out| {
                let object = things::object(store, id)?;
                let Some(object) = object.filter(|object| object.deleted.is_none()) else {
                    return Ok(());
                };
                let text = documents.object_text(id, &object, Finish::PLAIN)?;
                let Some(upload) = &object.file else {
                    return Ok(());
                };
                let mut document = members_of(&text);
                document.insert("mimeType".to_owned(), json!(upload.mime));
                for (name, place) in ["file", "poster"]
                    .iter()
                    .zip(places.get(&id).into_iter().flatten())
                {
                    if let Some(place) = place {
                        document.insert((*name).to_owned(), json!(place));
                    }
                }
                if upload
                    .copies
                    .iter()
                    .any(|copy| copy.variant == Variant::Avatar)
                {
                    document.insert("avatar".to_owned(), json!(true));
                }
                out.push_str(&Value::Object(document).to_string());
                Ok(())
            },
        )
    }

    fn name(&self) -> Read<String> {
        let account = users::get(&self.app.store, self.user)?;
        Ok(account.map_or_else(String::new, |account| account.nickname.to_string()))
    }
}

/// The members of a document that was just written.
fn members_of(document: &str) -> Members {
    serde_json::from_str(document).unwrap_or_default()
}
