//! The thread that tells browsers (`domain/pushing`): apart from the jobs, so that a push service that does not answer holds
//! nothing up. It sleeps while nothing waits.

use crate::app::App;
use crate::clock;
use crate::domain::pushing::{self, Next};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long nothing is tried after the store failed.
const FAILURE_WAIT: Duration = Duration::from_secs(60);

/// Room for TLS.
const STACK_BYTES: usize = 512 * 1024;

/// Starts the thread; it ends after [`App::close`], and nobody waits for a message on its way: it goes again at the next start.
pub fn start(app: &Arc<App>) -> io::Result<()> {
    if app.config.noweb {
        return Ok(());
    }
    let app = Arc::clone(app);
    thread::Builder::new()
        .name("push".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || run(&app))?;
    Ok(())
}

fn run(app: &App) {
    let mut wait = Some(Duration::ZERO);
    while app.pushes.wait(wait) {
        wait = match pushing::send_next(app, clock::now()) {
            Ok(Next::Nothing) => None,
            Ok(Next::DueIn(secs)) => Some(Duration::from_secs(u64::try_from(secs).unwrap_or(0))),
            Ok(Next::Done) => Some(Duration::ZERO),
            Err(error) => {
                log::error!("push: {error}");
                Some(FAILURE_WAIT)
            }
        };
    }
}
