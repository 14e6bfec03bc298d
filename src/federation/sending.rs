//! Delivers what was done here to the inboxes of other hosts (`pump-api.md §6.5`).

use super::speaking::{self, Signed};
use super::{Speaker, fetching};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::Viewer;
use crate::domain::documents::{Documents, Finish};
use crate::domain::{blocks, names, objects};
use crate::ids::{Nickname, ThingId};
use crate::peers::Failure;
use crate::store::deliveries::Delivery;
use crate::store::engine::Result;
use crate::store::things::{self, Activity, Object};

/// How long something is tried to be delivered, in seconds: three days.
const AGE_SECS_MAX: i64 = 3 * 24 * 3600;

/// How long a host that took nothing is left alone, in seconds: twice as long each time, from the first to the second.
const RESTS_SECS: (i64, i64) = (60, 6 * 3600);

/// How a delivery ended.
#[derive(Debug)]
pub enum Outcome {
    /// The other host has it.
    Arrived,
    /// It never will arrive; why.
    Dropped(String),
    /// The host is to be tried again after so many seconds, if it says so itself; why.
    PutOff(String, Option<i64>),
}

/// How long a host that took nothing so many times in a row is left alone, in seconds.
pub fn rest_secs(failures: u32) -> i64 {
    let (first, most) = RESTS_SECS;
    first
        .saturating_mul(1_i64.checked_shl(failures.min(20)).unwrap_or(i64::MAX))
        .min(most)
}

/// Brings an activity to somebody elsewhere.
pub fn deliver(app: &App, delivery: &Delivery, now: Timestamp) -> Result<Outcome> {
    if now.secs_since(delivery.created) > AGE_SECS_MAX {
        return Ok(Outcome::Dropped("it was tried for three days".to_owned()));
    }
    let Some(parcel) = Parcel::pack(app, delivery)? else {
        return Ok(Outcome::Dropped("it is gone".to_owned()));
    };
    Ok(parcel.bring(app, now))
}

/// What is delivered, and to whom.
struct Parcel {
    speaker: Speaker,
    recipient: String,
    /// The recipient here, as long as nothing more than the id is known.
    stranger: Option<ThingId>,
    body: String,
}

impl Parcel {
    /// Nothing if there is nothing to deliver any more.
    fn pack(app: &App, delivery: &Delivery) -> Result<Option<Parcel>> {
        let Some(activity) = things::activity(&app.store, delivery.activity)? else {
            return Ok(None);
        };
        let actor = things::object(&app.store, activity.actor)?;
        let nickname = actor.as_ref().and_then(Object::nickname);
        let nickname = nickname.and_then(|nickname| Nickname::new(nickname).ok());
        let (Some(nickname), Some(known), None) = (
            nickname,
            things::object(&app.store, delivery.recipient)?,
            activity.deleted,
        ) else {
            return Ok(None);
        };
        let recipient = names::object_id(app.base(), delivery.recipient, &known).to_string();
        if blocks::is_blocked(&app.store, &recipient)? {
            return Ok(None);
        }
        Ok(Some(Parcel {
            speaker: Speaker::user(app.base(), &nickname),
            recipient,
            stranger: Some(delivery.recipient).filter(|_| known.members.is_empty()),
            body: body(app, delivery, &activity)?,
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
            Err(error) => return Outcome::PutOff(error.to_string(), None),
        };
        if let Some(stranger) = self.stranger {
            self.get_to_know(app, stranger, now);
        }
        let said = speaking::ask(app, &self.speaker, Signed::Post(&self.body), &inbox);
        let said = match said {
            Ok(said) => said,
            Err(Failure::Refused(why)) => return Outcome::Dropped(why),
            Err(error) => {
                app.peers.forget(&self.recipient);
                return Outcome::PutOff(error.to_string(), None);
            }
        };
        let text = String::from_utf8_lossy(&said.body);
        let why = format!(
            "{inbox} answers {} {}",
            said.status,
            text.chars().take(200).collect::<String>()
        );
        match said.status {
            200..300 => Outcome::Arrived,
            401 | 408 | 429 | 500.. => {
                app.peers.forget(&self.recipient);
                Outcome::PutOff(why, said.retry_after)
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

/// The activity as its recipient may see it.
fn body(app: &App, delivery: &Delivery, activity: &Activity) -> Result<String> {
    let viewer = Viewer {
        person: Some(delivery.recipient),
    };
    Documents::for_viewer(app, viewer).activity_text(delivery.activity, activity, Finish::PLAIN)
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
