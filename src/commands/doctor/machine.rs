//! The machine: how hot, how worn its card, whether it gets enough power, and how much memory is left.

use super::Findings;
use crate::cli::Failure;
use crate::commands::size;
use crate::config::Config;
use crate::domain::health::{self, Power};
use crate::words::Words;

pub(super) fn check(config: &Config, findings: &mut Findings) -> Result<(), Failure> {
    let health = health::look(&config.sys_directory);
    let concerns = health.concerns(Words::default());
    for concern in &concerns {
        findings.warn(format_args!("machine: {concern}"))?;
    }
    let mut told = Vec::new();
    if let Some(degrees) = health.degrees() {
        told.push(format!("{degrees} °C"));
    }
    for card in &health.cards {
        if let Some(tenths) = card.used_tenths {
            let percent = (tenths * 10).min(100);
            told.push(format!(
                "{} has used about {percent} % of its life",
                card.name
            ));
        }
    }
    if health.power == Some(Power::Good) {
        told.push("enough power".to_owned());
    }
    if let Some((all, left)) = health.memory {
        told.push(format!(
            "{} of {} of memory are left",
            size::bytes(left),
            size::bytes(all)
        ));
    }
    if told.is_empty() || !concerns.is_empty() {
        return Ok(());
    }
    findings.ok(format_args!("machine: {}.", told.join(", ")))
}
