//! `/main/box/servers`: what waits for other servers, who is blocked, and whose certificates on the local network count.

use super::enter;
use crate::auth::Visitor;
use crate::domain::blocks::{self, REASON_CHARS_MAX};
use crate::domain::{pins, queues};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::web::cards::Time;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use askama::Template;

/// Most blocks on the page.
const BLOCKS_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "box/servers.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    queues: Vec<Queue>,
    blocks: Vec<Block>,
    more_blocks: usize,
    pins: Vec<Pin>,
    id: &'a str,
    reason: &'a str,
    reason_chars_max: usize,
    problem: Option<String>,
}

/// What waits for a server.
struct Queue {
    host: String,
    waiting: u32,
    failures: u32,
    error: String,
}

/// Who is blocked.
struct Block {
    id: String,
    reason: String,
    since: Time,
}

/// A certificate that counts.
struct Pin {
    host: String,
    words: String,
    since: Time,
    refused: Option<String>,
}

impl<'a> Page<'a> {
    fn of(request: &Request, frame: &'a Frame) -> Result<Page<'a>, Error> {
        let store = &request.app().store;
        let time = |at| Time::of(frame.words, at, request.now);
        let queues = queues::list(store)?.into_iter();
        let all = blocks::list(store)?;
        let pins = pins::list(store)?.into_iter();
        Ok(Page {
            frame,
            queues: queues
                .map(|(host, queue)| Queue {
                    host,
                    waiting: queue.waiting,
                    failures: queue.failures,
                    error: queue.error,
                })
                .collect(),
            more_blocks: all.len().saturating_sub(BLOCKS_SHOWN),
            blocks: all
                .into_iter()
                .take(BLOCKS_SHOWN)
                .map(|(id, block)| Block {
                    id,
                    reason: block.reason,
                    since: time(block.created),
                })
                .collect(),
            pins: pins
                .map(|(host, pin)| Pin {
                    host,
                    words: pins::words(&pin.fingerprint),
                    since: time(pin.since),
                    refused: pin.refused.map(|other| pins::words(&other.fingerprint)),
                })
                .collect(),
            id: "",
            reason: "",
            reason_chars_max: REASON_CHARS_MAX,
            problem: None,
        })
    }
}

/// `GET /main/box/servers`
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        show(visitor, &Page::of(request, frame)?)
    })
}

/// `POST /main/box/deliveries`: `host`, `deed`: `retry` or `drop`. 303 back, also where nothing waits any more.
pub fn deliver(request: &Request, visitor: &Visitor) -> Answer {
    let form = request.form();
    let host = value(&form, "host");
    finish(request, visitor, || match value(&form, "deed") {
        "retry" => queues::retry(request.app(), host, request.now).map(drop),
        "drop" => queues::drop_all(request.app(), host).map(drop),
        _ => Err(Error::invalid("Choose what to do.")),
    })
}

/// `POST /main/box/blocks`: `id`, a host or a person, with `reason`; or with `remove`. 303 back; 400, 409 with the page.
pub fn block(request: &Request, visitor: &Visitor) -> Answer {
    let form = request.form();
    let id = value(&form, "id");
    finish(request, visitor, || {
        if value(&form, "remove").is_empty() {
            blocks::add(request.app(), id, value(&form, "reason"), request.now).map(drop)
        } else {
            blocks::remove(request.app(), id).map(drop)
        }
    })
}

/// `POST /main/box/pins`: `host`: its next certificate counts. 303 back.
pub fn unpin(request: &Request, visitor: &Visitor) -> Answer {
    let form = request.form();
    finish(request, visitor, || {
        pins::forget(request.app(), value(&form, "host"), request.now).map(drop)
    })
}

fn finish(
    request: &Request,
    visitor: &Visitor,
    deed: impl FnOnce() -> Result<(), Error>,
) -> Answer {
    enter(request, visitor, |frame| {
        match deed() {
            // A second tap: it is done already.
            Ok(()) | Err(Error::NotFound(_)) => Ok(see_other(frame, "/main/box/servers")),
            Err(error) => {
                let form = request.form();
                again(visitor, error, |problem| {
                    Ok(Page {
                        problem: Some(problem),
                        id: value(&form, "id"),
                        reason: value(&form, "reason"),
                        ..Page::of(request, frame)?
                    })
                })
            }
        }
    })
}
