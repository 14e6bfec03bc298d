//! Who waits for new entries of streams, and telling them. A write notes what it adds to feeds and inboxes; once it is on
//! disk, everybody who listens to such a stream gets the ids, in the order of the writes. Nothing is kept here for
//! somebody who does not listen, and a bounded number of ids for somebody who does: who does not keep up has lost the
//! thread and is told so.
//!
//! Nothing is lost between reading and listening: who listens first and reads then has seen what was written before, and
//! is told what is written after. What is written at that moment may come both ways.

mod listener;

pub use listener::{Ear, Heard, Listener, WAITING_MAX};

use super::keys::Stream;
use crate::ids::ThingId;
use listener::Line;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A new entry of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The stream.
    pub stream: Stream,
    /// What was added to it.
    pub thing: ThingId,
}

/// Everybody who listens to the streams of one store.
#[derive(Default)]
pub struct News {
    inner: Mutex<Inner>,
    /// How many pairs of listener and stream there are.
    followed: AtomicUsize,
}

#[derive(Default)]
struct Inner {
    /// By stream and number of the listener.
    lines: BTreeMap<(Stream, u64), Arc<Line>>,
    /// Writes that have run and are not told yet, in the order in which they ran.
    writes: VecDeque<Write>,
    /// The number of the newest write or listener.
    newest: u64,
    closed: bool,
}

struct Write {
    number: u64,
    /// What it added; nothing once it has failed.
    entries: Vec<Entry>,
    /// Whether it is on disk, or has failed.
    settled: bool,
}

/// The turn of one write. Dropped without [`Turn::done`], the write has failed and nobody is told.
pub(super) struct Turn<'a> {
    news: &'a News,
    number: Option<u64>,
}

impl News {
    /// The turn of a write that is about to run.
    pub(super) fn turn(&self) -> Turn<'_> {
        Turn {
            news: self,
            number: None,
        }
    }

    /// A listener who follows no stream yet.
    pub fn listener(self: &Arc<News>) -> Listener {
        let mut inner = self.lock();
        inner.newest += 1;
        let (number, closed) = (inner.newest, inner.closed);
        drop(inner);
        Listener::new(Arc::clone(self), number, closed)
    }

    /// Tells all listeners, now and later, that the server ends.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        for line in inner.lines.values() {
            line.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Tells what is settled, as far as nothing older is still running.
    fn tell(&mut self) {
        while let Some(write) = self.writes.pop_front_if(|write| write.settled) {
            for entry in write.entries {
                let of_stream = (entry.stream, 0)..=(entry.stream, u64::MAX);
                for (_, line) in self.lines.range(of_stream) {
                    line.add(entry);
                }
            }
        }
    }

    fn write(&mut self, number: u64) -> Option<&mut Write> {
        let mut writes = self.writes.iter_mut();
        writes.find(|write| write.number == number)
    }
}

impl Turn<'_> {
    /// Takes the write's place in the order, while it still has its turn. A write that runs again loses its first place.
    pub(super) fn ran(&mut self, entries: Vec<Entry>) {
        self.settle(false);
        if entries.is_empty() {
            return;
        }
        let mut inner = self.news.lock();
        inner.newest += 1;
        let number = inner.newest;
        inner.writes.push_back(Write {
            number,
            entries,
            settled: false,
        });
        self.number = Some(number);
    }

    /// The write is on disk: listeners are told.
    pub(super) fn done(mut self) {
        let anybody = self.news.followed.load(Ordering::SeqCst) > 0;
        self.settle(anybody);
    }

    /// Makes room for the writes that ran later; without `told` nobody hears of this one.
    fn settle(&mut self, told: bool) {
        let Some(number) = self.number.take() else {
            return;
        };
        let mut inner = self.news.lock();
        if let Some(write) = inner.write(number) {
            write.settled = true;
            if !told {
                write.entries = Vec::new();
            }
        }
        inner.tell();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.settle(false);
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Heard, Listener, News, WAITING_MAX};
    use crate::ids::ThingId;
    use crate::store::Store;
    use crate::store::engine::memory::MemoryEngine;
    use crate::store::keys::{Stream, StreamKind};
    use crate::store::streams::{self, Start};
    use std::sync::Arc;
    use std::thread;

    fn stream(owner: u64) -> Stream {
        Stream::of(ThingId(owner), StreamKind::Inbox)
    }

    fn entry(owner: u64, thing: u64) -> Entry {
        Entry {
            stream: stream(owner),
            thing: ThingId(thing),
        }
    }

    fn tell(news: &News, entry: Entry) {
        let mut turn = news.turn();
        turn.ran(vec![entry]);
        turn.done();
    }

    fn hear_all(listener: &Listener) -> Vec<Entry> {
        let mut heard = Vec::new();
        while let Heard::Entry(entry) = listener.hear() {
            heard.push(entry);
        }
        heard
    }

    #[test]
    fn a_write_that_fails_tells_nobody_and_holds_nobody_up() {
        let news = Arc::new(News::default());
        let mut listener = news.listener();
        listener.follow(stream(1));
        let mut failing = news.turn();
        failing.ran(vec![entry(1, 1)]);
        let mut second = news.turn();
        second.ran(vec![entry(1, 2)]);
        second.ran(vec![entry(1, 3)]);
        second.done();
        assert_eq!(listener.hear(), Heard::Nothing, "an older write still runs");
        drop(failing);
        assert_eq!(hear_all(&listener), [entry(1, 3)]);
    }

    #[test]
    fn who_does_not_keep_up_is_told_so_and_holds_nothing() {
        let news = Arc::new(News::default());
        let mut listener = news.listener();
        listener.follow(stream(1));
        for thing in 0..=WAITING_MAX as u64 {
            tell(&news, entry(1, thing));
        }
        assert_eq!(listener.hear(), Heard::Lost);
        assert_eq!(listener.line.lock().entries.capacity(), 0);
        tell(&news, entry(1, 999));
        assert_eq!(listener.hear(), Heard::Lost);
    }

    #[test]
    fn only_what_is_followed_is_heard_and_nothing_stays_behind() {
        let news = Arc::new(News::default());
        let mut listener = news.listener();
        listener.follow(stream(1));
        listener.follow(stream(2));
        listener.follow(stream(2));
        listener.unfollow(stream(1));
        tell(&news, entry(1, 1));
        tell(&news, entry(2, 2));
        tell(&news, entry(3, 3));
        assert_eq!(hear_all(&listener), [entry(2, 2)]);
        drop(listener);
        assert!(news.lock().lines.is_empty());
        let mut late = news.listener();
        news.close();
        late.follow(stream(1));
        assert_eq!(late.hear(), Heard::Closed);
    }

    /// Several write at once while others begin to listen, read what is there, and go on listening: each gets exactly what
    /// the stream holds, in its order.
    #[test]
    fn who_listens_first_and_reads_then_misses_nothing_and_hears_it_in_order() {
        const WRITERS: u64 = 4;
        const EACH: u64 = WAITING_MAX as u64 / WRITERS;
        let store = Store::on(Box::new(MemoryEngine::default())).expect("a store");
        let all = |start| streams::page(&store, stream(1), start, usize::MAX);
        let write = |_: u64| {
            for _ in 0..EACH {
                store
                    .write(|tx| {
                        let id = store.fresh_id();
                        streams::append(tx, stream(1), id)?;
                        streams::append(tx, stream(2), id)
                    })
                    .expect("written");
            }
        };
        let heard: Vec<Vec<ThingId>> = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|number| scope.spawn(move || write(number)))
                .collect();
            let listeners: Vec<_> = (0..20)
                .map(|_| {
                    let mut listener = store.news().listener();
                    listener.follow(stream(1));
                    let mut known = all(Start::Newest).expect("readable").unwrap_or_default();
                    known.reverse();
                    thread::yield_now();
                    let mut seen = Vec::new();
                    seen.extend(hear_all(&listener));
                    (listener, known, seen)
                })
                .collect();
            for writer in writers {
                writer.join().expect("a writer ends well");
            }
            listeners
                .into_iter()
                .map(|(listener, mut known, mut seen)| {
                    seen.extend(hear_all(&listener));
                    let new = seen.into_iter().map(|entry| entry.thing);
                    let new: Vec<ThingId> = new.filter(|id| !known.contains(id)).collect();
                    known.extend(new);
                    known
                })
                .collect()
        });
        let mut expected = all(Start::Newest).expect("readable").unwrap_or_default();
        expected.reverse();
        assert_eq!(expected.len() as u64, WRITERS * EACH);
        for known in heard {
            assert_eq!(known, expected);
        }
    }
}
