//! How clients find the server's addresses and make themselves known (RFC 8414, RFC 7591).

use super::{CALLBACK, REGISTER};
use crate::harness::{Pump, Request};
use serde_json::{Value, json};

#[test]
fn the_server_describes_itself() {
    let pump = Pump::start();
    let address = "/.well-known/oauth-authorization-server";
    let ask = |target: &str| pump.site.send(&Request::get(target));
    assert_eq!(ask(&format!("{address}/other")).status, 404);
    let metadata = ask(address).ok();
    assert_eq!(metadata["issuer"], "http://pump.test");
    for (name, path) in [
        ("authorization_endpoint", "/oauth2/authz"),
        ("token_endpoint", "/oauth2/token"),
        ("revocation_endpoint", "/oauth2/revoke"),
        ("registration_endpoint", REGISTER),
    ] {
        assert_eq!(metadata[name], format!("http://pump.test{path}"));
    }
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        json!(["S256"])
    );
    assert_eq!(metadata["response_types_supported"], json!(["code"]));

    let pump = Pump::with(&["--urlPath", "family"]);
    let below = format!("{address}/family");
    let metadata = pump.site.send(&Request::get(&below)).ok();
    assert_eq!(metadata["issuer"], "http://pump.test/family");
    assert_eq!(
        metadata["token_endpoint"],
        "http://pump.test/family/oauth2/token"
    );
}

#[test]
fn a_client_registers_in_the_words_of_rfc_7591() {
    let pump = Pump::start();
    let register = |document: &Value| pump.nobody().post_to(REGISTER, document);
    let refused = |document: Value, error: &str| {
        let answer = register(&document).expect(400);
        assert_eq!(answer.json()["error"], error, "{document}");
        assert!(answer.json()["error_description"].is_string());
    };
    for uri in [
        "",
        "oob",
        "javascript:alert(1)",
        "https://a.test/#x",
        "https://a@b.test/",
    ] {
        refused(json!({ "redirect_uris": [uri] }), "invalid_redirect_uri");
    }
    refused(json!({ "redirect_uris": [] }), "invalid_redirect_uri");
    for (name, value) in [
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("grant_types", json!(["implicit"])),
        ("response_types", json!(["token"])),
        ("client_name", json!(7)),
        ("contacts", json!("nobody")),
        ("application_type", json!("toaster")),
    ] {
        let mut document = json!({ "redirect_uris": [CALLBACK] });
        document[name] = value;
        refused(document, "invalid_client_metadata");
    }
    let document = json!({
        "redirect_uris": [CALLBACK, "http://localhost/cb"], "client_name": "Testy",
        "grant_types": ["authorization_code", "refresh_token"], "contacts": ["a@b.test"],
        "software_id": "not looked at",
    });
    let answer = register(&document).expect(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let client = answer.json();
    for name in ["redirect_uris", "client_name", "grant_types", "contacts"] {
        assert_eq!(client[name], document[name]);
    }
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["client_secret_expires_at"], 0);
    assert!(client["client_id_issued_at"].is_u64());
    assert!(client["client_secret"].is_string());
    let public = json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
    let public = register(&public).expect(201).json();
    assert!(public["client_secret"].is_null());
}

/// pump-api.md §2.1 [W], Q4
#[test]
fn clients_of_pump_io_are_answered_as_ever() {
    let pump = Pump::start();
    let document = json!({
        "type": "client_associate", "application_name": "Old", "redirect_uris": CALLBACK,
    });
    let answer = pump.nobody().post_to(REGISTER, &document).ok();
    let members: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["client_id", "client_secret", "expires_at"]);
    let text = pump.nobody().post_to(REGISTER, &json!({})).refused(400);
    assert_eq!(text, "No registration type provided");
}
