//! Stores objects that activities bring along, once each, and finds them again (`pump-api.md §4.8`).

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities::Posting;
use crate::domain::{blocks, errands, names};
use crate::error::Error;
use crate::ids::{Base, ThingId};
use crate::peers;
use crate::store::aliases;
use crate::store::clients::Generator;
use crate::store::deliveries::Errand;
use crate::store::engine::{Read, Result, Tx};
use crate::store::things::{self, Address, Identity, Object};
use crate::wire::draft::{Members, ObjectDraft, members_of, members_text};
use crate::wire::scrub::FEED_MEMBERS;

/// Members that the server sets on objects made here, besides those that hold the address of a feed.
const OWNED_MEMBERS: &[&str] = &["links", "url", "pump_io", "preferredUsername"];

/// Members of an uploaded object that point at its file.
const FILE_MEMBERS: &[&str] = &[
    "image",
    "fullImage",
    "stream",
    "fileUrl",
    "mimeType",
    "thumbhash",
];

/// Deepest chain of authors and parents of unknown remote objects that is stored.
const DEPTH_MAX: usize = 4;

/// Finds the object that a draft means, or stores what was given. An unknown id under our own host is refused: nobody but
/// the server makes those. `fallback_type` is the type of something that says none.
pub fn resolve(
    posting: &Posting<'_>,
    tx: &mut dyn Tx,
    draft: &ObjectDraft,
    fallback_type: &str,
) -> Result<ThingId> {
    resolve_at(posting, tx, draft, fallback_type, 0)
}

fn resolve_at(
    posting: &Posting<'_>,
    tx: &mut dyn Tx,
    draft: &ObjectDraft,
    fallback_type: &str,
    depth: usize,
) -> Result<ThingId> {
    let base = posting.app.base();
    let object_type = draft.object_type.as_deref().unwrap_or(fallback_type);
    let Some(id) = &draft.id else {
        return without_id(posting, tx, draft, object_type);
    };
    if posting.is_elsewhere {
        give_back(base, tx, id)?;
    }
    match names::find(base, tx, id)? {
        Some(Address::Thing(known)) => return Ok(known),
        Some(_) => {
            return Err(Error::Invalid(format!(
                "{id} is a collection of the server, not an object."
            ))
            .into());
        }
        None if names::is_ours(base, id) => {
            return Err(Error::Invalid(format!("There is no {id} here.")).into());
        }
        None => {}
    }
    blocks::check(tx, id)?;
    let id = names::canonical(id);
    if !posting.is_elsewhere && peers::authority(&id).is_some() {
        return hearsay(posting, tx, &id, object_type, draft);
    }
    let identity = Identity::Remote(id.clone().into_owned());
    let mut object = Object::new(identity, object_type, posting.now);
    object.published = draft.published;
    let mut members = draft.members.clone();
    if !object.is_person() {
        members.remove("pump_io");
    }
    object.members = members_text(&members);
    if depth < DEPTH_MAX {
        if let Some(author) = &draft.author {
            let author = resolve_at(posting, tx, author, "person", depth + 1)?;
            // Nobody here wrote what another host made, whatever the sender says.
            let local = things::object(tx, author)?.is_some_and(|author| author.is_local());
            object.author = Some(author).filter(|_| !local);
        }
        if let Some(parent) = &draft.in_reply_to {
            object.in_reply_to = Some(resolve_at(posting, tx, parent, "other", depth + 1)?);
        }
    }
    let thing = posting.app.store.fresh_id();
    aliases::add(tx, &id, thing)?;
    things::put_object(tx, thing, object);
    Ok(thing)
}

/// Something that lives on another server, of which somebody here tells. What they say of it is not its server's word, so no
/// more than a reference is kept; its home is asked for the rest.
fn hearsay(
    posting: &Posting<'_>,
    tx: &mut dyn Tx,
    id: &str,
    object_type: &str,
    draft: &ObjectDraft,
) -> Result<ThingId> {
    for below in [&draft.author, &draft.in_reply_to].into_iter().flatten() {
        if let Some(id) = &below.id {
            blocks::check(tx, id)?;
        }
    }
    let identity = Identity::Remote(id.to_owned());
    let mut object = Object::new(identity, object_type, posting.now);
    object.published = None;
    let is_there = |url: &&serde_json::Value| {
        let url = url.as_str().filter(|url| names::is_web_address(url));
        url.and_then(peers::authority) == peers::authority(id)
    };
    let mut members = Members::new();
    if let Some(url) = draft.members.get("url").filter(is_there) {
        members.insert("url".to_owned(), url.clone());
    }
    object.members = members_text(&members);
    let thing = posting.app.store.fresh_id();
    aliases::add(tx, id, thing)?;
    things::put_object(tx, thing, object);
    let errand = Errand::Learn { thing };
    errands::queue(posting.app, tx, thing, errand, posting.present)?;
    Ok(thing)
}

/// Whether no more is known of something made elsewhere than that it is there.
pub fn is_hearsay(object: &Object) -> bool {
    !object.is_local()
        && object.author.is_none()
        && object.post.is_none()
        && object.deleted.is_none()
        && members_of(&object.members).keys().all(|key| key == "url")
}

/// Whether an id of another server stands for something that was made here.
pub fn is_lent(from: &dyn Read, id: &str) -> Result<bool> {
    if peers::authority(id).is_none() {
        return Ok(false);
    }
    let object = match aliases::find(from, &names::canonical(id))? {
        Some(thing) => things::object(from, thing)?,
        None => None,
    };
    Ok(object.is_some_and(|object| matches!(object.identity, Identity::Given(_))))
}

/// Takes an id of another server from what a client here gave it to: whoever lives there comes with it. What had it keeps the
/// address that it has here, which is its id from then on.
pub fn give_back(base: &Base, tx: &mut dyn Tx, id: &str) -> Result<()> {
    if names::is_ours(base, id) || !is_lent(tx, id)? {
        return Ok(());
    }
    let id = names::canonical(id);
    if let Some(thing) = aliases::find(tx, &id)? {
        things::change_object(tx, thing, |object| object.identity = Identity::Made)?;
    }
    aliases::remove(tx, &id)?;
    Ok(())
}

/// An object without an id is the one of the same type with the same address that the actor named before, or a new one
/// that belongs to nobody. What others said of that address is theirs: they may have said it in private.
fn without_id(
    posting: &Posting<'_>,
    tx: &mut dyn Tx,
    draft: &ObjectDraft,
    object_type: &str,
) -> Result<ThingId> {
    let url = draft.members.get("url").and_then(|url| url.as_str());
    let alias = url.map(|url| url_alias(posting.actor, object_type, url));
    if let Some(alias) = &alias
        && let Some(known) = aliases::find(tx, alias)?
    {
        return Ok(known);
    }
    let mut object = Object::new(Identity::Made, object_type, posting.now);
    let mut members = own_members(draft);
    if let Some(url) = draft.members.get("url") {
        members.insert("url".to_owned(), url.clone());
    }
    object.members = members_text(&members);
    let thing = posting.app.store.fresh_id();
    if let Some(alias) = &alias {
        aliases::add(tx, alias, thing)?;
    }
    things::put_object(tx, thing, object);
    Ok(thing)
}

/// The outside name of an object that has a type and an address, but no id. The space keeps it apart from every id.
fn url_alias(actor: ThingId, object_type: &str, url: &str) -> String {
    format!("{} {object_type} {url}", actor.0)
}

/// The object of an application.
pub fn generator(posting: &Posting<'_>, tx: &mut dyn Tx, generator: &Generator) -> Result<ThingId> {
    let known = aliases::find(tx, &generator.id)?;
    // What stands for somebody elsewhere is theirs: they say of themselves what it is called.
    let is_foreign = names::domain(&generator.id).is_some();
    if let Some(known) = known.filter(|_| is_foreign) {
        return Ok(known);
    }
    let mut object = match known {
        Some(known) => things::object(tx, known)?,
        None => None,
    }
    .unwrap_or_else(|| {
        let id = generator.id.clone();
        let identity = match is_foreign {
            true => Identity::Remote(id),
            false => Identity::Given(id),
        };
        Object::new(identity, generator.object_type, posting.now)
    });
    let mut members = Members::new();
    if let Some(name) = &generator.display_name {
        members.insert("displayName".to_owned(), name.as_str().into());
    }
    let members = members_text(&members);
    if let Some(known) = known
        && object.members == members
    {
        return Ok(known);
    }
    object.members = members;
    object.updated = posting.now;
    let thing = known.unwrap_or_else(|| posting.app.store.fresh_id());
    if known.is_none() {
        aliases::add(tx, &generator.id, thing)?;
    }
    things::put_object(tx, thing, object);
    Ok(thing)
}

/// The members of a draft that its maker may set on an object made here.
pub fn own_members(draft: &ObjectDraft) -> Members {
    let mut members = draft.members.clone();
    members.retain(|key, _| {
        !OWNED_MEMBERS.contains(&key.as_str()) && !FEED_MEMBERS.contains(&key.as_str())
    });
    members
}

/// Gives an object made here the members of a draft. What the draft does not name stays as it is; what points at an
/// uploaded file is not the sender's to change.
pub fn merge(object: &mut Object, draft: &ObjectDraft) {
    let mut members = members_of(&object.members);
    for (key, value) in own_members(draft) {
        if object.file.is_none() || !FILE_MEMBERS.contains(&key.as_str()) {
            members.insert(key, value);
        }
    }
    object.members = members_text(&members);
}

/// Keeps what the home of something that was made elsewhere says of it.
pub fn learn(app: &App, thing: ThingId, draft: &ObjectDraft, now: Timestamp) -> Result<()> {
    app.store.write(|tx| {
        let Some(mut object) = things::object(tx, thing)? else {
            return Ok(());
        };
        if object.is_local() || object.deleted.is_some() {
            return Ok(());
        }
        if is_hearsay(&object) {
            let posting = Posting::from_elsewhere(app, thing, now);
            object.published = draft.published;
            retype(&mut object, draft);
            object.author = match &draft.author {
                Some(author) => Some(resolve(&posting, tx, author, "person")?),
                None => None,
            };
            if let Some(author) = object.author
                && things::object(tx, author)?.is_none_or(|author| author.is_local())
            {
                object.author = None;
            }
            if let Some(parent) = &draft.in_reply_to {
                object.in_reply_to = Some(resolve(&posting, tx, parent, "other")?);
            }
        }
        replace(&mut object, draft, now);
        things::put_object(tx, thing, object);
        Ok(())
    })
}

/// Gives something of which no more was known than that it is there the type that it has at home.
pub fn retype(object: &mut Object, draft: &ObjectDraft) {
    if let Some(object_type) = draft.object_type.as_ref().filter(|_| is_hearsay(object)) {
        object.object_type.clone_from(object_type);
    }
}

/// Gives something made elsewhere the members that its home says it has now.
pub fn replace(object: &mut Object, draft: &ObjectDraft, now: Timestamp) {
    let mut members = draft.members.clone();
    if !object.is_person() {
        members.remove("pump_io");
    }
    let members = members_text(&members);
    if object.members != members {
        object.members = members;
        object.updated = now;
    }
}
