//! The port of https, between who decides whether it is open and who listens there (`server/`): the one knocks, the other says
//! what came of it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is done at a knock.
type Listener = Box<dyn Fn() + Send>;

/// The port.
#[derive(Default)]
pub struct Door {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    listener: Option<Listener>,
    /// Whether somebody knocked, and nobody has looked since.
    is_waiting: bool,
    outcome: Outcome,
}

/// How it is with the port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody listens.
    #[default]
    Closed,
    /// This port is listened on.
    Open(u16),
    /// It cannot be listened on; a sentence.
    Stuck(String),
}

impl Door {
    /// Says who is told of a knock.
    pub fn listen(&self, listener: Listener) {
        self.state().listener = Some(listener);
    }

    /// Says that something changed: what is wanted, or what can be shown.
    pub fn knock(&self) {
        let mut state = self.state();
        state.is_waiting = true;
        if let Some(listener) = &state.listener {
            listener();
        }
    }

    /// Says what came of it.
    pub fn settle(&self, outcome: Outcome) {
        let mut state = self.state();
        state.outcome = outcome;
        state.is_waiting = false;
        self.changed.notify_all();
    }

    /// Waits a while for what came of the last knock: the sentence, if the port cannot be listened on.
    pub fn outcome(&self, longest: Duration) -> Option<String> {
        let waiting = |state: &mut State| state.is_waiting;
        let waited = self
            .changed
            .wait_timeout_while(self.state(), longest, waiting);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match &state.outcome {
            Outcome::Stuck(problem) => Some(problem.clone()),
            _ => None,
        }
    }

    /// The port, while it is open.
    pub fn port(&self) -> Option<u16> {
        match self.state().outcome {
            Outcome::Open(port) => Some(port),
            _ => None,
        }
    }

    /// Why it is not open, if it should be.
    pub fn problem(&self) -> Option<String> {
        self.outcome(Duration::ZERO)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
