//! The body of an answer on its way out: bytes in memory, a file in pieces through the threads for blocking work, or a body
//! that goes on.

use super::Shared;
use super::limits::PIECE_BYTES;
use super::live::Live;
use super::meter::{InFlight, Sending};
use super::seats::Seat;
use crate::http::Content;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::fs::File;
use std::io::{self, PipeReader, Read as _};
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::Semaphore;

/// A body being sent. The request counts as in flight until it is dropped.
pub(crate) struct Outgoing {
    rest: Rest,
    _sending: Option<Sending>,
    _in_flight: InFlight,
}

enum Rest {
    Nothing,
    Memory(Bytes),
    File(Pieces),
    Live(Live),
}

/// A part of a file, or what a pipe still gives.
struct Pieces {
    places: Arc<Semaphore>,
    source: Source,
    at: u64,
    left: u64,
    reading: Option<Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>>,
}

/// Where the bytes are read from.
#[derive(Clone)]
enum Source {
    File(Arc<File>),
    Pipe(Arc<PipeReader>),
}

impl Outgoing {
    /// The body of an answer; pieces of files and of bodies that go on wait for one of the server's places.
    pub(super) fn new(
        content: Content,
        seat: Option<Seat>,
        in_flight: InFlight,
        server: &Shared,
    ) -> Outgoing {
        let rest = match content {
            Content::Empty => Rest::Nothing,
            Content::Memory(bytes) if bytes.is_empty() => Rest::Nothing,
            Content::Memory(bytes) => Rest::Memory(bytes),
            Content::File { bytes: 0, .. } => Rest::Nothing,
            Content::File { file, start, bytes } => Rest::File(Pieces {
                places: Arc::clone(&server.files),
                source: Source::File(Arc::new(file)),
                at: start,
                left: bytes,
                reading: None,
            }),
            Content::Pipe { from, bytes } => Rest::File(Pieces {
                places: Arc::clone(&server.files),
                source: Source::Pipe(Arc::new(from)),
                at: 0,
                left: bytes,
                reading: None,
            }),
            Content::Ongoing(source) => {
                in_flight.pulse().give_up_place();
                Rest::Live(Live::new(source, seat, server))
            }
            // A connection that does not upgrade has nothing to say.
            Content::Upgrade(_) => Rest::Nothing,
        };
        let sending = match rest {
            Rest::Nothing => None,
            _ => Some(in_flight.pulse().sending()),
        };
        Outgoing {
            rest,
            _sending: sending,
            _in_flight: in_flight,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let (piece, goes_on) = match &mut this.rest {
            Rest::Nothing => (None, false),
            Rest::Memory(bytes) => (Some(Ok(std::mem::take(bytes))), false),
            Rest::File(pieces) => {
                let piece = ready!(pieces.poll(context));
                (Some(piece), pieces.left > 0)
            }
            Rest::Live(live) => {
                let piece = ready!(live.poll(context));
                let goes_on = piece.is_some();
                (piece.map(Ok), goes_on)
            }
        };
        if !goes_on {
            this.rest = Rest::Nothing;
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.rest, Rest::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.rest {
            Rest::Nothing => 0,
            Rest::Memory(bytes) => bytes.len() as u64,
            Rest::File(pieces) => pieces.left,
            Rest::Live(_) => return SizeHint::default(),
        })
    }
}

impl Pieces {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let reading = self.reading.get_or_insert_with(|| {
            let (source, at) = (self.source.clone(), self.at);
            let length = usize::try_from(self.left).map_or(PIECE_BYTES, |n| n.min(PIECE_BYTES));
            Box::pin(read_piece(Arc::clone(&self.places), source, at, length))
        });
        let result = ready!(reading.as_mut().poll(context));
        self.reading = None;
        if let Ok(piece) = &result {
            self.at += piece.len() as u64;
            self.left -= piece.len() as u64;
        }
        Poll::Ready(result)
    }
}

async fn read_piece(
    places: Arc<Semaphore>,
    source: Source,
    at: u64,
    length: usize,
) -> io::Result<Bytes> {
    let place = places.acquire_owned().await.map_err(io::Error::other)?;
    let read = tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; length];
        // A file that got shorter, or a writer that gave up, ends the connection: its length was promised.
        let result = match &source {
            Source::File(file) => file.read_exact_at(&mut piece, at),
            Source::Pipe(pipe) => (&**pipe).read_exact(&mut piece),
        };
        drop(place);
        result.map(|()| Bytes::from(piece))
    });
    read.await.map_err(io::Error::other)?
}
