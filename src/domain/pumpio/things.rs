//! Objects: notes, pictures, lists, groups, people elsewhere … First each is made by itself; [`super::ties`] says then whose
//! it is and what it answers, for the databank holds them in no order.

use super::{Outcome, Taken, Taker, meaning};
use crate::clock::Timestamp;
use crate::domain::activities;
use crate::domain::{names, objects};
use crate::ids::Nonce;
use crate::store::aliases;
use crate::store::engine::{Read, Result as Stored, Tx};
use crate::store::things::{self, Address, Identity, Object};
use crate::wire::draft::{ObjectDraft, members_text};
use serde_json::Value;

/// When a thing last changed that is made, and not tied to the others yet: nothing else has this time.
pub(super) const UNTIED: Timestamp = Timestamp(i64::MIN / 4);

/// Largest text of the members of one thing, in bytes: a value of the store has a bound.
pub(super) const MEMBERS_BYTES_MAX: usize = 900 * 1024;

/// Makes the thing of a record.
pub(super) fn make(taker: &Taker<'_>, tx: &mut dyn Tx, value: &Value) -> Outcome {
    let Some(id) = id_of(value) else {
        return Ok(Err("it has no id".to_owned()));
    };
    match meaning(taker.app, tx, id)? {
        // Followers, following and the public are no records here.
        Some(Address::Public | Address::Followers(_) | Address::Following(_)) => {
            return Ok(Ok(Taken::Known));
        }
        Some(Address::Thing(known)) => {
            let known = things::object(tx, known)?;
            let is_untied = known.is_some_and(|known| known.updated == UNTIED);
            return Ok(Ok(match is_untied && taker.kind == "person" {
                true => Taken::New,
                false => Taken::Known,
            }));
        }
        None => {}
    }
    let draft = match ObjectDraft::parse(value.clone()) {
        Ok(draft) => draft,
        Err(error) => return Ok(Err(error.public())),
    };
    let object_type = draft.object_type.as_deref().unwrap_or(taker.kind);
    let made = time(value, "_created");
    let published = draft.published.or(made);
    let at = made.or(draft.published).or(time(value, "updated"));
    let at = at.unwrap_or(taker.now).min(taker.now);
    let thing = activities::id_of_then(taker.app, tx, at)?;
    let (identity, nonce) = identity(taker, tx, value, object_type)?;
    let mut object = Object::new(identity, object_type, UNTIED);
    object.published = published.filter(|_| !object.is_person());
    object.nonce = nonce;
    object.deleted = time(value, "deleted");
    if object.deleted.is_none() {
        let mut members = match object.is_local() {
            true => objects::own_members(&draft),
            false => draft.members.clone(),
        };
        if !object.is_person() {
            members.remove("pump_io");
        }
        object.members = members_text(&members);
    }
    if object.members.len() > MEMBERS_BYTES_MAX {
        return Ok(Err("it is too large".to_owned()));
    }
    if let Nonce::Kept(_) = nonce {
        let key = object.key(thing).to_string();
        aliases::set(tx, &names::kept_key(&key), thing);
    }
    if let Identity::Given(id) | Identity::Remote(id) = &object.identity {
        aliases::set(tx, &names::canonical(id), thing);
    }
    things::put_object(tx, thing, object);
    Ok(Ok(Taken::New))
}

/// Who says what the id of a thing is, and the key that it keeps.
fn identity(
    taker: &Taker<'_>,
    from: &dyn Read,
    value: &Value,
    object_type: &str,
) -> Stored<(Identity, Nonce)> {
    let base = taker.app.base();
    let id = id_of(value).unwrap_or_default();
    let author = value.get("author").and_then(id_of);
    // What has no host is an application that is known here, or was given its name by somebody here.
    let is_ours = names::is_ours(base, id)
        || names::domain(id).is_none()
        || author.is_some_and(|author| names::is_ours(base, author));
    if !is_ours {
        return Ok((Identity::Remote(id.to_owned()), Nonce::random()));
    }
    let nonce = kept(from, value)?.unwrap_or_else(Nonce::random);
    let kind = names::route_type(object_type);
    let key = value.get("_uuid").and_then(Value::as_str);
    let is_usual = matches!(nonce, Nonce::Kept(_))
        && key.is_some_and(|key| id == format!("{}/api/{kind}/{key}", base.url()));
    Ok(match is_usual {
        true => (Identity::Made, nonce),
        false => (Identity::Given(id.to_owned()), nonce),
    })
}

/// The key that a record has, if it can be kept and nothing else has it.
pub(super) fn kept(from: &dyn Read, value: &Value) -> Stored<Option<Nonce>> {
    let Some(key) = value.get("_uuid").and_then(Value::as_str) else {
        return Ok(None);
    };
    let is_free = aliases::find(from, &names::kept_key(key))?.is_none();
    Ok(Nonce::kept(key).filter(|_| is_free))
}

pub(super) fn id_of(value: &Value) -> Option<&str> {
    let id = value.get("id").and_then(Value::as_str)?;
    Some(id).filter(|id| !id.is_empty())
}

/// A time in a record.
pub(super) fn time(value: &Value, name: &str) -> Option<Timestamp> {
    value
        .get(name)
        .and_then(Value::as_str)
        .and_then(Timestamp::parse)
}
