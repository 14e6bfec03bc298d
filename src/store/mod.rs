//! Everything that is kept, in records: the only folder that names sled. [`keys`] is the layout on one page; each noun
//! has a file with the questions and deeds it knows. Questions take anything that can be read (the store, or a write that
//! sees its own changes); deeds take a write, so that what belongs together changes together.

pub mod aliases;
pub mod archives;
pub mod askings;
pub mod bearer;
pub mod blocks;
pub mod check;
pub mod clients;
pub mod codes;
pub mod copies;
pub mod credentials;
pub mod deliveries;
pub mod engine;
pub mod guest_links;
pub mod invitations;
pub mod jobs;
pub mod keys;
pub mod mail_codes;
pub mod mails;
pub mod meta;
pub mod news;
pub mod nonces;
pub mod notices;
pub mod pictured;
pub mod pieces;
pub mod pins;
pub mod preferences;
pub mod pushes;
pub mod record;
pub mod reports;
pub mod request_tokens;
pub mod sessions;
pub mod streams;
pub mod terms;
pub mod things;
pub mod tokens;
pub mod usage;
pub mod users;
pub mod visits;

use crate::clock::{self, Timestamp};
use crate::ids::ThingId;
use engine::{Durability, Engine, Read, Result, Tx};
use keys::{KeyBytes, Table};
use news::{Entry, News};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The store of one server.
pub struct Store {
    engine: Arc<dyn Engine>,
    /// The newest id that was given out.
    newest_id: AtomicU64,
    news: Arc<News>,
}

/// A write that notes what it adds to streams.
struct Noting<'a> {
    tx: &'a mut dyn Tx,
    entries: Vec<Entry>,
}

impl Store {
    /// The store on an open engine; one that a newer release wrote is refused.
    pub fn on(engine: Box<dyn Engine>) -> Result<Store> {
        meta::open(engine.as_ref())?;
        let newest_id = AtomicU64::new(newest_thing(engine.as_ref())?);
        Ok(Store {
            engine: engine.into(),
            newest_id,
            news: Arc::default(),
        })
    }

    /// Runs `change` as one atomic write and answers when it is on disk. Writers take turns; `change` may run again, so
    /// it must do nothing but read and write the store.
    pub fn write<T>(&self, change: impl FnMut(&mut dyn Tx) -> Result<T>) -> Result<T> {
        self.write_with(Durability::Durable, change)
    }

    /// As [`Store::write`], but answers before the disk has it: for what may be lost with the power.
    pub fn write_soon<T>(&self, change: impl FnMut(&mut dyn Tx) -> Result<T>) -> Result<T> {
        self.write_with(Durability::Soon, change)
    }

    /// As [`Store::write_soon`], for what nobody waits for, as that something was used: on a full disk it is left out, so that
    /// everything can still be read.
    pub fn note(&self, change: impl FnMut(&mut dyn Tx) -> Result<()>) -> Result<()> {
        match self.write_soon(change) {
            Err(engine::Error::Full) => Ok(()),
            other => other,
        }
    }

    fn write_with<T>(
        &self,
        when: Durability,
        mut change: impl FnMut(&mut dyn Tx) -> Result<T>,
    ) -> Result<T> {
        let mut result = None;
        let mut turn = self.news.turn();
        self.engine.write(when, &mut |tx| {
            let mut noting = Noting {
                tx,
                entries: Vec::new(),
            };
            result = Some(change(&mut noting)?);
            turn.ran(noting.entries);
            Ok(())
        })?;
        turn.done();
        Ok(result.expect("a write that succeeded has run its change"))
    }

    /// A fresh id: the time in milliseconds, or one more than the newest id.
    pub fn fresh_id(&self) -> ThingId {
        let now = clock::unix_ms();
        let next = |newest: u64| Some(now.max(newest + 1));
        let newest = self
            .newest_id
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .unwrap_or_else(|newest| newest);
        ThingId(now.max(newest + 1))
    }

    /// When the newest thing was made, as its id says.
    pub fn newest(&self) -> Timestamp {
        let secs = self.newest_id.load(Ordering::Relaxed) / 1000;
        Timestamp(i64::try_from(secs).unwrap_or_default())
    }

    /// What is new in the streams, for those who listen.
    pub fn news(&self) -> &Arc<News> {
        &self.news
    }

    /// The engine, for who keeps something of its own beside the streams.
    pub fn shared_engine(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.engine)
    }

    /// The engine, for export and maintenance.
    pub fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }
}

impl Read for Store {
    fn get(&self, key: &[u8]) -> Result<Option<bytes::Bytes>> {
        self.engine.get(key)
    }

    fn scan(
        &self,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<Vec<(bytes::Bytes, bytes::Bytes)>> {
        self.engine.scan(start, end, limit)
    }
}

impl Read for Noting<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<bytes::Bytes>> {
        self.tx.get(key)
    }

    fn scan(
        &self,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<Vec<(bytes::Bytes, bytes::Bytes)>> {
        self.tx.scan(start, end, limit)
    }
}

impl Tx for Noting<'_> {
    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.tx.put(key, value);
    }

    fn delete(&mut self, key: &[u8]) {
        self.tx.delete(key);
    }

    fn note(&mut self, entry: Entry) {
        self.entries.push(entry);
    }
}

/// The largest id in the table of things, found by halving: an ordered store answers "is there one from here on?".
fn newest_thing(from: &dyn Read) -> Result<u64> {
    let end = KeyBytes::of(Table::Thing).end();
    let (mut low, mut high) = (0, ThingId::MAX.0);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let start = KeyBytes::of(Table::Thing).thing(ThingId(middle));
        if from.scan(&start, &end, 1)?.is_empty() {
            high = middle - 1;
        } else {
            low = middle;
        }
    }
    Ok(low)
}
