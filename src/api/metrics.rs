//! `/metrics`: figures of the server for programs that watch it, in the text format of Prometheus (version 0.0.4). Off unless the
//! option `metrics` says who may read them. Few series, whose number does not grow: nothing is told of single people or hosts.

use crate::config::Metrics;
use crate::domain::backups::nightly;
use crate::domain::{health, machine, queues};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::recent;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::{mails, streams};
use hyper::{StatusCode, header};
use std::fmt::{Display, Write as _};
use subtle::ConstantTimeEq as _;

/// The media type of the format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`: 404 where they are off, 401 without the token, 403 for who is not on this machine.
pub fn show(request: &Request) -> Answer {
    admit(request)?;
    let app = request.app();
    let mut page = Page::default();
    page.one(
        "pumphouse_build_info",
        "gauge",
        "The program that runs.",
        &[(&format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1)],
    );
    let started = app.started.0;
    page.value(
        "process_start_time_seconds",
        "gauge",
        "When this run began, in seconds since 1970.",
        started,
    );
    if let Some(bytes) = machine::memory_bytes() {
        page.value(
            "process_resident_memory_bytes",
            "gauge",
            "Memory that the program takes.",
            bytes,
        );
    }
    let answered = app.tally.counts();
    let answered = answered.map(|(class, count)| (format!("{{status=\"{class}\"}}"), count));
    page.series(
        "pumphouse_http_requests_total",
        "counter",
        "Requests that were answered, by status.",
        &answered,
    );
    let (warnings, errors) = recent::counts();
    let said = [("warning", warnings), ("error", errors)];
    let said = said.map(|(level, count)| (format!("{{level=\"{level}\"}}"), count));
    page.series(
        "pumphouse_log_messages_total",
        "counter",
        "Warnings and errors in the log.",
        &said,
    );
    let users = streams::total(&app.store, Stream::of(SITE, StreamKind::Users))?;
    page.value("pumphouse_users", "gauge", "Accounts.", users);
    let disk = machine::disk(app)?;
    for (name, help, bytes) in [
        (
            "pumphouse_disk_size_bytes",
            "Size of the disk with the data directory.",
            disk.total,
        ),
        (
            "pumphouse_disk_free_bytes",
            "What of it is free for the server.",
            disk.free,
        ),
        (
            "pumphouse_store_bytes",
            "What posts and all the rest take.",
            disk.store,
        ),
        (
            "pumphouse_uploads_bytes",
            "What people uploaded.",
            disk.uploads,
        ),
        (
            "pumphouse_cache_bytes",
            "Copies of files of other servers.",
            disk.cache,
        ),
    ] {
        page.value(name, "gauge", help, bytes);
    }
    let queues = queues::list(&app.store)?;
    let failing = queues
        .iter()
        .filter(|(_, queue)| queue.failures > 0)
        .count();
    page.value(
        "pumphouse_delivery_hosts_waiting",
        "gauge",
        "Servers for which something waits.",
        queues.len(),
    );
    page.value(
        "pumphouse_delivery_hosts_failing",
        "gauge",
        "Those of them that took nothing the last time.",
        failing,
    );
    let mails = mails::waiting(&app.store)?;
    page.value(
        "pumphouse_mails_waiting",
        "gauge",
        "Letters that wait to be sent.",
        mails,
    );
    if let Some((made, _)) = nightly::state(&app.config).made {
        page.value(
            "pumphouse_backup_last_timestamp_seconds",
            "gauge",
            "When the last backup was made, in seconds since 1970.",
            made.0,
        );
    }
    let health = health::look(&app.config.sys_directory);
    if let Some(hot) = health.millidegrees {
        let degrees = hot as f64 / 1000.0;
        page.value(
            "pumphouse_temperature_celsius",
            "gauge",
            "The hottest part of the machine.",
            degrees,
        );
    }
    let used = health.cards.iter().filter_map(|card| {
        let used = card.used_tenths? as f64 / 10.0;
        Some((format!("{{device=\"{}\"}}", card.name), used))
    });
    let used: Vec<(String, f64)> = used.collect();
    page.series(
        "pumphouse_card_life_used_ratio",
        "gauge",
        "How much of its life a memory card has used.",
        &used,
    );
    Ok(Response::new(StatusCode::OK, MEDIA_TYPE, page.0).with(header::CACHE_CONTROL, "no-store"))
}

fn admit(request: &Request) -> Result<(), Error> {
    match &request.app().config.metrics {
        Metrics::Off => Err(Error::not_found("There is no such page.")),
        Metrics::Loopback if request.peer.is_loopback() && !is_forwarded(request) => Ok(()),
        Metrics::Loopback => Err(Error::forbidden(
            "Only programs of this machine read the figures.",
        )),
        Metrics::Token(token) => {
            let given = request.header(&header::AUTHORIZATION).unwrap_or_default();
            let given = given.strip_prefix("Bearer ").unwrap_or_default();
            match given.as_bytes().ct_eq(token.reveal().as_bytes()).into() {
                true => Ok(()),
                false => Err(Error::Bearer {
                    status: 401,
                    code: "invalid_token",
                    text: "The figures are for who has the token of the option metrics.".to_owned(),
                    scope: None,
                }),
            }
        }
    }
}

/// Whether a proxy says that it speaks for somebody else.
fn is_forwarded(request: &Request) -> bool {
    ["x-forwarded-for", "forwarded"]
        .iter()
        .any(|name| request.headers.contains_key(*name))
}

/// The text that grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn value(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.one(name, kind, help, &[("", value)]);
    }

    fn series<V: Display>(&mut self, name: &str, kind: &str, help: &str, all: &[(String, V)]) {
        let all: Vec<(&str, &V)> = all
            .iter()
            .map(|(labels, value)| (labels.as_str(), value))
            .collect();
        self.one(name, kind, help, &all);
    }

    /// Nothing is said of a name without values.
    fn one<V: Display>(&mut self, name: &str, kind: &str, help: &str, all: &[(&str, V)]) {
        if all.is_empty() {
            return;
        }
        let out = &mut self.0;
        writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("memory");
        for (labels, value) in all {
            writeln!(out, "{name}{labels} {value}").expect("memory");
        }
    }
}
