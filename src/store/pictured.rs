//! The posts with pictures that somebody made or got, by the month in which they were posted: what the page of photos reads.
//! A month is a few records of [`CHUNK_ENTRIES`] entries, so that adding one writes a few hundred bytes, and a page reads
//! what it shows. What is deleted meanwhile stays until a page comes by it.
//!
//! ```text
//! f user(6) whose(1) !month(4) !chunk(4) → chunk of posts, newest chunk first
//! ```

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::ThingId;
use serde::{Deserialize, Serialize};

/// Entries of a full chunk.
const CHUNK_ENTRIES: usize = 64;

/// Most chunks of one month that are read: 16 thousand posts.
const CHUNKS_MAX: usize = 256;

/// Records that [`clear`] takes at once.
const CLEAR_RECORDS: usize = 256;

/// Which of somebody's posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Whose {
    /// Everything that the person sees.
    Everyones = 0,
    /// What the person posted.
    Own = 1,
}

/// A month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(u32);

/// A post with pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// When it was posted.
    pub at: Timestamp,
    /// The object that shows the pictures.
    pub post: ThingId,
}

/// Entries of one month, in the order in which they came.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Chunk(Vec<Entry>);

impl Record for Chunk {
    const NAME: &'static str = "posts with pictures";
    const VERSION: u8 = 1;
}

impl Month {
    /// The month of a time; times that no calendar has are of the first month.
    pub fn of(at: Timestamp) -> Month {
        Month::parse(at.day().get(..7).unwrap_or_default()).unwrap_or(Month(0))
    }

    /// Reads `2026-11`.
    pub fn parse(text: &str) -> Option<Month> {
        let (year, month) = text.split_once('-')?;
        let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
        ((1..=12).contains(&month) && year <= 9999).then(|| Month(year * 12 + month - 1))
    }

    /// The year.
    pub fn year(self) -> u32 {
        self.0 / 12
    }

    /// The month in its year, from 1 on.
    pub fn number(self) -> u8 {
        (self.0 % 12) as u8 + 1
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

/// Adds a post for a person; false, and nothing changes, if it is there.
pub fn add(tx: &mut dyn Tx, person: ThingId, whose: Whose, entry: Entry) -> Result<bool> {
    let month = Month::of(entry.at);
    let chunks = chunks(tx, person, whose, month)?;
    let is_known = |(_, chunk): &(u32, Chunk)| chunk.0.iter().any(|known| known.post == entry.post);
    if chunks.iter().any(is_known) {
        return Ok(false);
    }
    let (number, mut newest) = match chunks.into_iter().next() {
        Some((number, chunk)) if chunk.0.len() < CHUNK_ENTRIES => (number, chunk),
        Some((number, _)) => (number.saturating_add(1), Chunk(Vec::new())),
        None => (0, Chunk(Vec::new())),
    };
    newest.0.push(entry);
    record::put(
        tx,
        &month_key(person, whose, month).descending(number),
        &newest,
    );
    Ok(true)
}

/// Takes posts of a month out, which are gone.
pub fn remove(
    tx: &mut dyn Tx,
    person: ThingId,
    whose: Whose,
    month: Month,
    gone: &[ThingId],
) -> Result<()> {
    for (number, mut chunk) in chunks(tx, person, whose, month)? {
        let before = chunk.0.len();
        chunk.0.retain(|entry| !gone.contains(&entry.post));
        let key = month_key(person, whose, month).descending(number);
        match chunk.0.len() {
            0 => tx.delete(&key),
            left if left < before => record::put(tx, &key, &chunk),
            _ => {}
        }
    }
    Ok(())
}

/// The posts of a month, newest first.
pub fn of_month(
    from: &dyn Read,
    person: ThingId,
    whose: Whose,
    month: Month,
) -> Result<Vec<Entry>> {
    let chunks = chunks(from, person, whose, month)?;
    let mut entries: Vec<Entry> = chunks.into_iter().flat_map(|(_, chunk)| chunk.0).collect();
    entries.sort_unstable_by(|one, other| other.cmp(one));
    Ok(entries)
}

/// The months that have posts, newest first, from `newest` on, at most `limit`; one record is read for each.
pub fn months(
    from: &dyn Read,
    person: ThingId,
    whose: Whose,
    newest: Option<Month>,
    limit: usize,
) -> Result<Vec<Month>> {
    let table = key(person, whose);
    let mut start = match newest {
        Some(month) => table.clone().descending(month.0),
        None => table.clone(),
    };
    let mut found = Vec::new();
    while found.len() < limit {
        let pairs = from.scan(&start, &table.end(), 1)?;
        let number = |key: &[u8]| key.get(table.len()..)?.first_chunk().copied();
        let Some(number) = pairs.first().and_then(|(key, _)| number(key)) else {
            break;
        };
        let month = !u32::from_be_bytes(number);
        found.push(Month(month));
        let Some(before) = month.checked_sub(1) else {
            break;
        };
        start = table.clone().descending(before);
    }
    Ok(found)
}

/// Forgets all of it, because the person is gone.
pub fn clear(tx: &mut dyn Tx, person: ThingId) -> Result<()> {
    let prefix = KeyBytes::of(Table::Pictured).thing(person);
    loop {
        let found = tx.scan(&prefix, &prefix.end(), CLEAR_RECORDS)?;
        found.iter().for_each(|(key, _)| tx.delete(key));
        if found.len() < CLEAR_RECORDS {
            return Ok(());
        }
    }
}

/// The chunks of a month with their numbers, newest first.
fn chunks(
    from: &dyn Read,
    person: ThingId,
    whose: Whose,
    month: Month,
) -> Result<Vec<(u32, Chunk)>> {
    let prefix = month_key(person, whose, month);
    let number = |rest: &[u8]| rest.try_into().ok().map(|bytes| !u32::from_be_bytes(bytes));
    record::list(from, &prefix, &prefix, CHUNKS_MAX, number)
}

fn month_key(person: ThingId, whose: Whose, month: Month) -> KeyBytes {
    key(person, whose).descending(month.0)
}

fn key(person: ThingId, whose: Whose) -> KeyBytes {
    KeyBytes::of(Table::Pictured)
        .thing(person)
        .part(whose as u8)
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_ENTRIES, Entry, Month, Whose, add, clear, months, of_month, remove};
    use crate::clock::Timestamp;
    use crate::ids::ThingId;
    use crate::store::Store;
    use crate::store::engine::memory::MemoryEngine;

    const ANN: ThingId = ThingId(7);

    fn entry(day: &str, post: u64) -> Entry {
        let at = Timestamp::parse(&format!("{day}T12:00:00Z")).expect("a day");
        Entry {
            at,
            post: ThingId(post),
        }
    }

    #[test]
    fn months_are_told_newest_first_and_posts_by_their_time() {
        let store = Store::on(Box::new(MemoryEngine::default())).expect("a store");
        let days = ["2026-11-20", "2025-02-01", "2026-11-02", "1969-07-20"];
        let write = |tx: &mut dyn crate::store::engine::Tx| {
            for (number, day) in days.iter().enumerate() {
                assert!(add(tx, ANN, Whose::Everyones, entry(day, number as u64))?);
                assert!(!add(tx, ANN, Whose::Everyones, entry(day, number as u64))?);
            }
            for number in 0..2 * CHUNK_ENTRIES as u64 + 1 {
                add(tx, ANN, Whose::Own, entry("2024-05-05", number))?;
            }
            add(tx, ThingId(8), Whose::Everyones, entry("2027-01-01", 1))
        };
        store.write(write).expect("written");
        let told = |whose, from: Option<&str>| -> Vec<String> {
            let from = from.and_then(Month::parse);
            let found = months(&store, ANN, whose, from, 9).expect("readable");
            found.iter().map(Month::to_string).collect()
        };
        assert_eq!(
            told(Whose::Everyones, None),
            ["2026-11", "2025-02", "1969-07"]
        );
        assert_eq!(
            told(Whose::Everyones, Some("2026-10")),
            ["2025-02", "1969-07"]
        );
        assert_eq!(told(Whose::Own, None), ["2024-05"]);
        let november = Month::parse("2026-11").expect("a month");
        let posts = of_month(&store, ANN, Whose::Everyones, november).expect("readable");
        assert_eq!(
            posts.iter().map(|entry| entry.post.0).collect::<Vec<_>>(),
            [0, 2]
        );
        let may = Month::parse("2024-05").expect("a month");
        let own = |store: &Store| {
            of_month(store, ANN, Whose::Own, may)
                .expect("readable")
                .len()
        };
        assert_eq!(own(&store), 2 * CHUNK_ENTRIES + 1);
        let gone: Vec<ThingId> = (0..CHUNK_ENTRIES as u64 + 3).map(ThingId).collect();
        store
            .write(|tx| remove(tx, ANN, Whose::Own, may, &gone))
            .expect("written");
        assert_eq!(own(&store), CHUNK_ENTRIES - 2);
        store.write(|tx| clear(tx, ANN)).expect("written");
        assert!(told(Whose::Own, None).is_empty() && told(Whose::Everyones, None).is_empty());
    }

    #[test]
    fn months_are_read_as_they_are_written() {
        for month in ["2026-11", "0001-01", "9999-12"] {
            assert_eq!(Month::parse(month).expect("a month").to_string(), month);
        }
        for nonsense in ["", "2026", "2026-13", "2026-00", "x-1", "99999-01"] {
            assert_eq!(Month::parse(nonsense), None, "{nonsense}");
        }
    }
}
