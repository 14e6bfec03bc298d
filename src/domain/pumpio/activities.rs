//! What was done: each activity with its actor, its object and to whom it was addressed. What it did stands in the other
//! records and is not done again.

use super::things::{MEMBERS_BYTES_MAX, id_of, kept, time};
use super::ties::{address, refer};
use super::{Outcome, Taken, Taker, thing};
use crate::domain::activities::id_of_then;
use crate::domain::names;
use crate::ids::{Nonce, ThingId};
use crate::store::aliases;
use crate::store::engine::{Result as Stored, Tx};
use crate::store::things::{self, Activity};
use crate::wire::draft::{ActivityDraft, Addresses, members_text};
use serde_json::Value;

/// The members that say to whom it goes.
const ADDRESSES: [&str; 4] = ["to", "cc", "bto", "bcc"];

/// Takes one activity.
pub(super) fn take(taker: &Taker<'_>, tx: &mut dyn Tx, value: &Value) -> Outcome {
    let Some(id) = id_of(value) else {
        return Ok(Err("it has no id".to_owned()));
    };
    if thing(taker.app, tx, id)?.is_some() {
        return Ok(Ok(Taken::Known));
    }
    let draft = match ActivityDraft::parse(value.clone()) {
        Ok(draft) => draft,
        Err(error) => return Ok(Err(error.public())),
    };
    let Some(actor) = refer(taker, tx, &value["actor"], "person")? else {
        return Ok(Err("who did it is not in the dump".to_owned()));
    };
    let Some(object) = refer(taker, tx, &value["object"], "other")? else {
        return Ok(Err("what it was done to is not in the dump".to_owned()));
    };
    let target = match value.get("target").filter(|target| target.is_object()) {
        Some(target) => refer(taker, tx, target, "other")?,
        None => None,
    };
    let generator = match value.get("generator").filter(|by| by.is_object()) {
        Some(generator) => refer(taker, tx, generator, "application")?,
        None => None,
    };
    let deleted = time(value, "deleted");
    let received = time(value, "received");
    let published = draft.published.unwrap_or(taker.now).min(taker.now);
    // In the order in which they came.
    let at = received.unwrap_or(published).min(taker.now);
    let thing = id_of_then(taker.app, tx, at)?;
    let base = taker.app.base();
    let nonce = match names::is_ours(base, id) {
        true => kept(tx, value)?,
        false => None,
    };
    let mut activity = Activity {
        nonce: nonce.unwrap_or_else(Nonce::random),
        remote_id: None,
        verb: draft.verb.clone(),
        actor,
        object,
        target,
        generator,
        addresses: Addresses::default(),
        published,
        updated: time(value, "updated").unwrap_or(published).min(taker.now),
        received,
        deleted,
        members: String::new(),
    };
    if deleted.is_none() {
        activity.addresses = addresses(taker, tx, value)?;
        activity.members = members_text(&draft.members);
    }
    if activity.members.len() > MEMBERS_BYTES_MAX {
        return Ok(Err("it is too large".to_owned()));
    }
    if let Nonce::Kept(_) = activity.nonce {
        let key = activity.key(thing).to_string();
        aliases::set(tx, &names::kept_key(&key), thing);
    }
    if names::activity_id(base, thing, &activity) != id {
        activity.remote_id = Some(id.to_owned());
        aliases::set(tx, &names::canonical(id), thing);
    }
    if activity.is_post() && deleted.is_none() {
        make_post(tx, thing, &activity)?;
    }
    things::put_activity(tx, thing, activity);
    Ok(Ok(Taken::New))
}

fn addresses(
    taker: &Taker<'_>,
    tx: &mut dyn Tx,
    value: &Value,
) -> Stored<Addresses<Vec<things::Address>>> {
    let mut all = ADDRESSES.map(|_| Vec::new());
    for (name, list) in ADDRESSES.iter().zip(&mut all) {
        for given in value
            .get(*name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            // A list that is deleted reaches nobody.
            if let Some(known) = address(taker, tx, given, "person")? {
                list.push(known);
            }
        }
    }
    let [to, cc, bto, bcc] = all;
    Ok(Addresses { to, cc, bto, bcc })
}

/// Makes an activity the one that says who may read its object: the earliest by its author that posted it, else that created
/// it (`pump-api.md §0`).
fn make_post(tx: &mut dyn Tx, id: ThingId, activity: &Activity) -> Stored<()> {
    let Some(mut object) = things::object(tx, activity.object)? else {
        return Ok(());
    };
    if object.is_person() || *object.author.get_or_insert(activity.actor) != activity.actor {
        return Ok(());
    }
    let before = match object.post {
        Some(before) => things::activity(tx, before)?.map(|known| (known.verb != "post", before)),
        None => None,
    };
    let is_first = before.is_none_or(|before| (activity.verb != "post", id) < before);
    if is_first {
        object.post = Some(id);
        things::put_object(tx, activity.object, object);
    }
    Ok(())
}
