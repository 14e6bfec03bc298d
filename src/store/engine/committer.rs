//! Group commit on sled: writers run their changes one after the other into the group that gathers; one thread seals the
//! group, applies it as one batch, syncs it and answers. While one group is being synced the next gathers, so that there
//! is no artificial delay (`store.md`, "The committer").

use super::cache::RecordCache;
use super::open::{Files, Space, panic_text};
use super::overlay::{Overlay, View};
use super::sled::SOON_MS_MAX;
use super::tap::Tap;
use super::{Durability, Error, Result, Tx};
use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Most changes in one group.
const GROUP_JOBS_MAX: usize = 32;

/// A group that holds as many bytes of keys and values takes no further change; its last change may carry it over.
const GROUP_BYTES_MAX: usize = 256 * 1024;

/// Between writers and the thread that commits.
pub(super) struct Committer {
    tree: ::sled::Db,
    state: Mutex<State>,
    /// The thread has something to do.
    work: Condvar,
    /// A new group gathers.
    room: Condvar,
    /// A group was applied or synced, or the store failed.
    done: Condvar,
    /// Held to write while a group is applied, so that a reader sees all of it or nothing. True for a reader when that
    /// failed: sled then shows a part of the group, or waits forever for a buffer that nobody writes any more.
    torn: RwLock<bool>,
    pub(super) tap: Tap,
    /// What sled holds, as far as it was used lately.
    cache: RecordCache,
    space: Space,
    /// Free bytes below which writes are refused.
    pub(super) reserve_bytes: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    gathering: Group,
    /// What is being applied, for the views of changes.
    sealed: Arc<Overlay>,
    /// Number of the newest group that can be read.
    applied: u64,
    /// Number of the newest group that is on disk.
    durable: u64,
    /// Number of the newest group with a durable change in it.
    promised: u64,
    failure: Option<Failure>,
    closing: bool,
}

#[derive(Default)]
struct Group {
    number: u64,
    overlay: Overlay,
    jobs: usize,
}

#[derive(Clone)]
struct Failure {
    why: String,
    full: bool,
}

impl Committer {
    /// Starts the thread.
    pub(super) fn start(tree: ::sled::Db, files: Files) -> Result<Arc<Committer>> {
        let committer = Arc::new(Committer {
            tree,
            state: Mutex::new(State {
                gathering: Group {
                    number: 1,
                    ..Group::default()
                },
                sealed: Arc::default(),
                applied: 0,
                durable: 0,
                promised: 0,
                failure: None,
                closing: false,
            }),
            work: Condvar::new(),
            room: Condvar::new(),
            done: Condvar::new(),
            torn: RwLock::default(),
            tap: Tap::default(),
            cache: RecordCache::new(),
            space: files.space()?,
            reserve_bytes: AtomicU64::new(super::open::RESERVE_BYTES),
            thread: Mutex::new(None),
        });
        let thread = {
            let committer = Arc::clone(&committer);
            thread::Builder::new()
                .name("store".to_owned())
                .spawn(move || committer.run(files))
                .map_err(|error| Error::Io(format!("the store's thread does not start: {error}")))?
        };
        *committer
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(committer)
    }

    /// Reads what has been applied, none of it half.
    pub(super) fn read<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T>) -> Result<T> {
        let torn = self.torn.read().unwrap_or_else(PoisonError::into_inner);
        if *torn {
            return Err(Error::Io(
                "a write failed in its middle; what was answered before is on disk and can be read after a restart"
                    .to_owned(),
            ));
        }
        let nothing = Overlay::default();
        read(&View::new(&self.tree, &self.cache, [&nothing, &nothing]))
    }

    /// Runs a change in this thread and waits until its group is as safe as asked.
    pub(super) fn write(
        &self,
        durability: Durability,
        change: &mut dyn FnMut(&mut dyn Tx) -> Result<()>,
    ) -> Result<()> {
        assert!(
            !CHANGING.get(),
            "a change must not write: it would wait for itself"
        );
        let full = self.space.free_bytes() < self.reserve_bytes.load(Ordering::Relaxed);
        let mut state = self.lock();
        loop {
            if let Some(failure) = &state.failure {
                return Err(failure.later());
            }
            if state.closing {
                return Err(Error::Io("it is closed".to_owned()));
            }
            if !state.gathering.is_full() {
                break;
            }
            state = wait(&self.room, state);
        }
        let mut view = View::new(
            &self.tree,
            &self.cache,
            [&state.gathering.overlay, &state.sealed],
        );
        // A panic in here leaves the group as it was; only the journal is lost.
        {
            let _changing = Changing::begin();
            change(&mut view)?;
        }
        let journal = view.into_journal()?;
        let number = if journal.is_empty() {
            // It wrote nothing. What it read must still be as safe as it expects.
            match durability {
                Durability::Durable => state.promised,
                Durability::Soon => return Ok(()),
            }
        } else if full {
            return Err(Error::Full);
        } else {
            state.add(journal, durability);
            self.work.notify_one();
            state.gathering.number
        };
        loop {
            let reached = match durability {
                Durability::Durable => state.durable,
                Durability::Soon => state.applied,
            };
            if reached >= number {
                return Ok(());
            }
            if let Some(failure) = &state.failure {
                return Err(failure.now());
            }
            state = wait(&self.done, state);
        }
    }

    /// Why there are no more writes.
    pub(super) fn failed(&self) -> Option<String> {
        self.lock()
            .failure
            .as_ref()
            .map(|failure| failure.why.clone())
    }

    /// Commits what waits, ends the thread, and says whether all of it reached the disk.
    pub(super) fn close(&self) -> Result<()> {
        self.lock().closing = true;
        self.work.notify_one();
        self.room.notify_all();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            return Err(Error::Io("the store's thread ended badly".to_owned()));
        }
        match &self.lock().failure {
            Some(failure) => Err(failure.now()),
            None => Ok(()),
        }
    }

    /// The thread: until closed or failed.
    fn run(&self, mut files: Files) {
        let mut unsynced_since: Option<Instant> = None;
        while let Some((group, sync)) = self.next(unsynced_since) {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                self.commit(&group, sync, &mut files, &mut unsynced_since)
            }));
            let failure = match outcome {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => Failure {
                    why: error.to_string(),
                    full: matches!(error, Error::Full),
                },
                Err(panic) => Failure {
                    why: format!("the engine stumbled: {}", panic_text(&*panic)),
                    full: false,
                },
            };
            log::error!("the store takes no more writes: {}", failure.why);
            // Sled flushes when it is dropped, and after a failed write that may wait forever: it stays until the process
            // ends.
            std::mem::forget(self.tree.clone());
            self.lock().failure = Some(failure);
            self.done.notify_all();
            self.room.notify_all();
            return;
        }
    }

    /// Waits for work: the sealed group (of no changes when only a sync is due), and whether to sync. `None` at the end.
    fn next(&self, unsynced_since: Option<Instant>) -> Option<(Sealed, bool)> {
        let due = unsynced_since.map(|since| since + Duration::from_millis(SOON_MS_MAX));
        let mut state = self.lock();
        loop {
            let late = due.is_some_and(|due| due <= Instant::now());
            let promised = state.promised > state.durable;
            if state.gathering.jobs > 0 || late || (state.closing && due.is_some()) {
                let number = state.gathering.number;
                let group = std::mem::replace(
                    &mut state.gathering,
                    Group {
                        number: number + 1,
                        ..Group::default()
                    },
                );
                state.sealed = Arc::new(group.overlay);
                let sealed = Sealed {
                    number,
                    overlay: Arc::clone(&state.sealed),
                };
                let sync = promised || late || state.closing;
                self.room.notify_all();
                return Some((sealed, sync));
            }
            if state.closing {
                return None;
            }
            state = match due {
                None => wait(&self.work, state),
                Some(due) => {
                    let left = due.saturating_duration_since(Instant::now());
                    self.work
                        .wait_timeout(state, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }

    fn commit(
        &self,
        group: &Sealed,
        sync: bool,
        files: &mut Files,
        unsynced_since: &mut Option<Instant>,
    ) -> Result<()> {
        if !group.overlay.is_empty() {
            self.apply(&group.overlay)?;
            unsynced_since.get_or_insert_with(Instant::now);
        }
        {
            let mut state = self.lock();
            state.applied = group.number;
            state.sealed = Arc::default();
        }
        if !sync {
            self.done.notify_all();
            return Ok(());
        }
        files.sync_blobs().map_err(|error| lost(&error))?;
        self.tree.flush()?;
        files.sync().map_err(|error| lost(&error))?;
        *unsynced_since = None;
        self.lock().durable = group.number;
        self.done.notify_all();
        Ok(())
    }

    fn apply(&self, overlay: &Arc<Overlay>) -> Result<()> {
        let mut batch = ::sled::Batch::default();
        for (key, change) in overlay.iter() {
            match change {
                Some(value) => batch.insert(&key[..], &value[..]),
                None => batch.remove(&key[..]),
            }
        }
        self.tap.apply(overlay, || {
            let mut torn = self.torn.write().unwrap_or_else(PoisonError::into_inner);
            *torn = true;
            self.tree.apply_batch(batch)?;
            for (key, change) in overlay.iter() {
                self.cache.put(key, change.clone());
            }
            *torn = false;
            Ok::<_, Error>(())
        })
    }

    /// Whether a group is being applied.
    #[cfg(test)]
    pub(super) fn is_applying(&self) -> bool {
        !self.lock().sealed.is_empty()
    }

    /// Changes in the group that gathers, and the number of groups applied so far.
    #[cfg(test)]
    pub(super) fn gathering_and_applied(&self) -> (usize, u64) {
        let state = self.lock();
        (state.gathering.jobs, state.applied)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Sealed {
    number: u64,
    overlay: Arc<Overlay>,
}

thread_local! {
    /// This thread is inside a change.
    static CHANGING: Cell<bool> = const { Cell::new(false) };
}

struct Changing;

impl Changing {
    fn begin() -> Changing {
        CHANGING.set(true);
        Changing
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        CHANGING.set(false);
    }
}

impl State {
    fn add(&mut self, journal: Overlay, durability: Durability) {
        self.gathering.overlay.merge(journal);
        self.gathering.jobs += 1;
        if durability == Durability::Durable {
            self.promised = self.gathering.number;
        }
    }
}

impl Group {
    fn is_full(&self) -> bool {
        self.jobs >= GROUP_JOBS_MAX || self.overlay.bytes() >= GROUP_BYTES_MAX
    }
}

impl Failure {
    /// What a writer reads whose change may or may not be on disk.
    fn now(&self) -> Error {
        if self.full {
            Error::Full
        } else {
            Error::Io(self.why.clone())
        }
    }

    /// What a later writer reads.
    fn later(&self) -> Error {
        Error::Io(format!(
            "it takes no more writes since a failure ({})",
            self.why
        ))
    }
}

fn wait<'a>(until: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    until.wait(state).unwrap_or_else(PoisonError::into_inner)
}

fn lost(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::StorageFull {
        Error::Full
    } else {
        Error::Io(error.to_string())
    }
}
