//! Sessions by single requests: `xhr`, `xhr_streaming` and `eventsource` bring messages to the client, `xhr_send` takes
//! its own.

use super::{enabled, nothing, shared};
use crate::app::App;
use crate::auth;
use crate::clock::{self, Timestamp};
use crate::domain::talks::{Close, Session};
use crate::http::{Answer, Content, Ongoing, Request, Response, Written};
use crate::store::news::Ear;
use crate::wire::sockjs;
use bytes::Bytes;
use hyper::StatusCode;
use std::sync::Arc;
use std::task::{Context, Poll};

/// After so many bytes a streaming answer ends, so that the browser can forget it; the client asks again.
const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// What some browsers want to have read before they show anything, in bytes.
const PRELUDE_BYTES: usize = 2048;

/// How messages come to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// One frame an answer.
    Xhr,
    /// Frames, a line each.
    XhrStreaming,
    /// Frames as server-sent events.
    EventSource,
}

/// `POST …/{server}/{session}/xhr`
pub fn xhr(request: &Request) -> Answer {
    receive(request, Way::Xhr)
}

/// `POST …/{server}/{session}/xhr_streaming`
pub fn xhr_streaming(request: &Request) -> Answer {
    receive(request, Way::XhrStreaming)
}

/// `GET …/{server}/{session}/eventsource`
pub fn eventsource(request: &Request) -> Answer {
    receive(request, Way::EventSource)
}

/// `POST …/{server}/{session}/xhr_send`: 204; 404 without such a session, 500 for what is no frame, as SockJS has it.
pub fn xhr_send(request: &Request) -> Answer {
    enabled(request)?;
    let app = request.app();
    let session = app.talks.find(session_id(request)?, request.now);
    let session = session.ok_or_else(nothing)?;
    let broken = |text: &'static str| {
        let response = Response::text(text).with_status(StatusCode::INTERNAL_SERVER_ERROR);
        Ok(shared(request, response))
    };
    let body = request.bytes();
    if body.is_empty() {
        return broken("Payload expected.");
    }
    let frame = std::str::from_utf8(body).ok().and_then(sockjs::parse);
    let Some(messages) = frame else {
        return broken("Broken JSON encoding.");
    };
    session.hear(app, &messages, &|rise| {
        auth::rising(&request.app, &request.guard, rise, request.now).ok()
    })?;
    let response = Response::new(StatusCode::NO_CONTENT, "text/plain; charset=UTF-8", "");
    Ok(shared(request, response))
}

fn receive(request: &Request, way: Way) -> Answer {
    enabled(request)?;
    let app = request.app();
    let id = session_id(request)?;
    if request.sent_method == hyper::Method::HEAD {
        return Ok(shared(request, answer(way, Content::Empty)));
    }
    let (session, is_new) = app.talks.open(app, id, request.now)?;
    let mut opening = way.prelude();
    if is_new {
        opening.push_str(&way.framed(sockjs::OPEN));
        if way == Way::Xhr {
            let content = Content::Memory(Bytes::from(opening));
            return Ok(shared(request, answer(way, content)));
        }
    }
    let content = match session.attend() {
        Ok(ear) => Content::Ongoing(Box::new(Receiver {
            app: Arc::clone(&request.app),
            session,
            ear,
            way,
            sent: 0,
            opening,
            in_order: false,
        })),
        Err(Close { code, reason }) => {
            opening.push_str(&way.framed(&sockjs::close(code, reason)));
            Content::Memory(Bytes::from(opening))
        }
    };
    Ok(shared(request, answer(way, content)))
}

/// The id of the session; the server's part of the address is for those who balance loads. Dots are not allowed.
fn session_id(request: &Request) -> Result<&str, crate::error::Error> {
    let (server, session) = (request.param("server"), request.param("session"));
    match server.contains('.') || session.contains('.') {
        true => Err(nothing()),
        false => Ok(session),
    }
}

fn answer(way: Way, content: Content) -> Response {
    let content_type = match way {
        Way::Xhr | Way::XhrStreaming => "application/javascript; charset=UTF-8",
        Way::EventSource => "text/event-stream; charset=UTF-8",
    };
    let response = Response::new(StatusCode::OK, content_type, "");
    let unbuffered = hyper::header::HeaderName::from_static("x-accel-buffering");
    Response {
        content,
        ..response.with(unbuffered, "no")
    }
}

impl Way {
    fn prelude(self) -> String {
        match self {
            Way::Xhr => String::new(),
            Way::XhrStreaming => format!("{}\n", "h".repeat(PRELUDE_BYTES)),
            Way::EventSource => "\r\n".to_owned(),
        }
    }

    fn framed(self, frame: &str) -> String {
        match self {
            Way::Xhr | Way::XhrStreaming => format!("{frame}\n"),
            Way::EventSource => format!("data: {frame}\r\n\r\n"),
        }
    }
}

/// A request that waits for messages.
struct Receiver {
    app: Arc<App>,
    session: Arc<Session>,
    ear: Ear,
    way: Way,
    sent: usize,
    /// What comes before the first message.
    opening: String,
    /// Whether the answer has ended as it should.
    in_order: bool,
}

impl Ongoing for Receiver {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.opening.is_empty() {
            true => self.ear.poll(context),
            false => Poll::Ready(()),
        }
    }

    fn write(&mut self, beat: bool, now: Timestamp) -> Written {
        let mut text = std::mem::take(&mut self.opening);
        let prelude = text.len();
        match self.session.take(&self.app, now) {
            Ok(share) => {
                if !share.messages.is_empty() {
                    text.push_str(&self.way.framed(&sockjs::messages(&share.messages)));
                }
                let single = self.way == Way::Xhr && !share.messages.is_empty();
                if let Some(Close { code, reason }) = share.closed
                    && !single
                {
                    text.push_str(&self.way.framed(&sockjs::close(code, reason)));
                    self.in_order = true;
                }
                if beat && text.is_empty() {
                    text.push_str(&self.way.framed(sockjs::HEARTBEAT));
                }
            }
            Err(error) => {
                log::error!("a realtime session ends: {error}");
                self.in_order = true;
            }
        }
        self.sent += text.len() - prelude;
        let is_full = self.sent >= ANSWER_BYTES_MAX || (self.way == Way::Xhr && self.sent > 0);
        self.in_order |= is_full;
        Written {
            bytes: Bytes::from(text),
            ends: self.in_order,
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.session.leave(self.in_order, clock::now());
    }
}
