//! The thread that sends the mail: apart from the jobs, so that a mail server that does not answer holds nothing up. It
//! sleeps while nothing waits, and rests after the mail server took nothing.

use crate::app::App;
use crate::clock;
use crate::domain::mailing::sending::{self, Next};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long nothing is tried after the mail server took nothing: twice as long each time, from the first to the second.
const RESTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(900));

/// How long the end of the server waits for a letter that is on its way: it is sent again otherwise.
const END_WAIT: Duration = Duration::from_secs(3);

/// Room for TLS.
const STACK_BYTES: usize = 512 * 1024;

/// The thread, while it runs.
pub struct Postman {
    /// Says nothing, and ends with the thread.
    running: Receiver<()>,
}

/// Starts the thread, if this server sends mail; it ends after [`App::close`].
pub fn start(app: &Arc<App>) -> io::Result<Option<Postman>> {
    if app.mail().is_none() {
        return Ok(None);
    }
    let app = Arc::clone(app);
    let (sender, running) = channel();
    thread::Builder::new()
        .name("mail".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            run(&app);
            drop::<std::sync::mpsc::Sender<()>>(sender);
        })?;
    Ok(Some(Postman { running }))
}

impl Postman {
    /// Waits for the end of the thread, but not for a mail server that does not answer.
    pub fn join(self) {
        if self.running.recv_timeout(END_WAIT) == Err(RecvTimeoutError::Timeout) {
            log::info!(
                "a letter is still on its way to the mail server; it goes again at the next start"
            );
        }
    }
}

fn run(app: &App) {
    let mut wait = Some(Duration::ZERO);
    // What the mail server is left alone for, while it takes nothing, and until when.
    let mut away: Option<(Duration, Instant)> = None;
    // What was put off before goes at once: most likely somebody has mended something.
    if let Err(error) = sending::hurry(app, clock::now()) {
        log::error!("mail: {error}");
    }
    while app.mails.wait(wait) {
        if let Some((_, until)) = away {
            let rest = until.saturating_duration_since(Instant::now());
            if !rest.is_zero() {
                wait = Some(rest);
                continue;
            }
        }
        wait = match sending::send_next(app, clock::now()) {
            Ok(Next::Nothing) => None,
            Ok(Next::DueIn(secs)) => Some(Duration::from_secs(u64::try_from(secs).unwrap_or(0))),
            Ok(Next::Settled | Next::PutOff) => {
                away = None;
                Some(Duration::ZERO)
            }
            Ok(Next::ServerAway) => Some(leave_alone(&mut away)),
            Err(error) => {
                log::error!("mail: {error}");
                Some(leave_alone(&mut away))
            }
        };
    }
}

fn leave_alone(away: &mut Option<(Duration, Instant)>) -> Duration {
    let (first, most) = RESTS;
    let rest = away.map_or(first, |(rest, _)| (2 * rest).min(most));
    *away = Some((rest, Instant::now() + rest));
    rest
}
