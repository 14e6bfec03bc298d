//! Looks once a day whether there is a later version of the program, where the owner configured an address for that.

use crate::app::App;
use crate::clock;
use crate::domain::updates;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long the first look waits after a start: other things come first then.
const FIRST_WAIT: Duration = Duration::from_secs(60);

/// Starts who looks; nothing where there is no address. Ends after [`App::close`].
pub fn start(app: &Arc<App>) -> io::Result<()> {
    if app.config.update_url.is_none() || !updates::is_possible(&app.config) {
        return Ok(());
    }
    let app = Arc::clone(app);
    thread::Builder::new()
        .name("updates".to_owned())
        .spawn(move || {
            let mut wait = Some(FIRST_WAIT);
            while app.updates.bell.wait(wait) {
                wait = updates::work(&app, clock::now());
            }
        })
        .map(|_| ())
}
