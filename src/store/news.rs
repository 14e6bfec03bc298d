//! Who waits for new entries of streams, and telling them. A write notes what it adds to feeds and inboxes; once it is on
//! disk, everybody who listens to such a stream gets the ids, in the order of the writes. Nothing is kept here for
//! somebody who does not listen, and a bounded number of ids for somebody who does: who does not keep up has lost the
//! thread and is told so.
//!
//! Nothing is lost between reading and listening: who listens first and reads then has seen what was written before, and
//! is told what is written after. What is written at that moment may come both ways.

use super::keys::Stream;
use crate::ids::ThingId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Most entries that wait for one listener. One more, and the listener has lost the thread.
pub const WAITING_MAX: usize = 256;

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

/// Between the news and one listener.
struct Line {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    /// More came than may wait.
    lost: bool,
    closed: bool,
    /// There is something else to do.
    nudged: bool,
    waker: Option<Waker>,
}

/// What a listener has heard.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// A new entry.
    Entry(Entry),
    /// Nothing more for now.
    Nothing,
    /// Entries were lost, because too many were waiting.
    Lost,
    /// The server ends.
    Closed,
}

/// Somebody who listens to streams, until the value is dropped.
pub struct Listener {
    news: Arc<News>,
    number: u64,
    streams: Vec<Stream>,
    line: Arc<Line>,
}

/// Where a task waits for a listener to have something to hear.
pub struct Ear(Arc<Line>);

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
        let waiting = Waiting {
            closed: inner.closed,
            ..Waiting::default()
        };
        Listener {
            news: Arc::clone(self),
            number: inner.newest,
            streams: Vec::new(),
            line: Arc::new(Line {
                waiting: Mutex::new(waiting),
            }),
        }
    }

    /// Tells all listeners, now and later, that the server ends.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        for line in inner.lines.values() {
            let mut waiting = line.lock();
            waiting.closed = true;
            waiting.wake();
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
                    line.lock().add(entry);
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

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ear {
    /// Ready as soon as there is something to hear. Only the task that asked last is woken.
    pub fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.0.poll(context)
    }
}

impl Line {
    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut waiting = self.lock();
        if waiting.lost || waiting.closed || waiting.nudged || !waiting.entries.is_empty() {
            return Poll::Ready(());
        }
        waiting.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Waiting {
    fn add(&mut self, entry: Entry) {
        if self.lost {
            return;
        }
        if self.entries.len() >= WAITING_MAX {
            self.lost = true;
            self.entries = VecDeque::new();
        } else {
            self.entries.push_back(entry);
        }
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Listener {
    /// Listens to one more stream.
    pub fn follow(&mut self, stream: Stream) {
        if self.streams.contains(&stream) {
            return;
        }
        self.streams.push(stream);
        let mut inner = self.news.lock();
        let line = Arc::clone(&self.line);
        line.lock().closed = inner.closed;
        inner.lines.insert((stream, self.number), line);
        self.news.followed.fetch_add(1, Ordering::SeqCst);
    }

    /// Listens to a stream no longer.
    pub fn unfollow(&mut self, stream: Stream) {
        let before = self.streams.len();
        self.streams.retain(|known| *known != stream);
        if self.streams.len() < before {
            self.forget(stream);
        }
    }

    /// What somebody waits at who does not hold the listener.
    pub fn ear(&self) -> Ear {
        Ear(Arc::clone(&self.line))
    }

    /// As [`Ear::poll`].
    pub fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.line.poll(context)
    }

    /// Wakes who waits although nothing new came, until the next [`Heard::Nothing`].
    pub fn nudge(&self) {
        let mut waiting = self.line.lock();
        waiting.nudged = true;
        waiting.wake();
    }

    /// What comes next.
    pub fn hear(&self) -> Heard {
        let mut waiting = self.line.lock();
        if waiting.closed {
            return Heard::Closed;
        }
        if waiting.lost {
            return Heard::Lost;
        }
        let heard = waiting.entries.pop_front();
        waiting.nudged &= heard.is_some();
        if waiting.entries.is_empty() {
            // Most listeners wait most of the time.
            waiting.entries = VecDeque::new();
        }
        heard.map_or(Heard::Nothing, Heard::Entry)
    }

    fn forget(&self, stream: Stream) {
        self.news.lock().lines.remove(&(stream, self.number));
        self.news.followed.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        for stream in &self.streams {
            self.forget(*stream);
        }
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
