//! Dialback (`pump-api.md §6.4`): whoever registers for a host or a person is believed when that host, asked back, says that
//! it was it.

use super::Speaker;
use crate::app::App;
use crate::clock::{self, Timestamp};
use crate::domain::{blocks, names};
use crate::error::Error;
use crate::http::Request;
use crate::ids::random_text;
use crate::peers::{Ask, Failure, Remembered, authority};
use crate::store::clients::Identity;
use crate::store::credentials::{self, Credentials};
use hyper::header;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use serde::Deserialize;
use std::fmt::Write as _;

/// How far the clocks of two servers may be apart, in seconds.
const SKEW_SECS_MAX: i64 = 300;

/// Longest token of another server, in bytes.
const TOKEN_BYTES_MAX: usize = 255;

/// How pump.io's servers call themselves when they register.
const USER_AGENT: &str = concat!(
    "dialback-client/0.1.3 pumphouse/",
    env!("CARGO_PKG_VERSION")
);

/// Registers with `host` for `speaker`, and keeps the key that it gives. The host asks back meanwhile.
pub fn register(app: &App, speaker: &Speaker, host: &str) -> Result<Credentials, Failure> {
    #[derive(Deserialize)]
    struct Given {
        client_id: String,
        client_secret: String,
    }
    let now = clock::now();
    let base = app.base();
    let identity = speaker.identity(base);
    let endpoint = app.peers.endpoints(host, now)?.registration;
    let token = random_text::<8>();
    let date = date_text(now);
    app.peers.tokens.remember(Remembered {
        url: endpoint.clone(),
        identity: identity.to_owned(),
        token: token.clone(),
        at: now,
    });
    let kind = match speaker {
        Speaker::Host => "host",
        Speaker::Person(_) => "webfinger",
    };
    let body = form(&[
        ("type", "client_associate"),
        ("application_type", "web"),
        ("application_name", identity),
    ]);
    let ask = Ask::post(&endpoint, "application/x-www-form-urlencoded", body)
        .with(
            header::AUTHORIZATION,
            format!("Dialback {kind}=\"{identity}\", token=\"{token}\""),
        )
        .with(header::DATE, date)
        .with(header::USER_AGENT, USER_AGENT);
    let said = app.peers.ask(&ask)?;
    if !said.is_success() {
        app.peers.forget(host);
        let text = String::from_utf8_lossy(&said.body);
        let text: String = text.chars().take(200).collect();
        let why = format!(
            "{host} does not register {identity}: {} {text}",
            said.status
        );
        return Err(match said.busy_secs() {
            Some(secs) => Failure::Busy(why, secs),
            None => Failure::Useless(why, None),
        });
    }
    let given: Given = serde_json::from_slice(&said.body)
        .map_err(|error| Failure::Useless(format!("{host} gives no key: {error}"), None))?;
    let credentials = Credentials {
        client: given.client_id,
        secret: given.client_secret,
    };
    app.store
        .write(|tx| {
            credentials::put(tx, host, identity, &credentials);
            Ok(())
        })
        .map_err(|error| Failure::Unreachable(format!("store: {error}")))?;
    Ok(credentials)
}

/// Who registers, proved by asking back. The text says what is wrong, and is answered with 401; the error is 429, for more than
/// one host may ask.
pub fn prove(request: &Request) -> Result<Result<Identity, String>, Error> {
    let claim = match claim(request) {
        Ok(claim) => claim,
        Err(why) => return Ok(Err(why)),
    };
    let host = match &claim.identity {
        Identity::Host(host) => host,
        Identity::Person(id) => authority(id).unwrap_or(id),
    };
    let place = request.guard.admit_claim(request, host)?;
    let proved = ask_back(request, claim);
    if let Err(why) = &proved {
        place.note_refusal(why, request.now);
    }
    Ok(proved)
}

fn ask_back(request: &Request, claim: Claim<'_>) -> Result<Identity, String> {
    let app = request.app();
    let name = match &claim.identity {
        Identity::Host(name) | Identity::Person(name) => name.as_str(),
    };
    let is_blocked = match &claim.identity {
        Identity::Host(host) => blocks::is_host_blocked(&app.store, host),
        Identity::Person(id) => blocks::is_blocked(&app.store, id),
    };
    if is_blocked.map_err(|error| error.to_string())? {
        return Err("You are blocked by the owner of this server.".to_owned());
    }
    let url = format!("{}/api/client/register", app.base().url());
    let seen = Remembered {
        url: url.clone(),
        identity: name.to_owned(),
        token: claim.token.to_owned(),
        at: claim.at,
    };
    if !app.peers.claims.note(seen) {
        return Err("This token was here before.".to_owned());
    }
    let kind = match &claim.identity {
        Identity::Host(_) => "host",
        Identity::Person(_) => "webfinger",
    };
    let back = app.peers.dialback_of(name, request.now);
    let back = back.map_err(|error| format!("Nobody to ask back was found: {error}"))?;
    let body = form(&[
        (kind, name),
        ("token", claim.token),
        ("url", &url),
        ("date", claim.date),
    ]);
    let said = app
        .peers
        .ask(&Ask::post(&back, "application/x-www-form-urlencoded", body))
        .map_err(|error| format!("Asking back failed: {error}"))?;
    if !said.is_success() {
        app.peers.forget(name);
        return Err(format!("{name} says that it did not register here."));
    }
    Ok(claim.identity)
}

/// Answers another server that asks whether we registered there: nothing if we did, else what is wrong.
pub fn confirm(app: &App, fields: &[(String, String)], now: Timestamp) -> Result<(), &'static str> {
    let field = |name: &str| {
        let mut all = fields.iter().filter(|(known, _)| known == name);
        all.find_map(|(_, value)| Some(value.as_str()).filter(|value| !value.is_empty()))
    };
    let base = app.base();
    let identity = match (field("host"), field("webfinger")) {
        (Some(host), _) if host.eq_ignore_ascii_case(base.authority()) => base.authority(),
        (None, Some(id)) if names::is_ours(base, id) => id,
        (None, None) => return Err("No identity"),
        _ => return Err("Incorrect host"),
    };
    let token = field("token").ok_or("No token")?;
    let url = field("url").ok_or("No url")?;
    let at = date(field("date").ok_or("No date")?).ok_or("Invalid date")?;
    if (now.0 - at.0).abs() > SKEW_SECS_MAX {
        return Err("Invalid date");
    }
    let asked = Remembered {
        url: url.to_owned(),
        identity: identity.to_owned(),
        token: token.to_owned(),
        at,
    };
    match app.peers.tokens.redeem(&asked) {
        true => Ok(()),
        false => Err("Not my token"),
    }
}

/// What another server is told while the clock here cannot be right: dates are none to compare with.
pub fn no_time() -> Error {
    Error::Busy("The clock of this server is not set yet. Try again in a few minutes.".to_owned())
}

/// What a registration claims.
struct Claim<'a> {
    identity: Identity,
    token: &'a str,
    date: &'a str,
    at: Timestamp,
}

fn claim(request: &Request) -> Result<Claim<'_>, String> {
    let proof = request.header(&header::AUTHORIZATION).unwrap_or_default();
    let (scheme, fields) = proof.split_once(' ').unwrap_or((proof, ""));
    if !scheme.eq_ignore_ascii_case("Dialback") {
        return Err(
            "Register without an Authorization header, or with one of Dialback.".to_owned(),
        );
    }
    let field = |name: &str| -> Option<&str> {
        fields.split(',').find_map(|field| {
            let (known, value) = field.trim().split_once('=')?;
            let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
            (known.trim() == name && !value.is_empty()).then_some(value)
        })
    };
    let token = field("token").filter(|token| token.len() <= TOKEN_BYTES_MAX);
    let token = token.ok_or("No token.")?;
    let base = request.app().base();
    let identity = match (field("host"), field("webfinger")) {
        (Some(host), None) => {
            let id = format!("http://{host}/");
            if authority(&id) != Some(host) || names::is_ours(base, &id) {
                return Err(format!("{host} is not another server."));
            }
            Identity::Host(host.to_ascii_lowercase())
        }
        (None, Some(id)) => {
            let id = id.strip_prefix("acct:").unwrap_or(id);
            if authority(id).is_none() || names::is_ours(base, id) {
                return Err(format!("{id} is nobody of another server."));
            }
            Identity::Person(id.to_owned())
        }
        _ => return Err("Say by host or by webfinger who registers.".to_owned()),
    };
    let date_text = request.header(&header::DATE).ok_or("No date.")?;
    let at = date(date_text).ok_or("The date cannot be read.")?;
    if (request.now.0 - at.0).abs() > SKEW_SECS_MAX {
        return Err("The date is not that of now: one of our clocks is wrong.".to_owned());
    }
    Ok(Claim {
        identity,
        token,
        date: date_text,
        at,
    })
}

/// A form as pump.io's servers write it: spaces are `%20`.
fn form(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        let _ = write!(text, "{name}={}", names::encode(value));
    }
    text
}

/// A time as it stands in `Date` (RFC 9110 §5.6.7).
fn date_text(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_second(at.0).unwrap_or_default();
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&at);
    text.unwrap_or_default()
}

fn date(text: &str) -> Option<Timestamp> {
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp(at.as_second()))
}

#[cfg(test)]
mod tests {
    use super::{date, date_text, form};
    use crate::clock::Timestamp;

    #[test]
    fn times_and_forms_are_those_of_pump_io() {
        let text = "Fri, 20 Nov 2026 23:29:28 GMT";
        assert_eq!(date(text), Some(Timestamp(1_795_217_368)));
        assert_eq!(date_text(Timestamp(1_795_217_368)), text);
        assert_eq!(date("yesterday"), None);
        assert_eq!(
            form(&[
                ("host", "pump-a.test"),
                ("date", "20 Nov"),
                ("url", "http://b/")
            ]),
            "host=pump-a.test&date=20%20Nov&url=http%3A%2F%2Fb%2F"
        );
    }
}
