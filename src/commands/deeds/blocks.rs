//! `pumphouse block …`: hosts and people elsewhere with whom nobody here has to do.

use super::{Desk, Outcome};
use crate::cli::Failure;
use crate::domain::blocks;

/// `block add WHO`
pub(super) fn add(desk: &Desk<'_>, whom: &str, reason: &str) -> Result<Outcome, Failure> {
    let name = blocks::add(desk.app, whom, reason, desk.now)?;
    Ok(Outcome::said(format_args!("{name} is blocked.")))
}

/// `block remove WHO`
pub(super) fn remove(desk: &Desk<'_>, whom: &str) -> Result<Outcome, Failure> {
    let name = blocks::remove(desk.app, whom)?;
    Ok(Outcome::said(format_args!(
        "{name} is not blocked any more."
    )))
}

/// `block list`: what is blocked, since when, why.
pub(super) fn list(desk: &Desk<'_>) -> Result<Outcome, Failure> {
    let all = blocks::list(&desk.app.store)?;
    let lines = all.iter().map(|(name, block)| {
        let line = format!("{name:<32} {}  {}", block.created.day(), block.reason);
        line.trim_end().to_owned()
    });
    Ok(Outcome::Done(lines.collect()))
}
