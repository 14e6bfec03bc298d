//! Takes what another server pushes into an inbox here (`pump-api.md §6.6`): who speaks was proved by dialback, and is believed
//! about what lives on the own host only. Of everything else the home is asked, or no more is kept than that it exists.

use super::fetching::{self, bare, is_of};
use super::relaying;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities::{self, Arrival, Inbox};
use crate::domain::{blocks, names, objects};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::peers::authority;
use crate::store::clients::{Client, Identity};
use crate::wire::draft::{ActivityDraft, ObjectDraft};
use serde_json::Value;

/// Most things of third hosts that are asked for because of one activity.
pub(super) const FETCHES_MAX: usize = 4;

/// Deepest chain of authors and parents that is looked at.
const DEPTH_MAX: usize = 4;

/// Longest id of an activity, in bytes.
const ID_BYTES_MAX: usize = 2048;

/// Takes an activity that `client` pushes into an inbox here; answers its thing, or nothing where the server of its actor will
/// be asked for it later. 401 for a client that speaks for nobody, 400 for what is not the sender's to say, 403 for what has
/// nothing to do with whose inbox it is.
pub fn receive(
    app: &App,
    client: &Client,
    inbox: Inbox,
    document: Value,
    now: Timestamp,
) -> Result<Option<ThingId>, Error> {
    let sender = sender(client)?;
    let pushed = Pushed::parse(document)?;
    blocks::check(&app.store, &sender)?;
    if is_spoken_for(client, &pushed.actor) {
        let host = authority(&sender).unwrap_or_default().to_ascii_lowercase();
        let pushed = pushed.believed(app, &host, FETCHES_MAX, now)?;
        return activities::receive(app, &pushed.arrival(inbox, None), now).map(Some);
    }
    match relaying::Hearing::of(app, client, inbox, &pushed)? {
        Some(hearing) => hearing.take(app, &pushed, now),
        None => Err(Error::Invalid(format!(
            "The actor {} is not {sender}, who sends this.",
            pushed.actor
        ))),
    }
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
    let pushed = Pushed::parse(document)?;
    blocks::check(&app.store, sender)?;
    if names::canonical(&pushed.actor) != names::canonical(sender) {
        let actor = &pushed.actor;
        return Err(Error::Invalid(format!("{actor} is not {sender}.")));
    }
    let host = authority(sender).unwrap_or_default().to_ascii_lowercase();
    let pushed = pushed.believed(app, &host, FETCHES_MAX, now)?;
    activities::receive(app, &pushed.arrival(Inbox::User(user), None), now)
}

/// What somebody elsewhere posted, as it stands in their feed: nothing of it is believed that is not theirs, and nobody else
/// is asked. The error says why it is left out.
pub fn posted(app: &App, author: &str, item: Value, now: Timestamp) -> Result<Pushed, Error> {
    let pushed = Pushed::parse(item)?;
    if names::canonical(&pushed.actor) != names::canonical(author) {
        return Err(Error::Invalid(format!("It is of {}.", pushed.actor)));
    }
    if !matches!(pushed.draft.verb.as_str(), "post" | "create") {
        return Err(Error::Invalid(format!("It is a {}.", pushed.draft.verb)));
    }
    let home = authority(author).unwrap_or_default().to_ascii_lowercase();
    pushed.believed(app, &home, 0, now)
}

/// An activity of another server.
#[derive(Debug)]
pub struct Pushed {
    pub(super) id: String,
    pub(super) actor: String,
    pub(super) draft: ActivityDraft,
}

impl Pushed {
    pub(super) fn parse(document: Value) -> Result<Pushed, Error> {
        let id = document.get("id").and_then(Value::as_str);
        let id = id.map(str::to_owned);
        let draft = ActivityDraft::parse(document)?;
        let actor = draft.actor.as_ref().and_then(|actor| actor.id.clone());
        let actor = actor.ok_or_else(|| Error::invalid("The activity has no actor."))?;
        let id = id.ok_or_else(|| Error::invalid("The activity has no id."))?;
        if id.len() > ID_BYTES_MAX {
            return Err(Error::invalid("The id of the activity is too long."));
        }
        Ok(Pushed { id, actor, draft })
    }

    /// What is left of it when only `host`, the actor's own, is believed. Of what lives elsewhere the home is asked, at most for
    /// `fetches_max` things.
    pub(super) fn believed(
        mut self,
        app: &App,
        host: &str,
        fetches_max: usize,
        now: Timestamp,
    ) -> Result<Pushed, Error> {
        if !is_of(host, &self.id) || names::is_ours(app.base(), &self.id) {
            return Err(Error::Invalid(format!(
                "{} is not an id of {host}.",
                self.id
            )));
        }
        let mut checking = Checking {
            app,
            host,
            now,
            fetches_left: fetches_max,
        };
        checking.activity(&mut self.draft)?;
        Ok(self)
    }

    /// The activity on its way into an inbox.
    pub fn arrival(&self, inbox: Inbox, relay: Option<ThingId>) -> Arrival<'_> {
        Arrival {
            id: &self.id,
            actor: names::canonical(&self.actor).into_owned(),
            draft: &self.draft,
            inbox,
            relay,
        }
    }
}

/// Whom a client speaks for, by the id; 401 if it is nobody.
pub fn sender(client: &Client) -> Result<String, Error> {
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
        let is_known = names::find(self.app.base(), &self.app.store, &id)?.is_some()
            && !objects::is_lent(&self.app.store, &id)?;
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
                    return Ok(());
                }
                Err(error) => log::info!("{id} is kept by name only: {error}"),
            }
        }
        *draft = bare(draft);
        Ok(())
    }
}
