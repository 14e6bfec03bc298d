//! `pumphouse doctor`: what is well, what to look at, and what is wrong, one line each with what to do about it. It reads;
//! what it writes is at most what every opening of the store writes. Beside a running server it asks the server instead.

mod backups;
mod certificate;
mod directory;
mod machine;
mod mail;
mod network;
mod records;

use super::{datadir, say};
use crate::cli::Failure;
use crate::clock::{self, Timestamp, Watch};
use crate::config::{Config, Loaded};
use std::fmt;

/// Prints findings as they come, and counts them.
#[derive(Default)]
struct Findings {
    warnings: usize,
    failures: usize,
}

impl Findings {
    /// All is well.
    fn ok(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        say(format_args!("ok    {line}"))
    }

    /// Somebody should look at it; the server runs.
    fn warn(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        self.warnings += 1;
        say(format_args!("warn  {line}"))
    }

    /// The server cannot run, or does not do what it should.
    fn fail(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        self.failures += 1;
        say(format_args!("fail  {line}"))
    }
}

pub(super) fn perform(loaded: &Loaded) -> Result<(), Failure> {
    let config = &loaded.config;
    let findings = &mut Findings::default();
    configuration(loaded, findings)?;
    clock(findings)?;
    let is_usable = directory::check(config, findings)?;
    machine::check(config, findings)?;
    certificate::check(config, clock::now(), findings)?;
    let running = datadir::running(&config.datadir);
    match &running {
        Some(server) => {
            network::check_server(server, findings)?;
            network::check_standing(config, findings)?;
            network::check_deliveries(config, findings)?;
        }
        None => network::check_port(config, findings)?,
    }
    mail::check(config, findings)?;
    backups::check(config, clock::now(), findings)?;
    match running {
        Some(_) => findings
            .ok("store: the server holds it. Stop the server to have the records checked.")?,
        None if is_usable => records::check(config, findings)?,
        None => {}
    }
    match (findings.failures, findings.warnings) {
        (0, 0) => say("All is well."),
        (0, warnings) => say(format_args!(
            "Nothing is wrong; look at {}.",
            things(warnings)
        )),
        (failures, _) => Err(Failure::new(format!(
            "The doctor found {} wrong.",
            things(failures)
        ))),
    }
}

fn things(number: usize) -> String {
    match number {
        1 => "one thing".to_owned(),
        _ => format!("{number} things"),
    }
}

fn configuration(loaded: &Loaded, findings: &mut Findings) -> Result<(), Failure> {
    let Config {
        hostname,
        address,
        port,
        ..
    } = &loaded.config;
    let who = match hostname {
        Some(hostname) => format!("this is {hostname}"),
        None => "its address is set at the setup".to_owned(),
    };
    findings.ok(format_args!(
        "configuration: {who}; it listens on {address}, port {port}."
    ))?;
    for warning in &loaded.warnings {
        findings.warn(format_args!("configuration: {warning}"))?;
    }
    Ok(())
}

fn clock(findings: &mut Findings) -> Result<(), Failure> {
    let now = clock::now();
    // The newest thing is known when the store is open.
    if let Some(doubt) = Watch::new(Timestamp(0)).doubt(now) {
        return findings.fail(format_args!(
            "clock: {doubt}. Nothing is sent to other servers until it is right; set it (`timedatectl`)."
        ));
    }
    findings.ok(format_args!("clock: {now}."))
}
