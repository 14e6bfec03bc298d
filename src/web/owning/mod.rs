//! `/main/box`: what the owner of the server looks after. Everybody else is refused (403), strangers are led to the login.

pub mod addresses;
pub mod backup;
pub mod name;
pub mod padlock;
pub mod people;
pub mod power;
pub mod servers;
pub mod shell;
pub mod site;
pub mod storage;
pub mod update;

use crate::auth::Visitor;
use crate::clock::Timestamp;
use crate::domain::{self, health, lan, machine, queues};
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::recent;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams;
use crate::web::cards::Time;
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::words::{Words, marked};
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
    clock: Time,
    is_clock_right: bool,
    /// Whether another machine of the local network has the name of this server.
    is_renamed: bool,
    /// What of the machine is not well, a sentence each.
    concerns: Vec<String>,
    degrees: Option<String>,
    /// How much of their lives memory cards have used.
    cards: Vec<String>,
    /// What the log said last, newest first.
    log: Vec<Said>,
    can_switch_off: bool,
}

/// A line of the log.
struct Said {
    at: Time,
    text: String,
    times: u64,
}

/// Lines of the log that are shown.
const LINES_MAX: usize = 10;

/// Answers the owner, who gets the frame of a page; leads a stranger to the login, and refuses everybody else (403).
pub(super) fn enter(
    request: &Request,
    visitor: &Visitor,
    answer: impl FnOnce(&Frame) -> Answer,
) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    visitor.owner(&request.app().store)?;
    answer(&frame)
}

/// `GET /main/box`
pub fn overview(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        show(visitor, &Overview::of(request, frame)?)
    })
}

impl<'a> Overview<'a> {
    fn of(request: &Request, frame: &'a Frame) -> Result<Overview<'a>, Error> {
        let app = request.app();
        let disk = machine::disk(app)?;
        let queues = queues::list(&app.store)?;
        let health = health::look(&app.config.sys_directory);
        let used = |card: &health::Card| {
            let percent = (card.used_tenths? * 10).min(100).to_string();
            let sentence = marked("about {0} % of its life used");
            Some(frame.words.fill(sentence, [percent.as_str()]))
        };
        let said = recent::lines().into_iter().take(LINES_MAX).map(|line| {
            let at = Timestamp(i64::try_from(line.at_ms / 1000).unwrap_or_default());
            Said {
                at: Time::of(frame.words, at, request.now),
                text: line.text,
                times: line.times,
            }
        });
        Ok(Overview {
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
            nights: backup::Nights::of(request, frame),
            clock: Time {
                iso: request.now.to_string(),
                words: frame.words.minute(request.now),
            },
            is_clock_right: app.clock_problem().is_none(),
            is_renamed: lan::renamed(app).is_some(),
            concerns: health.concerns(frame.words),
            degrees: health.degrees().map(|degrees| format!("{degrees} °C")),
            cards: health.cards.iter().filter_map(used).collect(),
            log: said.collect(),
            can_switch_off: domain::power::place(&app.config).is_some(),
            frame,
        })
    }
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
