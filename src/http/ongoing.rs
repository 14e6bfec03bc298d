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

impl fmt::Debug for dyn Ongoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a body that goes on")
    }
}
