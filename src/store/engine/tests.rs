//! The engine as the records above it meet it: what is refused, what is kept, what is seen when.

use super::export::import;
use super::sled::Sled;
use super::{Durability, Engine, Error, KEY_BYTES_MAX, Read, Result, Tx, VALUE_BYTES_MAX, compact};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

const PAST_ALL: &[u8] = &[0xff; 40];

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn open(dir: &Path) -> Sled {
    Sled::open(dir).expect("the store opens")
}

fn put(store: &dyn Engine, key: &[u8], value: &[u8]) {
    store
        .write(Durability::Durable, &mut |tx| {
            tx.put(key, value);
            Ok(())
        })
        .expect("the write is taken");
}

fn all(store: &dyn Engine) -> Vec<(Vec<u8>, Vec<u8>)> {
    store
        .scan(b"", PAST_ALL, usize::MAX)
        .expect("the store can be read")
        .into_iter()
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect()
}

fn refusal(error: &Error) -> String {
    match error {
        Error::Refused(error) => error.to_string(),
        other => panic!("no refusal: {other}"),
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < give_up, "never came true: {what}");
        thread::yield_now();
    }
}

/// Numbers from a seed, the same on every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[test]
fn a_store_opens_once() {
    let dir = directory();
    let first = open(dir.path());
    match Sled::open(dir.path()) {
        Err(Error::Locked(text)) => assert!(text.contains("another process uses"), "{text}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two engines on one store"),
    }
    assert!(matches!(
        compact::compact(dir.path()),
        Err(Error::Locked(_))
    ));
    drop(first);
    open(dir.path());
}

#[test]
fn a_store_that_cannot_be_read_says_which_file_and_what_to_do() {
    let dir = directory();
    put(&open(dir.path()), b"key", b"value");
    let conf = dir.path().join("sled/conf");
    fs::write(&conf, "segment_size: nonsense\nversion: x\n    ").expect("conf is written");
    match Sled::open(dir.path()) {
        Err(Error::Corrupt(text)) => {
            assert!(text.contains("sled/db"), "{text}");
            assert!(text.contains("restore the last backup"), "{text}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a damaged store opened"),
    }
}

#[test]
fn a_damaged_snapshot_costs_nothing() {
    let dir = directory();
    for round in 0..3_u8 {
        put(&open(dir.path()), b"key", &[round]);
    }
    let mut damaged = 0;
    for entry in fs::read_dir(dir.path().join("sled")).expect("the store's directory") {
        let path = entry.expect("an entry").path();
        if path.to_string_lossy().contains("snap.") {
            fs::write(&path, b"not what it was, by a long way").expect("written");
            damaged += 1;
        }
    }
    assert!(damaged > 0, "there is a snapshot");
    fs::write(dir.path().join("sled/snap.00.generating"), b"half").expect("written");
    let store = open(dir.path());
    assert_eq!(store.get(b"key").expect("read").as_deref(), Some(&[2][..]));
}

#[test]
fn a_refused_change_leaves_nothing_and_its_error_comes_back() {
    let dir = directory();
    let store = open(dir.path());
    put(&store, b"name", b"evan");
    let outcome = store.write(Durability::Durable, &mut |tx| {
        tx.put(b"counter", b"2");
        tx.delete(b"name");
        Err(crate::error::Error::Conflict("taken".to_owned()).into())
    });
    assert_eq!(refusal(&outcome.expect_err("refused")), "taken");
    assert_eq!(all(&store), [(b"name".to_vec(), b"evan".to_vec())]);
}

#[test]
fn what_is_too_large_is_refused_whole() {
    let dir = directory();
    let store = open(dir.path());
    for (key_len, value_len) in [(KEY_BYTES_MAX + 1, 1), (1, VALUE_BYTES_MAX + 1)] {
        let outcome = store.write(Durability::Durable, &mut |tx| {
            tx.put(b"small", b"value");
            tx.put(&vec![1; key_len], &vec![1; value_len]);
            Ok(())
        });
        assert!(matches!(
            outcome,
            Err(Error::Refused(crate::error::Error::TooLarge(_)))
        ));
    }
    assert_eq!(all(&store), []);
    put(&store, &[1; KEY_BYTES_MAX], &vec![1; VALUE_BYTES_MAX]);
    assert_eq!(
        store
            .get(&[1; KEY_BYTES_MAX])
            .expect("read")
            .expect("kept")
            .len(),
        VALUE_BYTES_MAX
    );
}

#[test]
fn a_panicking_change_leaves_nothing_and_hurts_nobody() {
    let dir = directory();
    let store = open(dir.path());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        store.write(Durability::Durable, &mut |tx| {
            tx.put(b"half", b"done");
            panic!("a mistake in a rule")
        })
    }));
    assert!(outcome.is_err());
    put(&store, b"next", b"works");
    assert_eq!(all(&store), [(b"next".to_vec(), b"works".to_vec())]);
    assert_eq!(store.failed(), None);
}

#[test]
fn a_change_that_writes_itself_panics_and_does_not_hang() {
    let dir = directory();
    let store = open(dir.path());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        store.write(Durability::Durable, &mut |_| {
            put(&store, b"inside", b"1");
            Ok(())
        })
    }));
    assert!(outcome.is_err());
    put(&store, b"next", b"works");
    assert_eq!(all(&store).len(), 1);
}

#[test]
fn a_disk_without_room_refuses_and_later_takes_writes_again() {
    let dir = directory();
    let store = open(dir.path());
    put(&store, b"before", b"1");
    store.reserve(u64::MAX);
    let outcome = store.write(Durability::Durable, &mut |tx| {
        tx.put(b"during", b"2");
        Ok(())
    });
    assert!(matches!(outcome, Err(Error::Full)));
    assert_eq!(store.failed(), None);
    store
        .write(Durability::Durable, &mut |tx| {
            assert!(tx.get(b"before")?.is_some());
            Ok(())
        })
        .expect("a change that writes nothing needs no room");
    store.reserve(0);
    put(&store, b"after", b"3");
    assert_eq!(all(&store).len(), 2);
}

#[test]
fn a_closed_store_refuses_writes_and_keeps_what_came_before() {
    let dir = directory();
    let store = open(dir.path());
    store
        .write(Durability::Soon, &mut |tx| {
            tx.put(b"seen", b"now");
            Ok(())
        })
        .expect("taken");
    store.close().expect("closed");
    store.close().expect("closing twice is harmless");
    let outcome = store.write(Durability::Soon, &mut |tx| {
        tx.put(b"late", b"1");
        Ok(())
    });
    assert!(matches!(outcome, Err(Error::Io(_))));
    assert_eq!(all(&store).len(), 1);
    drop(store);
    assert_eq!(all(&open(dir.path())).len(), 1);
}

#[test]
fn soon_is_read_at_once_and_kept_without_another_write() {
    let dir = directory();
    let store = open(dir.path());
    store
        .write(Durability::Soon, &mut |tx| {
            tx.put(b"seen", b"now");
            Ok(())
        })
        .expect("taken");
    assert_eq!(
        store.get(b"seen").expect("read").as_deref(),
        Some(&b"now"[..])
    );
    let (_, applied) = store.gathering_and_applied();
    eventually("the sync that is due happens by itself", || {
        store.gathering_and_applied().1 > applied
    });
}

#[test]
fn changes_that_wait_together_are_one_group_and_see_each_other() {
    const WRITERS: usize = 8;
    let dir = directory();
    let store = Arc::new(open(dir.path()));
    put(&*store, b"counter", &[0]);
    // A slow reader holds the engine's thread in the middle of a group until told to go on.
    let (go, held) = mpsc::channel::<()>();
    let reading = Arc::new(AtomicBool::new(false));
    let reader = thread::spawn({
        let (store, reading) = (Arc::clone(&store), Arc::clone(&reading));
        move || {
            store.while_reading(|| {
                reading.store(true, Ordering::SeqCst);
                held.recv().expect("told to go on");
            });
        }
    });
    eventually("the reader reads", || reading.load(Ordering::SeqCst));
    let stopper = thread::spawn({
        let store = Arc::clone(&store);
        move || put(&*store, b"stop", b"")
    });
    eventually("the thread is held", || store.is_applying());
    let (_, before) = store.gathering_and_applied();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                store
                    .write(Durability::Durable, &mut |tx| {
                        let count = tx.get(b"counter")?.expect("there")[0];
                        tx.put(b"counter", &[count + 1]);
                        Ok(())
                    })
                    .expect("taken");
            })
        })
        .collect();
    eventually("all wait in one group", || {
        store.gathering_and_applied().0 == WRITERS
    });
    go.send(()).expect("still held");
    for thread in writers.into_iter().chain([stopper, reader]) {
        thread.join().expect("no panic");
    }
    assert_eq!(
        store.gathering_and_applied().1,
        before + 2,
        "the held group and one more"
    );
    let count = u8::try_from(WRITERS).expect("few");
    assert_eq!(
        store.get(b"counter").expect("read").as_deref(),
        Some(&[count][..])
    );
}

#[test]
fn what_was_read_before_a_write_is_read_anew_after_it() {
    let dir = directory();
    let store = open(dir.path());
    assert_eq!(store.get(b"key").expect("read"), None);
    put(&store, b"key", b"one");
    assert_eq!(
        store.get(b"key").expect("read").as_deref(),
        Some(&b"one"[..])
    );
    put(&store, b"key", b"two");
    assert_eq!(
        store.get(b"key").expect("read").as_deref(),
        Some(&b"two"[..])
    );
    let delete = &mut |tx: &mut dyn crate::store::engine::Tx| {
        tx.delete(b"key");
        Ok(())
    };
    store.write(Durability::Durable, delete).expect("taken");
    assert_eq!(store.get(b"key").expect("read"), None);
}

/// Random changes, each checked from inside against a plain map while earlier changes of the same group are in the
/// overlays, with deletions, empty ranges and every limit.
#[test]
fn a_view_reads_like_a_plain_map() {
    let dir = directory();
    let store = Arc::new(open(dir.path()));
    let model: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>> = Arc::default();
    let writers: Vec<_> = (0..4)
        .map(|seed| {
            let (store, model) = (Arc::clone(&store), Arc::clone(&model));
            thread::spawn(move || {
                let mut numbers = Numbers(seed);
                for _ in 0..150 {
                    let durability = if numbers.below(3) == 0 {
                        Durability::Durable
                    } else {
                        Durability::Soon
                    };
                    let outcome = store.write(durability, &mut |tx| {
                        let mut model = model.lock().expect("no panic");
                        let kept = model.clone();
                        for _ in 0..=numbers.below(12) {
                            change_both(&mut numbers, tx, &mut model);
                            compare(&mut numbers, tx, &model)?;
                        }
                        if numbers.below(4) == 0 {
                            *model = kept;
                            return Err(crate::error::Error::Gone.into());
                        }
                        Ok(())
                    });
                    assert!(matches!(outcome, Ok(()) | Err(Error::Refused(_))));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().expect("the view agrees with the map");
    }
    let model = model.lock().expect("no panic");
    let expected: Vec<_> = model.clone().into_iter().collect();
    assert_eq!(all(&*store), expected);
    let store = Arc::into_inner(store).expect("the writers are done");
    drop(store);
    assert_eq!(all(&open(dir.path())), expected);
}

fn change_both(numbers: &mut Numbers, tx: &mut dyn Tx, model: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    let key = random_key(numbers);
    if numbers.below(3) == 0 {
        tx.delete(&key);
        model.remove(&key);
    } else {
        let value = vec![7; usize::try_from(numbers.below(60)).expect("small")];
        tx.put(&key, &value);
        model.insert(key, value);
    }
}

fn compare(numbers: &mut Numbers, tx: &dyn Read, model: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<()> {
    let (start, end) = (random_key(numbers), random_key(numbers));
    let limit = usize::try_from(numbers.below(12)).expect("small");
    let seen: Vec<_> = tx
        .scan(&start, &end, limit)?
        .into_iter()
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect();
    let expected: Vec<_> = model
        .iter()
        .filter(|(key, _)| **key >= start && **key < end)
        .take(limit)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    assert_eq!(seen, expected, "from {start:?} to {end:?}, {limit}");
    assert_eq!(
        tx.get(&start)?.map(|value| value.to_vec()),
        model.get(&start).cloned()
    );
    Ok(())
}

fn random_key(numbers: &mut Numbers) -> Vec<u8> {
    let length = numbers.below(3) + 1;
    (0..length)
        .map(|_| u8::try_from(numbers.below(5)).expect("small"))
        .collect()
}

/// Each writer keeps two keys equal in every change. The export is taken while they write; the restored store must be one
/// that existed between two changes, and hold everything that was answered before the export began.
#[test]
fn an_export_under_writes_is_a_store_that_existed() {
    let dir = directory();
    let store = Arc::new(open(dir.path()));
    for key in 0..3000_u32 {
        store
            .write(Durability::Soon, &mut |tx| {
                tx.put(
                    &[b"filler".as_slice(), &key.to_be_bytes()].concat(),
                    &[1; 90],
                );
                Ok(())
            })
            .expect("taken");
    }
    let (stop, rounds) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let writers: Vec<_> = (0..3_u8)
        .map(|writer| {
            let (store, stop, rounds) =
                (Arc::clone(&store), Arc::clone(&stop), Arc::clone(&rounds));
            thread::spawn(move || {
                let mut round: u32 = 0;
                while !stop.load(Ordering::SeqCst) {
                    round += 1;
                    let value = round.to_be_bytes();
                    store
                        .write(Durability::Durable, &mut |tx| {
                            // One lies before the filler, one behind it; one of a third kind comes and goes.
                            tx.put(&[b'a', writer], &value);
                            tx.put(&[b'z', writer], &value);
                            if round.is_multiple_of(2) {
                                tx.put(&[b'b', writer], b"even");
                            } else {
                                tx.delete(&[b'b', writer]);
                            }
                            Ok(())
                        })
                        .expect("taken");
                    rounds.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    eventually("writers are at work", || rounds.load(Ordering::SeqCst) > 20);
    let before: Vec<_> = (0..3_u8)
        .map(|writer| store.get(&[b'a', writer]).expect("read"))
        .collect();
    let mut exported = Vec::new();
    store.export(&mut exported).expect("exported");
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.join().expect("no panic");
    }

    let fresh = directory();
    let restored = open(fresh.path());
    let imported = import(&mut exported.as_slice(), &restored).expect("imported");
    assert_eq!(imported.bytes, exported.len() as u64);
    assert_eq!(
        restored
            .scan(b"filler", b"filles", usize::MAX)
            .expect("read")
            .len(),
        3000
    );
    for writer in 0..3_u8 {
        let first = restored.get(&[b'a', writer]).expect("read");
        assert_eq!(first, restored.get(&[b'z', writer]).expect("read"));
        assert!(first >= before[usize::from(writer)]);
        let round = u32::from_be_bytes(first.expect("there")[..].try_into().expect("four bytes"));
        let even = restored.get(&[b'b', writer]).expect("read").is_some();
        assert_eq!(even, round.is_multiple_of(2));
    }
    assert!(matches!(
        import(&mut exported.as_slice(), &restored),
        Err(Error::Refused(crate::error::Error::Conflict(_)))
    ));
}

#[test]
fn only_one_export_runs() {
    struct Again<'a>(&'a Sled, Option<Error>);
    impl Write for Again<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.1.is_none() {
                self.1 = self.0.export(&mut std::io::sink()).err();
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let dir = directory();
    let store = open(dir.path());
    let mut again = Again(&store, None);
    store.export(&mut again).expect("the first is written");
    assert!(matches!(
        again.1,
        Some(Error::Refused(crate::error::Error::Busy(_)))
    ));
    store.export(&mut std::io::sink()).expect("and the next");
}

#[test]
fn an_export_that_is_cut_or_altered_is_refused() {
    let dir = directory();
    let store = open(dir.path());
    put(&store, b"one", b"1");
    put(&store, b"two", b"2");
    let mut good = Vec::new();
    store.export(&mut good).expect("exported");

    let refuse = |bytes: &[u8], why: &str| {
        let fresh = directory();
        let into = open(fresh.path());
        match import(&mut &bytes[..], &into) {
            Err(Error::Corrupt(text)) => assert!(text.contains(why), "{text}"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("a bad export was taken"),
        }
    };
    refuse(b"", "cut short");
    refuse(b"SQLite format 3\0", "no backup");
    let mut newer = good.clone();
    newer[7] = 2;
    refuse(&newer, "version 2");
    for length in [9, 20, good.len() - 41, good.len() - 1] {
        refuse(&good[..length], "cut short");
    }
    let mut longer = good.clone();
    longer.push(0);
    refuse(&longer, "something follows");
    let at_value = good.len() - 41 - 1;
    let mut altered = good.clone();
    altered[at_value] ^= 1;
    refuse(&altered, "checksum");
    let mut endless = good.clone();
    endless[9] = 0xff;
    refuse(&endless, "more than the");
    let mut unknown = good.clone();
    unknown[8] = b'X';
    refuse(&unknown, "begins no record");

    let restored = directory();
    put(&open(restored.path()), b"old", b"content");
    assert!(compact::restore(&mut &altered[..], restored.path()).is_err());
    assert_eq!(
        all(&open(restored.path())),
        [(b"old".to_vec(), b"content".to_vec())]
    );
    let imported = compact::restore(&mut &good[..], restored.path()).expect("restored");
    assert_eq!(imported.records, 2);
    assert_eq!(all(&open(restored.path())), all(&store));
}

#[test]
fn where_there_is_no_store_nothing_is_compacted() {
    let dir = directory();
    match compact::compact(dir.path()) {
        Err(Error::Io(text)) => assert!(text.contains("no store"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn compacting_keeps_every_record_in_less_space() {
    let dir = directory();
    let mut numbers = Numbers(1);
    let expected = {
        let store = open(dir.path());
        for _ in 0..60 {
            store
                .write(Durability::Soon, &mut |tx| {
                    for _ in 0..100 {
                        let key = numbers.below(2000).to_be_bytes();
                        tx.put(&key, &[5; 200]);
                    }
                    Ok(())
                })
                .expect("taken");
        }
        all(&store)
    };
    let (before, after) = compact::compact(dir.path()).expect("compacted");
    assert!(after < before, "{after} of {before}");
    assert_eq!(all(&open(dir.path())), expected);
}

/// What the directory looks like after a crash between any two steps of a rebuild.
#[test]
fn an_interrupted_rebuild_leaves_the_old_store_or_the_new_one() {
    let content = |name: &str| vec![(b"which".to_vec(), name.as_bytes().to_vec())];
    let make = |dir: &Path, name: &str| {
        let made = directory();
        put(&open(made.path()), b"which", name.as_bytes());
        fs::rename(made.path().join("sled"), dir.join(name)).expect("moved");
    };
    // While the new store is built.
    let dir = directory();
    put(&open(dir.path()), b"which", b"live");
    fs::create_dir(dir.path().join("sled.new")).expect("made");
    fs::write(dir.path().join("sled.new/db"), b"half a store").expect("written");
    assert_eq!(all(&open(dir.path())), content("live"));
    assert!(!dir.path().join("sled.new").exists());
    // The old one is moved aside, the new one is not yet in its place.
    let dir = directory();
    make(dir.path(), "sled.old");
    make(dir.path(), "sled.new");
    assert_eq!(all(&open(dir.path())), content("sled.new"));
    assert!(!dir.path().join("sled.old").exists());
    // The new one is in its place, the old one not yet removed.
    make(dir.path(), "sled.old");
    assert_eq!(all(&open(dir.path())), content("sled.new"));
    assert!(!dir.path().join("sled.old").exists());
}

#[test]
fn a_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = tempfile::tempdir().expect("a temporary directory");
    let dir = outer.path().join("store");
    super::open::Places::of(&dir).expect("made");
    let mode = fs::metadata(&dir).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
