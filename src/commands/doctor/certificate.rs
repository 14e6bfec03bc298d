//! The certificates of https: usable with their keys, and for how long.

use super::Findings;
use crate::certificates::own::Authority;
use crate::certificates::x509::Facts;
use crate::certificates::{self, HOME, PUBLIC};
use crate::cli::Failure;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::domain::padlock;
use crate::server;

/// Days before the end at which somebody should look: those who renew do so a month before.
const DAYS_LOW: i64 = 14;

const DAY_SECS: i64 = 24 * 3600;

pub(super) fn check(
    config: &Config,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let Some(files) = &config.tls else {
        return check_own(config, now, findings);
    };
    let certificate = match server::check_certificate(files) {
        Ok(certificate) => certificate,
        Err(sentence) => return findings.fail(format_args!("certificate: {sentence}")),
    };
    let Some(facts) = Facts::of(&certificate) else {
        return findings
            .warn("certificate: it fits its key, but how long it is valid cannot be read.");
    };
    let end = facts.end;
    let days = days_left(end, now);
    let path = files.cert.display();
    match days {
        ..0 => findings.fail(format_args!(
            "certificate: {path} was valid until {end}. Renew it."
        )),
        0..DAYS_LOW => findings.warn(format_args!(
            "certificate: {path} fits its key and is valid for {days} more days. Renew it."
        )),
        _ => findings.ok(format_args!(
            "certificate: {path} fits its key and is valid for {days} more days."
        )),
    }
}

/// What the server has made for itself, where the owner has turned that on.
fn check_own(config: &Config, now: Timestamp, findings: &mut Findings) -> Result<(), Failure> {
    match padlock::kept(config) {
        Ok(kept) => {
            if let Some(wish) = &kept.public {
                check_public(config, &wish.name, wish.problem.as_deref(), now, findings)?;
            }
            if !kept.is_on {
                return Ok(());
            }
        }
        Err(sentence) => return findings.fail(format_args!("padlock: {sentence}")),
    }
    match Authority::load(&config.datadir) {
        Ok(Some(authority)) => {
            let days = days_left(authority.end(), now);
            let line = format!(
                "padlock: devices trust this server for {days} more days, by the certificate {}.",
                hex(&authority.fingerprint())
            );
            match days {
                ..DAYS_LOW => findings.fail(format_args!(
                    "{line} Start over on the page Padlock of Box, and install the new one on every device."
                ))?,
                _ => findings.ok(line)?,
            }
        }
        Ok(None) => findings.fail(
            "padlock: it is on, but there is no certificate that devices could install. Turn it off and on on the page Padlock of \
             Box.",
        )?,
        Err(sentence) => findings.fail(format_args!(
            "padlock: {sentence} Start over on the page Padlock of Box, or bring the file back from a backup."
        ))?,
    }
    let pair = match certificates::load_pair(&config.datadir, HOME) {
        Ok(pair) => pair,
        Err(sentence) => {
            return findings.warn(format_args!(
                "padlock: {sentence} The server makes another one when it starts."
            ));
        }
    };
    let Some(facts) = pair.and_then(|pair| Facts::of(pair.certificate())) else {
        return Ok(());
    };
    let days = days_left(facts.end, now);
    match days {
        ..0 => findings.warn(format_args!(
            "padlock: the certificate that is shown ended at {}. The server makes another one when it starts.",
            facts.end
        )),
        _ => findings.ok(format_args!(
            "padlock: the certificate that is shown is for {} and valid for {days} more days; the server renews it.",
            facts.hosts.join(", ")
        )),
    }
}

/// The certificate for the public name.
fn check_public(
    config: &Config,
    name: &str,
    problem: Option<&str>,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let why = problem.unwrap_or("It is being asked for.");
    let pair = match certificates::load_pair(&config.datadir, PUBLIC) {
        Ok(pair) => pair,
        Err(sentence) => {
            return findings.warn(format_args!(
                "public name: {sentence} The server asks for another one."
            ));
        }
    };
    let Some(facts) = pair.and_then(|pair| Facts::of(pair.certificate())) else {
        return findings.warn(format_args!(
            "public name: {name} has no certificate. {why} Look at the page A public name of Box."
        ));
    };
    let days = days_left(facts.end, now);
    match (days, problem) {
        (..0, _) => findings.fail(format_args!(
            "public name: the certificate of {name} ended at {}. {why}",
            facts.end
        )),
        (_, Some(why)) => findings.warn(format_args!(
            "public name: the certificate of {name} is valid for {days} more days, but is not renewed. {why}"
        )),
        _ => findings.ok(format_args!(
            "public name: the certificate of {name} is valid for {days} more days; the server renews it."
        )),
    }
}

fn days_left(end: Timestamp, now: Timestamp) -> i64 {
    end.secs_since(now).div_euclid(DAY_SECS)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
