//! What a client asks of a user (RFC 6749 §4.1.1), and the user's answer on its way back. Until the client and the address
//! are known to belong together nobody is sent anywhere (§4.1.2.1): the page says what is wrong.

use super::fields::repeated;
use super::pkce;
use crate::auth::LocalUser;
use crate::auth::addresses::{self, http_origin, is_loopback, is_registered};
use crate::error::Error;
use crate::http::Request;
use crate::scope::Scope;
use crate::store::clients::{self, Client, Kind};
use crate::store::codes::{self, Code};

/// The parameters, in the order in which our pages pass them on.
const NAMES: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// What a client asks, checked.
#[derive(Debug)]
pub struct Asked {
    /// The client.
    pub client: Client,
    /// What it wants to be allowed.
    pub scope: Scope,
    /// The parameters as they came, for the forms of our pages.
    pub parameters: Vec<(String, String)>,
    challenge: Option<String>,
    back: Back,
}

/// What becomes of a question.
#[derive(Debug)]
pub enum Verdict {
    /// It is put to the user.
    Ask(Box<Asked>),
    /// The client hears what is wrong.
    SendBack {
        /// The address that the browser is sent to.
        location: String,
        /// What is wrong, for people.
        text: &'static str,
    },
}

/// The way back to the client.
#[derive(Debug)]
struct Back {
    redirect_uri: String,
    state: Option<String>,
    /// Who answers (RFC 9207).
    issuer: String,
}

/// What is wrong with a question, in OAuth's word and in a sentence.
type Wrong = (&'static str, &'static str);

impl Asked {
    /// Reads the pairs of a query or of a form. 400 where there is no client and address that belong together.
    pub fn read(request: &Request, pairs: Vec<(String, String)>) -> Result<Verdict, Error> {
        let mut parameters = pairs;
        parameters.retain(|(name, value)| NAMES.contains(&name.as_str()) && !value.is_empty());
        let (client, redirect_uri) = ends(request, &parameters)?;
        let back = Back {
            redirect_uri,
            state: value(&parameters, "state").map(str::to_owned),
            issuer: request.app().base().url().to_owned(),
        };
        match wishes(&client, &back.redirect_uri, &parameters) {
            Ok((scope, challenge)) => Ok(Verdict::Ask(Box::new(Asked {
                client,
                scope,
                parameters,
                challenge,
                back,
            }))),
            Err((code, text)) => Ok(Verdict::SendBack {
                location: back.location(&[("error", code), ("error_description", text)]),
                text,
            }),
        }
    }

    /// The user agrees: makes a code. Answers where the browser goes with it.
    pub fn agree(&self, request: &Request, user: &LocalUser) -> Result<String, Error> {
        let code = codes::random(request.now);
        let record = Code {
            client: self.client.id.clone(),
            user: user.id,
            scope: self.scope,
            redirect_uri: self.back.redirect_uri.clone(),
            challenge: self.challenge.clone(),
            created: request.now,
            family: None,
        };
        let store = &request.app().store;
        store.write(|tx| codes::put(tx, &code, &record, request.now))?;
        Ok(self.back.location(&[("code", &code)]))
    }

    /// The user refuses. Answers where the browser goes.
    pub fn refuse(&self) -> String {
        self.back.location(&[
            ("error", "access_denied"),
            ("error_description", "The user does not agree."),
        ])
    }

    /// Where the user will be sent, in words: scheme and host; nothing for an application of the user's own machine.
    pub fn origin(&self) -> Option<&str> {
        let uri = &self.back.redirect_uri;
        http_origin(uri).filter(|_| !is_loopback(uri))
    }

    /// The parameters as a query.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters).finish()
    }
}

impl Back {
    fn location(&self, pairs: &[(&str, &str)]) -> String {
        let state = self.state.iter().map(|state| ("state", state.as_str()));
        let issuer = [("iss", self.issuer.as_str())];
        let all: Vec<(&str, &str)> = pairs.iter().copied().chain(state).chain(issuer).collect();
        addresses::with_query(&self.redirect_uri, &all)
    }
}

/// The client, and the address that it has registered.
fn ends(request: &Request, parameters: &[(String, String)]) -> Result<(Client, String), Error> {
    let once = |name: &str| {
        let mut values = parameters.iter().filter(|(known, _)| known == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value.as_str()),
            (None, _) => Err(Error::Invalid(format!(
                "An application must send you here: there is no {name} in the address."
            ))),
            (Some(_), Some(_)) => Err(Error::Invalid(format!(
                "The application's address is wrong: {name} is there twice."
            ))),
        }
    };
    let id = once("client_id")?;
    let redirect_uri = once("redirect_uri")?;
    let client = clients::get(&request.app().store, id)?.ok_or_else(|| {
        Error::invalid(
            "The application that sent you here is not known. It must register here first.",
        )
    })?;
    if !is_registered(&client.redirect_uris, redirect_uri) {
        return Err(Error::invalid(
            "The application wants you to be sent to an address that it has not registered here. Nothing was given away.",
        ));
    }
    Ok((client, redirect_uri.to_owned()))
}

/// Scope and challenge of PKCE.
fn wishes(
    client: &Client,
    redirect_uri: &str,
    parameters: &[(String, String)],
) -> Result<(Scope, Option<String>), Wrong> {
    if repeated(parameters).is_some() {
        return Err(("invalid_request", "A parameter is there twice."));
    }
    match value(parameters, "response_type") {
        Some("code") => {}
        Some(_) => {
            return Err((
                "unsupported_response_type",
                "Only response_type=code is answered.",
            ));
        }
        None => return Err(("invalid_request", "response_type is missing.")),
    }
    let scope = match value(parameters, "scope") {
        None => Scope::READ,
        Some(names) => Scope::parse(names).ok_or((
            "invalid_scope",
            "The scopes are read, writeown and writeall.",
        ))?,
    };
    let challenge = value(parameters, "code_challenge");
    let method = value(parameters, "code_challenge_method");
    match (challenge, method) {
        (None, None) if needs_pkce(client, redirect_uri) => Err((
            "invalid_request",
            "This kind of application needs PKCE: send a code_challenge.",
        )),
        (None, None) => Ok((scope, None)),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => {
            Ok((scope, Some(challenge.to_owned())))
        }
        _ => Err((
            "invalid_request",
            "The code_challenge must be of code_challenge_method=S256.",
        )),
    }
}

/// Whether a code could be caught on its way: the client keeps no secret, or runs on its user's machine.
fn needs_pkce(client: &Client, redirect_uri: &str) -> bool {
    client.is_public
        || client.kind == Some(Kind::Native)
        || is_loopback(redirect_uri)
        || http_origin(redirect_uri).is_none()
}

fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}
