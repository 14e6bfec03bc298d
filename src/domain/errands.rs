//! What is to be done at other hosts, put into their queues in the write that makes it necessary.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::blocks;
use crate::ids::ThingId;
use crate::peers;
use crate::store::copies;
use crate::store::deliveries::{self, Delivery, Errand};
use crate::store::engine::{Read, Result, Tx};
use crate::store::things::{self, Identity};

/// The host at which something lives that was made elsewhere, with its port if it names one; nothing for what was made here,
/// and for an id that lives nowhere.
pub fn host_of(from: &dyn Read, thing: ThingId) -> Result<Option<String>> {
    let Some(Identity::Remote(id)) = things::object(from, thing)?.map(|object| object.identity)
    else {
        return Ok(None);
    };
    if blocks::is_blocked(from, &id)? {
        return Ok(None);
    }
    Ok(peers::authority(&id).map(str::to_ascii_lowercase))
}

/// Puts an errand into the queue of the host of `thing`, unless that is blocked or no host can be found in its id.
pub fn queue(
    app: &App,
    tx: &mut dyn Tx,
    thing: ThingId,
    errand: Errand,
    now: Timestamp,
) -> Result<()> {
    match host_of(tx, thing)? {
        Some(host) => queue_at(app, tx, &host, errand, now),
        None => Ok(()),
    }
}

/// Puts an errand into the queue of a host.
pub fn queue_at(
    app: &App,
    tx: &mut dyn Tx,
    host: &str,
    errand: Errand,
    now: Timestamp,
) -> Result<()> {
    let delivery = Delivery {
        errand,
        created: match app.clock.doubt(now) {
            Some(_) => deliveries::UNDATED,
            None => now,
        },
    };
    if deliveries::add(tx, host, app.store.fresh_id(), &delivery)? {
        app.note_delivery();
    } else {
        log::warn!(
            "{} deliveries wait for {host}, so one more is dropped",
            deliveries::WAITING_MAX
        );
    }
    Ok(())
}

/// Notes what another host has from now on, because an errand was done.
pub fn note_done(tx: &mut dyn Tx, host: &str, errand: &Errand) -> Result<()> {
    let Errand::Bring {
        activity,
        recipient,
    } = *errand
    else {
        return Ok(());
    };
    let Some(activity) = things::activity(tx, activity)? else {
        return Ok(());
    };
    let object = things::object(tx, activity.object)?;
    let is_copied = object
        .is_some_and(|object| object.is_local() && !object.is_person() && object.deleted.is_none());
    if is_copied {
        copies::note(tx, activity.object, host, recipient)?;
    }
    Ok(())
}
