//! What waits for other hosts (`domain/queues.rs`): `{host, waiting, failures, next, error}`.

use crate::auth::Owner;
use crate::domain::queues;
use crate::http::{Answer, Request, Response};
use crate::store::deliveries::Queue;
use serde_json::{Value, json};

/// `GET /api/owner/deliveries`: all hosts for which something waits. While the clock is wrong, so that nothing is sent at all,
/// `problem` says so.
pub fn all(request: &Request, _: &Owner) -> Answer {
    let all = queues::list(&request.app().store)?;
    let items: Vec<Value> = all
        .iter()
        .map(|(host, queue)| document(host, queue))
        .collect();
    let mut list = json!({ "totalItems": items.len(), "items": items });
    if let Some(problem) = request.app().clock_problem() {
        list["problem"] = problem.into();
    }
    Ok(Response::json(&list))
}

/// `POST /api/owner/deliveries/{host}/retry`: tries the host at once. 200 with its queue; 404.
pub fn retry(request: &Request, _: &Owner) -> Answer {
    let host = request.param("host");
    let queue = queues::retry(request.app(), host, request.now)?;
    Ok(Response::json(&document(host, &queue)))
}

/// `DELETE /api/owner/deliveries/{host}`: drops what waits. 200 with `"Deleted."`; 404.
pub fn drop_all(request: &Request, _: &Owner) -> Answer {
    queues::drop_all(request.app(), request.param("host"))?;
    Ok(Response::json(&"Deleted."))
}

fn document(host: &str, queue: &Queue) -> Value {
    json!({
        "host": host,
        "waiting": queue.waiting,
        "failures": queue.failures,
        "next": queue.next.to_string(),
        "error": queue.error,
    })
}
