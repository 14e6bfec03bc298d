//! Who tells the firehose, if one is configured: one thread, so that nobody who posts waits for it.

use crate::app::App;
use crate::clock;
use crate::federation::firehose::Outlet;
use std::io;
use std::sync::Arc;
use std::thread;

/// Room for TLS and for the documents.
const STACK_BYTES: usize = 1024 * 1024;

/// Starts the thread; it ends some time after [`App::close`], and nobody waits for it: it keeps nothing.
pub fn start(app: &Arc<App>) -> io::Result<()> {
    let Some(host) = &app.config.firehose else {
        return Ok(());
    };
    let (app, mut outlet) = (Arc::clone(app), Outlet::at(host));
    thread::Builder::new()
        .name("firehose".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let Some(firehose) = &app.firehose else {
                return;
            };
            while firehose.bell.wait(None) {
                while let Some(id) = firehose.take().filter(|_| !firehose.bell.is_closed()) {
                    if let Err(error) = outlet.tell(&app, id, clock::now()) {
                        log::error!("firehose: {error}");
                    }
                }
            }
        })
        .map(drop)
}
