//! Certificates of servers on the local network (`domain/pins.rs`): `{host, fingerprint, since, refused}`, where `refused` is the
//! last other certificate that came, `{fingerprint, at}`, or is not there.

use super::listed;
use crate::auth::Owner;
use crate::domain::pins;
use crate::http::{Answer, Request, Response};
use crate::store::pins::Pin;
use serde_json::{Value, json};

/// `GET /api/owner/pins`: all, in the order of their hosts.
pub fn all(request: &Request, _: &Owner) -> Answer {
    let all = pins::list(&request.app().store)?;
    let items: Vec<Value> = all.iter().map(|(host, pin)| document(host, pin)).collect();
    Ok(listed(&items))
}

/// `DELETE /api/owner/pins/{host}`: lets the next certificate count. 200 with `"Deleted."`; 404.
pub fn forget(request: &Request, _: &Owner) -> Answer {
    pins::forget(request.app(), request.param("host"), request.now)?;
    Ok(Response::json(&"Deleted."))
}

fn document(host: &str, pin: &Pin) -> Value {
    let mut document = json!({
        "host": host,
        "fingerprint": pins::words(&pin.fingerprint),
        "since": pin.since.to_string(),
    });
    if let Some(refused) = &pin.refused {
        document["refused"] = json!({
            "fingerprint": pins::words(&refused.fingerprint),
            "at": refused.at.to_string(),
        });
    }
    document
}
