//! What stands where: inboxes, feeds, followers, likes … pump.io keeps each as a chain of segments, oldest first, and each
//! segment is a record of its own. A segment says to which stream it belongs; only of streams with several their order is
//! remembered.

use super::dump::Place;
use super::{Work, thing};
use crate::domain::activities::lists;
use crate::domain::archives::Halt;
use crate::ids::{Nickname, ThingId, UserId};
use crate::store::engine::{Result as Stored, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Object};
use crate::store::users;
use serde_json::Value;
use std::collections::HashMap;

/// The type of segments.
const SEGMENT: &str = "streamsegment";

/// Entries that one write takes.
const ENTRIES_PER_WRITE: usize = 500;

/// Most streams of several segments: what is remembered of each is a few bytes.
const LONG_MAX: usize = 200_000;

/// Between the name of a stream and what makes its segments different.
const BETWEEN: &str = ":stream:";

impl Work<'_> {
    /// Puts everything where it stood.
    pub(super) fn streams(&mut self) -> Result<(), Halt> {
        match self.dump.finds(SEGMENT) {
            true => self.streams_by_name(),
            false => self.streams_by_segment(),
        }
    }

    /// The disk driver's: a segment does not know its name, but is found by it.
    fn streams_by_name(&mut self) -> Result<(), Halt> {
        let dump = self.dump;
        let mut done = 0;
        dump.each("stream", &mut |found| {
            done += 1;
            (self.watch)("streams", done);
            let name = match &found.record {
                Ok(record) => record.id.clone(),
                Err(reason) => {
                    self.report.left_out("stream", &found, reason);
                    None
                }
            };
            let Some(name) = name else {
                return Ok(());
            };
            let segments = match dump.find("streamsegments", &name)? {
                Ok(record) => record.value,
                Err(reason) => {
                    self.report.remark("streamsegments", &name, &reason);
                    return Ok(());
                }
            };
            for segment in segments.as_array().into_iter().flatten() {
                let Some(segment) = segment.as_str() else {
                    continue;
                };
                match dump.find(SEGMENT, segment)? {
                    Ok(record) => self.segment(&name, &record.value)?,
                    Err(reason) => self.report.remark(SEGMENT, segment, &reason),
                }
            }
            Ok(())
        })
    }

    fn streams_by_segment(&mut self) -> Result<(), Halt> {
        let mut long = self.long_streams()?;
        let dump = self.dump;
        let mut done = 0;
        dump.each(SEGMENT, &mut |found| {
            done += 1;
            (self.watch)("streams", done);
            let (id, value) = match &found.record {
                Ok(record) => (record.id.as_deref().unwrap_or_default(), &record.value),
                Err(reason) => {
                    self.report.left_out(SEGMENT, &found, reason);
                    return Ok(());
                }
            };
            if let Some((_, place)) = long.get_mut(id) {
                *place = Some(found.place);
                return Ok(());
            }
            let name = id.rsplit_once(BETWEEN).map_or(id, |(name, _)| name);
            self.segment(name, value)
        })?;
        let mut ordered: Vec<_> = long.into_iter().collect();
        ordered.sort_by_key(|(_, (number, _))| *number);
        for (id, (_, place)) in ordered {
            let record = match place {
                Some(place) => dump.at(SEGMENT, &place)?,
                None => Err("it is not in the dump".to_owned()),
            };
            match record {
                Ok(record) => {
                    let name = id.rsplit_once(BETWEEN).map_or(&*id, |(name, _)| name);
                    self.segment(name, &record.value)?;
                }
                Err(reason) => self.report.remark(SEGMENT, &id, &reason),
            }
        }
        Ok(())
    }

    /// The segments of streams that have several, each with its number in the order of all of them.
    fn long_streams(&mut self) -> Result<HashMap<String, (usize, Option<Place>)>, Halt> {
        let mut long = HashMap::new();
        self.dump.each("streamsegments", &mut |found| {
            let Ok(record) = &found.record else {
                return Ok(());
            };
            let Some(segments) = record.value.as_array().filter(|list| list.len() > 1) else {
                return Ok(());
            };
            for segment in segments.iter().filter_map(Value::as_str) {
                let number = long.len();
                if number >= LONG_MAX {
                    return Err(super::broken(
                        "There are too many long streams in this dump.",
                    ));
                }
                long.entry(segment.to_owned()).or_insert((number, None));
            }
            Ok(())
        })?;
        Ok(long)
    }

    /// Adds the entries of a segment to its stream.
    fn segment(&mut self, name: &str, entries: &Value) -> Result<(), Halt> {
        let Some(entries) = entries.as_array() else {
            self.report.remark(SEGMENT, name, "it is no list");
            return Ok(());
        };
        if entries.is_empty() {
            return Ok(());
        }
        let Some(stream) = self.stream_of(name)? else {
            let reason =
                "what it belongs to is not in the dump, or nobody here knows what it means";
            self.report.remark("streams", name, reason);
            return Ok(());
        };
        let app = self.app;
        let mut missing = 0;
        for entries in entries.chunks(ENTRIES_PER_WRITE) {
            let here = app.store.write_soon(|tx| {
                let mut here = 0;
                for entry in entries {
                    if let Some(entry) = entry_of(app, tx, entry)? {
                        here += 1;
                        append(tx, stream, entry)?;
                    }
                }
                count(tx, stream)?;
                Ok(here)
            })?;
            missing += entries.len() - here;
        }
        if missing > 0 {
            let reason = "entries are not in the dump";
            self.report
                .remark("streams", &format!("{name} ({missing})"), reason);
        }
        Ok(())
    }

    /// The stream here that a stream of pump.io was.
    fn stream_of(&self, name: &str) -> Stored<Option<Stream>> {
        let (app, store) = (self.app, &self.app.store);
        let of_thing = |id: &str, kind| -> Stored<Option<Stream>> {
            Ok(thing(app, store, id)?.map(|thing| Stream::of(thing, kind)))
        };
        let Some((what, rest)) = name.split_once(':') else {
            return Ok(None);
        };
        match what {
            "user" => {
                let Some((nickname, what)) = rest.split_once(':') else {
                    return Ok(None);
                };
                let Ok(nickname) = Nickname::new(nickname) else {
                    return Ok(None);
                };
                let Some((UserId(person), _)) = users::by_nickname(store, &nickname)? else {
                    return Ok(None);
                };
                Ok(match what.strip_prefix("lists:") {
                    Some(member_type) => Some(lists::index(person, member_type)),
                    None => kind_of(what).map(|kind| Stream::of(person, kind)),
                })
            }
            "activityobject" => match rest.split_once(':') {
                Some(("replies", id)) => of_thing(id, StreamKind::Replies),
                Some(("shares", id)) => of_thing(id, StreamKind::Shares),
                _ => Ok(None),
            },
            "favoriters" => of_thing(rest, StreamKind::Likes),
            "collection" => of_thing(rest, StreamKind::Members),
            "group" => {
                let Some((key, what)) = rest.split_once(':') else {
                    return Ok(None);
                };
                let kind = match what {
                    "members" => StreamKind::Members,
                    "inbox" => StreamKind::Inbox,
                    "documents" => StreamKind::Documents,
                    _ => return Ok(None),
                };
                let group = crate::domain::names::by_key(store, key)?;
                Ok(group.map(|(group, _)| Stream::of(group, kind)))
            }
            _ => Ok(None),
        }
    }
}

/// The streams of a user by their names there.
fn kind_of(name: &str) -> Option<StreamKind> {
    Some(match name {
        "outbox" => StreamKind::Outbox,
        "outbox:major" => StreamKind::OutboxMajor,
        "outbox:minor" => StreamKind::OutboxMinor,
        "inbox" => StreamKind::Inbox,
        "inbox:major" => StreamKind::InboxMajor,
        "inbox:minor" => StreamKind::InboxMinor,
        "inbox:direct" => StreamKind::InboxDirect,
        "inbox:direct:major" => StreamKind::InboxDirectMajor,
        "inbox:direct:minor" => StreamKind::InboxDirectMinor,
        "followers" => StreamKind::Followers,
        "following" => StreamKind::Following,
        "favorites" => StreamKind::Favorites,
        "uploads" => StreamKind::Uploads,
        _ => return None,
    })
}

/// The thing of an entry: its id, or a reference as text.
fn entry_of(app: &crate::app::App, tx: &dyn Tx, entry: &Value) -> Stored<Option<ThingId>> {
    let Some(text) = entry.as_str() else {
        return Ok(None);
    };
    let reference: Option<Value> = match text.starts_with('{') {
        true => serde_json::from_str(text).ok(),
        false => None,
    };
    let id = match &reference {
        Some(reference) => super::things::id_of(reference).unwrap_or_default(),
        None => text,
    };
    thing(app, tx, id)
}

fn append(tx: &mut dyn Tx, stream: Stream, entry: ThingId) -> Stored<()> {
    streams::append(tx, stream, entry)?;
    // Of somebody elsewhere the followers here are known; pump.io looks them up by edges.
    if stream.kind == StreamKind::Following
        && things::object(tx, entry)?.is_some_and(|followed| followed.nickname().is_none())
    {
        streams::append(tx, Stream::of(entry, StreamKind::Followers), stream.owner)?;
    }
    Ok(())
}

/// Counts what an object is told to have.
fn count(tx: &mut dyn Tx, stream: Stream) -> Stored<()> {
    let counter: fn(&mut Object) -> &mut u32 = match stream.kind {
        StreamKind::Likes => |object| &mut object.likes,
        StreamKind::Replies => |object| &mut object.replies,
        StreamKind::Shares => |object| &mut object.shares,
        _ => return Ok(()),
    };
    let total = streams::total(tx, stream)?;
    things::change_object(tx, stream.owner, |object| {
        *counter(object) = u32::try_from(total).unwrap_or(u32::MAX);
    })
}
