//! An engine of the tests: a map in memory, with the same promises except the disk. It counts what is asked and written.

use super::{Durability, Engine, Error, Read, Result, Tx};
use bytes::Bytes;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

/// Ordered bytes in memory, for tests of one noun: readable and writable without an engine around it.
#[derive(Default)]
pub struct Memory {
    records: BTreeMap<Vec<u8>, Bytes>,
    /// What the open write replaced, to be put back if it fails.
    undo: Option<Vec<(Vec<u8>, Option<Bytes>)>>,
    /// Gets and scans so far.
    pub reads: Cell<usize>,
    /// Puts and deletes so far.
    pub writes: usize,
    /// Bytes of keys and values that were put so far.
    pub written_bytes: usize,
}

impl Memory {
    /// How many records there are.
    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// Bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        let size = |(key, value): (&Vec<u8>, &Bytes)| key.len() + value.len();
        self.records.iter().map(size).sum()
    }

    fn set(&mut self, key: &[u8], value: Option<Bytes>) {
        self.writes += 1;
        let before = match value {
            Some(value) => self.records.insert(key.to_vec(), value),
            None => self.records.remove(key),
        };
        if let Some(undo) = &mut self.undo {
            undo.push((key.to_vec(), before));
        }
    }
}

impl Read for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.records.get(key).cloned())
    }

    fn scan(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>> {
        self.reads.set(self.reads.get() + 1);
        if start >= end {
            return Ok(Vec::new());
        }
        let pair = |(key, value): (&Vec<u8>, &Bytes)| (Bytes::copy_from_slice(key), value.clone());
        let range = self.records.range(start.to_vec()..end.to_vec());
        Ok(range.take(limit).map(pair).collect())
    }
}

impl Tx for Memory {
    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.written_bytes += key.len() + value.len();
        self.set(key, Some(Bytes::copy_from_slice(value)));
    }

    fn delete(&mut self, key: &[u8]) {
        self.set(key, None);
    }
}

/// The engine on [`Memory`], for tests that need a whole store.
#[derive(Default)]
pub struct MemoryEngine {
    memory: Mutex<Memory>,
}

impl MemoryEngine {
    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().expect("no test panics inside a write")
    }
}

impl Read for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.lock().get(key)
    }

    fn scan(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>> {
        self.lock().scan(start, end, limit)
    }
}

impl Engine for MemoryEngine {
    fn write(
        &self,
        _: Durability,
        change: &mut dyn FnMut(&mut dyn Tx) -> Result<()>,
    ) -> Result<()> {
        let mut memory = self.lock();
        memory.undo = Some(Vec::new());
        let result = change(&mut *memory);
        let undo = memory.undo.take().unwrap_or_default();
        if result.is_err() {
            for (key, before) in undo.into_iter().rev() {
                memory.set(&key, before);
            }
            return result;
        }
        Ok(())
    }

    fn export(&self, _: &mut dyn io::Write) -> Result<()> {
        Err(Error::Io("memory is not exported".to_owned()))
    }

    fn failed(&self) -> Option<String> {
        None
    }

    fn size_on_disk(&self) -> u64 {
        0
    }

    fn close(&self) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let engine = MemoryEngine::default();
    let written = engine.write(Durability::Durable, &mut |tx| {
        tx.put(b"a", b"1");
        Ok(())
    });
    assert!(written.is_ok());
    let refused = engine.write(Durability::Durable, &mut |tx| {
        tx.put(b"b", b"2");
        tx.delete(b"a");
        assert!(matches!(tx.get(b"b"), Ok(Some(_))));
        Err(Error::Full)
    });
    assert!(refused.is_err());
    let all = engine.scan(b"", b"\xff", 9).expect("memory reads");
    assert_eq!(all, [(Bytes::from("a"), Bytes::from("1"))]);
}
