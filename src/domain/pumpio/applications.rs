//! Applications that have registered, the tokens by which they speak for people, and the keys that other servers gave.

use super::things::time;
use super::{Outcome, Taken, Taker, Work};
use crate::domain::archives::Halt;
use crate::domain::principals;
use crate::ids::{Nickname, UserId};
use crate::store::clients::{self, Client, Identity, Kind};
use crate::store::credentials::{self, Credentials};
use crate::store::engine::Tx;
use crate::store::tokens::{self, Pair};
use crate::store::users;
use serde_json::Value;

/// Longest id or secret, in bytes: they are parts of keys.
const TEXT_BYTES_MAX: usize = 256;

impl Work<'_> {
    /// Applications first, for tokens belong to them.
    pub(super) fn applications(&mut self) -> Result<(), Halt> {
        self.take("client", "applications", client)?;
        self.take("accesstoken", "tokens", token)?;
        self.take("credentials", "keys at other servers", key)
    }
}

fn client(taker: &Taker<'_>, tx: &mut dyn Tx, value: &Value) -> Outcome {
    let (Some(id), Some(secret)) = (word(value, "consumer_key"), word(value, "secret")) else {
        return Ok(Err("it has no key or no secret".to_owned()));
    };
    if clients::get(tx, id)?.is_some() {
        return Ok(Ok(Taken::Known));
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let identity = match (word(value, "host"), word(value, "webfinger")) {
        (Some(host), _) => Some(Identity::Host(host.to_owned())),
        (None, Some(person)) => Some(Identity::Person(without_scheme(person).to_owned())),
        (None, None) => None,
    };
    let created = time(value, "created").unwrap_or(taker.now);
    let client = Client {
        id: id.to_owned(),
        secret: secret.to_owned(),
        title: text("title"),
        description: text("description"),
        kind: match word(value, "type") {
            Some("web") => Some(Kind::Web),
            Some("native") => Some(Kind::Native),
            _ => None,
        },
        redirect_uris: texts(value, "redirect_uris"),
        contacts: texts(value, "contacts"),
        logo: text("logo_url"),
        identity,
        created,
        updated: time(value, "updated").unwrap_or(created),
        is_public: false,
    };
    principals::introduce(taker.app, tx, &client, taker.now)?;
    clients::put(tx, &client);
    Ok(Ok(Taken::New))
}

fn token(taker: &Taker<'_>, tx: &mut dyn Tx, value: &Value) -> Outcome {
    let (Some(token), Some(secret)) = (word(value, "access_token"), word(value, "token_secret"))
    else {
        return Ok(Err("it has no secret".to_owned()));
    };
    if tokens::get(tx, token)?.is_some() {
        return Ok(Ok(Taken::Known));
    }
    let client = word(value, "consumer_key").unwrap_or_default();
    if client.is_empty() || clients::get(tx, client)?.is_none() {
        return Ok(Err("its application is not in the dump".to_owned()));
    }
    let nickname = Nickname::new(word(value, "username").unwrap_or_default()).ok();
    let user = match nickname {
        Some(nickname) => users::by_nickname(tx, &nickname)?,
        None => None,
    };
    let Some((UserId(user), _)) = user else {
        return Ok(Err("its account is not in the dump".to_owned()));
    };
    let pair = Pair {
        token: token.to_owned(),
        secret: secret.to_owned(),
    };
    let created = time(value, "created").unwrap_or(taker.now);
    tokens::add(tx, UserId(user), client, &pair, created)?;
    Ok(Ok(Taken::New))
}

fn key(taker: &Taker<'_>, tx: &mut dyn Tx, value: &Value) -> Outcome {
    let said = ["host", "id", "client_id", "client_secret"].map(|name| word(value, name));
    let [Some(host), Some(id), Some(client), Some(secret)] = said else {
        return Ok(Err("it does not say whose it is".to_owned()));
    };
    let host = host.to_ascii_lowercase();
    let base = taker.app.base();
    let identity = match id == base.host() {
        true => base.authority(),
        false => without_scheme(id),
    };
    if credentials::get(tx, &host, identity)?.is_some() {
        return Ok(Ok(Taken::Known));
    }
    let credentials = Credentials {
        client: client.to_owned(),
        secret: secret.to_owned(),
    };
    credentials::put(tx, &host, identity, &credentials);
    Ok(Ok(Taken::New))
}

/// A short text without what keys cannot hold.
fn word<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    let text = value.get(name).and_then(Value::as_str)?;
    Some(text).filter(|text| {
        !text.is_empty() && text.len() <= TEXT_BYTES_MAX && !text.contains(char::is_control)
    })
}

fn without_scheme(id: &str) -> &str {
    id.strip_prefix("acct:").unwrap_or(id)
}

/// Texts in a list, or in one text with spaces between them.
fn texts(value: &Value, name: &str) -> Vec<String> {
    match value.get(name) {
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
