//! Whose a thing is, and what it answers, once all things are there; what people say of themselves. What is known of something
//! only by its id becomes a mere reference.

use super::things::{UNTIED, id_of, time};
use super::{Outcome, Reason, Taken, Taker, meaning, thing};
use crate::domain::{names, objects};
use crate::ids::{Nonce, ThingId};
use crate::store::aliases;
use crate::store::engine::{Result as Stored, Tx};
use crate::store::things::{self, Address, Identity, Object};
use crate::wire::draft::{ObjectDraft, members_of, members_text};
use serde_json::Value;

/// Ties one thing to those that it names.
pub(super) fn tie(taker: &Taker<'_>, tx: &mut dyn Tx, value: &Value) -> Outcome {
    let Some(id) = id_of(value) else {
        return Ok(Ok(Taken::Known));
    };
    let Some(id) = thing(taker.app, tx, id)? else {
        return Ok(Ok(Taken::Known));
    };
    let Some(mut object) = things::object(tx, id)?.filter(|object| object.updated == UNTIED) else {
        return Ok(Ok(Taken::Known));
    };
    let mut reason = None;
    if object.nickname().is_some() {
        reason = describe(taker, tx, id, &mut object, value)?;
    }
    if let Some(author) = value.get("author").filter(|author| author.is_object()) {
        object.author = refer(taker, tx, author, "person")?;
    }
    if let Some(parent) = value.get("inReplyTo").filter(|parent| parent.is_object()) {
        object.in_reply_to = refer(taker, tx, parent, "other")?;
        if object.in_reply_to.is_none() {
            reason = Some("what it answers is not in the dump".to_owned());
        }
    }
    let updated = time(value, "updated").or(object.published);
    object.updated = updated.unwrap_or(taker.now).min(taker.now);
    things::put_object(tx, id, object);
    Ok(match reason {
        Some(reason) => Err(reason),
        None => Ok(Taken::New),
    })
}

/// Gives the person of an account what they say of themselves, and the key that the person had.
fn describe(
    taker: &Taker<'_>,
    tx: &mut dyn Tx,
    id: ThingId,
    person: &mut Object,
    value: &Value,
) -> Stored<Option<Reason>> {
    let draft = match ObjectDraft::parse(value.clone()) {
        Ok(draft) => draft,
        Err(error) => return Ok(Some(error.public())),
    };
    let mut members = members_of(&person.members);
    members.extend(objects::own_members(&draft));
    // Pictures come with the files.
    members.remove("image");
    person.members = members_text(&members);
    if let Some(nonce @ Nonce::Kept(_)) = super::things::kept(tx, value)? {
        person.nonce = nonce;
        aliases::set(tx, &names::kept_key(&person.key(id).to_string()), id);
    }
    if let Some(given) = id_of(value)
        && given != names::object_id(taker.app.base(), id, person).to_string()
    {
        return Ok(Some("the person has another id here".to_owned()));
    }
    Ok(None)
}

/// The thing that a reference means; one of another host that is not known becomes known by its id. Nothing for what should be
/// here and is not.
pub(super) fn refer(
    taker: &Taker<'_>,
    tx: &mut dyn Tx,
    value: &Value,
    fallback: &str,
) -> Stored<Option<ThingId>> {
    Ok(match address(taker, tx, value, fallback)? {
        Some(Address::Thing(thing)) => Some(thing),
        _ => None,
    })
}

/// As [`refer`], for whoever is addressed.
pub(super) fn address(
    taker: &Taker<'_>,
    tx: &mut dyn Tx,
    value: &Value,
    fallback: &str,
) -> Stored<Option<Address>> {
    let Some(id) = id_of(value) else {
        return Ok(None);
    };
    if let Some(known) = meaning(taker.app, tx, id)? {
        return Ok(Some(known));
    }
    if names::is_ours(taker.app.base(), id) {
        return Ok(None);
    }
    let kind = value.get("objectType").and_then(Value::as_str);
    let id = names::canonical(id).into_owned();
    let mut object = Object::new(
        Identity::Remote(id.clone()),
        kind.unwrap_or(fallback),
        taker.now,
    );
    object.published = None;
    let thing = taker.app.store.fresh_id();
    aliases::set(tx, &id, thing);
    things::put_object(tx, thing, object);
    Ok(Some(Address::Thing(thing)))
}
