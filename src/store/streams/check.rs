//! Whether the records of a stream can be read and fit together, for `store/check.rs`.

use super::layout::{self, CHUNK_ENTRIES, Head};
use crate::ids::ThingId;
use crate::store::engine::{Error, Read, Result, each_page};
use crate::store::keys::{KeyBytes, Stream, StreamKind, Table};

/// The tables of streams.
pub const TABLES: [Table; 5] = [
    Table::StreamHead,
    Table::StreamChunk,
    Table::StreamAnchor,
    Table::StreamEdge,
    Table::StreamRemoved,
];

/// Chunks that are read at once.
const BATCH_CHUNKS: usize = 64;

/// Edges that are read at once.
const BATCH_EDGES: usize = 256;

/// The stream of a record, if the record can be read.
pub fn readable(table: Table, key: &[u8], value: &[u8]) -> Result<Stream> {
    let damaged = || Error::Corrupt(format!("a record of a stream ({table:?}) cannot be read"));
    let (_, rest) = key.split_first().ok_or_else(damaged)?;
    let (owner, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let kind = rest.first().and_then(|kind| StreamKind::of(*kind));
    let stream = Stream::of(ThingId::from_bytes(*owner), kind.ok_or_else(damaged)?);
    if layout::is_readable(table, value) {
        Ok(stream)
    } else {
        Err(damaged())
    }
}

/// All entries, newest chunk first.
pub fn entries(from: &dyn Read, stream: Stream) -> Result<Vec<ThingId>> {
    let head = Head::read(from, stream)?;
    let mut entries = head.tail;
    let mut next = head.chunks.checked_sub(1);
    while let Some(newest) = next {
        let found = layout::chunks(from, stream, (0, newest), BATCH_CHUNKS)?;
        next = match found.last() {
            Some((last, _)) if found.len() == BATCH_CHUNKS => last.checked_sub(1),
            _ => None,
        };
        for (_, chunk) in found {
            entries.extend(chunk);
        }
    }
    Ok(entries)
}

/// What is wrong with a stream that has these entries, as the rest of sentences that begin with its name.
pub fn check(from: &dyn Read, stream: Stream, entries: &[ThingId]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let head = Head::read(from, stream)?;
    let (said, counted) = (head.total(), entries.len() as u64);
    if said != counted {
        findings.push(format!("should have {said} entries and has {counted}"));
    }
    if head.tail.len() > CHUNK_ENTRIES {
        findings.push("has a head that is too full".to_owned());
    }
    let mut sorted = entries.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let twice = entries.len() - sorted.len();
    if twice > 0 {
        findings.push(format!("has {twice} entries twice"));
    }
    if sorted.last() > Some(&head.highest) {
        findings.push("has an entry that is larger than its largest".to_owned());
    }
    let edges = edges(from, stream)?;
    if stream.is_set() {
        if edges != sorted {
            findings.push(format!(
                "has {} entries and {} edges, or edges of other entries",
                sorted.len(),
                edges.len()
            ));
        }
    } else {
        let strangers = edges
            .iter()
            .filter(|edge| sorted.binary_search(edge).is_err());
        let strangers = strangers.count();
        if strangers > 0 || edges.len() as u64 != head.late {
            findings.push(format!(
                "has {} late entries, {} edges, and {strangers} edges of other entries",
                head.late,
                edges.len()
            ));
        }
    }
    Ok(findings)
}

/// The things that have an edge, in ascending order.
fn edges(from: &dyn Read, stream: Stream) -> Result<Vec<ThingId>> {
    let prefix: KeyBytes = layout::key(Table::StreamEdge, stream);
    let mut edges = Vec::new();
    each_page(from, &prefix, &prefix.end(), BATCH_EDGES, |page| {
        let things = page
            .iter()
            .filter_map(|(key, _)| key.last_chunk().map(|id| ThingId::from_bytes(*id)));
        edges.extend(things);
        Ok(())
    })?;
    Ok(edges)
}
