//! Takes what another server pushes into an inbox here (`pump-api.md §6.6`): who speaks was proved by dialback, and is believed
//! about what lives on the own host only. Of everything else the home is asked, or no more is kept than that it exists.

use super::fetching;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities::{self, Arrival};
use crate::domain::{blocks, names};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::peers::authority;
use crate::store::clients::{Client, Identity};
use crate::wire::draft::{ActivityDraft, ObjectDraft};
use serde_json::Value;

/// Most things of third hosts that are asked for because of one activity.
const FETCHES_MAX: usize = 4;

/// Deepest chain of authors and parents that is looked at.
const DEPTH_MAX: usize = 4;

/// Longest id of an activity, in bytes.
const ID_BYTES_MAX: usize = 2048;

/// Takes an activity that `client` pushes to a user here; answers its thing. 401 for a client that speaks for nobody, 400 for
/// what is not the sender's to say, 403 for what has nothing to do with the user.
pub fn receive(
    app: &App,
    client: &Client,
    user: UserId,
    document: Value,
    now: Timestamp,
) -> Result<ThingId, Error> {
    let sender = sender(client)?;
    let is_spoken_for = |actor: &str| is_spoken_for(client, actor);
    take(app, &sender, is_spoken_for, user, document, now)
}

/// Takes what the own server of `sender`, somebody elsewhere who is here at the moment, says that they have just done; so
/// they see it at once. It may come once more as everything from there does, which changes nothing then.
pub fn receive_of(
    app: &App,
    sender: &str,
    user: UserId,
    document: Value,
    now: Timestamp,
) -> Result<ThingId, Error> {
    let is_spoken_for = |actor: &str| names::canonical(actor) == names::canonical(sender);
    take(app, sender, is_spoken_for, user, document, now)
}

fn take(
    app: &App,
    sender: &str,
    is_spoken_for: impl Fn(&str) -> bool,
    user: UserId,
    document: Value,
    now: Timestamp,
) -> Result<ThingId, Error> {
    let id = document
        .get("id")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let mut draft = ActivityDraft::parse(document)?;
    let actor = draft
        .actor
        .as_ref()
        .and_then(|actor| actor.id.as_deref())
        .ok_or_else(|| Error::invalid("The activity has no actor."))?;
    if !is_spoken_for(actor) {
        return Err(Error::Invalid(format!(
            "The actor {actor} is not {sender}, who sends this."
        )));
    }
    let host = authority(sender).unwrap_or_default().to_ascii_lowercase();
    let id = id.ok_or_else(|| Error::invalid("The activity has no id."))?;
    if id.len() > ID_BYTES_MAX || !is_of(&host, &id) || names::is_ours(app.base(), &id) {
        return Err(Error::Invalid(format!("{id} is not an id of {host}.")));
    }
    blocks::check(&app.store, sender)?;
    let mut checking = Checking {
        app,
        host: &host,
        now,
        fetches_left: FETCHES_MAX,
    };
    checking.activity(&mut draft)?;
    let arrival = Arrival {
        id: &id,
        actor: names::canonical(actor_id(&draft)).into_owned(),
        draft: &draft,
        user,
    };
    activities::receive(app, &arrival, now)
}

fn actor_id(draft: &ActivityDraft) -> &str {
    let id = draft.actor.as_ref().and_then(|actor| actor.id.as_deref());
    id.unwrap_or_default()
}

/// Whom a client speaks for, by the id.
fn sender(client: &Client) -> Result<String, Error> {
    match &client.identity {
        Some(_) => Ok(client.generator().id),
        None => Err(Error::Unauthorized(
            "Only other servers, registered by dialback, write into inboxes.".to_owned(),
        )),
    }
}

/// Whether a client speaks for an actor: a person for the own person, a host for its services, whose ids are its address.
fn is_spoken_for(client: &Client, actor: &str) -> bool {
    match &client.identity {
        Some(Identity::Person(_)) => {
            names::canonical(actor) == names::canonical(&client.generator().id)
        }
        Some(Identity::Host(host)) => ["http", "https"]
            .iter()
            .any(|scheme| actor.eq_ignore_ascii_case(&format!("{scheme}://{host}/"))),
        None => false,
    }
}

/// Whether an id may be made by a host: it lives there, or nowhere.
fn is_of(host: &str, id: &str) -> bool {
    match authority(id) {
        Some(found) => found.eq_ignore_ascii_case(host),
        None => !id.starts_with("http"),
    }
}

/// Goes through an activity and leaves in it what may be believed.
struct Checking<'a> {
    app: &'a App,
    /// Where the sender lives.
    host: &'a str,
    now: Timestamp,
    fetches_left: usize,
}

impl Checking<'_> {
    fn activity(&mut self, draft: &mut ActivityDraft) -> Result<(), Error> {
        let is_own_to_make = matches!(draft.verb.as_str(), "post" | "create" | "update" | "delete");
        if is_own_to_make {
            let id = draft.object.id.as_deref().unwrap_or_default();
            if !is_of(self.host, id) || names::is_ours(self.app.base(), id) {
                return Err(Error::Invalid(format!(
                    "{id} is not an id of {}.",
                    self.host
                )));
            }
        }
        self.object(&mut draft.object, true, 0)?;
        if let Some(target) = &mut draft.target {
            self.object(target, true, 0)?;
        }
        let lists = [
            &mut draft.addresses.to,
            &mut draft.addresses.cc,
            &mut draft.addresses.bto,
            &mut draft.addresses.bcc,
        ];
        for address in lists.into_iter().flatten() {
            self.object(address, false, 0)?;
        }
        Ok(())
    }

    /// An object, with what is inside of it. What lives elsewhere is asked for there, if it `matters` and is not known yet;
    /// without an answer only its id and type stay.
    fn object(
        &mut self,
        draft: &mut ObjectDraft,
        matters: bool,
        depth: usize,
    ) -> Result<(), Error> {
        if depth >= DEPTH_MAX {
            *draft = bare(draft);
            return Ok(());
        }
        let Some(id) = draft.id.clone() else {
            return Ok(());
        };
        let is_known = names::find(self.app.base(), &self.app.store, &id)?.is_some();
        if is_known || is_of(self.host, &id) {
            for inner in [&mut draft.author, &mut draft.in_reply_to]
                .into_iter()
                .flatten()
            {
                self.object(inner, matters, depth + 1)?;
            }
            return Ok(());
        }
        let may_ask = matters
            && self.fetches_left > 0
            && authority(&id).is_some()
            && !names::is_ours(self.app.base(), &id)
            && !blocks::is_blocked(&self.app.store, &id)?;
        if may_ask {
            self.fetches_left -= 1;
            match fetching::fetch(self.app, &id, self.now) {
                Ok(found) => {
                    *draft = found;
                    let home = authority(&id).unwrap_or_default().to_ascii_lowercase();
                    keep_own(draft, &home);
                    return Ok(());
                }
                Err(error) => log::info!("{id} is kept by name only: {error}"),
            }
        }
        *draft = bare(draft);
        Ok(())
    }
}

/// Leaves of the author and the parent of what was fetched from its home only names, where they live elsewhere.
fn keep_own(draft: &mut ObjectDraft, home: &str) {
    for inner in [&mut draft.author, &mut draft.in_reply_to]
        .into_iter()
        .flatten()
    {
        let id = inner.id.as_deref().unwrap_or_default();
        if is_of(home, id) {
            keep_own(inner, home);
        } else {
            **inner = bare(inner);
        }
    }
}

/// A mere reference to the same.
fn bare(draft: &ObjectDraft) -> ObjectDraft {
    ObjectDraft {
        id: draft.id.clone(),
        object_type: draft.object_type.clone(),
        ..ObjectDraft::default()
    }
}
