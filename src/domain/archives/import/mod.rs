//! Brings an archive, or a collection of activities, into an account: the files, the lists, what was done, who is followed
//! and liked, what the profile says. Everything has a new id here and is noted under its old one, so that a second time
//! nothing is doubled and what was cut off goes on; the activities stand in the user's own streams in the places of their
//! time, and nobody else is told.

mod feed;
mod files;
mod lists;
mod profile;

use super::before::Before;
use super::format::{Label, part};
use super::given::given_id;
use super::source::Source;
use super::translate::Translator;
use super::{Halt, Progress};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::names;
use crate::domain::photos;
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::store::archives::Report;
use crate::store::engine::{Result as Stored, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::{streams, things};
use serde_json::Value;

/// How many reasons a report tells.
const REASONS_MAX: usize = 10;

/// The streams that restored activities stand in, for major and for minor ones.
const STREAMS: [[StreamKind; 4]; 2] = [
    [
        StreamKind::Outbox,
        StreamKind::OutboxMajor,
        StreamKind::Inbox,
        StreamKind::InboxMajor,
    ],
    [
        StreamKind::Outbox,
        StreamKind::OutboxMinor,
        StreamKind::Inbox,
        StreamKind::InboxMinor,
    ],
];

/// What an import is done with and for.
pub struct Importing<'a> {
    /// What the rules use.
    pub app: &'a App,
    /// Whose account it is.
    pub user: UserId,
    /// When.
    pub now: Timestamp,
    /// Who watches, and may stop it.
    pub progress: &'a dyn Progress,
    /// What an earlier run brought that was cut off.
    pub earlier: Report,
    /// Writes down what was brought so far, in the write that brings it.
    pub note: &'a dyn Fn(&mut dyn Tx, &Report),
}

/// Looks at a file before anything is taken from it: what it is and whose.
pub fn check(source: &mut Source) -> Result<(), Error> {
    if source.label()?.is_some() && source.bytes_of(part::FEED)?.is_none() {
        return Err(Error::invalid("There is no feed.json in this archive."));
    }
    Ok(())
}

/// Takes from the file all that can be taken. `room_bytes` is what the disk has for the files in it.
pub fn read(
    importing: Importing<'_>,
    source: &mut Source,
    room_bytes: u64,
) -> Result<Report, Halt> {
    check(source)?;
    let label = source.label()?;
    let app = importing.app;
    let person = things::object(&app.store, importing.user.0)?.ok_or(Error::Gone)?;
    let mut work = Work {
        translator: Translator {
            app,
            person: importing.user.0,
            nickname: person.nickname().unwrap_or_default().to_owned(),
            before: label.as_ref().map(Before::of_label).unwrap_or_default(),
            now: importing.now,
        },
        is_archive: label.is_some(),
        report: Report {
            files: importing.earlier.files,
            brought: importing.earlier.brought,
            ..Report::default()
        },
        importing,
        known: 0,
        restored: Vec::new(),
        waiting: Vec::new(),
        waiting_bytes: 0,
        picture: None,
        is_newest_first: false,
    };
    let needed = work.look_through(source)?;
    if needed > room_bytes {
        return Err(Error::Full.into());
    }
    let taken = work.take(source, label.as_ref());
    // What is here has its place even if the rest cannot come.
    if !matches!(taken, Err(Halt::Ending)) {
        work.settle()?;
    }
    taken?;
    work.report.known = work.known.saturating_sub(work.importing.earlier.brought);
    Ok(work.report)
}

struct Work<'a> {
    importing: Importing<'a>,
    translator: Translator<'a>,
    /// Whether the file is an archive, and not a mere collection.
    is_archive: bool,
    report: Report,
    /// Activities that were here already.
    known: u64,
    /// Activities that are here, and whether they are major.
    restored: Vec<(ThingId, bool)>,
    /// Activities that are not written yet.
    waiting: Vec<Value>,
    waiting_bytes: u64,
    /// The picture in the profile of the archive, and where it is here.
    picture: Option<ThingId>,
    /// Whether it is a collection that begins with what was done last, as feeds do.
    is_newest_first: bool,
}

impl<'a> Work<'a> {
    fn app(&self) -> &'a App {
        self.importing.app
    }

    fn person(&self) -> ThingId {
        self.importing.user.0
    }

    /// Reads all collections once, so that nothing is taken from a file that is half of one. Learns how much there is to do;
    /// answers how many bytes the files need that are not here.
    fn look_through(&mut self, source: &mut Source) -> Result<u64, Halt> {
        let mut steps = 0;
        let mut actor = None;
        let (mut before, mut later, mut earlier) = (None, 0_u64, 0_u64);
        source.each(part::FEED, &mut |item, _| {
            steps += 1;
            let at = item.get("published").and_then(Value::as_str);
            if let Some(at) = at.and_then(Timestamp::parse) {
                later += u64::from(before.is_some_and(|before| at > before));
                earlier += u64::from(before.is_some_and(|before| at < before));
                before = Some(at);
            }
            if actor.is_none() {
                actor = item
                    .get("actor")
                    .filter(|actor| given_id(actor).is_some())
                    .cloned();
            }
            Ok(())
        })?;
        self.is_newest_first = !self.is_archive && earlier > later;
        if let Some(actor) = actor.filter(|_| self.translator.before.is_unknown())
            && let Some(before) = Before::of_actor(&actor)
            && !self.is_somebody_else_here(&before)?
        {
            self.translator.before = before;
        }
        let mut files = Vec::new();
        let translator = &self.translator;
        let store = &self.importing.app.store;
        source.each(part::UPLOADS, &mut |item, _| {
            steps += 1;
            if let Some(id) = given_id(&item)
                && let Some(file) = item.get("file").and_then(Value::as_str)
                && translator
                    .brought(store, id)?
                    .is_none_or(|(_, known)| known.file.is_none())
            {
                files.push(file.to_owned());
            }
            Ok(())
        })?;
        for name in [part::LISTS, part::FOLLOWING, part::FAVORITES] {
            source.each(name, &mut |_, _| Ok(()))?;
        }
        source.value(part::PROFILE)?;
        let mut needed = 0_u64;
        for file in files {
            needed = needed.saturating_add(source.bytes_of(&file)?.unwrap_or_default());
        }
        self.importing.progress.begin(steps);
        Ok(needed)
    }

    /// Whether a collection is of somebody else who has an account here: then it is not the user's to bring.
    fn is_somebody_else_here(&self, before: &Before) -> Stored<bool> {
        let store = &self.app().store;
        let known = match before.id() {
            Some(id) => names::find_thing(self.app().base(), store, id)?,
            None => None,
        };
        let Some(known) = known.filter(|known| *known != self.person()) else {
            return Ok(false);
        };
        let person = things::object(store, known)?;
        Ok(person.is_some_and(|person| person.nickname().is_some() && person.deleted.is_none()))
    }

    fn take(&mut self, source: &mut Source, label: Option<&Label>) -> Result<(), Halt> {
        if let Some(label) = label {
            self.uploads(source)?;
            self.lists(source)?;
            self.feed(source)?;
            self.effects(source, part::FOLLOWING, "follow")?;
            self.effects(source, part::FAVORITES, "favorite")?;
            self.profile(source, label)
        } else {
            self.feed(source)
        }
    }

    fn left_out(&mut self, what: &str, error: &Error) {
        self.report.left_out += 1;
        if self.report.reasons.len() < REASONS_MAX {
            self.report
                .reasons
                .push(format!("{what}: {}", error.public()));
        }
    }

    /// Writes, and notes what was brought so far; fails if the account is gone.
    fn write<T>(
        &self,
        mut change: impl FnMut(&mut dyn Tx, &mut Report) -> Stored<T>,
    ) -> Stored<(T, Report)> {
        let person = self.person();
        self.app().store.write(|tx| {
            if things::object(tx, person)?.is_none_or(|person| person.deleted.is_some()) {
                return Err(Error::Gone.into());
            }
            let mut report = self.report.clone();
            let done = change(tx, &mut report)?;
            (self.importing.note)(tx, &report);
            Ok((done, report))
        })
    }

    /// Gives everything that is here its place in the user's own streams.
    fn settle(&mut self) -> Result<(), Halt> {
        let person = self.person();
        self.write(|tx, _| {
            for (is_major, kinds) in [true, false].into_iter().zip(STREAMS) {
                let ids = self.restored.iter().filter(|(_, major)| *major == is_major);
                let ids: Vec<ThingId> = ids.map(|(id, _)| *id).collect();
                for kind in kinds {
                    streams::merge(tx, Stream::of(person, kind), &ids)?;
                }
                photos::add_all(tx, person, &ids)?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Whether an error is of the one thing and not of the server: then the others go on without it.
fn is_of_the_item(error: &Error) -> bool {
    error.status() < 500 && !matches!(error, Error::Gone)
}
