//! Talks whose messages travel by single requests: each is known by the id that its client chose, has at most one
//! request that waits for messages, and ends when none came for some seconds.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::talk::{Proved, Rise, Talk};
use crate::error::Error;
use crate::store::engine::Result;
use crate::store::news::Ear;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most talks at once.
const TALKS_MAX: usize = 4096;

/// Longest id, in bytes.
const ID_BYTES_MAX: usize = 128;

/// How long a talk lives without a request that waits for messages, in seconds.
const SILENT_SECS_MAX: i64 = 5;

/// Most answers that wait for the client. One more, and the talk is over.
const WAITING_MAX: usize = 128;

/// The code of SockJS for a talk that the server ends.
pub const GO_AWAY: u16 = 3000;

/// All talks of this kind.
#[derive(Default)]
pub struct Talks(Mutex<HashMap<String, Arc<Session>>>);

/// One of them.
pub struct Session(Mutex<Inner>);

struct Inner {
    talk: Talk,
    /// What was said and is not sent yet.
    waiting: Vec<String>,
    /// Whether a request waits for messages.
    is_attended: bool,
    /// When that was last so.
    attended: Timestamp,
    closed: Option<Close>,
}

/// Why a client gets no messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code of SockJS.
    pub code: u16,
    /// In words.
    pub reason: &'static str,
}

/// What is to be sent now.
#[derive(Debug, Default)]
pub struct Share {
    /// The messages, in order.
    pub messages: Vec<String>,
    /// The talk is over after them.
    pub closed: Option<Close>,
}

impl Talks {
    /// The talk of an id, and whether it begins now. Busy if there are too many.
    pub fn open(
        &self,
        app: &App,
        id: &str,
        now: Timestamp,
    ) -> std::result::Result<(Arc<Session>, bool), Error> {
        let mut all = self.lock();
        if let Some(known) = all.get(id) {
            if !known.is_silent(now) {
                return Ok((Arc::clone(known), false));
            }
            all.remove(id);
        }
        if id.len() > ID_BYTES_MAX {
            return Err(Error::invalid("This session id is too long."));
        }
        if all.len() >= TALKS_MAX {
            all.retain(|_, session| !session.is_silent(now));
        }
        if all.len() >= TALKS_MAX {
            let text = "Too many realtime sessions are open. Try again later.";
            return Err(Error::Busy(text.to_owned()));
        }
        let (talk, challenge) = Talk::begin(app);
        let session = Arc::new(Session(Mutex::new(Inner {
            talk,
            waiting: vec![challenge],
            is_attended: false,
            attended: now,
            closed: None,
        })));
        all.insert(id.to_owned(), Arc::clone(&session));
        Ok((session, true))
    }

    /// The talk of an id, if there is one.
    pub fn find(&self, id: &str, now: Timestamp) -> Option<Arc<Session>> {
        let all = self.lock();
        all.get(id)
            .filter(|session| !session.is_silent(now))
            .map(Arc::clone)
    }

    /// Ends the talks whose clients are gone.
    pub fn forget_silent(&self, now: Timestamp) {
        self.lock().retain(|_, session| !session.is_silent(now));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Begins to wait for messages; only one request may.
    pub fn attend(&self) -> std::result::Result<Ear, Close> {
        let mut inner = self.lock();
        if let Some(closed) = &inner.closed {
            return Err(closed.clone());
        }
        if inner.is_attended {
            return Err(Close {
                code: 2010,
                reason: "Another connection still open",
            });
        }
        inner.is_attended = true;
        if !inner.waiting.is_empty() {
            inner.talk.nudge();
        }
        Ok(inner.talk.ear())
    }

    /// Ends the wait. Messages may be lost if it was not the server that ended it, so then the talk is over.
    pub fn leave(&self, in_order: bool, now: Timestamp) {
        let mut inner = self.lock();
        inner.is_attended = false;
        inner.attended = now;
        if !in_order && inner.closed.is_none() {
            inner.closed = Some(Close {
                code: 1002,
                reason: "Connection interrupted",
            });
        }
    }

    /// What is to be sent now.
    pub fn take(&self, app: &App, now: Timestamp) -> Result<Share> {
        let mut inner = self.lock();
        let mut messages = std::mem::take(&mut inner.waiting);
        if inner.closed.is_none() {
            let says = inner.talk.speak(app, now)?;
            messages.extend(says.messages);
            inner.close(says.over);
        }
        Ok(Share {
            messages,
            closed: inner.closed.clone(),
        })
    }

    /// Hears messages; the answers wait for the request that takes them.
    pub fn hear(
        &self,
        app: &App,
        messages: &[String],
        prove: &dyn Fn(&Rise) -> Option<Proved>,
    ) -> Result<()> {
        let mut inner = self.lock();
        for message in messages {
            if inner.closed.is_some() {
                break;
            }
            let says = inner.talk.hear(app, message, prove)?;
            inner.waiting.extend(says.messages);
            inner.close(says.over);
            if inner.waiting.len() > WAITING_MAX {
                inner.waiting = Vec::new();
                inner.close(Some("Too slow"));
            }
        }
        inner.talk.nudge();
        Ok(())
    }

    fn is_silent(&self, now: Timestamp) -> bool {
        // One who is at work with it is not silent.
        let Ok(inner) = self.0.try_lock() else {
            return false;
        };
        !inner.is_attended && now.secs_since(inner.attended) > SILENT_SECS_MAX
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn close(&mut self, why: Option<&'static str>) {
        if let (Some(reason), None) = (why, &self.closed) {
            self.closed = Some(Close {
                code: GO_AWAY,
                reason,
            });
        }
    }
}
