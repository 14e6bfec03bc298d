//! A body that goes on: it waits for its source, or for the next sign of life, without a thread; a place for blocking
//! work is taken only while a piece is written.

use super::Shared;
use super::seats::Seat;
use crate::clock;
use crate::http::{Ongoing, Written};
use bytes::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, sleep};

/// The source, back from writing a piece; nothing if it stumbled.
type Back = Option<(Box<dyn Ongoing>, Written)>;

/// A body that goes on.
pub(crate) struct Live {
    places: Arc<Semaphore>,
    state: State,
    beat: Pin<Box<Sleep>>,
    beat_every: Duration,
    _seat: Option<Seat>,
}

enum State {
    Waiting(Box<dyn Ongoing>),
    Writing(Pin<Box<dyn Future<Output = Back> + Send>>),
    Over,
}

impl Live {
    /// The body of a source; writing waits for one of the server's places.
    pub(super) fn new(source: Box<dyn Ongoing>, seat: Option<Seat>, server: &Shared) -> Live {
        let beat_every = server.bounds.beat_every;
        Live {
            places: Arc::clone(&server.live),
            state: State::Waiting(source),
            beat: Box::pin(sleep(beat_every)),
            beat_every,
            _seat: seat,
        }
    }

    /// The next piece; nothing at the end.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            match &mut self.state {
                State::Waiting(source) => {
                    let beat = self.beat.as_mut().poll(context).is_ready();
                    if !beat {
                        ready!(source.poll(context));
                    }
                    if let State::Waiting(source) = std::mem::replace(&mut self.state, State::Over)
                    {
                        let places = Arc::clone(&self.places);
                        self.state = State::Writing(Box::pin(write(source, places, beat)));
                    }
                }
                State::Writing(writing) => {
                    let Some((source, written)) = ready!(writing.as_mut().poll(context)) else {
                        self.state = State::Over;
                        continue;
                    };
                    self.beat.as_mut().reset(Instant::now() + self.beat_every);
                    self.state = match written.ends {
                        true => State::Over,
                        false => State::Waiting(source),
                    };
                    if !written.bytes.is_empty() {
                        return Poll::Ready(Some(written.bytes));
                    }
                }
                State::Over => return Poll::Ready(None),
            }
        }
    }
}

async fn write(mut source: Box<dyn Ongoing>, places: Arc<Semaphore>, beat: bool) -> Back {
    let place = places.acquire_owned().await.ok()?;
    let work = tokio::task::spawn_blocking(move || {
        let written = source.write(beat, clock::now());
        drop(place);
        (source, written)
    });
    work.await.ok()
}
