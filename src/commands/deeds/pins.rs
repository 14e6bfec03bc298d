//! `pumphouse pin …`: certificates of servers on the local network.

use super::{Desk, Outcome};
use crate::cli::Failure;
use crate::domain::pins;

/// `pin list`: a line for each host: which certificate counts, since when; and one for another that was refused.
pub(super) fn list(desk: &Desk<'_>) -> Result<Outcome, Failure> {
    let mut lines = Vec::new();
    for (host, pin) in pins::list(&desk.app.store)? {
        let fingerprint = pins::words(&pin.fingerprint);
        lines.push(format!("{host:<32} {}  {fingerprint}", pin.since.day()));
        if let Some(refused) = &pin.refused {
            let fingerprint = pins::words(&refused.fingerprint);
            lines.push(format!(
                "{:<32} {}  {fingerprint}  refused",
                "",
                refused.at.day()
            ));
        }
    }
    Ok(Outcome::Done(lines))
}

/// `pin forget HOST`
pub(super) fn forget(desk: &Desk<'_>, host: &str) -> Result<Outcome, Failure> {
    let host = pins::forget(desk.app, host, desk.now)?;
    Ok(Outcome::said(format_args!(
        "The next certificate of {host} counts."
    )))
}
