//! Asks the homes of people and groups elsewhere what they are now, when that was not heard for hours.

use super::fetching;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::refreshing;
use crate::ids::ThingId;
use crate::peers::{Failure, authority};
use crate::store::engine::Result;

/// Asks for somebody who was looked at, if that is due. Who lives where nobody answered just now waits for the next look.
pub fn refresh(app: &App, thing: ThingId, now: Timestamp) -> Result<()> {
    let Some(id) = refreshing::stale(&app.store, thing, now)? else {
        return Ok(());
    };
    let host = authority(&id).unwrap_or_default().to_ascii_lowercase();
    if app.clock.doubt(now).is_some() || app.proxies.is_resting(&host, now) {
        return Ok(());
    }
    match fetching::fetch(app, &id, now) {
        Ok(draft) => refreshing::heard(app, thing, Some(&draft), now),
        Err(error) => {
            log::info!("{id} stays as it is known: {error}");
            if let Failure::Unreachable(_) = error {
                app.proxies.rest(&host, now);
            }
            refreshing::heard(app, thing, None, now)
        }
    }
}
