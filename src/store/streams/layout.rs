//! What the records of a stream look like: keys, and bytes written by hand, because a server holds more of these than of
//! anything else. Numbers are LEB128; a thing is written as the zigzag difference from the one before it, so an entry
//! that follows another within a day takes three or four bytes. Each record starts with a version byte.

use crate::ids::ThingId;
use crate::store::engine::{Error, Read, Result, Tx};
use crate::store::keys::{KeyBytes, Stream, Table};

/// Entries of a full chunk, and the most that a head holds. Part of the layout: positions are computed from it.
/// Two million entries in a thousand streams are 34 thousand records and 147 bytes written an append; with half as many
/// in a chunk it would be 67 thousand and 89.
pub(super) const CHUNK_ENTRIES: usize = 64;

/// Chunks that share one anchor record.
const ANCHOR_CHUNKS: usize = 16;

/// Chunks that share one record of removals, with a byte each. Part of the layout.
pub(super) const BLOCK_CHUNKS: u32 = 256;

/// The version byte of all records here.
const VERSION: u8 = 1;

/// The id that every real one is larger than.
const NOTHING: ThingId = ThingId(0);

/// What is known of a stream as a whole, with its newest entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// How many chunks were ever made: the number that the tail will have as a chunk.
    pub(super) chunks: u32,
    /// How many entries were removed from chunks.
    pub(super) removed: u64,
    /// How many entries of a stream that is no set have an edge, because they came after a larger id.
    pub(super) late: u64,
    /// The largest id that was appended before the tail.
    pub(super) base: ThingId,
    /// The largest id that was ever appended.
    pub(super) highest: ThingId,
    /// The newest entries, oldest first.
    pub(super) tail: Vec<ThingId>,
}

impl Head {
    /// The head of a stream that never had an entry.
    pub(super) const EMPTY: Head = Head {
        chunks: 0,
        removed: 0,
        late: 0,
        base: NOTHING,
        highest: NOTHING,
        tail: Vec::new(),
    };

    /// The head of `stream`; of an unknown one, an empty head.
    pub(super) fn read(from: &dyn Read, stream: Stream) -> Result<Head> {
        match from.get(&key(Table::StreamHead, stream))? {
            Some(bytes) => Head::decode(&bytes).ok_or_else(|| damaged("head", stream)),
            None => Ok(Head::EMPTY),
        }
    }

    /// Writes the head of `stream`. The head of a set that never had a chunk goes with its last entry.
    pub(super) fn put(&self, tx: &mut dyn Tx, stream: Stream) {
        let key = key(Table::StreamHead, stream);
        if stream.is_set() && self.chunks == 0 && self.tail.is_empty() {
            tx.delete(&key);
        } else {
            tx.put(&key, &self.encode());
        }
    }

    /// How many entries the stream has.
    pub(super) fn total(&self) -> u64 {
        (u64::from(self.chunks) * CHUNK_ENTRIES as u64).saturating_sub(self.removed)
            + self.tail.len() as u64
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_number(&mut out, u64::from(self.chunks));
        put_number(&mut out, self.removed);
        put_number(&mut out, self.late);
        put_things(&mut out, NOTHING, &[self.base, self.highest]);
        put_things(&mut out, self.highest, &self.tail);
        out
    }

    fn decode(bytes: &[u8]) -> Option<Head> {
        let mut rest = body(bytes)?;
        let chunks = u32::try_from(take_number(&mut rest)?).ok()?;
        let removed = take_number(&mut rest)?;
        let late = take_number(&mut rest)?;
        let base = take_thing(&mut rest, NOTHING)?;
        let highest = take_thing(&mut rest, base)?;
        let tail = take_things(rest, highest)?;
        Some(Head {
            chunks,
            removed,
            late,
            base,
            highest,
            tail,
        })
    }
}

/// Writes chunk `number`; one without entries goes.
pub(super) fn put_chunk(tx: &mut dyn Tx, stream: Stream, number: u32, entries: &[ThingId]) {
    let key = chunk_key(stream, number);
    if entries.is_empty() {
        return tx.delete(&key);
    }
    let mut out = vec![VERSION];
    put_things(&mut out, NOTHING, entries);
    tx.put(&key, &out);
}

/// The entries of chunk `number`, oldest first; none if it is gone.
pub(super) fn chunk(from: &dyn Read, stream: Stream, number: u32) -> Result<Vec<ThingId>> {
    match from.get(&chunk_key(stream, number))? {
        Some(bytes) => chunk_entries(&bytes).ok_or_else(|| damaged("chunk", stream)),
        None => Ok(Vec::new()),
    }
}

/// At most `limit` of the chunks `oldest..=newest` that still have entries, newest first, each with its number.
pub(super) fn chunks(
    from: &dyn Read,
    stream: Stream,
    (oldest, newest): (u32, u32),
    limit: usize,
) -> Result<Vec<(u32, Vec<ThingId>)>> {
    let start = chunk_key(stream, newest);
    let end = match oldest.checked_sub(1) {
        Some(before) => chunk_key(stream, before).to_vec(),
        None => key(Table::StreamChunk, stream).end(),
    };
    let read = |(key, bytes): (bytes::Bytes, bytes::Bytes)| {
        Some((number_of(&key)?, chunk_entries(&bytes)?))
    };
    let found = from.scan(&start, &end, limit)?;
    let found: Option<Vec<_>> = found.into_iter().map(read).collect();
    found.ok_or_else(|| damaged("chunk", stream))
}

/// Notes that chunk `number`, the newest one, follows on `base`. Chunks with the base of their successor hold nothing but
/// late entries, which have edges: so a record may take the place of one with the same base.
pub(super) fn put_anchor(
    tx: &mut dyn Tx,
    stream: Stream,
    number: u32,
    base: ThingId,
) -> Result<()> {
    let (first, mut bases) = match anchors_before(tx, stream, ThingId::MAX)? {
        Some((first, bases)) if bases.len() < ANCHOR_CHUNKS => (first, bases),
        _ => (number, Vec::new()),
    };
    bases.push(base);
    let mut out = vec![VERSION];
    put_number(&mut out, u64::from(first));
    put_things(&mut out, NOTHING, &bases);
    tx.put(
        &key(Table::StreamAnchor, stream).thing_descending(bases[0]),
        &out,
    );
    Ok(())
}

/// The newest chunk that follows on a smaller id than `thing`: the one that holds `thing`, if it came in order.
pub(super) fn anchor(from: &dyn Read, stream: Stream, thing: ThingId) -> Result<Option<u32>> {
    let Some(below) = thing.0.checked_sub(1) else {
        return Ok(None);
    };
    let found = anchors_before(from, stream, ThingId(below))?;
    Ok(found.map(|(first, bases)| {
        let follows = bases.partition_point(|base| *base < thing);
        first.saturating_add((follows.max(1) - 1) as u32)
    }))
}

/// The anchor record with the largest first base up to `base`: the number of its first chunk, and its bases.
fn anchors_before(
    from: &dyn Read,
    stream: Stream,
    base: ThingId,
) -> Result<Option<(u32, Vec<ThingId>)>> {
    let prefix = key(Table::StreamAnchor, stream);
    let start = prefix.clone().thing_descending(base);
    match from.scan(&start, &prefix.end(), 1)?.first() {
        Some((_, bytes)) => anchor_bases(bytes)
            .map(Some)
            .ok_or_else(|| damaged("anchor", stream)),
        None => Ok(None),
    }
}

/// Notes that `thing` is in chunk `number`, or in the tail that will be it.
pub(super) fn put_edge(tx: &mut dyn Tx, stream: Stream, thing: ThingId, number: u32) {
    let mut out = vec![VERSION];
    put_number(&mut out, u64::from(number));
    tx.put(&edge_key(stream, thing), &out);
}

/// The chunk (or the tail that will be it) that holds `thing`, if it has an edge.
pub(super) fn edge(from: &dyn Read, stream: Stream, thing: ThingId) -> Result<Option<u32>> {
    match from.get(&edge_key(stream, thing))? {
        Some(bytes) => edge_chunk(&bytes)
            .map(Some)
            .ok_or_else(|| damaged("edge", stream)),
        None => Ok(None),
    }
}

/// Forgets where `thing` is; false if it had no edge.
pub(super) fn delete_edge(tx: &mut dyn Tx, stream: Stream, thing: ThingId) -> Result<bool> {
    let key = edge_key(stream, thing);
    let held = tx.get(&key)?.is_some();
    if held {
        tx.delete(&key);
    }
    Ok(held)
}

/// Counts one more removed entry of chunk `number`.
pub(super) fn count_removed(tx: &mut dyn Tx, stream: Stream, number: u32) -> Result<()> {
    let key = key(Table::StreamRemoved, stream).descending(number / BLOCK_CHUNKS);
    let mut out = match tx.get(&key)? {
        Some(bytes) => bytes.to_vec(),
        None => vec![VERSION],
    };
    let place = 1 + (number % BLOCK_CHUNKS) as usize;
    out.resize(out.len().max(place + 1), 0);
    out[place] = out[place].saturating_add(1);
    tx.put(&key, &out);
    Ok(())
}

/// At most `limit` blocks of chunks below block `below` from which something was removed, newest first: the number of the
/// block, and how many entries its first, second … chunk lost (missing at the end: none).
pub(super) fn removed_blocks(
    from: &dyn Read,
    stream: Stream,
    below: u32,
    limit: usize,
) -> Result<Vec<(u32, Vec<u8>)>> {
    let Some(newest) = below.checked_sub(1) else {
        return Ok(Vec::new());
    };
    let prefix = key(Table::StreamRemoved, stream);
    let start = prefix.clone().descending(newest);
    let read = |(key, bytes): (bytes::Bytes, bytes::Bytes)| {
        Some((number_of(&key)?, body(&bytes)?.to_vec()))
    };
    let found = from.scan(&start, &prefix.end(), limit)?;
    let found: Option<Vec<_>> = found.into_iter().map(read).collect();
    found.ok_or_else(|| damaged("record of removals", stream))
}

/// Whether the value of a record of `table` can be read.
pub(super) fn is_readable(table: Table, bytes: &[u8]) -> bool {
    match table {
        Table::StreamHead => Head::decode(bytes).is_some(),
        Table::StreamChunk => chunk_entries(bytes).is_some(),
        Table::StreamAnchor => anchor_bases(bytes).is_some(),
        Table::StreamEdge => edge_chunk(bytes).is_some(),
        _ => body(bytes).is_some(),
    }
}

/// The key of the record, or the beginning of the keys of the records, that `table` has for `stream`.
pub(super) fn key(table: Table, stream: Stream) -> KeyBytes {
    KeyBytes::of(table).stream(stream)
}

fn chunk_key(stream: Stream, number: u32) -> KeyBytes {
    key(Table::StreamChunk, stream).descending(number)
}

fn edge_key(stream: Stream, thing: ThingId) -> KeyBytes {
    key(Table::StreamEdge, stream).thing(thing)
}

/// The descending number at the end of a key.
fn number_of(key: &[u8]) -> Option<u32> {
    key.last_chunk().map(|bytes| !u32::from_be_bytes(*bytes))
}

fn chunk_entries(bytes: &[u8]) -> Option<Vec<ThingId>> {
    take_things(body(bytes)?, NOTHING)
}

/// The number of the first chunk of an anchor record, and its bases.
fn anchor_bases(bytes: &[u8]) -> Option<(u32, Vec<ThingId>)> {
    let mut rest = body(bytes)?;
    let first = u32::try_from(take_number(&mut rest)?).ok()?;
    Some((first, take_things(rest, NOTHING)?))
}

fn edge_chunk(bytes: &[u8]) -> Option<u32> {
    u32::try_from(take_number(&mut body(bytes)?)?).ok()
}

/// What follows the version byte.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let (version, body) = bytes.split_first()?;
    (*version == VERSION).then_some(body)
}

fn damaged(what: &str, stream: Stream) -> Error {
    let Stream { owner, kind } = stream;
    Error::Corrupt(format!(
        "a {what} of the stream {kind:?} of thing {} cannot be read",
        owner.0
    ))
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn put_things(out: &mut Vec<u8>, mut before: ThingId, things: &[ThingId]) {
    for thing in things {
        let step = thing.0 as i64 - before.0 as i64;
        put_number(out, (step << 1 ^ step >> 63) as u64);
        before = *thing;
    }
}

fn take_thing(rest: &mut &[u8], before: ThingId) -> Option<ThingId> {
    let zigzag = take_number(rest)?;
    let step = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
    let thing = u64::try_from((before.0 as i64).checked_add(step)?).ok()?;
    (thing <= ThingId::MAX.0).then_some(ThingId(thing))
}

fn take_things(mut rest: &[u8], mut before: ThingId) -> Option<Vec<ThingId>> {
    let mut things = Vec::with_capacity(rest.len().min(4 * CHUNK_ENTRIES) / 3);
    while !rest.is_empty() {
        before = take_thing(&mut rest, before)?;
        things.push(before);
    }
    Some(things)
}

#[cfg(test)]
mod tests {
    use super::{Head, put_number, put_things, take_number, take_things};
    use crate::ids::ThingId;

    #[test]
    fn numbers_and_things_round_trip() {
        for number in [0, 1, 127, 128, 1 << 35, u64::MAX] {
            let mut out = Vec::new();
            put_number(&mut out, number);
            assert_eq!(take_number(&mut &out[..]), Some(number));
        }
        let things = [5, 5, 4, ThingId::MAX.0, 0, 1 << 40].map(ThingId);
        let mut out = Vec::new();
        put_things(&mut out, ThingId(9), &things);
        assert_eq!(take_things(&out, ThingId(9)), Some(things.to_vec()));
    }

    #[test]
    fn a_head_round_trips_and_is_small() {
        let id = |minutes: u64| ThingId(1_795_217_913_123 + minutes * 60_000);
        let head = Head {
            chunks: 300,
            removed: 7,
            late: 2,
            base: id(0),
            highest: id(320),
            tail: (1..=32).map(|n| id(n * 10)).collect(),
        };
        let bytes = head.encode();
        assert_eq!(Head::decode(&bytes), Some(head));
        assert!(bytes.len() < 120, "{} bytes", bytes.len());
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let cut_short = [1, 0, 0, 0, 0x80];
        let negative = [1, 0, 0, 0, 1, 0];
        let unknown_version = [2, 0, 0, 0, 0, 0];
        let endless = [
            1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        ];
        for bytes in [&[][..], &cut_short, &negative, &unknown_version, &endless] {
            assert_eq!(Head::decode(bytes), None, "{bytes:?}");
        }
    }
}
