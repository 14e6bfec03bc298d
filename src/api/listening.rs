//! Feeds and inboxes as server-sent events (HTML Living Standard §9.2): new activities as they come.
//!
//! Each event is named `activity`, has the activity's id as its own, and the whole activity as data. Who comes back with
//! the last id (`Last-Event-ID`, or `since` in the address) gets what came in between; where that is unknown or too much,
//! an event `reset` says that the feed must be read.

use crate::api::{feeds, groups, users};
use crate::app::App;
use crate::auth::{self, LocalUser, Reader};
use crate::clock::Timestamp;
use crate::domain::access::Viewer;
use crate::domain::live::{Begin, Following, Next, Seen};
use crate::domain::standing::Standing;
use crate::http::{Answer, Content, Ongoing, Request, Response, Written};
use crate::store::engine::Result;
use crate::store::keys::{Stream, StreamKind};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{self, HeaderName};
use std::fmt::Write as _;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How long a client waits before it comes back, in milliseconds.
const RETRY_MS: u32 = 3000;

/// A piece that is this long is sent before more is written, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// `GET /api/user/{nickname}/feed/stream`: what a user does, as the reader may see it; 200 with `text/event-stream`.
pub fn feed(request: &Request, reader: &Reader) -> Answer {
    outbox(request, reader, StreamKind::Outbox)
}

/// `GET /api/user/{nickname}/feed/major/stream`
pub fn feed_major(request: &Request, reader: &Reader) -> Answer {
    outbox(request, reader, StreamKind::OutboxMajor)
}

/// `GET /api/user/{nickname}/feed/minor/stream`
pub fn feed_minor(request: &Request, reader: &Reader) -> Answer {
    outbox(request, reader, StreamKind::OutboxMinor)
}

/// `GET /api/user/{nickname}/inbox/stream`: what comes for the user; only the user listens.
pub fn inbox(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, StreamKind::Inbox)
}

/// `GET /api/user/{nickname}/inbox/major/stream`
pub fn inbox_major(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, StreamKind::InboxMajor)
}

/// `GET /api/user/{nickname}/inbox/minor/stream`
pub fn inbox_minor(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, StreamKind::InboxMinor)
}

/// `GET /api/user/{nickname}/inbox/direct/stream`
pub fn direct(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, StreamKind::InboxDirect)
}

/// `GET /api/user/{nickname}/inbox/direct/major/stream`
pub fn direct_major(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, StreamKind::InboxDirectMajor)
}

/// `GET /api/user/{nickname}/inbox/direct/minor/stream`
pub fn direct_minor(request: &Request, user: &LocalUser) -> Answer {
    own_inbox(request, user, StreamKind::InboxDirectMinor)
}

/// `GET /api/group/{key}/inbox/stream`: what is posted to a group, as the reader may see it.
pub fn group(request: &Request, reader: &Reader) -> Answer {
    let (id, _) = groups::named(request, reader)?;
    let seen = Seen {
        stream: Stream::of(id, StreamKind::Inbox),
        viewer: feeds::viewer(reader),
        filtered: true,
    };
    listen(request, seen)
}

fn outbox(request: &Request, reader: &Reader, kind: StreamKind) -> Answer {
    let (owner, _) = users::named(request)?;
    let viewer = feeds::viewer(reader);
    let seen = Seen {
        stream: Stream::of(owner.0, kind),
        viewer,
        filtered: !viewer.is(owner.0),
    };
    listen(request, seen)
}

fn own_inbox(request: &Request, user: &LocalUser, kind: StreamKind) -> Answer {
    let (owner, _) = users::named(request)?;
    user.owning(&request.nickname()?)?;
    let seen = Seen {
        stream: Stream::of(owner.0, kind),
        viewer: Viewer::user(owner),
        filtered: false,
    };
    listen(request, seen)
}

/// The answer that goes on.
fn listen(request: &Request, seen: Seen) -> Answer {
    let since = request.query("since");
    let last = request.header(&LAST_EVENT_ID).or(since.as_deref());
    let last = last.filter(|last| !last.is_empty());
    let standing = auth::standing(request)?;
    let (following, begin) = Following::begin(request.app(), seen, last)?;
    let events = Events {
        app: Arc::clone(&request.app),
        standing,
        following,
        opening: opening(&begin),
    };
    let response = Response {
        content: Content::Ongoing(Box::new(events)),
        ..Response::new(StatusCode::OK, "text/event-stream", "")
    };
    Ok(response
        .with(header::CACHE_CONTROL, "no-store")
        .with(HeaderName::from_static("x-accel-buffering"), "no"))
}

/// The first words: how soon to come back, and from where. An id without data is remembered and raises no event.
fn opening(begin: &Begin) -> String {
    match begin {
        Begin::Now(newest) => format!("retry: {RETRY_MS}\nid: {newest}\n\n"),
        Begin::Resumed => format!("retry: {RETRY_MS}\n\n"),
        Begin::Reset(newest) => format!(
            "retry: {RETRY_MS}\n\nid: {newest}\nevent: reset\ndata: {{\"error\":\"It is not known what you missed, or it is too \
             much to be sent again. Read the feed.\"}}\n\n"
        ),
    }
}

/// The events of one listener.
struct Events {
    app: Arc<App>,
    standing: Standing,
    following: Following,
    opening: String,
}

impl Ongoing for Events {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.opening.is_empty() {
            self.following.poll(context)
        } else {
            Poll::Ready(())
        }
    }

    fn write(&mut self, beat: bool, now: Timestamp) -> Written {
        let mut text = std::mem::take(&mut self.opening);
        let ends = match self.collect(&mut text, now) {
            Ok(goes_on) => !goes_on,
            Err(error) => {
                log::error!("a listener is sent away: {error}");
                true
            }
        };
        if beat {
            self.following.settle();
            if text.is_empty() {
                text.push_str(":\n\n");
            }
        }
        Written {
            bytes: Bytes::from(text),
            ends,
        }
    }
}

impl Events {
    /// Adds what there is; false when it is over.
    fn collect(&mut self, text: &mut String, now: Timestamp) -> Result<bool> {
        if !self.standing.holds(&self.app.store, now)? {
            return Ok(false);
        }
        while text.len() < PIECE_BYTES {
            match self.following.next(&self.app)? {
                Next::Event(event) => {
                    // Writing into memory cannot fail.
                    let _ = write!(
                        text,
                        "id: {}\nevent: activity\ndata: {}\n\n",
                        event.id, event.document
                    );
                }
                Next::Nothing => return Ok(true),
                Next::Over => return Ok(false),
            }
        }
        Ok(true)
    }
}
