//! What the server of a group passes on that somebody of a third server said in it (`pump-api.md §4.11`, `§10.3`, D34): believed
//! only as the actor's own server shows it. That one shows what is for the group alone to whoever has the key that comes along;
//! when it is away, it is asked later.

use super::fetching::{self, is_of};
use super::receiving::{FETCHES_MAX, Pushed};
use super::sending::Outcome;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities::{self, Inbox};
use crate::domain::{blocks, circles, errands, names, relays};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::peers::{Failure, authority};
use crate::store::clients::{Client, Identity};
use crate::store::deliveries::{self, Errand};
use crate::store::engine;
use crate::wire::draft::ActivityDraft;
use serde_json::Value;

/// Longest key that is taken along, in bytes.
const KEY_BYTES_MAX: usize = 256;

/// What a member here is to hear.
pub(super) struct Hearing<'a> {
    /// The id of the activity.
    pub id: &'a str,
    /// What opens it.
    pub key: Option<&'a str>,
    /// The group.
    pub group: ThingId,
    /// The member.
    pub user: UserId,
}

/// Why it is not heard.
enum Deaf {
    /// The server of the actor has no answer.
    Away(Failure),
    /// It is nothing that is taken.
    Refused(Error),
}

impl<'a> Hearing<'a> {
    /// What `client` passes on; nothing if it does not speak for the server of a group, which the user has joined and to which
    /// this is addressed.
    pub(super) fn of(
        app: &App,
        client: &Client,
        inbox: Inbox,
        pushed: &'a Pushed,
    ) -> Result<Option<Hearing<'a>>, Error> {
        let (Some(Identity::Host(host)), Inbox::User(user)) = (&client.identity, inbox) else {
            return Ok(None);
        };
        let key = pushed.draft.members.get(relays::MEMBER);
        let key = key.and_then(Value::as_str);
        for address in pushed.draft.addresses.each().into_iter().flatten() {
            let id = address.id.as_deref().unwrap_or_default();
            if authority(id).is_some_and(|home| home.eq_ignore_ascii_case(host))
                && let Some(group) = names::find_thing(app.base(), &app.store, id)?
                && circles::is_member(&app.store, group, user.0)?
            {
                return Ok(Some(Hearing {
                    id: &pushed.id,
                    key: key.filter(|key| key.len() <= KEY_BYTES_MAX),
                    group,
                    user,
                }));
            }
        }
        Ok(None)
    }

    /// Takes what was pushed, or nothing yet where it will be asked for later. 400 for what cannot be so, 403 for what its
    /// actor's server does not show.
    pub(super) fn take(
        &self,
        app: &App,
        pushed: &Pushed,
        now: Timestamp,
    ) -> Result<Option<ThingId>, Error> {
        if names::find_thing(app.base(), &app.store, self.id)?.is_some() {
            let arrival = pushed.arrival(Inbox::User(self.user), Some(self.group));
            return activities::receive(app, &arrival, now).map(Some);
        }
        if names::is_ours(app.base(), self.id) {
            return Err(Error::Invalid(format!("There is no {} here.", self.id)));
        }
        blocks::check(&app.store, &pushed.actor)?;
        let home = authority(&pushed.actor).unwrap_or_default();
        if authority(self.id).is_none() || !is_of(home, self.id) {
            return Err(Error::Invalid(format!(
                "{} is not an id of {home}.",
                self.id
            )));
        }
        let home = home.to_ascii_lowercase();
        let queue = deliveries::queue(&app.store, &home)?;
        if queue.is_some_and(|queue| queue.failures > 0) {
            return self.take_later(app, &home, now);
        }
        match self.hear(app, now) {
            Ok(known) => Ok(Some(known)),
            Err(Deaf::Refused(error)) => Err(error),
            Err(Deaf::Away(failure)) if is_passing(&failure) => self.take_later(app, &home, now),
            Err(Deaf::Away(failure)) => Err(Error::Forbidden(format!(
                "The server of its actor does not show this: {failure}"
            ))),
        }
    }

    fn take_later(&self, app: &App, home: &str, now: Timestamp) -> Result<Option<ThingId>, Error> {
        app.store.write(|tx| {
            let errand = Errand::Hear {
                activity: self.id.to_owned(),
                key: self.key.map(str::to_owned),
                group: self.group,
                user: self.user.0,
            };
            errands::queue_at(app, tx, home, errand, now)
        })?;
        app.wake();
        Ok(None)
    }

    /// Asks for it now.
    pub(super) fn ask(&self, app: &App, now: Timestamp) -> engine::Result<Outcome> {
        if !circles::is_member(&app.store, self.group, self.user.0)? {
            return Ok(Outcome::Dropped("nobody here hears of it".to_owned()));
        }
        Ok(match self.hear(app, now) {
            Ok(_) => Outcome::Arrived,
            Err(Deaf::Refused(error)) => Outcome::Dropped(error.public()),
            Err(Deaf::Away(Failure::Busy(why, secs))) => Outcome::Postponed(why, secs),
            Err(Deaf::Away(failure)) if is_passing(&failure) => {
                Outcome::PutOff(failure.to_string())
            }
            Err(Deaf::Away(failure)) => Outcome::Dropped(failure.to_string()),
        })
    }

    /// Takes it as the server of its actor shows it.
    fn hear(&self, app: &App, now: Timestamp) -> Result<ThingId, Deaf> {
        let found = fetching::fetch_activity(app, self.id, self.key).map_err(Deaf::Away)?;
        self.believe(app, found, now).map_err(Deaf::Refused)
    }

    fn believe(&self, app: &App, found: Value, now: Timestamp) -> Result<ThingId, Error> {
        let home = authority(self.id).unwrap_or_default().to_ascii_lowercase();
        let found = Pushed::parse(found)?;
        if authority(&found.actor).is_none() || !is_of(&home, &found.actor) {
            return Err(Error::Invalid(format!("{} is of somebody else.", self.id)));
        }
        blocks::check(&app.store, &found.actor)?;
        if !self.is_said_there(app, &found.draft)? {
            let text = format!("{} is not said in this group.", self.id);
            return Err(Error::Forbidden(text));
        }
        let found = found.believed(app, &home, FETCHES_MAX, now)?;
        let arrival = found.arrival(Inbox::User(self.user), Some(self.group));
        activities::receive(app, &arrival, now)
    }

    fn is_said_there(&self, app: &App, draft: &ActivityDraft) -> Result<bool, Error> {
        for address in draft.addresses.each().into_iter().flatten() {
            let id = address.id.as_deref().unwrap_or_default();
            if names::find_thing(app.base(), &app.store, id)? == Some(self.group) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether asking later may help.
fn is_passing(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Unreachable(_) | Failure::Busy(..) | Failure::Useless(_, Some(500..))
    )
}
