//! The registration of a client in the words of RFC 7591, at pump.io's address: clients that only know OAuth 2 find it by the
//! description of the server (RFC 8414).

use crate::auth::registration::{self, Registration, Wanted};
use crate::http::{Answer, Request, Response};
use crate::store::clients::{Client, Kind};
use hyper::StatusCode;
use hyper::header;
use serde_json::{Map, Value, json};

/// How clients get tokens (RFC 7591 §2).
pub(super) const GRANT_TYPES: [&str; 3] =
    ["authorization_code", "refresh_token", "client_credentials"];

/// How clients prove themselves at the token address (RFC 7591 §2).
pub(super) const PROOFS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// What is wrong: the word of RFC 7591 §3.2.2 and a sentence.
type Wrong = (&'static str, String);

/// Whether a document is in the words of RFC 7591: pump.io's always have a `type`, and no list.
pub(super) fn is_spoken(fields: &Map<String, Value>) -> bool {
    let is_list = |name: &str| fields.get(name).is_some_and(Value::is_array);
    !fields.contains_key("type") && (is_list("redirect_uris") || is_list("grant_types"))
}

/// Registers the client. 201 with what was registered; 400 with `error` and `error_description`.
pub(super) fn register(request: &Request, fields: &Map<String, Value>) -> Answer {
    let read = match Metadata::read(fields) {
        Ok(read) => read,
        Err((code, text)) => {
            let body = json!({ "error": code, "error_description": text });
            return Ok(unkept(&body, StatusCode::BAD_REQUEST));
        }
    };
    let wanted = Wanted {
        known: None,
        says: read.says,
        identity: None,
    };
    let client = registration::register(request, &wanted)?;
    Ok(unkept(
        &answer(&client, read.method, &read.grant_types),
        StatusCode::CREATED,
    ))
}

/// What a client says of itself.
struct Metadata<'a> {
    says: Registration,
    /// How it will prove itself at the token address.
    method: &'a str,
    grant_types: Vec<&'a str>,
}

impl<'a> Metadata<'a> {
    fn read(fields: &'a Map<String, Value>) -> Result<Metadata<'a>, Wrong> {
        let method = text(fields, "token_endpoint_auth_method")?.unwrap_or("client_secret_basic");
        if !PROOFS.contains(&method) {
            return Err(wrong(
                "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post.",
            ));
        }
        let mut grant_types = texts(fields, "grant_types")?;
        if grant_types.is_empty() {
            grant_types.push("authorization_code");
        }
        if !grant_types.iter().all(|name| GRANT_TYPES.contains(name)) {
            return Err(wrong(
                "grant_types can be authorization_code, refresh_token and client_credentials.",
            ));
        }
        if texts(fields, "response_types")?
            .iter()
            .any(|name| *name != "code")
        {
            return Err(wrong("response_types can only be code."));
        }
        let redirect_uris = texts(fields, "redirect_uris")?;
        if redirect_uris.is_empty() && grant_types.contains(&"authorization_code") {
            return Err(redirect("redirect_uris is needed."));
        }
        let says = Registration::new(
            text(fields, "client_name")?,
            text(fields, "application_type")?,
            text(fields, "logo_uri")?,
            &texts(fields, "contacts")?,
            &[],
        )
        .map_err(|error| wrong(error.public()))?;
        let says = says
            .with_redirects(&redirect_uris, method == "none")
            .map_err(|uri| redirect(format!("{uri} cannot be a redirect URI.")))?;
        Ok(Metadata {
            says,
            method,
            grant_types,
        })
    }
}

fn answer(client: &Client, method: &str, grant_types: &[&str]) -> Value {
    let mut body = json!({
        "client_id": client.id,
        "client_id_issued_at": client.created.0,
        "redirect_uris": client.redirect_uris,
        "token_endpoint_auth_method": method,
        "grant_types": grant_types,
        "response_types": ["code"],
    });
    if !client.is_public {
        body["client_secret"] = client.secret.as_str().into();
        body["client_secret_expires_at"] = 0.into();
    }
    if let Some(title) = &client.title {
        body["client_name"] = title.as_str().into();
    }
    if let Some(logo) = &client.logo {
        body["logo_uri"] = logo.as_str().into();
    }
    if !client.contacts.is_empty() {
        body["contacts"] = json!(client.contacts);
    }
    if let Some(kind) = client.kind {
        let kind = match kind {
            Kind::Web => "web",
            Kind::Native => "native",
        };
        body["application_type"] = kind.into();
    }
    body
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Wrong> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(wrong(format!("{name} must be a string."))),
    }
}

fn texts<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Vec<&'a str>, Wrong> {
    let problem = || wrong(format!("{name} must be a list of strings."));
    match fields.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            let texts = list.iter().map(|text| text.as_str().ok_or_else(problem));
            texts.collect()
        }
        Some(_) => Err(problem()),
    }
}

fn wrong(text: impl Into<String>) -> Wrong {
    ("invalid_client_metadata", text.into())
}

fn redirect(text: impl Into<String>) -> Wrong {
    ("invalid_redirect_uri", text.into())
}

fn unkept(body: &Value, status: StatusCode) -> Response {
    Response::json(body)
        .with_status(status)
        .with(header::CACHE_CONTROL, "no-store")
}
