//! `pumphouse appliance console`: shows on the screen of the box where its pump is opened, and draws it anew when something changes.

use super::status;
use crate::appliance::console::Screen;
use crate::appliance::facts;
use crate::cli::{Failure, Places};
use crate::commands::control;
use crate::web::qr;
use std::io::{self, Write as _};
use std::thread;
use std::time::Duration;

/// How often it is looked whether something has changed.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Shows it; with `once` and no more, else for ever.
pub(super) fn perform(places: &Places, once: bool) -> Result<(), Failure> {
    let mut shown = None;
    loop {
        let screen = Screen {
            standing: control::standing(&places.data),
            setup_code: status::setup_code(&places.data),
            addresses: facts::addresses(),
            problems: status::notes(&places.notes),
        };
        if shown.as_ref() != Some(&screen) {
            let drawn = screen.setup_url().and_then(|url| qr::blocks(&url));
            let text = screen.text(&drawn.unwrap_or_default());
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())
                .and_then(|()| out.flush())
                .map_err(|error| Failure::new(format!("Cannot write to the screen: {error}.")))?;
            shown = Some(screen);
        }
        if once {
            return Ok(());
        }
        thread::park_timeout(LOOK_EVERY);
    }
}
