//! Signed requests to other servers: with the key that the other server gave to whoever speaks, or with a new one.

use super::{Speaker, dialback};
use crate::app::App;
use crate::auth::Key;
use crate::clock;
use crate::peers::{Ask, Failure, Said, absolute, authority};
use crate::store::credentials::{self, Credentials};
use hyper::header;

/// How pump.io's servers call themselves.
const USER_AGENT: &str = concat!("pump.io/6.0.0 pumphouse/", env!("CARGO_PKG_VERSION"));

/// Most redirects that a signed request follows; each is signed anew.
const REDIRECTS_MAX: usize = 5;

/// A request that is signed.
#[derive(Clone, Copy, Debug)]
pub enum Signed<'a> {
    /// Asks for a document.
    Get,
    /// Sends an activity.
    Post(&'a str),
}

/// Sends a signed request to `url`. A host that does not know our key any more (401) is registered with anew, once.
pub fn ask(app: &App, speaker: &Speaker, what: Signed<'_>, url: &str) -> Result<Said, Failure> {
    let mut url = url.to_owned();
    for _ in 0..=REDIRECTS_MAX {
        let said = ask_once(app, speaker, what, &url)?;
        match (said.status, &said.location) {
            (301 | 302 | 307 | 308, Some(location)) => url = absolute(&url, location),
            _ => return Ok(said),
        }
    }
    Err(Failure::Useless(format!("{url} leads on and on"), None))
}

fn ask_once(app: &App, speaker: &Speaker, what: Signed<'_>, url: &str) -> Result<Said, Failure> {
    let host = authority(url)
        .ok_or_else(|| Failure::Refused(format!("{url} is not an address of another server")))?
        .to_ascii_lowercase();
    let identity = speaker.identity(app.base());
    let failed = |error: &dyn std::fmt::Display| Failure::Unreachable(format!("store: {error}"));
    let known = credentials::get(&app.store, &host, identity).map_err(|error| failed(&error))?;
    let is_old = known.is_some();
    let key = match known {
        Some(key) => key,
        None => dialback::register(app, speaker, &host)?,
    };
    let said = send(app, &key, what, url)?;
    if said.status != 401 || !is_old {
        return Ok(said);
    }
    app.store
        .write(|tx| {
            credentials::remove(tx, &host, identity);
            Ok(())
        })
        .map_err(|error| failed(&error))?;
    let key = dialback::register(app, speaker, &host)?;
    send(app, &key, what, url)
}

fn send(app: &App, key: &Credentials, what: Signed<'_>, url: &str) -> Result<Said, Failure> {
    let (method, ask) = match what {
        Signed::Get => ("GET", Ask::get(url)),
        Signed::Post(body) => ("POST", Ask::post(url, "application/json", body)),
    };
    let key = Key {
        client: &key.client,
        secret: &key.secret,
        token: None,
    };
    let proof = key.sign(method, url, &[], clock::now());
    let ask = ask
        .with(header::AUTHORIZATION, proof)
        .with(header::USER_AGENT, USER_AGENT);
    app.peers.ask(&ask)
}
