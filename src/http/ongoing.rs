//! An answer whose body goes on for as long as both sides live. It waits without a thread, and writes where the store may
//! be read.

use crate::clock::Timestamp;
use bytes::Bytes;
use std::fmt;
use std::task::{Context, Poll};

/// The source of a body that goes on.
pub trait Ongoing: Send {
    /// Ready when there is something to write; otherwise the task is woken when there is. Must not block.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Writes what there is, a bounded piece of it. With `beat` nothing was written for a while, and a sign of life is
    /// due. Runs where blocking work is done.
    fn write(&mut self, beat: bool, now: Timestamp) -> Written;
}

/// A piece of a body.
#[derive(Debug, Default)]
pub struct Written {
    /// What to send; may be empty.
    pub bytes: Bytes,
    /// Whether the body ends with it.
    pub ends: bool,
}

/// One side of a WebSocket.
pub trait Conversation: Send {
    /// Ready when there is something to say; otherwise the task is woken when there is. Must not block.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Says what there is, a bounded piece of it. With `beat` nothing was said for a while, and a sign of life is due.
    /// Runs where blocking work is done.
    fn speak(&mut self, beat: bool, now: Timestamp) -> Spoken;

    /// Hears what the other side says, and answers. Runs where blocking work is done.
    fn hear(&mut self, text: &str, now: Timestamp) -> Spoken;
}

/// What is said on a WebSocket.
#[derive(Debug, Default)]
pub struct Spoken {
    /// The messages, in order.
    pub messages: Vec<String>,
    /// How the conversation ends after them.
    pub end: Option<End>,
}

/// How a WebSocket ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With a code and a reason (RFC 6455 §7.4).
    Close(u16, String),
    /// At once.
    Cut,
}

impl fmt::Debug for dyn Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a conversation")
    }
}

impl fmt::Debug for dyn Ongoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a body that goes on")
    }
}
