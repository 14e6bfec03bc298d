//! Who asks what people and groups elsewhere are now: one thread, one after the other, so that nobody who reads waits for it.

use crate::app::App;
use crate::clock;
use crate::error::Error;
use crate::federation::refreshing;
use std::io;
use std::sync::Arc;
use std::thread;

/// Room for TLS and for the documents.
const STACK_BYTES: usize = 1024 * 1024;

/// Starts the thread; it ends some time after [`App::close`], and nobody waits for it: what it was about is asked again.
pub fn start(app: &Arc<App>) -> io::Result<()> {
    let app = Arc::clone(app);
    thread::Builder::new()
        .name("refreshing".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let waiting = &app.refreshing;
            while waiting.bell.wait(None) {
                while let Some(thing) = waiting.take().filter(|_| !waiting.bell.is_closed()) {
                    let done = Error::catching(|| refreshing::refresh(&app, thing, clock::now()));
                    if let Err(error) = done.unwrap_or_else(|error| Err(error.into())) {
                        log::error!("somebody elsewhere cannot be refreshed: {error}");
                    }
                }
            }
        })
        .map(drop)
}
