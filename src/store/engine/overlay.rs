//! Writes that sled does not hold yet, and the view through them that a change sees: the change's own journal, over the
//! group that gathers, over the group that is being applied, over sled. Pure lookups; who seals and applies is
//! [`super::committer`].

use super::cache::RecordCache;
use super::{Error, Read, Result, Tx};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::iter::Peekable;

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 1024;

/// Longest value, in bytes. Sixteen records share a page, and a page over 128 KiB becomes a file of its own that costs
/// two more syncs: records of more than 7 KiB should be rare.
pub const VALUE_BYTES_MAX: usize = 1024 * 1024;

/// How often a page is touched to read one record from it. Sled compares what it keeps in memory with its bound only after
/// 64 touches of pages in the same of 256 groups; touched once each, some 10 000 pages stay whatever the bound is. A page
/// that was just touched is cheap to touch again.
const TOUCHES: usize = 4;

/// A value, or the fact that the key was removed.
pub(super) type Change = Option<Bytes>;

/// Changed keys in order.
#[derive(Default)]
pub(super) struct Overlay {
    changes: BTreeMap<Bytes, Change>,
    bytes: usize,
}

impl Overlay {
    /// What was done to a key, if anything.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Change> {
        self.changes.get(key)
    }

    /// Every change in the order of keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, &Change)> {
        self.changes.iter()
    }

    /// Whether nothing was changed.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Bytes of the keys and values in it; what was overwritten counts too.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts the changes of `newer` over these.
    pub(super) fn merge(&mut self, newer: Overlay) {
        self.bytes += newer.bytes;
        self.changes.extend(newer.changes);
    }

    fn set(&mut self, key: &[u8], change: Change) {
        self.bytes += key.len() + change.as_ref().map_or(0, Bytes::len);
        self.changes.insert(Bytes::copy_from_slice(key), change);
    }

    fn range(&self, start: &[u8], end: &[u8]) -> impl Iterator<Item = (&Bytes, &Change)> {
        use std::ops::Bound::{Excluded, Included};
        self.changes
            .range::<[u8], _>((Included(start), Excluded(end)))
    }
}

/// What a change reads and writes.
pub(super) struct View<'a> {
    journal: Overlay,
    /// Newest first.
    below: [&'a Overlay; 2],
    tree: &'a ::sled::Tree,
    cache: &'a RecordCache,
}

impl<'a> View<'a> {
    /// An empty journal over `below` (newest first) over `tree`, whose records `cache` remembers.
    pub(super) fn new(
        tree: &'a ::sled::Tree,
        cache: &'a RecordCache,
        below: [&'a Overlay; 2],
    ) -> View<'a> {
        View {
            journal: Overlay::default(),
            below,
            tree,
            cache,
        }
    }

    /// What the change wrote, unless a key or a value is over its bound.
    pub(super) fn into_journal(self) -> Result<Overlay> {
        for (key, change) in self.journal.iter() {
            if key.len() > KEY_BYTES_MAX
                || change
                    .as_ref()
                    .is_some_and(|value| value.len() > VALUE_BYTES_MAX)
            {
                return Err(Error::Refused(crate::error::Error::TooLarge(
                    "This is too large to store.".to_owned(),
                )));
            }
        }
        Ok(self.journal)
    }
}

impl Read for View<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        for layer in [&self.journal, self.below[0], self.below[1]] {
            if let Some(change) = layer.get(key) {
                return Ok(change.clone());
            }
        }
        if let Some(known) = self.cache.get(key) {
            return Ok(known);
        }
        let value = get(self.tree, key)?;
        self.cache.put(key, value.clone());
        Ok(value)
    }

    fn scan(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>> {
        if start >= end {
            return Ok(Vec::new());
        }
        let mut layers: Vec<Layer<'_>> = Vec::new();
        for overlay in [&self.journal, self.below[0], self.below[1]] {
            if overlay.range(start, end).next().is_none() {
                continue;
            }
            let changes = overlay
                .range(start, end)
                .map(|(key, change)| Ok((key.clone(), change.clone())));
            layers.push((Box::new(changes) as Box<dyn Iterator<Item = _>>).peekable());
        }
        if layers.is_empty() {
            return pairs(self.tree, start, end).take(limit).collect();
        }
        let pairs = pairs(self.tree, start, end).map(|pair| {
            let (key, value) = pair?;
            Ok((key, Some(value)))
        });
        layers.push((Box::new(pairs) as Box<dyn Iterator<Item = _>>).peekable());
        merge(&mut layers, limit)
    }
}

impl Tx for View<'_> {
    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.journal.set(key, Some(Bytes::copy_from_slice(value)));
    }

    fn delete(&mut self, key: &[u8]) {
        self.journal.set(key, None);
    }
}

/// A value as sled has it.
fn get(tree: &::sled::Tree, key: &[u8]) -> Result<Option<Bytes>> {
    let value = tree.get(key)?;
    for _ in 1..TOUCHES {
        tree.contains_key(key)?;
    }
    Ok(value.map(|value| Bytes::copy_from_slice(&value)))
}

/// Pairs as sled has them.
fn pairs(
    tree: &::sled::Tree,
    start: &[u8],
    end: &[u8],
) -> impl Iterator<Item = Result<(Bytes, Bytes)>> + use<> {
    tree.range(start..end).map(|pair| {
        let (key, value) = pair?;
        Ok((Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value)))
    })
}

type Layer<'a> = Peekable<Box<dyn Iterator<Item = Result<(Bytes, Change)>> + 'a>>;

/// The first `limit` pairs of layers that each ascend; of one key in several layers the first layer's change counts.
fn merge(layers: &mut [Layer<'_>], limit: usize) -> Result<Vec<(Bytes, Bytes)>> {
    let mut found = Vec::new();
    while found.len() < limit {
        let mut least: Option<Bytes> = None;
        for layer in layers.iter_mut() {
            match layer.peek() {
                Some(Ok((key, _))) if least.as_ref().is_none_or(|least| key < least) => {
                    least = Some(key.clone());
                }
                Some(Err(_)) => {
                    layer.next().transpose()?;
                }
                _ => {}
            }
        }
        let Some(key) = least else { break };
        let mut newest: Option<Change> = None;
        for layer in layers.iter_mut() {
            if let Some(Ok((_, change))) =
                layer.next_if(|entry| entry.as_ref().is_ok_and(|(other, _)| *other == key))
            {
                newest.get_or_insert(change);
            }
        }
        if let Some(Some(value)) = newest {
            found.push((key, value));
        }
    }
    Ok(found)
}
