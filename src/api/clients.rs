//! `POST /api/client/register`: an application makes itself known, or changes what it says of itself
//! (`pump-api.md §2.1`). Anybody may; what a client may then do is up to the users who authorise it.

use crate::api::client_metadata;
use crate::auth::registration::{self, Registration, Wanted};
use crate::error::Error;
use crate::federation::dialback;
use crate::http::{Answer, Request, Response};
use hyper::StatusCode;
use hyper::header::{self, HeaderName};
use serde_json::{Map, Value, json};

/// Registers a client. The body is a form or JSON; JSON in the words of RFC 7591 is answered in them. 200 with `client_id`, `client_secret` and `expires_at` (0: never);
/// 400 for what is wrong in it; 403 for an update of a client that the sender is not. With an `Authorization` of Dialback it
/// is another server that registers (`§6.4`); 401 with the reason if that is not proved, 429 for
/// more than one host may ask, 503 while the clock is wrong.
pub fn register(request: &Request) -> Answer {
    let fields = fields(request)?;
    let identity = match request.headers.contains_key(header::AUTHORIZATION) {
        true if request.app().clock.doubt(request.now).is_some() => return Err(dialback::no_time()),
        true => match dialback::prove(request)? {
            Ok(identity) => Some(identity),
            Err(why) => return Ok(unproved(why)),
        },
        false => None,
    };
    if client_metadata::is_spoken(&fields) && identity.is_none() {
        return client_metadata::register(request, &fields);
    }
    let wanted = Wanted {
        identity,
        ..wanted(&fields)?
    };
    let client = registration::register(request, &wanted)?;
    Ok(Response::json(&json!({
        "client_id": client.id,
        "client_secret": client.secret,
        "expires_at": 0,
    })))
}

/// The header's name is pump.io's, not that of RFC 9110.
fn unproved(why: String) -> Response {
    Response::text(why)
        .with_status(StatusCode::UNAUTHORIZED)
        .with(HeaderName::from_static("www-authentication"), "Dialback")
}

/// The members of the body, whichever form it has.
fn fields(request: &Request) -> Result<Map<String, Value>, Error> {
    if request.content_type() == "application/json" && !request.bytes().is_empty() {
        return match request.json()? {
            Value::Object(members) => Ok(members),
            _ => Err(Error::invalid("The body must be a JSON object.")),
        };
    }
    let pairs = request.form().into_iter();
    Ok(pairs
        .map(|(name, value)| (name, Value::String(value)))
        .collect())
}

/// Checks the fields row by row; what is not named here is ignored, as `logo_uri` and `redirect_uri` are.
fn wanted(fields: &Map<String, Value>) -> Result<Wanted, Error> {
    let kind =
        text(fields, "type")?.ok_or_else(|| Error::invalid("No registration type provided"))?;
    let is_update = match kind {
        "client_associate" => false,
        "client_update" => true,
        _ => return Err(Error::invalid("Invalid registration type")),
    };
    let id = text(fields, "client_id")?;
    let secret = text(fields, "client_secret")?;
    if fields.contains_key("access_token") {
        return Err(Error::invalid("access_token not allowed here."));
    }
    let known = match (is_update, id, secret) {
        (false, None, None) => None,
        (false, Some(_), _) => return Err(Error::invalid("Only set client_id for update.")),
        (false, None, Some(_)) => {
            return Err(Error::invalid("Only set client_secret for update."));
        }
        (true, Some(id), Some(secret)) => Some((id.to_owned(), secret.to_owned())),
        (true, None, _) => return Err(Error::invalid("client_id is needed for update.")),
        (true, Some(_), None) => {
            return Err(Error::invalid("client_secret is needed for update."));
        }
    };
    let says = Registration::new(
        text(fields, "application_name")?,
        text(fields, "application_type")?,
        text(fields, "logo_url")?,
        &words(text(fields, "contacts")?),
        &addresses(fields)?,
    )?;
    Ok(Wanted {
        known,
        says,
        identity: None,
    })
}

/// A field of text; an empty one is as good as none.
fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Error> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(Error::Invalid(format!("{name} must be a string."))),
    }
}

/// `redirect_uris` is text with spaces between, or a list.
fn addresses(fields: &Map<String, Value>) -> Result<Vec<&str>, Error> {
    match fields.get("redirect_uris") {
        Some(Value::Array(list)) => {
            if !list.iter().all(Value::is_string) {
                return Err(Error::invalid(
                    "redirect_uris must be space-separated URLs.",
                ));
            }
            Ok(list.iter().filter_map(Value::as_str).collect())
        }
        _ => Ok(words(text(fields, "redirect_uris")?)),
    }
}

fn words(text: Option<&str>) -> Vec<&str> {
    text.unwrap_or_default().split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::wanted;
    use serde_json::{Value, json};

    fn refusal(body: Value) -> String {
        let Value::Object(fields) = body else {
            panic!("an object")
        };
        match wanted(&fields) {
            Ok(_) => String::new(),
            Err(error) => {
                assert_eq!(error.status(), 400);
                error.public()
            }
        }
    }

    #[test]
    fn what_is_wrong_is_refused_with_the_texts_of_pump_io() {
        for (body, text) in [
            (json!({}), "No registration type provided"),
            (json!({"type": ""}), "No registration type provided"),
            (json!({"type": "nonsense"}), "Invalid registration type"),
            (json!({"type": 1}), "type must be a string."),
            (
                json!({"type": "client_associate", "client_id": "x"}),
                "Only set client_id for update.",
            ),
            (
                json!({"type": "client_associate", "client_secret": "x"}),
                "Only set client_secret for update.",
            ),
            (
                json!({"type": "client_update", "client_id": "x"}),
                "client_secret is needed for update.",
            ),
            (
                json!({"type": "client_associate", "redirect_uris": "oob"}),
                "redirect_uris must be space-separated URLs.",
            ),
            (
                json!({"type": "client_associate", "redirect_uris": "http://a.test/http://b.test/"}),
                "redirect_uris must be space-separated URLs.",
            ),
            (
                json!({"type": "client_associate", "redirect_uris": [1]}),
                "redirect_uris must be space-separated URLs.",
            ),
        ] {
            assert_eq!(refusal(body), text);
        }
        for wrong in [
            json!({"type": "client_associate", "access_token": "x"}),
            json!({"type": "client_associate", "contacts": ["a@b.test"]}),
            json!({"type": "client_associate", "contacts": "nobody"}),
            json!({"type": "client_associate", "application_type": "toaster"}),
            json!({"type": "client_associate", "logo_url": "logo.png"}),
            json!({"type": "client_associate", "application_name": "x".repeat(300)}),
        ] {
            assert_ne!(refusal(wrong.clone()), "", "{wrong}");
        }
    }

    #[test]
    fn what_clients_send_is_taken() {
        for good in [
            json!({"type": "client_associate", "application_name": "Pumpa", "application_type": "native",
                   "logo_uri": "not looked at", "client_name": "x", "redirect_uri": "oob"}),
            json!({"type": "client_associate", "contacts": "a@example.com b@example.com",
                   "redirect_uris": "http://localhost:8080/cb https://h.test/", "logo_url": "http://h.test/l.png"}),
            json!({"type": "client_associate", "redirect_uris": ["http://localhost/cb"]}),
            json!({"type": "client_update", "client_id": "x", "client_secret": "y"}),
        ] {
            assert_eq!(refusal(good), "");
        }
    }
}
