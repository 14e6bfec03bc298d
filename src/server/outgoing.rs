//! The body of an answer on its way out: bytes in memory, or a file in pieces through the threads for blocking work.

use super::limits::PIECE_BYTES;
use super::meter::{InFlight, Sending};
use crate::http::Content;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::fs::File;
use std::io;
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
}

/// A part of a file that is still to be sent.
struct Pieces {
    places: Arc<Semaphore>,
    file: Arc<File>,
    at: u64,
    left: u64,
    reading: Option<Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>>,
}

impl Outgoing {
    /// The body of an answer; reading pieces of files waits for one of `places`.
    pub(crate) fn new(content: Content, in_flight: InFlight, places: &Arc<Semaphore>) -> Outgoing {
        let rest = match content {
            Content::Empty => Rest::Nothing,
            Content::Memory(bytes) if bytes.is_empty() => Rest::Nothing,
            Content::Memory(bytes) => Rest::Memory(bytes),
            Content::File { bytes: 0, .. } => Rest::Nothing,
            Content::File { file, start, bytes } => Rest::File(Pieces {
                places: Arc::clone(places),
                file: Arc::new(file),
                at: start,
                left: bytes,
                reading: None,
            }),
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
        match std::mem::replace(&mut this.rest, Rest::Nothing) {
            Rest::Nothing => Poll::Ready(None),
            Rest::Memory(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Rest::File(mut pieces) => {
                let piece = pieces.poll(context);
                if pieces.left > 0 {
                    this.rest = Rest::File(pieces);
                }
                Poll::Ready(Some(ready!(piece).map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.rest, Rest::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.rest {
            Rest::Nothing => 0,
            Rest::Memory(bytes) => bytes.len() as u64,
            Rest::File(pieces) => pieces.left,
        })
    }
}

impl Pieces {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let reading = self.reading.get_or_insert_with(|| {
            let (file, at) = (Arc::clone(&self.file), self.at);
            let length = usize::try_from(self.left).map_or(PIECE_BYTES, |n| n.min(PIECE_BYTES));
            Box::pin(read_piece(Arc::clone(&self.places), file, at, length))
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
    file: Arc<File>,
    at: u64,
    length: usize,
) -> io::Result<Bytes> {
    let place = places.acquire_owned().await.map_err(io::Error::other)?;
    let read = tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; length];
        // A file that got shorter ends the connection: its length was promised.
        let result = file.read_exact_at(&mut piece, at);
        drop(place);
        result.map(|()| Bytes::from(piece))
    });
    read.await.map_err(io::Error::other)?
}
