//! OAuth 2 as clients and browsers go through it, and as somebody would attack it (`pump-api.md §2.6`, D20).

mod attacks;
mod flows;
mod library;
mod registering;

use crate::harness::browser::{Browser, Form, Page};
use crate::harness::http::{Answer, encode_form};
use crate::harness::{Caller, Pump, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const AUTHZ: &str = "/oauth2/authz";
pub(crate) const AUTHC: &str = "/oauth2/authc";
pub(crate) const TOKEN: &str = "/oauth2/token";
pub(crate) const REVOKE: &str = "/oauth2/revoke";
pub(crate) const REGISTER: &str = "/api/client/register";

/// Where the clients of the stories have people sent.
pub(crate) const CALLBACK: &str = "https://app.test/cb";

/// The verifier of PKCE in the stories.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A client of OAuth 2.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    /// None for a public client.
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
}

impl App {
    /// A client with a secret, on a server of its own.
    #[track_caller]
    pub(crate) fn confidential(pump: &Pump) -> App {
        App::register(
            pump,
            &json!({ "client_name": "Testy", "redirect_uris": [CALLBACK] }),
        )
    }

    /// A client without a secret, on its user's machine.
    #[track_caller]
    pub(crate) fn public(pump: &Pump) -> App {
        App::register(
            pump,
            &json!({
                "client_name": "Phoney", "redirect_uris": ["http://127.0.0.1/done"],
                "token_endpoint_auth_method": "none", "application_type": "native",
            }),
        )
    }

    #[track_caller]
    pub(crate) fn register(pump: &Pump, metadata: &Value) -> App {
        let answer = pump.nobody().post_to(REGISTER, metadata).expect(201).json();
        App {
            id: answer["client_id"].as_str().expect("an id").to_owned(),
            secret: answer["client_secret"].as_str().map(str::to_owned),
            redirect_uri: answer["redirect_uris"][0]
                .as_str()
                .expect("an address")
                .to_owned(),
        }
    }

    /// What it asks for, with PKCE.
    pub(crate) fn question(&self, scope: &str) -> Vec<(&'static str, String)> {
        vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.id.clone()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("state", "x&y 7".to_owned()),
            ("scope", scope.to_owned()),
            ("code_challenge", challenge(VERIFIER)),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    /// Asks the token address, with the client's own proof.
    #[track_caller]
    pub(crate) fn ask(&self, pump: &Pump, fields: &[(&str, &str)]) -> Answer {
        self.ask_at(pump, TOKEN, fields)
    }

    #[track_caller]
    pub(crate) fn ask_at(&self, pump: &Pump, address: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = fields.to_vec();
        all.push(("client_id", &self.id));
        if let Some(secret) = &self.secret {
            all.push(("client_secret", secret));
        }
        pump.nobody().send(Request::post(address).form(&all))
    }

    #[track_caller]
    pub(crate) fn exchange(&self, pump: &Pump, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.ask(pump, &fields)
    }

    #[track_caller]
    pub(crate) fn refresh(&self, pump: &Pump, token: &str) -> Answer {
        self.ask(
            pump,
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
    }

    /// Goes through all of it with the consent of somebody who is logged in.
    #[track_caller]
    pub(crate) fn authorise(&self, pump: &Pump, browser: &mut Browser, scope: &str) -> Tokens {
        let code = code(browser, &self.question(scope));
        Tokens::of(&self.exchange(pump, &code).ok())
    }
}

/// What a client got.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of(answer: &Value) -> Tokens {
        let text = |name: &str| answer[name].as_str().expect("a token").to_owned();
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["expires_in"], 3600);
        Tokens {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    pub(crate) fn caller(&self, pump: &Pump) -> Caller {
        pump.nobody().bearing(&self.access)
    }
}

pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

pub(crate) fn target(address: &str, pairs: &[(&'static str, String)]) -> String {
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
    format!("{address}?{}", encode_form(&pairs))
}

/// The same question with another value, or without it.
pub(crate) fn with(
    question: &[(&'static str, String)],
    name: &str,
    value: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut changed = question.to_vec();
    match value {
        Some(value) => {
            for pair in &mut changed {
                if pair.0 == name {
                    value.clone_into(&mut pair.1);
                }
            }
        }
        None => changed.retain(|(known, _)| *known != name),
    }
    changed
}

/// The form of the consent page, for somebody who is logged in.
#[track_caller]
pub(crate) fn consent(browser: &mut Browser, question: &[(&'static str, String)]) -> Form {
    let page = browser.open(&target(AUTHZ, question)).expect(200);
    page.form("oauth2-authorization")
}

/// Where a form leads.
#[track_caller]
pub(crate) fn led_by(browser: &mut Browser, form: &Form) -> Page {
    let answer = browser.submit_once(form).expect(303);
    Page {
        at: answer.header("location").to_owned(),
        answer,
    }
}

/// The code that consent gives.
#[track_caller]
pub(crate) fn code(browser: &mut Browser, question: &[(&'static str, String)]) -> String {
    let form = consent(browser, question).press("allow");
    led_by(browser, &form).query("code")
}

/// A refusal of the token address.
#[track_caller]
pub(crate) fn refused(answer: Answer, status: u16, error: &str) {
    let answer = answer.expect(status);
    assert_eq!(answer.json()["error"], error, "{}", answer.text());
    assert!(answer.json()["error_description"].is_string());
    assert_eq!(answer.header("cache-control"), "no-store");
    if status == 401 {
        assert!(answer.header("www-authenticate").starts_with("Basic "));
    }
}
