//! Reading a stream from a place on, in batches of bounded size. A walk goes by the head as it was at its start: what is
//! appended meanwhile it does not see, what is removed meanwhile it may or may not see.

use super::layout::{self, BLOCK_CHUNKS, CHUNK_ENTRIES, Head};
use super::{Start, locate};
use crate::ids::ThingId;
use crate::store::engine::{Read, Result};
use crate::store::keys::Stream;

/// Most chunks that one batch reads.
const BATCH_CHUNKS_MAX: usize = 8;

/// Records of removals that are read at once: 64 of them tell of a million entries.
const REMOVED_BLOCKS: usize = 64;

/// A place in a stream that moves on with each batch.
pub struct Walk<'a> {
    read: &'a dyn Read,
    stream: Stream,
    head: Head,
    toward: Toward,
    /// The chunk to read next; the number after the last chunk means the tail.
    next: Option<u32>,
    /// Where in the chunk that is read next the walk starts.
    cut: Cut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Toward {
    Older,
    Newer,
}

/// A place in one chunk.
#[derive(Clone, Copy)]
enum Cut {
    /// At its end that is reached first.
    None,
    /// After that many of its newest entries.
    Skip(usize),
    /// At this thing, which belongs to neither side.
    At(ThingId),
}

impl<'a> Walk<'a> {
    /// A walk from `start` on; `None` if the stream does not know the anchor.
    pub(super) fn start(
        read: &'a dyn Read,
        stream: Stream,
        start: Start,
    ) -> Result<Option<Walk<'a>>> {
        let head = Head::read(read, stream)?;
        let (toward, next, cut) = match start {
            Start::Newest => (Toward::Older, Some(head.chunks), Cut::None),
            Start::Offset(skip) => match at_offset(read, stream, &head, skip)? {
                Some((number, skip)) => (Toward::Older, Some(number), Cut::Skip(skip)),
                None => (Toward::Older, None, Cut::None),
            },
            Start::Before(thing) | Start::Since(thing) => {
                let Some(number) = locate(read, stream, &head, thing)? else {
                    return Ok(None);
                };
                let toward = match start {
                    Start::Since(_) => Toward::Newer,
                    _ => Toward::Older,
                };
                (toward, Some(number), Cut::At(thing))
            }
        };
        Ok(Some(Walk {
            read,
            stream,
            head,
            toward,
            next,
            cut,
        }))
    }

    /// The next entries in the order of the walk, at the end none. `want` says how many the caller can use: a few less or
    /// more come, never more than some hundred.
    pub fn next_batch(&mut self, want: usize) -> Result<Vec<ThingId>> {
        let limit = (want.div_ceil(CHUNK_ENTRIES) + 1).min(BATCH_CHUNKS_MAX);
        let mut window = Window::of(limit);
        while let Some(number) = self.next {
            let batch = if number >= self.head.chunks {
                self.tail()
            } else if self.toward == Toward::Older {
                self.older_chunks(number, limit)?
            } else {
                self.newer_chunks(number, limit, &mut window)?
            };
            if !batch.is_empty() {
                return Ok(batch);
            }
        }
        Ok(Vec::new())
    }

    fn tail(&mut self) -> Vec<ThingId> {
        self.next = match self.toward {
            Toward::Older => self.head.chunks.checked_sub(1),
            Toward::Newer => None,
        };
        let mut batch = std::mem::take(&mut self.head.tail);
        self.cut_and_turn(&mut batch, true);
        self.cut = Cut::None;
        batch
    }

    fn older_chunks(&mut self, newest: u32, limit: usize) -> Result<Vec<ThingId>> {
        let found = layout::chunks(self.read, self.stream, (0, newest), limit)?;
        self.next = match found.last() {
            Some((last, _)) if found.len() == limit => last.checked_sub(1),
            _ => None,
        };
        Ok(self.joined(found, newest))
    }

    /// As chunks sort newest first, the next newer ones are looked for in a window of numbers.
    fn newer_chunks(
        &mut self,
        oldest: u32,
        limit: usize,
        window: &mut Window,
    ) -> Result<Vec<ThingId>> {
        let newest = oldest
            .saturating_add(window.chunks - 1)
            .min(self.head.chunks - 1);
        let mut found = layout::chunks(self.read, self.stream, (oldest, newest), limit)?;
        if found.len() == limit && window.chunks > limit as u32 {
            window.narrow();
            return Ok(Vec::new());
        }
        if found.is_empty() {
            window.go_on();
        }
        self.next = Some(newest + 1);
        found.reverse();
        Ok(self.joined(found, oldest))
    }

    /// The entries of chunks in the order of the walk; the cut is one of chunk `start`.
    fn joined(&mut self, found: Vec<(u32, Vec<ThingId>)>, start: u32) -> Vec<ThingId> {
        let mut batch = Vec::new();
        for (number, mut entries) in found {
            self.cut_and_turn(&mut entries, number == start);
            batch.extend(entries);
        }
        self.cut = Cut::None;
        batch
    }

    /// Brings the entries of a chunk, oldest first, into the order of the walk, without those on the wrong side of the cut.
    fn cut_and_turn(&self, entries: &mut Vec<ThingId>, cut: bool) {
        let older = match self.cut {
            Cut::At(thing) if cut => {
                let (older, newer) = split_at(entries, thing);
                if self.toward == Toward::Newer {
                    entries.drain(..newer);
                }
                older
            }
            Cut::Skip(skip) if cut => entries.len().saturating_sub(skip),
            _ => entries.len(),
        };
        if self.toward == Toward::Older {
            entries.truncate(older);
            entries.reverse();
        }
    }
}

/// How many chunk numbers are looked at together: twice as many each time as long as all those chunks are gone, and half as
/// many each time once there were more chunks than a batch takes. So a gap costs its logarithm.
struct Window {
    chunks: u32,
    least: u32,
    narrowing: bool,
}

impl Window {
    fn of(limit: usize) -> Window {
        Window {
            chunks: limit as u32,
            least: limit as u32,
            narrowing: false,
        }
    }

    fn narrow(&mut self) {
        self.narrowing = true;
        self.chunks = (self.chunks / 2).max(self.least);
    }

    fn go_on(&mut self) {
        if self.narrowing {
            self.narrow();
        } else {
            self.chunks = self.chunks.saturating_mul(2);
        }
    }
}

/// How many entries are older than `thing`, and after how many the newer ones begin. Without `thing` among them, those
/// before the first larger id are older: what came in order before `thing` has smaller ids, and so has what came late.
fn split_at(entries: &[ThingId], thing: ThingId) -> (usize, usize) {
    if let Some(place) = entries.iter().position(|entry| *entry == thing) {
        return (place, place + 1);
    }
    let larger = entries.iter().position(|entry| *entry > thing);
    let place = larger.unwrap_or(entries.len());
    (place, place)
}

/// The chunk or tail that holds the entry after the newest `skip`, and how many of its newest entries to skip.
fn at_offset(
    read: &dyn Read,
    stream: Stream,
    head: &Head,
    skip: u64,
) -> Result<Option<(u32, usize)>> {
    const FULL: u64 = CHUNK_ENTRIES as u64;
    if skip < head.tail.len() as u64 {
        return Ok(Some((head.chunks, skip as usize)));
    }
    if skip >= head.total() {
        return Ok(None);
    }
    let mut skip = skip - head.tail.len() as u64;
    // chunks below this number are not counted yet
    let mut below = head.chunks;
    let mut more = head.removed > 0;
    while more {
        let found =
            layout::removed_blocks(read, stream, below.div_ceil(BLOCK_CHUNKS), REMOVED_BLOCKS)?;
        more = found.len() == REMOVED_BLOCKS;
        for (block, removed) in found {
            let first = block.saturating_mul(BLOCK_CHUNKS);
            let end = first.saturating_add(BLOCK_CHUNKS).min(below);
            let untouched = u64::from(below - end) * FULL;
            if skip < untouched {
                more = false;
                break;
            }
            skip -= untouched;
            for number in (first..end).rev() {
                let lost = removed.get((number - first) as usize).copied();
                let held = FULL.saturating_sub(u64::from(lost.unwrap_or(0)));
                if skip < held {
                    return Ok(Some((number, skip as usize)));
                }
                skip -= held;
            }
            below = first;
        }
    }
    let back = skip / FULL + 1;
    let number = u64::from(below).checked_sub(back);
    Ok(number.map(|number| (number as u32, (skip % FULL) as usize)))
}
