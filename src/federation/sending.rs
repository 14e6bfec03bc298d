//! Delivers what was done here to the inboxes of other hosts (`pump-api.md §6.5`), and asks them what waits to be asked.

use super::relaying::Hearing;
use super::speaking::{self, Signed};
use super::{Speaker, catching_up, fetching};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::documents::{Documents, Finish};
use crate::domain::{audience, blocks, errands, names, objects, relays};
use crate::ids::{Nickname, ThingId, UserId};
use crate::peers::Failure;
use crate::store::deliveries::{Delivery, Errand};
use crate::store::engine::Result;
use crate::store::things;

/// How long something is tried to be delivered, in seconds: three days.
const AGE_SECS_MAX: i64 = 3 * 24 * 3600;

/// How long a host that took nothing is left alone, in seconds: twice as long each time, from the first to the second.
const RESTS_SECS: (i64, i64) = (60, 6 * 3600);

/// How a delivery ended.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Arrived,
    /// It never will be done; why.
    Dropped(String),
    /// The host takes nothing; why.
    PutOff(String),
    /// The host is well, and asks to be left alone for so many seconds; in which words.
    Postponed(String, i64),
}

/// How long a host that took nothing so many times in a row is left alone, in seconds.
pub fn rest_secs(failures: u32) -> i64 {
    let (first, most) = RESTS_SECS;
    first
        .saturating_mul(1_i64.checked_shl(failures.min(20)).unwrap_or(i64::MAX))
        .min(most)
}

/// Does an errand at another host.
pub fn deliver(app: &App, delivery: &Delivery, now: Timestamp) -> Result<Outcome> {
    if now.secs_since(delivery.created) > AGE_SECS_MAX {
        return Ok(Outcome::Dropped("it was tried for three days".to_owned()));
    }
    match &delivery.errand {
        &Errand::Bring {
            activity,
            recipient,
        } => match Parcel::pack(app, activity, recipient)? {
            Some(parcel) => Ok(parcel.bring(app, now)),
            None => Ok(Outcome::Dropped("it is gone".to_owned())),
        },
        &Errand::Learn { thing } => learn(app, thing, now),
        &Errand::TellAuthor { activity } => tell_author(app, activity, now),
        &Errand::CatchUp { person, follower } => catching_up::catch_up(app, person, follower, now),
        Errand::Hear {
            activity,
            key,
            group,
            user,
        } => {
            let hearing = Hearing {
                id: activity,
                key: key.as_deref(),
                group: *group,
                user: UserId(*user),
            };
            hearing.ask(app, now)
        }
    }
}

/// Asks the home of something what it is, if nobody has told meanwhile.
fn learn(app: &App, thing: ThingId, now: Timestamp) -> Result<Outcome> {
    let object = things::object(&app.store, thing)?;
    let Some(object) = object.filter(objects::is_hearsay) else {
        return Ok(Outcome::Dropped("it is known by now".to_owned()));
    };
    let id = names::object_id(app.base(), thing, &object).to_string();
    if blocks::is_blocked(&app.store, &id)? {
        return Ok(Outcome::Dropped(format!("{id} is blocked")));
    }
    match fetching::fetch(app, &id, now) {
        Ok(draft) => {
            objects::learn(app, thing, &draft, now)?;
            Ok(Outcome::Arrived)
        }
        Err(Failure::Unreachable(why)) => Ok(Outcome::PutOff(why)),
        Err(Failure::Busy(why, secs)) => Ok(Outcome::Postponed(why, secs)),
        Err(error) => Ok(Outcome::Dropped(error.to_string())),
    }
}

/// Has a like or a share brought to the author of what it is about, who was not known when it was made.
fn tell_author(app: &App, id: ThingId, now: Timestamp) -> Result<Outcome> {
    let activity = things::activity(&app.store, id)?;
    let Some(activity) = activity.filter(|activity| activity.deleted.is_none()) else {
        return Ok(Outcome::Dropped("it is gone".to_owned()));
    };
    let of_object = |app: &App| things::object(&app.store, activity.object);
    if of_object(app)?.is_some_and(|object| objects::is_hearsay(&object)) {
        match learn(app, activity.object, now)? {
            Outcome::Arrived => {}
            other => return Ok(other),
        }
    }
    let Some(author) = of_object(app)?.and_then(|object| object.author) else {
        return Ok(Outcome::Dropped("nobody is known as its author".to_owned()));
    };
    if !audience::is_addressed(&app.store, &activity, author)? {
        app.store.write(|tx| {
            let errand = Errand::Bring {
                activity: id,
                recipient: author,
            };
            errands::queue(app, tx, author, errand, now)
        })?;
        app.wake();
    }
    Ok(Outcome::Arrived)
}

/// What is delivered, and to whom.
struct Parcel {
    speaker: Speaker,
    recipient: String,
    /// Whether the speaker is gone from here: then nobody can ask back any more.
    is_farewell: bool,
    /// The recipient here, as long as nothing more than the id is known.
    stranger: Option<ThingId>,
    body: String,
}

impl Parcel {
    /// Nothing if there is nothing to deliver any more.
    fn pack(app: &App, id: ThingId, recipient: ThingId) -> Result<Option<Parcel>> {
        let Some(activity) = things::activity(&app.store, id)? else {
            return Ok(None);
        };
        let (Some(actor), Some(known), None) = (
            things::object(&app.store, activity.actor)?,
            things::object(&app.store, recipient)?,
            activity.deleted,
        ) else {
            return Ok(None);
        };
        let speaker = match actor.nickname().map(Nickname::new) {
            Some(Ok(nickname)) => Speaker::user(app.base(), &nickname),
            // What somebody elsewhere says in a group here is passed on by this server (D34).
            None if !actor.is_local() => Speaker::Host,
            _ => return Ok(None),
        };
        let name = names::object_id(app.base(), recipient, &known).to_string();
        if blocks::is_blocked(&app.store, &name)? {
            return Ok(None);
        }
        let documents = match relays::group_for(app, &activity, recipient)? {
            Some(group) => Documents::for_relay(app, recipient, group),
            None => Documents::for_delivery(app, recipient),
        };
        Ok(Some(Parcel {
            speaker,
            recipient: name,
            is_farewell: actor.deleted.is_some(),
            stranger: Some(recipient).filter(|_| objects::is_hearsay(&known)),
            body: documents.activity_text(id, &activity, Finish::PLAIN)?,
        }))
    }

    fn bring(&self, app: &App, now: Timestamp) -> Outcome {
        let inbox = match app.peers.links_of(&self.recipient, now) {
            Ok(links) => match links.href("activity-inbox") {
                Some(inbox) => inbox.to_owned(),
                None => return Outcome::Dropped(format!("{} has no inbox", self.recipient)),
            },
            Err(Failure::Useless(why, Some(404 | 410))) | Err(Failure::Refused(why)) => {
                return Outcome::Dropped(why);
            }
            Err(Failure::Busy(why, secs)) => return Outcome::Postponed(why, secs),
            Err(error) => return Outcome::PutOff(error.to_string()),
        };
        if let Some(stranger) = self.stranger {
            self.get_to_know(app, stranger, now);
        }
        let said = speaking::ask(app, &self.speaker, Signed::Post(&self.body), &inbox);
        let said = match said {
            Ok(said) => said,
            Err(Failure::Refused(why)) => return Outcome::Dropped(why),
            Err(Failure::Useless(why, _)) if self.is_farewell => return Outcome::Dropped(why),
            Err(Failure::Busy(why, secs)) => return Outcome::Postponed(why, secs),
            Err(error) => {
                app.peers.forget(&self.recipient);
                return Outcome::PutOff(error.to_string());
            }
        };
        let text = String::from_utf8_lossy(&said.body);
        let why = format!(
            "{inbox} answers {} {}",
            said.status,
            text.chars().take(200).collect::<String>()
        );
        if let Some(secs) = said.busy_secs() {
            return Outcome::Postponed(why, secs);
        }
        match said.status {
            200..300 => Outcome::Arrived,
            401 if self.is_farewell => Outcome::Dropped(why),
            401 | 408 | 429 | 500.. => {
                app.peers.forget(&self.recipient);
                Outcome::PutOff(why)
            }
            _ => Outcome::Dropped(why),
        }
    }
}

impl Parcel {
    /// Asks for the name and the picture of the recipient; without them it goes on, too.
    fn get_to_know(&self, app: &App, stranger: ThingId, now: Timestamp) {
        let learnt = match fetching::fetch(app, &self.recipient, now) {
            Ok(draft) => {
                objects::learn(app, stranger, &draft, now).map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = learnt {
            log::info!("{} is known by name only: {error}", self.recipient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rest_secs;

    #[test]
    fn a_host_that_takes_nothing_is_left_alone_ever_longer() {
        let rests: Vec<i64> = (0..4).map(rest_secs).collect();
        assert_eq!(rests, [60, 120, 240, 480]);
        assert_eq!(rest_secs(9), 6 * 3600);
        assert_eq!(rest_secs(u32::MAX), 6 * 3600);
    }
}
