//! Who asks for public certificates and renews them: one thread, which sleeps where no public name is wanted.

use crate::app::App;
use crate::clock;
use crate::domain::padlock::public;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Room for TLS and for documents.
const STACK_BYTES: usize = 1024 * 1024;

/// Starts the thread; it ends after [`App::close`], in the middle of an order, too, which the next run goes on with.
pub fn start(app: &Arc<App>) -> io::Result<JoinHandle<()>> {
    let app = Arc::clone(app);
    thread::Builder::new()
        .name("certificates".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let mut wait = Some(Duration::ZERO);
            while app.padlock.bell.wait(wait) {
                wait = public::work(&app, clock::now());
            }
        })
}
