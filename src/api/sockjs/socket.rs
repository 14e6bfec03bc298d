//! WebSockets: with SockJS's frames for its own clients, without for everybody else.

use super::{enabled, nothing};
use crate::app::App;
use crate::auth::{self, Guard};
use crate::clock::Timestamp;
use crate::domain::talk::{Says, Talk};
use crate::domain::talks::GO_AWAY;
use crate::error::Error;
use crate::http::{Answer, Content, Conversation, End, Request, Response, Spoken};
use crate::store::engine;
use crate::wire::sockjs;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{self, HeaderName};
use hyper::{Method, StatusCode};
use sha1::{Digest as _, Sha1};
use std::sync::Arc;
use std::task::{Context, Poll};

/// What a handshake is answered with is a hash over this (RFC 6455 §1.3).
const MARK: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Versions of the protocol that look the same on the wire: two drafts that browsers had, and RFC 6455.
const VERSIONS: [&str; 3] = ["7", "8", "13"];

const SEC_WEBSOCKET_KEY: HeaderName = header::SEC_WEBSOCKET_KEY;

/// `GET …/{server}/{session}/websocket`: with frames. 400 for what is no handshake.
pub fn framed(request: &Request) -> Answer {
    enabled(request)?;
    if request.param("server").contains('.') || request.param("session").contains('.') {
        return Err(nothing());
    }
    open(request, true)
}

/// `GET /main/realtime/sockjs/websocket`: each message by itself. 400 for what is no handshake.
pub fn raw(request: &Request) -> Answer {
    enabled(request)?;
    open(request, false)
}

fn open(request: &Request, is_framed: bool) -> Answer {
    let accept = handshake(request)?;
    let (talk, challenge) = Talk::begin(request.app());
    let line = Line {
        app: Arc::clone(&request.app),
        guard: Arc::clone(&request.guard),
        talk,
        challenge: Some(challenge),
        is_framed,
    };
    let response = Response {
        status: StatusCode::SWITCHING_PROTOCOLS,
        headers: header::HeaderMap::new(),
        content: Content::Upgrade(Box::new(line)),
    };
    Ok(response
        .with(header::UPGRADE, "websocket")
        .with(header::CONNECTION, "Upgrade")
        .with(header::SEC_WEBSOCKET_ACCEPT, &accept))
}

/// Checks a handshake (RFC 6455 §4.2.1) and answers what proves that it was understood.
fn handshake(request: &Request) -> Result<String, Error> {
    let names = |name: &HeaderName, wanted: &str| {
        let lines = request.headers.get_all(name).iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|word| word.trim().eq_ignore_ascii_case(wanted))
    };
    if !names(&header::UPGRADE, "websocket") || request.sent_method != Method::GET {
        return Err(Error::invalid("Can \"Upgrade\" only to \"WebSocket\"."));
    }
    if !names(&header::CONNECTION, "upgrade") {
        return Err(Error::invalid("\"Connection\" must be \"Upgrade\"."));
    }
    let version = request.header(&header::SEC_WEBSOCKET_VERSION);
    if !version.is_some_and(|version| VERSIONS.contains(&version)) {
        return Err(Error::invalid(
            "Only version 13 of WebSocket is spoken here.",
        ));
    }
    let key = request.header(&SEC_WEBSOCKET_KEY).unwrap_or_default();
    if STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(Error::invalid("\"Sec-WebSocket-Key\" is missing or wrong."));
    }
    let digest = Sha1::new().chain_update(key).chain_update(MARK).finalize();
    Ok(STANDARD.encode(digest))
}

/// One client.
struct Line {
    app: Arc<App>,
    guard: Arc<Guard>,
    talk: Talk,
    /// The first challenge, until it is sent.
    challenge: Option<String>,
    is_framed: bool,
}

impl Conversation for Line {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.challenge {
            Some(_) => Poll::Ready(()),
            None => self.talk.poll(context),
        }
    }

    fn speak(&mut self, beat: bool, now: Timestamp) -> Spoken {
        let first = self.challenge.take();
        let mut spoken = Spoken::default();
        if first.is_some() && self.is_framed {
            spoken.messages.push(sockjs::OPEN.to_owned());
        }
        let says = self.talk.speak(&self.app, now);
        self.say(&mut spoken, first, says);
        if beat && self.is_framed && spoken.messages.is_empty() {
            spoken.messages.push(sockjs::HEARTBEAT.to_owned());
        }
        spoken
    }

    fn hear(&mut self, text: &str, now: Timestamp) -> Spoken {
        let mut spoken = Spoken::default();
        let messages = match self.is_framed {
            // An empty message is none.
            true if text.is_empty() => return spoken,
            true => sockjs::parse(text),
            false => Some(vec![text.to_owned()]),
        };
        let Some(messages) = messages else {
            spoken.end = Some(End::Cut);
            return spoken;
        };
        for message in messages {
            let says = self.talk.hear(&self.app, &message, &|rise| {
                auth::rising(&self.app, &self.guard, rise, now).ok()
            });
            self.say(&mut spoken, None, says);
            if spoken.end.is_some() {
                break;
            }
        }
        spoken
    }
}

impl Line {
    /// Puts what the talk says into messages of the socket.
    fn say(&self, spoken: &mut Spoken, first: Option<String>, says: engine::Result<Says>) {
        let says = says.unwrap_or_else(|error| {
            log::error!("a realtime client is sent away: {error}");
            Says {
                over: Some("Something went wrong on this server"),
                ..Says::default()
            }
        });
        let messages: Vec<String> = first.into_iter().chain(says.messages).collect();
        match self.is_framed {
            true if messages.is_empty() => {}
            true => spoken.messages.push(sockjs::messages(&messages)),
            false => spoken.messages.extend(messages),
        }
        if let Some(reason) = says.over {
            if self.is_framed {
                spoken.messages.push(sockjs::close(GO_AWAY, reason));
            }
            spoken.end = Some(End::Close(GO_AWAY, reason.to_owned()));
        }
    }
}
