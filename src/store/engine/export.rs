//! The portable copy of a store: every pair, then what changed while they were copied, then a checksum. The same stream
//! is the backup, the way to another engine, and the way back.
//!
//! ```text
//! magic    8 bytes   "PUMPKV", 0, version 1
//! records            'S' key length u32, value length u32, key, value     sets a key
//!                    'D' key length u32, key                              removes a key
//! end                'E' number of records u64, SHA-256 of all bytes before the digest
//! ```
//! Numbers are big-endian. A reader applies the records in their order: a pair may be older than a group of writes that
//! was committed during the walk, and then that group follows it. The result is the store at the end of the export.

use super::overlay::{KEY_BYTES_MAX, Overlay, VALUE_BYTES_MAX};
use super::tap::Tap;
use super::{Durability, Engine, Error, Read as ReadPairs, Result};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// How an export begins; the last byte is the version of the format.
const MAGIC: [u8; 8] = *b"PUMPKV\0\x01";

/// Pairs read in one step of the walk.
const PAGE_PAIRS: usize = 128;

/// Bytes that an import writes as one group.
const IMPORT_BYTES: usize = 192 * 1024;

/// Above every key.
const END: [u8; KEY_BYTES_MAX + 1] = [0xff; KEY_BYTES_MAX + 1];

/// How much an import brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Pairs and operations of the stream; a key may be in it more than once.
    pub records: u64,
    /// Length of the stream in bytes.
    pub bytes: u64,
}

/// Writes the pairs of `store` and the groups that `tap` gives meanwhile. The caller syncs the file. Refused while another
/// export runs; [`Error::Io`] when `out` fails or takes bytes too slowly for what the store's writers do.
pub(super) fn export(store: &dyn ReadPairs, tap: &Tap, out: &mut dyn Write) -> Result<()> {
    let gathering = tap.begin().ok_or_else(|| {
        Error::Refused(crate::error::Error::Busy(
            "A backup is running already.".to_owned(),
        ))
    })?;
    let slow = |_| {
        Error::Io(
            "the backup was given up: it was not written as fast as the store changed".to_owned(),
        )
    };
    let mut out = Output::new(out)?;
    let mut start = Vec::new();
    loop {
        // Only what was applied before this page is read may stand before it.
        for group in gathering.take().map_err(slow)? {
            out.group(&group)?;
        }
        let page = store.scan(&start, &END, PAGE_PAIRS)?;
        for (key, value) in &page {
            out.set(key, value)?;
        }
        let Some((last, _)) = page.last() else { break };
        start.clear();
        start.extend_from_slice(last);
        start.push(0);
    }
    for group in gathering.end().map_err(slow)? {
        out.group(&group)?;
    }
    out.end()
}

/// Writes every pair of a store that nobody changes into another.
pub(super) fn copy(from: &dyn ReadPairs, to: &dyn Engine) -> Result<()> {
    let mut into = Input::new(to);
    let mut start = Vec::new();
    loop {
        let page = from.scan(&start, &END, PAGE_PAIRS)?;
        let Some((last, _)) = page.last() else { break };
        start.clear();
        start.extend_from_slice(last);
        start.push(0);
        for (key, value) in page {
            into.add(key, Some(value))?;
        }
    }
    into.flush()
}

/// Loads an export into an empty store. When it fails the store holds a part of it and must be thrown away:
/// [`Error::Corrupt`] when the stream is no export, is cut short, or was altered.
pub fn import(from: &mut dyn Read, store: &dyn Engine) -> Result<Imported> {
    if !store.scan(&[], &END, 1)?.is_empty() {
        return Err(Error::Refused(crate::error::Error::Conflict(
            "The store is not empty. An export is loaded into a new store only.".to_owned(),
        )));
    }
    let mut from = Stream {
        from,
        digest: Sha256::new(),
        bytes: 0,
    };
    let mut into = Input::new(store);
    let magic = from.array::<8>()?;
    if magic[..7] != MAGIC[..7] {
        return Err(damaged("it is no backup of a Pumphouse store"));
    }
    if magic[7] != MAGIC[7] {
        return Err(damaged(format!(
            "its format has version {}, this program reads version {}",
            magic[7], MAGIC[7]
        )));
    }
    let mut records: u64 = 0;
    loop {
        match from.array::<1>()? {
            [b'S'] => {
                let key_len = from.length("key", KEY_BYTES_MAX)?;
                let value_len = from.length("value", VALUE_BYTES_MAX)?;
                let key = from.bytes(key_len)?;
                let value = from.bytes(value_len)?;
                into.add(key, Some(value))?;
            }
            [b'D'] => {
                let key_len = from.length("key", KEY_BYTES_MAX)?;
                let key = from.bytes(key_len)?;
                into.add(key, None)?;
            }
            [b'E'] => break,
            [other] => {
                return Err(damaged(format!(
                    "byte {} is {other}, which begins no record",
                    from.bytes - 1
                )));
            }
        }
        records += 1;
    }
    let said = u64::from_be_bytes(from.array()?);
    let digest = from.digest.clone().finalize();
    if from.array::<32>()?[..] != digest[..] {
        return Err(damaged("its checksum is wrong: it was altered"));
    }
    if said != records {
        return Err(damaged(format!(
            "it should hold {said} records and holds {records}"
        )));
    }
    if from
        .from
        .read(&mut [0])
        .map_err(|error| unreadable(&error))?
        != 0
    {
        return Err(damaged("something follows its end"));
    }
    into.flush()?;
    Ok(Imported {
        records,
        bytes: from.bytes,
    })
}

/// The writing end: counts and digests.
struct Output<'a> {
    out: &'a mut dyn Write,
    digest: Sha256,
    records: u64,
    record: Vec<u8>,
}

impl<'a> Output<'a> {
    fn new(out: &'a mut dyn Write) -> Result<Output<'a>> {
        let mut output = Output {
            out,
            digest: Sha256::new(),
            records: 0,
            record: MAGIC.to_vec(),
        };
        output.put()?;
        Ok(output)
    }

    fn group(&mut self, group: &Overlay) -> Result<()> {
        for (key, change) in group.iter() {
            match change {
                Some(value) => self.set(key, value)?,
                None => {
                    self.record.push(b'D');
                    self.record.extend_from_slice(&length(key));
                    self.record.extend_from_slice(key);
                    self.records += 1;
                    self.put()?;
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.record.push(b'S');
        self.record.extend_from_slice(&length(key));
        self.record.extend_from_slice(&length(value));
        self.record.extend_from_slice(key);
        self.record.extend_from_slice(value);
        self.records += 1;
        self.put()
    }

    fn end(mut self) -> Result<()> {
        self.record.push(b'E');
        self.record.extend_from_slice(&self.records.to_be_bytes());
        self.put()?;
        let digest = self.digest.clone().finalize();
        self.record.extend_from_slice(&digest);
        self.put()?;
        self.out.flush().map_err(|error| unwritable(&error))
    }

    fn put(&mut self) -> Result<()> {
        self.digest.update(&self.record);
        self.out
            .write_all(&self.record)
            .map_err(|error| unwritable(&error))?;
        self.record.clear();
        Ok(())
    }
}

/// The reading end: counts and digests.
struct Stream<'a> {
    from: &'a mut dyn Read,
    digest: Sha256,
    bytes: u64,
}

impl Stream<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    fn length(&mut self, what: &str, max: usize) -> Result<usize> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        if length > max {
            return Err(damaged(format!(
                "a {what} before byte {} has {length} bytes, more than the {max} that one can have",
                self.bytes
            )));
        }
        Ok(length)
    }

    fn bytes(&mut self, length: usize) -> Result<Bytes> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(Bytes::from(bytes))
    }

    fn fill(&mut self, into: &mut [u8]) -> Result<()> {
        self.from.read_exact(into).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                damaged(format!("it is cut short after byte {}", self.bytes))
            } else {
                unreadable(&error)
            }
        })?;
        self.digest.update(&*into);
        self.bytes += into.len() as u64;
        Ok(())
    }
}

/// Gathers changes into groups for a store.
struct Input<'a> {
    store: &'a dyn Engine,
    changes: Vec<(Bytes, Option<Bytes>)>,
    bytes: usize,
}

impl<'a> Input<'a> {
    fn new(store: &'a dyn Engine) -> Input<'a> {
        Input {
            store,
            changes: Vec::new(),
            bytes: 0,
        }
    }

    fn add(&mut self, key: Bytes, change: Option<Bytes>) -> Result<()> {
        self.bytes += key.len() + change.as_ref().map_or(0, Bytes::len);
        self.changes.push((key, change));
        if self.bytes >= IMPORT_BYTES {
            self.write(Durability::Soon)?;
        }
        Ok(())
    }

    fn flush(mut self) -> Result<()> {
        self.write(Durability::Durable)
    }

    fn write(&mut self, durability: Durability) -> Result<()> {
        let changes = std::mem::take(&mut self.changes);
        self.bytes = 0;
        self.store.write(durability, &mut |tx| {
            for (key, change) in &changes {
                match change {
                    Some(value) => tx.put(key, value),
                    None => tx.delete(key),
                }
            }
            Ok(())
        })
    }
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len())
        .expect("keys and values are bounded far below 4 GiB")
        .to_be_bytes()
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::Corrupt(format!("the backup cannot be used, {why}"))
}

fn unreadable(error: &io::Error) -> Error {
    Error::Io(format!("the backup cannot be read: {error}"))
}

fn unwritable(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::StorageFull {
        return Error::Full;
    }
    Error::Io(format!("the backup cannot be written: {error}"))
}
