//! Signed requests to other servers: with the key that the other server gave to whoever speaks, or with a new one.

use super::{Speaker, dialback};
use crate::app::App;
use crate::auth::Key;
use crate::clock;
use crate::peers::{Arriving, Ask, Failure, Said, absolute, authority};
use crate::store::credentials::{self, Credentials};
use hyper::header::{self, HeaderName};

/// How pump.io's servers call themselves.
const USER_AGENT: &str = concat!("pump.io/6.0.0 pumphouse/", env!("CARGO_PKG_VERSION"));

/// Most redirects that a signed request follows; each is signed anew.
const REDIRECTS_MAX: usize = 5;

/// A request that is signed.
#[derive(Clone, Copy, Debug)]
pub enum Signed<'a> {
    /// Asks for a document.
    Get,
    /// Asks for what is there, with these headers.
    GetWith(&'a [(HeaderName, String)]),
    /// Sends an activity.
    Post(&'a str),
}

/// Sends a signed request to `url`. A host that does not know our key any more (401) is registered with anew, once.
pub fn ask(app: &App, speaker: &Speaker, what: Signed<'_>, url: &str) -> Result<Said, Failure> {
    open(app, speaker, what, url)?.whole()
}

/// As [`ask`], but the body of the answer has not been read.
pub fn open(
    app: &App,
    speaker: &Speaker,
    what: Signed<'_>,
    url: &str,
) -> Result<Arriving, Failure> {
    let mut url = url.to_owned();
    for _ in 0..=REDIRECTS_MAX {
        let arriving = ask_once(app, speaker, what, &url)?;
        match (arriving.head.status, &arriving.head.location) {
            (301 | 302 | 307 | 308, Some(location)) => url = absolute(&url, location),
            _ => return Ok(arriving),
        }
    }
    Err(Failure::Useless(format!("{url} leads on and on"), None))
}

fn ask_once(
    app: &App,
    speaker: &Speaker,
    what: Signed<'_>,
    url: &str,
) -> Result<Arriving, Failure> {
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
    let arriving = send(app, &key, what, url)?;
    if arriving.head.status != 401 || !is_old {
        return Ok(arriving);
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

fn send(app: &App, key: &Credentials, what: Signed<'_>, url: &str) -> Result<Arriving, Failure> {
    let (method, ask) = match what {
        Signed::Get => ("GET", Ask::get(url)),
        Signed::GetWith(headers) => {
            let ask = Ask::get(url);
            let ask = headers
                .iter()
                .fold(ask, |ask, (name, value)| ask.with(name.clone(), value));
            ("GET", ask)
        }
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
    app.peers.open(&ask)
}
