//! What a connection is doing and since when, and how long it may go on so. [`Metered`] is the socket as hyper sees it:
//! it notes when bytes move.

use super::accept::Place;
use super::limits::{
    HEAD_TIME_MAX, IDLE_TIME_MAX, LINGER_BYTES_MAX, LINGER_TIME_MAX, STALL_TIME_MAX,
};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How long a connection may stay in a state. Tests use shorter ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a request's head.
    pub(crate) head: Duration,
    /// Between requests.
    pub(crate) idle: Duration,
    /// While nothing of an answer can be sent.
    pub(crate) stall: Duration,
}

impl Patience {
    /// That of the server.
    pub(crate) const NORMAL: Patience = Patience {
        head: HEAD_TIME_MAX,
        idle: IDLE_TIME_MAX,
        stall: STALL_TIME_MAX,
    };
}

/// The state of one connection. Times are milliseconds since its start, plus one; 0 means never.
pub(crate) struct Pulse {
    start: Instant,
    patience: Patience,
    /// Whether a head that stays incomplete is noticed: not on HTTP/2, where other frames come in between.
    watches_head: bool,
    /// Requests that are being read, worked on or answered.
    busy: AtomicU32,
    /// When the last of them ended.
    idle_since: AtomicU64,
    /// When the first byte of the next request came in.
    head_since: AtomicU64,
    /// Bodies that are being sent.
    sending: AtomicU32,
    /// When bytes were last sent.
    sent_at: AtomicU64,
    /// When the last answer was sent, while what is unread is thrown away.
    lingers_since: AtomicU64,
    /// The connection's place; given back when somebody begins to listen on it, or at its end.
    place: Mutex<Option<Place>>,
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Look again then.
    Wait(Instant),
    /// It was idle long enough: end it in order.
    Close,
    /// It takes too long: end it at once.
    Cut,
}

impl Pulse {
    pub(crate) fn new(patience: Patience, watches_head: bool, place: Place) -> Arc<Pulse> {
        Arc::new(Pulse {
            start: Instant::now(),
            patience,
            watches_head,
            busy: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(1),
            sending: AtomicU32::new(0),
            sent_at: AtomicU64::new(0),
            lingers_since: AtomicU64::new(0),
            place: Mutex::new(Some(place)),
        })
    }

    /// A request begins; it ends when the value is dropped.
    pub(crate) fn request(self: &Arc<Pulse>) -> InFlight {
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// A body begins to be sent; it ends when the value is dropped.
    pub(crate) fn sending(self: &Arc<Pulse>) -> Sending {
        self.sending.fetch_add(1, Ordering::Relaxed);
        self.sent_at.store(self.now(), Ordering::Relaxed);
        Sending(Arc::clone(self))
    }

    /// Gives the connection's place back. A connection that goes on to listen has a seat instead, and ends with its last
    /// request.
    pub(crate) fn give_up_place(&self) {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        drop(place.take());
    }

    fn has_place(&self) -> bool {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.is_some()
    }

    /// What is to be done now.
    pub(crate) fn verdict(&self) -> Verdict {
        let lingers_since = self.lingers_since.load(Ordering::Relaxed);
        let (since, limit, then) = if lingers_since > 0 {
            (lingers_since, LINGER_TIME_MAX, Verdict::Cut)
        } else if self.busy.load(Ordering::Relaxed) > 0 {
            if self.sending.load(Ordering::Relaxed) == 0 {
                return Verdict::Wait(Instant::now() + self.patience.stall);
            }
            let sent_at = self.sent_at.load(Ordering::Relaxed);
            (sent_at, self.patience.stall, Verdict::Cut)
        } else if !self.has_place() {
            return Verdict::Close;
        } else {
            let head_since = self.head_since.load(Ordering::Relaxed);
            if head_since > 0 && (self.watches_head || self.idle_since.load(Ordering::Relaxed) == 0)
            {
                (head_since, self.patience.head, Verdict::Cut)
            } else {
                (self.quiet_since(), self.patience.idle, Verdict::Close)
            }
        };
        let due = self.start + Duration::from_millis(since) + limit;
        if Instant::now() >= due {
            then
        } else {
            Verdict::Wait(due)
        }
    }

    /// Since when there is neither a request nor a rest of an answer under way. On HTTP/2 other frames are sent, too, which
    /// a caller could ask for to keep an idle connection.
    fn quiet_since(&self) -> u64 {
        let idle_since = self.idle_since.load(Ordering::Relaxed);
        match self.watches_head {
            true => idle_since.max(self.sent_at.load(Ordering::Relaxed)),
            false => idle_since,
        }
    }

    fn now(&self) -> u64 {
        let passed = self.start.elapsed().as_millis();
        u64::try_from(passed).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn bytes_came(&self) {
        if self.busy.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    fn lingers(&self) {
        self.lingers_since.store(self.now(), Ordering::Relaxed);
    }

    fn bytes_went(&self) {
        self.sent_at.store(self.now(), Ordering::Relaxed);
    }
}

/// A request that is being read, worked on or answered.
pub(crate) struct InFlight(Arc<Pulse>);

impl InFlight {
    /// The connection's state.
    pub(crate) fn pulse(&self) -> &Arc<Pulse> {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that is being sent.
pub(crate) struct Sending(Arc<Pulse>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.sending.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A socket, with what was already read of it in front.
pub(crate) struct Metered<S> {
    socket: S,
    pulse: Arc<Pulse>,
    ahead: Ahead,
    end: Ending,
}

/// How far a connection has ended.
#[derive(Clone, Copy)]
enum Ending {
    /// It goes on.
    Open,
    /// Nothing more is sent; so many bytes were read and thrown away.
    Lingering(u64),
}

/// The first bytes of a connection, read to learn its protocol.
#[derive(Default)]
pub(crate) struct Ahead {
    pub(crate) bytes: [u8; 24],
    pub(crate) start: u8,
    pub(crate) end: u8,
}

impl<S> Metered<S> {
    pub(crate) fn new(socket: S, pulse: Arc<Pulse>, ahead: Ahead) -> Metered<S> {
        Metered {
            socket,
            pulse,
            ahead,
            end: Ending::Open,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let ahead = &mut this.ahead;
        let waiting = &ahead.bytes[usize::from(ahead.start)..usize::from(ahead.end)];
        if !waiting.is_empty() {
            let taken = waiting.len().min(into.remaining());
            into.put_slice(&waiting[..taken]);
            ahead.start += u8::try_from(taken).expect("at most 24");
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        let result = Pin::new(&mut this.socket).poll_read(context, into);
        if into.filled().len() > before {
            this.pulse.bytes_came();
        }
        result
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.socket).poll_write(context, bytes);
        if matches!(result, Poll::Ready(Ok(1..))) {
            this.pulse.bytes_went();
        }
        result
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.socket).poll_write_vectored(context, pieces);
        if matches!(result, Poll::Ready(Ok(1..))) {
            this.pulse.bytes_went();
        }
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    /// Says that nothing more is sent. A socket that is closed with bytes unread takes its last answer away from the caller,
    /// so those are read first.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut thrown = match this.end {
            Ending::Lingering(thrown) => thrown,
            Ending::Open => {
                ready!(Pin::new(&mut this.socket).poll_shutdown(context))?;
                this.pulse.lingers();
                0
            }
        };
        let is_cut = this.pulse.head_since.load(Ordering::Relaxed) > 0;
        let mut bytes = [0; 2048];
        while thrown < LINGER_BYTES_MAX {
            let mut into = ReadBuf::new(&mut bytes);
            this.end = Ending::Lingering(thrown);
            match Pin::new(&mut this.socket).poll_read(context, &mut into) {
                Poll::Pending if is_cut || thrown > 0 => return Poll::Pending,
                Poll::Ready(Ok(())) if !into.filled().is_empty() => {
                    thrown += into.filled().len() as u64;
                }
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
