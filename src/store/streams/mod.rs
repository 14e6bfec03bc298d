//! Ordered lists of things: inboxes, outboxes, followers, likes … New entries go to the head, reading starts with the
//! newest, entries can be removed, and a page costs the same at any depth.
//!
//! One record, the head, holds the newest entries (the *tail* that grows) and the counts. When the tail is full it becomes
//! a *chunk*, a record of [`layout::CHUNK_ENTRIES`] entries, with the next number. So a position is arithmetic, corrected by
//! how much was removed of each chunk. Where a thing is, is told by
//!
//! - the *anchors*: from which id on each chunk holds things, as far as they came in ascending order of their ids;
//! - an *edge* of its own, if the stream is a set ([`Stream::is_set`]) or the thing came *late*: after a larger id.
//!
//! A question about an entry of a stream that is no set reads: the head, the edge if anything came late, one anchor
//! record, one chunk. `layout` has the bytes, `walk` reads on from a place.

mod check;
mod layout;
mod walk;

#[cfg(test)]
mod tests;

pub use check::{TABLES, check, entries, readable};
pub use walk::Walk;

use super::engine::{Read, Result, Tx};
use super::keys::{Stream, Table};
use super::news::Entry;
use crate::ids::ThingId;
use layout::{CHUNK_ENTRIES, Head};

/// Records that [`clear`] takes at once.
const CLEAR_RECORDS: usize = 256;

/// Where reading starts (`pump-api.md §1.6`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the newest entry, towards older ones.
    Newest,
    /// After that many of the newest entries, towards older ones.
    Offset(u64),
    /// With the entry next older than this one, towards older ones.
    Before(ThingId),
    /// With the entry next newer than this one, towards newer ones.
    Since(ThingId),
}

/// Adds `thing` at the head of the stream; false, and nothing changes, if the stream holds it.
pub fn append(tx: &mut dyn Tx, stream: Stream, thing: ThingId) -> Result<bool> {
    let mut head = Head::read(tx, stream)?;
    let late = !stream.is_set() && thing <= head.highest;
    if head.tail.contains(&thing) || (late && holds(tx, stream, &head, thing)?) {
        return Ok(false);
    }
    if stream.is_set() && layout::edge(tx, stream, thing)?.is_some() {
        return Ok(false);
    }
    if head.tail.len() >= CHUNK_ENTRIES {
        cut_off_chunk(tx, stream, &mut head)?;
    }
    if stream.is_set() || late {
        layout::put_edge(tx, stream, thing, head.chunks);
    }
    head.late += u64::from(late);
    head.highest = head.highest.max(thing);
    head.tail.push(thing);
    head.put(tx, stream);
    if stream.is_listened_to() {
        tx.note(Entry { stream, thing });
    }
    Ok(true)
}

/// Puts things that are older than what the stream holds where they belong: afterwards all entries are in the order of their
/// ids, none twice, and nothing is late. For a stream that is no set. Writes the whole stream anew, so it is for many things
/// at once; those who listen hear nothing of it.
pub fn merge(tx: &mut dyn Tx, stream: Stream, things: &[ThingId]) -> Result<()> {
    let before = Head::read(tx, stream)?;
    let held = entries(tx, stream)?;
    let mut all = [&held, things].concat();
    all.sort_unstable();
    all.dedup();
    if all.len() == held.len() {
        return Ok(());
    }
    clear(tx, stream)?;
    let mut head = Head::EMPTY;
    for thing in all {
        if head.tail.len() >= CHUNK_ENTRIES {
            cut_off_chunk(tx, stream, &mut head)?;
        }
        head.highest = thing;
        head.tail.push(thing);
    }
    head.highest = head.highest.max(before.highest);
    head.put(tx, stream);
    Ok(())
}

/// Lets two entries of a set change places; false, and nothing changes, if it does not hold both.
pub fn swap(tx: &mut dyn Tx, stream: Stream, one: ThingId, other: ThingId) -> Result<bool> {
    let places = (
        layout::edge(tx, stream, one)?,
        layout::edge(tx, stream, other)?,
    );
    let (Some(first), Some(second)) = places else {
        return Ok(false);
    };
    let mut head = Head::read(tx, stream)?;
    let turn = |entries: &mut Vec<ThingId>| {
        for entry in entries.iter_mut() {
            if *entry == one {
                *entry = other;
            } else if *entry == other {
                *entry = one;
            }
        }
    };
    let mut numbers = vec![first, second];
    numbers.dedup();
    for number in numbers {
        if number == head.chunks {
            turn(&mut head.tail);
            head.put(tx, stream);
        } else {
            let mut entries = layout::chunk(tx, stream, number)?;
            turn(&mut entries);
            layout::put_chunk(tx, stream, number, &entries);
        }
    }
    layout::put_edge(tx, stream, one, second);
    layout::put_edge(tx, stream, other, first);
    Ok(true)
}

/// Takes `thing` out of the stream; false, and nothing changes, if the stream does not hold it.
pub fn remove(tx: &mut dyn Tx, stream: Stream, thing: ThingId) -> Result<bool> {
    let mut head = Head::read(tx, stream)?;
    let Some(number) = locate(tx, stream, &head, thing)? else {
        return Ok(false);
    };
    if number == head.chunks {
        let Some(place) = head.tail.iter().position(|entry| *entry == thing) else {
            return Ok(false);
        };
        head.tail.remove(place);
    } else {
        let mut entries = layout::chunk(tx, stream, number)?;
        let Some(place) = entries.iter().position(|entry| *entry == thing) else {
            return Ok(false);
        };
        entries.remove(place);
        layout::put_chunk(tx, stream, number, &entries);
        layout::count_removed(tx, stream, number)?;
        head.removed += 1;
    }
    if stream.is_set() {
        layout::delete_edge(tx, stream, thing)?;
    } else if head.late > 0 && layout::delete_edge(tx, stream, thing)? {
        head.late -= 1;
    }
    head.put(tx, stream);
    Ok(true)
}

/// Whether the stream holds `thing`.
pub fn contains(read: &dyn Read, stream: Stream, thing: ThingId) -> Result<bool> {
    if stream.is_set() {
        return Ok(layout::edge(read, stream, thing)?.is_some());
    }
    let head = Head::read(read, stream)?;
    holds(read, stream, &head, thing)
}

/// How many entries the stream has.
pub fn total(read: &dyn Read, stream: Stream) -> Result<u64> {
    Ok(Head::read(read, stream)?.total())
}

/// The `count` entries from `start` on, always newest first; with [`Start::Since`] those next to it. `None` if the
/// stream does not know the anchor. A stream that is no set knows its removed entries too, by the order of ids: any id
/// up to the largest that it ever held is an anchor.
pub fn page(
    read: &dyn Read,
    stream: Stream,
    start: Start,
    count: usize,
) -> Result<Option<Vec<ThingId>>> {
    let Some(mut walk) = walk(read, stream, start)? else {
        return Ok(None);
    };
    let mut page = Vec::new();
    while page.len() < count {
        let batch = walk.next_batch(count - page.len())?;
        if batch.is_empty() {
            break;
        }
        page.extend(batch);
    }
    page.truncate(count);
    if matches!(start, Start::Since(_)) {
        page.reverse();
    }
    Ok(Some(page))
}

/// Reads on and on from `start`, for callers that leave entries out: newest to oldest, with [`Start::Since`] oldest to
/// newest. `None` as with [`page`].
pub fn walk<'a>(read: &'a dyn Read, stream: Stream, start: Start) -> Result<Option<Walk<'a>>> {
    Walk::start(read, stream, start)
}

/// Deletes all records of the stream.
pub fn clear(tx: &mut dyn Tx, stream: Stream) -> Result<()> {
    for table in [
        Table::StreamHead,
        Table::StreamChunk,
        Table::StreamAnchor,
        Table::StreamEdge,
        Table::StreamRemoved,
    ] {
        let prefix = layout::key(table, stream);
        loop {
            let found = tx.scan(&prefix, &prefix.end(), CLEAR_RECORDS)?;
            for (key, _) in &found {
                tx.delete(key);
            }
            if found.len() < CLEAR_RECORDS {
                break;
            }
        }
    }
    Ok(())
}

/// Makes the tail the next chunk.
fn cut_off_chunk(tx: &mut dyn Tx, stream: Stream, head: &mut Head) -> Result<()> {
    layout::put_chunk(tx, stream, head.chunks, &head.tail);
    if !stream.is_set() {
        layout::put_anchor(tx, stream, head.chunks, head.base)?;
    }
    head.chunks += 1;
    head.base = head.highest;
    head.tail.clear();
    Ok(())
}

/// The chunk (or the tail, which has the number of the next one) that holds `thing`. If the stream is no set it may also
/// be the one that held `thing`, or would hold it had it come in order.
fn locate(read: &dyn Read, stream: Stream, head: &Head, thing: ThingId) -> Result<Option<u32>> {
    if head.tail.contains(&thing) {
        return Ok(Some(head.chunks));
    }
    if stream.is_set() {
        return layout::edge(read, stream, thing);
    }
    if thing > head.highest {
        return Ok(None);
    }
    if head.late > 0
        && let Some(number) = layout::edge(read, stream, thing)?
    {
        return Ok(Some(number));
    }
    if thing > head.base {
        return Ok(Some(head.chunks));
    }
    layout::anchor(read, stream, thing)
}

/// Whether the stream, which is no set, holds `thing`.
fn holds(read: &dyn Read, stream: Stream, head: &Head, thing: ThingId) -> Result<bool> {
    match locate(read, stream, head, thing)? {
        Some(number) if number == head.chunks => Ok(head.tail.contains(&thing)),
        Some(number) => Ok(layout::chunk(read, stream, number)?.contains(&thing)),
        None => Ok(false),
    }
}
