//! `/main/box`: what the owner of the server looks after. Everybody else is refused (403), strangers are led to the login.

pub mod backup;
pub mod people;
pub mod servers;
pub mod site;
pub mod storage;
pub mod update;

use crate::auth::Visitor;
use crate::domain::{machine, queues};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams;
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::words::Words;
use askama::Template;

#[derive(Template)]
#[template(path = "box/overview.html", config = "assets/askama.toml")]
struct Overview<'a> {
    frame: &'a Frame,
    people: u64,
    /// For how many servers something waits that went wrong before.
    stuck: usize,
    version: &'static str,
    address: String,
    running: String,
    memory: Option<String>,
    free: String,
    is_low: bool,
    nights: backup::Nights,
    /// The server's time, for programs and in words; in UTC.
    clock: String,
    is_clock_right: bool,
}

/// The frame of a page of the owner's; for a stranger, the way to the login; 403 for everybody else.
fn enter(request: &Request, visitor: &Visitor) -> Result<Result<Frame, Answer>, Error> {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return Ok(Err(login::first(&frame)));
    }
    visitor.owner(&request.app().store)?;
    Ok(Ok(frame))
}

/// `GET /main/box`
pub fn overview(request: &Request, visitor: &Visitor) -> Answer {
    let frame = match enter(request, visitor)? {
        Ok(frame) => frame,
        Err(answer) => return answer,
    };
    let app = request.app();
    let disk = machine::disk(app)?;
    let queues = queues::list(&app.store)?;
    let page = Overview {
        people: streams::total(&app.store, Stream::of(SITE, StreamKind::Users))?,
        stuck: queues
            .iter()
            .filter(|(_, queue)| queue.failures > 0)
            .count(),
        version: env!("CARGO_PKG_VERSION"),
        address: app.base().url().to_owned(),
        running: span(frame.words, request.now.secs_since(app.started)),
        memory: machine::memory_bytes().map(|bytes| frame.words.size(bytes)),
        free: frame.words.size(disk.free),
        is_low: disk.is_low(),
        nights: backup::Nights::of(request, &frame),
        clock: request.now.to_string(),
        is_clock_right: app.clock_problem().is_none(),
        frame: &frame,
    };
    show(visitor, &page)
}

/// A length of time in words: "3 days".
fn span(words: Words, secs: i64) -> String {
    let secs = u64::try_from(secs).unwrap_or_default();
    match secs {
        0..3600 => words.count("1 minute", "{0} minutes", (secs / 60).max(1)),
        3600..172_800 => words.count("1 hour", "{0} hours", secs / 3600),
        _ => words.count("1 day", "{0} days", secs / 86_400),
    }
}
