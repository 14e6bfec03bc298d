//! Tells a firehose of public activities (`pump-api.md §6.11`). What goes wrong there is nobody's trouble here.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::Viewer;
use crate::domain::documents::{Documents, Finish};
use crate::domain::firehose::is_public;
use crate::ids::ThingId;
use crate::peers::{Ask, Failure};
use crate::store::engine::Result;
use crate::store::things;
use std::time::Duration;

/// Longest time of one request.
const TIME_MAX: Duration = Duration::from_secs(10);

/// How long a firehose that was not there is not looked for, in seconds.
const REST_SECS: i64 = 600;

/// A firehose, as far as it is known.
pub struct Outlet {
    host: String,
    endpoint: Option<String>,
    /// When it was last not there.
    missed: Option<Timestamp>,
}

impl Outlet {
    /// The one at `host`, which is looked for when there is something to tell.
    pub fn at(host: &str) -> Outlet {
        Outlet {
            host: host.to_owned(),
            endpoint: None,
            missed: None,
        }
    }

    /// Tells of an activity, if it is still there and public.
    pub fn tell(&mut self, app: &App, id: ThingId, now: Timestamp) -> Result<()> {
        let Some(activity) = things::activity(&app.store, id)?.filter(is_public) else {
            return Ok(());
        };
        let nobody = Viewer { person: None };
        let documents = Documents::for_viewer(app, nobody);
        let body = documents.activity_text(id, &activity, Finish::PLAIN)?;
        let Some(endpoint) = self.endpoint(app, now) else {
            return Ok(());
        };
        let ask = Ask::post(&endpoint, "application/json", body).within(TIME_MAX);
        match app.peers.ask(&ask) {
            Ok(said) if said.is_success() => {}
            Ok(said) => log::debug!("{endpoint} answers {}", said.status),
            Err(error) => self.miss(&error, now),
        }
        Ok(())
    }

    /// Where it is told: looked for once, by https first.
    fn endpoint(&mut self, app: &App, now: Timestamp) -> Option<String> {
        if self.endpoint.is_some() {
            return self.endpoint.clone();
        }
        if self
            .missed
            .is_some_and(|missed| now.secs_since(missed) < REST_SECS)
        {
            return None;
        }
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{}/ping", self.host);
            match app.peers.ask(&Ask::options(&url).within(TIME_MAX)) {
                Ok(said) if said.allows("POST") => {
                    log::info!("{url} hears of public activities");
                    self.endpoint = Some(url);
                    return self.endpoint.clone();
                }
                Ok(said) => {
                    let why = format!("{url} takes no POST ({})", said.status);
                    self.miss(&Failure::Useless(why, None), now);
                }
                Err(error) => self.miss(&error, now),
            }
        }
        None
    }

    fn miss(&mut self, why: &Failure, now: Timestamp) {
        log::info!("the firehose is not told for a while: {why}");
        self.endpoint = None;
        self.missed = Some(now);
    }
}
