//! Certificates of servers on the local network, as the owner sees them: what counts for whom, and what was refused.

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::peers::PINS_MAX;
use crate::store::deliveries;
use crate::store::engine::{Read, Result};
use crate::store::pins::{self, Fingerprint, Pin};

/// All of them with their hosts, in the order of the names.
pub fn list(from: &dyn Read) -> Result<Vec<(String, Pin)>> {
    pins::list(from, PINS_MAX)
}

/// Forgets the certificate of a host, so that the next one counts, and tries the host at once if something waits for it. 404
/// where none is kept.
pub fn forget(app: &App, host: &str, now: Timestamp) -> std::result::Result<String, Error> {
    let host = host.trim().to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    let was_there = app.store.write(|tx| {
        let was_there = pins::get(tx, host)?.is_some();
        pins::remove(tx, host);
        deliveries::change(tx, host, |queue| queue.next = now)?;
        Ok(was_there)
    })?;
    if !was_there {
        return Err(Error::NotFound(format!(
            "No certificate of {host} is kept."
        )));
    }
    app.peers.forget(host);
    app.deliveries.ring();
    Ok(host.to_owned())
}

/// What the owner should know: whose certificate has changed.
pub fn problems(from: &dyn Read) -> Result<Vec<String>> {
    let all = list(from)?.into_iter();
    let changed = all.filter(|(_, pin)| pin.refused.is_some());
    let sentence = |(host, _)| {
        format!(
            "Nothing is sent to {host}: its certificate is not the one that it had at first. If whoever runs it has \
             replaced it, `pumphouse pin forget {host}` lets the new one count."
        )
    };
    Ok(changed.map(sentence).collect())
}

/// A fingerprint as programs show it: `AB:CD:…`.
pub fn words(fingerprint: &Fingerprint) -> String {
    let bytes: Vec<String> = fingerprint
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    bytes.join(":")
}
