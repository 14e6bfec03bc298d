//! Other pumps on the local network, as they announce themselves: `{name, url, version, fingerprint, lastSeen, refused}`. `url` is
//! not there before a pump is set up, `fingerprint` where it does not speak https itself; `refused` is another certificate that was
//! met in its place.

use super::listed;
use crate::auth::Owner;
use crate::domain::pins;
use crate::http::{Answer, Request};
use crate::peers::Neighbour;
use serde_json::{Value, json};

/// `GET /api/owner/neighbours`: all; none where `federateLan` is off.
pub fn all(request: &Request, _: &Owner) -> Answer {
    let all = request.app().peers.lan().neighbours();
    let items: Vec<Value> = all.iter().map(document).collect();
    Ok(listed(&items))
}

fn document(one: &Neighbour) -> Value {
    let mut document = json!({
        "name": one.name,
        "version": one.version,
        "lastSeen": one.seen.to_string(),
    });
    if let Some(url) = &one.url {
        document["url"] = json!(url);
    }
    let certificates = [("fingerprint", &one.fingerprint), ("refused", &one.refused)];
    for (member, fingerprint) in certificates {
        if let Some(fingerprint) = fingerprint {
            document[member] = json!(pins::words(fingerprint));
        }
    }
    document
}
