//! A real Chromium without a screen, driven by its own protocol (DevTools): people at phones and desks, who find things by
//! what these are called, as a screen reader does, and see what is painted. One process serves all stories of a test
//! program; each person has a context of their own (cookies, storage, connections), and nothing leads to the Internet.

mod checks;
mod eyes;
mod hands;
mod process;
mod protocol;
mod road;
mod window;

pub(crate) use checks::Rules;
pub(crate) use window::{Screen, Window};

use super::pump::Pump;
use process::Process;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

/// How many stories use the browser at once; others wait for their turn.
const STORIES_MAX: usize = 4;

static PROCESS: OnceLock<Process> = OnceLock::new();
static TURNS: Turns = Turns {
    taken: Mutex::new(0),
    given_back: Condvar::new(),
};

/// The browser, for one story.
#[derive(Clone)]
pub(crate) struct Chromium {
    _turn: Arc<Turn>,
}

/// How many have their turn.
struct Turns {
    taken: Mutex<usize>,
    given_back: Condvar,
}

/// The turn of one story, given back when the last window of the story is closed.
struct Turn;

impl Chromium {
    /// Waits for a turn, and starts the process for the first one.
    #[track_caller]
    pub(crate) fn take() -> Chromium {
        let mut taken = TURNS.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken >= STORIES_MAX {
            let waited = TURNS.given_back.wait(taken);
            taken = waited.unwrap_or_else(PoisonError::into_inner);
        }
        *taken += 1;
        drop(taken);
        let _turn = Arc::new(Turn);
        PROCESS.get_or_init(Process::start);
        Chromium { _turn }
    }

    /// A window of somebody who is not logged in, on a desk.
    #[track_caller]
    pub(crate) fn window(&self, pump: &Pump) -> Window {
        let process = PROCESS.get_or_init(Process::start);
        Window::open_in(process, self.clone(), pump)
    }

    /// A window in which somebody is logged in who has the password that [`Pump::register`] gives.
    #[track_caller]
    pub(crate) fn window_of(&self, pump: &Pump, nickname: &str) -> Window {
        let mut window = self.window(pump);
        window.has_cookies_of(&pump.browser_of(nickname));
        window
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = TURNS.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken -= 1;
        TURNS.given_back.notify_one();
    }
}
