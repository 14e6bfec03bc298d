//! What somebody did: the activities, and whom they follow and what they like beside them.

use super::{Work, is_of_the_item};
use crate::domain::activities::{self, Past};
use crate::domain::archives::Halt;
use crate::domain::archives::format::part;
use crate::domain::archives::given::given_id;
use crate::domain::archives::source::Source;
use crate::domain::archives::translate::Meaning;
use crate::domain::names;
use crate::error::Error;
use crate::ids::ThingId;
use crate::media::{BlobName, Spool};
use crate::store::aliases;
use crate::store::engine::{Result as Stored, Tx};
use crate::store::things;
use crate::wire::draft::{ActivityDraft, ObjectDraft};
use serde_json::Value;
use std::os::unix::fs::FileExt as _;

/// Most activities that one write restores.
const ITEMS_PER_WRITE: usize = 32;

/// Bytes of activities from which on they are written.
const BYTES_PER_WRITE: u64 = 512 * 1024;

/// What became of one activity.
enum Outcome {
    Known(ThingId),
    Restored(ThingId),
}

impl Work<'_> {
    /// Takes the activities in the order in which they were done.
    pub(super) fn feed(&mut self, source: &mut Source) -> Result<(), Halt> {
        if self.is_newest_first {
            let mut noted = Noted {
                spool: self.app().blobs.spool(u64::MAX)?,
                places: Vec::new(),
            };
            source.each(part::FEED, &mut |item, _| noted.add(&item))?;
            for (at, bytes) in noted.places.iter().rev() {
                self.take_one(noted.item(*at, *bytes)?, *bytes as u64)?;
            }
        } else {
            source.each(part::FEED, &mut |item, bytes| self.take_one(item, bytes))?;
        }
        self.write_waiting()
    }

    fn take_one(&mut self, item: Value, bytes: u64) -> Result<(), Halt> {
        self.waiting.push(item);
        self.waiting_bytes += bytes;
        if self.waiting.len() >= ITEMS_PER_WRITE || self.waiting_bytes >= BYTES_PER_WRITE {
            self.write_waiting()?;
        }
        self.importing.progress.step()
    }

    /// Writes the activities that wait: together, or, if one of them does not do, each by itself.
    fn write_waiting(&mut self) -> Result<(), Halt> {
        let items = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        match self.restore(&items) {
            Err(Halt::Failed(error)) if is_of_the_item(&error) => {}
            other => return other,
        }
        for item in items {
            match self.restore(std::slice::from_ref(&item)) {
                Err(Halt::Failed(error)) if is_of_the_item(&error) => {
                    let text =
                        |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
                    let day = text("published")
                        .split('T')
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    let verb = Some(text("verb"))
                        .filter(|verb| !verb.is_empty())
                        .unwrap_or("post");
                    self.left_out(&format!("{day} {verb}"), &error);
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn restore(&mut self, items: &[Value]) -> Result<(), Halt> {
        let ((outcomes, freed), report) = self.write(|tx, report| {
            let mut freed = Vec::new();
            let mut outcomes = Vec::new();
            for item in items {
                let outcome = self.restore_one(tx, item, &mut freed)?;
                if matches!(outcome, Outcome::Restored(_)) {
                    report.brought += 1;
                }
                outcomes.push(outcome);
            }
            Ok((outcomes, freed))
        })?;
        self.report = report;
        self.app().forget_files(freed);
        let store = &self.app().store;
        for outcome in outcomes {
            let (Outcome::Known(id) | Outcome::Restored(id)) = outcome;
            self.known += u64::from(matches!(outcome, Outcome::Known(_)));
            if let Some(activity) = things::activity(store, id)?
                && activity.deleted.is_none()
            {
                self.restored
                    .push((id, activities::is_major(store, &activity)?));
            }
        }
        Ok(())
    }

    fn restore_one(
        &self,
        tx: &mut dyn Tx,
        item: &Value,
        freed: &mut Vec<BlobName>,
    ) -> Stored<Outcome> {
        let translated = match self.translator.activity(tx, item.clone())? {
            Meaning::Known(id) => return Ok(Outcome::Known(id)),
            Meaning::New(translated) => translated,
        };
        if let Some(known) = self.list_made_before(tx, &translated)? {
            return Ok(Outcome::Known(known));
        }
        let person = self.person();
        let past = Past {
            draft: &translated.draft,
            at: translated.at,
            changed: translated.changed,
            has_default_audience: !self.is_archive && !is_addressed(item),
        };
        let id = activities::restore(self.app(), tx, person, &past, self.importing.now, freed)?;
        aliases::set(tx, &names::upstream(person, &translated.name), id);
        if let Some(name) = &translated.object_name
            && let Some(activity) = things::activity(tx, id)?
            && let Some(object) = things::object(tx, activity.object)?
            && (object.post == Some(id) || (object.author.is_none() && !object.is_person()))
            && object.is_local()
        {
            aliases::set(tx, &names::upstream(person, name), activity.object);
        }
        Ok(Outcome::Restored(id))
    }

    /// Does what stands in a collection and was not among the activities.
    pub(super) fn effects(
        &mut self,
        source: &mut Source,
        name: &str,
        verb: &str,
    ) -> Result<(), Halt> {
        let (app, person, now) = (self.app(), self.person(), self.importing.now);
        source.each(name, &mut |item, _| {
            let done = self.write(|tx, _| {
                // What is gone is gone.
                let Some(object) = self.translator.reference(tx, &item)? else {
                    return Ok(());
                };
                let draft = ActivityDraft::of(verb, ObjectDraft::parse(object)?);
                activities::restore_effect(app, tx, person, &draft, now)
            });
            match done.map_err(Error::from) {
                Err(error) if is_of_the_item(&error) => {
                    let what = given_id(&item).unwrap_or(name).to_owned();
                    self.left_out(&what, &error);
                    Ok(())
                }
                other => Ok(other.map(drop)?),
            }
        })
    }
}

/// Activities that are written down to be read in the other order: a collection is too long to be held. What bounds it bounds
/// this.
struct Noted {
    spool: Spool,
    /// Where each begins, and its length, in bytes.
    places: Vec<(u64, usize)>,
}

impl Noted {
    fn add(&mut self, item: &Value) -> Result<(), Halt> {
        let text = item.to_string();
        self.places.push((self.spool.bytes_len(), text.len()));
        Ok(self.spool.write(text.as_bytes())?)
    }

    fn item(&self, at: u64, bytes: usize) -> Result<Value, Halt> {
        let mut text = vec![0; bytes];
        self.spool.file().read_exact_at(&mut text, at)?;
        Ok(serde_json::from_slice(&text).map_err(Error::internal)?)
    }
}

/// Whether an activity says to whom it goes.
fn is_addressed(item: &Value) -> bool {
    ["to", "cc", "bto", "bcc"].iter().any(|name| {
        let list = item.get(*name).and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty())
    })
}
