//! Asks a spam server about what is posted here (`pump-api.md §6.12`), with the key that the configuration has for it.

use crate::app::App;
use crate::auth::Key;
use crate::clock;
use crate::config::SpamServer;
use crate::domain::spam::Judge;
use crate::peers::Ask;
use hyper::header;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// How long whoever posts waits for the judgement at most.
const TIME_MAX: Duration = Duration::from_secs(5);

/// The spam server of the configuration.
pub struct Asked(pub SpamServer);

#[derive(Deserialize)]
struct Judgement {
    #[serde(rename = "isSpam")]
    is_spam: bool,
}

impl Judge for Asked {
    fn is_spam(&self, app: &App, activity: &Value) -> bool {
        let url = format!("{}/is-this-spam", self.0.url);
        let key = Key {
            client: &self.0.client,
            secret: self.0.secret.reveal(),
            token: None,
        };
        let proof = key.sign("POST", &url, &[], clock::now());
        let ask = Ask::post(&url, "application/json", activity.to_string())
            .with(header::AUTHORIZATION, proof)
            .within(TIME_MAX);
        let said = match app.peers.ask(&ask) {
            Ok(said) => said,
            Err(error) => {
                log::warn!("nobody says whether it is spam: {error}");
                return false;
            }
        };
        match serde_json::from_slice::<Judgement>(&said.body) {
            Ok(judgement) if said.is_success() => judgement.is_spam,
            _ => {
                log::warn!(
                    "nobody says whether it is spam: {url} answers {}",
                    said.status
                );
                false
            }
        }
    }
}
