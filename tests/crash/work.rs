//! What the process under test writes, and how a store is judged afterwards. Each of a few writers writes numbered
//! batches: a record (sometimes one of 20 KiB, sometimes one so large that sled puts it into a file of its own), entries
//! of twenty streams, its last number, an edge that is written over, a record that moves, and a counter that all share.

use pumphouse::store::engine::sled::Sled;
use pumphouse::store::engine::{Durability, Engine, Error, Read, Result, Tx};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

/// Writers at the same time.
pub(crate) const WRITERS: usize = 4;

/// How it begins when a store's content is not wrong and cannot be read.
const CANNOT_READ: &str = "a read fails";

/// Number of the last batch of each writer.
pub(crate) type Lasts = [u32; WRITERS];

/// Opens the store, writes, and closes it again. Every batch that is safe is written to `acks` as a line of writer and
/// number. Gives the failure that ended it early.
pub(crate) fn session(
    dir: &Path,
    acks: &Mutex<File>,
    batches: u32,
) -> std::result::Result<(), Error> {
    let store = Sled::open(dir)?;
    let outcomes: Vec<Result<()>> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let store = &store;
                scope.spawn(move || {
                    for _ in 0..batches {
                        let (durability, number) = batch(store, writer)?;
                        if durability == Durability::Durable {
                            acks.lock()
                                .expect("no panic")
                                .write_all(format!("{writer} {number}\n").as_bytes())
                                .expect("acknowledged");
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().expect("no panic"))
            .collect()
    });
    for outcome in outcomes {
        if let Err(error) = outcome {
            assert!(store.failed().is_some(), "no failure is known: {error}");
            // What can still be read must not be wrong.
            if let Err(wrong) = judge_store(&store, &Lasts::default()) {
                assert!(wrong.starts_with(CANNOT_READ), "{wrong}");
            }
            return Err(error);
        }
    }
    store.close()
}

/// Opens the store of a disk after a cut and says what is wrong with it; `acked` is the least that must be there.
pub(crate) fn judge(dir: &Path, acked: &Lasts) -> std::result::Result<Lasts, String> {
    let store = Sled::open(dir).map_err(|error| error.to_string())?;
    let mut lasts = judge_store(&store, acked)?;
    for (writer, last) in lasts.iter_mut().enumerate() {
        let (_, number) = batch(&store, writer).map_err(|error| error.to_string())?;
        if number != *last + 1 {
            return Err(format!("writer {writer} goes on with {number}"));
        }
        *last = number;
    }
    drop(store);
    let again = Sled::open(dir).map_err(|error| format!("the second time: {error}"))?;
    judge_store(&again, &lasts).map_err(|wrong| format!("the second time: {wrong}"))
}

/// Says what is wrong with an open store.
fn judge_store(store: &dyn Engine, acked: &Lasts) -> std::result::Result<Lasts, String> {
    let read = |error: Error| format!("{CANNOT_READ}: {error}");
    let mut lasts = Lasts::default();
    for (writer, last) in lasts.iter_mut().enumerate() {
        *last = last_of(store, writer).map_err(read)?;
        if *last < acked[writer] {
            return Err(format!(
                "writer {writer}: batch {} was acknowledged, {last} is the last",
                acked[writer]
            ));
        }
        let records = store
            .scan(
                &key("a", writer, 0, 0),
                &key("a", writer, 0, u32::MAX),
                usize::MAX,
            )
            .map_err(read)?;
        if records.len() != *last as usize {
            return Err(format!(
                "writer {writer}: {} records, {last} batches",
                records.len()
            ));
        }
        for (number, (found, value)) in (1..).zip(&records) {
            if *found != key("a", writer, 0, number)
                || value.len() < 1200
                || *value != record(writer, number, value.len())
            {
                return Err(format!("writer {writer}: record {number} is wrong"));
            }
        }
        for stream in 0..20 {
            let entries = store
                .scan(
                    &key("s", writer, stream, 0),
                    &key("s", writer, stream, u32::MAX),
                    usize::MAX,
                )
                .map_err(read)?;
            if entries.len() != *last as usize {
                return Err(format!(
                    "writer {writer}: stream {stream} has {} entries, {last} batches",
                    entries.len()
                ));
            }
        }
        let moving = store
            .scan(&key("d", writer, 0, 0), &key("d", writer, 0, u32::MAX), 9)
            .map_err(read)?;
        if moving.len() != usize::from(*last > 0)
            || moving
                .iter()
                .any(|(found, _)| *found != key("d", writer, 0, *last))
        {
            return Err(format!("writer {writer}: the moving record is torn"));
        }
    }
    let counter = number_at(store, b"counter").map_err(read)?;
    let total: u32 = lasts.iter().sum();
    if counter != total {
        return Err(format!("the counter is {counter}, the batches are {total}"));
    }
    Ok(lasts)
}

fn batch(store: &dyn Engine, writer: usize) -> Result<(Durability, u32)> {
    let mut written = 0;
    let next = last_of(store, writer)? + 1;
    let durability = if next.is_multiple_of(5) {
        Durability::Soon
    } else {
        Durability::Durable
    };
    store.write(durability, &mut |tx| {
        let number = last_of(tx, writer)? + 1;
        write(tx, writer, number)?;
        written = number;
        Ok(())
    })?;
    Ok((durability, written))
}

fn write(tx: &mut dyn Tx, writer: usize, number: u32) -> Result<()> {
    let bytes = number.to_be_bytes();
    tx.put(
        &key("a", writer, 0, number),
        &record(writer, number, length(number)),
    );
    for stream in 0..20 {
        let entry = [bytes; 4].concat();
        tx.put(&key("s", writer, stream, number), &entry);
    }
    tx.put(&key("l", writer, 0, 0), &bytes);
    tx.put(&key("e", writer, 0, number % 7), &bytes);
    tx.delete(&key("d", writer, 0, number - 1));
    tx.put(&key("d", writer, 0, number), &bytes);
    let counter = number_at(tx, b"counter")? + 1;
    tx.put(b"counter", &counter.to_be_bytes());
    Ok(())
}

fn length(number: u32) -> usize {
    // Sled tears a batch when it cannot write a page into a file of its own; the reserve of free space is there for that.
    let full = std::env::var_os("RECORD_FULL_AFTER").is_some();
    match number % 40 {
        7 if !full => 200_000,
        9 | 23 if !full => 20_000,
        _ => 1200,
    }
}

fn record(writer: usize, number: u32, length: usize) -> Vec<u8> {
    let mut record = Vec::with_capacity(length + 8);
    let seed = (number as usize * WRITERS + writer) as u64;
    while record.len() < length {
        record.extend_from_slice(&(seed ^ record.len() as u64).to_be_bytes());
    }
    record
}

fn last_of<R: Read + ?Sized>(store: &R, writer: usize) -> Result<u32> {
    number_at(store, &key("l", writer, 0, 0))
}

fn number_at<R: Read + ?Sized>(store: &R, key: &[u8]) -> Result<u32> {
    Ok(store.get(key)?.map_or(0, |value| {
        u32::from_be_bytes(value[..].try_into().expect("four bytes"))
    }))
}

/// 32 bytes, as the keys of streams have.
fn key(table: &str, writer: usize, stream: u32, number: u32) -> Vec<u8> {
    format!("{table}{writer:02}/{stream:08}/{number:019}").into_bytes()
}
