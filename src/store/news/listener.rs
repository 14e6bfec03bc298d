//! Somebody who listens to streams: what waits for the listener, and where a task waits for that.

use super::{Entry, News};
use crate::store::keys::Stream;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Most entries that wait for one listener. One more, and the listener has lost the thread.
pub const WAITING_MAX: usize = 256;

/// Between the news and one listener.
pub(super) struct Line {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
pub(super) struct Waiting {
    pub(super) entries: VecDeque<Entry>,
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
    pub(super) line: Arc<Line>,
}

/// Where a task waits for a listener to have something to hear.
pub struct Ear(Arc<Line>);

impl Ear {
    /// Ready as soon as there is something to hear. Only the task that asked last is woken.
    pub fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.0.poll(context)
    }
}

impl Line {
    /// Tells the listener of an entry.
    pub(super) fn add(&self, entry: Entry) {
        self.lock().add(entry);
    }

    /// Tells the listener that the server ends.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.wake();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
    pub(super) fn new(news: Arc<News>, number: u64, closed: bool) -> Listener {
        let waiting = Waiting {
            closed,
            ..Waiting::default()
        };
        Listener {
            news,
            number,
            streams: Vec::new(),
            line: Arc::new(Line {
                waiting: Mutex::new(waiting),
            }),
        }
    }

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
