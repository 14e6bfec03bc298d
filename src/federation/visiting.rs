//! People of other servers who look at pages here (`pump-api.md §6.10`): they log in at home, which then says who they are,
//! and what they do here is posted there, in their names. As everywhere in pump.io's protocol it is OAuth 1.0a, with this
//! server as the application.

use super::{Speaker, dialback};
use crate::app::App;
use crate::auth::Key;
use crate::clock::{self, Timestamp};
use crate::domain::{blocks, names, principals};
use crate::error::Error;
use crate::peers::{Ask, Endpoints, Failure, Said, absolute, authority};
use crate::store::credentials::{self, Credentials};
use crate::store::visits::{Journey, Pass, Visit};
use crate::wire::draft::ObjectDraft;
use hyper::header;
use serde_json::Value;

/// How pump.io's servers call themselves.
const USER_AGENT: &str = concat!("pump.io/6.0.0 pumphouse/", env!("CARGO_PKG_VERSION"));

/// Most redirects from the question who somebody is to the answer; each is signed anew.
const REDIRECTS_MAX: usize = 5;

/// Longest token, and longest secret, that another server may give, in bytes.
const TOKEN_BYTES_MAX: usize = 1024;

/// The host of somebody's own server by what they typed, in lower case: an account with or without its scheme, or the address
/// of their page. Nothing for what names no host.
pub fn host_of(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let is_address = names::is_web_address(typed);
    let account = typed.strip_prefix("acct:").unwrap_or(typed);
    let account = format!("acct:{}", account.strip_prefix('@').unwrap_or(account));
    let host = authority(if is_address { typed } else { &account })?;
    Some(host.to_ascii_lowercase())
}

/// Asks a server for a login of one of its users, who is to come back to `callback`. Answers where the user goes, and with
/// what the server is asked afterwards who it was.
pub fn set_out(app: &App, host: &str, callback: &str) -> Result<(String, Pass), Failure> {
    let endpoints = endpoints(app, host)?;
    let ask = |key: &Credentials| {
        let key = Key {
            client: &key.client,
            secret: &key.secret,
            token: None,
        };
        let more = [("oauth_callback", callback)];
        send(app, key, "POST", &endpoints.request_token, &more)
    };
    let stored = |error: &dyn std::fmt::Display| Failure::Unreachable(format!("store: {error}"));
    let known = credentials::get(&app.store, host, app.base().authority());
    let known = known.map_err(|error| stored(&error))?;
    let is_old = known.is_some();
    let mut key = match known {
        Some(key) => key,
        None => dialback::register(app, &Speaker::Host, host)?,
    };
    let mut said = ask(&key)?;
    // A server that does not know our key any more says 400 here (`pump-api.md §2.2`).
    if matches!(said.status, 400 | 401) && is_old {
        key = dialback::register(app, &Speaker::Host, host)?;
        said = ask(&key)?;
    }
    let (token, secret) = pair(&said, &endpoints.request_token)?;
    let mark = if endpoints.authorize.contains('?') {
        '&'
    } else {
        '?'
    };
    let address = format!(
        "{}{mark}oauth_token={}",
        endpoints.authorize,
        names::encode(&token)
    );
    Ok((address, Pass { key, token, secret }))
}

/// Asks the server who came back with this verifier, and makes them known here. 502 for answers that say nobody of that very
/// server, 403 for people who are blocked.
pub fn arrive(
    app: &App,
    journey: &Journey,
    verifier: &str,
    now: Timestamp,
) -> Result<Visit, Error> {
    let (pass, document) =
        ask_who(app, journey, verifier).map_err(|error| in_words(&journey.host, &error))?;
    let host = &journey.host;
    let outbox = document
        .pointer("/links/activity-outbox/href")
        .and_then(Value::as_str)
        .filter(|outbox| is_at(&journey.host, outbox))
        .map(str::to_owned);
    let person = ObjectDraft::parse(document)
        .map_err(|_| Error::Remote(format!("{host} answers with something that is nobody.")))?;
    let id = person.id.as_deref().unwrap_or_default();
    if person.object_type.as_deref() != Some("person") || !is_at(&journey.host, id) {
        return Err(Error::Remote(format!(
            "{host} says that you are somebody of another server. That is not believed."
        )));
    }
    let id = names::canonical(id).into_owned();
    blocks::check(&app.store, &id)?;
    let outbox =
        outbox.ok_or_else(|| Error::Remote(format!("{host} does not say where you post.")))?;
    let thing = app
        .store
        .write(|tx| principals::welcome(app, tx, &person, now))?;
    Ok(Visit {
        person: thing,
        id,
        host: journey.host.clone(),
        outbox,
        pass,
        created: now,
        last_seen: now,
    })
}

/// Posts an activity for somebody who is here to their own outbox.
pub fn act(app: &App, visit: &Visit, activity: &Value) -> Result<Said, Failure> {
    let proof = visit
        .pass
        .key_with_token()
        .sign("POST", &visit.outbox, &[], clock::now());
    let ask = Ask::post(&visit.outbox, "application/json", activity.to_string())
        .with(header::AUTHORIZATION, proof)
        .with(header::USER_AGENT, USER_AGENT);
    app.peers.ask(&ask)
}

/// What a visitor reads when their server fails.
pub fn in_words(host: &str, failure: &Failure) -> Error {
    log::info!("a visitor of {host}: {failure}");
    Error::Remote(match failure {
        Failure::Refused(_) => format!("{host} is no server that this one can ask."),
        Failure::Untrusted(_) => format!(
            "The certificate of {host} is not the one that it had at first. The owner of this server can look into that."
        ),
        Failure::Busy(_, secs) => {
            format!("{host} is busy. Try again in {secs} seconds.")
        }
        Failure::Unreachable(_) => {
            format!("{host} was not reached. Look at the address, or try again later.")
        }
        Failure::Useless(..) => {
            format!("{host} does not answer as a server of pump.io\u{2019}s kind does.")
        }
    })
}

impl Pass {
    fn key_with_token(&self) -> Key<'_> {
        Key {
            client: &self.key.client,
            secret: &self.key.secret,
            token: Some((&self.token, &self.secret)),
        }
    }
}

/// Exchanges the request token, and asks who the user is, which leads on to their profile.
fn ask_who(app: &App, journey: &Journey, verifier: &str) -> Result<(Pass, Value), Failure> {
    let host = &journey.host;
    let endpoints = endpoints(app, host)?;
    let more = [("oauth_verifier", verifier)];
    let key = journey.pass.key_with_token();
    let said = send(app, key, "POST", &endpoints.access_token, &more)?;
    let (token, secret) = pair(&said, &endpoints.access_token)?;
    let pass = Pass {
        key: journey.pass.key.clone(),
        token,
        secret,
    };
    let mut url = endpoints.whoami;
    for _ in 0..=REDIRECTS_MAX {
        if !is_at(host, &url) {
            return Err(Failure::Useless(format!("{host} leads on to {url}"), None));
        }
        let said = send(app, pass.key_with_token(), "GET", &url, &[])?;
        match (said.status, &said.location) {
            (301 | 302 | 303 | 307 | 308, Some(location)) => url = absolute(&url, location),
            (200, _) => {
                let nobody = |_| Failure::Useless(format!("{url} is no JSON"), None);
                return Ok((pass, serde_json::from_slice(&said.body).map_err(nobody)?));
            }
            (status, _) => {
                let why = format!("{url} answers {status}");
                return Err(Failure::Useless(why, Some(status)));
            }
        }
    }
    Err(Failure::Useless(format!("{url} leads on and on"), None))
}

/// The endpoints of a server, all of which are its own.
fn endpoints(app: &App, host: &str) -> Result<Endpoints, Failure> {
    let found = app.peers.endpoints(host, clock::now());
    let found = found.inspect_err(|_| app.peers.forget(host))?;
    let all = [
        &found.registration,
        &found.request_token,
        &found.authorize,
        &found.access_token,
        &found.whoami,
    ];
    let is_foreign = |url: &&&String| !is_at(host, url) || !names::is_web_address(url);
    if let Some(foreign) = all.iter().find(is_foreign) {
        app.peers.forget(host);
        let why = format!("{host} names {foreign} as its own");
        return Err(Failure::Useless(why, None));
    }
    Ok(found)
}

/// Whether an id or an address is one of a host.
fn is_at(host: &str, id: &str) -> bool {
    authority(&names::canonical(id)).is_some_and(|found| found.eq_ignore_ascii_case(host))
}

fn send(
    app: &App,
    key: Key<'_>,
    method: &str,
    url: &str,
    more: &[(&str, &str)],
) -> Result<Said, Failure> {
    let ask = match method {
        "GET" => Ask::get(url),
        _ => Ask::post(url, "application/x-www-form-urlencoded", ""),
    };
    let proof = key.sign(method, url, more, clock::now());
    let ask = ask
        .with(header::AUTHORIZATION, proof)
        .with(header::USER_AGENT, USER_AGENT);
    app.peers.ask(&ask)
}

/// The token and the secret that a server gave.
fn pair(said: &Said, url: &str) -> Result<(String, String), Failure> {
    let useless = |why: String| Failure::Useless(format!("{url} {why}"), Some(said.status));
    if !said.is_success() {
        return Err(useless(format!("answers {}", said.status)));
    }
    let field = |name: &str| {
        let mut all = form_urlencoded::parse(&said.body);
        let found = all.find(|(known, _)| known == name)?.1.into_owned();
        Some(found).filter(|text| !text.is_empty() && text.len() <= TOKEN_BYTES_MAX)
    };
    match (field("oauth_token"), field("oauth_token_secret")) {
        (Some(token), Some(secret)) => Ok((token, secret)),
        _ => Err(useless("gives no token".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{host_of, is_at};

    #[test]
    fn what_people_type_names_their_server() {
        for (typed, host) in [
            ("bob@B.test", Some("b.test")),
            (" acct:bob@b.test ", Some("b.test")),
            ("@bob@b.test", Some("b.test")),
            ("bob@b.test:8080", Some("b.test:8080")),
            ("https://b.test/bob", Some("b.test")),
            ("b.test", None),
            ("bob@", None),
            ("bob@b.test/x", None),
            ("http://x@b.test/", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            assert_eq!(host_of(typed).as_deref(), host, "{typed}");
        }
    }

    #[test]
    fn a_server_says_only_who_of_its_own_somebody_is() {
        for (id, is_own) in [
            ("acct:bob@b.test", true),
            ("bob@B.test", true),
            ("https://b.test/api/user/bob/profile", true),
            ("acct:bob@b.test.evil.test", false),
            ("https://evil.test/b.test", false),
            ("https://b.test@evil.test/", false),
            ("urn:uuid:b.test", false),
            ("", false),
        ] {
            assert_eq!(is_at("b.test", id), is_own, "{id}");
        }
    }
}
